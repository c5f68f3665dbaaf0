"""Facts about the shape of an activation: range, limits, monotonicity, convexity, symmetry."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gradoscope.functions.facts.base import FAR, GRID, Curve, Verdict, close, finite_part, grid, worst


@dataclass(frozen=True)
class Range:
    """Infimum and supremum of the values; both are approached."""

    low: float
    high: float

    @property
    def words(self) -> tuple[str, ...]:
        """The adjectives it lends to its function."""
        bounded = math.isfinite(self.low) and math.isfinite(self.high)
        return (("bounded",) if bounded else ()) + (("non_negative",) if self.low >= 0 else ())

    def check(self, function: Curve) -> Verdict:
        """Compare with the function."""
        points = finite_part(function, np.concatenate([grid(), [-FAR, FAR]]))
        values = np.asarray(function(points))
        slack = 1e-12 * max(1.0, abs(self.low) if math.isfinite(self.low) else 1.0)
        inside = worst(points, np.minimum(values - self.low + slack, self.high - values + slack))
        if not inside.holds:
            return inside
        reached = min(close(float(values.min()), self.low, 1e-4), close(float(values.max()), self.high, 1e-4))
        return Verdict(reached >= 0, GRID, float(points[np.argmin(values)]), min(reached, inside.margin))


@dataclass(frozen=True)
class Limits:
    """The limits at minus and plus infinity (NaN where there is none)."""

    left: float
    right: float

    words: ClassVar[tuple[str, ...]] = ()

    def check(self, function: Curve) -> Verdict:
        """Compare with the function."""
        method = "evaluated at -inf, inf, -1e30 and 1e30"
        margins = []
        for limit, end, far in ((self.left, -math.inf, -FAR), (self.right, math.inf, FAR)):
            if not math.isnan(limit):
                margins += [close(float(function(end)), limit, 0.0), close(float(function(far)), limit, 1e-12)]
        return Verdict(min(margins, default=0.0) >= 0, method, math.inf, min(margins, default=0.0))


@dataclass(frozen=True)
class Increasing:
    """Never decreasing; `strictly` where the derivative is positive everywhere on [-5, 5]."""

    strictly: bool = True

    words: ClassVar[tuple[str, ...]] = ("monotonic", "increasing")

    def check(self, function: Curve) -> Verdict:
        """Compare with the function."""
        points = finite_part(function, grid())
        steps = np.diff(np.asarray(function(points)))
        scale = np.maximum(1.0, np.abs(np.asarray(function(points[1:]))))
        rising = worst(points[1:], np.where(np.isnan(steps), -math.inf, steps / scale + 1e-13))
        slopes = np.asarray(function.derivative(points))
        falling = worst(points, slopes)
        if not (rising.holds and falling.holds):
            return min(rising, falling, key=lambda verdict: verdict.margin)
        inner = np.linspace(-5, 5, 2001)
        positive = bool(np.all(np.asarray(function.derivative(inner)) > 0))
        return falling if positive == self.strictly else Verdict(False, GRID, falling.at, -math.inf)


@dataclass(frozen=True)
class Decreasing:
    """Never increasing."""

    words: ClassVar[tuple[str, ...]] = ("monotonic", "decreasing")

    def check(self, function: Curve) -> Verdict:
        """Compare with the function."""
        return worst(grid(), -np.asarray(function.derivative(grid())))


@dataclass(frozen=True)
class Turns:
    """Not monotonic: the lowest interior minimum, with its place."""

    at: float
    value: float

    words: ClassVar[tuple[str, ...]] = ("non_monotonic",)

    def check(self, function: Curve) -> Verdict:
        """Compare with the function."""
        points = np.linspace(self.at - 1, self.at + 1, 20001)
        values = np.asarray(function(points))
        place = int(np.argmin(values))
        margin = min(close(float(points[place]), self.at, 2e-3), close(float(values[place]), self.value, 1e-5))
        around = min(float(function(self.at - 1)), float(function(self.at + 1))) > self.value
        return Verdict(margin >= 0 and around, "minimum of a grid of step 1e-4", float(points[place]), margin)


@dataclass(frozen=True)
class Convex:
    """Convex: the derivative never falls."""

    words: ClassVar[tuple[str, ...]] = ("convex",)

    def check(self, function: Curve) -> Verdict:
        """Compare with the function."""
        points = finite_part(function, grid())
        return worst(points[1:], np.diff(np.asarray(function.derivative(points))) + 1e-13)


@dataclass(frozen=True)
class Concave:
    """Concave: the derivative never rises."""

    words: ClassVar[tuple[str, ...]] = ("concave",)

    def check(self, function: Curve) -> Verdict:
        """Compare with the function."""
        return worst(grid()[1:], 1e-13 - np.diff(np.asarray(function.derivative(grid()))))


@dataclass(frozen=True)
class Odd:
    """f(-x) = -f(x), so outputs are centred on zero."""

    words: ClassVar[tuple[str, ...]] = ("odd", "zero_centred")

    def check(self, function: Curve) -> Verdict:
        """Compare with the function."""
        values, mirrored = np.asarray(function(grid())), np.asarray(function(-grid()))
        return worst(grid(), 1e-14 * np.maximum(1, np.abs(values)) - np.abs(values + mirrored))


@dataclass(frozen=True)
class Even:
    """f(-x) = f(x)."""

    words: ClassVar[tuple[str, ...]] = ("even",)

    def check(self, function: Curve) -> Verdict:
        """Compare with the function."""
        values, mirrored = np.asarray(function(grid())), np.asarray(function(-grid()))
        return worst(grid(), 1e-14 * np.maximum(1, np.abs(values)) - np.abs(values - mirrored))


@dataclass(frozen=True)
class Symmetric:
    """f(-x) = c - f(x): point symmetric about (0, c/2), as the sigmoid with c = 1."""

    c: float

    words: ClassVar[tuple[str, ...]] = ("symmetric",)

    def check(self, function: Curve) -> Verdict:
        """Compare with the function."""
        values, mirrored = np.asarray(function(grid())), np.asarray(function(-grid()))
        return worst(grid(), 1e-14 * np.maximum(1, np.abs(values)) - np.abs(values + mirrored - self.c))
