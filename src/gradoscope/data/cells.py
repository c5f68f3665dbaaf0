"""Understanding the cells of one column: missing, numbers, booleans, texts, and typing errors among numbers."""

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gradoscope.errors import DataError
from gradoscope.language import say

MISSING = frozenset(
    [
        "",
        "na",
        "n/a",
        "#n/a",
        "<na>",
        "nan",
        "-nan",
        "null",
        "none",
        "nil",
        "?",
        "-",
        "--",
        ".",
        "missing",
        "#null!",
        "결측",
    ]
)
TRUE = frozenset(["true", "yes", "t", "y", "예", "네", "참"])
FALSE = frozenset(["false", "no", "f", "n", "아니오", "아니요", "거짓"])
TEXTS = (pl.String, pl.Categorical, pl.Enum)
DECIMAL_COMMA = r"^[+-]?\d[\d.]*,\d+$"
TYPING_ERRORS = 0.1  # a column of numbers in which at most this share is not: a typing error, not a category
MOST_WORDS = 3  # ... and so are a few words among numbers, however often they stand there: "unknown", "n.d."
MOST_CODES = 20  # ... unless it has so few different values that they are codes, such as 0, 1, 2, 3+


class Where(NamedTuple):
    """The file, and the row number in it of each row of a table."""

    place: str
    rows: NDArray[np.int64]


def clean(cells: pl.Series) -> pl.Series:
    """The texts without blanks around them, null where they say that the value is missing."""
    text = cells.str.strip_chars()
    return text.set(text.str.to_lowercase().is_in(list(MISSING)), None)


def numbers_of(cells: pl.Series, where: Where, *, strict: bool) -> pl.Series | None:
    """The column as Float64 numbers with null for missing, or None if it is no column of numbers.

    Parameters
    ----------
    cells
        A String column.
    where
        Where the rows stand in the file.
    strict
        Whether a column of numbers is expected, so that any other cell is an error.

    Raises
    ------
    DataError
        An infinite number, a cell that is not a number among numbers, or numbers with a decimal comma.
    """
    numbers = cells.cast(pl.Float64, strict=False)
    if numbers.null_count() == cells.null_count():
        return finite(numbers, where)
    text = clean(cells)
    numbers = text.cast(pl.Float64, strict=False)
    bad = text.is_not_null() & numbers.is_null()
    if not bad.any():
        return finite(numbers, where)
    _check_comma(text.filter(bad), bad, where)
    if strict or _is_typing_error(text, bad):
        raise DataError(_not_a_number(text, bad, where))
    return None


def booleans_of(cells: pl.Series) -> pl.Series | None:
    """The column as Boolean if each of its cells says true or false (yes or no), else None."""
    words = clean(cells).str.to_lowercase()
    kinds = set(words.drop_nulls().unique())
    if not kinds or not kinds <= TRUE | FALSE:
        return None
    return words.is_in(list(TRUE)).set(words.is_null(), None)


def finite(numbers: pl.Series, where: Where) -> pl.Series:
    """The numbers with null for NaN; DataError for an infinite one."""
    numbers = numbers.fill_nan(None)
    infinite = numbers.is_infinite().fill_null(value=False)
    if infinite.any():
        row = where.rows[infinite.arg_max() or 0]
        raise DataError(
            say(
                "row {row} of {place} has an infinite number in the column {name!r}; "
                "correct it, or leave the cell empty if the value is missing.",
                row=row,
                place=where.place,
                name=numbers.name,
            )
        )
    return numbers


def _is_typing_error(text: pl.Series, bad: pl.Series) -> bool:
    wrong, count = int(bad.sum()), text.len() - text.null_count()
    words = text.filter(bad).n_unique()
    rare = count - wrong > wrong and (wrong <= max(1, TYPING_ERRORS * count) or words <= MOST_WORDS)
    repeated = int(text.filter(bad).value_counts()["count"].min() or 0) > 1  # type: ignore[arg-type]
    return rare and not (repeated and text.n_unique() <= MOST_CODES)


def _not_a_number(text: pl.Series, bad: pl.Series, where: Where) -> str:
    first = bad.arg_max() or 0
    return say(
        "row {row} of {place} has {value!r} in the column {name!r}, whose cells are numbers; "
        "correct it, leave the cell empty if the value is missing, or leave the column out with --drop.",
        row=where.rows[first],
        place=where.place,
        value=text[first],
        name=text.name,
    )


def _check_comma(texts: pl.Series, bad: pl.Series, where: Where) -> None:
    if texts.str.contains(DECIMAL_COMMA).all():
        raise DataError(
            say(
                "row {row} of {place} has {value!r} in the column {name!r}; write numbers with a decimal point "
                "and without thousands separators, or leave the column out with --drop.",
                row=where.rows[bad.arg_max() or 0],
                place=where.place,
                value=texts[0],
                name=texts.name,
            )
        )
