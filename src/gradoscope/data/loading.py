"""One door for all data: a name or a path in, a dataset out."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from gradoscope.data.builtins import builtin_names, find_builtin
from gradoscope.data.content import missing_file, unreadable
from gradoscope.data.dataset import Dataset
from gradoscope.data.reading import read_source
from gradoscope.data.source import to_dataset
from gradoscope.data.tables import Columns
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
    group: str | None = None,
    time: str | None = None,
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
    group
        A column whose equal cells belong together (a patient, a site): no group is divided between parts.
    time
        A column of numbers, dates or times: earlier rows train, later ones validate and test. Like `group`, it is no
        input unless it is in `keep`.
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
    said = Columns(target, asked, tuple(drop), tuple(keep), as_written, group, time)
    make = find_builtin(source)
    if callable(make):
        made = make(options or {})
        unused = {"--drop": drop, "--keep": keep, "--separator": separator, "--group": group, "--time": time}
        _check_unused(source, made.target.names, target, unused)
        return to_dataset(made, source, asked, as_written=as_written)
    if options:
        raise UsageError(say("{name} is a file, and a file takes no options.", name=source))
    path, name = (find_file(source, folder), Path(source).name) if make is None else (make, source)
    return to_dataset(read_source(path, said, separator, encoding), name, asked, as_written=as_written)


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
    try:
        path.lstat()
    except PermissionError as error:
        raise DataError(unreadable(path, error)) from None
    except (OSError, ValueError):  # nothing of that name, or no possible name of a file
        pass
    else:
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


def _check_unused(name: str, targets: tuple[str, ...], target: str | None, said: Mapping[str, object]) -> None:
    """Nothing may be said about the columns of data that are not read from a file."""
    flags = [flag for flag, value in said.items() if value]
    if target is not None and target not in targets:
        flags.append("--target")
    if flags:
        raise UsageError(say("{name} is not read from a file; leave out {flags}.", name=name, flags=", ".join(flags)))
