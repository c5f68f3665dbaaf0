"""Work units: arms of one shape on one seed, trained as one population.

What a population holds is fixed when the study is planned: rounding may depend on a member's neighbours, so that only
the same populations give the same bits after an interruption. Members that have stopped are carried along until the
last one stops. So many arms are divided by learning rate and by loss, on which the number of epochs depends most; few
stay together, because a population of two networks takes hardly less time than one of ten.
"""

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

import jax
import numpy as np
from numpy.typing import NDArray

from gradoscope.comparison.arms import Arm
from gradoscope.comparison.judging import Judged, judge, nothing
from gradoscope.comparison.metrics import choose_metric
from gradoscope.comparison.study import MemberResult, Settings
from gradoscope.comparison.tuning import Choice
from gradoscope.data import Dataset, DataSpec, Preparation, Rows, prepare
from gradoscope.networks import Experiment, TrainingSpec, plan
from gradoscope.training import Run, fit_population, outputs

MANY = 8  # arms
Member = tuple[Arm, Choice]
Members = tuple[Member, ...]


@dataclass(frozen=True)
class Unit:
    """One population: arms with equal shapes, each with what is chosen for it, at one seed."""

    seed: int
    members: Members

    @property
    def program(self) -> Members:
        """What units that share a compiled program have in common: the members without what is not compiled in."""
        return tuple((arm, choice._replace(learning_rate=0.0, initialiser=None)) for arm, choice in self.members)


def plan_units(arms: Sequence[Arm], settings: Settings, planned: Sequence[Unit] = ()) -> list[Unit]:
    """The populations that train every arm at every choice and seed, besides those that are planned already.

    Of every seed, what needs a program of its own comes first: these compile what the others reuse.
    """
    known = {(unit.seed, *member) for unit in planned for member in unit.members}

    def of_seed(seed: int) -> list[Unit]:
        wanted = [(arm, choice) for arm in arms for choice in settings.choices]
        missing = [member for member in wanted if (seed, *member) not in known]
        units = [Unit(seed, members) for members in _divided(missing)]
        firsts = {unit.program: unit for unit in reversed(units)}.values()
        return sorted(units, key=lambda unit: unit not in firsts)

    return [unit for seed in settings.seeds for unit in of_seed(seed)]


def _divided(members: Sequence[Member]) -> Iterator[Members]:
    """Populations: members of one shape; where these are many arms, of one choice; where still many, of one loss."""
    for same_shape in _by(_shape, members):
        if len({arm for arm, _ in same_shape}) < MANY:
            yield same_shape
            continue
        for same_choice in _by(lambda member: member[1], same_shape):
            of_losses = _by(lambda member: member[0].loss, same_choice)
            yield from of_losses if min(map(len, of_losses)) >= MANY else [same_choice]


def _by(key: Callable[[Member], Hashable], members: Sequence[Member]) -> list[Members]:
    groups: dict[Hashable, list[Member]] = {}
    for member in members:
        groups.setdefault(key(member), []).append(member)
    return [tuple(group) for group in groups.values()]


def _shape(member: Member) -> Hashable:
    """What the members of a population have in common whatever their number."""
    arm, choice = member
    return arm.hidden if choice.hidden is None else choice.hidden, arm.head, choice.weight_decay


def data_spec(dataset: Dataset, origin: DataSpec, settings: Settings, targets: str) -> DataSpec:
    """The [data] table of the experiments of a comparison: as it was read, with what was guessed written down."""
    return replace(
        origin,
        target=dataset.target_names[0] if len(dataset.target_names) == 1 else None,
        task=dataset.task,
        validation=settings.validation,
        test=settings.test,
        inputs=dataset.scaling,
        targets=targets,
        drop=dataset.dropped,
        stratify=True,
        folds=settings.folds,
    )


def training_spec(settings: Settings, seed: int, choice: Choice) -> TrainingSpec:
    """The [training] table of a member."""
    return TrainingSpec(
        optimizer=settings.optimizer,
        learning_rate=choice.learning_rate,
        weight_decay=choice.weight_decay,
        batch_size=settings.batch_size,
        epochs=settings.epochs,
        patience=settings.patience,
        seed=seed,
    )


def train_unit(
    unit: Unit,
    dataset: Dataset,
    origin: DataSpec,
    settings: Settings,
    on_epoch: Callable[[int], None],
    cancelled: Callable[[], bool],
) -> list[MemberResult]:
    """Train every member of the unit on the rows that its seed draws."""
    parts = settings.split(dataset, unit.seed)
    targets = unit.members[0][0].head.targets
    preparation = prepare(dataset, parts.train, targets=targets)
    train, validation = (
        Rows(preparation.inputs(dataset.inputs[rows]), preparation.target.apply(dataset.target[rows]))
        for rows in parts[:2]
    )
    data = data_spec(dataset, origin, settings, targets)
    experiments: list[Experiment] = [
        arm.experiment(data, training_spec(settings, unit.seed, choice), choice) for arm, choice in unit.members
    ]
    runs = fit_population(experiments, train, validation, dataset.task, on_epoch=on_epoch, cancelled=cancelled)
    metric = choose_metric(settings.metric, dataset)
    test, chosen = (_judged(runs, dataset, preparation, rows, metric) for rows in (parts.test, parts.validation))
    results = [
        MemberResult(arm, unit.seed, choice, run, judged, known.scores[metric])
        for (arm, choice), run, judged, known in zip(unit.members, runs, test, chosen, strict=True)
    ]
    return _lightened(results)


def _lightened(results: Sequence[MemberResult]) -> list[MemberResult]:
    """The results with the parameters of those alone that can be chosen: the best choice of each arm."""
    best: dict[Arm, MemberResult] = {}
    for each in results:
        if each.arm not in best or each.validation_loss < best[each.arm].validation_loss:
            best[each.arm] = each
    return [
        each if each is best[each.arm] else replace(each, run=replace(each.run, params=(), moving=()))
        for each in results
    ]


def _judged(
    runs: Sequence[Run], dataset: Dataset, preparation: Preparation, rows: NDArray[np.int64], metric: str
) -> list[Judged]:
    """Every run of a population judged on some rows; one that never learned has no score."""
    params, moving = jax.tree.map(lambda *own: np.concatenate(own), *[(run.params, run.moving) for run in runs])
    population = plan([run.experiment.network for run in runs])
    said = outputs(population, params, moving, preparation.inputs(dataset.inputs[rows]))
    judged = judge(dataset, preparation, said, rows, metric)
    return [each if _learned(run) else nothing(len(rows)) for run, each in zip(runs, judged, strict=True)]


def _learned(run: Run) -> bool:
    """Whether any epoch had a finite validation loss; if none had, the returned parameters are the untrained ones."""
    return bool(np.isfinite(run.curves.validation_loss).any())


class Gate:
    """Lets the first unit of a program compile it alone; the others start when its first epoch is over."""

    def __init__(self, work: Sequence[Unit]) -> None:
        self._first: dict[Members, Unit] = {}
        for unit in work:
            self._first.setdefault(unit.program, unit)
        self._open = {program: threading.Event() for program in self._first}

    def enter(self, unit: Unit) -> None:
        """Wait, unless this unit is the first of its program."""
        if self._first[unit.program] is not unit:
            self._open[unit.program].wait()

    def passed(self, unit: Unit) -> None:
        """The unit has compiled its program (or failed)."""
        self._open[unit.program].set()
