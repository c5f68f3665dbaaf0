"""Filling a study: what was asked for is planned, what is missing is trained, and all of it comes from the store."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, field, fields, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from gradoscope.comparison.arms import Arm, choose_arms
from gradoscope.comparison.budget import Budget
from gradoscope.comparison.economy import stages, survivors
from gradoscope.comparison.execution import Progress, train_all
from gradoscope.comparison.metrics import choose_metric
from gradoscope.comparison.store import Request, Store, open_store
from gradoscope.comparison.study import MemberResult, Settings
from gradoscope.comparison.tuning import Choice
from gradoscope.comparison.units import Unit, data_spec, plan_units, training_spec
from gradoscope.data import Dataset
from gradoscope.errors import DataError, UsageError
from gradoscope.language import say
from gradoscope.networks import Experiment

T = TypeVar("T")
MAY_GROW = ("hidden", "learning_rates", "seeds")


@dataclass(frozen=True)
class Place:
    """Where a study is kept, and what its store should know of how it was asked for.

    Parameters
    ----------
    folder
        Holds the store; a study that is there already is continued.
    reading
        Arguments of `gradoscope.data.load` besides the source.
    command
        The command line.
    """

    folder: Path
    reading: Mapping[str, object] = field(default_factory=dict)
    command: str = ""


@dataclass(frozen=True, eq=False)
class Filled:
    """A filled store: the request with all that was ever asked for, and every network of complete seeds.

    `settings` are those of the request with the complete seeds alone; a budget may have left some out. `arms` have
    networks for all of these; arms that were beaten early have not.
    """

    request: Request
    settings: Settings
    arms: tuple[Arm, ...]
    beaten_early: tuple[Arm, ...]
    members: tuple[MemberResult, ...]
    seconds: float
    left_out: int


@dataclass(frozen=True)
class Work:
    """How the work is done, and who is told of it: epochs finished, and the networks of a population."""

    executor: Executor | None
    progress: Progress
    found: Callable[[Sequence[MemberResult]], None]


def fill(dataset: Dataset, asked: Request, folder: Path | None, budget: Budget, work: Work) -> Filled:
    """Train what the store in `folder` (None: in memory) lacks of what was asked for, now or before.

    Raises
    ------
    UsageError
        The study in the folder was made with other settings.
    DataError
        It was made from other data.
    """
    with open_store(folder) as store:
        before = store.request
        request = asked if before is None else _extended(before, asked)
        wanted = request.settings
        spent = Spent()
        everyone = arms = choose_arms(dataset, request.activations, request.losses, wanted.layers)
        for seeds in stages(wanted.seeds) if wanted.economy else (wanted.seeds,):
            new = plan_units(arms, replace(wanted, seeds=seeds), store.units())
            if new or request != before:
                store.plan(request, new)
            left_out, spent = _train(store, dataset, request, budget, work, spent)
            members = tuple(m for m in _members(store, dataset, request) if m.seed not in left_out)
            if left_out:
                break
            if seeds != wanted.seeds:
                arms = _survivors(dataset, wanted, arms, members, seeds)
        complete = tuple(seed for seed in seeds if seed not in left_out)
        return Filled(
            request=request,
            settings=replace(wanted, seeds=complete),
            arms=arms,
            beaten_early=tuple(arm for arm in everyone if arm not in arms),
            members=members,
            seconds=store.seconds(),
            left_out=len(wanted.seeds) - len(complete),
        )


def _survivors(
    dataset: Dataset, settings: Settings, arms: Sequence[Arm], members: Sequence[MemberResult], seeds: Sequence[int]
) -> tuple[Arm, ...]:
    parts = settings.split(dataset, seeds[0])
    overlap = len(parts.validation) / len(parts.train)
    return survivors(arms, members, seeds, choose_metric(settings.metric, dataset), overlap)


def _extended(before: Request, asked: Request) -> Request:
    """What was asked for before and now together."""
    if asked.fingerprint != before.fingerprint:
        raise DataError(
            say("{source} has changed since the study was begun; bring the old data back, or start another study.",
                source=before.origin.source)
        )  # fmt: skip
    old, new = before.settings, asked.settings
    for name in (each.name for each in fields(old) if each.name not in (*MAY_GROW, "equivalence")):
        if getattr(old, name) != getattr(new, name):
            said = {"old": getattr(old, name), "new": getattr(new, name)}
            unsaid = {which: say("the usual one") for which, value in said.items() if value is None}
            raise UsageError(
                say("the study was begun with {name} = {old}, not {new}; start another study for that.",
                    name=name, **said | unsaid)
            )  # fmt: skip
    grown: dict[str, Any] = {name: _union(getattr(old, name), getattr(new, name)) for name in MAY_GROW}
    return replace(
        before,
        activations=_union(before.activations, asked.activations),
        losses=_union(before.losses, asked.losses),
        settings=replace(old, equivalence=new.equivalence, **grown),
        commands=_union(before.commands, asked.commands),
    )


def _union(one: tuple[T, ...], other: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*one, *other)))


class Spent(NamedTuple):
    """Seeds trained, and the epochs of all their networks."""

    seeds: int = 0
    epochs: int = 0


def _train(
    store: Store, dataset: Dataset, request: Request, budget: Budget, work: Work, before: Spent
) -> tuple[set[int], Spent]:
    """Train what is planned and missing, keep each population as it finishes.

    Returns the seeds that the budget left out, and what is spent of it, together with what was spent `before`.
    """
    planned, began = store.units(), time.perf_counter()
    waiting: dict[int, dict[int, Unit]] = {}
    for number in store.missing():
        waiting.setdefault(planned[number - 1].seed, {})[number] = planned[number - 1]
    if waiting:
        store.begin()
    settings, seeds, done, epochs = request.settings, before.seeds + len(waiting), 0, before.epochs
    total = settings.epochs * sum(map(len, waiting.values()))
    most = settings.epochs * max((sum(len(u.members) for u in units.values()) for units in waiting.values()), default=0)
    while waiting and (count := budget.seeds(seeds - len(waiting), epochs, most, os.cpu_count() or 1)) > 0:
        wave = [waiting.pop(seed) for seed in list(waiting)[:count]]
        units = {number: unit for each in wave for number, unit in each.items()}
        tell = partial(_tell, work.progress, done, total)
        with closing(train_all(units, dataset, request, tell, work.executor)) as finished:
            for number, trained in finished:
                store.keep(number, trained, time.perf_counter() - began)
                epochs += sum(member.run.epochs for member in trained)
                work.found(trained)
        done += settings.epochs * len(units)
    return set(waiting), Spent(seeds - len(waiting), epochs)


def _tell(progress: Progress, before: int, total: int, done: int, _of_wave: int) -> None:
    progress(before + done, total)


def _members(store: Store, dataset: Dataset, request: Request) -> tuple[MemberResult, ...]:
    settings = request.settings

    @cache
    def of_arm(arm: Arm, choice: Choice) -> Experiment:
        data = data_spec(dataset, request.origin, settings, arm.head.targets)
        return arm.experiment(data, training_spec(settings, 0, choice), choice)

    def of_member(arm: Arm, seed: int, choice: Choice) -> Experiment:
        experiment = of_arm(arm, choice)
        return replace(experiment, training=replace(experiment.training, seed=seed))

    return tuple(store.results(of_member))
