"""Compare: train every arm at every learning rate and seed, choose the rates by validation, judge on the test rows."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, ThreadPoolExecutor, wait
from dataclasses import replace

from gradoscope.comparison.arms import choose_arms
from gradoscope.comparison.metrics import choose_metric, metric_guess
from gradoscope.comparison.ranking import ranked, resamples
from gradoscope.comparison.study import MemberResult, Settings, Study
from gradoscope.comparison.units import Gate, Unit, data_spec, train_unit, training_spec, units
from gradoscope.comparison.verdict import verdict
from gradoscope.data import Dataset, DataSpec, Guess
from gradoscope.errors import UsageError
from gradoscope.language import say
from gradoscope.networks import Experiment

LARGE = 10_000  # training rows from which batches of 128 are the default
HEARTBEAT = 0.1  # seconds
Progress = Callable[[int, int], None]


def compare(
    dataset: Dataset,
    *,
    activations: Sequence[str] = (),
    losses: Sequence[str] = (),
    settings: Settings | None = None,
    origin: DataSpec | None = None,
    progress: Progress = lambda done, total: None,
    executor: Executor | None = None,
) -> Study:
    """Compare activations (and losses, and depths) on a data set.

    Every arm sees the same splits, starts and batches; for every seed, each arm's learning rate is chosen from the same
    grid by its smallest validation loss of that seed; test rows are looked at only for the final scores.

    Parameters
    ----------
    dataset
        The data (`gradoscope.data.load`).
    activations, losses
        Names; nothing means the usual ones, ("all",) every activation.
    settings
        Layers, grid, seeds, epochs; None chooses by the size of the data.
    origin
        Where the data came from and how they were read, for the experiment files; by default the dataset's name.
    progress
        Called with finished and all epochs, over all populations.
    executor
        Where populations train; by default one thread per processor.

    Returns
    -------
    Study

    Raises
    ------
    UsageError
        Unknown or unfit activations, losses or settings.
    DataError
        The data are too few to divide.

    Examples
    --------
    >>> from gradoscope.data import load
    >>> from gradoscope.comparison import Settings, compare
    >>> quick = Settings(hidden=((8,),), learning_rates=(0.01,), seeds=(0, 1), epochs=5)
    >>> study = compare(load("iris"), activations=["relu", "tanh"], settings=quick)
    >>> sorted(result.arm.activation for result in study.arms), study.arms[0].score.runs
    (['relu', 'tanh'], 2)
    """
    began = time.perf_counter()
    chosen = settings or default_settings(dataset)
    metric = choose_metric(chosen.metric, dataset)
    _check(chosen)
    arms = choose_arms(dataset, activations, losses, chosen.hidden)
    work = units(arms, chosen.seeds)
    read = origin or DataSpec(source=dataset.name)
    members = _train_all(work, dataset, read, chosen, progress, executor)
    rows, floor, tested = resamples(dataset, chosen, metric, arms[0].head.targets)
    ranking = ranked(arms, members, chosen, metric, tested, rows)
    return Study(
        name=dataset.name,
        source=read.source,
        task=dataset.task,
        metric=metric,
        settings=replace(chosen, metric=metric),
        rows=rows,
        arms=ranking,
        baseline=floor,
        verdict=verdict(ranking, metric, floor, chosen.equivalence),
        guesses=guesses(dataset, chosen),
        overlap=0.0 if dataset.test_rows is not None else rows.test / rows.train,
        all_members=tuple(members),
        seconds=time.perf_counter() - began,
    )


def default_settings(dataset: Dataset) -> Settings:
    """The usual settings; larger batches for large data."""
    held = 0 if dataset.test_rows is None else len(dataset.test_rows)
    usual = Settings(batch_size=128 if dataset.n_rows - held >= LARGE else 32)
    return usual if dataset.times is None else replace(usual, validation=0.1, test=0.05)  # of each window


def guesses(dataset: Dataset, settings: Settings) -> tuple[Guess, ...]:
    """Everything that was decided for the user, the batch size included where it is the usual one."""
    said = dataset.guesses if settings.metric is not None else (*dataset.guesses, *metric_guess(dataset))
    if settings.batch_size != default_settings(dataset).batch_size:
        return said
    reason = say("32 for small data, 128 from {large} rows", large=LARGE)
    return (*said, Guess(say("batch size"), str(settings.batch_size), reason, "--batch-size"))


def _check(settings: Settings) -> None:
    for name, values, low in (
        ("--hidden", [width for layers in settings.hidden for width in layers], 1),
        ("--seeds", [len(settings.seeds)], 1),
        ("--epochs", [settings.epochs], 1),
        ("--batch-size", [settings.batch_size], 1),
    ):
        for value in values:
            if value < low:
                raise UsageError(say("{name} is {value}; it must be at least {low}.", name=name, value=value, low=low))
    if settings.equivalence is not None and not settings.equivalence > 0:
        raise UsageError(say("--equivalence is {value}; it must be greater than 0.", value=settings.equivalence))
    if not settings.learning_rates or min(settings.learning_rates) <= 0:
        raise UsageError(say("--learning-rates must be numbers greater than 0, separated by commas."))


def _train_all(
    work: Sequence[Unit],
    dataset: Dataset,
    origin: DataSpec,
    settings: Settings,
    progress: Progress,
    executor: Executor | None,
) -> list[MemberResult]:
    """All members, in the order of the work, whichever unit finishes first."""
    gate, cancel, done = Gate(work), threading.Event(), _Count(len(work) * settings.epochs, progress)

    def train(unit: Unit) -> list[MemberResult]:
        gate.enter(unit)
        last = 0

        def on_epoch(epoch: int) -> None:
            nonlocal last
            last = epoch
            gate.passed(unit)
            done.add(1)

        try:
            return train_unit(unit, dataset, origin, settings, on_epoch, cancel.is_set)
        finally:
            gate.passed(unit)
            done.add(settings.epochs - last)

    pool = executor or ThreadPoolExecutor(min(len(work), os.cpu_count() or 1))
    futures = [pool.submit(train, unit) for unit in work]
    try:
        waiting = set(futures)
        while waiting:
            # Polars handles SIGINT so that a wait without end would resume: Ctrl-C is met between two short waits.
            finished, waiting = wait(waiting, timeout=HEARTBEAT, return_when=FIRST_COMPLETED)
            for future in finished:
                future.result()
    finally:  # where all went well, there is nothing left to cancel
        cancel.set()
        for future in futures:
            future.cancel()
        if executor is None:
            pool.shutdown(wait=True)
    return [member for future in futures for member in future.result()]


class _Count:
    """Finished epochs, counted from several threads."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._total, self._progress, self._done, self._lock = total, progress, 0, threading.Lock()

    def add(self, epochs: int) -> None:
        with self._lock:
            self._done += epochs
            self._progress(self._done, self._total)


def single_experiment(
    dataset: Dataset,
    origin: DataSpec,
    settings: Settings,
    activation: str,
    losses: Sequence[str],
    learning_rate: float,
    seed: int,
) -> Experiment:
    """The experiment of one arm, as `compare` would train it."""
    _check(settings)
    arm = choose_arms(dataset, [activation], losses, settings.hidden)[0]
    spec = data_spec(dataset, origin, settings, arm.head.targets)
    return arm.experiment(spec, training_spec(settings, seed, learning_rate))
