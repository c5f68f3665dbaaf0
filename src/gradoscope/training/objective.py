"""What training minimises: the loss of each member after its output activation, as Keras computes it.

A matched pair (softmax and categorical cross-entropy, sigmoid and binary cross-entropy, ...) goes through the fused
form of the loss, which loses no digits; a mismatched pair is computed exactly as written, with Keras's clipping.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from gradoscope.functions import losses
from gradoscope.networks import Named, NetworkSpec, Params, Plan, Share, activate, shares

CLIP = 1e-7  # Keras clips probabilities to [CLIP, 1 - CLIP], and adds CLIP to rates inside a logarithm
SUMS_TO_ONE = ("categorical_cross_entropy",)  # Keras divides each row of its probabilities by its sum
ACTIVATED = ("probabilities", "log_probabilities")  # forms that take what comes out of an output activation
CLIPS_TARGETS = ("kl_divergence",)  # Keras clips its probabilities and its targets to [CLIP, 1]


@dataclass(frozen=True)
class Objective:
    """The loss of each run of neighbouring members, and the penalties that all of them share."""

    losses: tuple[Share, ...]
    l1: tuple[float, ...]
    l2: tuple[float, ...]


class Terms(NamedTuple):
    """An objective in numbers, which are data: minimised * loss + ridge * sum of squared kernels / sum of weights.

    The loss is the weighted mean over the rows of a batch; rows of weight 0 are as good as not there.

    minimised, reported
        Factors of the loss in what is minimised, and in what is recorded.
    ridge
        Factor of the penalty.
    share
        How much each batch counts in the loss of the epoch, shape (batches,).
    """

    minimised: jax.Array | float
    reported: jax.Array | float
    ridge: jax.Array | float
    share: jax.Array


def objective(networks: Sequence[NetworkSpec]) -> Objective:
    """The objective of networks that share their shapes."""
    layers = networks[0].layers
    return Objective(
        shares([network.loss for network in networks]),
        tuple(layer.l1 for layer in layers),
        tuple(layer.l2 for layer in layers),
    )


def data_losses(
    goal: Objective,
    population: Plan,
    logits: jax.Array,
    targets: jax.Array,
    counted: jax.Array,
    weights: jax.Array | None = None,
) -> jax.Array:
    """The mean loss of every member, shape (members,): sum(weights * losses) / number of rows, as in Keras.

    Parameters
    ----------
    logits
        What goes into the output activation, shape (members, rows, outputs).
    targets
        Shape (rows, outputs).
    counted
        1 for rows that count, and 0 for others; shape (rows,).
    weights
        How much each row counts, shape (rows,); None where all count the same. They do not change the denominator.
    """
    if weights is not None:
        share = counted * weights
        return data_losses(goal, population, logits, targets, share) * (share.sum() / counted.sum())
    parts = [
        _pair(output, loss.function, logits[output.start : output.stop], targets, counted)
        for loss in goal.losses
        for output in _overlaps(population.layers[-1].activations, loss)
    ]
    return parts[0] if len(parts) == 1 else jnp.concatenate(parts)


def penalties(goal: Objective, params: Params) -> jax.Array | float:
    """The L1 and L2 penalties of every member, shape (members,), or 0."""
    terms = [
        l1 * jnp.abs(layer.kernel).sum((1, 2)) + l2 * (layer.kernel**2).sum((1, 2))
        for layer, l1, l2 in zip(params, goal.l1, goal.l2, strict=True)
        if l1 or l2
    ]
    return sum(terms[1:], terms[0]) if terms else 0.0


def objectives(
    goal: Objective, params: Params, loss: jax.Array, counted: jax.Array, terms: Terms | None
) -> tuple[jax.Array, jax.Array]:
    """What is minimised and what is recorded, each (members,): the mean loss of a batch, and the penalties.

    Parameters
    ----------
    loss
        Shape (members,).
    counted
        How much each row of the batch counts, shape (rows,).
    """
    penalty = penalties(goal, params)
    if terms is None:
        return loss + penalty, loss + penalty
    squares = [(layer.kernel**2).sum((1, 2)) for layer in params]
    penalty = penalty + terms.ridge / counted.sum() * sum(squares[1:], squares[0])
    return terms.minimised * loss + penalty, terms.reported * loss + penalty


def _overlaps(functions: tuple[Share, ...], span: Share) -> list[Share]:
    cut = [Share(max(f.start, span.start), min(f.stop, span.stop), f.function) for f in functions]
    return [share for share in cut if share.start < share.stop]


class _Terms(NamedTuple):
    """What a loss is called with: prediction (members, rows, outputs), targets (rows, outputs), form and settings."""

    prediction: jax.Array
    targets: jax.Array
    form: str
    settings: dict[str, Any]


def _pair(output: Share, named: Named, logits: jax.Array, targets: jax.Array, weights: jax.Array) -> jax.Array:
    """The mean loss of neighbouring members with one output activation and one loss."""
    loss, terms = losses[named.name], _terms(output, named, logits, targets)
    weight = weights if loss.rowwise else jnp.broadcast_to(weights[:, None], targets.shape)

    def mean(prediction: jax.Array) -> jax.Array:
        value: jax.Array = loss(
            prediction, terms.targets, input=terms.form, reduction="mean", weights=weight, **terms.settings
        )
        return value

    means: jax.Array = jax.vmap(mean)(terms.prediction)
    return means


def _terms(output: Share, named: Named, logits: jax.Array, targets: jax.Array) -> _Terms:
    """The fused form for a matched pair; for another one what Keras computes."""
    loss, settings = losses[named.name], dict(named.arguments)
    if output.function == Named(loss.link) and loss.before_link not in ACTIVATED:
        return _Terms(logits, targets, loss.before_link, settings)
    prediction = activate((Share(0, output.stop - output.start, output.function),), logits)
    if loss.name in CLIPS_TARGETS:
        return _Terms(jnp.clip(prediction, CLIP, 1.0), jnp.clip(targets, CLIP, 1.0), loss.after_link, settings)
    if loss.name in SUMS_TO_ONE:
        prediction = _shares_of_row(prediction)
    safety = next(({name: CLIP} for name in ("clip", "offset") if name in loss.parameters_for(loss.after_link)), {})
    return _Terms(prediction, targets, loss.after_link, settings | safety)


def _shares_of_row(values: jax.Array) -> jax.Array:
    """Each value over the sum of its row.

    Where the sum is 0 they are NaN, and have no gradient: ReLU outputs that are all 0 pass none on in Keras.
    """
    total = values.sum(-1, keepdims=True)
    return jnp.where(total == 0, jnp.nan, values / jnp.where(total == 0, 1.0, total))
