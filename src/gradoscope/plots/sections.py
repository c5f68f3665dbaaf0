"""Functions of one number, cut out of the entries of the catalogue so that they can be drawn."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from gradoscope.errors import UsageError
from gradoscope.functions import Activation, Loss
from gradoscope.functions.targets import Targets
from gradoscope.language import say

DOMAINS = {"probabilities": (0.0, 1.0), "rates": (0.0, math.inf)}
TARGETS = {
    Targets.REAL: 0.0,
    Targets.COUNT: 1.0,
    Targets.POSITIVE: 1.0,
    Targets.ABOVE_MINUS_ONE: 0.0,
    Targets.BINARY: 1.0,
    Targets.SIGN: 1.0,
}


class Section(NamedTuple):
    """Value and derivative on arrays of any shape, elementwise, between two ends; `label` names the argument."""

    value: Callable[[Any], Any]
    derivative: Callable[[Any], Any]
    label: str
    low: float = -math.inf
    high: float = math.inf


def section(function: Activation | Loss, parameters: Mapping[str, Any]) -> Section:
    """The function of one number that stands for `function` in a plot.

    Raises
    ------
    UsageError
        A parameter is unknown or outside its domain.

    Examples
    --------
    >>> from gradoscope.functions import activations
    >>> cut = section(activations["softmax"], {})
    >>> cut.label, cut.value(np.array([1.0]))
    ('x, in the row (1, x)', array([0.5]))
    """
    if isinstance(function, Loss):
        return _of_rowwise_loss(function, parameters) if function.rowwise else _of_loss(function, parameters)
    if function.elementwise:
        return Section(lambda x: function(x, **parameters), lambda x: function.derivative(x, **parameters), say("x"))
    if "axis" in parameters:
        raise UsageError(say("{function} is drawn along the last axis; leave axis out", function=function.name))
    return _of_rows(function, parameters)


def _of_rows(function: Activation, parameters: Mapping[str, Any]) -> Section:
    """The last output for the row (1, x): it shows each half of a gated pair, and one output of softmax."""
    start, direction = np.array([1.0, 0.0]), np.array([0.0, 1.0])

    def derivative(x: Any) -> Any:
        rows = start + x[..., None] * direction
        gradient = np.zeros_like(np.asarray(function(rows, **parameters)))
        gradient[..., -1] = 1
        return function.vjp(rows, gradient, **parameters)[..., -1]

    return Section(
        lambda x: function(start + x[..., None] * direction, **parameters)[..., -1], derivative,
        say("x, in the row (1, x)"),
    )  # fmt: skip


def _of_loss(loss: Loss, parameters: Mapping[str, Any]) -> Section:
    target = TARGETS[loss.targets]
    input = parameters.get("input", loss.inputs[0])
    label = say("{prediction}, for the target {target}", prediction=_singular(input), target=f"{target:g}")

    def targets(x: Any) -> Any:
        return np.full(np.shape(x), target, np.float32)

    return Section(
        lambda x: loss(x, targets(x), **parameters),
        lambda x: loss.derivative(x, targets(x), **parameters),
        label,
        *DOMAINS.get(input, (-math.inf, math.inf)),
    )


def _of_rowwise_loss(loss: Loss, parameters: Mapping[str, Any]) -> Section:
    """Of two classes, the second is the right one: its logit changes and the other stays 0, or both are shares."""
    input = parameters.get("input", loss.inputs[0])
    shares = input == "probabilities"
    start, direction = (np.array([1.0, 0.0]), np.array([-1.0, 1.0])) if shares else (np.zeros(2), np.array([0.0, 1.0]))

    def labels(x: Any) -> Any:
        return np.ones(np.shape(x), np.int32)

    return Section(
        lambda x: loss(start + x[..., None] * direction, labels(x), **parameters),
        lambda x: (loss.derivative(start + x[..., None] * direction, labels(x), **parameters) * direction).sum(-1),
        say("{prediction} of the right class, out of two", prediction=_singular(input)),
        *DOMAINS.get(input, (-math.inf, math.inf)),
    )


def _singular(input: str) -> str:
    """What one prediction is called."""
    known = {"logits": say("logit"), "probabilities": say("probability"), "rates": say("rate")}
    return known.get(input, say("prediction"))
