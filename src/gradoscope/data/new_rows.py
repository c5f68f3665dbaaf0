"""New rows for a trained network: a table or array without its target, read by what training learned."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gradoscope.data.arrays import read_npz_inputs
from gradoscope.data.builtins import find_builtin
from gradoscope.data.cells import TEXTS, Where, booleans_of, clean, finite, numbers_of
from gradoscope.data.columns import Boolean, Column, Number
from gradoscope.data.content import kind_of, read_content
from gradoscope.data.dataset import Guess
from gradoscope.data.idx import read_idx_folder, read_images
from gradoscope.data.loading import find_file
from gradoscope.data.preparation import ArrayPlan, Preparation, TablePlan
from gradoscope.data.reading import read_table
from gradoscope.data.tables import column_missing
from gradoscope.errors import DataError
from gradoscope.language import say

Array = NDArray[np.generic]


class NewRows(NamedTuple):
    """Rows to predict: what `Preparation.inputs` takes, the row number of each in its file, and what was guessed."""

    inputs: pl.DataFrame | Array
    rows: NDArray[np.int64]
    guesses: tuple[Guess, ...]


def load_new_rows(
    source: str,
    preparation: Preparation,
    *,
    options: Mapping[str, object] | None = None,
    separator: str | None = None,
    encoding: str | None = None,
) -> NewRows:
    """Read rows for prediction; columns that training did not use, the target among them, are ignored.

    Parameters
    ----------
    source
        A path or the name of built-in data; see `load`.
    preparation
        What training learned about its inputs.
    options
        Arguments of built-in data.
    separator, encoding
        Of a text file; None guesses.

    Raises
    ------
    DataError
        A column is missing, a cell does not fit its column, or the number of inputs is another.
    """
    make = find_builtin(source)
    if callable(make):
        made = make(options or {})
        return _from_array(np.asarray(made.inputs), source, preparation)
    path = make or find_file(source, None)
    if path.is_dir():
        return _from_array(np.asarray(read_idx_folder(path).inputs), path.name, preparation)
    content = read_content(path)
    kind = kind_of(content, path)
    if kind == "idx":
        return _from_array(read_images(path), path.name, preparation)
    if kind == "npz":
        return _from_array(read_npz_inputs(content, path.name), path.name, preparation)
    return _from_table(content, path, preparation, separator, encoding)


def _from_array(values: Array, place: str, preparation: Preparation) -> NewRows:
    plan = preparation.plan
    names = plan.names if isinstance(plan, ArrayPlan) else tuple(column.name for column in plan.columns)
    if values.shape[1] != len(names):
        raise DataError(
            say(
                "{place} has {found} inputs in each row, and the network was trained on {expected}; give data of "
                "the same kind.",
                place=place,
                found=values.shape[1],
                expected=len(names),
            )
        )
    rows = np.arange(1, len(values) + 1)
    if isinstance(plan, ArrayPlan):
        return NewRows(values, rows, ())
    for column in plan.columns:
        if not isinstance(column, Number):
            raise DataError(
                say(
                    "{place} has no column names, and the network needs the column {name!r}, which holds texts; "
                    "give a table.",
                    place=place,
                    name=column.name,
                )
            )
    table = pl.DataFrame(values.astype(np.float64), schema=dict.fromkeys(names, pl.Float64))
    return NewRows(table.select(pl.all().fill_nan(None)), rows, ())


def _from_table(
    content: bytes, path: Path, preparation: Preparation, separator: str | None, encoding: str | None
) -> NewRows:
    cells = read_table(content, path, separator, encoding)
    where = Where(path.name, cells.rows)
    if isinstance(preparation.plan, TablePlan):
        columns = [_typed(column, cells.table, where) for column in preparation.plan.columns]
        return NewRows(pl.DataFrame(columns), cells.rows, cells.guesses)
    numbers = [_numbers(_cells(name, cells.table, where), where) for name in preparation.plan.names]
    values = pl.DataFrame(numbers).select(pl.all().fill_null(float("nan"))).to_numpy()
    return NewRows(values, cells.rows, cells.guesses)


def _cells(name: str, table: pl.DataFrame, where: Where) -> pl.Series:
    if name not in table.columns:
        raise DataError(column_missing(name, table, where.place))
    return table[name]


def _numbers(cells: pl.Series, where: Where) -> pl.Series:
    if cells.dtype.is_numeric() or cells.dtype in (pl.Null, pl.Boolean):
        return finite(cells.cast(pl.Float64), where)
    numbers = numbers_of(_texts(cells, where), where, strict=True)
    assert numbers is not None  # strict: anything else has been raised
    return numbers


def _typed(column: Column, table: pl.DataFrame, where: Where) -> pl.Series:
    cells = _cells(column.name, table, where)
    if isinstance(column, Number):
        return _numbers(cells, where)
    if isinstance(column, Boolean):
        return _booleans(cells, where)
    return clean(_texts(cells, where))


def _texts(cells: pl.Series, where: Where) -> pl.Series:
    if isinstance(cells.dtype, (*TEXTS, pl.Boolean)) or cells.dtype == pl.Null or cells.dtype.is_integer():
        return cells.cast(pl.String)
    raise DataError(
        say(
            "the column {name!r} of {place} holds {kind}, and training had texts or numbers in it; give a table "
            "of the same kind.",
            name=cells.name,
            place=where.place,
            kind=str(cells.dtype),
        )
    )


def _booleans(cells: pl.Series, where: Where) -> pl.Series:
    known = cells if cells.dtype == pl.Boolean else booleans_of(_texts(cells, where))
    if known is not None and not known.null_count():
        return known
    words = cells.cast(pl.String)
    wrong = (
        known.is_null()
        if known is not None
        else pl.Series([booleans_of(words[i : i + 1]) is None for i in range(len(words))])
    )
    row = wrong.arg_max() or 0
    raise DataError(
        say(
            "row {row} of {place} has {value!r} in the column {name!r}, which was yes or no in every training "
            "row; correct it.",
            row=where.rows[row],
            place=where.place,
            value=words[row] or "",
            name=cells.name,
        )
    )
