"""An epoch over rows that do not fit into memory: the epoch of `epoch.py`, buffer after buffer."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import jax
import numpy as np
from numpy.typing import NDArray

from gradoscope.data import Rows, Streamed
from gradoscope.networks import TrainingSpec
from gradoscope.training.batches import Data
from gradoscope.training.epoch import (
    DROPOUT,
    ORDER,
    closed,
    random_stream,
    rates_of,
    steps_of,
    train_part,
)
from gradoscope.training.evaluation import Program
from gradoscope.training.parallel import everywhere
from gradoscope.training.state import Record, State, unpacked

BUFFER_ROWS = 2**18
SHARDS = 2**32 - 3  # key of the random order of the shards


def buffers(parts: Iterator[Rows], size: int) -> Iterator[Rows]:
    """The rows of the parts in their order, `size` at a time; the last buffer holds the rest."""
    held: list[Rows] = []
    count = 0
    for part in parts:
        rest = part
        while count + len(rest.inputs) >= size:
            whole = joined([*held, rest.at(slice(size - count))])
            rest, held, count = rest.at(slice(size - count, None)), [], 0
            yield whole
        held.append(rest)
        count += len(rest.inputs)
    if count:
        yield joined(held)


def joined(parts: list[Rows]) -> Rows:
    """All rows of the parts."""
    return Rows(*(None if column[0] is None else np.concatenate(column) for column in zip(*parts, strict=True)))  # type: ignore[arg-type]


def ahead(parts: Iterator[Rows]) -> Iterator[Rows]:
    """The same parts, each made in a thread while the one before is used; two are alive at a time."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, parts, None)
        while (part := coming.result()) is not None:
            coming = pool.submit(next, parts, None)
            yield part


def epoch_buffers(data: Streamed, spec: TrainingSpec, epoch: int, most: int = BUFFER_ROWS) -> Iterator[Rows]:
    """The training rows of an epoch in buffers of whole batches, shards in an order drawn from seed and epoch."""
    count = len(data.shards)
    order = random_stream(spec.seed, SHARDS, epoch).permutation(count) if spec.shuffle else np.arange(count)
    return buffers(data.train(order.tolist()), max(most // spec.batch_size, 1) * spec.batch_size)


def stream_epoch(
    program: Program,
    state: State,
    data: Streamed,
    validation: Data,
    learning_rates: NDArray[np.floating],
    spec: TrainingSpec,
    most: int = BUFFER_ROWS,
) -> tuple[State, Record]:
    """Train one epoch on rows from a file, and judge it.

    The rows of each buffer are permuted. Loss and signals are means over the buffers by their rows.

    Parameters
    ----------
    program, state, learning_rates, spec
        As for `train_epoch`.
    data
        The rows.
    validation
        Its validation rows, on the device.
    most
        Rows of a buffer.
    """
    epoch, n, best = int(state.epoch), data.n_train, state.best
    rates = rates_of(spec, learning_rates, epoch * steps_of(spec, n), n)
    orders, masks = (random_stream(spec.seed, key, epoch) for key in (ORDER, DROPOUT))
    unjudged, state = replace(program, training=replace(program.training, patience=None)), state._replace(best=None)
    records, shares, done = [], [], 0
    for rows in ahead(epoch_buffers(data, spec, epoch, most)):
        count = len(rows.inputs)
        order = orders.permutation(count) if spec.shuffle else np.arange(count)
        own = rates[done : done + steps_of(spec, count)]
        drawn = masks.integers(2**32, dtype=np.uint32)
        state, numbers = train_part(unjudged, state, everywhere(Data.of(rows)), own, order.astype(np.int32), drawn)
        records.append(np.asarray(numbers))  # waits: no more than one buffer is under way
        shares.append(count / n)
        done += len(own)
    mean = unpacked(np.average(records, 0, shares).astype(records[0].dtype))
    state = state._replace(best=best, epoch=everywhere(jax.device_put(np.int32(epoch))))
    state, numbers = _closed(program, state, validation, mean.train_loss, mean.signals)
    return state, unpacked(numbers)


@partial(jax.jit, static_argnames="program", donate_argnames="state")
def _closed(program: Program, state: State, data: Data, loss: jax.Array, signals: object) -> tuple[State, jax.Array]:
    return closed(program, state, data, loss, signals)  # type: ignore[arg-type]
