"""Signals: numbers per layer and epoch that explain a run, each with its formula."""

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, get_type_hints

import jax
import jax.numpy as jnp

from gradoscope.training.stacks import Stacks, by_layer

TINY = 1.2e-38  # the smallest normal number, near enough: no division by zero
RANKED_ROWS = 128


class Moment(NamedTuple):
    """A network in one step.

    Layers are stacked in arrays (members, layers, rows, units), filled up with zeros to the largest of them: so a
    formula is compiled once, and not once per layer. What has the shapes of kernels, (fan_in, units), comes in stacks.

    inputs
        Shape (rows, inputs).
    share
        Of each row in a mean over the rows, (1, 1, rows, 1): 0 for rows of no weight. None where all rows count.
    units
        Of each layer, (1, layers).
    before, after
        What went into the activations and what came out.
    flat
        1 where the slope of the activation is below `FLAT` of its steepest one, else 0.
    errors
        Derivative of the loss in `before`.
    gradients, updates, kernels
        Of the kernels: gradients, what the step added, and the sums.
    """

    inputs: jax.Array
    share: jax.Array | None
    units: jax.Array
    before: jax.Array
    after: jax.Array
    flat: jax.Array
    errors: jax.Array
    gradients: Stacks
    updates: Stacks
    kernels: Stacks


class End(NamedTuple):
    """A network at the end of an epoch.

    kernels
        As in `Moment`.
    units
        Of each layer, (1, layers).
    reached
        Units that a gradient reached in any step, (members, layers, units).
    """

    kernels: Stacks
    units: jax.Array
    reached: jax.Array


class InSteps(NamedTuple):
    """A signal that is measured in some steps of an epoch, and averaged: (members, layers) from a moment."""

    of: Callable[[Moment], jax.Array]


class BetweenSteps(NamedTuple):
    """A signal that is measured in some pairs of successive steps, and averaged.

    (members, layers) from the updates of the kernels in both.
    """

    of: Callable[[Stacks, Stacks], jax.Array]


class AtEnd(NamedTuple):
    """A signal that an epoch shows when it is over: (members, layers)."""

    of: Callable[[End], jax.Array]


def _norm(arrays: jax.Array) -> jax.Array:
    return jnp.sqrt((arrays**2).sum((2, 3)))


def _ratio(part: jax.Array, whole: jax.Array) -> jax.Array:
    return part / jnp.maximum(whole, TINY)


def _share(part: jax.Array, whole: jax.Array) -> jax.Array:
    return _ratio(_norm(part), _norm(whole))


def _mean(m: Moment, values: jax.Array) -> jax.Array:
    """Over the rows and the units of each layer."""
    return _over_rows(m, values).sum(2) / m.units


def _over_rows(m: Moment, values: jax.Array) -> jax.Array:
    return values.mean(2) if m.share is None else (m.share * values).sum(2)


def _variance(m: Moment, values: jax.Array) -> jax.Array:
    return values.var(2) if m.share is None else _over_rows(m, (values - _over_rows(m, values)[:, :, None]) ** 2)


def _deviation(m: Moment) -> jax.Array:
    real = jnp.arange(m.before.shape[3])[None, None, None] < m.units[:, :, None, None]
    away = jnp.where(real, m.before - _mean(m, m.before)[:, :, None, None], 0.0)
    return jnp.sqrt(_mean(m, away**2))


def _forward_gain(m: Moment) -> jax.Array:
    spreads = jnp.sqrt(_variance(m, m.after).sum(2) / m.units)
    incoming = jnp.broadcast_to(jnp.sqrt(_variance(m, m.inputs[None, None]).mean()), (len(spreads), 1))
    return _ratio(spreads, jnp.concatenate([incoming, spreads[:, :-1]], 1))


def _backward_gain(m: Moment) -> jax.Array:
    norms = _norm(m.errors)
    return jnp.concatenate([jnp.full_like(norms[:, :1], jnp.nan), _ratio(norms[:, :-1], norms[:, 1:])], 1)


def _same_sign(gradients: jax.Array) -> jax.Array:
    positive, negative = ((sign * gradients > 0).astype(gradients.dtype) for sign in (1, -1))
    signs = positive - negative
    count = (signs**2).sum((2, 3))
    commoner = (jnp.abs(signs.sum(2)).sum(2) + count) / 2  # the larger of a and b is (|a - b| + a + b) / 2
    return commoner / jnp.maximum(count, 1)


def _effective_rank(m: Moment) -> jax.Array:
    rows = m.after[:, :, :RANKED_ROWS]
    real = jnp.ones_like(rows[:1, :1, :, :1]) if m.share is None else (m.share[:, :, :RANKED_ROWS] > 0).astype(float)
    centred = real * (rows - (real * rows).sum(2, keepdims=True) / jnp.maximum(real.sum(), 1))
    centred = _ratio(centred, jnp.abs(centred).max((2, 3), keepdims=True))  # squares of squares stay within float32
    products = centred @ centred.mT
    return _ratio((centred**2).sum((2, 3)) ** 2, (products**2).sum((2, 3)))


def _dead(end: End) -> jax.Array:
    dead = (end.units - end.reached.sum(2)) / end.units
    ahead = end.reached.any(2)[:, 1:]
    return jnp.concatenate([jnp.where(ahead, dead[:, :-1], jnp.nan), dead[:, -1:]], 1)


def _cosine(one: jax.Array, other: jax.Array) -> jax.Array:
    return _ratio((one * other).sum((2, 3)), _norm(one) * _norm(other))


def _angle(one: Stacks, other: Stacks) -> jax.Array:
    return jnp.degrees(jnp.arccos(jnp.clip(by_layer(_cosine, one, other), -1.0, 1.0)))


class Signals(NamedTuple):
    """One number per epoch and layer, each with the formula that computes it; NaN where it cannot be known."""

    gradient_norm: Annotated[jax.Array, InSteps(lambda m: by_layer(_norm, m.gradients))]
    """Euclidean norm of the gradient of the loss in the layer's kernel."""

    update_ratio: Annotated[jax.Array, InSteps(lambda m: by_layer(_share, m.updates, m.kernels))]
    """Norm of what a measured step adds to the kernel over the norm of the kernel after it; a mean over these steps."""

    weight_norm: Annotated[jax.Array, AtEnd(lambda end: by_layer(_norm, end.kernels))]
    """Euclidean norm of the kernel at the end of the epoch."""

    forward_gain: Annotated[jax.Array, InSteps(_forward_gain)]
    """How much of the differences between rows the layer passes on: spread of its outputs over that of its inputs.

    A spread is the root mean square, over units, of the standard deviation over the rows of a batch.
    """

    backward_gain: Annotated[jax.Array, InSteps(_backward_gain)]
    """How much of the gradient passes back through the layer, to what goes into the activations of the layer before.

    The ratio of the Euclidean norms over rows and units; NaN in the first layer.
    """

    dead: Annotated[jax.Array, AtEnd(_dead)]
    """Share of units that no gradient reached on any row of the training set during the epoch.

    NaN where none reached the next layer either, so that nothing could come back.
    """

    saturated: Annotated[jax.Array, InSteps(lambda m: _mean(m, m.flat))]
    """Share of units and rows where the activation's slope is below `FLAT` of its steepest one."""

    pre_activation_mean: Annotated[jax.Array, InSteps(lambda m: _mean(m, m.before))]
    """Mean over units and rows of what goes into the activation."""

    pre_activation_spread: Annotated[jax.Array, InSteps(_deviation)]
    """Standard deviation over units and rows of what goes into the activation."""

    same_sign: Annotated[jax.Array, InSteps(lambda m: by_layer(_same_sign, m.gradients))]
    """Share of weight gradients, other than 0, with the sign that is commoner among the weights of their unit.

    From 1/2 to 1. At 1 the weights of a unit all grow or all shrink together, and descent zigzags (LeCun et al. 1998).
    """

    update_angle: Annotated[jax.Array, BetweenSteps(_angle)]
    """Degrees between successive updates of the kernel: below 90 they agree, near 180 they undo each other.

    Between each measured step and the one after it, averaged; 90 where an update is 0, NaN in epochs of one step.
    """

    effective_rank: Annotated[jax.Array, InSteps(_effective_rank)]
    """In how many directions the layer's outputs vary: participation ratio of their covariance over a batch.

    The square of the sum of its eigenvalues over the sum of their squares, at most the number of units and less
    than that of the rows (at most `RANKED_ROWS` of them) (Gao et al. 2017, "A theory of multineuronal dimensionality").
    """


FORMULAS: dict[str, Any] = {
    name: hint.__metadata__[0] for name, hint in get_type_hints(Signals, include_extras=True).items()
}
IN_STEPS, BETWEEN_STEPS, AT_END = (
    [name for name, formula in FORMULAS.items() if isinstance(formula, kind)] for kind in (InSteps, BetweenSteps, AtEnd)
)
