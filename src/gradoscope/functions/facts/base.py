"""Facts about activations: small frozen values, each of which checks itself against the function.

A verdict names its method. A grid is evidence, not a proof, and the verdict says so.
"""

import math
from functools import cache
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


class Verdict(NamedTuple):
    """What the check of a fact found: `margin` >= 0 where it holds, at the worst point `at`."""

    holds: bool
    method: str
    at: float
    margin: float


class Curve(Protocol):
    """What a fact checks: a function of one number with its derivative."""

    def __call__(self, x: Any, /) -> Any: ...
    def derivative(self, x: Any, /) -> Any:
        """The derivative at x."""


class Fact(Protocol):
    """A checkable statement; `words` are the adjectives it lends to its function."""

    @property
    def words(self) -> tuple[str, ...]:
        """The adjectives it lends to its function."""

    def check(self, function: Any) -> Verdict:
        """Compare with the function."""


@cache
def grid() -> Numbers:
    """15,000 points: dense on [-12, 12], and magnitudes from 1e-12 to 1e6 on both sides."""
    powers = np.geomspace(1e-12, 1e6, 2500)
    return np.unique(np.concatenate([np.linspace(-12, 12, 10001), powers, -powers]))


GRID = "evaluated on a grid of 15,001 points from -1e6 to 1e6"
FAR = 1e30


def worst(points: Numbers, margins: Numbers, method: str = GRID) -> Verdict:
    """The verdict at the point with the smallest margin."""
    finite = np.where(np.isnan(margins), -math.inf, margins)
    place = int(np.argmin(finite))
    return Verdict(bool(finite[place] >= 0), method, float(points[place]), float(finite[place]))


def close(value: float, expected: float, tolerance: float) -> float:
    """How much nearer than allowed the value is to what was expected (negative: farther)."""
    if math.isinf(expected):
        return 0.0 if value == expected or (value * expected > 0 and abs(value) > 50) else -math.inf
    return tolerance * max(1.0, abs(expected)) - abs(value - expected)


def finite_part(function: Curve, points: Numbers) -> Numbers:
    """The points at which value and derivative are finite."""
    found = np.isfinite(np.asarray(function(points))) & np.isfinite(np.asarray(function.derivative(points)))
    seen: Numbers = points[found]
    return seen
