"""A study: what was compared, what came out, and what it means. Values only; reports and files read them."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradoscope.comparison.arms import Arm
from gradoscope.comparison.judging import Judged
from gradoscope.comparison.statistics import Interval
from gradoscope.comparison.tuning import Choice, Tune
from gradoscope.data import Dataset, Guess, Split, split
from gradoscope.diagnosis import Finding
from gradoscope.training import Run


@dataclass(frozen=True)
class Settings:
    """How every arm is trained and judged.

    Parameters
    ----------
    hidden
        Units per hidden layer, one tuple per depth under comparison.
    learning_rates
        The grid, from which each arm's rate is chosen by validation loss.
    tune
        What else is chosen with it, for every arm from the same values.
    seeds
        One split, start and batch order each, shared by all arms.
    patience
        Epochs without a smaller validation loss before a member stops.
    folds
        Cross-validation: each `folds` seeds test every row once (`gradoscope.data.split`); None holds rows out anew
        for every seed.
    metric
        What ranks (`gradoscope.comparison.metrics`); None is accuracy, balanced accuracy or R2, by the data.
    equivalence
        A difference that does not matter in practice, in units of the metric; None asks nothing.
    economy
        Whether arms that are clearly beaten on validation rows stop early (`gradoscope.comparison.economy`).
    """

    hidden: tuple[tuple[int, ...], ...] = ((64, 64),)
    learning_rates: tuple[float, ...] = (0.0003, 0.001, 0.003, 0.01, 0.03)
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    epochs: int = 100
    batch_size: int = 32
    optimizer: str = "adam"
    patience: int = 20
    validation: float = 0.2
    test: float = 0.2
    folds: int | None = None
    metric: str | None = None
    equivalence: float | None = None
    economy: bool = False
    tune: Tune = field(default_factory=Tune)

    @property
    def layers(self) -> tuple[tuple[int, ...] | None, ...]:
        """The hidden layers under comparison; None where they are tuned instead."""
        return (None,) if self.tune.hidden else self.hidden

    @property
    def choices(self) -> list[Choice]:
        """What every arm is trained at."""
        return self.tune.choices(self.learning_rates)

    def split(self, dataset: Dataset, seed: int) -> Split:
        """The rows of each part for a seed."""
        return split(dataset, seed, validation=self.validation, test=self.test, folds=self.folds)


@dataclass(frozen=True, eq=False)
class MemberResult:
    """One network of the study: an arm at one seed and one choice of what is tuned, judged on its test rows.

    validation_score is the metric that ranks, on validation rows.
    """

    arm: Arm
    seed: int
    choice: Choice
    run: Run
    test: Judged
    validation_score: float

    @property
    def learning_rate(self) -> float:
        """The learning rate of the choice."""
        return self.choice.learning_rate

    @property
    def validation_loss(self) -> float:
        """The smallest validation loss, infinite where there was none."""
        losses = self.run.curves.validation_loss
        return float(np.min(losses, where=np.isfinite(losses), initial=np.inf))


@dataclass(frozen=True, eq=False)
class ArmResult:
    """An arm with its learning rate, and what else is tuned, chosen inside every resample.

    Parameters
    ----------
    learning_rate
        The rate that was chosen most often.
    members
        One per seed, at the choice with the smallest validation loss of that seed, in the order of the seeds.
    metric
        What ranks.
    score
        Test score with its interval.
    difference_from_best
        This arm minus the best one, paired by seed; None for the best arm itself.
    beaten
        Whether the best arm is better for sure.
    equivalent
        Whether the interval of the difference lies within the margin of equivalence that the settings name.
    p_value
        Of the difference from the best arm, adjusted for all pairs of arms by Holm; None where there is none.
    by_rate
        Mean validation score over the seeds for each learning rate of the grid, shape (rates,); what else is tuned is
        chosen for that rate, again by validation loss.
    at_edge
        Whether the chosen rate is the smallest or largest of the grid: a wider grid might do better.
    findings
        What diagnosis measures in the run of the first seed (`gradoscope.comparison.with_findings`).
    """

    arm: Arm
    learning_rate: float
    members: tuple[MemberResult, ...]
    metric: str
    score: Interval
    difference_from_best: Interval | None
    beaten: bool
    equivalent: bool
    p_value: float | None
    by_rate: NDArray[np.float64]
    at_edge: bool
    findings: tuple[Finding, ...] = ()

    def chosen(self, name: str) -> dict[Any, int]:
        """The values of `name` (of `Tune`) that were chosen, and for how many seeds, most often first."""
        return dict(Counter(getattr(member.choice, name) for member in self.members).most_common())

    @property
    def test_scores(self) -> NDArray[np.float64]:
        """One per seed."""
        return np.array([member.test.scores[self.metric] for member in self.members])

    @property
    def failures(self) -> int:
        """How many seeds ended in NaN or infinity."""
        return sum(member.run.outcome.name == "NON_FINITE" for member in self.members)


@dataclass(frozen=True)
class Rows:
    """How many rows each part has."""

    train: int
    validation: int
    test: int
    inputs: int


@dataclass(frozen=True, eq=False)
class Study:
    """A finished comparison.

    Parameters
    ----------
    name, task, metric
        The data set, its task, and the metric that ranks (`gradoscope.comparison.metrics`).
    arms
        Best first.
    baseline
        Mean test score of the best constant answer.
    verdict
        One sentence (or two), in the language in use.
    guesses
        Everything that was decided for the user.
    all_members
        Every network trained, at every choice.
    seconds
        Wall time of the training, all sessions together.
    commands
        The command lines that asked for it, if any.
    left_out
        How many seeds the budget left out.
    beaten_early
        Arms that were clearly beaten on validation rows, and not trained on all seeds: they are not among `arms`.
    """

    name: str
    source: str
    task: str
    metric: str
    settings: Settings
    rows: Rows
    arms: tuple[ArmResult, ...]
    baseline: float
    verdict: str
    guesses: tuple[Guess, ...]
    overlap: float
    all_members: tuple[MemberResult, ...] = field(repr=False)
    seconds: float = 0.0
    commands: tuple[str, ...] = ()
    left_out: int = 0
    beaten_early: tuple[Arm, ...] = ()
