"""Filling a study: what was asked for is planned, what is missing is trained, and all of it comes from the store."""

import time
from collections.abc import Mapping
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from gradoscope.comparison.arms import Arm, choose_arms
from gradoscope.comparison.execution import Progress, train_all
from gradoscope.comparison.store import Request, Store, open_store
from gradoscope.comparison.study import MemberResult
from gradoscope.comparison.units import data_spec, plan_units, training_spec
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
    """A complete store: the request with all that was ever asked for, its arms, every trained network."""

    request: Request
    arms: tuple[Arm, ...]
    members: tuple[MemberResult, ...]
    seconds: float


def fill(
    dataset: Dataset, asked: Request, folder: Path | None, progress: Progress, executor: Executor | None
) -> Filled:
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
        arms = choose_arms(dataset, request.activations, request.losses, request.settings.hidden)
        new = plan_units(arms, request.settings, store.units())
        if new or request != before:
            store.plan(request, new)
        _train(store, dataset, request, progress, executor)
        return Filled(request, arms, _members(store, dataset, request), store.seconds())


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
            raise UsageError(
                say("the study was begun with {name} = {old}, not {new}; start another study for that.",
                    name=name, old=getattr(old, name), new=getattr(new, name))
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


def _train(store: Store, dataset: Dataset, request: Request, progress: Progress, executor: Executor | None) -> None:
    """Train what is planned and missing, and keep each population as it finishes."""
    planned, began = store.units(), time.perf_counter()
    units = {number: planned[number - 1] for number in store.missing()}
    if not units:
        return
    store.begin()
    with closing(train_all(units, dataset, request, progress, executor)) as finished:
        for number, trained in finished:
            store.keep(number, trained, time.perf_counter() - began)


def _members(store: Store, dataset: Dataset, request: Request) -> tuple[MemberResult, ...]:
    settings = request.settings

    @cache
    def of_arm(arm: Arm, rate: float) -> Experiment:
        data = data_spec(dataset, request.origin, settings, arm.head.targets)
        return arm.experiment(data, training_spec(settings, 0, rate))

    def of_member(arm: Arm, seed: int, rate: float) -> Experiment:
        experiment = of_arm(arm, rate)
        return replace(experiment, training=replace(experiment.training, seed=seed))

    return tuple(store.results(of_member))
