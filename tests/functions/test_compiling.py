"""`torch.compile` takes the functions in as one graph; blocks of large arrays change nothing."""

import numpy as np
import pytest
import torch

from gradoscope.functions import activations, losses

NAMES = ["identity", "relu", "gelu", "swish", "mish", "softmax", "swiglu"]
pytestmark = pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")


@pytest.mark.parametrize("name", NAMES)
def test_activations_compile_to_one_graph(name: str) -> None:
    torch.compiler.reset()
    x = torch.linspace(-3, 3, 24).reshape(4, 6)
    compiled = torch.compile(activations[name], fullgraph=True, backend="eager")
    here = x.clone().requires_grad_()
    there = x.clone().requires_grad_()
    compiled(here).square().sum().backward()
    activations[name](there).square().sum().backward()
    torch.testing.assert_close(compiled(x), activations[name](x))
    torch.testing.assert_close(here.grad, there.grad)


def test_losses_compile_to_one_graph() -> None:
    torch.compiler.reset()
    labels = torch.tensor([0, 2, 1])

    def loss(logits: torch.Tensor) -> torch.Tensor:
        found = losses["cross_entropy"](logits, labels, reduction="mean")
        assert isinstance(found, torch.Tensor)
        return found

    logits = torch.linspace(-2, 2, 9).reshape(3, 3)
    compiled = torch.compile(loss, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(logits), torch.nn.functional.cross_entropy(logits, labels))


@pytest.mark.parametrize("name", ["relu", "gelu", "selu"])
def test_large_arrays_are_worked_off_in_blocks(name: str) -> None:
    entry, x = activations[name], np.linspace(-8, 8, 299_997, dtype=np.float32).reshape(3, -1)
    assert entry(x).shape == x.shape
    np.testing.assert_array_equal(entry(x)[1, :50], entry(x[1, :50]))
    np.testing.assert_array_equal(entry.derivative(x)[2, -50:], entry.derivative(x[2, -50:]))
    tensor = torch.tensor(x, requires_grad=True)
    value = entry(tensor)
    value.sum().backward()
    np.testing.assert_allclose(value.detach(), entry(x), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(tensor.grad, entry.derivative(x), rtol=1e-5, atol=1e-7)


def test_cross_entropy_of_many_rows_is_worked_off_in_blocks() -> None:
    """Twice backwards over one graph, and with rows that no float32 exponential holds."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(400, 1500, generator=generator) * 3
    logits[7, 3], logits[9] = 40.0, logits[9] + 300
    labels = torch.randint(1500, (400,), generator=generator)
    labels[7] = 3
    ours, theirs = logits.requires_grad_(), logits.detach().double().requires_grad_()
    found = losses["cross_entropy"](ours, labels)
    expected = torch.nn.functional.cross_entropy(theirs, labels, reduction="none")
    share = torch.linspace(0, 1, 400)
    (slope,) = torch.autograd.grad(expected, theirs, share.double())
    torch.testing.assert_close(found.double(), expected, rtol=1e-6, atol=1e-12)
    for keep in (True, False):
        (gradient,) = torch.autograd.grad(found, ours, share, retain_graph=keep)
        torch.testing.assert_close(gradient.double(), slope, rtol=2e-6, atol=1e-12)


def test_transformations_of_torch_func() -> None:
    logits, labels = torch.linspace(-2, 2, 12).reshape(4, 3), torch.tensor([0, 2, 1, 1])
    slope = torch.func.grad(lambda z: losses["cross_entropy"](z, labels).sum())(logits)
    torch.testing.assert_close(slope, torch.softmax(logits, -1) - torch.eye(3)[labels])
    torch.testing.assert_close(torch.func.vmap(activations["softmax"])(logits), torch.softmax(logits, -1))
    mapped = torch.func.vmap(torch.func.grad(lambda z: activations["gelu"](z).sum()))(logits)
    torch.testing.assert_close(mapped, activations["gelu"].derivative(logits))


@pytest.mark.parametrize("name", ["binary_focal", "tukey_biweight"])
def test_losses_with_more_digits_compile_to_one_graph(name: str) -> None:
    torch.compiler.reset()
    predictions, targets = torch.linspace(-3, 3, 8), torch.tensor([0.0, 1.0] * 4)

    def loss(at: torch.Tensor) -> torch.Tensor:
        return losses[name](at, targets)

    compiled = torch.compile(loss, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(predictions), loss(predictions))
