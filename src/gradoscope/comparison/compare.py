"""Compare: train every arm at every learning rate and seed, choose the rates by validation, judge on the test rows."""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace

from gradoscope.comparison.arms import choose_activations, choose_arms, choose_losses, head
from gradoscope.comparison.budget import Budget
from gradoscope.comparison.execution import Progress
from gradoscope.comparison.keeping import Place, Work, fill
from gradoscope.comparison.metrics import choose_metric, metric_guess
from gradoscope.comparison.ranking import ranked, resamples
from gradoscope.comparison.store import Request
from gradoscope.comparison.study import MemberResult, Settings, Study
from gradoscope.comparison.tuning import Choice
from gradoscope.comparison.units import data_spec, training_spec
from gradoscope.comparison.verdict import verdict
from gradoscope.data import Dataset, DataSpec, Guess, fingerprint
from gradoscope.errors import UsageError
from gradoscope.language import say
from gradoscope.networks import Experiment

LARGE = 10_000  # training rows from which batches of 128 are the default


def compare(
    dataset: Dataset,
    *,
    activations: Sequence[str] = (),
    losses: Sequence[str] = (),
    settings: Settings | None = None,
    origin: DataSpec | None = None,
    progress: Progress = lambda done, total: None,
    executor: Executor | None = None,
    place: Place | None = None,
    budget: Budget | None = None,
    found: Callable[[Sequence[MemberResult]], None] = lambda members: None,
) -> Study:
    """Compare activations (and losses, and depths) on a data set.

    Every arm sees the same splits, starts and batches; for every seed, each arm's learning rate (and what else
    `Settings.tune` names) is chosen from the same values by its smallest validation loss of that seed; test rows are
    looked at only for the final scores.

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
        Where populations train: any executor of `concurrent.futures` (Dask's, mpi4py's, loky's); by default one
        thread per processor.
    place
        The folder that keeps the study: every population as it finishes. A study that is there already is continued:
        only what is missing is trained. None keeps it in memory.
    budget
        Seeds that do not fit are left out, for all arms alike; the first one is always trained.
    found
        Called with the networks of every population as it finishes.

    Returns
    -------
    Study

    Raises
    ------
    UsageError
        Unknown or unfit activations, losses or settings; the study in `place` was made with other settings.
    DataError
        The data are too few to divide, or not those of the study in `place`.

    Examples
    --------
    >>> from gradoscope.data import load
    >>> from gradoscope.comparison import Settings, compare
    >>> quick = Settings(hidden=((8,),), learning_rates=(0.01,), seeds=(0, 1), epochs=5)
    >>> study = compare(load("iris"), activations=["relu", "tanh"], settings=quick)
    >>> sorted(result.arm.activation for result in study.arms), study.arms[0].score.runs
    (['relu', 'tanh'], 2)
    """
    chosen = settings or default_settings(dataset)
    metric = choose_metric(chosen.metric, dataset)
    if chosen.metric is not None:
        chosen = replace(chosen, metric=metric)
    _check(chosen)
    asked = Request(
        activations=choose_activations(activations),
        losses=choose_losses(losses, dataset.task),
        settings=chosen,
        origin=origin or DataSpec(source=dataset.name),
        fingerprint=fingerprint(dataset),
        reading=place.reading if place else {},
        commands=(place.command,) if place and place.command else (),
    )
    choose_arms(dataset, asked.activations, asked.losses, chosen.layers)
    one = replace(chosen, seeds=chosen.seeds[:1])
    resamples(dataset, one, metric, head(asked.losses[0], dataset).targets)  # data that cannot be divided end here
    work = Work(executor, progress, found)
    filled = fill(dataset, asked, place.folder if place else None, budget or Budget(), work)
    chosen = filled.settings
    rows, floor, tested = resamples(dataset, chosen, metric, filled.arms[0].head.targets)
    ranking = ranked(filled.arms, filled.members, chosen, metric, tested, rows)
    return Study(
        name=dataset.name,
        source=asked.origin.source,
        task=dataset.task,
        metric=metric,
        settings=replace(chosen, metric=metric),
        rows=rows,
        arms=ranking,
        baseline=floor,
        verdict=verdict(ranking, metric, floor, chosen.equivalence),
        guesses=guesses(dataset, chosen),
        overlap=0.0 if dataset.test_rows is not None else rows.test / rows.train,
        all_members=filled.members,
        seconds=filled.seconds,
        commands=filled.request.commands,
        left_out=filled.left_out,
        beaten_early=filled.beaten_early,
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
    if settings.tune.hidden and settings.hidden != Settings.hidden:
        raise UsageError(say("hidden layers are compared (--hidden) or tuned (--tune hidden=...), not both."))
    if settings.equivalence is not None and not settings.equivalence > 0:
        raise UsageError(say("--equivalence is {value}; it must be greater than 0.", value=settings.equivalence))
    if not settings.learning_rates or not all(0 < rate < math.inf for rate in settings.learning_rates):
        raise UsageError(say("--learning-rates must be numbers greater than 0, separated by commas."))


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
    arm = choose_arms(dataset, [activation], losses, settings.layers)[0]
    spec = data_spec(dataset, origin, settings, arm.head.targets)
    choice = Choice(learning_rate)
    return arm.experiment(spec, training_spec(settings, seed, choice), choice)
