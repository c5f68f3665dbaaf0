"""Text tables: cells between separators, one row per line, quoted cells as in RFC 4180."""

import re
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gradoscope.data.dataset import Guess
from gradoscope.errors import DataError, UsageError
from gradoscope.language import say

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SPOKEN = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "bar": "|", "pipe": "|", "space": " "}
SAMPLE = 200_000  # bytes looked at to guess the separator
NEWLINE, QUOTE = ord("\n"), ord('"')


class Cells(NamedTuple):
    """A text table before its cells are understood.

    table: String columns, null where the cell is empty; rows: the row number of each row as a spreadsheet counts.
    """

    table: pl.DataFrame
    rows: NDArray[np.int64]
    guesses: tuple[Guess, ...]


class Records(NamedTuple):
    """Where the rows of a text lie: byte bounds and the number of cells of each."""

    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    cells: NDArray[np.int64]


def read_separated(text: bytes, place: str, separator: str | None) -> Cells:
    """The cells of a text table.

    Parameters
    ----------
    text
        UTF-8 with plain line ends.
    place
        The file, for messages.
    separator
        What stands between cells, or None to guess among comma, semicolon, tab and bar.

    Raises
    ------
    DataError
        No rows, rows of unequal length, quotation marks that do not pair up, or two columns with one name.
    UsageError
        A separator that is not one character.
    """
    guesses: tuple[Guess, ...] = ()
    if separator is None:
        separator, guess = guess_separator(text)
        guesses = (guess,)
    mark = _checked_separator(separator)
    text, records = _scanned(text, mark, place)
    filled = np.flatnonzero(records.stops > records.starts)
    if not len(filled):
        raise DataError(say("{place} is empty.", place=place))
    names, header = _header(_first_record(text, records, filled[0], mark), place)
    guesses += () if header else (_told_headerless(),)
    body = filled[1:] if header else filled
    if not len(body):
        raise DataError(say("{place} has a header and no rows.", place=place))
    _check_lengths(records, body, filled[0], place)
    return Cells(_parse(text, records, body, names, mark), body + 1, guesses)


def guess_separator(text: bytes) -> tuple[str, Guess]:
    """The separator that divides the first rows most evenly, with the reason."""
    sample = text if len(text) <= SAMPLE else text[: text.rfind(b"\n", 0, SAMPLE) + 1]
    best, share, columns = ",", -1.0, 1
    for separator in SEPARATORS:
        counts = _scan(sample, separator).cells
        counts = counts[counts > 0]
        if not len(counts) or counts[0] < 2:
            continue
        even = float(np.mean(counts == counts[0]))
        if (even, int(counts[0])) > (share, columns):
            best, share, columns = separator, even, int(counts[0])
    reason = say(
        "it divides the first row into {columns} cells, and {share:.0%} of the rows likewise",
        columns=columns,
        share=share,
    )
    if columns == 1:
        reason = say("no other separator divides the first row")
    return best, Guess(say("separator"), SEPARATORS[best], reason, "--separator")


def _checked_separator(separator: str) -> str:
    mark = SPOKEN.get(separator.lower(), separator)
    if len(mark) != 1 or not mark.isascii() or mark in '"\n\r':
        raise UsageError(
            say("the separator {separator!r} is not one character such as , ; | or tab.", separator=separator)
        )
    return mark


def _scanned(text: bytes, mark: str, place: str) -> tuple[bytes, Records]:
    """The text with its rows; a space between a separator and a quotation mark is taken out if that pairs the marks."""
    fault = _quote_fault(text, mark)
    if fault is not None:
        closer = re.sub(rb"(^|\n|" + re.escape(mark.encode()) + rb') +"', rb'\1"', text)
        if _quote_fault(closer, mark) is not None:
            row = text[:fault].count(b"\n") + 1
            raise DataError(
                say(
                    "row {row} of {place} has a quotation mark that does not pair up; "
                    'a quoted cell begins and ends with " and a mark inside it is written "".',
                    row=row,
                    place=place,
                )
            )
        text = closer
    return text, _scan(text, mark)


def _inside(codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether each byte lies within quotation marks (an opening mark does, a closing one does not)."""
    return np.bitwise_xor.accumulate((codes == QUOTE).view(np.uint8)).astype(bool)


def _quote_fault(text: bytes, mark: str) -> int | None:
    """Position of the first quotation mark that neither opens nor closes a cell, or None."""
    if b'"' not in text:
        return None
    codes = np.frombuffer(text, dtype=np.uint8)
    inside = _inside(codes)
    quotes = np.flatnonzero(codes == QUOTE)
    fence = np.concatenate([[NEWLINE], codes, [NEWLINE]])
    around = np.where(inside[quotes], fence[quotes], fence[quotes + 2])  # before an opening mark, after a closing one
    wrong = quotes[~np.isin(around, [NEWLINE, QUOTE, ord(mark)])]
    if len(wrong):
        return int(wrong[0])
    return int(quotes[-1]) if inside[-1] else None


def _scan(text: bytes, mark: str) -> Records:
    codes = np.frombuffer(text, dtype=np.uint8)
    newline, between = codes == NEWLINE, codes == ord(mark)
    if b'"' in text:
        outside = ~_inside(codes)
        newline &= outside
        between &= outside
    stops = np.flatnonzero(newline)
    if len(text) and not newline[-1]:
        stops = np.append(stops, len(text))
    starts = np.concatenate([[0], stops[:-1] + 1]) if len(stops) else stops
    separators = np.flatnonzero(between)
    cells = np.searchsorted(separators, stops) - np.searchsorted(separators, starts) + 1
    return Records(starts, stops, np.where(stops > starts, cells, 0))


def _first_record(text: bytes, records: Records, record: int, mark: str) -> list[str]:
    line = text[records.starts[record] : records.stops[record]]
    names = [f"column_{position}" for position in range(records.cells[record])]
    return [(cell or "").strip() for cell in _cells(line, names, mark).row(0)]


def _header(cells: list[str], place: str) -> tuple[list[str], bool]:
    """The column names, and whether the first row gave them (it does not where it looks like a row of data)."""
    numbers = [float(cell) for cell in cells if re.fullmatch(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?", cell)]
    labels = all(number == int(number) for number in numbers) and all(np.diff(numbers) > 0)
    if len(numbers) * 2 > len(cells) and not (labels and len(numbers) > 1):
        return [f"column_{position + 1}" for position in range(len(cells))], False
    names = [cell or f"column_{position + 1}" for position, cell in enumerate(cells)]
    twice = [name for position, name in enumerate(names) if name in names[:position]]
    if twice:
        raise DataError(
            say(
                "{place} has two columns named {name!r} (columns {first} and {second}); rename one.",
                place=place,
                name=twice[0],
                first=names.index(twice[0]) + 1,
                second=len(names) - names[::-1].index(twice[0]),
            )
        )
    return names, True


def _told_headerless() -> Guess:
    return Guess(
        say("header"), say("none"), say("the first row holds numbers like the others; add a row of names"), None
    )


def _check_lengths(records: Records, body: NDArray[np.int64], header: int, place: str) -> None:
    expected = records.cells[header]
    ragged = body[records.cells[body] != expected]
    if len(ragged):
        raise DataError(
            say(
                "row {row} of {place} does not have the {expected} cells of the first row, but {found}; "
                "correct the row (a cell that holds a separator must be quoted) or choose --separator.",
                row=ragged[0] + 1,
                place=place,
                found=records.cells[ragged[0]],
                expected=expected,
            )
        )


def _parse(text: bytes, records: Records, body: NDArray[np.int64], names: list[str], mark: str) -> pl.DataFrame:
    gapless = body[-1] - body[0] + 1 == len(body)
    rows = (
        text[records.starts[body[0]] : records.stops[body[-1]]]
        if gapless
        else b"\n".join(text[records.starts[row] : records.stops[row]] for row in body)
    )
    return _cells(rows, names, mark)


def _cells(rows: bytes, names: list[str], mark: str) -> pl.DataFrame:
    return pl.read_csv(
        rows,
        separator=mark,
        quote_char='"' if b'"' in rows else None,
        has_header=False,
        infer_schema=False,
        schema=dict.fromkeys(names, pl.String),
    )
