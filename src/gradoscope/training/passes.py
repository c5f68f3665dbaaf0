"""Full passes: what every unit does over all rows, at chosen moments of training.

The signals of an epoch are means over its batches; whether a unit is dead or a layer has lost its signal is a question
about all rows at once. A pass answers it for several sets of parameters (the start, the end, other starts) together.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial, reduce
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from gradoscope.functions import activations
from gradoscope.functions.facts import Saturates
from gradoscope.networks import Experiment, LayerParams, Named, Params, Plan, apply_training, init, init_moving, plan
from gradoscope.training.slopes import slopes

BLOCK_NUMBERS = 2**23  # numbers that one layer of a block may hold (32 MiB)

Numbers = NDArray[np.float64]


class LayerPass(NamedTuple):
    """What the units of one layer did over all rows; every array has shape (units,).

    level
        Root mean square of the values.
    spread, before_spread
        Standard deviation over the rows of the values, and of the pre-activations.
    slope
        Largest size of the activation's derivative over the rows; NaN where the derivative is a matrix.
    flat
        Share of the rows on which that size is below FLAT of the steepest slope that the activation has.
    zero
        Share of the rows on which the value is exactly zero.
    """

    level: Numbers
    spread: Numbers
    before_spread: Numbers
    slope: Numbers
    flat: Numbers
    zero: Numbers

    @property
    def finite(self) -> bool:
        """Whether all values were finite."""
        return bool(np.isfinite(self.level).all())

    @property
    def dead(self) -> float:
        """Share of units whose derivative is zero on every row: no gradient reaches their weights."""
        return float((self.slope == 0).mean())

    @property
    def signal(self) -> float:
        """How much the layer's values differ between rows: root mean square of the units' spreads."""
        return float(np.sqrt(np.mean(self.spread**2)))


Pass = tuple[LayerPass, ...]


class _Sums(NamedTuple):
    """Sums and maxima over the rows of a block, each an array (members, units)."""

    square: Any
    shift: Any
    shift_square: Any
    before_shift: Any
    before_shift_square: Any
    slope: Any
    flat: Any
    zero: Any


def starts(experiment: Experiment, n_inputs: int, count: int) -> list[Params]:
    """The starting weights of `count` runs: of the experiment's seed and of those that follow it."""
    first = experiment.training.seed
    return [init([experiment.network], n_inputs, seed) for seed in range(first, first + count)]


def passes(experiment: Experiment, params: Sequence[Params], inputs: NDArray[np.float32]) -> list[Pass]:
    """One pass over all rows for each set of parameters, without dropout, normalising as in training.

    Parameters
    ----------
    experiment
        Whose network it is.
    params
        Sets of parameters, each of one member.
    inputs
        Shape (rows, inputs). They go in blocks where they are large.
    """
    population = plan([experiment.network] * len(params))
    together: Params = jax.tree.map(lambda *leaves: np.concatenate(leaves), *params)
    widest = max(layer.units for layer in population.layers) * population.members
    size = max(1, min(len(inputs), BLOCK_NUMBERS // widest))
    blocks = [np.concatenate([inputs[:1], inputs[first : first + size]]) for first in range(0, len(inputs), size)]
    parts = [_block(population, together, block) for block in blocks]
    totals = [reduce(_joined, of_layer) for of_layer in zip(*parts, strict=True)]
    layers = [_layer_pass(sums, len(inputs)) for sums in totals]
    return [tuple(LayerPass(*(array[m] for array in layer)) for layer in layers) for m in range(len(params))]


def _block(population: Plan, params: Params, inputs: NDArray[np.float32]) -> list[_Sums]:
    """The sums of each layer over one block: layers of one shape share a compiled program."""
    signal: jax.Array | NDArray[np.float32] = inputs
    found = []
    for layer, own in zip(population.layers, params, strict=True):
        alone = Plan(population.members, (replace(layer, dropout=0.0),))
        signal, sums = _observe(alone, own, signal)
        found.append(sums)
    return [_Sums(*(np.asarray(array, np.float64) for array in sums)) for sums in jax.device_get(found)]


def _joined(one: _Sums, other: _Sums) -> _Sums:
    return _Sums(
        *(np.maximum(a, b) if n == "slope" else a + b for n, a, b in zip(_Sums._fields, one, other, strict=True))
    )


def _layer_pass(s: _Sums, rows: int) -> LayerPass:
    """From sums to statistics, in float64."""

    def deviation(shift: Numbers, square: Numbers) -> Numbers:
        spread: Numbers = np.sqrt(np.maximum(square / rows - (shift / rows) ** 2, 0.0))
        return spread

    with np.errstate(invalid="ignore", over="ignore"):
        return LayerPass(
            np.sqrt(s.square / rows),
            deviation(s.shift, s.shift_square),
            deviation(s.before_shift, s.before_shift_square),
            s.slope,
            s.flat / rows,
            s.zero / rows,
        )


@partial(jax.jit, static_argnames="alone")
def _observe(alone: Plan, params: LayerParams, signal: jax.Array) -> tuple[jax.Array, _Sums]:
    """What one layer passes on, and its sums.

    Row 0 is the pivot and counts for nothing else: shifts are measured from it, so that small spreads keep digits.
    """
    weights = jnp.ones(signal.shape[-2]).at[0].set(0.0)
    trace = apply_training(alone, (params,), init_moving(alone), signal, weights, jax.random.key(0))
    return trace.after[0], _sums(alone.layers[0].activations[0].function, trace.before[0], trace.after[0])


def _sums(function: Named, before: jax.Array, after: jax.Array) -> _Sums:
    rows, shift, before_shift = after[:, 1:], after[:, 1:] - after[:, :1], before[:, 1:] - before[:, :1]
    slope, flat = slopes(function, before[:, 1:])
    return _Sums(
        (rows**2).sum(1),
        shift.sum(1),
        (shift**2).sum(1),
        before_shift.sum(1),
        (before_shift**2).sum(1),
        slope.max(1),
        flat.astype(jnp.float32).sum(1),
        (rows == 0).astype(jnp.float32).sum(1),
    )


def bounded(function: Named) -> bool:
    """Whether an activation is flat on both ends, so that its units can saturate."""
    entry = activations[function.name].with_parameters(**dict(function.arguments))
    return any(isinstance(f, Saturates) and f.left is not None and f.right is not None for f in entry.facts)
