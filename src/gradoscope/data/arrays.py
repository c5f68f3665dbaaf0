"""NPZ files: arrays X (rows x inputs) and y (rows, or rows x outputs)."""

import io
import zipfile
import zlib

import numpy as np
from numpy.typing import NDArray

from gradoscope.data.dataset import Guess, numbered_names
from gradoscope.data.source import Source
from gradoscope.data.targets import RawTarget
from gradoscope.errors import DataError
from gradoscope.language import say
from gradoscope.records import nearest

Array = NDArray[np.generic]
DAMAGED = (ValueError, EOFError, OSError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error)


def read_npz(content: bytes, place: str) -> Source:
    """Inputs and target of an NPZ file; rows without a target are left out.

    Raises
    ------
    DataError
        The file is damaged, lacks X or y, or holds what is neither numbers nor (for y) texts, or infinities.
    """
    arrays = _arrays(content, place, ("X", "y"))
    inputs, target = inputs_of(arrays["X"], place), arrays["y"]
    if target.ndim not in (1, 2) or target.dtype.kind not in "biufUS":
        raise DataError(
            say(
                "the array y of {place} has shape {shape} and type {kind}; numbers or texts, one row for each row "
                "of X, are needed.",
                place=place,
                shape=target.shape,
                kind=target.dtype,
            )
        )
    if len(inputs) != len(target):
        raise DataError(
            say(
                "{place} has {n} rows in X and {m} in y; give each row one target.",
                place=place,
                n=len(inputs),
                m=len(target),
            )
        )
    names = ("y",) if target.ndim == 1 else tuple(f"y{position + 1}" for position in range(target.shape[1]))
    return to_source(inputs, RawTarget(target, names, np.arange(1, len(target) + 1), place))


def read_npz_inputs(content: bytes, place: str) -> Array:
    """The array X alone, shape (rows, inputs)."""
    return inputs_of(_arrays(content, place, ("X",))["X"], place)


def inputs_of(array: Array, place: str) -> Array:
    """The array with one row per example and no infinite number, shape (rows, inputs)."""
    if array.ndim < 1 or array.dtype.kind not in "biuf" or not array.size:
        raise DataError(
            say(
                "the array X of {place} has shape {shape} and type {kind}; rows of numbers are needed.",
                place=place,
                shape=array.shape,
                kind=array.dtype,
            )
        )
    rows = array.reshape(len(array), -1)
    infinite = np.argwhere(np.isinf(rows)) if rows.dtype.kind == "f" else np.empty((0, 2))
    if len(infinite):
        raise DataError(
            say(
                "row {row} of {place} has an infinite number in column {column} of X; correct it, or write NaN if "
                "it is missing.",
                row=infinite[0, 0] + 1,
                place=place,
                column=infinite[0, 1] + 1,
            )
        )
    return rows


def to_source(inputs: Array, target: RawTarget) -> Source:
    """The source of an array and its target: rows with a missing target are left out, missing inputs are counted."""
    values, guesses = target.values, list[Guess]()
    if values.dtype.kind == "f":
        missing = np.isnan(values).reshape(len(values), -1).any(axis=1)
        if missing.any():
            reason = say("the target {name!r} is missing there", name=target.target_name[0])
            guesses.append(Guess(say("rows left out"), str(missing.sum()), reason, None))
            inputs, target = inputs[~missing], target._replace(values=values[~missing], rows=target.rows[~missing])
    if not len(target.values):
        raise DataError(
            say(
                "the target {name!r} of {place} is missing in every row; choose another column with --target.",
                name=target.target_name[0],
                place=target.place,
            )
        )
    holes = int(np.isnan(inputs).sum()) if inputs.dtype.kind == "f" else 0
    if holes:
        reason = say("numbers become the median of the training rows")
        guesses.append(Guess(say("missing cells"), str(holes), reason, None))
    return Source(inputs, target, numbered_names(inputs.shape[1]), guesses=tuple(guesses))


def _arrays(content: bytes, place: str, names: tuple[str, ...]) -> dict[str, Array]:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            for name in names:
                if name not in arrays:
                    hint = nearest(name, arrays.files)
                    raise DataError(say("{place} has no array {name!r}. {hint}", place=place, name=name, hint=hint))
            return {name: np.asarray(arrays[name]) for name in names}
    except DAMAGED as error:
        raise DataError(say("{place} is not a sound NPZ file: {error}.", place=place, error=error)) from None
