"""What the rules look at: an experiment, its rows, its run, full passes, references, and trials."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from pathlib import Path

import numpy as np

from gradoscope.data import DataSpec, Prepared
from gradoscope.diagnosis.merits import Difference, Merits, constant, merits, paired
from gradoscope.diagnosis.range_test import RangeTest, range_test
from gradoscope.diagnosis.reference import Reference, references
from gradoscope.networks import Experiment, Layer, Named, Params, plan
from gradoscope.training import Outcome, Run, baseline, fit, metric_of, outputs, prepared_for
from gradoscope.training.passes import Pass, passes, starts

OTHER_STARTS = 8  # starts that are looked at beside the run's own; looking costs one pass each, no training
SHORT_SHARE, SHORT_Z = 0.1, 2.5
UNDERFIT_SHARE, UNDERFIT_Z = 0.05, 3.0
IDLE_SHARE = 0.02
RESTLESS_SHARE, RESTLESS_Z, FEWEST_EPOCHS = 0.1, 3.0, 10
CURED_SHARE = 0.5


class Standing(Enum):
    """How the run's score stands to what the data allow."""

    FINE = "fine"
    SHORT = "short"
    IDLE = "no learning"
    NON_FINITE = "non-finite"


@dataclass(frozen=True, eq=False)
class Trial:
    """A changed experiment as it ran: what it gained over the original, row by row."""

    run: Run
    validation: Merits
    train: Merits


@dataclass(frozen=True, eq=False)
class Evidence:
    """Everything that is known about an experiment; what costs time is computed when a rule first asks for it.

    Parameters
    ----------
    experiment, folder
        What is diagnosed, and where its files lie.
    data
        Its prepared rows.
    run
        Its run; None before training, when only the rules that read the experiment and its rows speak.
    answers
        How well it meets its rows, where that is known already.
    recorded_start
        The weights it started from, where they were recorded; None draws them as its initialisers and its seed say.
    """

    experiment: Experiment
    folder: Path
    data: Prepared
    run: Run | None
    answers: Trial | None = None
    recorded_start: Params | None = None
    _prepared: dict[tuple[DataSpec, int, int], Prepared] = field(default_factory=dict)
    _trials: list[tuple[Experiment, Trial]] = field(default_factory=list)
    _range_tests: list[tuple[Experiment, RangeTest]] = field(default_factory=list)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Every dense layer, the output last."""
        return self.experiment.network.layers

    @property
    def depth(self) -> int:
        """Number of hidden layers."""
        return len(self.layers) - 1

    @property
    def output(self) -> Layer:
        """The output layer."""
        return self.experiment.network.output

    @property
    def loss(self) -> Named:
        """The loss."""
        return self.experiment.network.loss

    @property
    def metric(self) -> str:
        """The score of the task: "accuracy" or "r2"."""
        return metric_of(self.data.task)

    @property
    def ran(self) -> Run:
        """The run, once there is one."""
        assert self.run is not None
        return self.run

    # Passes: the start of this run, starts with other seeds, and the end.

    @cached_property
    def start(self) -> Pass:
        """What every unit did before the first step."""
        return self.all_starts[0]

    @cached_property
    def all_start_weights(self) -> list[Params]:
        """The weights that this run started from, and those of the seeds that follow its own."""
        own, *others = starts(self.experiment, self.data.train.inputs.shape[1], 1 + OTHER_STARTS)
        return [self.recorded_start or own, *others]

    @cached_property
    def all_starts(self) -> list[Pass]:
        """The start of this run, and those of the seeds that follow its own."""
        return passes(self.experiment, self.all_start_weights, self.data.train.inputs)

    @cached_property
    def end(self) -> Pass:
        """What every unit does after training."""
        return passes(self.experiment, [self.ran.params] * (1 + OTHER_STARTS), self.data.train.inputs)[0]

    # Scores: of the run, of a constant answer, of references.

    @cached_property
    def own(self) -> Trial:
        """The run itself, row by row."""
        return self.answers or self._judged(self.ran, self.data)

    @cached_property
    def constant(self) -> Merits:
        """The best constant answer on the validation rows."""
        return merits(
            self.metric, constant(self.metric, self.data.train, self.data.validation), self.data.validation.targets
        )

    @cached_property
    def constant_train(self) -> Merits:
        """The best constant answer on the training rows."""
        return merits(self.metric, constant(self.metric, self.data.train, self.data.train), self.data.train.targets)

    @cached_property
    def baseline(self) -> float:
        """The score of the best constant answer on the validation rows."""
        train, held_out = self.data.train, self.data.validation
        return baseline(self.metric, train.targets, held_out.targets, train.weights, held_out.weights)

    @cached_property
    def references(self) -> list[Reference]:
        """Plain models of other kinds."""
        return references(self.metric, self.data.train, self.data.validation, self.experiment.training.seed)

    @cached_property
    def reference(self) -> Reference:
        """The best of them on the validation rows."""
        return max(self.references, key=lambda model: float(model.validation.mean()))

    @property
    def attainable(self) -> float:
        """The best mean merit on the validation rows that anything reached, trials included."""
        return max([float(self.reference.validation.mean()), *(float(t.validation.mean()) for _, t in self._trials)])

    @cached_property
    def missing(self) -> Difference:
        """What the run leaves on the table on the validation rows, against the best reference: share, z."""
        return self._share(self.reference.validation, self.own.validation, self.constant)

    @cached_property
    def underfit(self) -> Difference:
        """The same on the training rows, where the reference answers only for rows that it has not seen."""
        return self._share(self.reference.out_of_fold(), self.own.train, self.constant_train)

    @cached_property
    def idle(self) -> bool:
        """Whether the run is no better than a constant answer on the very rows it was trained on."""
        gained = float((self.own.train - self.constant_train).mean())
        possible = float((self.reference.validation - self.constant).mean())
        return possible > IDLE_SHARE and gained <= IDLE_SHARE * max(1 - float(self.constant_train.mean()), possible)

    @cached_property
    def standing(self) -> Standing:
        """How the run's score stands to what the data allow."""
        if self.run is None:
            return Standing.FINE
        if self.run.outcome is Outcome.NON_FINITE:
            return Standing.NON_FINITE
        if self.idle:
            return Standing.IDLE
        short = self.missing.mean >= SHORT_SHARE and self.missing.z >= SHORT_Z
        return Standing.SHORT if short or self.underfits or self.restless else Standing.FINE

    @cached_property
    def underfits(self) -> bool:
        """Whether the run is worse on its own training rows than a reference is on rows that it has not seen."""
        if self.missing.mean < UNDERFIT_SHARE:
            return False
        return self.underfit.mean >= UNDERFIT_SHARE and self.underfit.z >= UNDERFIT_Z

    @cached_property
    def restless(self) -> bool:
        """Whether late epochs again and again answer clearly worse than a constant: the last one was good by luck."""
        late = np.asarray(self.ran.curves.validation_score)[self.ran.epochs // 2 :]
        if self.metric != "accuracy" or self.ran.epochs < FEWEST_EPOCHS:
            return False
        error = math.sqrt(self.baseline * (1 - self.baseline) / len(self.data.validation.inputs))
        return float((late < self.baseline - RESTLESS_Z * error).mean()) >= RESTLESS_SHARE

    @property
    def failing(self) -> bool:
        """Whether there is something to explain."""
        return self.standing is not Standing.FINE

    # Trials: the same experiment with one thing changed.

    def trial(self, changed: Experiment) -> Trial:
        """The changed experiment, trained: same rows, same seed, and a twin of the run in all that was not changed."""
        for known, done in self._trials:
            if known == changed:
                return done
        data = self._data_of(changed)
        done = self._judged(fit(changed, data), data)
        self._trials.append((changed, done))
        return done

    def range_test(self, changed: Experiment) -> RangeTest:
        """Which learning rate suits the changed experiment, whatever its own."""
        alike = replace(changed, training=replace(changed.training, learning_rate=1.0))
        for known, done in self._range_tests:
            if known == alike:
                return done
        self._range_tests.append((alike, range_test(alike, self._data_of(changed))))
        return self._range_tests[-1][1]

    @property
    def trainings(self) -> int:
        """How many networks were trained so far; a range test counts as the trainings whose steps it took."""
        return len(self._trials) + (self.run is not None) + sum(test.trainings for _, test in self._range_tests)

    def gain(self, trial: Trial) -> Difference:
        """The share of what the run leaves on the table that the trial picks up, and its z.

        The z is the larger of two: over the validation rows, and over all rows (a cure of a run that does not learn
        shows on its training rows as well, and few validation rows would leave it in doubt).
        """
        room = self.attainable - float(self.own.validation.mean())
        held_out = paired(trial.validation, self.own.validation)
        every = paired(
            np.concatenate([trial.validation, trial.train]), np.concatenate([self.own.validation, self.own.train])
        )
        return Difference(held_out.mean / room if room > 0 else 0.0, max(held_out.z, every.z))

    def cures(self, changed: Experiment) -> bool:
        """Whether the change picks up at least half of what the run leaves on the table, beyond chance."""
        gain = self.gain(self.trial(changed))
        few = len(self.data.validation.inputs) + len(self.data.train.inputs) < 30
        return gain.mean >= CURED_SHARE and gain.z >= (1.0 if few else SHORT_Z)

    def first_cure(self, changes: Sequence[Experiment]) -> Experiment | None:
        """The first of the changes that cures."""
        return next((changed for changed in changes if self.cures(changed)), None)

    def _data_of(self, changed: Experiment) -> Prepared:
        own, weighted = self.experiment, changed.training.class_weight
        same_rows = changed.data == own.data and changed.network.output.units == self.output.units
        if same_rows and weighted == own.training.class_weight:
            return self.data
        return prepared_for(replace(changed, training=replace(own.training, class_weight=weighted)), self.folder)

    def _judged(self, run: Run, data: Prepared) -> Trial:
        population = plan([run.experiment.network])
        found = [
            merits(self.metric, outputs(population, run.params, run.moving, rows.inputs)[0], rows.targets)
            for rows in (data.validation, data.train)
        ]
        return Trial(run, *found)

    @staticmethod
    def _share(better: Merits, own: Merits, floor: Merits) -> Difference:
        difference = paired(better, own)
        room = float((better - floor).mean())
        return Difference(
            difference.mean / room if room > 0 else (math.inf if difference.mean > 0 else 0.0), difference.z
        )
