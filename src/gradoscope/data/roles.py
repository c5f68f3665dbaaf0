"""The part each column of a table plays: number, boolean, category, or none, with the reason."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from gradoscope.data.cells import TEXTS, Where, booleans_of, clean, finite, numbers_of
from gradoscope.data.dataset import Guess
from gradoscope.language import say

MOST_CATEGORIES = 200  # more different texts than this are names, not categories
ALWAYS_CATEGORIES = 20  # so few are categories, however few rows there are
ROW_NUMBER = re.compile(
    r"^(.*[ _-])?(id|no|nr|idx|index|row|number|key|번호|순번|아이디)$|^.*[a-z](ID|Id)$|^column_1$", re.IGNORECASE
)


class Inputs(NamedTuple):
    """The input columns of a table, typed, and what was decided about them."""

    table: pl.DataFrame
    dropped: tuple[str, ...]
    guesses: tuple[Guess, ...]


def typed(cells: pl.Series, where: Where) -> pl.Series | None:
    """The column as Float64, Boolean or String with null for missing; None if it holds anything else (dates, lists).

    Raises
    ------
    DataError
        A cell that does not fit its column; see `numbers_of`.
    """
    if cells.dtype.is_numeric() or cells.dtype == pl.Null:
        return finite(cells.cast(pl.Float64), where)
    if cells.dtype == pl.Boolean:  # with missing cells it becomes a category, so that missing stays visible
        return cells.cast(pl.String) if cells.null_count() else cells
    if not isinstance(cells.dtype, TEXTS):
        return None
    text = cells.cast(pl.String)
    numbers = numbers_of(text, where, strict=False)
    if numbers is not None:
        return numbers
    booleans = booleans_of(text)
    return clean(text) if booleans is None or booleans.null_count() else booleans


def choose_inputs(table: pl.DataFrame, where: Where, keep: Sequence[str], *, as_written: bool) -> Inputs:
    """The columns that become inputs.

    Parameters
    ----------
    table
        Every column but the target and those the user dropped.
    where
        Where the rows stand in the file.
    keep
        Columns that the user wants whatever they look like.
    as_written
        Whether every column that holds values is an input (an experiment says so).
    """
    kept: list[pl.Series] = []
    dropped: list[Guess] = []
    names: list[str] = []
    for cells in table.iter_columns():
        column = typed(cells, where)
        reason = _useless(column)
        if reason is None and column is not None and not as_written and cells.name not in keep:
            reason = _uninformative(column, first=cells.name == table.columns[0], n_columns=table.width)
        if reason is None and column is not None:
            kept.append(column)
        elif reason is not None:
            names.append(cells.name)
            dropped.append(Guess(say("column {name!r}", name=cells.name), say("left out"), reason, "--keep"))
    return Inputs(pl.DataFrame(kept), tuple(names), (*dropped, *_told_roles(kept)))


def _useless(column: pl.Series | None) -> str | None:
    """Why the column cannot be an input at all, or None."""
    if column is None:
        return say("it holds neither numbers nor texts")
    return say("every cell is missing") if column.null_count() == len(column) else None


def _uninformative(column: pl.Series, *, first: bool, n_columns: int) -> str | None:
    """Why the column would only be in the way, or None."""
    distinct, count = column.drop_nulls().n_unique(), len(column) - column.null_count()
    if distinct == 1 and (column.dtype == pl.Float64 or not column.null_count()):
        return say("it is {value} in every row", value=column.drop_nulls()[0])
    if column.dtype == pl.String:
        return _too_many_texts(distinct, count)
    if column.dtype == pl.Float64 and distinct == len(column):
        counts = bool((column.diff().drop_nulls() == 1).all()) and column[0] in (0, 1)
        named = ROW_NUMBER.match(column.name) is not None and bool((column.floor() == column).all())
        if named or (counts and first and n_columns > 2):
            return say("every row has its own number, like a row number")
    return None


def _too_many_texts(distinct: int, count: int) -> str | None:
    if distinct == count and count > 1:
        return say("every row has its own text, like a name")
    if distinct > max(ALWAYS_CATEGORIES, count / 2) or distinct > MOST_CATEGORIES:
        return say("it holds {distinct} different texts in {count} cells, like names", distinct=distinct, count=count)
    return None


def _told_roles(columns: list[pl.Series]) -> tuple[Guess, ...]:
    def named(kind: object) -> str:
        return ", ".join(column.name for column in columns if column.dtype == kind)

    missing = ", ".join(f"{column.name} {column.null_count()}" for column in columns if column.null_count())
    filled = say("numbers become the median of the training rows; for texts, missing is a category of its own")
    told = (
        (say("categories"), named(pl.String), say("their cells are texts; each text becomes an input of its own")),
        (say("yes or no"), named(pl.Boolean), say("their cells are true or false; they become 1 and 0")),
        (say("missing cells"), missing, filled),
    )
    return tuple(Guess(what, value, reason, "--drop") for what, value, reason in told if value)
