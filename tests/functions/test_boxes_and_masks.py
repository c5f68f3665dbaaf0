"""Losses of boxes and masks, and class frequencies, beside what papers and PyTorch write."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from gradoscope.errors import UsageError
from gradoscope.functions import losses

RNG = np.random.default_rng(0)
CORNERS = np.sort(RNG.normal(size=(2, 60, 2, 2)), 2).reshape(2, 60, 4)


def overlap(p: torch.Tensor, t: torch.Tensor, variant: str) -> torch.Tensor:
    """The losses of boxes as their papers write them."""
    sides = (torch.minimum(p[:, 2:], t[:, 2:]) - torch.maximum(p[:, :2], t[:, :2])).clamp(min=0)
    hull = torch.maximum(p[:, 2:], t[:, 2:]) - torch.minimum(p[:, :2], t[:, :2])
    ours, theirs = p[:, 2:] - p[:, :2], t[:, 2:] - t[:, :2]
    union = ours.prod(-1) + theirs.prod(-1) - sides.prod(-1)
    value = 1 - sides.prod(-1) / union
    if variant == "giou":
        return value + 1 - union / hull.prod(-1)
    if variant in ("diou", "ciou"):
        centres = (p[:, :2] + p[:, 2:] - t[:, :2] - t[:, 2:]) / 2
        shape = 4 / torch.pi**2 * (torch.atan(theirs[:, 0] / theirs[:, 1]) - torch.atan(ours[:, 0] / ours[:, 1])) ** 2
        weight = (shape / (value + shape)).detach() if variant == "ciou" else 0
        value = value + centres.square().sum(-1) / hull.square().sum(-1) + weight * shape
    return value


@pytest.mark.parametrize("variant", ["iou", "giou", "diou", "ciou"])
def test_boxes_as_in_their_papers(variant: str) -> None:
    prediction, target = (torch.tensor(box, requires_grad=place == 0) for place, box in enumerate(CORNERS))
    expected = overlap(prediction, target, variant)
    (slope,) = torch.autograd.grad(expected.sum(), prediction)
    np.testing.assert_allclose(losses["iou_box"](*CORNERS, variant=variant), expected.detach(), rtol=1e-12)
    found = losses["iou_box"].derivative(*CORNERS, variant=variant)
    np.testing.assert_allclose(found, slope, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("variant", ["iou", "giou", "diou", "ciou"])
def test_the_same_box_and_boxes_without_area(variant: str) -> None:
    box = np.array([[0.25, 0.5, 1.0, 2.0]])
    assert losses["iou_box"](box, box, variant=variant) == 0
    for odd in ([[1.0, 2.0, 0.25, 0.5]], [[0.5, 0.5, 0.5, 0.5]]):
        assert np.isfinite(losses["iou_box"](odd, box, variant=variant)).all()
        assert np.isfinite(losses["iou_box"].derivative(odd, box, variant=variant)).all()


def test_targets_that_are_no_boxes_are_refused() -> None:
    with pytest.raises(UsageError, match="x1 <= x2"):
        losses["iou_box"]([[0.0, 0.0, 1.0, 1.0]], [[1.0, 0.0, 0.0, 1.0]])
    with pytest.raises(UsageError, match="takes 4 outputs"):
        losses["iou_box"]([[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])


def test_lovasz_of_masks_is_one_minus_intersection_over_union() -> None:
    masks, targets = RNG.integers(0, 2, size=(2, 30, 5)).astype(float)
    masks[0], targets[0], targets[1] = 0.0, 0.0, 0.0
    joined = np.maximum(masks, targets).sum(-1)
    expected = 1 - (masks * targets).sum(-1) / np.where(joined, joined, 1)
    np.testing.assert_allclose(
        losses["lovasz"](masks, targets, input="probabilities"), np.where(joined, expected, 0), rtol=1e-14
    )


def test_logits_moved_by_class_frequencies() -> None:
    logits, labels, prior = RNG.normal(size=(6, 3)), RNG.integers(0, 3, 6), (70, 25, 5)
    expected = losses["cross_entropy"](logits + 0.5 * np.log(prior), labels)
    entry = losses["logit_adjusted"]
    np.testing.assert_allclose(entry(logits, labels, prior=prior, tau=0.5), expected, rtol=1e-12)
    with jax.enable_x64(True):
        by_jax = jax.jit(lambda z: entry(z, labels, prior=prior, tau=0.5))(jnp.asarray(logits))
    np.testing.assert_allclose(by_jax, expected, rtol=1e-12)
    by_torch = entry(torch.tensor(logits), torch.tensor(labels), prior=prior, tau=0.5)
    np.testing.assert_allclose(by_torch, expected, rtol=1e-12)
    with pytest.raises(UsageError, match="one number per class, 3 of them, not 2"):
        entry(logits, labels, prior=(1, 2))
    with pytest.raises(UsageError, match="must lie in"):
        entry(logits, labels, prior=(1, 0, 2))
