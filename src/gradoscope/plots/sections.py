"""Functions of one number, cut out of the entries of the catalogue so that they can be drawn."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from gradoscope.errors import UsageError
from gradoscope.functions import Activation, Loss
from gradoscope.functions.targets import Targets
from gradoscope.language import say

Ends = tuple[float, float]
EVERYWHERE: Ends = (-math.inf, math.inf)
DOMAINS: Mapping[str, Ends] = {
    "probabilities": (0.0, 1.0), "rates": (0.0, math.inf), "distances": (0.0, math.inf), "cosines": (-1.0, 1.0),
}  # fmt: skip
TARGETS: Mapping[Targets, float] = {
    Targets.REAL: 0.0, Targets.COUNT: 1.0, Targets.POSITIVE: 1.0, Targets.ABOVE_MINUS_ONE: 0.0,
    Targets.BINARY: 1.0, Targets.SIGN: 1.0, Targets.CLASSES: 1.0, Targets.RANKS: 1.0,
}  # fmt: skip


class Section(NamedTuple):
    """Value and derivative on arrays of any shape, elementwise, between two ends.

    `label` names the argument, in the language in use when it is called.
    """

    value: Callable[[Any], Any]
    derivative: Callable[[Any], Any]
    label: Callable[[], str]
    low: float = -math.inf
    high: float = math.inf


def drawable(function: Activation | Loss) -> bool:
    """Whether one row has a value: some losses compare the rows of a batch, or align sequences."""
    return isinstance(function, Activation) or function.targets in {Targets.NONE, *TARGETS}


def section(function: Activation | Loss, parameters: Mapping[str, Any]) -> Section:
    """The function of one number that stands for `function` in a plot.

    Raises
    ------
    UsageError
        It is not `drawable`.

    Examples
    --------
    >>> from gradoscope.functions import activations
    >>> cut = section(activations["softmax"], {})
    >>> cut.label(), cut.value(np.array([1.0]))
    ('x, in the row (1, x)', array([0.5]))
    """
    if not drawable(function):
        raise UsageError(say("{function} takes whole batches or sequences: it is no curve.", function=function.name))
    if isinstance(function, Loss):
        return _of_rowwise_loss(function, parameters) if function.rowwise else _of_loss(function, parameters)
    if function.elementwise:
        return Section(lambda x: function(x, **parameters), lambda x: function.derivative(x, **parameters), lambda: "x")
    if "axis" in parameters:
        raise UsageError(say("{function} is drawn along the last axis; leave axis out.", function=function.name))
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
        lambda: say("x, in the row {row}", row="(1, x)"),
    )  # fmt: skip


def _of_loss(loss: Loss, parameters: Mapping[str, Any]) -> Section:
    input = parameters.get("input", loss.inputs[0])
    target = TARGETS.get(loss.targets)

    def label() -> str:
        if target is None:
            return _singular(input)
        return say("{prediction}, for the target {target}", prediction=_singular(input), target=f"{target:g}")

    def targets(x: Any) -> Any:
        return None if target is None else np.full(np.shape(x), target, np.float32)

    return Section(
        lambda x: loss(x, targets(x), **parameters),
        lambda x: loss.derivative(x, targets(x), **parameters),
        label,
        *_domain(loss, input),
    )


def _of_rowwise_loss(loss: Loss, parameters: Mapping[str, Any]) -> Section:
    """The last prediction of a row changes, the others stay; of two probabilities the other makes up the rest."""
    input = parameters.get("input", loss.inputs[0])
    fixed = 1.0 if input in ("values", "distances") else 0.0
    start = np.array([fixed] * ((loss.outputs or 2) - 1) + [0.0])
    direction = np.array([0.0] * (start.size - 1) + [1.0])
    classes = loss.targets is Targets.CLASSES
    if classes and input == "probabilities":
        start, direction = np.array([1.0, 0.0]), np.array([-1.0, 1.0])

    def label() -> str:
        if classes:
            return say("{prediction} of the right class, out of two", prediction=_singular(input))
        return say("x, in the row {row}", row=_row(start))

    def targets(x: Any) -> Any:
        return _targets(loss, np.shape(x), start.size)

    return Section(
        lambda x: loss(start + x[..., None] * direction, targets(x), **parameters),
        lambda x: (loss.derivative(start + x[..., None] * direction, targets(x), **parameters) * direction).sum(-1),
        label,
        *_domain(loss, input),
    )


def _targets(loss: Loss, shape: tuple[int, ...], size: int) -> Any:
    """The last class or rank; one number per example; or rows, in which the last entry is the positive one."""
    if loss.targets is Targets.NONE:
        return None
    if loss.targets in (Targets.CLASSES, Targets.RANKS):
        return np.ones(shape, np.int32)
    if loss.outputs:
        return np.full(shape, TARGETS[loss.targets], np.float32)
    row = np.ones(size, np.float32) if loss.targets is Targets.REAL else np.arange(size, dtype=np.float32) == size - 1
    return np.broadcast_to(row.astype(np.float32), (*shape, size))


def _domain(loss: Loss, input: str) -> Ends:
    return (-1.0, math.inf) if loss.targets is Targets.ABOVE_MINUS_ONE else DOMAINS.get(input, EVERYWHERE)


def _row(start: Any) -> str:
    return f"({', '.join(f'{entry:g}' for entry in start[:-1])}, x)"


def _singular(input: str) -> str:
    """What one prediction is called."""
    known = {
        "logits": say("logit"),
        "probabilities": say("probability"),
        "log_probabilities": say("log probability"),
        "log_values": say("logarithm of the value"),
        "rates": say("rate of events"),
        "margins": say("margin"),
        "scores": say("score"),
        "distances": say("distance"),
        "cosines": say("cosine"),
    }
    return known.get(input, say("prediction"))
