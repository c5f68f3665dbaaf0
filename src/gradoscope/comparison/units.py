"""Work units: all arms of one shape at all learning rates on one seed, trained as one population."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import jax
import numpy as np
from numpy.typing import NDArray

from gradoscope.comparison.arms import Arm, Head
from gradoscope.comparison.judging import Judged, judge, nothing
from gradoscope.comparison.metrics import choose_metric
from gradoscope.comparison.study import MemberResult, Settings
from gradoscope.data import Dataset, DataSpec, Preparation, Rows, prepare
from gradoscope.networks import Experiment, TrainingSpec, plan
from gradoscope.training import Run, fit_population, outputs

Shape = tuple[tuple[int, ...], Head]


@dataclass(frozen=True)
class Unit:
    """One population: arms with equal shapes, at one seed."""

    seed: int
    arms: tuple[Arm, ...]

    @property
    def shape(self) -> Shape:
        """What its compiled program depends on, besides the functions."""
        return self.arms[0].hidden, self.arms[0].head


def units(arms: Sequence[Arm], seeds: Sequence[int]) -> list[Unit]:
    """The work of a comparison, every shape of the first seed first: these compile what the others reuse."""

    def shape(arm: Arm) -> str:
        return repr((arm.hidden, arm.head))

    groups = [tuple(group) for _, group in groupby(sorted(arms, key=shape), shape)]
    return [Unit(seed, group) for seed in seeds for group in groups]


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
    )


def training_spec(settings: Settings, seed: int, learning_rate: float) -> TrainingSpec:
    """The [training] table of a member."""
    return TrainingSpec(
        optimizer=settings.optimizer,
        learning_rate=learning_rate,
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
    """Train every arm of the unit at every learning rate, on the rows that its seed draws."""
    parts = settings.split(dataset, unit.seed)
    targets = unit.arms[0].head.targets
    preparation = prepare(dataset, parts.train, targets=targets)
    train, validation = (
        Rows(preparation.inputs(dataset.inputs[rows]), preparation.target.apply(dataset.target[rows]))
        for rows in parts[:2]
    )
    data = data_spec(dataset, origin, settings, targets)
    members = [(arm, rate) for arm in unit.arms for rate in settings.learning_rates]
    experiments: list[Experiment] = [
        arm.experiment(data, training_spec(settings, unit.seed, rate)) for arm, rate in members
    ]
    runs = fit_population(experiments, train, validation, dataset.task, on_epoch=on_epoch, cancelled=cancelled)
    metric = choose_metric(settings.metric, dataset)
    test, chosen = (_judged(runs, dataset, preparation, rows, metric) for rows in (parts.test, parts.validation))
    return [
        MemberResult(arm, unit.seed, rate, run, judged, known.scores[metric])
        for (arm, rate), run, judged, known in zip(members, runs, test, chosen, strict=True)
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
    """Lets the first unit of each shape compile alone; the others start when its first epoch is over."""

    def __init__(self, work: Sequence[Unit]) -> None:
        self._first: dict[Shape, Unit] = {}
        for unit in work:
            self._first.setdefault(unit.shape, unit)
        self._open = {shape: threading.Event() for shape in self._first}

    def enter(self, unit: Unit) -> None:
        """Wait, unless this unit is the first of its shape."""
        if self._first[unit.shape] is not unit:
            self._open[unit.shape].wait()

    def passed(self, unit: Unit) -> None:
        """The unit has compiled its program (or failed)."""
        self._open[unit.shape].set()
