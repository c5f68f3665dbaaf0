"""What every source of data becomes: inputs, target, and what was guessed on the way."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

TASKS = ("binary", "multiclass", "regression")
SCALINGS = ("raw", "standard", "minmax")


@dataclass(frozen=True)
class Guess:
    """Something the program decided for the user.

    Parameters
    ----------
    what
        What was decided, in a word or two: "target", "task", "column age".
    value
        What it was decided to be.
    reason
        Why, as a sentence for the user.
    flag
        The command-line flag that overrides it, or None.
    """

    what: str
    value: str
    reason: str
    flag: str | None


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows with inputs and a target, as the source holds them: nothing is scaled or filled in yet.

    Parameters
    ----------
    name
        What the user calls it: "tumour", "patients.csv".
    inputs
        A table (Float64 columns are numbers, Boolean columns booleans, String columns categories; null is missing),
        or an array of shape (rows, features), kept in the source's dtype, where NaN is missing.
    target
        Classification: (rows,) int64 positions in `classes`; regression: (rows,) or (rows, outputs) float64.
    target_names
        One name per target column.
    classes
        Class names in order, None for regression.
    task
        "binary", "multiclass" or "regression".
    scaling
        How inputs are scaled unless the user says otherwise: "raw", "standard" or "minmax".
    test_rows
        Positions of the rows that the source itself sets aside for testing, or None.
    guesses
        Everything that was decided for the user.
    input_names
        One name per column of `inputs`.
    input_range
        The range that every input has by its nature (0 to 255 for image files), or None.
    dropped
        Columns of the table that are no inputs, by wish or by guess.
    target_columns
        Where the source gives classes as one column each: those columns, shape (rows, classes); else None.
    groups
        The group of each row (a patient, a site), shape (rows,), of which no two parts may have rows; or None.
    times
        The place of each row in time, equal for equal times, shape (rows,); or None where the order means nothing.
    time_name
        The column that says so.
    """

    name: str
    inputs: pl.DataFrame | NDArray[np.generic]
    target: NDArray[np.int64] | NDArray[np.float64]
    target_names: tuple[str, ...]
    classes: tuple[str, ...] | None
    task: str
    scaling: str
    input_names: tuple[str, ...]
    test_rows: NDArray[np.int64] | None = None
    guesses: tuple[Guess, ...] = ()
    input_range: tuple[float, float] | None = None
    dropped: tuple[str, ...] = ()
    target_columns: NDArray[np.float64] | None = None
    groups: NDArray[np.int64] | None = None
    times: NDArray[np.int64] | None = None
    time_name: str | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.target)

    def class_values(self) -> NDArray[np.float64]:
        """The number of each class, shape (classes,): the label itself where all labels are numbers, else its position.

        Raises
        ------
        ValueError
            The dataset has no classes.
        """
        if self.classes is None:
            raise ValueError("a regression dataset has no classes")
        numbers = [_number(name) for name in self.classes]
        known = [number for number in numbers if number is not None]
        return np.array(known if len(known) == len(numbers) else range(len(numbers)), dtype=np.float64)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def numbered_names(count: int) -> tuple[str, ...]:
    """Names for the columns of an array that has none: x1, x2, ...

    Examples
    --------
    >>> numbered_names(3)
    ('x1', 'x2', 'x3')
    """
    return tuple(f"x{position + 1}" for position in range(count))
