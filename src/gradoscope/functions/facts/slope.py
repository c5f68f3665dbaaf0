"""Facts about the slope of an activation: steepness, smoothness, dead regions, saturation, behaviour on N(0, 1)."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gradoscope.functions.facts.base import FAR, GRID, Curve, Numbers, Verdict, close, finite_part, grid, worst


@dataclass(frozen=True)
class Lipschitz:
    """The largest |slope| and where it is reached or approached; infinite for jumps and for unbounded slopes."""

    constant: float
    at: float = math.nan

    @property
    def words(self) -> tuple[str, ...]:
        """The adjectives it lends to its function."""
        return ("lipschitz",) if math.isfinite(self.constant) else ()

    def check(self, function: Curve) -> Verdict:
        """Compare with the function."""
        if math.isinf(self.constant):
            return self._unbounded(function)
        near = self.at + np.array([-1e-9, 0, 1e-9]) if math.isfinite(self.at) else np.array([FAR * np.sign(self.at)])
        points = np.concatenate([grid(), near])
        slopes = np.abs(np.asarray(function.derivative(points)))
        bounded = worst(points, self.constant * (1 + 1e-6) - slopes)
        reached = close(float(np.max(slopes[-near.size :])), self.constant, 1e-4)
        return bounded if not bounded.holds else Verdict(reached >= 0, GRID, self.at, min(reached, bounded.margin))

    def _unbounded(self, function: Curve) -> Verdict:
        points = finite_part(function, grid())
        steps = np.abs(np.diff(np.asarray(function(points)))) / np.diff(points)
        place = int(np.argmax(steps))
        return Verdict(bool(steps[place] > 100), GRID, float(points[place]), float(steps[place] - 100))


@dataclass(frozen=True)
class Smooth:
    """Continuously differentiable `order` times (infinity: always), except that order + 1 fails at the `kinks`.

    Order -1 means that the function itself jumps there. The check also compares the derivative with the value.
    """

    order: float = math.inf
    kinks: tuple[float, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The adjectives it lends to its function."""
        return {-1: (), 0: ("continuous",)}.get(int(min(self.order, 1)), ("continuous", "smooth"))

    def check(self, function: Curve) -> Verdict:
        """Compare with the function."""
        points = np.linspace(-8.0123, 8.0123, 4001)
        away = np.min(np.abs(points[:, None] - np.array([*self.kinks, math.inf])[None, :]), axis=1) > 2e-3
        points = points[away]
        agreement = worst(points, _disagreement(function, points), "compared with central differences, step 1e-4")
        if not agreement.holds or not self.kinks:
            return agreement
        whole = [-_jump(function, kink, order) for kink in self.kinks for order in range(int(min(self.order, 2)) + 1)]
        breaks = [_jump(function, kink, int(self.order) + 1) for kink in self.kinks if self.order < 2] + whole
        margin = min(breaks, default=-math.inf)
        return Verdict(margin >= 0, "one-sided differences at the kinks", self.kinks[0] if self.kinks else 0.0, margin)


def _disagreement(function: Curve, points: Numbers) -> Numbers:
    """The allowance minus |derivative - central difference|; a kink nobody declared shows here."""
    step = 1e-4
    difference = (np.asarray(function(points + step)) - np.asarray(function(points - step))) / (2 * step)
    slopes = np.asarray(function.derivative(points))
    allowed: Numbers = 1e-5 * np.maximum(1, np.abs(slopes)) - np.abs(slopes - difference)
    return allowed


def _jump(function: Curve, kink: float, order: int) -> float:
    """How clearly the derivative of that order differs between the two sides of the kink."""
    step = 1e-4
    sides = kink + step * np.array([-2.0, -1.0, 1.0, 2.0])
    values = np.asarray(function(sides) if order == 0 else function.derivative(sides))
    if order == 2:
        values = np.array([values[1] - values[0], 0, 0, values[3] - values[2]])[[0, 0, 3, 3]] / step
    return float(abs(values[2] - values[1]) - 2e-3)


@dataclass(frozen=True)
class Dead:
    """The derivative is exactly zero between `low` and `high`, and nowhere near outside."""

    low: float
    high: float

    words: ClassVar[tuple[str, ...]] = ("dead_region",)

    def check(self, function: Curve) -> Verdict:
        """Compare with the function."""
        low, high = max(self.low, -1e6), min(self.high, 1e6)
        inside = np.linspace(low, high, 1001)[1:-1]
        zero = worst(inside, -np.abs(np.asarray(function.derivative(inside))))
        edges = np.array([edge for edge in (self.low - 1e-6, self.high + 1e-6) if abs(edge) < 1e6])
        alive = float(np.min(np.abs(np.asarray(function.derivative(edges))), initial=1.0))
        return zero if alive > 0 else Verdict(False, GRID, float(edges[0]), -1.0)


@dataclass(frozen=True)
class Saturates:
    """The value levels off: at `left` towards -infinity, at `right` towards infinity (None: it does not)."""

    left: float | None = None
    right: float | None = None

    words: ClassVar[tuple[str, ...]] = ("saturates",)

    def check(self, function: Curve) -> Verdict:
        """Compare with the function."""
        margins = [self._side(function, self.left, -1.0), self._side(function, self.right, 1.0)]
        return Verdict(min(margins) >= 0, "evaluated at 1e3 to 1e30", math.inf, min(margins))

    def _side(self, function: Curve, level: float | None, side: float) -> float:
        far = side * np.array([1e3, 1e6, FAR])
        slopes = np.abs(np.asarray(function.derivative(far)))
        if level is None:
            return float(np.max(slopes)) - 1e-4
        return min(close(float(function(far[-1])), level, 1e-9), 1e-3 - float(np.max(slopes)))


@dataclass(frozen=True)
class Moments:
    """Under N(0, 1): E f, E f^2 and E f'^2. The gains keep the second moment of signals and of gradients at 1."""

    mean: float
    second: float
    slope: float

    @property
    def words(self) -> tuple[str, ...]:
        """The adjectives it lends to its function."""
        return ("zero_mean",) if abs(self.mean) < 1e-3 else ()

    @property
    def gain(self) -> float:
        """The factor on weights of variance 1/inputs that keeps E f^2 = 1 from layer to layer."""
        return 1 / math.sqrt(self.second)

    @property
    def backward_gain(self) -> float:
        """The factor on weights of variance 1/outputs that keeps the gradients' second moment."""
        return 1 / math.sqrt(self.slope) if self.slope else math.inf

    def check(self, function: Curve) -> Verdict:
        """Compare with the function."""
        points = np.linspace(-13, 13, 260_001)
        weights = np.exp(-points * points / 2) / math.sqrt(2 * math.pi) * (points[1] - points[0])
        values, slopes = np.asarray(function(points)), np.asarray(function.derivative(points))
        found = (weights @ values, weights @ values**2, weights @ slopes**2)
        margins = [close(float(a), b, 1e-4) for a, b in zip(found, (self.mean, self.second, self.slope), strict=True)]
        return Verdict(min(margins) >= 0, "integrated by the trapezoidal rule, step 1e-4", 0.0, min(margins))
