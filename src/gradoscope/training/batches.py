"""The rows of an epoch: in which batches they go through the network, and which of these are measured."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from gradoscope.data import Rows
from gradoscope.training.parallel import divided


class Data(NamedTuple):
    """Training and validation rows: inputs (rows, inputs), targets (rows, outputs), weights (rows,) or None.

    Validation rows may be missing.
    """

    inputs: jax.Array
    targets: jax.Array
    validation_inputs: jax.Array | None = None
    validation_targets: jax.Array | None = None
    weights: jax.Array | None = None
    validation_weights: jax.Array | None = None

    @classmethod
    def of(cls, train: Rows, validation: Rows | None = None) -> "Data":
        """The rows on the device."""
        inputs, targets, weights = validation or (None, None, None)
        data: Data = jax.device_put(cls(train.inputs, train.targets, inputs, targets, train.weights, weights))  # type: ignore[arg-type]
        return data


class Batch(NamedTuple):
    """Some rows: inputs and targets, which of them count at all (1 or 0), and how much, or None; a key for dropout."""

    inputs: jax.Array
    targets: jax.Array
    counted: jax.Array
    weights: jax.Array | None
    key: jax.Array


def batches(data: Data, order: jax.Array, size: int, key: jax.Array) -> Callable[[jax.Array], Batch]:
    """The batches of an epoch by their numbers; the last one is filled up with rows that do not count."""
    n = len(order)
    rows = jnp.concatenate([order, jnp.zeros(-n % size, order.dtype)]).reshape(-1, size)

    def batch(number: jax.Array) -> Batch:
        counted = jnp.ones(size, bool) if n % size == 0 else number * size + jnp.arange(size) < n
        chosen, drawn = divided(rows[number]), jax.random.fold_in(key, number)
        weights = None if data.weights is None else data.weights[chosen]
        return Batch(data.inputs[chosen], data.targets[chosen], counted.astype(data.inputs.dtype), weights, drawn)

    return batch


class Cut(NamedTuple):
    """Stretches of an epoch, arrays over them: steps from `start` to `stop`.

    Measured stretches have one step. `follows`: a stretch of one step right after a measured one.
    """

    start: NDArray[np.int32]
    stop: NDArray[np.int32]
    measured: NDArray[np.bool_]
    follows: NDArray[np.bool_]


def cuts_of(steps: int, full: int, every: int) -> Cut:
    """An epoch cut up around the measured steps, all of them with full batches."""
    chosen = np.arange(0, max(full, 1), every)
    bounds = np.unique(np.concatenate([chosen, chosen + 1, chosen + 2, [steps]])).astype(np.int32)
    bounds = bounds[bounds <= steps]
    return Cut(bounds[:-1], bounds[1:], np.isin(bounds[:-1], chosen), np.isin(bounds[:-1], chosen + 1))
