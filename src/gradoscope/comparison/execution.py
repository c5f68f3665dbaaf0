"""Who trains the populations of a study: threads here, or any executor of `concurrent.futures` anywhere."""

import os
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice
from queue import Empty, SimpleQueue
from uuid import uuid4

from gradoscope.comparison.store import Request
from gradoscope.comparison.study import MemberResult, Settings
from gradoscope.comparison.units import Gate, Unit, train_unit
from gradoscope.compilation import keep_compiled_programs
from gradoscope.data import Dataset, DataSpec
from gradoscope.errors import GradoscopeError
from gradoscope.language import say

HEARTBEAT = 0.1  # seconds
WINDOW = 1000  # tasks handed out and not yet back: more would burden a scheduler, and keep no worker busier
Progress = Callable[[int, int], None]
Trained = list[MemberResult]
Finished = SimpleQueue[tuple[int, Future[Trained]]]


@dataclass(frozen=True)
class Task:
    """A unit with what a worker needs besides the data; `caller` is who handed it out: a process and a name."""

    number: int
    unit: Unit
    origin: DataSpec
    settings: Settings
    caller: tuple[int, str]


@dataclass(frozen=True, eq=False)
class _Caller:
    """What a task can reach in the process that handed it out: the gate, the count, the end."""

    gate: Gate
    count: "_Count"
    cancel: threading.Event


_callers: dict[tuple[int, str], _Caller] = {}


def train_all(
    units: Mapping[int, Unit], dataset: Dataset, request: Request, progress: Progress, executor: Executor | None
) -> Generator[tuple[int, Trained]]:
    """Number and results of every unit, as they finish.

    Raises
    ------
    GradoscopeError
        A worker ended without giving its work back.
    """
    epochs, shared = request.settings.epochs, replace(request.settings, seeds=())  # a unit has its own seed
    caller = _Caller(Gate(list(units.values())), _Count(len(units) * epochs, progress), threading.Event())
    with _known(caller) as name, _pool(executor, len(units)) as pool:
        tasks = (Task(number, unit, request.origin, shared, name) for number, unit in units.items())
        finished: Finished = SimpleQueue()
        waiting: set[Future[Trained]] = set()

        def hand_out(count: int) -> None:
            for task in islice(tasks, count):
                future = pool.submit(train, task, dataset)
                waiting.add(future)
                future.add_done_callback(partial(_put, finished, task.number))

        try:
            hand_out(WINDOW)
            while waiting:
                # Polars handles SIGINT so that a wait without end would resume: Ctrl-C is met between two short waits.
                try:
                    number, future = finished.get(timeout=HEARTBEAT)
                except Empty:
                    continue
                waiting.remove(future)
                hand_out(1)
                caller.count.reached(number, epochs)
                yield number, future.result()
        except BrokenExecutor:
            raise GradoscopeError(
                say("A worker process ended before its work was done (often for lack of memory). "
                    "What is finished is kept.")
            ) from None  # fmt: skip
        finally:  # where all went well, there is nothing left to cancel
            caller.cancel.set()
            for future in waiting:
                future.cancel()


def _put(queue: Finished, number: int, future: Future[Trained]) -> None:
    queue.put((number, future))


def train(task: Task, dataset: Dataset) -> Trained:
    """Train a unit wherever this is called; in the process that handed it out, progress and the end are shared."""
    caller = _callers.get(task.caller) if task.caller[0] == os.getpid() else None  # a forked process is not its parent
    if caller is not None:
        return _train_here(task, dataset, caller)
    _compile_once()
    return train_unit(task.unit, dataset, task.origin, task.settings, lambda _: None, lambda: False)


@cache
def _compile_once() -> None:
    keep_compiled_programs()


def _train_here(task: Task, dataset: Dataset, caller: _Caller) -> Trained:
    caller.gate.enter(task.unit)

    def on_epoch(epoch: int) -> None:
        caller.gate.passed(task.unit)
        caller.count.reached(task.number, epoch)

    try:
        return train_unit(task.unit, dataset, task.origin, task.settings, on_epoch, caller.cancel.is_set)
    finally:
        caller.gate.passed(task.unit)


@contextmanager
def _known(caller: _Caller) -> Iterator[tuple[int, str]]:
    name = os.getpid(), uuid4().hex
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
        """Unit `number` has trained so many epochs."""
        with self._lock:
            self._done += epoch - self._reached.get(number, 0)
            self._reached[number] = epoch
            self._progress(self._done, self._total)
