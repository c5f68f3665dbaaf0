"""float32 in eager PyTorch has kernels of its own: tails, infinities, and gradients of gradients."""

import numpy as np
import pytest
import torch
from scipy import special

from gradoscope.functions import activations


def test_gelu_is_rounded_once() -> None:
    x = torch.linspace(-12.9, 12.9, 1001)
    wide = x.double().numpy()
    exact = wide * special.erfc(-wide / np.sqrt(2)) / 2
    np.testing.assert_array_equal(activations["gelu"](x).numpy(), exact.astype(np.float32))


@pytest.mark.parametrize("name", ["gelu", "gelu_tanh"])
def test_infinities(name: str) -> None:
    ends = torch.tensor([-np.inf, np.inf], requires_grad=True)
    value = activations[name](ends)
    (slope,) = torch.autograd.grad(value.sum(), ends)
    assert value.tolist() == [0.0, np.inf]
    assert slope.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("name", ["gelu", "gelu_tanh", "sigmoid", "tanh", "softmax", "log_softmax"])
def test_second_derivatives_are_those_of_float64(name: str) -> None:
    found, expected = (_second(name, dtype) for dtype in (torch.float32, torch.float64))
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-6)


def _second(name: str, dtype: torch.dtype) -> torch.Tensor:
    x = torch.linspace(-3, 3, 20, dtype=dtype).reshape(4, 5).requires_grad_()
    weights = torch.cos(torch.arange(20, dtype=dtype)).reshape(4, 5)
    (first,) = torch.autograd.grad((activations[name](x) * weights).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad((first * weights).sum(), x)
    return second


def test_shares_near_one_and_masked_logits() -> None:
    """The log of a share near 1 keeps its digits, and so does its gradient; an infinite logit takes all."""
    x = torch.tensor([[0.0, -40.0, -np.inf], [np.inf, 0.0, 1.0]])
    logs, shares = activations["log_softmax"](x), activations["softmax"](x)
    np.testing.assert_allclose(logs[0, 0], -np.exp(-40.0), rtol=1e-6)
    assert shares[1].tolist() == [1.0, 0.0, 0.0]
    gradient = activations["softmax"].vjp(x[:1], torch.tensor([[1.0, 0.0, 0.0]]))
    np.testing.assert_allclose(gradient[0, :2], [np.exp(-40.0), -np.exp(-40.0)], rtol=1e-5)
