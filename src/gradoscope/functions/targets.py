"""What a loss is given: shapes and values of predictions and targets, checked where they can be looked at."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import numpy as np

from gradoscope.arrays import Array, as_array, as_labels, cast, is_floating, namespace, plain, world_of
from gradoscope.errors import UsageError
from gradoscope.language import say


class Targets(Enum):
    """The kinds of targets."""

    REAL = "real numbers"
    COUNT = "numbers >= 0"
    POSITIVE = "numbers > 0"
    ABOVE_MINUS_ONE = "numbers > -1"
    BINARY = "numbers from 0 to 1"
    SIGN = "-1 or 1"
    BOXES = "boxes (x1, y1, x2, y2) with x1 <= x2 and y1 <= y2"
    CLASSES = "integer labels, or one row of probabilities per example"
    RANKS = "integer labels, one more than there are predictions in a row"
    GROUPS = "integer labels: which rows belong together"
    SEQUENCES = "rows of integer labels, filled up with -1"
    NONE = "no target"

    def prepared(
        self, owner: str, prediction: Any, target: Any, rowwise: bool, outputs: int = 0
    ) -> tuple[Array, Array]:
        """Prediction and target as arrays of one world, with the shapes that the loss needs.

        Raises
        ------
        UsageError
            If the shapes do not fit, or a target that can be looked at is impossible.
        """
        world = world_of(prediction, target)
        values = as_array(prediction, world)
        expected = tuple(values.shape)
        if outputs and expected[-1:] != (outputs,):
            raise UsageError(
                say("{function} takes {outputs} outputs per example in the last axis, not the shape {prediction}",
                    function=owner, outputs=outputs, prediction=expected)
            )  # fmt: skip
        if self is Targets.NONE:
            return values, namespace(values).zeros_like(values[..., 0] if rowwise else values)
        wanted = _target(target, world, values, labels=self in _LABELS)
        shape = tuple(wanted.shape)
        if outputs and self is not Targets.BOXES:
            expected = expected[:-1]
        if self is Targets.SEQUENCES:
            expected = (*expected[:-2], *shape[-1:], expected[-1])
        if is_floating(wanted):
            if shape != expected:
                raise UsageError(
                    say("{function}: prediction has the shape {prediction} and target {target}; they must be equal",
                        function=owner, prediction=expected, target=shape)
                )  # fmt: skip
        elif shape != expected[:-1]:
            raise UsageError(
                say("{function}: labels of predictions {prediction} must have the shape {expected}, not {target}",
                    function=owner, expected=expected[:-1], prediction=expected, target=shape)
            )  # fmt: skip
        numbers = None if self is Targets.REAL else plain(wanted)
        if numbers is not None:
            self._check(owner, numbers, expected[-1] + (self is Targets.RANKS) if rowwise and expected else 0)
        return values, wanted

    def _check(self, owner: str, target: Any, classes: int) -> None:
        if self is Targets.GROUPS:
            return
        if self is Targets.SEQUENCES:
            _require(owner, target, (target >= -1) & (target < classes), f"-1..{classes - 1}")
        elif target.dtype.kind != "f":
            _require(owner, target, (target >= 0) & (target < classes), f"0..{classes - 1}")
        elif self in _CONDITIONS and not self._holds_for_all(target):
            _require(owner, target, _CONDITIONS[self](target), self.value)
        if self is Targets.CLASSES and target.dtype.kind == "f":
            _require_sums(owner, target)

    def _holds_for_all(self, target: Any) -> bool:
        """Whether the smallest and the largest number satisfy a condition that says how far numbers may reach."""
        if self not in _RANGES or not target.size:
            return False
        return bool(_CONDITIONS[self](np.array([target.min(), target.max()])).all())


_LABELS = (Targets.CLASSES, Targets.RANKS, Targets.GROUPS, Targets.SEQUENCES)
_RANGES = (Targets.COUNT, Targets.POSITIVE, Targets.ABOVE_MINUS_ONE, Targets.BINARY, Targets.CLASSES)
_CONDITIONS: Mapping[Targets, Callable[[Any], Any]] = {
    Targets.COUNT: lambda t: t >= 0,
    Targets.POSITIVE: lambda t: t > 0,
    Targets.ABOVE_MINUS_ONE: lambda t: t > -1,
    Targets.BINARY: lambda t: (t >= 0) & (t <= 1),
    Targets.SIGN: lambda t: (t == 1) | (t == -1),
    Targets.BOXES: lambda t: np.tile(t[..., :2] <= t[..., 2:], 2),
    Targets.CLASSES: lambda t: (t >= 0) & (t <= 1),
}


def _target(target: Any, world: Any, prediction: Array, labels: bool) -> Array:
    """Labels stay integers; everything else takes the dtype of the prediction."""
    raw = target if world_of(target) != "numpy" else np.asarray(target)
    if labels and not is_floating(raw) and raw.ndim < prediction.ndim:
        return as_labels(raw, world, prediction)
    array = as_array(raw, world, like=prediction)
    return cast(array, prediction.dtype) if array.dtype != prediction.dtype else array


def _require(owner: str, numbers: Any, condition: Any, expected: str) -> None:
    if condition.all():
        return
    wrong = ~(condition | np.isnan(numbers))
    if wrong.any():
        place = tuple(int(index) for index in np.argwhere(wrong)[0])
        raise UsageError(
            say("{function}: the value {value} at {place} is impossible; expected {expected}",
                function=owner, value=numbers[place].item(), place=place, expected=expected)
        )  # fmt: skip


def _require_sums(owner: str, shares: Any) -> None:
    """Rows of probabilities sum to 1, as far as their dtype can tell."""
    sums = shares.sum(-1, dtype=np.float64)
    wrong = abs(sums - 1) > 1e-2
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise UsageError(
            say("{function}: the target probabilities of row {row} sum to {sum}; they must sum to 1",
                function=owner, row=row, sum=round(float(sums.flat[row]), 4))
        )  # fmt: skip


def check_prediction(owner: str, input: str, prediction: Array) -> None:
    """Probabilities must lie in [0, 1], rates and distances must not be negative."""
    if input not in _PREDICTIONS:
        return
    numbers = plain(prediction)
    if numbers is not None:
        with np.errstate(invalid="ignore"):
            _require(owner, numbers, _PREDICTIONS[input][0](numbers), _PREDICTIONS[input][1])


_PREDICTIONS: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "probabilities": (lambda p: (p >= 0) & (p <= 1), "probabilities from 0 to 1"),
    "rates": (lambda p: p >= 0, "rates >= 0"),
    "distances": (lambda p: p >= 0, "distances >= 0"),
    "cosines": (lambda p: (p >= -1.001) & (p <= 1.001), "cosines from -1 to 1"),
}
