"""How losses are called: labels, reductions, weights, refusals; and losses of whole batches."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from gradoscope.errors import UsageError
from gradoscope.functions import losses

LOGITS = np.array([[2.0, -1.0, 0.5], [0.0, 3.0, 1.0]])


def test_labels_and_one_hot_rows_are_the_same() -> None:
    entropy = losses["cross_entropy"]
    np.testing.assert_array_equal(entropy(LOGITS, [0, 2]), entropy(LOGITS, np.eye(3)[[0, 2]]))
    np.testing.assert_array_equal(entropy.derivative(LOGITS, [0, 2]), entropy.derivative(LOGITS, np.eye(3)[[0, 2]]))
    by_jax = jax.jit(entropy)(jnp.asarray(LOGITS), jnp.array([0, 2]))
    by_torch = entropy(torch.tensor(LOGITS), torch.tensor([0, 2]))
    np.testing.assert_allclose(by_jax, entropy(LOGITS, [0, 2]), rtol=1e-6)
    np.testing.assert_allclose(by_torch, entropy(LOGITS, [0, 2]), rtol=1e-14)


@pytest.mark.parametrize("labels", [[0, 3], [-1, 0]])
def test_impossible_labels_are_refused(labels: list[int]) -> None:
    with pytest.raises(UsageError, match=r"expected 0\.\.2"):
        losses["cross_entropy"](LOGITS, labels)


def test_impossible_labels_inside_jit_give_nan() -> None:
    values = jax.jit(losses["cross_entropy"])(jnp.asarray(LOGITS), jnp.array([0, 3]))
    assert not math.isnan(values[0])
    assert math.isnan(values[1])


def test_negative_rates_inside_jit_give_nan() -> None:
    """Where the target is 0 too, as in Keras and PyTorch."""
    found = jax.jit(losses["poisson"])(jnp.array([-1.0, 2.0]), jnp.zeros(2))
    np.testing.assert_array_equal(found, [np.nan, 2.0])


def test_concrete_targets_inside_jit_are_checked() -> None:
    targets = jnp.array([1.0, 2.0])
    with pytest.raises(UsageError, match="impossible"):
        jax.jit(lambda z: losses["bce"](z, targets))(jnp.array([0.5, 0.5]))


@pytest.mark.parametrize(
    ("name", "prediction", "target", "form"),
    [
        ("bce", [1.5], [1.0], "probabilities"),
        ("cross_entropy", [[-0.5, 1.5]], [0], "probabilities"),
        ("poisson", [-1.0], [2.0], "rates"),
        ("hinge", [0.5], [0.0], "margins"),
        ("bce", [0.5], [-1.0], "logits"),
        ("gamma", [0.5], [0.0], "log_values"),
        ("ordinal", [[0.5, 0.5]], [3], "logits"),
    ],
)
def test_impossible_values_are_refused(name: str, prediction: object, target: object, form: str) -> None:
    with pytest.raises(UsageError, match="impossible"):
        losses[name](prediction, target, input=form)


def test_reductions() -> None:
    squares = losses["mse"]
    assert squares([1.0, 3.0], [0.0, 0.0]).tolist() == [1.0, 9.0]
    assert float(squares([1.0, 3.0], [0.0, 0.0], reduction="sum")) == 10
    assert float(squares([1.0, 3.0], [0.0, 0.0], reduction="mean")) == 5
    assert float(squares([1.0, 3.0], [0.0, 0.0], reduction="mean", weights=[3.0, 1.0])) == 3
    assert float(squares([1.0, 3.0], [0.0, 0.0], reduction="mean", weights=[False, True])) == 9
    assert float(squares([1.0, 3.0], [0.0, 0.0], reduction="mean", weights=[0.0, 0.0])) == 0
    with pytest.raises(UsageError, match="none, mean or sum"):
        squares([1.0], [0.0], reduction="average")
    with pytest.raises(UsageError, match="one weight per value"):
        squares([1.0, 3.0], [0.0, 0.0], reduction="mean", weights=[1.0])


def test_root_mean_squared_error_is_a_mean() -> None:
    root = losses["rmse"]
    assert float(root([3.0, 0.0], [0.0, 4.0], reduction="mean")) == pytest.approx(math.sqrt(12.5))
    assert float(root([3.0, 0.0], [0.0, 4.0], reduction="mean", weights=[1.0, 3.0])) == pytest.approx(math.sqrt(57 / 4))
    assert float(root(np.float32([3e30, 0]), np.float32([0, 4e30]), reduction="mean")) == pytest.approx(
        5e30 / math.sqrt(2)
    )
    zero = jax.grad(lambda p: root(p, jnp.zeros(2), reduction="mean"))(jnp.zeros(2))
    assert zero.tolist() == [0.0, 0.0]
    slope = jax.grad(lambda p: root(p, jnp.zeros(2), reduction="mean"))(jnp.array([3.0, 4.0]))
    np.testing.assert_allclose(slope, np.array([3.0, 4.0]) / 2 / math.sqrt(12.5), rtol=1e-6)
    with pytest.raises(UsageError, match="is a mean"):
        root([3.0], [0.0], reduction="sum")


def test_a_target_that_is_not_differentiated_says_so() -> None:
    with pytest.raises(UsageError, match="stop_gradient"):
        jax.grad(lambda t: losses["hinge"](jnp.array([0.5]), t).sum())(jnp.array([1.0]))
    with pytest.raises(UsageError, match="detach"):
        losses["hinge"](torch.tensor([0.5]), torch.tensor([1.0], requires_grad=True))


def test_targets_that_are_differentiated() -> None:
    by_jax = jax.grad(lambda t: losses["bce"](jnp.array([0.5, -2.0]), t).sum())(jnp.array([1.0, 0.25]))
    np.testing.assert_allclose(by_jax, [-0.5, 2.0], rtol=1e-6)
    target = torch.tensor([1.0, 0.25], requires_grad=True)
    losses["mse"](torch.tensor([0.5, -2.0]), target).sum().backward()
    np.testing.assert_allclose(target.grad, [1.0, 4.5])


def test_unknown_inputs_and_parameters() -> None:
    with pytest.raises(UsageError, match="takes logits, probabilities as input, not values"):
        losses["bce"]([0.5], [1.0], input="values")
    with pytest.raises(UsageError, match="has no parameter slope"):
        losses["mse"]([0.5], [1.0], slope=2)
    with pytest.raises(UsageError, match="must lie in"):
        losses["huber"]([0.5], [1.0], delta=0.0)


LABELS, CLASS_WEIGHTS = [0, 2], [0.5, 2.0, 3.0]


def test_label_smoothing_is_that_of_pytorch_and_keras() -> None:
    x, labels = torch.tensor(LOGITS, requires_grad=True), torch.tensor(LABELS)
    expected = torch.nn.functional.cross_entropy(x, labels, label_smoothing=0.1, reduction="none")
    (slopes,) = torch.autograd.grad(expected.sum(), x)
    entropy = losses["cross_entropy"]
    np.testing.assert_allclose(entropy(LOGITS, LABELS, label_smoothing=0.1), expected.detach(), rtol=1e-12)
    np.testing.assert_allclose(entropy.derivative(LOGITS, LABELS, label_smoothing=0.1), slopes, rtol=1e-12)
    by_jax = jax.jit(lambda z: entropy(z, jnp.array(LABELS), label_smoothing=0.1))(jnp.asarray(LOGITS))
    np.testing.assert_allclose(by_jax, expected.detach(), rtol=1e-5)
    p, t = np.array([0.25, 0.75]), np.array([1.0, 0.0])
    binary = -(np.array([0.95, 0.05]) * np.log(p) + np.array([0.05, 0.95]) * np.log(1 - p))  # Keras: t (1 - s) + s / 2
    np.testing.assert_allclose(losses["bce"](p, t, input="probabilities", label_smoothing=0.1), binary, rtol=1e-14)
    assert "label_smoothing" not in losses["mse"].parameters
    with pytest.raises(UsageError, match="must lie in"):
        entropy(LOGITS, LABELS, label_smoothing=1.0)


def test_masked_classes_get_no_share_of_smoothed_labels() -> None:
    masked = np.array([[2.0, -np.inf, 0.5], [0.0, 3.0, 1.0]])
    found = losses["cross_entropy"](masked, LABELS, label_smoothing=0.2)
    two = torch.nn.functional.cross_entropy(torch.tensor([[2.0, 0.5]]), torch.tensor([0]), label_smoothing=0.2)
    assert float(found[0]) == pytest.approx(float(two), rel=1e-6)


def test_class_weights_are_those_of_pytorch() -> None:
    x, table = torch.tensor(LOGITS), torch.tensor(CLASS_WEIGHTS, dtype=torch.float64)
    functional, entropy = torch.nn.functional, losses["cross_entropy"]
    for reduction in ("none", "mean", "sum"):
        expected = functional.cross_entropy(x, torch.tensor(LABELS), weight=table, reduction=reduction)
        found = entropy(LOGITS, LABELS, class_weights=CLASS_WEIGHTS, reduction=reduction)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        hot = entropy(
            jnp.asarray(LOGITS), jnp.eye(3)[jnp.array(LABELS)], class_weights=CLASS_WEIGHTS, reduction=reduction
        )
        np.testing.assert_allclose(hot, expected, rtol=1e-5)
    z, t = torch.tensor([0.5, -1.0]), torch.tensor([1.0, 0.0])
    expected = functional.binary_cross_entropy_with_logits(z, t, pos_weight=torch.tensor(3.0), reduction="none")
    np.testing.assert_allclose(losses["bce"](z, t, class_weights=[1.0, 3.0]), expected, rtol=1e-6)
    assert losses["hinge"]([0.5, 0.5], [1.0, -1.0], class_weights=[2.0, 4.0]).tolist() == [2.0, 3.0]
    with pytest.raises(UsageError, match="3 of them"):
        entropy(LOGITS, LABELS, class_weights=[1.0, 2.0])
    with pytest.raises(UsageError, match="no classes to weigh"):
        losses["mse"]([0.5], [0.0], class_weights=[1.0, 2.0])


def test_an_ignored_class_counts_nothing() -> None:
    x, labels = torch.tensor(LOGITS, requires_grad=True), torch.tensor([-100, 2])
    expected = torch.nn.functional.cross_entropy(x, labels, ignore_index=-100)
    found = losses["cross_entropy"](x, labels, ignore_class=-100, reduction="mean")
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(torch.autograd.grad(found, x), torch.autograd.grad(expected, x))
    jitted = jax.jit(lambda z, t: losses["cross_entropy"](z, t, ignore_class=-100, reduction="mean"))
    assert float(jitted(jnp.asarray(LOGITS), jnp.array([-100, 2]))) == pytest.approx(expected.item(), rel=1e-5)
    assert float(losses["cross_entropy"](LOGITS, [5, 5], ignore_class=5, reduction="mean")) == 0
    with pytest.raises(UsageError, match="needs integer labels"):
        losses["cross_entropy"](LOGITS, np.eye(3)[LABELS], ignore_class=0)


def test_what_is_masked_may_be_anything() -> None:
    predicted = [1.0, math.nan]
    assert float(losses["mse"](predicted, [0.0, 0.0], reduction="mean", weights=[True, False])) == 1
    assert losses["mse"](predicted, [0.0, 0.0], weights=[2.0, 0.0]).tolist() == [2.0, 0.0]


@pytest.mark.parametrize(
    ("name", "rows", "target"),
    [("mse", [1.0, math.nan], [0.0, 0.0]), ("poisson", [1.0, math.inf], [1.0, 1.0]),
     ("cross_entropy", [[0.0, 0.0], [math.nan, 1.0]], [0, 1])],
)  # fmt: skip
def test_what_is_masked_has_no_gradient(name: str, rows: list[Any], target: list[Any]) -> None:
    at = torch.tensor(rows, requires_grad=True)
    losses[name](at, torch.tensor(target), weights=[1.0, 0.0], reduction="mean").backward()
    in_jax = jax.grad(lambda z: losses[name](z, jnp.asarray(target), weights=jnp.array([1.0, 0.0]), reduction="mean"))
    assert at.grad is not None
    for gradient in (at.grad.numpy(), np.asarray(in_jax(jnp.asarray(rows)))):
        alone = losses[name].derivative(np.array(rows[:1]), np.array(target[:1]))
        np.testing.assert_allclose(gradient[:1], alone, rtol=1e-6)
        assert not gradient[1:].any()


def test_a_double_softmax_is_noticed() -> None:
    rows = torch.softmax(torch.tensor(LOGITS), -1)
    for given in (rows, rows.numpy(), jnp.asarray(rows.numpy()), rows.half()):
        with pytest.warns(UserWarning, match="softmax applied to them already"):
            losses["cross_entropy"](given, LABELS)
    losses["cross_entropy"](rows, LABELS, input="probabilities")
    losses["cross_entropy"](rows[:1], LABELS[:1])  # one row of logits may sum to 1


def test_target_probabilities_must_sum_to_one() -> None:
    with pytest.raises(UsageError, match=r"row 1 sum to 1\.5"):
        losses["cross_entropy"](LOGITS, [[0.5, 0.25, 0.25], [0.5, 0.5, 0.5]])


def test_masked_logits_cost_nothing() -> None:
    """A class with the logit -inf and the target 0 takes no part."""
    values = losses["cross_entropy"](np.array([[1.0, -np.inf, 2.0]]), np.array([[0.25, 0.0, 0.75]]))
    without = losses["cross_entropy"](np.array([[1.0, 2.0]]), np.array([[0.25, 0.75]]))
    np.testing.assert_allclose(values, without)


BATCH = np.random.default_rng(0).normal(size=(6, 4))
BATCH /= np.linalg.norm(BATCH, axis=1, keepdims=True)
COSINES, GROUPS = BATCH @ BATCH.T, np.array([0, 1, 0, 2, 1, 0])


def test_supervised_contrastive_written_out() -> None:
    found = losses["sup_con"](COSINES, GROUPS, temperature=0.5)
    for i in range(6):
        partners = [j for j in range(6) if j != i and GROUPS[j] == GROUPS[i]]
        whole = math.log(sum(math.exp(COSINES[i, k] / 0.5) for k in range(6) if k != i))
        terms = [whole - COSINES[i, j] / 0.5 for j in partners]
        assert float(found[i]) == pytest.approx(sum(terms) / len(terms) if terms else 0)


def test_circle_written_out_with_constant_weights() -> None:
    cosines = torch.tensor(COSINES, requires_grad=True)
    values = []
    for i in range(6):
        near = [cosines[i, j] for j in range(6) if j != i and GROUPS[j] == GROUPS[i]]
        far = [cosines[i, j] for j in range(6) if GROUPS[j] != GROUPS[i]]
        if near and far:
            pulls = torch.stack([-5 * (1.4 - c.detach()).clamp(min=0) * (c - 0.6) for c in near]).logsumexp(0)
            pushes = torch.stack([5 * (c.detach() + 0.4).clamp(min=0) * (c - 0.4) for c in far]).logsumexp(0)
            values.append(torch.nn.functional.softplus(pulls + pushes))
        else:
            values.append(torch.zeros((), dtype=torch.float64))
    expected = torch.stack(values)
    (slopes,) = torch.autograd.grad(expected.sum(), cosines)
    np.testing.assert_allclose(losses["circle"](COSINES, GROUPS, gamma=5.0), expected.detach(), rtol=1e-10)
    found = losses["circle"].derivative(COSINES, GROUPS, gamma=5.0)
    np.testing.assert_allclose(found, slopes, rtol=1e-9, atol=1e-12)


def test_multi_similarity_written_out() -> None:
    cosines = torch.tensor(COSINES, requires_grad=True)
    same = torch.tensor(GROUPS[:, None] == GROUPS[None, :])
    near = torch.where(same & ~torch.eye(6, dtype=torch.bool), torch.exp(-2 * (cosines - 0.5)), 0.0).sum(1)
    far = torch.where(same, 0.0, torch.exp(50 * (cosines - 0.5))).sum(1)
    expected = torch.log1p(near) / 2 + torch.log1p(far) / 50
    (slopes,) = torch.autograd.grad(expected.sum(), cosines)
    np.testing.assert_allclose(losses["multi_similarity"](COSINES, GROUPS), expected.detach(), rtol=1e-10)
    np.testing.assert_allclose(losses["multi_similarity"].derivative(COSINES, GROUPS), slopes, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("alpha", "name"), [(2.0, "mse"), (1.0, "pseudo_huber"), (0.0, "cauchy")])
def test_members_of_barrons_family(alpha: float, name: str) -> None:
    error, zero = np.array([-30.0, -1.0, 1e-3, 0.5, 8.0]), np.zeros(5)
    factor = 0.5 if name == "mse" else 1.0
    found, slopes = losses["barron"](error, zero, alpha=alpha), losses["barron"].derivative(error, zero, alpha=alpha)
    np.testing.assert_allclose(found, factor * losses[name](error, zero), rtol=1e-12)
    np.testing.assert_allclose(slopes, factor * losses[name].derivative(error, zero), rtol=1e-12)


def test_variants_of_the_adversarial_loss() -> None:
    gan = losses["gan"]
    scores, real = np.array([0.5, -2.0, 3.0]), np.array([1.0, 0.0, 0.0])
    assert gan(scores, real, variant="hinge").tolist() == [0.5, 0.0, 4.0]
    assert gan(scores, real, variant="least_squares").tolist() == [0.25, 4.0, 9.0]
    assert gan(scores, real, variant="wasserstein").tolist() == [-0.5, -2.0, 3.0]
    assert gan.derivative(scores, real, variant="hinge").tolist() == [-1.0, 0.0, 1.0]
    assert gan.derivative(scores, real, variant="least_squares").tolist() == [-1.0, -4.0, 6.0]


def test_ctc_is_that_of_pytorch() -> None:
    logits = np.random.default_rng(3).normal(scale=2, size=(4, 8, 5))
    targets = np.array([[1, 2, 2], [3, -1, -1], [2, 1, -1], [4, 4, 4]])
    x = torch.tensor(logits, requires_grad=True)
    logs = torch.log_softmax(x, -1).transpose(0, 1)
    lengths = torch.tensor((targets >= 0).sum(-1))
    padded = torch.tensor(np.where(targets < 0, 0, targets))
    steps = torch.full((4,), 8)
    expected = torch.nn.functional.ctc_loss(logs, padded, steps, lengths, reduction="none")
    (slopes,) = torch.autograd.grad(expected.sum(), x)
    np.testing.assert_allclose(losses["ctc"](logits, targets), expected.detach(), rtol=1e-10)
    np.testing.assert_allclose(losses["ctc"].derivative(logits, targets), slopes, rtol=1e-8, atol=1e-12)


def test_ctc_of_what_does_not_fit_is_infinite() -> None:
    logits = np.zeros((1, 2, 3))
    assert losses["ctc"](logits, [[1, 1]]).tolist() == [math.inf]
    assert not losses["ctc"].derivative(logits, [[1, 1]]).any()
    assert float(losses["ctc"](logits, [[-1, -1]])[0]) == pytest.approx(2 * math.log(3))


def test_multilabel_margin_is_that_of_pytorch() -> None:
    scores = np.random.default_rng(4).normal(size=(3, 4))
    hot = np.array([[1, 0, 1, 0], [0, 1, 0, 0], [1, 1, 1, 0]])
    listed = torch.tensor([[0, 2, -1, -1], [1, -1, -1, -1], [0, 1, 2, -1]])
    expected = torch.nn.functional.multilabel_margin_loss(torch.tensor(scores), listed, reduction="none")
    np.testing.assert_allclose(losses["multilabel_margin"](scores, hot.astype(float)), expected, rtol=1e-12)
