"""The kernels of NumPy: rare numbers, rows that need care, and inputs that stay as they were."""

import numpy as np
import pytest
from scipy import special

from gradoscope.functions import activations, exact

RARE = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 44.0, -44.0, 1e30, -1e30])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_slope_of_tanh(dtype: type) -> None:
    slope = activations["tanh"].derivative(RARE.astype(dtype))
    exact = np.array([np.nan, 0, 0, 1, 1, *[4 * np.exp(-88.0)] * 2, 0, 0])
    np.testing.assert_allclose(slope, exact, rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_slope_of_silu_without_rare_numbers(dtype: type) -> None:
    x = np.linspace(-79, 79, 4001).astype(dtype)
    wide = x.astype(np.float64)
    exact = special.expit(wide) * (1 + wide * special.expit(-wide))
    eps = np.finfo(dtype).eps
    rounding, beside_zero = (0.6, 0.0) if dtype is np.float32 else (4, eps / 2)  # the kernel works in float64
    np.testing.assert_allclose(activations["silu"].derivative(x), exact, rtol=rounding * eps, atol=beside_zero)


@pytest.mark.parametrize(("dtype", "format_of"), [(np.float32, (24, -126)), (np.float64, (53, -1022))])
@pytest.mark.parametrize(("name", "factor"), [("quick_gelu", {}), ("swish", {"beta": 1.7})])
def test_slopes_of_gates_whose_argument_is_rounded(
    name: str, factor: dict[str, float], dtype: type, format_of: tuple[int, int]
) -> None:
    """Arrays without rare numbers, which the kernel of SiLU would take, without what rounding the argument lost."""
    entry, x = activations[name], np.linspace(-45, -5, 41).astype(dtype)
    settings = {key: parameter.default for key, parameter in entry.parameters.items()} | factor
    for at, slope in zip(x, entry.derivative(x, **factor), strict=True):
        expected = exact.derivative(entry.textbook, {"x": float(at), **settings})
        assert exact.ulps(float(slope), expected, *format_of) <= 4, at


@pytest.mark.parametrize("shift", [0.0, -90.0, 85.0, 600.0, -600.0, 5000.0])
def test_softmax_of_rows_anywhere(shift: float) -> None:
    """Exact for the numbers that were given, whether their exponentials are ordinary numbers or not."""
    rows = (np.random.default_rng(0).normal(size=(300, 70)) * 8 + shift).astype(np.float32)
    wide = rows.astype(np.float64)
    shares = special.softmax(wide, -1)
    upstream = np.cos(wide).astype(np.float32)
    pulled = shares * (upstream - (shares * upstream).sum(-1, keepdims=True))
    np.testing.assert_allclose(activations["softmax"](rows), shares, rtol=3e-7, atol=1e-38)
    np.testing.assert_allclose(activations["softmax"].vjp(rows, upstream), pulled, rtol=1e-5, atol=1e-7)


def test_a_share_near_one_pulls_by_what_the_others_get() -> None:
    x = np.array([[0.0, -40.0, -50.0], [1.0, 1.0, 1.0]], np.float32)
    gradient = activations["softmax"].vjp(x, np.array([[1.0, 0.0, 0.0]] * 2, np.float32))
    np.testing.assert_allclose(gradient[0, :2], [np.exp(-40.0) + np.exp(-50.0), -np.exp(-40.0)], rtol=1e-6)
    np.testing.assert_allclose(gradient[1], [2 / 9, -1 / 9, -1 / 9], rtol=1e-6)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (), (1,), (2, 3, 4)])
@pytest.mark.parametrize("name", ["tanh", "silu", "relu", "hard_tanh", "softsign", "gelu"])
def test_shapes(name: str, shape: tuple[int, ...]) -> None:
    x = np.full(shape, 0.5, np.float32)
    for found in (activations[name](x), activations[name].derivative(x)):
        assert found.shape == shape
        assert found.dtype == np.float32


@pytest.mark.parametrize("name", ["tanh", "silu", "relu", "hard_tanh", "softsign", "gelu", "softmax"])
@pytest.mark.parametrize("rows", [3, 400])
def test_inputs_stay_and_need_not_be_contiguous(name: str, rows: int) -> None:
    entry = activations[name]
    base = np.random.default_rng(1).normal(size=(100, 2 * rows)).astype(np.float32) * 3
    before, x = base.copy(), base.T[::2]
    gradient = np.ones_like(x)
    found = entry(x), entry.vjp(x, gradient)
    whole = np.ascontiguousarray(x)
    for one, other in zip(found, (entry(whole), entry.vjp(whole, gradient)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(base, before)
    np.testing.assert_array_equal(gradient, 1)
