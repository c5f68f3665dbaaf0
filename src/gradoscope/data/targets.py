"""From the raw target of a source to class codes or numbers, with the task asked for or guessed."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.data.dataset import TASKS, Guess
from gradoscope.errors import DataError, UsageError
from gradoscope.language import say
from gradoscope.records import nearest

MOST_CLASSES_OF_NUMBERS = 20  # a target of whole numbers with more values than this is a measurement, not a class
FEWEST_ROWS_OF_A_CLASS = 3  # ... and so is one whose values hardly ever repeat
CLASSIFICATION = "classification"


class RawTarget(NamedTuple):
    """The target as the source holds it: no cell missing, text or numbers.

    values: (rows,) or (rows, outputs); names: one per column; rows: the row number of each row in the source;
    place: the source, for messages; class_names: names of the codes 0, 1, ..., where the source knows them.
    """

    values: NDArray[np.generic]
    names: tuple[str, ...]
    rows: NDArray[np.int64]
    place: str
    class_names: tuple[str, ...] | None = None

    @property
    def target_name(self) -> tuple[str, ...]:
        """The name of the target taken as one column."""
        return self.names if len(self.names) == 1 else ("y",)


class Target(NamedTuple):
    """The target as a dataset holds it; columns: of classes that were given as one column each."""

    values: NDArray[np.int64] | NDArray[np.float64]
    classes: tuple[str, ...] | None
    task: str
    guess: Guess | None
    columns: NDArray[np.float64] | None = None


def checked_task(task: str | None) -> str | None:
    """The task as given, if it is one; "classification" stands for binary or multiclass, whichever fits."""
    if task is None or task in (*TASKS, CLASSIFICATION):
        return task
    hint = nearest(task, (*TASKS, CLASSIFICATION))
    raise UsageError(say("there is no task {task!r}. {hint}", task=task, hint=hint))


def read_target(raw: RawTarget, asked: str | None, *, as_written: bool) -> Target:
    """The target with its task.

    Parameters
    ----------
    raw
        What the source holds.
    asked
        "binary", "multiclass", "classification", "regression", or None to guess.
    as_written
        Whether targets from which nothing can be learned are let through: an experiment trains what it says.

    Raises
    ------
    DataError
        The target does not fit the task, holds infinities, or leaves nothing to learn.
    """
    _check_finite(raw)
    raw = raw._replace(values=raw.values[:, 0]) if raw.values.ndim == 2 and raw.values.shape[1] == 1 else raw
    guess = guess_task(raw) if asked is None else None
    task = asked or (guess.value if guess else "regression")
    if task == "regression":
        return Target(_numbers(raw, as_written=as_written), None, task, guess)
    codes, classes = _classes(raw, as_written=as_written)
    if task == "binary" and len(classes) > 2 and not as_written:
        raise DataError(
            say(
                "the target {name!r} of {place} has {count} classes ({classes}), but the task is binary; choose "
                "--task multiclass.",
                name=raw.names[0],
                place=raw.place,
                count=len(classes),
                classes=some(classes),
            )
        )
    found = ("binary" if len(classes) <= 2 else "multiclass") if task == CLASSIFICATION else task
    columns = raw.values.astype(np.float64) if raw.values.ndim == 2 else None
    return Target(codes, classes, found, guess, columns)


def guess_task(raw: RawTarget) -> Guess:
    """The task that the target's values suggest, with the reason."""
    name, values = raw.names[0], raw.values
    if values.ndim == 2:
        if _is_one_hot(values):
            reason = say("every row of the target has one 1 among 0s")
            return Guess(say("task"), "multiclass" if values.shape[1] > 2 else "binary", reason, "--task")
        return Guess(say("task"), "regression", say("the target has {count} columns", count=values.shape[1]), "--task")
    distinct = np.unique(values)
    found = "binary" if len(distinct) == 2 else "multiclass"
    if values.dtype.kind not in "biuf":
        reason = say("{name!r} holds text: {values}", name=name, values=some([str(each) for each in distinct]))
        return Guess(say("task"), found, reason, "--task")
    whole = bool(np.all(distinct == np.floor(distinct)))
    few = len(distinct) <= MOST_CLASSES_OF_NUMBERS and len(distinct) * FEWEST_ROWS_OF_A_CLASS <= len(values)
    if len(distinct) == 2 or (whole and few):
        reason = say(
            "{name!r} holds {count} different values: {values}",
            name=name,
            count=len(distinct),
            values=some(_labels(distinct)),
        )
        return Guess(say("task"), found, reason, "--task")
    reason = say("{name!r} holds {count} different numbers", name=name, count=len(distinct))
    return Guess(say("task"), "regression", reason, "--task")


def some(names: list[str] | tuple[str, ...], most: int = 4) -> str:
    """The first few of the names.

    Examples
    --------
    >>> some(["a", "b", "c", "d", "e"])
    'a, b, c, d, ...'
    """
    return ", ".join([*names[:most], *(["..."] if len(names) > most else [])])


def _check_finite(raw: RawTarget) -> None:
    if raw.values.dtype.kind != "f":
        return
    bad = np.argwhere(~np.isfinite(np.atleast_2d(raw.values.T).T))
    if len(bad):
        row, column = bad[0]
        value = np.atleast_2d(raw.values.T).T[row, column]
        raise DataError(
            say(
                "row {row} of {place} has the value {value} in the target {name!r}; a target must be finite: "
                "correct or remove the row.",
                row=raw.rows[row],
                place=raw.place,
                value=value,
                name=raw.names[column],
            )
        )


def _numbers(raw: RawTarget, *, as_written: bool) -> NDArray[np.float64]:
    if raw.values.dtype.kind not in "biuf":
        raise DataError(
            say(
                "the target {name!r} of {place} holds text (row {row}: {value!r}), and regression needs numbers; "
                "choose another --target or --task classification.",
                name=raw.names[0],
                place=raw.place,
                row=raw.rows[0],
                value=str(raw.values[0]),
            )
        )
    values = raw.values.astype(np.float64)
    if not as_written and np.all(values == values[:1]):
        raise DataError(_constant(raw, values.ravel()[0]))
    return values


def _constant(raw: RawTarget, value: object) -> str:
    return say(
        "the target {name!r} of {place} is {value} in every row, so there is nothing to learn; choose another "
        "column with --target.",
        name=raw.names[0],
        place=raw.place,
        value=value,
    )


def _classes(raw: RawTarget, *, as_written: bool) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    values = raw.values
    if values.ndim == 2:
        if values.dtype.kind not in "biuf" or not (as_written or _is_one_hot(values)):
            raise DataError(
                say(
                    "the target of {place} has {count} columns that are not one-hot, and a class needs one "
                    "column; choose --task regression.",
                    place=raw.place,
                    count=values.shape[1],
                )
            )
        columns = values.argmax(axis=1).astype(np.int64)
        if not as_written:
            present, codes = np.unique(columns, return_inverse=True)
            _check_classes(raw, codes, tuple(raw.names[column] for column in present))
        return columns, raw.names
    distinct, codes = np.unique(values, return_inverse=True)
    classes = tuple(_labels(distinct))
    if not as_written:
        _check_classes(raw, codes, classes)
    if raw.class_names is not None and np.all((distinct >= 0) & (distinct < len(raw.class_names))):
        return values.astype(np.int64), raw.class_names
    return codes.astype(np.int64), classes


def _check_classes(raw: RawTarget, codes: NDArray[np.int64], classes: tuple[str, ...]) -> None:
    counts = np.bincount(codes)
    if len(classes) == 1:
        raise DataError(_constant(raw, repr(classes[0])))
    if len(classes) * 2 > len(codes):
        raise DataError(
            say(
                "the target {name!r} of {place} has {count} classes in {n} rows, so they cannot be learned; "
                "choose another column with --target, or --task regression if it holds measurements.",
                name=raw.names[0],
                place=raw.place,
                count=len(classes),
                n=len(codes),
            )
        )
    if counts.min() == 1:
        code = int(counts.argmin())
        row = raw.rows[np.flatnonzero(codes == code)[0]]
        raise DataError(
            say(
                "the class {label!r} of the target {name!r} has a single row (row {row} of {place}), so it cannot "
                "be both learned and tested; correct or remove that row, add rows, or choose --task regression if "
                "the column holds measurements.",
                label=classes[code],
                name=raw.names[0],
                row=row,
                place=raw.place,
            )
        )


def _is_one_hot(values: NDArray[np.generic]) -> bool:
    numbers = values.dtype.kind in "biuf" and values.shape[1] > 1
    return bool(numbers and np.all((values == 0) | (values == 1)) and np.all(values.sum(axis=1) == 1))


def _labels(distinct: NDArray[np.generic]) -> list[str]:
    if distinct.dtype.kind == "f" and np.all(distinct == np.floor(distinct)):
        return [str(int(value)) for value in distinct]
    return [str(value).lower() if distinct.dtype.kind == "b" else str(value) for value in distinct.tolist()]
