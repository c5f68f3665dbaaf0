"""What a reader or a generator hands over, and how it becomes a dataset."""

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gradoscope.data.dataset import Dataset, Guess
from gradoscope.data.targets import RawTarget, read_target
from gradoscope.errors import DataError
from gradoscope.language import say

FEWEST_ROWS = 10


class Source(NamedTuple):
    """Inputs and target as a file or a generator gives them, before task and classes are settled.

    inputs: see `Dataset.inputs`; target: no cell missing; input_names: one per column of the inputs;
    is_file: whether the user is told how the task was guessed (built-in data have a known task).
    """

    inputs: pl.DataFrame | NDArray[np.generic]
    target: RawTarget
    input_names: tuple[str, ...]
    scaling: str = "standard"
    test_rows: NDArray[np.int64] | None = None
    input_range: tuple[float, float] | None = None
    guesses: tuple[Guess, ...] = ()
    dropped: tuple[str, ...] = ()
    is_file: bool = False
    groups: NDArray[np.int64] | None = None
    times: NDArray[np.int64] | None = None
    time_name: str | None = None


def to_dataset(source: Source, name: str, task: str | None, *, as_written: bool) -> Dataset:
    """The dataset that a source becomes once its task is settled.

    Parameters
    ----------
    source
        What was read.
    name
        What the user calls it.
    task
        The task asked for, or None to guess.
    as_written
        Whether too few rows and targets that teach nothing are let through.

    Raises
    ------
    DataError
        Too few rows, infinite inputs, or a target that does not fit.
    """
    n_rows = len(source.target.values)
    if n_rows < FEWEST_ROWS and not as_written:
        raise DataError(
            say(
                "{place} has {n} rows with a target, and at least {fewest} are needed to train, choose and test; "
                "add rows.",
                place=source.target.place,
                n=n_rows,
                fewest=FEWEST_ROWS,
            )
        )
    target = read_target(source.target, task, as_written=as_written)
    return Dataset(
        name=name,
        inputs=source.inputs,
        target=target.values,
        target_names=source.target.names if target.values.ndim == 2 else source.target.target_name,
        classes=target.classes,
        task=target.task,
        scaling=source.scaling,
        input_names=source.input_names,
        test_rows=source.test_rows,
        guesses=source.guesses + ((target.guess,) if target.guess and source.is_file else ()),
        input_range=source.input_range,
        dropped=source.dropped,
        target_columns=target.columns,
        groups=source.groups,
        times=source.times,
        time_name=source.time_name,
    )
