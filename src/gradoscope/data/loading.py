"""One door for all data: a name or a path in, a dataset out."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gradoscope.data.arrays import read_npz
from gradoscope.data.builtins import builtin_names, find_builtin
from gradoscope.data.dataset import Dataset
from gradoscope.data.source import to_dataset
from gradoscope.data.targets import checked_task
from gradoscope.errors import UsageError
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
    asked = checked_task(task)
    make = find_builtin(source)
    if make is not None:
        return to_dataset(make(options or {}), source, asked, as_written=as_written, tell_task=False)
    path = (folder or Path()) / source
    if path.suffix == ".npz":
        return to_dataset(read_npz(path), path.name, asked, as_written=as_written, tell_task=True)
    raise UsageError(say("there is no data {source!r}. {hint}", source=source, hint=nearest(source, builtin_names())))
