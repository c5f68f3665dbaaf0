"""The laws of activations: one loop over every entry of the catalogue."""

import doctest
import sys
from typing import Any

import jax
import numpy as np
import pytest
from tests.functions.worlds import WORLDS, World, numbers

from gradoscope.functions import Activation, activations, exact
from gradoscope.functions.facts import Smooth, Turns

FORMATS = {"float32": (24, -126), "float64": (53, -1022)}
ENTRIES = [pytest.param(entry, id=entry.name) for entry in activations.values()]
ELEMENTWISE = [pytest.param(entry, id=entry.name) for entry in activations.values() if entry.elementwise]
ROWS = [pytest.param(entry, id=entry.name) for entry in activations.values() if not entry.elementwise]
EVERY_WORLD = [pytest.param(world, id=world.name) for world in WORLDS.values()]


def points() -> list[float]:
    """float32 numbers: dense near zero, tiny, and up to where exp overflows in float32."""
    near = np.linspace(-9.7, 9.7, 41)
    far = np.array([13.3, 17.9, 26.1, 44.4, 71.3, 86.5])
    tiny = np.array([1e-20, 1e-9, 3e-5, 2e-3, 0.09])
    return [float(x) for x in np.unique(np.concatenate([near, far, -far, tiny, -tiny]).astype(np.float32))]


POINTS = points()


def settings(entry: Activation) -> dict[str, Any]:
    return {name: parameter.default for name, parameter in entry.parameters.items()}


def kinks(entry: Activation) -> list[float]:
    return [kink for fact in entry.facts if isinstance(fact, Smooth) for kink in fact.kinks]


def visible(entry: Activation, x: float, slope: Any) -> Any:
    """The size whose last place counts: near an interior minimum, where the derivative crosses zero, at least 1/8."""
    crossing = any(isinstance(fact, Turns) and fact.at and abs(x - fact.at) < 1 for fact in entry.facts)
    return max(abs(slope), 0.125) if crossing else abs(slope)


@pytest.mark.parametrize("entry", ENTRIES)
def test_facts(entry: Activation) -> None:
    for fact in entry.facts:
        verdict = fact.check(entry)
        assert verdict.holds, (fact, verdict)


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
        found = numbers(world.run(entry, x))
        rises = numbers(world.run(entry.derivative, x))
    for place, at in enumerate(POINTS):
        assert exact.ulps(found[place], values[place], *FORMATS[dtype]) <= entry.bound, ("value", at, found[place])
        if at not in kinks(entry):
            error = exact.ulps(rises[place], slopes[place], *FORMATS[dtype], size=visible(entry, at, slopes[place]))
            assert error <= entry.bound, ("derivative", at, rises[place], slopes[place])
