"""When signals are measured, and how, from what a step leaves behind.

What needs every row (which units no gradient reaches) is noted in every step, because it costs next to nothing.
Everything else is measured in one step of `EVERY`, evenly spread over the epoch from its first one on, and averaged.
Where epochs are short, not all of them measure (`is_due`): what was measured last stands until it is measured again.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from gradoscope.networks import Moving, Params, Plan, apply_training
from gradoscope.training.signals import AT_END, BETWEEN_STEPS, FORMULAS, IN_STEPS, End, Moment, Signals
from gradoscope.training.slopes import flat
from gradoscope.training.stacks import Stacks, kernels, stacked, stacks

EVERY = 128
FIRST = 8  # epochs, which all measure
APART = 8  # epochs that pass at most from one that measures to the next


def is_due(epoch: jax.Array, steps: int) -> jax.Array:
    """Whether an epoch of so many steps measures; `epoch` counts from 0."""
    return (epoch < FIRST) | (epoch % min(-(-EVERY // steps), APART) == 0)


class Seen(NamedTuple):
    """What a step leaves behind for its signals, layer by layer.

    Gradients of the kernels (members, fan_in, units), and of what went into the activations (members, rows, units).
    """

    gradients: tuple[jax.Array, ...]
    errors: tuple[jax.Array, ...]


class Step(NamedTuple):
    """A measured step: where it began, its rows and the key of its dropout."""

    params: Params
    moving: Moving
    inputs: jax.Array
    counted: jax.Array
    key: jax.Array


def measured(population: Plan, step: Step, seen: Seen, updates: Stacks, *, weighted: bool) -> jax.Array:
    """The signals `IN_STEPS` of one step, (signals, members, layers); `updates` are those of the stacked kernels."""
    trace = apply_training(population, step.params, step.moving, step.inputs, step.counted, step.key)
    activations = [layer.activations for layer in population.layers]
    flats = [flat(*each).astype(float) for each in zip(activations, trace.before, strict=True)]
    counted = (step.counted > 0).astype(step.inputs.dtype)
    share = (counted / jnp.maximum(counted.sum(), 1))[None, None, :, None] if weighted else None
    moment = Moment(
        inputs=step.inputs,
        share=share,
        units=_units(population),
        before=stacked(trace.before),
        after=stacked(trace.after),
        flat=stacked(flats),
        errors=stacked(seen.errors),
        gradients=stacks(seen.gradients),
        updates=updates,
        kernels=jax.tree.map(jnp.add, kernels(step.params), updates),
    )
    return jnp.stack([FORMULAS[name].of(moment) for name in IN_STEPS])


def _units(population: Plan) -> jax.Array:
    return jnp.asarray([[layer.units for layer in population.layers]], float)


def between(one: Stacks, other: Stacks) -> jax.Array:
    """The signals `BETWEEN_STEPS` of two steps, (signals, members, layers), from the updates of the kernels in each."""
    return jnp.stack([FORMULAS[name].of(one, other) for name in BETWEEN_STEPS])


def epoch_signals(population: Plan, params: Params, reached: jax.Array, measured: jax.Array) -> Signals:
    """The signals of an epoch.

    Parameters
    ----------
    population
        Whose they are.
    params
        After the epoch.
    reached
        The units that a gradient reached, (members, layers, units).
    measured
        What was measured in steps and between them, (signals, members, layers).
    """
    end = End(kernels(params), _units(population), reached)
    at_end = {name: FORMULAS[name].of(end) for name in AT_END}
    return Signals(**dict(zip([*IN_STEPS, *BETWEEN_STEPS], measured, strict=True)), **at_end)
