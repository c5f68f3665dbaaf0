"""Who trains the populations of a study: threads here, or any executor of `concurrent.futures` anywhere.

What an executor is handed can be pickled and is small: a worker is sent the data when it says that it has none.
"""

import os
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count

from gradoscope.comparison.store import Request
from gradoscope.comparison.study import MemberResult, Settings
from gradoscope.comparison.units import Gate, Unit, train_unit
from gradoscope.compilation import keep_compiled_programs
from gradoscope.data import Dataset, DataSpec
from gradoscope.errors import GradoscopeError
from gradoscope.language import say

HEARTBEAT = 0.1  # seconds
Progress = Callable[[int, int], None]
Trained = list[MemberResult]


@dataclass(frozen=True)
class Task:
    """A unit with what a worker needs besides the data: `data` names them, `caller` is who handed it out."""

    number: int
    unit: Unit
    origin: DataSpec
    settings: Settings
    data: str
    caller: tuple[int, int]


@dataclass(frozen=True, eq=False)
class _Caller:
    """What a task trained in the caller's own process can reach: the data, the gate, the count, the end."""

    dataset: Dataset
    gate: Gate
    count: "_Count"
    cancel: threading.Event


_callers: dict[tuple[int, int], _Caller] = {}  # by process and number: a forked process is not its parent
_numbers = count()
_received: dict[str, Dataset] = {}  # in a worker: the data of the study at hand


def train_all(
    units: Mapping[int, Unit],
    dataset: Dataset,
    request: Request,
    progress: Progress,
    executor: Executor | None,
) -> Generator[tuple[int, Trained]]:
    """Number and results of every unit, as they finish.

    Raises
    ------
    GradoscopeError
        A worker ended without giving its work back.
    """
    settings = request.settings
    caller = _Caller(
        dataset, Gate(list(units.values())), _Count(len(units) * settings.epochs, progress), threading.Event()
    )
    with _known(caller) as name, _pool(executor, len(units)) as pool:
        tasks = {n: Task(n, unit, request.origin, settings, request.fingerprint, name) for n, unit in units.items()}
        waiting: dict[Future[Trained | None], int] = {pool.submit(train, task): n for n, task in tasks.items()}
        try:
            while waiting:
                # Polars handles SIGINT so that a wait without end would resume: Ctrl-C is met between two short waits.
                for future in wait(waiting, timeout=HEARTBEAT, return_when=FIRST_COMPLETED).done:
                    number, trained = waiting.pop(future), future.result()
                    if trained is None:
                        waiting[pool.submit(train, tasks[number], dataset)] = number
                    else:
                        caller.count.reached(number, settings.epochs)
                        yield number, trained
        except BrokenExecutor:
            raise GradoscopeError(
                say("A worker process ended before its work was done (often for lack of memory). "
                    "What is finished is kept.")
            ) from None  # fmt: skip
        finally:  # where all went well, there is nothing left to cancel
            caller.cancel.set()
            for future in waiting:
                future.cancel()


def train(task: Task, dataset: Dataset | None = None) -> Trained | None:
    """Train a unit wherever this is called; None asks for the data, which are kept for the tasks that follow."""
    caller = _callers.get(task.caller) if task.caller[0] == os.getpid() else None
    if caller is not None:
        return _train_here(task, caller)
    if dataset is not None:
        _received.clear()
        _received[task.data] = dataset
    known = _received.get(task.data)
    if known is None:
        return None
    _compile_once()
    return train_unit(task.unit, known, task.origin, task.settings, lambda _: None, lambda: False)


@cache
def _compile_once() -> None:
    keep_compiled_programs()


def _train_here(task: Task, caller: _Caller) -> Trained:
    caller.gate.enter(task.unit)

    def on_epoch(epoch: int) -> None:
        caller.gate.passed(task.unit)
        caller.count.reached(task.number, epoch)

    try:
        return train_unit(task.unit, caller.dataset, task.origin, task.settings, on_epoch, caller.cancel.is_set)
    finally:
        caller.gate.passed(task.unit)


@contextmanager
def _known(caller: _Caller) -> Iterator[tuple[int, int]]:
    name = os.getpid(), next(_numbers)
    _callers[name] = caller
    try:
        yield name
    finally:
        del _callers[name]


@contextmanager
def _pool(executor: Executor | None, units: int) -> Iterator[Executor]:
    """The caller's executor, which stays open; or threads, one per processor."""
    if executor is not None:
        yield executor
        return
    with ThreadPoolExecutor(max(1, min(units, os.cpu_count() or 1))) as pool:
        yield pool


class _Count:
    """Finished epochs of all units, counted from several threads."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._total, self._progress, self._lock = total, progress, threading.Lock()
        self._reached: dict[int, int] = {}
        self._done = 0

    def reached(self, number: int, epoch: int) -> None:
        with self._lock:
            self._done += epoch - self._reached.get(number, 0)
            self._reached[number] = epoch
            self._progress(self._done, self._total)
