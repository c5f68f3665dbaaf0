"""Figures that textbooks print, to all their digits, and what other libraries compute."""

import numpy as np
import pytest
import scipy.special
import torch

from gradoscope.functions import activations, losses

OUTPUT = [0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0]
WRONG = [0.1, 0.05, 0.1, 0.0, 0.05, 0.1, 0.0, 0.6, 0.0, 0.0]
CLASS_2 = np.eye(10)[2]


def test_squared_error_of_ten_classes() -> None:
    """The mean of the squared errors, and half of their sum as some books define it."""
    mse = losses["mean_squared_error"]
    assert float(mse(OUTPUT, CLASS_2, reduction="mean")) == pytest.approx(0.0195, abs=1e-15)
    assert float(mse(WRONG, CLASS_2, reduction="mean")) == pytest.approx(0.1195, abs=1e-15)
    assert float(mse(OUTPUT, CLASS_2, reduction="sum")) / 2 == pytest.approx(0.0975, abs=1e-15)
    assert float(mse(WRONG, CLASS_2, reduction="sum")) / 2 == pytest.approx(0.5975, abs=1e-15)


def test_cross_entropy_tells_which_distribution_is_nearer() -> None:
    p = [0.5, 0.125, 0.125, 0.25]
    guesses = [[0.25, 0.25, 0.25, 0.25], [0.5, 0.25, 0.125, 0.125]]
    found = losses["cross_entropy"](guesses, [p, p], input="probabilities")
    apart = losses["kl_divergence"](guesses, [p, p], input="probabilities")
    assert [round(float(value), 4) for value in found] == [1.3863, 1.2997]
    assert [round(float(value), 4) for value in apart] == [0.1733, 0.0866]
    assert [round(float(value), 4) for value in found - apart] == [1.2130, 1.2130]


def test_cross_entropy_with_a_constant_in_the_logarithm() -> None:
    found = losses["cross_entropy"]([OUTPUT, WRONG], [2, 2], input="probabilities", offset=1e-7)
    assert [float(value) for value in found] == pytest.approx([0.510825457099338, 2.302584092994546], abs=1e-15)
    assert [repr(round(float(value), 15)) for value in found] == ["0.510825457099338", "2.302584092994546"]


def test_what_the_added_constant_costs() -> None:
    """Where the right class has the probability 1e-12, the constant keeps 1e-5 of the gradient."""
    p = [[1e-12, 1 - 1e-12]]
    exact = losses["cross_entropy"].derivative(p, [0], input="probabilities")[0, 0]
    offset = losses["cross_entropy"].derivative(p, [0], input="probabilities", offset=1e-7)[0, 0]
    clipped = losses["cross_entropy"].derivative(p, [0], input="probabilities", clip=1e-7)[0, 0]
    assert exact == pytest.approx(-1e12)
    assert offset / exact == pytest.approx(1e-12 / (1e-12 + 1e-7))
    assert clipped == 0
    logits = [[-np.log(1e12), 0.0]]
    assert losses["cross_entropy"].derivative(logits, [0])[0, 0] == pytest.approx(-1)


def test_logistic_regression_of_the_tumour_size() -> None:
    chances = activations["sigmoid"](np.array([1.87 * 3 - 5.47, 1.87 * 6 - 5.47]))
    assert [round(float(chance), 3) for chance in chances] == [0.535, 0.997]
    assert round(5.47 / 1.87, 3) == 2.925


def test_two_classes_are_softmax_of_two_logits() -> None:
    z = np.linspace(-40, 40, 41)
    pair = np.stack([z, 0 * z], -1)
    ones = losses["binary_cross_entropy"](z, np.ones_like(z))
    np.testing.assert_allclose(losses["cross_entropy"](pair, np.zeros(41, int)), ones, rtol=1e-14)
    np.testing.assert_allclose(activations["softmax"](pair)[:, 0], activations["sigmoid"](z), rtol=1e-14)


TORCH = {
    "mean_squared_error": "mse_loss", "mean_absolute_error": "l1_loss", "huber": "huber_loss",
    "smooth_l1": "smooth_l1_loss", "soft_margin": "soft_margin_loss",
    "binary_cross_entropy": "binary_cross_entropy_with_logits",
}  # fmt: skip


@pytest.mark.parametrize("name", TORCH)
def test_elementwise_losses_are_those_of_pytorch(name: str) -> None:
    rng = np.random.default_rng(0)
    prediction, target = rng.normal(size=50), rng.choice([0.0, 1.0], size=50)
    target = 2 * target - 1 if name == "soft_margin" else target
    theirs = getattr(torch.nn.functional, TORCH[name])(torch.tensor(prediction), torch.tensor(target))
    assert float(losses[name](prediction, target, reduction="mean")) == pytest.approx(float(theirs), rel=1e-12)


def test_row_losses_are_those_of_pytorch() -> None:
    functional, rng = torch.nn.functional, np.random.default_rng(1)
    logits, labels, rows = rng.normal(size=(8, 5)), rng.integers(0, 5, 8), rng.dirichlet(np.ones(5), 8)
    x, t = torch.tensor(logits), torch.tensor(labels)
    expected = {
        "cross_entropy": functional.cross_entropy(x, t, reduction="none"),
        "multiclass_hinge": 5 * functional.multi_margin_loss(x, t, reduction="none"),
    }
    np.testing.assert_allclose(losses["cross_entropy"](logits, labels), expected["cross_entropy"], rtol=1e-12)
    found = losses["multiclass_hinge"](logits, labels, variant="weston_watkins")
    np.testing.assert_allclose(found, expected["multiclass_hinge"], rtol=1e-12)
    soft = functional.cross_entropy(x, torch.tensor(rows), reduction="none")
    np.testing.assert_allclose(losses["cross_entropy"](logits, rows), soft, rtol=1e-12)
    divergence = functional.kl_div(functional.log_softmax(x, -1), torch.tensor(rows), reduction="none").sum(-1)
    np.testing.assert_allclose(losses["kl_divergence"](logits, rows), divergence, rtol=1e-11)
    both = torch.tensor(rng.normal(size=(8, 5)))
    apart = 1 - functional.cosine_similarity(x, both)
    np.testing.assert_allclose(losses["cosine_distance"](logits, both.numpy()), apart, rtol=1e-12)


ACTIVATIONS = {
    "relu": "relu", "relu6": "relu6", "leaky_relu": "leaky_relu", "elu": "elu", "selu": "selu", "celu": "celu",
    "gelu": "gelu", "silu": "silu", "mish": "mish", "softplus": "softplus", "softsign": "softsign", "tanh": "tanh",
    "sigmoid": "sigmoid", "log_sigmoid": "logsigmoid", "hard_sigmoid": "hardsigmoid", "hard_swish": "hardswish",
    "hard_tanh": "hardtanh", "softshrink": "softshrink", "hardshrink": "hardshrink", "tanhshrink": "tanhshrink",
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_those_of_pytorch(name: str) -> None:
    x = np.linspace(-6, 6, 41)
    theirs = getattr(torch.nn.functional, ACTIVATIONS[name])(torch.tensor(x)).numpy()
    np.testing.assert_allclose(activations[name](x), theirs, rtol=1e-7, atol=1e-12)


def test_row_activations_are_those_of_pytorch_and_scipy() -> None:
    x = np.random.default_rng(2).normal(size=(4, 6))
    rows = torch.tensor(x)
    np.testing.assert_allclose(activations["softmax"](x), scipy.special.softmax(x, -1), rtol=1e-12)
    np.testing.assert_allclose(activations["softmax"](x, axis=0), scipy.special.softmax(x, 0), rtol=1e-12)
    np.testing.assert_allclose(activations["log_softmax"](x), torch.log_softmax(rows, -1), rtol=1e-12)
    np.testing.assert_allclose(activations["softmin"](x), torch.nn.functional.softmin(rows, -1), rtol=1e-12)
    np.testing.assert_allclose(activations["glu"](x), torch.nn.functional.glu(rows), rtol=1e-12)
