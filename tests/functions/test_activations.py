"""The laws of activations: one loop over every entry of the catalogue."""

import doctest
import math
import sys
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from tests.functions.worlds import WORLDS, World, numbers

from gradoscope.errors import UsageError
from gradoscope.functions import Activation, activations, exact
from gradoscope.functions.facts import (
    Concave,
    Convex,
    Dead,
    Decreasing,
    Even,
    Fact,
    Increasing,
    Limits,
    Lipschitz,
    Moments,
    Odd,
    Range,
    Saturates,
    Smooth,
    Symmetric,
    Turns,
)

FORMATS = {"float32": (24, -126), "float64": (53, -1022)}
ENTRIES = [pytest.param(entry, id=entry.name) for entry in activations.values()]
ELEMENTWISE = [pytest.param(entry, id=entry.name) for entry in activations.values() if entry.elementwise]
ROWS = [pytest.param(entry, id=entry.name) for entry in activations.values() if not entry.elementwise]
EVERY_WORLD = [pytest.param(world, id=world.name) for world in WORLDS.values()]


def points() -> list[float]:
    """float32 numbers: dense near zero, tiny, up to where exp overflows in float32, and where rounding shows most."""
    near = np.linspace(-9.7, 9.7, 25)
    far = np.array([13.3, 17.9, 26.1, 44.4, 71.3, 86.5])
    tiny = np.array([3e-37, 1e-20, 1e-9, 3e-5, 2e-3, 0.09])
    hard = np.array([-6.4941573, -4.2904840, -3.3889816, -2.5282199, -0.9980010, -0.8514190, -0.6739547, -0.6499513])
    edges = np.array([1.0077389, 4.4908180])
    return [float(x) for x in np.unique(np.concatenate([near, far, -far, tiny, -tiny, hard, edges]).astype(np.float32))]


POINTS = points()


def settings(entry: Activation) -> dict[str, Any]:
    return {name: parameter.default for name, parameter in entry.parameters.items()}


def kinks(entry: Activation) -> list[float]:
    return [kink for fact in entry.facts if isinstance(fact, Smooth) for kink in fact.kinks]


def visible(entry: Activation, x: float, slope: Any) -> Any:
    """The size whose last place counts: near an interior minimum, where the derivative crosses zero, at least 1/8."""
    crossing = any(isinstance(fact, Turns) and fact.at and abs(x - fact.at) < 1 for fact in entry.facts)
    return max(abs(slope), 0.125 if crossing else entry.floor)


@pytest.mark.parametrize("entry", ENTRIES)
def test_facts(entry: Activation) -> None:
    for fact in entry.facts:
        verdict = fact.check(entry)
        assert verdict.holds, (fact, verdict)
        assert "prove" not in verdict.method, "a grid is no proof"


@pytest.mark.parametrize("entry", ENTRIES)
def test_example(entry: Activation) -> None:
    page = sys.modules[f"gradoscope.functions.activations.{entry.family}"]
    example = doctest.DocTestParser().get_doctest(entry.__doc__ or "", dict(vars(page)), entry.name, None, None)
    assert example.examples, "no example"
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.DocTestRunner(verbose=False, optionflags=flags).run(example).failed == 0


@pytest.fixture(scope="module")
def exact_values() -> dict[str, tuple[list[Any], list[Any]]]:
    """Value and derivative of every elementwise entry at the points, by mpmath."""
    return {}


def truth(entry: Activation, known: dict[str, tuple[list[Any], list[Any]]]) -> tuple[list[Any], list[Any]]:
    if entry.name not in known:
        values = [exact.evaluate(entry.textbook, {"x": x, **settings(entry)}) for x in POINTS]
        slopes = [exact.derivative(entry.textbook, {"x": x, **settings(entry)}) for x in POINTS]
        known[entry.name] = values, slopes
    return known[entry.name]


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("world", EVERY_WORLD)
@pytest.mark.parametrize("entry", ELEMENTWISE)
def test_accuracy(
    entry: Activation, world: World, dtype: str, exact_values: dict[str, tuple[list[Any], list[Any]]]
) -> None:
    values, slopes = truth(entry, exact_values)
    with jax.enable_x64(dtype == "float64"):
        x = world.array(POINTS, dtype)
        found, rises = (numbers(part) for part in world.run(lambda at: (entry(at), entry.derivative(at)), x))
    for place, at in enumerate(POINTS):
        error = exact.ulps(found[place], values[place], *FORMATS[dtype], size=max(abs(values[place]), entry.floor))
        assert error <= entry.bound, ("value", at, found[place])
        if at not in kinks(entry):
            error = exact.ulps(rises[place], slopes[place], *FORMATS[dtype], size=visible(entry, at, slopes[place]))
            assert error <= entry.bound, ("derivative", at, rises[place], slopes[place])


ROWS_OF_LOGITS = [
    [0.5, -1.25, 3.0, 0.25, -0.5, 2.5],
    [12.0, -4.0, 1.5, 11.25, 0.125, -30.0],
    [40.0, 3.0, -20.0, 5.0, 39.5, 1.0],
    [-300.5, -310.25, -290.0, -305.0, -350.0, -299.0],
    [-6.75, 74.375, 1.5, 0.25, -0.5, 2.0],
    [299.125, 300.5, 300.25, 301.875, 300.0, 298.625],
]


@cache
def exact_row(entry: Activation, row: tuple[float, ...]) -> tuple[list[Any], list[list[Any]]]:
    """Value, and for each input the derivatives of all outputs."""
    inputs = {"x": row, **settings(entry)}
    values = exact.evaluate(entry.textbook, inputs)
    return values, [exact.derivative(entry.textbook, inputs, place=place) for place in range(len(row))]


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("world", EVERY_WORLD)
@pytest.mark.parametrize("entry", ROWS)
def test_accuracy_of_rows(entry: Activation, world: World, dtype: str) -> None:
    with jax.enable_x64(dtype == "float64"):
        chosen = [world.array(one, dtype) for one in np.eye(len(exact_row(entry, tuple(ROWS_OF_LOGITS[0]))[0]))]

        def value_and_slopes(x: Any) -> Any:
            return entry(x), [entry.vjp(x, one) for one in chosen]

        for row in ROWS_OF_LOGITS:
            values, jacobian = exact_row(entry, tuple(row))
            found, slopes = world.run(value_and_slopes, world.array(row, dtype))
            for place, value in enumerate(values):
                assert exact.ulps(numbers(found)[place], value, *FORMATS[dtype]) <= entry.bound, (row, place, found)
            for output, gradient in enumerate(map(numbers, slopes)):
                for place in range(len(row)):
                    error = exact.ulps(gradient[place], jacobian[place][output], *FORMATS[dtype])
                    assert error <= entry.bound, (row, output, place, gradient[place], jacobian[place][output])


@pytest.mark.parametrize("entry", ENTRIES)
def test_jax_and_torch_differentiate_with_the_written_derivative(entry: Activation) -> None:
    rows = np.array(ROWS_OF_LOGITS[:2])
    shape = np.asarray(entry(rows)).shape
    weights = np.cos(np.arange(np.prod(shape))).reshape(shape)
    expected = entry.vjp(rows, weights)
    with jax.enable_x64(True):
        by_jax = jax.jit(jax.grad(lambda x: (entry(x) * jnp.asarray(weights)).sum()))(jnp.asarray(rows))
        mapped = jax.vmap(entry)(jnp.asarray(rows))
    x = torch.tensor(rows, requires_grad=True)
    (by_torch,) = torch.autograd.grad((entry(x) * torch.tensor(weights)).sum(), x)
    np.testing.assert_allclose(by_jax, expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(by_torch, expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(mapped, entry(rows), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("entry", ELEMENTWISE)
def test_second_derivatives(entry: Activation) -> None:
    """By differentiating the derivative, in JAX and in PyTorch; against differences of the derivative."""
    places = np.array([-3.3, -1.2, -0.61, 0.0, 0.37, 1.7, 4.1])
    step = 1e-6
    differences = (entry.derivative(places + step) - entry.derivative(places - step)) / (2 * step)
    away = np.array([not any(abs(place - kink) < 0.1 for kink in kinks(entry)) for place in places])
    with jax.enable_x64(True):
        by_jax = np.asarray(jax.jit(jax.vmap(jax.grad(jax.grad(entry))))(jnp.asarray(places)))
    x = torch.tensor(places, requires_grad=True)
    (first,) = torch.autograd.grad(entry(x).sum(), x, create_graph=True)
    by_torch = torch.autograd.grad(first.sum(), x)[0].numpy() if first.requires_grad else np.zeros_like(places)
    np.testing.assert_allclose(by_jax[away], differences[away], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(by_torch[away], differences[away], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("entry", ELEMENTWISE)
def test_nan_propagates(entry: Activation) -> None:
    for world in WORLDS.values():
        x = world.array([1.0, math.nan], "float32")
        assert math.isnan(numbers(entry(x))[1])
        assert math.isnan(numbers(entry.derivative(x))[1])


@pytest.mark.parametrize("entry", ENTRIES)
def test_dtypes(entry: Activation) -> None:
    row = np.array([0.5, -1.0, 2.0, -3.0])
    for name in ("float16", "float32", "float64"):
        assert entry(row.astype(name)).dtype == name
        assert entry.vjp(row.astype(name), entry(row.astype(name))).dtype == name
    assert entry(np.array([1, 2, 3, 4])).dtype == np.float64
    for half in (jnp.float16, jnp.bfloat16):
        values = entry(jnp.asarray(row, half))
        assert values.dtype == half
        np.testing.assert_allclose(numbers(values), entry(row), rtol=0.01, atol=0.01)
    for half in (torch.float16, torch.bfloat16):
        tensor = torch.tensor(row, dtype=half, requires_grad=True)
        assert entry(tensor).dtype == half
        assert torch.autograd.grad(entry(tensor).sum(), tensor)[0].dtype == half
    assert entry(jnp.array([1, 2, 3, 4])).dtype == jnp.float32
    assert entry(torch.tensor([1, 2, 3, 4])).dtype == torch.float32


@pytest.mark.parametrize("entry", ELEMENTWISE)
def test_numbers_and_lists(entry: Activation) -> None:
    assert float(entry(0.3)) == entry([0.3])[0] == entry(np.array(0.3))


@pytest.mark.parametrize("entry", ELEMENTWISE)
def test_nothing_overflows_on_the_way(entry: Activation) -> None:
    """Finite inputs of any size give no NaN, and infinity only where the result is that large."""
    for world in WORLDS.values():
        x = world.array([-3e38, -1e20, 1e20, 3e38], "float32")
        values, slopes = numbers(entry(x)), numbers(entry.derivative(x))
        assert not np.isnan(values).any(), world.name
        assert not np.isnan(slopes).any(), world.name


TRAINABLE = [
    pytest.param(entry, name, id=f"{entry.name}-{name}")
    for entry in activations.values()
    for name, parameter in entry.parameters.items()
    if parameter.trainable
]


@pytest.mark.parametrize(("entry", "name"), TRAINABLE)
def test_trainable_parameters(entry: Activation, name: str) -> None:
    """JAX and PyTorch give the derivative in a parameter, per channel, as differences do."""
    rows = np.array(ROWS_OF_LOGITS[:2])[:, :3]
    start = np.array([0.9, 1.0, 1.2]) * entry.parameters[name].default + 0.25 * (entry.parameters[name].default == 0)
    step = 1e-6
    ahead, behind = entry(rows, **{name: start + step}), entry(rows, **{name: start - step})
    expected = ((ahead - behind) / (2 * step)).sum(0)
    with jax.enable_x64(True):
        by_jax = jax.jit(jax.grad(lambda p: entry(jnp.asarray(rows), **{name: p}).sum()))(jnp.asarray(start))
    parameter = torch.tensor(start, requires_grad=True)
    (by_torch,) = torch.autograd.grad(entry(torch.tensor(rows), **{name: parameter}).sum(), parameter)
    np.testing.assert_allclose(by_jax, expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(by_torch, expected, rtol=1e-6, atol=1e-7)


def test_a_false_fact_is_caught() -> None:
    false: list[tuple[str, Fact]] = [
        ("sigmoid", Range(0, 0.9)), ("sigmoid", Lipschitz(0.3, at=0)), ("sigmoid", Lipschitz(0.24, at=0)),
        ("relu", Smooth()), ("relu", Smooth(1, kinks=(0,))), ("elu", Smooth(2, kinks=(0,))), ("silu", Increasing()),
        ("tanh", Convex()), ("softplus", Odd()), ("gelu", Turns(-0.5, -0.16)), ("relu", Dead(-1, 0.5)),
        ("leaky_relu", Dead(-1, 0)), ("tanh", Saturates(left=-1, right=0.9)), ("softplus", Saturates(left=0, right=1)),
        ("relu", Moments(0.4, 0.5, 0.5)), ("sigmoid", Limits(0, 0.99)), ("relu", Increasing()), ("relu", Concave()),
        ("exponential", Lipschitz(5.0, at=1)), ("sigmoid", Symmetric(0.9)), ("tanh", Even()), ("relu", Decreasing()),
        ("relu", Lipschitz(math.inf)),
    ]  # fmt: skip
    for name, fact in false:
        assert not fact.check(activations[name]).holds, (name, fact)


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("world", EVERY_WORLD)
@pytest.mark.parametrize(("name", "options"), [("sparsemax", {}), ("entmax", {}), ("entmax", {"alpha": 1.3})])
def test_sparse_shares_of_infinite_logits(name: str, options: dict[str, Any], world: World, dtype: str) -> None:
    entry = activations[name]
    with jax.enable_x64(dtype == "float64"):
        rows = world.array([[-math.inf, 5, 4.5], [-math.inf, 0, -math.inf], [1, math.inf, -math.inf]], dtype)
        coming = world.array([[1, 2, 3]] * 3, dtype)
        shares, gradient = numbers(entry(rows, **options)), numbers(entry.vjp(rows, coming, **options))
        unmasked = numbers(entry(world.array([[5, 4.5]], dtype), **options))[0]
    np.testing.assert_allclose(shares, [[0, *unmasked], [0, 1, 0], [0, 1, 0]], rtol=1e-6)
    assert (gradient[1:] == 0).all()
    assert gradient[0, 0] == 0 < gradient[0, 2]


def test_rows_and_gradients_that_do_not_fit_are_refused() -> None:
    for given in (1.0, np.ones((3, 0))):
        with pytest.raises(UsageError, match="softmax takes rows of numbers along axis -1"):
            activations["softmax"](given)
    with pytest.raises(UsageError, match="along axis 2"):
        activations["glu"](np.ones((3, 4)), axis=2)
    with pytest.raises(UsageError, match="they must be equal"):
        activations["relu"].vjp(np.ones((3, 1)), np.ones((1, 3)))
    assert activations["softmax"](np.ones((0, 3))).shape == (0, 3)
    assert activations["relu"].vjp(np.ones(3), 2.0).tolist() == [2.0, 2.0, 2.0]
