"""Rows that were decoded once, on disk: the next epochs read them as they are."""

import shutil
import tempfile
import weakref
from collections.abc import Callable
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.compilation import cache_folder
from gradoscope.data.spec import Rows


class _Place(NamedTuple):
    """Where the arrays of some rows begin in the file, and their shapes; None for weights that are not there."""

    start: int
    shapes: tuple[tuple[int, ...] | None, ...]


class Spool:
    """A file without a name beside the compiled programs; it goes when the process ends, however it ends.

    It takes at most half of what the disk has free. What finds no room is made again each time.
    """

    def __init__(self) -> None:
        self._places: dict[int, _Place] = {}
        self._file: IO[bytes] | None = None
        self._end = self._room = 0
        try:
            folder = cache_folder().parent
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
            self._room = shutil.disk_usage(folder).free // 2
        except (OSError, RuntimeError):  # no home, or one that cannot be written: only time is lost
            return
        weakref.finalize(self, self._file.close)

    def rows(self, number: int, make: Callable[[], Rows]) -> Rows:
        """The rows of this number, made the first time and read from then on."""
        if self._file is not None and number in self._places:
            return _read(self._file, self._places[number])
        rows = make()
        self._keep(number, rows)
        return rows

    def _keep(self, number: int, rows: Rows) -> None:
        size = sum(0 if array is None else array.nbytes for array in rows)
        if self._file is None or self._end + size > self._room:
            return
        try:
            self._file.seek(self._end)
            for array in rows:
                if array is not None:
                    self._file.write(np.ascontiguousarray(array).data)
        except OSError:  # the disk filled up meanwhile
            self._room = 0
            return
        self._places[number] = _Place(self._end, tuple(None if array is None else array.shape for array in rows))
        self._end += size


def _read(file: IO[bytes], place: _Place) -> Rows:
    file.seek(place.start)
    inputs, targets, weights = (None if shape is None else _filled(file, shape) for shape in place.shapes)
    assert inputs is not None
    assert targets is not None
    return Rows(inputs, targets, weights)


def _filled(file: IO[bytes], shape: tuple[int, ...]) -> NDArray[np.float32]:
    array = np.empty(shape, np.float32)
    file.readinto(array)  # type: ignore[attr-defined]
    return array
