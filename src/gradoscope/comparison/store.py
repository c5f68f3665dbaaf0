"""The study store: one SQLite file that holds a study while it runs and when it is done.

One process writes; readers never wait (write-ahead log). Every population is one transaction: a study that is killed
loses at most the populations under way.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from gradoscope.comparison.arms import Arm, Head
from gradoscope.comparison.lock import alone
from gradoscope.comparison.stored import (
    RUN_COLUMNS,
    ExperimentOf,
    layers_of,
    member_from_list,
    member_to_list,
    result_from_row,
    row_of_result,
)
from gradoscope.comparison.study import MemberResult, Settings
from gradoscope.comparison.units import Unit
from gradoscope.data import DataSpec
from gradoscope.errors import DataError, GradoscopeError, UsageError
from gradoscope.files import check_free
from gradoscope.language import say
from gradoscope.records import read, write
from gradoscope.versions import versions

FILE = "study.sqlite"
FORMAT = 1  # kept in the file as its user_version
SCHEMA = f"""
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE sessions (id INTEGER PRIMARY KEY, started TEXT NOT NULL, versions TEXT NOT NULL, seconds REAL NOT NULL);
CREATE TABLE arms (id INTEGER PRIMARY KEY, activation TEXT, loss TEXT, hidden TEXT, head TEXT,
    UNIQUE (activation, loss, hidden, head));
CREATE TABLE units (id INTEGER PRIMARY KEY, seed INTEGER NOT NULL, members TEXT NOT NULL,
    session INTEGER REFERENCES sessions);
CREATE TABLE runs (unit INTEGER NOT NULL REFERENCES units, place INTEGER NOT NULL, arm INTEGER NOT NULL REFERENCES arms,
    {", ".join(f"{name} {kind}" for name, kind in RUN_COLUMNS.items())}, PRIMARY KEY (unit, place));
"""


@dataclass(frozen=True)
class Request:
    """What a study was asked for: enough to ask for it again.

    Parameters
    ----------
    activations, losses
        Canonical names.
    settings
        Layers, rates, seeds, epochs.
    origin
        Where the data came from.
    fingerprint
        Of the data (`gradoscope.data.fingerprint`).
    reading
        Arguments of `gradoscope.data.load` besides the source.
    commands
        The command lines that asked, one after the other.
    """

    activations: tuple[str, ...]
    losses: tuple[str, ...]
    settings: Settings
    origin: DataSpec
    fingerprint: str
    reading: Mapping[str, object] = field(default_factory=dict)
    commands: tuple[str, ...] = ()


class Store:
    """An open study store; made by `open_store` (to write) or `read_store`.

    Units are numbered in the order in which they were planned, which is also the order of results.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._session = 0

    @property
    def request(self) -> Request | None:
        """What was asked for; None in a new store."""
        row = self._connection.execute("SELECT value FROM about WHERE name = 'request'").fetchone()
        return None if row is None else read(Request, json.loads(row[0]), FILE)

    def plan(self, request: Request, units: Sequence[Unit]) -> None:
        """Write down what is asked for, and the populations that this takes besides those planned before."""
        arms = {arm: None for unit in units for arm, _ in unit.members}
        with self._writing() as writing:
            writing.execute("REPLACE INTO about VALUES ('request', ?)", [_json(write(request))])
            writing.executemany(
                "INSERT OR IGNORE INTO arms (activation, loss, hidden, head) VALUES (?, ?, ?, ?)",
                [(arm.activation, arm.loss, _json(arm.hidden), _json(write(arm.head))) for arm in arms],
            )
            numbers = {arm: number for number, arm in self._arms().items()}
            lists = ((unit.seed, _json([member_to_list(m, numbers) for m in unit.members])) for unit in units)
            writing.executemany("INSERT INTO units (seed, members) VALUES (?, ?)", lists)

    def begin(self) -> None:
        """A new session: units kept from now on are trained now, by the versions in use."""
        with self._writing() as writing:
            row = (datetime.now(UTC).isoformat(timespec="seconds"), _json(versions()))
            cursor = writing.execute("INSERT INTO sessions (started, versions, seconds) VALUES (?, ?, 0)", row)
            self._session = cursor.lastrowid or 0

    def units(self) -> list[Unit]:
        """All planned units; the unit with number n stands at position n - 1."""
        arms = self._arms()
        rows = self._connection.execute("SELECT seed, members FROM units ORDER BY id")
        return [
            Unit(seed, tuple(member_from_list(arms, *own) for own in json.loads(members))) for seed, members in rows
        ]

    def missing(self) -> list[int]:
        """The numbers of the units without results."""
        return [
            number for (number,) in self._connection.execute("SELECT id FROM units WHERE session IS NULL ORDER BY id")
        ]

    def keep(self, number: int, results: Sequence[MemberResult], seconds: float) -> None:
        """Keep the results of a unit, all or none; `seconds` is how long the session has run."""
        numbers = {arm: arm_number for arm_number, arm in self._arms().items()}
        rows = [(number, place, numbers[r.arm], *row_of_result(r)) for place, r in enumerate(results)]
        marks = ", ".join("?" * (3 + len(RUN_COLUMNS)))
        with self._writing() as writing:
            writing.executemany(f"INSERT INTO runs VALUES ({marks})", rows)
            writing.execute("UPDATE units SET session = ? WHERE id = ?", (self._session, number))
            writing.execute("UPDATE sessions SET seconds = ? WHERE id = ?", (seconds, self._session))

    def results(self, experiment_of: ExperimentOf) -> Iterator[MemberResult]:
        """Every trained network, in the order of the plan."""
        units, columns = self.units(), ", ".join(RUN_COLUMNS)
        for unit, place, *row in self._connection.execute(f"SELECT unit, place, {columns} FROM runs ORDER BY 1, 2"):
            arm, choice = units[unit - 1].members[place]
            yield result_from_row(arm, choice, row, experiment_of)

    def seconds(self) -> float:
        """How long all sessions have run."""
        return float(self._connection.execute("SELECT TOTAL(seconds) FROM sessions").fetchone()[0])

    def rows(self, query: str) -> list[Any]:
        """The rows of a query."""
        return self._connection.execute(query).fetchall()

    def table(self, query: str) -> pl.DataFrame:
        """The rows of a query as a table."""
        cursor = self._connection.execute(query)
        names = [column[0] for column in cursor.description]
        return pl.DataFrame(cursor.fetchall(), schema=names, orient="row", infer_schema_length=None)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is kept, or nothing."""
        try:
            with self._connection:
                yield self._connection
        except sqlite3.DatabaseError as error:  # a full disk, a folder that went away, a damaged file
            raise GradoscopeError(say("the study cannot be kept: {reason}.", reason=error)) from None

    def _arms(self) -> dict[int, Arm]:
        rows = self._connection.execute("SELECT id, activation, loss, hidden, head FROM arms ORDER BY id")
        return {
            number: Arm(activation, loss, layers_of(json.loads(hidden)), read(Head, json.loads(head), FILE))
            for number, activation, loss, hidden, head in rows
        }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


@contextmanager
def open_store(folder: Path | None) -> Iterator[Store]:
    """The store in `folder`, to write to: made if it is not there; in memory for None.

    Raises
    ------
    UsageError
        The folder holds something else, cannot be made, or another process is writing to it.
    """
    if folder is None:
        with closing(sqlite3.connect(":memory:")) as connection:
            yield _made(connection, Path(":memory:"))
        return
    _make(folder)
    with alone(folder), closing(sqlite3.connect(folder / FILE)) as connection, _whole(folder / FILE):
        store = _made(connection, folder / FILE)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        yield store


@contextmanager
def read_store(folder: Path) -> Iterator[Store]:
    """The store in `folder`, to read from, also while another process writes to it.

    Raises
    ------
    UsageError
        There is none.
    """
    path = folder / FILE
    if not path.is_file():
        raise UsageError(say("{path} holds no study; give a folder that compare wrote.", path=folder))
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True)) as connection:
        connection.execute("PRAGMA query_only = ON")  # a connection that is opened to read leaves the log behind
        with _whole(path):
            yield _checked(connection, path)


def read_request(folder: Path) -> Request:
    """What the study in `folder` was asked for.

    Raises
    ------
    UsageError
        There is none.
    """
    with read_store(folder) as store:
        request = store.request
    if request is None:
        raise UsageError(say("{path} holds no study; give a folder that compare wrote.", path=folder))
    return request


def _make(folder: Path) -> None:
    if not (folder / FILE).exists():
        check_free(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(
            say("{path} cannot be made: {reason}; name another folder with --out.", path=folder, reason=reason)
        ) from None


def _made(connection: sqlite3.Connection, path: Path) -> Store:
    if _version(connection) == 0:
        connection.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {FORMAT}; COMMIT;")
    return _checked(connection, path)


def _checked(connection: sqlite3.Connection, path: Path) -> Store:
    if (version := _version(connection)) != FORMAT:
        raise DataError(
            say("{path} has format {version}, and this program reads format {known}; use the version that wrote it.",
                path=path, version=version, known=FORMAT)
        )  # fmt: skip
    return Store(connection)


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Damage, wherever it shows, is told as what it is."""
    try:
        yield
    except (sqlite3.DatabaseError, json.JSONDecodeError) as error:
        raise DataError(say("{path} cannot be read: {error}.", path=path, error=error)) from None


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
