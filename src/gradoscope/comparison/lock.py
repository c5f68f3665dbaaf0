"""Who writes to a study: one process at a time."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from gradoscope.errors import GradoscopeError, UsageError
from gradoscope.language import say

LOCK = ".study.lock"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """The study in `folder` is this process's, by a lock that the system takes back however the process ends.

    Raises
    ------
    UsageError
        Another process has it.
    """
    path = folder / LOCK
    try:
        while (lock := _locked(path)) is None:
            pass
    except (sqlite3.OperationalError, OSError) as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            raise UsageError(say("another process is at work on the study in {path}.", path=folder)) from None
        raise GradoscopeError(say("the study cannot be kept: {reason}.", reason=error)) from None
    with closing(lock):
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def being_written(folder: Path) -> bool:
    """Whether a process is at work on the study in `folder`."""
    if not (folder / LOCK).exists():
        return False
    try:
        with alone(folder):
            return False
    except UsageError:
        return True


def _locked(path: Path) -> sqlite3.Connection | None:
    """The lock; None if who held it before has removed the file in the moment between."""
    path.touch()
    opened = path.stat().st_ino
    lock = sqlite3.connect(path, timeout=0)
    try:
        lock.execute("BEGIN EXCLUSIVE")
        if path.exists() and path.stat().st_ino == opened:
            return lock
    except sqlite3.OperationalError:
        lock.close()
        raise
    lock.close()
    return None
