"""What was learned about each input column from the training rows, and how it turns cells into numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

CHUNK = 4096  # rows converted at a time, so that no copy of a whole image set in float64 is ever made


class Scale(NamedTuple):
    """(x - shift) / scale per column; both of shape (columns,)."""

    shift: NDArray[np.float64]
    scale: NDArray[np.float64]

    def apply(self, values: NDArray[np.generic], out: NDArray[np.float32]) -> None:
        """Write the scaled values, shape (rows, columns), to `out`; computed in float64, rounded once."""
        for rows in chunks(len(values)):
            with np.errstate(over="ignore"):  # a number too large for float32 is named by the caller
                exact = np.subtract(values[rows], self.shift, dtype=np.float64)
                exact /= self.scale
                out[rows] = exact

    def applied(self, values: NDArray[np.generic]) -> NDArray[np.float32]:
        """The scaled values, shape (rows, columns)."""
        out = np.empty(values.shape, dtype=np.float32)
        self.apply(values, out)
        return out

    def undo(self, values: NDArray[np.generic]) -> NDArray[np.float64]:
        """The values before scaling, in float64."""
        return values.astype(np.float64) * self.scale + self.shift


def chunks(n_rows: int) -> Iterator[slice]:
    """Slices that cover the rows in order."""
    return (slice(start, start + CHUNK) for start in range(0, n_rows, CHUNK))


def fit_scale(values: NDArray[np.generic], rows: NDArray[np.int64], scaling: str) -> Scale:
    """The scale that the training rows give; a constant column is only shifted.

    Parameters
    ----------
    values
        (all rows, columns), finite numbers.
    rows
        Positions of the training rows.
    scaling
        "raw", "standard" or "minmax".
    """
    learner = ScaleLearner(scaling, values.shape[1])
    for part in chunks(len(rows)):
        learner.see(values[rows[part]])
    return learner.scale()


class ScaleLearner:
    """Learns the scale of columns from their rows, part by part.

    Parameters
    ----------
    scaling
        "raw", "standard" or "minmax".
    columns
        How many there are.
    """

    def __init__(self, scaling: str, columns: int) -> None:
        self._columns = columns
        self._scaler = {"raw": None, "standard": StandardScaler(), "minmax": MinMaxScaler()}[scaling]

    def see(self, values: NDArray[np.generic]) -> None:
        """Learn from more rows, shape (rows, columns), finite numbers."""
        if self._scaler is not None and len(values):
            self._scaler.partial_fit(values.astype(np.float64))

    def scale(self) -> Scale:
        """What all rows gave; a constant column is only shifted."""
        if self._scaler is None:
            return Scale(np.zeros(self._columns), np.ones(self._columns))
        if isinstance(self._scaler, StandardScaler):
            return Scale(self._scaler.mean_, self._scaler.scale_)
        return Scale(self._scaler.data_min_, 1 / self._scaler.scale_)


@dataclass(frozen=True)
class Number:
    """A column of numbers: a missing cell becomes `fill`, then (x - shift) / scale."""

    name: str
    fill: float
    shift: float
    scale: float

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the inputs that the column becomes."""
        return (self.name,)


@dataclass(frozen=True)
class Boolean:
    """A column of true and false that becomes 1 and 0."""

    name: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the inputs that the column becomes."""
        return (self.name,)

    def apply(self, cells: pl.Series, out: NDArray[np.float32]) -> None:
        """Write the inputs, shape (rows, 1), to `out`."""
        out[:, 0] = cells.to_numpy()


@dataclass(frozen=True)
class Category:
    """A column of texts: one input for each category seen in training (1 where it is the cell's, else 0).

    A category not seen in training gives zeros; missing is a category of its own if training rows had missing cells.
    """

    name: str
    categories: tuple[str, ...]
    missing: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the inputs that the column becomes."""
        kinds = (*self.categories, "missing") if self.missing else self.categories
        return tuple(f"{self.name}={kind}" for kind in kinds)

    def apply(self, cells: pl.Series, out: NDArray[np.float32]) -> None:
        """Write the inputs, shape (rows, categories), to `out`."""
        out[:] = 0
        place = {category: position for position, category in enumerate(self.categories)}
        codes = cells.replace_strict(place, default=None, return_dtype=pl.Int64)
        known = codes.is_not_null().to_numpy()
        out[known, codes.drop_nulls().to_numpy()] = 1
        if self.missing:
            out[:, -1] = cells.is_null().to_numpy()


Column = Number | Boolean | Category


def write_columns(columns: Sequence[Column], table: pl.DataFrame, out: NDArray[np.float32]) -> None:
    """Write the inputs of neighbouring columns of one kind, shape (rows, inputs), to `out`; numbers all at once."""
    start, numbers = 0, [column for column in columns if isinstance(column, Number)]
    if numbers:
        cells = table.select(
            pl.col(each.name).fill_null(each.fill) if table[each.name].null_count() else each.name for each in numbers
        )
        shift, scale = (np.array(part) for part in zip(*((each.shift, each.scale) for each in numbers), strict=True))
        Scale(shift, scale).apply(cells.to_numpy(), out)
    for column in columns:
        if not isinstance(column, Number):
            column.apply(table[column.name], out[:, start : start + len(column.names)])
            start += len(column.names)


def fit_columns(table: pl.DataFrame, rows: NDArray[np.int64], scaling: str) -> tuple[Column, ...]:
    """What the training rows teach about each column of a table."""
    train = table[rows]
    numbers = {column.name: column for column in _fit_numbers(train.select(pl.col(pl.Float64)), scaling)}
    return tuple(numbers[name] if name in numbers else _fit_kind(train[name]) for name in table.columns)


def _fit_numbers(train: pl.DataFrame, scaling: str) -> list[Number]:
    if not train.width:
        return []
    fills = [0.0 if median is None else median for median in train.median().row(0)]
    filled = train.select(pl.col(name).fill_null(fill) for name, fill in zip(train.columns, fills, strict=True))
    shift, scale = fit_scale(filled.to_numpy(), np.arange(train.height), scaling)
    learned = zip(train.columns, fills, shift, scale, strict=True)
    return [Number(name, *(float(number) for number in numbers)) for name, *numbers in learned]


def _fit_kind(cells: pl.Series) -> Column:
    if cells.dtype == pl.Boolean:
        return Boolean(cells.name)
    encoder = OneHotEncoder(handle_unknown="ignore").fit(np.array(cells.to_list(), dtype=object)[:, None])
    kinds = encoder.categories_[0].tolist()
    return Category(cells.name, tuple(kind for kind in kinds if kind is not None), None in kinds)


def column_to_json(column: Column) -> dict[str, Any]:
    """The column as a JSON table."""
    match column:
        case Number(name, fill, shift, scale):
            return {"kind": "number", "name": name, "fill": fill, "shift": shift, "scale": scale}
        case Boolean(name):
            return {"kind": "boolean", "name": name}
        case Category(name, categories, missing):
            return {"kind": "category", "name": name, "categories": list(categories), "missing": missing}


def column_from_json(table: dict[str, Any]) -> Column:
    """The column that `column_to_json` wrote."""
    match table:
        case {"kind": "number", "name": name, "fill": fill, "shift": shift, "scale": scale}:
            return Number(name, fill, shift, scale)
        case {"kind": "boolean", "name": name}:
            return Boolean(name)
        case {"kind": "category", "name": name, "categories": categories, "missing": missing}:
            return Category(name, tuple(categories), missing)
    raise ValueError(f"not a column: {table}")
