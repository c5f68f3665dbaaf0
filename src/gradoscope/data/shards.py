"""A Parquet file that stays on disk, read in shards, and how each of them is divided."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gradoscope.data.cells import TEXTS, Where, clean, finite
from gradoscope.data.content import unreadable
from gradoscope.data.loading import find_file
from gradoscope.data.parquet import unsound
from gradoscope.data.spec import DataSpec
from gradoscope.data.splitting import row_count
from gradoscope.data.tables import column_missing
from gradoscope.errors import DataError, UsageError
from gradoscope.language import say

MOST_HELD = 2**18  # validation or test rows, which stay in memory


class Parts(NamedTuple):
    """Positions of the rows of each part within a shard."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Shards:
    """A Parquet file in shards of equal numbers of rows, the last one shorter, and how each one is divided.

    Parameters
    ----------
    path
        The file.
    inputs, target
        The columns that are read.
    rows
        All rows of the file.
    size
        Rows of a shard.
    held
        How many rows of the file validate, and how many test.
    seed
        Which ones: every shard gives its share, drawn from the seed and the number of the shard.
    """

    path: Path
    inputs: tuple[str, ...]
    target: str
    rows: int
    size: int
    held: tuple[int, int]
    seed: int

    def __len__(self) -> int:
        return (self.rows + self.size - 1) // self.size

    def read(self, number: int) -> pl.DataFrame:
        """The cells of a shard: numbers as Float64, or Float32 as they are, booleans, and texts of the target.

        Raises
        ------
        DataError
            The file is damaged, or was changed meanwhile.
        """
        columns = [pl.col(name) for name in (*self.inputs, self.target)]
        try:
            part = pl.scan_parquet(self.path).slice(number * self.size, self.size).select(columns).collect()
        except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            raise DataError(unsound(self.path.name, error)) from None
        part = part.with_columns((pl.selectors.numeric() - pl.selectors.by_dtype(pl.Float32)).cast(pl.Float64))
        target = part[self.target]
        return part.with_columns(clean(target.cast(pl.String))) if isinstance(target.dtype, TEXTS) else part

    def checked(self, number: int) -> pl.DataFrame:
        """The cells of a shard; DataError where one of them is missing or infinite."""
        cells, place = self.read(number), self.path.name
        where = Where(place, np.arange(cells.height) + number * self.size + 1)
        for column in cells.iter_columns():
            checked = finite(column, where) if column.dtype.is_float() else column
            if checked.null_count():
                raise DataError(
                    say("row {row} of {place} has no value in the column {name!r}, and with stream = true none is "
                        "filled in; fill it, or leave the column out with drop.",
                        row=where.rows[checked.is_null().arg_max() or 0], place=place, name=column.name)
                )  # fmt: skip
        return cells

    def parts(self, number: int) -> Parts:
        """Which rows of a shard train, validate and test."""
        start = number * self.size
        stop = min(start + self.size, self.rows)
        validation, test = (stop * held // self.rows - start * held // self.rows for held in self.held)
        count = stop - start
        held = np.random.default_rng([self.seed, number]).choice(count, validation + test, replace=False)
        trains = np.ones(count, bool)
        trains[held] = False
        return Parts(np.flatnonzero(trains), np.sort(held[:validation]), np.sort(held[validation:]))


def open_shards(spec: DataSpec, seed: int, folder: Path, size: int) -> Shards:
    """The Parquet file of an experiment, looked at but not read."""
    path = find_file(spec.source, folder)
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise DataError(unreadable(path, error)) from None
    if head != b"PAR1":
        raise DataError(
            say("stream = true reads Parquet files, and {path} is none; polars.scan_csv(...).sink_parquet(...) makes "
                "one of a CSV file of any size.", path=path)
        )  # fmt: skip
    try:
        table = pl.scan_parquet(path)
        schema, rows = table.collect_schema(), int(table.select(pl.len()).collect().item())
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise DataError(unsound(path.name, error)) from None
    target = str(spec.target)
    for name in (target, *spec.drop):
        if name not in schema:
            raise UsageError(column_missing(name, pl.DataFrame(schema=schema), path.name))
    inputs = tuple(name for name in schema if name != target and name not in spec.drop)
    _check_kinds(schema, inputs, target, path.name)
    held = _held(spec, rows, path.name)
    return Shards(path, inputs, target, rows, size, held, seed)


def _check_kinds(schema: pl.Schema, inputs: tuple[str, ...], target: str, place: str) -> None:
    for name in (*inputs, target):
        kind = schema[name]
        known = kind.is_numeric() or kind == pl.Boolean or (name == target and isinstance(kind, TEXTS))
        if not known:
            raise DataError(
                say("the column {name!r} of {place} holds {kind}, and stream = true reads inputs that are numbers or "
                    "booleans; leave it out with drop.", name=name, place=place, kind=str(kind))
            )  # fmt: skip
    if not inputs:
        raise DataError(say("{place} has no column left as input beside the target {name!r}; add one, or keep one "
                            "with --keep.", place=place, name=target))  # fmt: skip


def _held(spec: DataSpec, rows: int, place: str) -> tuple[int, int]:
    """How many rows validate and test."""
    held = row_count(spec.validation, rows, "validation"), row_count(spec.test, rows, "test")
    if not held[0] or sum(held) >= rows:
        raise DataError(
            say("{name} has {n} rows, and validation = {validation} leaves none to train or none to validate on.",
                name=place, n=rows, validation=spec.validation)
        )  # fmt: skip
    for name, count in zip(("validation", "test"), held, strict=True):
        if count > MOST_HELD:
            raise DataError(
                say("[data] {name}: {count} rows of {place} would stay in memory, and with stream = true {most} may; "
                    "give a smaller share or number.", name=name, count=count, place=place, most=MOST_HELD)
            )  # fmt: skip
    return held
