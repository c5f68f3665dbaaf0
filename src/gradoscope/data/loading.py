"""One door for all data: a name or a path in, a dataset out."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from gradoscope.data.arrays import read_npz
from gradoscope.data.builtins import builtin_names, find_builtin
from gradoscope.data.cells import Where
from gradoscope.data.content import kind_of, missing_file, read_content
from gradoscope.data.dataset import Dataset
from gradoscope.data.decoding import to_utf8
from gradoscope.data.idx import read_idx_folder, read_idx_pair
from gradoscope.data.parquet import read_parquet
from gradoscope.data.separated import Cells, read_separated
from gradoscope.data.source import Source, to_dataset
from gradoscope.data.tables import Columns, to_source
from gradoscope.data.targets import checked_task
from gradoscope.errors import DataError, UsageError
from gradoscope.language import say
from gradoscope.records import nearest


def load(
    source: str,
    *,
    target: str | None = None,
    task: str | None = None,
    options: Mapping[str, object] | None = None,
    separator: str | None = None,
    encoding: str | None = None,
    drop: Sequence[str] = (),
    keep: Sequence[str] = (),
    folder: Path | None = None,
    as_written: bool = False,
) -> Dataset:
    """Read data from a file or make built-in data.

    Parameters
    ----------
    source
        Name of built-in data (see `catalogue`), of a loader or generator of scikit-learn, or a path: text with
        separators (CSV, TSV), Parquet, NPZ with arrays X and y, an IDX images file with its labels beside it,
        or a folder of IDX files.
    target
        The target column of a table; None guesses.
    task
        "binary", "multiclass", "classification" (either of them) or "regression"; None guesses.
    options
        Arguments of a built-in source, such as {"noise": 0.1}.
    separator, encoding
        Of a text file; None guesses.
    drop
        Columns of a table that are no inputs.
    keep
        Columns of a table that are inputs even if they look like names, row numbers or constants.
    folder
        Where a relative path starts; the current folder if None.
    as_written
        Take the data as they are: every column of a table is an input, few rows and constant targets are let through.

    Raises
    ------
    DataError
        The data cannot be used; the message names file, row, column and value.
    UsageError
        An unknown name, column, task or option.

    Examples
    --------
    >>> dataset = load("make_moons", options={"n_samples": 200, "noise": 0.1})
    >>> dataset.n_rows, dataset.task, dataset.input_names
    (200, 'binary', ('x1', 'x2'))
    """
    asked = checked_task(task)
    said = Columns(target, asked, tuple(drop), tuple(keep), as_written)
    make = find_builtin(source)
    if make is not None:
        return to_dataset(make(options or {}), source, asked, as_written=as_written, tell_task=False)
    path = find_file(source, folder)
    if options:
        raise UsageError(say("{name} is a file, and a file takes no options.", name=path.name))
    found = _read(path, said, separator, encoding)
    return to_dataset(found, path.name, asked, as_written=as_written, tell_task=True)


def find_file(source: str, folder: Path | None) -> Path:
    """The path that `source` means.

    Raises
    ------
    DataError
        It looks like a path, and nothing is there.
    UsageError
        It looks like a name, and no built-in data has it.
    """
    path = (folder or Path()) / source
    if os.path.lexists(path):
        return path
    if path.suffix or os.sep in source or "/" in source:
        raise DataError(missing_file(path))
    raise UsageError(
        say(
            "there is neither a file nor built-in data named {source!r}. {hint}",
            source=source,
            hint=nearest(source, builtin_names()),
        )
    )


def read_table(content: bytes, path: Path, separator: str | None, encoding: str | None) -> Cells:
    """The cells of a text or Parquet file."""
    if kind_of(content, path) == "parquet":
        return read_parquet(content, path.name)
    text, guesses = to_utf8(content, path.name, encoding)
    cells = read_separated(text, path.name, separator)
    return cells._replace(guesses=guesses + cells.guesses)


def _read(path: Path, said: Columns, separator: str | None, encoding: str | None) -> Source:
    if path.is_dir():
        return read_idx_folder(path)
    content = read_content(path)
    kind = kind_of(content, path)
    if kind == "idx":
        return read_idx_pair(path)
    if kind == "npz":
        return read_npz(content, path.name)
    cells = read_table(content, path, separator, encoding)
    source = to_source(cells.table, Where(path.name, cells.rows), said)
    return source._replace(guesses=cells.guesses + source.guesses)
