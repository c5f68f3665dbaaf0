"""The search for a repair: chains of remedies, from what the findings advise to ever stronger company.

Half of the validation rows choose (every other one), the rest prove. Few rows do both, and the proof says so.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from gradoscope.diagnosis.changes import with_training
from gradoscope.diagnosis.combined import ALWAYS
from gradoscope.diagnosis.evidence import Evidence, Trial
from gradoscope.diagnosis.examine import SYMPTOMS, measured
from gradoscope.diagnosis.finding import Finding
from gradoscope.diagnosis.merits import Merits
from gradoscope.diagnosis.range_test import cost
from gradoscope.diagnosis.remedies import applied
from gradoscope.diagnosis.twins import FEW_UPDATES, updates
from gradoscope.networks import Experiment

ENOUGH_TO_HALVE = 40
EXPLORED = 0.75  # share of the budget for finding a cure; the rest is for finding a smaller one
CLEAR = 0.01  # share of what plain models reach that a further remedy has to bring
TOLERANCE = 0.02  # and that a smaller change may cost
PERFECT = 0.995  # of the best score there can be
MEMORISED = 0.1  # by so much the training rows score better where penalties are tried first
SINGLES = 3  # remedies that are tried alone
FEWEST_STEPS = 200

Chain = tuple[str, ...]
RATE = "found-rate"
USUAL: Chain = tuple(part.remedy for part in ALWAYS)
ON_THE_WAY: tuple[Chain, ...] = (
    ("suited-activation", RATE),
    ("adam", RATE),
    ("more-epochs",),
    ("wider",),
    ("usual-batch",),
    ("normalisation",),
    ("residual",),
    ("shallower",),
    ("deeper",),
    ("clipping",),
)
AGAINST_MEMORISING: tuple[Chain, ...] = (("early-stopping",), ("sparse-penalties",), ("penalties",), ("shallower",))


def halves(rows: Merits) -> tuple[Merits, Merits]:
    """The rows that choose and the rows that prove."""
    return (rows, rows) if len(rows) < ENOUGH_TO_HALVE else (rows[::2], rows[1::2])


class Candidate(NamedTuple):
    """A chain of remedies, the experiment after it, and how much of what plain models reach it reaches (1: all)."""

    chain: Chain
    experiment: Experiment
    value: float


@dataclass(frozen=True, eq=False)
class Search:
    """Candidates within a budget of trainings, those of the evidence included."""

    evidence: Evidence
    budget: int
    candidates: list[Candidate] = field(default_factory=list)

    def run(self) -> Candidate:
        """The smallest change that is about as good as the best that was found."""
        self._tried((), self.evidence.experiment)
        advised = [finding for finding in measured(self.evidence) if finding.stands and finding.fault not in SYMPTOMS]
        if not advised and not self.evidence.failing:
            return self.candidates[0]
        for chain in opening(self.evidence, advised):
            self._try(chain)
        self._grow()
        return self._smaller({name for finding in advised for name in finding.remedies})

    @property
    def best(self) -> Candidate:
        """The best candidate so far."""
        return max(self.candidates, key=lambda candidate: candidate.value)

    def _about_best(self, slack: float) -> list[Candidate]:
        """The candidates that come close to the best, those with few remedies first."""
        close = [candidate for candidate in self.candidates if candidate.value >= self.best.value - slack]
        return sorted(close, key=lambda candidate: (len(candidate.chain), -candidate.value))

    def trial(self, experiment: Experiment) -> Trial:
        """The experiment as it ran."""
        return self.evidence.own if experiment == self.evidence.experiment else self.evidence.trial(experiment)

    def _chosen(self, experiment: Experiment) -> float:
        return float(halves(self.trial(experiment).validation)[0].mean())

    def _known(self, experiment: Experiment) -> bool:
        return any(candidate.experiment == experiment for candidate in self.candidates)

    def _left(self, share: float = 1.0) -> bool:
        """Whether that share of the budget is not spent yet."""
        return self.evidence.trainings < share * self.budget

    def _tried(self, chain: Chain, experiment: Experiment) -> Candidate:
        """The candidate, valued."""
        floor = float(halves(self.evidence.constant)[0].mean())
        room = float(halves(self.evidence.reference.validation)[0].mean()) - floor
        self.candidates.append(Candidate(chain, experiment, (self._chosen(experiment) - floor) / max(room, CLEAR)))
        return self.candidates[-1]

    def _try(self, chain: Chain) -> Candidate | None:
        """The candidate of a chain; None where it is known already, or the search is over."""
        if not self._left(EXPLORED) or self._chosen(self.best.experiment) >= PERFECT:
            return None
        if RATE in chain and self.evidence.trainings + cost(self.evidence.experiment.training.epochs) >= self.budget:
            return None
        changed = applied(chain, self.evidence)
        return None if self._known(changed.experiment) else self._tried(*changed)

    def _grow(self) -> None:
        """Add to the richest of the best chains whatever brings it further, until nothing does."""
        base = self._about_best(CLEAR)[-1]
        for further in self._steps(base):
            found = self._try((*(name for name in base.chain if name not in further), *further))
            if found is not None and found.value >= base.value + CLEAR:
                self._grow()
                return

    def _steps(self, base: Candidate) -> tuple[Chain, ...]:
        """What may bring a candidate further, in the order of trial."""
        trial = self.trial(base.experiment)
        if float(trial.train.mean() - trial.validation.mean()) >= MEMORISED:
            return (*AGAINST_MEMORISING, *ON_THE_WAY)
        return (*ON_THE_WAY, *AGAINST_MEMORISING)

    def _smaller(self, advised: set[str]) -> Candidate:
        """The smallest of the best, without what it can do without: what no finding advises at once, then each."""
        kept, enough = self._about_best(TOLERANCE)[0], self.best.value - TOLERANCE
        rate = kept.experiment.training.learning_rate
        for left_out in ({*kept.chain} - advised - {RATE}, *({name} for name in reversed(kept.chain))):
            rest = tuple(name for name in kept.chain if name not in left_out)
            chain, experiment = applied([name for name in rest if name != RATE], self.evidence)
            if RATE in rest:  # the rate that was found; looking for another one would cost
                chain, experiment = (*chain, RATE), with_training(experiment, learning_rate=rate)
            if rest != kept.chain and (self._known(experiment) or self._left()):
                smaller = self._tried(chain, experiment)
                kept = smaller if smaller.value >= enough else kept
        return kept


def opening(evidence: Evidence, advised: Iterable[Finding]) -> Iterator[Chain]:
    """What is tried first: what the findings advise one by one, then all usual remedies, and with them a better rate.

    A run of few steps needs more of them before anything else can show.
    """
    singles = dict.fromkeys(name for finding in advised for name in finding.remedies)
    yield from [(name,) for name in singles][:SINGLES]
    longer: Chain = ()
    if updates(evidence) < FEW_UPDATES:
        longer = ("more-epochs",) if 10 * updates(evidence) >= FEWEST_STEPS else ("many-more-epochs",)
    yield (*USUAL, *longer)
    yield (*USUAL, *longer, RATE)
