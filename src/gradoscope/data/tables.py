"""From the cells of a table to inputs and target."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gradoscope.data.cells import TEXTS, Where, clean, finite, numbers_of
from gradoscope.data.dataset import Guess
from gradoscope.data.order import groups_of, times_of
from gradoscope.data.roles import choose_inputs
from gradoscope.data.source import Source
from gradoscope.data.targets import RawTarget
from gradoscope.errors import DataError, UsageError
from gradoscope.language import say
from gradoscope.records import nearest

TARGET_NAMES = (
    "target", "label", "labels", "class", "y", "outcome", "response",
    "정답", "목표", "라벨", "레이블", "종속변수", "결과",
)  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """What the user says about the columns of a table; see `load`."""

    target: str | None = None
    task: str | None = None
    drop: Sequence[str] = ()
    keep: Sequence[str] = ()
    as_written: bool = False
    group: str | None = None
    time: str | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """Every column that is named."""
        return (*self.drop, *self.keep, *(name for name in (self.target, self.group, self.time) if name is not None))


def to_source(table: pl.DataFrame, where: Where, said: Columns) -> Source:
    """Inputs and target of a table.

    Raises
    ------
    DataError
        A cell that does not fit its column, no target value, or no column left as input.
    UsageError
        A column that the user names and the table does not have.
    """
    _check_names(table, where.place, said)
    order = [name for name in (said.group, said.time) if name is not None]
    rest = table.drop(said.drop).drop(name for name in order if name not in said.keep)
    name, guesses = _target_name(rest, where.place, said)
    values = _target_cells(rest[name], where, said.task)
    present = np.flatnonzero(values.is_not_null().to_numpy())
    if not len(present):
        raise DataError(
            say(
                "the target {name!r} of {place} is missing in every row; choose another column with --target.",
                name=name,
                place=where.place,
            )
        )
    lost = len(values) - len(present)
    if lost:
        reason = say("the target {name!r} is missing there", name=name)
        guesses += (Guess(say("rows left out"), str(lost), reason, None),)
    seen = Where(where.place, where.rows[present])
    inputs = choose_inputs(
        rest.drop(name)[present] if lost else rest.drop(name), seen, said.keep, as_written=said.as_written
    )
    if not inputs.table.width:
        raise DataError(
            say(
                "{place} has no column left as input beside the target {name!r}; add one, or keep one with --keep.",
                place=where.place,
                name=name,
            )
        )
    return Source(
        inputs.table,
        RawTarget(_array(values[present]), (name,), seen.rows, where.place),
        tuple(inputs.table.columns),
        guesses=guesses + inputs.guesses,
        dropped=(*said.drop, *inputs.dropped),
        groups=None if said.group is None else groups_of(table[said.group][present], seen),
        times=None if said.time is None else times_of(table[said.time][present], seen),
        time_name=said.time,
    )


def column_missing(name: str, table: pl.DataFrame, place: str) -> str:
    """The sentence for a column that a table does not have."""
    return say("{place} has no column {name!r}. {hint}", place=place, name=name, hint=nearest(name, table.columns))


def _check_names(table: pl.DataFrame, place: str, said: Columns) -> None:
    for name in said.named:
        if name not in table.columns:
            raise UsageError(column_missing(name, table, place))
    for name in said.drop:
        if name == said.target or name in said.keep:
            raise UsageError(say("the column {name!r} cannot be both dropped and used.", name=name))
    if said.target is not None and said.target in (said.group, said.time):
        raise UsageError(say("the target {name!r} cannot also be the --group or the --time.", name=said.target))


def _target_name(table: pl.DataFrame, place: str, said: Columns) -> tuple[str, tuple[Guess, ...]]:
    if said.target is not None:
        return said.target, ()
    if table.width < 2:
        raise DataError(
            say(
                "{place} has a single column, and a target and at least one input are needed; "
                "add a column, or choose the right --separator.",
                place=place,
            )
        )
    known = [name for wanted in TARGET_NAMES for name in table.columns if name.lower() == wanted]
    if known:
        return known[0], (Guess(say("target"), known[0], say("that is what a target is often called"), "--target"),)
    last = table.columns[-1]
    return last, (Guess(say("target"), last, say("it is the last column"), "--target"),)


def _target_cells(cells: pl.Series, where: Where, task: str | None) -> pl.Series:
    """The target with null for missing: numbers as Float64, Boolean, or texts."""
    if cells.dtype.is_numeric():
        return finite(cells.cast(pl.Float64), where)
    if cells.dtype in (pl.Boolean, pl.Null):
        return cells
    if not isinstance(cells.dtype, TEXTS):
        raise DataError(
            say(
                "the target {name!r} of {place} holds {kind}, and a target holds numbers or texts; choose another "
                "--target.",
                name=cells.name,
                place=where.place,
                kind=str(cells.dtype),
            )
        )
    text = cells.cast(pl.String)
    if task not in (None, "regression"):
        numbers = clean(text).cast(pl.Float64, strict=False)
        return numbers if numbers.null_count() == clean(text).null_count() else clean(text)
    numbers_or_none = numbers_of(text, where, strict=task == "regression")
    return clean(text) if numbers_or_none is None else numbers_or_none


def _array(values: pl.Series) -> NDArray[np.generic]:
    return np.array(values.to_list()) if values.dtype == pl.String else values.to_numpy()
