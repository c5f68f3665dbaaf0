"""The rows that a loop saw, as the data of an experiment."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.bridges.chain import UntranslatableError
from gradoscope.bridges.epochs import How
from gradoscope.bridges.recording import Array, Batch, Recorder
from gradoscope.data import DataSpec
from gradoscope.functions import losses
from gradoscope.language import say
from gradoscope.networks import Named

FILE = "watched.npz"
STAND_IN = 5  # where no rows of their own were seen, every fifth training row stands in for validation


class Seen(NamedTuple):
    """Rows of training and validation, (rows, inputs) and targets; `stand_in`: the latter were trained on, too."""

    train: Batch
    validation: Batch
    stand_in: bool


def seen(recorder: Recorder, told: Batch | None) -> Seen:
    """The rows of the first epoch, and those that went through the model without training it.

    Parameters
    ----------
    recorder
        What was watched.
    told
        Validation rows that the user gave, or None.
    """
    epochs = recorder.epochs()
    count = len(recorder.batches) if epochs.how is How.UNKNOWN else epochs.ends[0]
    train = _joined(recorder.batches[:count])
    if train is None:
        raise UntranslatableError(say("the rows that went through the model were not seen"))
    if train.targets is None:
        raise UntranslatableError(
            say("the targets were not seen; give the loss as a module, or as a function and call it as scope.loss")
        )
    held_out = told if told is not None else _held_out(recorder, train)
    if held_out is not None:
        return Seen(train, held_out, stand_in=False)
    chosen = np.arange(len(train.inputs)) % STAND_IN == STAND_IN - 1
    if not chosen.any():
        raise UntranslatableError(say("fewer than {fewest} rows were seen", fewest=STAND_IN))
    rest, part = (Batch(train.inputs[rows], train.targets[rows]) for rows in (~chosen, chosen))
    return Seen(rest, part, stand_in=True)


def _joined(batches: Sequence[Batch]) -> Batch | None:
    if not batches:
        return None
    if len({batch.inputs.shape[1:] for batch in batches}) > 1:
        raise UntranslatableError(say("rows of different lengths were seen"))
    inputs = np.concatenate([_flat(batch.inputs) for batch in batches])
    targets = [batch.targets for batch in batches if batch.targets is not None]
    return Batch(inputs, np.concatenate(targets) if len(targets) == len(batches) else None)


def _flat(inputs: Array) -> NDArray[np.float32]:
    return np.ascontiguousarray(inputs, np.float32).reshape(len(inputs), -1)


def validation_batches(recorder: Recorder, train: Batch) -> list[bool]:
    """Which of the kept evaluation batches hold rows that were not trained on."""
    known = set(_keys(_flat(train.inputs)))
    return [
        batch is not None and batch.targets is not None and not known.issuperset(_keys(_flat(batch.inputs)))
        for batch in recorder.held_out
    ]


def _keys(rows: NDArray[np.float32]) -> list[bytes]:
    return [row.tobytes() for row in rows]


def _held_out(recorder: Recorder, train: Batch) -> Batch | None:
    chosen = validation_batches(recorder, train)
    return _joined([b for b, own in zip(recorder.held_out, chosen, strict=True) if own and b is not None])


class Coded(NamedTuple):
    """Targets for a file, with the task and how they are handed to the network."""

    targets: NDArray[Any]
    task: str
    encoding: str


def coded(targets: Array, loss: Named, units: int) -> Coded:
    """The targets as the file of an experiment holds them.

    Parameters
    ----------
    targets
        As the loss took them: (rows,) or (rows, outputs); class numbers, one-hot rows, or numbers.
    loss
        What they were for.
    units
        Outputs of the model.

    Raises
    ------
    UntranslatableError
        They are neither.
    """
    values = targets[:, 0] if targets.ndim == 2 and targets.shape[1] == 1 else targets
    one_hot = values.ndim == 2 and bool(np.isin(values, (0, 1)).all() and (values.sum(1) == 1).all())
    sums_to_one = losses[loss.name].link == "softmax"
    if one_hot or (sums_to_one and values.ndim == 1):
        codes = (values.argmax(1) if one_hot else values).astype(np.int64)
        task = "multiclass" if max(units, len(np.unique(codes))) > 2 else "binary"
        return Coded(codes, task, "one_hot" if units > 1 else "raw")
    if values.ndim > 2 or sums_to_one:
        raise UntranslatableError(
            say("targets of shape {shape} are no classes and no numbers per row", shape=targets.shape)
        )
    if values.ndim == 1 and bool(np.isin(values, (0, 1)).all()):
        return Coded(values.astype(np.int64), "binary", "raw")
    return Coded(values.astype(np.float64), "regression", "raw")


def written(rows: Seen, loss: Named, units: int, folder: Path) -> DataSpec:
    """The [data] table of the rows, once they lie in a file in `folder`."""
    assert rows.train.targets is not None
    assert rows.validation.targets is not None
    inputs = np.concatenate([rows.train.inputs, rows.validation.inputs])
    targets = np.concatenate([_columns(rows.train.targets), _columns(rows.validation.targets)])
    told = coded(targets, loss, units)
    np.savez(folder / FILE, X=inputs, y=told.targets)
    validation = len(rows.validation.inputs)
    return DataSpec(FILE, task=told.task, validation=validation, shuffle=False, targets=told.encoding)


def _columns(targets: Array) -> Array:
    return targets[:, None] if targets.ndim == 1 else targets
