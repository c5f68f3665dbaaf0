"""Labels: smoothed, weighed by class, or ignored; and predictions that look as if softmax came twice."""

import math
import warnings

import numpy as np

from gradoscope.arrays import (
    Array,
    as_array,
    at_least,
    cast,
    is_floating,
    is_half,
    namespace,
    plain,
    reshaped,
    where,
    world_of,
)
from gradoscope.errors import UsageError
from gradoscope.functions.kernels import distribution
from gradoscope.functions.parameters import Interval, Parameter
from gradoscope.functions.targets import Targets
from gradoscope.language import say

PROBABILISTIC = ("logits", "probabilities", "log_probabilities")
SMOOTHING = Parameter("label_smoothing", 0.0, Interval(0, 1, open="right"))


def can_be_smoothed(targets: Targets, input: str) -> bool:
    """Whether a loss of these targets and predictions takes targets between 0 and 1 as probabilities."""
    return targets in (Targets.BINARY, Targets.CLASSES) and input in PROBABILISTIC


def smoothed(targets: Targets, target: Array, prediction: Array, share: float) -> Array:
    """Targets of which `share` is spread evenly over the classes; over 0 and 1 where each number is a target.

    A class whose logit is -infinity (masked) gets nothing.
    """
    if targets is Targets.BINARY:
        return (1 - share) * target + share / 2
    possible = cast(prediction > float("-inf"), prediction.dtype)
    spread = possible / at_least(possible.sum(-1), 1.0)[..., None]
    return (1 - share) * distribution(target, prediction) + share * spread


def weights_of_classes(owner: str, targets: Targets, prediction: Array, target: Array, weights: Array) -> Array:
    """The weight of each value: that of its class; of a probability target, the mean over its classes.

    Raises
    ------
    UsageError
        If the loss has no classes, or another number of them.
    """
    classes = 2 if targets in (Targets.BINARY, Targets.SIGN) else prediction.shape[-1] + (targets is Targets.RANKS)
    if targets not in (Targets.BINARY, Targets.SIGN, Targets.CLASSES, Targets.RANKS):
        raise UsageError(say("{function} has no classes to weigh; use weights, one per value", function=owner))
    table = cast(as_array(weights, world_of(prediction), like=prediction), prediction.dtype)
    if tuple(table.shape) != (classes,):
        raise UsageError(
            say("class_weights of {function} must hold one weight per class, {classes} of them, not the shape {shape}",
                function=owner, classes=classes, shape=tuple(table.shape))
        )  # fmt: skip
    if targets in (Targets.BINARY, Targets.SIGN):
        share = target if targets is Targets.BINARY else (target + 1) / 2
        return table[0] + share * (table[1] - table[0])
    return (target * reshaped(table, target.ndim)).sum(-1) if is_floating(target) else table[target]


def without(owner: str, target: object, ignored: int) -> tuple[Array, Array]:
    """Integer labels in which the label `ignored` became 0, and whether each label stays."""
    labels: Array = target if world_of(target) != "numpy" else np.asarray(target)
    if is_floating(labels):
        raise UsageError(say("ignore_class of {function} needs integer labels", function=owner))
    stays = labels != ignored
    return where(stays, labels, namespace(labels).zeros_like(labels)), stays


def notice_double_softmax(owner: str, prediction: Array) -> None:
    """Warn if what should be logits are probabilities: at least two rows, none negative, each with the sum 1."""
    rows = tuple(prediction.shape[:-1])
    first = (0,) * len(rows)  # looked at before all others, as it nearly always settles the matter
    if math.prod(rows) > 1 and prediction.shape[-1] > 1 and _sum_to_one(prediction[first]) and _sum_to_one(prediction):
        warnings.warn(
            say("the logits given to {function} are probabilities: was softmax applied to them already? Give what goes "
                "into softmax, or say input=\"probabilities\"", function=owner),
            stacklevel=4,
        )  # fmt: skip


def _sum_to_one(prediction: Array) -> bool:
    numbers = plain(prediction)
    if numbers is None:
        return False
    near = 1e-2 if is_half(prediction) else 1e-5
    return bool((numbers >= 0).all() and (abs(numbers.sum(-1, dtype=np.float64) - 1) < near).all())
