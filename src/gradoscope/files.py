"""Files written whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gradoscope.errors import UsageError
from gradoscope.language import say


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` in UTF-8; the file appears complete, or stays as it was."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path`; the file appears complete, or stays as it was."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:  # it names a file that nobody asked for
        raise OSError(error.errno, error.strerror, str(path)) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def free_folder(path: Path) -> Path:
    """`path`, or path-2, path-3 ... : the first that does not exist."""
    number, found = 2, path
    while found.exists():
        found, number = path.with_name(f"{path.name}-{number}"), number + 1
    return found


def check_free(path: Path) -> None:
    """Refuse a `path` that exists, unless it is an empty folder."""
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise UsageError(say("{path} exists already; name another folder with --out, or remove it.", path=path))


@contextmanager
def filled_folder(folder: Path) -> Iterator[Path]:
    """A folder to write into, whose entries move into `folder` at the end of the block, or vanish if it fails.

    An entry of the same name is replaced; other entries stay.
    """
    work = Path(tempfile.mkdtemp(dir=folder, prefix=".new."))
    try:
        yield work
        for entry in sorted(work.iterdir()):
            old = folder / entry.name
            if old.is_dir():
                shutil.rmtree(old)
            entry.replace(old)
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def new_folder(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """A folder to write into, which becomes `path` at the end of the block, or vanishes if the block fails.

    With `replace`, it takes the place of what `path` is until then, and of what killed writers of it have left.

    Raises
    ------
    UsageError
        `path` exists and is not an empty folder, or cannot be made; nothing has been done then.
    """
    if not replace:
        check_free(path)
    made = not path.parent.exists()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(
            say("{path} cannot be made: {reason}; name another folder with --out.", path=path, reason=reason)
        ) from None
    try:
        yield work
        work.chmod(0o755)
        if path.exists():
            shutil.rmtree(path)
        work.rename(path)
        for left in path.parent.glob(f".{path.name}.????????") if replace else ():
            shutil.rmtree(left, ignore_errors=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if made and not any(path.parent.iterdir()):
            path.parent.rmdir()
