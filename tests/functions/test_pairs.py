"""Pairs of numbers: twice the digits, in every world, compiled or not."""

from typing import Any

import jax
import mpmath
import numpy as np
import pytest
from tests.functions.worlds import WORLDS, World, numbers

from gradoscope.arrays.pairs import Pair, exact, first_part, number, root, summed

DIGITS = {"float32": 44, "float64": 100}


def formula(x: Any) -> list[Pair]:
    plain, third = exact(x), number(x, 1 / 3)
    height = root(-(plain - third) * (plain + third))
    return [height, (plain - height) / (plain + height), summed(height * plain)]


@pytest.mark.parametrize("dtype", DIGITS)
@pytest.mark.parametrize("world", [pytest.param(world, id=world.name) for world in WORLDS.values()])
def test_pairs_have_twice_the_digits(world: World, dtype: str, rng: np.random.Generator) -> None:
    with jax.enable_x64(dtype == "float64"):
        x = world.array(rng.uniform(0.1, 0.3, size=(20, 5)), dtype)
        found = world.run(lambda rows: [(pair.high, pair.low) for pair in formula(rows)], x)
        parts = [(numbers(high), numbers(low)) for high, low in found]
    with mpmath.workprec(400):
        for k, row in enumerate(numbers(x)):
            plain = [mpmath.mpf(float(entry)) for entry in row]
            heights = [mpmath.sqrt(mpmath.mpf(1 / 3) ** 2 - a**2) for a in plain]
            expected = [heights, [(a - h) / (a + h) for a, h in zip(plain, heights, strict=True)]]
            expected.append([sum(h * a for a, h in zip(plain, heights, strict=True))])
            for (high, low), truths in zip(parts, expected, strict=True):
                for place, truth in enumerate(truths):
                    pair = mpmath.mpf(float(high[k, place])) + mpmath.mpf(float(low[k, place]))
                    assert abs(pair - truth) < mpmath.ldexp(1, -DIGITS[dtype])


def test_numbers_in_float32_are_split_exactly() -> None:
    """The first part is what float32 holds of a number, the second one the rest."""
    for value in (0.05, 4.685, -1 / 3, 1e-30, 2.0):
        assert first_part(value) == np.float32(value)
