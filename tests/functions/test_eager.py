"""float32 in eager PyTorch has kernels of its own: tails, infinities, and gradients of gradients."""

import numpy as np
import pytest
import torch
from scipy import special
from torch._subclasses.fake_tensor import FakeTensorMode

from gradoscope.functions import activations, losses


def test_gelu_keeps_its_digits_in_the_tail() -> None:
    x = torch.linspace(-12.9, 12.9, 1001)
    wide = x.double().numpy()
    exact = wide * special.erfc(-wide / np.sqrt(2)) / 2
    np.testing.assert_allclose(activations["gelu"](x).numpy(), exact, rtol=1.2e-7)


def test_gelu_tanh_keeps_its_digits_where_its_gate_is_subnormal() -> None:
    x = torch.linspace(-10.1, -9.8, 1001)
    expected = activations["gelu_tanh"](x.double()).numpy()
    np.testing.assert_allclose(activations["gelu_tanh"](x).numpy(), expected, rtol=1.2e-7)


def test_rooms_of_inference_mode_serve_training_too() -> None:
    x = torch.ones(7, 3, requires_grad=True)
    with torch.inference_mode():
        value = activations["gelu"](x.detach())
    torch.testing.assert_close(activations["gelu"](x).detach(), value.clone(), rtol=0, atol=0)


def test_a_value_overwritten_before_the_backward_pass_is_noticed() -> None:
    x = torch.ones(2, 3, requires_grad=True)
    value = activations["softmax"](x)
    value.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        value.sum().backward()


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


KERNELS = ["sigmoid", "tanh", "gelu", "gelu_tanh", "silu", "mish"]


@pytest.mark.parametrize("name", KERNELS)
def test_value_and_derivative_that_are_computed_together(name: str) -> None:
    """As in float64, over the whole range; the derivative to an absolute error where it crosses zero."""
    x = torch.cat([torch.linspace(-86, 86, 4001), torch.logspace(-12, 0, 99)]).requires_grad_()
    value = activations[name](x)
    (slope,) = torch.autograd.grad(value.sum(), x)
    exact, at = activations[name], x.detach().double().numpy()
    crossing = np.where(abs(at + 1) < 1, 0.125, 0.0)
    for found, expected in ((value.detach(), exact(at)), (slope, exact.derivative(at))):
        normal = abs(expected) > np.finfo(np.float32).tiny
        error = abs(found.numpy() - expected) / np.maximum(np.maximum(abs(expected), crossing), 1e-300)
        assert (error[normal] < 4.8e-7).all()  # 4 units in the last place


@pytest.mark.parametrize("name", [*KERNELS, "softsign", "softmax", "log_softmax"])
def test_large_arrays_and_a_second_backward_pass(name: str) -> None:
    x = (torch.randn(3000, 100, generator=torch.Generator().manual_seed(0)) * 3).requires_grad_()
    weights = torch.cos(torch.arange(100.0)).expand(3000, 100)
    value = activations[name](x)
    gradients = [torch.autograd.grad(value, x, weights, retain_graph=True)[0] for _ in range(2)]
    few = x.detach()[1234:1240].double().numpy()
    np.testing.assert_allclose(value[1234:1240].detach(), activations[name](few), rtol=5e-7, atol=1e-30)
    for gradient in gradients:
        expected = activations[name].vjp(few, weights[:6].double().numpy())
        np.testing.assert_allclose(gradient[1234:1240], expected, rtol=5e-6, atol=2e-7)


@pytest.mark.parametrize("ends", [[0.5, -2.0], [-100.0, 3.0], [np.inf, -np.inf], [np.nan, 1.0]])
def test_numbers_that_kernels_leave_to_others(ends: list[float]) -> None:
    for name in (*KERNELS, "softmax", "log_softmax"):
        x = torch.tensor([ends, [1.0, 2.0]], requires_grad=True)
        value = activations[name](x)
        (gradient,) = torch.autograd.grad(value[1:].sum() if np.isinf(ends[0]) else value.sum(), x)
        rows = x.detach().double().numpy()
        np.testing.assert_allclose(value.detach(), activations[name](rows), rtol=1e-6, atol=1e-37)
        if not np.isinf(ends[0]):
            np.testing.assert_allclose(gradient, activations[name].vjp(rows, np.ones((2, 2))), rtol=1e-6, atol=1e-6)


def test_logistic_loss_of_soft_labels_and_infinite_logits() -> None:
    target = torch.tensor([0.0, 1.0, 0.25, 0.25])
    for logits in ([-20.0, 18.0, 3.0, -3.0], [-np.inf, np.inf, 3.0, -3.0]):
        z = torch.tensor(logits, requires_grad=True)
        value = losses["binary_cross_entropy"](z, target)
        (slope,) = torch.autograd.grad(value.sum(), z)
        wide, goal = z.detach().double().numpy(), target.double().numpy()
        np.testing.assert_allclose(value.detach(), losses["binary_cross_entropy"](wide, goal), rtol=5e-7)
        np.testing.assert_allclose(slope, losses["binary_cross_entropy"].derivative(wide, goal), rtol=5e-7)


def test_tanhshrink_keeps_its_digits() -> None:
    x = torch.linspace(0.3, 9, 20001)
    wide = x.double().numpy()
    np.testing.assert_allclose(activations["tanhshrink"](x), wide - np.tanh(wide), rtol=5.9e-7)


@pytest.mark.parametrize("name", [*KERNELS, "softsign"])
def test_large_values_may_be_changed_in_place(name: str) -> None:
    x = torch.linspace(-3, 3, 600 * 500).reshape(600, 500).requires_grad_()
    (once,) = torch.autograd.grad(activations[name](x).sum(), x)
    (twice,) = torch.autograd.grad(activations[name](x).mul_(2).sum(), x)
    torch.testing.assert_close(twice, 2 * once)


@pytest.mark.parametrize("name", [*KERNELS, "softsign", "softmax"])
@pytest.mark.parametrize("shape", [(3, 4), (600, 500)])
def test_several_gradients_at_once(name: str, shape: tuple[int, int]) -> None:
    x = torch.linspace(-3, 3, shape[0] * shape[1]).reshape(shape).requires_grad_()
    value, coming = activations[name](x), torch.stack([torch.ones(shape), torch.linspace(0, 1, x.numel()).view(shape)])
    (together,) = torch.autograd.grad(value, x, coming, is_grads_batched=True, retain_graph=True)
    alone = [torch.autograd.grad(value, x, each, retain_graph=True)[0] for each in coming]
    torch.testing.assert_close(together, torch.stack(alone))


@pytest.mark.parametrize("name", [*KERNELS, "softsign", "softmax"])
def test_parameters_beside_a_transformation_of_torch_func(name: str) -> None:
    x, scales = torch.linspace(-3, 3, 6).reshape(2, 3).requires_grad_(), torch.tensor([1.0, 2.0])
    (gradient,) = torch.autograd.grad(torch.func.vmap(lambda scale: scale * activations[name](x))(scales)[1, 0, 0], x)
    (expected,) = torch.autograd.grad(2 * activations[name](x)[0, 0], x)
    torch.testing.assert_close(gradient, expected)


@pytest.mark.filterwarnings("ignore:.torch.jit.script")
@pytest.mark.parametrize("name", [*KERNELS, "softsign", "softmax"])
def test_hessians_of_torch_func(name: str) -> None:
    x = torch.linspace(-3, 3, 4, dtype=torch.float64)

    def squares(at: torch.Tensor) -> torch.Tensor:
        return (activations[name](at) ** 2).sum()

    hessian = torch.autograd.functional.hessian(squares, x)
    torch.testing.assert_close(torch.func.hessian(squares)(x), hessian)
    torch.testing.assert_close(torch.func.hessian(squares)(x.float()), hessian.float(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", activations)
def test_every_activation_row_by_row(name: str) -> None:
    x, row_by_row = torch.linspace(-3, 3, 24).reshape(4, 6), torch.func.vmap(activations[name])
    torch.testing.assert_close(row_by_row(x), torch.stack([activations[name](row) for row in x]))


@pytest.mark.parametrize("name", ["cauchy", "mean_squared_error", "binary_cross_entropy"])
def test_many_targets_for_one_prediction(name: str) -> None:
    prediction, targets = torch.linspace(-3, 3, 5), torch.eye(3, 5)
    values = torch.func.vmap(lambda target: losses[name](prediction, target))(targets)
    torch.testing.assert_close(values, losses[name](prediction.expand(3, 5), targets))


@pytest.mark.parametrize("name", [*KERNELS, "softmax"])
def test_fake_tensors_leave_nothing_behind(name: str) -> None:
    with FakeTensorMode():
        activations[name](torch.ones(5, 13, requires_grad=True)).sum().backward()
    x = torch.ones(5, 13)
    torch.testing.assert_close(activations[name](x), activations[name](x.double()).float())


@pytest.mark.parametrize("name", [*KERNELS, "tanhshrink", "softmax", "log_softmax"])
@pytest.mark.parametrize("shape", [(1, 300000), (3, 7, 20000), (20, 30)])
def test_transposed_arrays_and_repeated_cotangents(name: str, shape: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(0)
    x = (torch.randn(*shape[::-1], generator=generator) * 3).permute(*reversed(range(len(shape)))).requires_grad_()
    cotangent = torch.randn(shape[-1], generator=generator).expand(shape)
    (found,) = torch.autograd.grad(activations[name](x), x, cotangent)
    wide = x.detach().double().requires_grad_()
    (expected,) = torch.autograd.grad(activations[name](wide), wide, cotangent.double())
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-5)  # sums of 20,000 numbers
