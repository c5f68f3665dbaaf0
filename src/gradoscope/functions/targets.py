"""What a loss is given: shapes and values of predictions and targets, checked where they can be looked at."""

from enum import Enum
from typing import Any

import numpy as np

from gradoscope.arrays import (
    Array,
    as_array,
    as_labels,
    cast,
    is_compiling,
    is_floating,
    is_traced,
    namespace,
    world_of,
)
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
    CLASSES = "integer labels, or one row of probabilities per example"

    def prepared(self, owner: str, prediction: Any, target: Any, rowwise: bool) -> tuple[Array, Array]:
        """Prediction and target as arrays of one world, with the shapes that the loss needs.

        Raises
        ------
        UsageError
            If the shapes do not fit, or a target that can be looked at is impossible.
        """
        world = world_of(prediction, target)
        values = as_array(prediction, world)
        wanted = _target(target, world, values, labels=self is Targets.CLASSES)
        shape, expected = tuple(wanted.shape), tuple(values.shape)
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
        if not _hidden(wanted):
            self._check(owner, wanted, expected[-1] if rowwise else 0)
        return values, wanted

    def _check(self, owner: str, target: Array, classes: int) -> None:
        if not is_floating(target):
            _require(owner, target, (target >= 0) & (target < classes), f"0..{classes - 1}")
        elif self in _CONDITIONS:
            _require(owner, target, _CONDITIONS[self](target), self.value)


_CONDITIONS = {
    Targets.COUNT: lambda t: t >= 0,
    Targets.POSITIVE: lambda t: t > 0,
    Targets.ABOVE_MINUS_ONE: lambda t: t > -1,
    Targets.BINARY: lambda t: (t >= 0) & (t <= 1),
    Targets.SIGN: lambda t: (t == 1) | (t == -1),
    Targets.CLASSES: lambda t: (t >= 0) & (t <= 1),
}


def _target(target: Any, world: Any, prediction: Array, labels: bool) -> Array:
    """Labels stay integers; everything else takes the dtype of the prediction."""
    raw = target if world_of(target) != "numpy" else np.asarray(target)
    if labels and not is_floating(raw) and raw.ndim < prediction.ndim:
        return as_labels(raw, world, prediction)
    array = as_array(raw, world, like=prediction)
    return cast(array, prediction.dtype) if array.dtype != prediction.dtype else array


def _hidden(array: Array) -> bool:
    return is_traced(array) or is_compiling(world_of(array))


def _require(owner: str, array: Array, condition: Array, expected: str) -> None:
    xp = namespace(array)
    missing = xp.isnan(array) if is_floating(array) else array != array
    wrong = ~(condition | missing)
    if bool(wrong.any()):
        place = tuple(int(index) for index in np.argwhere(np.asarray(wrong))[0])
        raise UsageError(
            say("{function}: the value {value} at {place} is impossible; expected {expected}",
                function=owner, value=array[place].item(), place=place, expected=expected)
        )  # fmt: skip


def check_prediction(owner: str, input: str, prediction: Array) -> None:
    """Probabilities must lie in [0, 1], rates must not be negative."""
    if _hidden(prediction):
        return
    if input == "probabilities":
        _require(owner, prediction, (prediction >= 0) & (prediction <= 1), "probabilities from 0 to 1")
    elif input == "rates":
        _require(owner, prediction, prediction >= 0, "rates >= 0")
