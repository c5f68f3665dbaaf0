"""Facts about losses, checked on random predictions and targets of the loss."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from gradoscope.functions.facts.base import Numbers, Verdict, worst
from gradoscope.functions.targets import Targets

SAMPLED = "evaluated at 4000 random predictions and targets"
ROWS = 4000


class Measure(Protocol):
    """What a fact about a loss checks."""

    @property
    def targets(self) -> Targets:
        """The kind of targets it takes."""

    @property
    def rowwise(self) -> bool:
        """Whether a row of predictions gives one value."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The forms of prediction it takes."""

    @property
    def outputs(self) -> int:
        """How many predictions belong to one target."""

    def __call__(self, prediction: Any, target: Any) -> Any: ...
    def derivative(self, prediction: Any, target: Any) -> Any:
        """The derivative with respect to the prediction."""


def sample(loss: Measure, seed: int = 0) -> tuple[Any, Any]:
    """Random predictions for the default form of the loss, and targets, float64."""
    rng = np.random.default_rng(seed)
    if loss.targets is Targets.SEQUENCES:
        return rng.normal(scale=3, size=(ROWS // 40, 7, 4)), rng.integers(-1, 4, size=(ROWS // 40, 1)) * [[1, 1]]
    shape = (ROWS, loss.outputs or 4) if loss.rowwise else (ROWS,)
    prediction = rng.normal(scale=rng.choice([0.3, 3.0, 30.0], size=(ROWS, 1) if loss.rowwise else ROWS), size=shape)
    if loss.inputs[0] in ("rates", "distances"):
        prediction = np.exp(prediction / 10)
    if loss.inputs[0] == "cosines":
        prediction = np.tanh(prediction)
    if loss.targets is Targets.GROUPS:
        prediction = prediction[:4]
    if loss.targets is Targets.ABOVE_MINUS_ONE:
        prediction = np.abs(prediction)
    return prediction, targets_for(
        loss.targets, rng, shape[:1] if loss.outputs and loss.targets is not Targets.NONE else shape
    )


def targets_for(kind: Targets, rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Random targets of a kind."""
    match kind:
        case Targets.REAL:
            return rng.normal(size=shape)
        case Targets.COUNT:
            return rng.poisson(3.0, size=shape).astype(np.float64)
        case Targets.POSITIVE:
            return rng.gamma(2.0, size=shape)
        case Targets.ABOVE_MINUS_ONE:
            return rng.gamma(2.0, size=shape) - 0.5
        case Targets.BINARY:
            return rng.integers(0, 2, size=shape).astype(np.float64)
        case Targets.SIGN:
            return rng.choice([-1.0, 1.0], size=shape)
        case Targets.BOXES:
            return np.sort(rng.normal(size=(shape[0], 2, 2)), 1).reshape(shape[0], 4)
        case Targets.CLASSES:
            return np.eye(shape[-1])[rng.integers(0, shape[-1], size=shape[0])]
        case Targets.RANKS | Targets.SEQUENCES:
            return rng.integers(0, shape[-1] + 1, size=shape[0])
        case Targets.GROUPS:
            return np.array([0, 1, 0, 1])
        case Targets.NONE:
            return np.zeros(shape)


@dataclass(frozen=True)
class NonNegative:
    """Never below zero."""

    words: ClassVar[tuple[str, ...]] = ("non_negative",)

    def check(self, loss: Measure) -> Verdict:
        """Compare with the function."""
        prediction, target = sample(loss)
        values = np.asarray(loss(prediction, target))
        return worst(np.arange(values.size, dtype=np.float64), values.ravel(), SAMPLED)


@dataclass(frozen=True)
class ConvexIn:
    """Convex in the prediction: the derivative is monotonic along every line."""

    words: ClassVar[tuple[str, ...]] = ("convex",)

    def check(self, loss: Measure) -> Verdict:
        """Compare with the function."""
        (first, target), (second, _) = sample(loss, 0), sample(loss, 1)
        change = np.asarray(loss.derivative(second, target)) - np.asarray(loss.derivative(first, target))
        rise = (change * (second - first)).reshape(len(target), -1).sum(1)
        scale = 1e-10 * np.maximum(1, np.abs(rise))
        return worst(np.arange(len(target), dtype=np.float64), rise + scale, SAMPLED)


@dataclass(frozen=True)
class LipschitzIn:
    """The norm of the derivative with respect to the prediction is at most `constant`, and comes near it."""

    constant: float

    @property
    def words(self) -> tuple[str, ...]:
        """The adjectives it lends to its function."""
        return ("lipschitz", "robust") if math.isfinite(self.constant) else ()

    def check(self, loss: Measure) -> Verdict:
        """Compare with the function."""
        prediction, target = sample(loss)
        slopes = np.asarray(loss.derivative(prediction, target)).reshape(len(target), -1)
        norms = np.sqrt((slopes**2).sum(1))
        bounded = worst(np.arange(len(target), dtype=np.float64), self.constant * (1 + 1e-9) - norms, SAMPLED)
        reached = float(norms.max() / self.constant - 0.95)
        return bounded if not bounded.holds else Verdict(reached >= 0, SAMPLED, bounded.at, reached)


@dataclass(frozen=True)
class Bounded:
    """Values up to `high`, which the samples come near to."""

    high: float

    words: ClassVar[tuple[str, ...]] = ("bounded", "robust")

    def check(self, loss: Measure) -> Verdict:
        """Compare with the function."""
        prediction, target = sample(loss)
        values = np.asarray(loss(prediction, target)).ravel()
        inside = worst(np.arange(values.size, dtype=np.float64), self.high * (1 + 1e-9) - values, SAMPLED)
        reached = float(values.max() / self.high - 0.6)
        return inside if not inside.holds else Verdict(reached >= 0, SAMPLED, inside.at, reached)


@dataclass(frozen=True)
class Minimiser:
    """The constant prediction with the least mean loss over some targets: their "mean", "median", "log_mean" ...

    For classification "probability": the value whose matched activation gives the share of each class, which makes
    the loss a proper scoring rule.
    """

    what: str

    @property
    def words(self) -> tuple[str, ...]:
        """The adjectives it lends to its function."""
        return ("proper",) if self.what == "probability" else ()

    def check(self, loss: Measure) -> Verdict:
        """Compare with the function."""
        targets = targets_for(loss.targets, np.random.default_rng(3), (101, 4) if loss.rowwise else (101,))
        best = self._expected(targets, loss.rowwise)
        repeated = np.broadcast_to(best, targets.shape)
        optimum = np.asarray(loss(repeated, targets)).mean()
        moved = [
            np.asarray(loss(repeated + step * _direction(loss, seed), targets)).mean() - optimum
            for seed in range(8)
            for step in (1e-3, -1e-3, 0.1, -0.1)
        ]
        return Verdict(min(moved) >= -1e-12, "compared with 32 other constant predictions", 0.0, float(min(moved)))

    def _expected(self, targets: Numbers, rowwise: bool) -> Any:
        average = targets.mean(0)
        match self.what:
            case "mean":
                return average
            case "median":
                return np.median(targets)
            case "log_mean":
                return np.log(average)
        return np.log(average) if rowwise else np.log(average / (1 - average))


def _direction(loss: Measure, seed: int) -> Numbers:
    return np.random.default_rng(seed).normal(size=(1, 4) if loss.rowwise else 1)
