"""A dataset in one line: equal for equal data, wherever and however they were read."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

import numpy as np
import polars as pl

from gradoscope.data.dataset import Dataset
from gradoscope.data.spec import Rows

NOT_DATA = ("name", "guesses", "dropped")
MISSING = "\0missing"


def fingerprint(dataset: Dataset) -> str:
    """The SHA-256 of everything in a dataset that a network can learn from.

    Names and guesses do not count: a file that was moved is the same data, one changed cell makes others.

    Examples
    --------
    >>> from gradoscope.data import load
    >>> fingerprint(load("iris")) == fingerprint(load("iris"))
    True
    >>> fingerprint(load("iris")) == fingerprint(load("wine"))
    False
    """
    total = hashlib.sha256()
    for field in fields(dataset):
        if field.name not in NOT_DATA:
            for part in _parts(getattr(dataset, field.name)):
                total.update(len(part).to_bytes(8, "little") + part)
    return total.hexdigest()


def rows_fingerprint(parts: Iterable[Rows | None]) -> str:
    """The SHA-256 of the numbers that a network trains on and is judged on."""
    total = hashlib.sha256()
    for array in (array for rows in parts for array in rows or (None,)):
        total.update(b"none" if array is None else f"{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return total.hexdigest()


class CellsFingerprint:
    """The SHA-256 of a table without missing cells that comes part by part."""

    def __init__(self) -> None:
        self._total = hashlib.sha256()

    def see(self, cells: pl.DataFrame) -> None:
        """The next rows."""
        for column in cells.iter_columns():
            self._total.update(f"{column.name} {column.dtype} {len(column)}".encode())
            if column.dtype == pl.String:
                self._total.update(column.str.len_bytes().to_numpy().tobytes())
                self._total.update(str(column.str.join().item()).encode())
            else:
                self._total.update(column.to_numpy().tobytes())

    def value(self) -> str:
        """Of all rows so far."""
        return self._total.hexdigest()


def _parts(value: Any) -> Iterator[bytes]:
    if isinstance(value, pl.DataFrame):
        for column in value.get_columns():
            yield from _column(column)
    elif isinstance(value, np.ndarray):
        yield f"{value.dtype.str}{value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    else:
        yield repr(value).encode()


def _column(column: pl.Series) -> Iterator[bytes]:
    """The cells as bytes that no version of polars changes; a missing cell is one of a kind."""
    yield column.name.encode()
    if column.dtype.is_numeric():
        yield column.to_numpy().tobytes()
    else:
        cells = [MISSING if cell is None else str(cell) for cell in column]
        yield "".join(f"{len(cell)} {cell}" for cell in cells).encode()
