"""Elementwise losses where rounding before the last step shows, near roots and edges: against mpmath."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.functions.test_rows import EVERY_WORLD, FORMATS, truth
from tests.functions.worlds import World, numbers

from gradoscope.functions import activations, exact, losses

# name, parameters, predictions, targets
HARD: list[tuple[str, dict[str, Any], Any, list[float]]] = [
    ("cauchy", {}, [-3.461791, -3.0906286, 1.5e12], [-4.540482, -4.178367, 0.5]),
    ("barron", {}, [7171.4957, 5121.4242, 0.3], [1.136028, 3.463709, -0.2]),
    ("barron", {"alpha": -2.0, "c": 1.5}, [7171.4957, 8.3, 0.3], [1.136028, 3.463709, -0.2]),
    ("barron", {"alpha": 0.0}, [7171.4957, 8.3, 0.3], [1.136028, 3.463709, -0.2]),
    ("tukey_biweight", {}, [2.3004632, 7.337436, 0.25], [-2.3839271, 2.6531696, 0.3]),
    ("mean_squared_logarithmic_error", {}, [0.3241803, 0.0830514, 0.5318208], [286.78377, 142.63063, 0.0043387]),
    ("gamma", {}, [-7.978098, -70.5, 60.25], [0.002755972, 1.7e-29, 1e26]),
    ("tweedie", {}, [5.8588796, 5.1336239, -50.3], [353.37216, 169.84194, 2.0]),
    ("gaussian_nll", {}, [[1.00859, -12.0], [0.5, 40.25], [-2.0, 1.25]], [1.0, 2.5e8, -0.13]),
    ("laplace_nll", {}, [[-3.1766686, -3.8738017], [0.167027, -5.7681527], [2.0, 45.5]], [-3.2574487, 0.1490594, 0.0]),
    ("binary_focal", {}, [-26.770966, -19.106438, 3.4353033], [0.0, 0.0, 1.0]),
    ("asymmetric", {}, [-0.1766255, -0.9053251, -2.9393, 2.5], [0.0, 0.0, 0.0, 1.0]),
    ("asymmetric", {"shift": 0.2, "gamma_negative": 3.0}, [-1.38, 0.3, 9.5], [0.0, 0.0, 0.0]),
]


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("world", EVERY_WORLD)
@pytest.mark.parametrize(("name", "options", "predictions", "targets"), HARD)
def test_hard_points(
    name: str, options: dict[str, Any], predictions: Any, targets: list[float], world: World, dtype: str
) -> None:
    entry = losses[name]
    defaults = {key: parameter.default for key, parameter in entry.parameters.items()}
    formula = "log((p - t)**2 / 2 / c**2 + 1)" if options.get("alpha") == 0 else entry.textbook
    with jax.enable_x64(dtype == "float64"):
        prediction, target = world.array(predictions, dtype), world.array(targets, dtype)
        both = world.run(lambda p: (entry(p, target, **options), entry.derivative(p, target, **options)), prediction)
        given, found, rises = (numbers(part) for part in (prediction, *both))
    for at, right, value, slope in zip(given.tolist(), numbers(target).tolist(), found, rises, strict=True):
        inputs = {**defaults, **options, "p": tuple(at) if isinstance(at, list) else at, "t": right}
        for number, true in zip(np.append(value, slope), truth(formula, tuple(inputs.items())), strict=True):
            error = exact.ulps(number, true, *FORMATS[dtype], size=max(abs(true), entry.floor))
            assert error <= entry.bound, (at, right, number, true)


@pytest.mark.parametrize("name", sorted({name for name, *_ in HARD}))
@pytest.mark.parametrize("world", EVERY_WORLD)
def test_nan_and_infinity(name: str, world: World) -> None:
    """NaN stays, and infinity gives no NaN; nor does -infinity, where there is a limit."""
    entry = losses[name]
    ends = np.array([np.nan, np.inf, -np.inf], np.float32)
    predictions = np.stack([ends, np.ones_like(ends)], -1) if entry.outputs == 2 else ends
    values = numbers(entry(world.array(predictions, "float32"), world.array([1.0, 1.0, 1.0], "float32")))
    assert np.isnan(values).tolist() == [True, False, name in ("gamma", "mean_squared_logarithmic_error")]


def test_ash_with_a_threshold_for_each_channel() -> None:
    """The gradient, where each channel has a z of its own: against differences."""
    entry, z = activations["ash"], np.array([0.5, 1.0, 1.5, -0.3, 0.8])
    rows = np.random.default_rng(0).normal(size=(3, 5))
    weights = np.cos(np.arange(15)).reshape(3, 5)
    steps = 1e-6 * np.eye(15).reshape(15, 3, 5)
    differences = [((entry(rows + h, z=z) - entry(rows - h, z=z)) * weights).sum() / 2e-6 for h in steps]
    with jax.enable_x64(True):
        by_jax = jax.grad(lambda x: (entry(x, z=jnp.asarray(z)) * weights).sum())(jnp.asarray(rows))
    np.testing.assert_allclose(np.ravel(by_jax), differences, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(entry.vjp(rows, weights, z=z).ravel(), differences, rtol=1e-6, atol=1e-8)
