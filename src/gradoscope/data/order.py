"""Columns by which rows are divided: groups that stay together, and places in time."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gradoscope.data.cells import TEXTS, Where, clean
from gradoscope.errors import DataError
from gradoscope.language import say

_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d")
FORMATS = tuple(f"{day}{clock}" for day in _DAYS for clock in ("", " %H:%M", " %H:%M:%S%.f", "T%H:%M", "T%H:%M:%S%.f"))


def groups_of(cells: pl.Series, where: Where) -> NDArray[np.int64]:
    """A number for each row, equal where the cells are.

    Raises
    ------
    DataError
        A cell is missing.

    Examples
    --------
    >>> groups_of(pl.Series(["b", "a", "b"]), Where("patients.csv", np.arange(2, 5)))
    array([1, 0, 1])
    """
    _check_present(clean(cells) if cells.dtype == pl.String else cells, where)
    return cells.rank("dense").to_numpy().astype(np.int64) - 1


def times_of(cells: pl.Series, where: Where) -> NDArray[np.int64]:
    """The place of each row in time, equal where the times are: numbers, dates, or texts that say either.

    Raises
    ------
    DataError
        A cell is missing, or says no time.

    Examples
    --------
    >>> times_of(pl.Series(["2024-02-01", "2023-12-31", "2024-02-01"]), Where("sales.csv", np.arange(2, 5)))
    array([1, 0, 1])
    """
    times = _times(clean(cells.cast(pl.String)), where) if isinstance(cells.dtype, TEXTS) else cells
    if not (times.dtype.is_numeric() or times.dtype.is_temporal()):
        raise DataError(
            say("the column {name!r} of {place} holds no times; name another --time.",
                name=cells.name, place=where.place)
        )  # fmt: skip
    _check_present(times.fill_nan(None) if times.dtype.is_float() else times, where)
    return times.rank("dense").to_numpy().astype(np.int64) - 1


def _times(text: pl.Series, where: Where) -> pl.Series:
    """The texts as numbers, or as dates and times in the first of the formats that fits most of them."""
    _check_present(text, where)
    read = [text.cast(pl.Float64, strict=False), *(_dates(text, form) for form in FORMATS)]
    times = min(read, key=lambda column: column.null_count())
    if times.null_count():
        row = int(times.is_null().arg_max() or 0)
        raise DataError(
            say(
                "row {row} of {place} has {value!r} in the column {name!r}, which is no time; "
                "write numbers, or dates as in 2024-01-31.",
                row=where.rows[row],
                place=where.place,
                value=text[row],
                name=text.name,
            )
        )
    return times


def _dates(text: pl.Series, form: str) -> pl.Series:
    return text.str.to_datetime(form, strict=False, time_unit="us", ambiguous="earliest")


def _check_present(cells: pl.Series, where: Where) -> None:
    if cells.null_count():
        raise DataError(
            say(
                "row {row} of {place} has no value in the column {name!r}, by which the rows are divided; "
                "fill it in or remove the row.",
                row=where.rows[int(cells.is_null().arg_max() or 0)],
                place=where.place,
                name=cells.name,
            )
        )
