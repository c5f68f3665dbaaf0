"""Repair: the smallest change that cures an experiment, found within a budget of trainings and proven on held-out rows.

Half of the validation rows choose (every other one), the rest prove. Few rows do both, and the proof says so.
"""

import math
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gradoscope.diagnosis.combined import ALWAYS, IN_TURN
from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.examine import SYMPTOMS, examined, measured
from gradoscope.diagnosis.finding import Finding
from gradoscope.diagnosis.merits import Merits, merits, paired
from gradoscope.diagnosis.remedies import remedies
from gradoscope.diagnosis.twins import FEW_UPDATES, updates
from gradoscope.errors import UsageError
from gradoscope.language import say
from gradoscope.networks import Experiment, plan
from gradoscope.training import fit, outputs, prepared_for

PAIRS = 2  # further seeds on which the original and the repaired experiment are trained
FEWEST = 2 * PAIRS + 2
ENOUGH_TO_HALVE = 40
GOAL = 0.05  # share of what the data allow that a cured run may still miss
NEARLY, CHANCE = 0.2, 1.0
STILL_FALLING = 0.02  # of what the loss fell before, in the last fifth of the epochs
TOLERANCE = 0.02  # share of it that a smaller change may cost
NORMAL_95 = 1.96

Chain = tuple[str, ...]
STRONGEST: tuple[Chain, ...] = (
    ("suited-activation", "adam-faster"),
    ("suited-activation", "adam-faster", "more-epochs"),
    ("suited-activation", "adam-faster", "many-more-epochs"),
)


class Proof(NamedTuple):
    """The gain of the repaired experiment over the original in score, with a 95 % interval.

    `pairs` seeds were trained with both; `fresh` tells whether the rows had no part in the choice.
    """

    pairs: int
    gain: float
    low: float
    high: float
    fresh: bool


@dataclass(frozen=True)
class Repair:
    """What was found: scores before and after on the validation rows, the changes, the experiment, the proof."""

    before: float
    after: float
    remedies: Chain
    changes: tuple[str, ...]
    experiment: Experiment
    proof: Proof | None
    trainings: int
    seconds: float


def repair(experiment: Experiment, folder: Path = Path(), *, budget: int = 20) -> Repair:
    """Search remedies and short chains of them for the smallest change that cures.

    Parameters
    ----------
    experiment
        What does not learn as it should.
    folder
        Where its files lie.
    budget
        Most trainings, those of the proof included.

    Raises
    ------
    UsageError
        The budget is too small to try and prove anything.
    """
    if budget < FEWEST:
        raise UsageError(
            say("The budget is {budget} trainings; at least {fewest} are needed.", budget=budget, fewest=FEWEST)
        )
    began = time.perf_counter()
    search = _Search(examined(experiment, folder), budget - 2 * PAIRS)
    chain = search.smaller(search.best())
    repaired = search.applied(chain)
    proof = _prove(search.evidence, repaired) if chain else None
    trainings = search.evidence.trainings + (2 * PAIRS if chain else 0)
    scores = [trial.run.validation_score for trial in (search.evidence.own, search.evidence.trial(repaired))]
    lines = tuple(changes(experiment, repaired))
    return Repair(scores[0], scores[1], chain, lines, repaired, proof, trainings, time.perf_counter() - began)


@dataclass(frozen=True)
class _Search:
    """Chains of remedies, tried until one cures or the budget is spent."""

    evidence: Evidence
    budget: int

    def applied(self, chain: Chain) -> Experiment:
        """The experiment after the remedies of the chain."""
        experiment = self.evidence.experiment
        for name in chain:
            experiment = remedies[name](experiment, self.evidence.data) or experiment
        return experiment

    def chosen(self, chain: Chain) -> Merits:
        """The chain's merits on the rows that choose."""
        changed = self.applied(chain)
        trial = self.evidence.own if changed == self.evidence.experiment else self.evidence.trial(changed)
        return _halves(trial.validation)[0]

    def value(self, chain: Chain) -> float:
        """How much of what the data allow the chain reaches on the rows that choose (1: all of it)."""
        floor, top = _halves(self.evidence.constant)[0].mean(), _halves(self.evidence.reference.validation)[0].mean()
        return float((self.chosen(chain).mean() - floor) / max(top - floor, 1e-9))

    def cured(self, chain: Chain) -> bool:
        """Whether the chain reaches what the data allow, or nearly so and no farther from it than chance explains."""
        value, top = self.value(chain), _halves(self.evidence.reference.validation)[0]
        return value >= 1 - GOAL or (value >= 1 - NEARLY and paired(top, self.chosen(chain)).z < CHANCE)

    @property
    def spent(self) -> bool:
        """Whether nothing is left to spend."""
        return self.evidence.trainings >= self.budget

    def best(self) -> Chain:
        """The first chain that cures, or the best of those that the budget allowed."""
        values: dict[Chain, float] = {(): self.value(())}
        if self.cured(()) and not _causes(self.evidence):
            return ()
        for chain in _candidates(self.evidence):
            if self.spent:
                break
            values[chain] = self.value(chain)
            if self.cured(chain):
                return self.longer(chain)
        return max(values, key=lambda chain: values[chain])

    def longer(self, chain: Chain) -> Chain:
        """The chain with more epochs, where its loss is still falling and the gain is clear."""
        loss = np.asarray(self.evidence.trial(self.applied(chain)).run.curves.train_loss, np.float64)
        late = loss[-max(len(loss) // 5, 2) :]
        if self.spent or len(loss) < len(late) or late[0] - late[-1] < STILL_FALLING * (loss[0] - late[0]):
            return chain
        extended = (*chain, "more-epochs")
        return extended if self.value(extended) >= self.value(chain) + GOAL else chain

    def smaller(self, chain: Chain) -> Chain:
        """The chain without the remedies that it can do without."""
        chain = tuple(name for name in chain if remedies[name](self.evidence.experiment, self.evidence.data))
        needed = min(self.value(chain), 1.0) - TOLERANCE
        for name in reversed(chain):
            rest = tuple(other for other in chain if other != name)
            if not self.spent and self.value(rest) >= needed:
                chain = rest
        return chain


def _causes(evidence: Evidence) -> list[Finding]:
    """Faults that stand and are no mere symptoms, as far as nothing has to be trained to see them."""
    return [finding for finding in measured(evidence) if finding.stands and finding.fault not in SYMPTOMS]


def _candidates(evidence: Evidence) -> Iterator[Chain]:
    """Chains in the order of trial: what the findings advise, usual remedies at once, and ever stronger company."""
    advised = dict.fromkeys(name for finding in _causes(evidence) for name in finding.remedies)
    always = tuple(part.remedy for part in ALWAYS)
    singles = [(name,) for name in list(advised)[:4]]
    usual = [(*always, *(part.remedy for part in last)) for last in IN_TURN]
    few = updates(evidence) < FEW_UPDATES
    strongest = [(*always, *last) for last in STRONGEST if few or "many-more-epochs" not in last]
    # A run of few steps needs more of them before anything else can show; otherwise the costly chains come last.
    chains = [*singles, *strongest, *usual] if few else [*singles, *usual, *strongest]
    seen = [evidence.experiment]
    for chain in chains:
        experiment = evidence.experiment
        for name in chain:
            experiment = remedies[name](experiment, evidence.data) or experiment
        if experiment not in seen:
            seen.append(experiment)
            yield chain


def _halves(rows: Merits) -> tuple[Merits, Merits]:
    """The rows that choose and the rows that prove."""
    return (rows, rows) if len(rows) < ENOUGH_TO_HALVE else (rows[::2], rows[1::2])


def _prove(evidence: Evidence, repaired: Experiment) -> Proof:
    """Both experiments on further seeds, compared row by row on the rows that had no part in the choice."""
    seeds = range(evidence.experiment.training.seed + 1, evidence.experiment.training.seed + 1 + PAIRS)
    differences = [
        _halves(_held_out(evidence, repaired, seed))[1] - _halves(_held_out(evidence, evidence.experiment, seed))[1]
        for seed in seeds
    ]
    gain = float(np.mean([d.mean() for d in differences]))
    # The seeds share rows, so they do not count as more rows; a row of doubt keeps few rows from being certain.
    doubt = [math.sqrt(float(((d - d.mean()) ** 2).sum()) + 1.0) / len(d) for d in differences]
    half = NORMAL_95 * float(np.mean(doubt))
    return Proof(PAIRS, gain, gain - half, gain + half, len(differences[0]) < len(evidence.own.validation))


def _held_out(evidence: Evidence, experiment: Experiment, seed: int) -> Merits:
    """Merits on the validation rows of another seed."""
    seeded = replace(experiment, training=replace(experiment.training, seed=seed))
    data = prepared_for(seeded, evidence.folder)
    run = fit(seeded, data)
    guesses = outputs(plan([seeded.network]), run.params, run.moving, data.validation.inputs)[0]
    return merits(evidence.metric, guesses, data.validation.targets)


def changes(before: Experiment, after: Experiment) -> Iterator[str]:
    """One line for every value of the experiment file that differs."""
    old, new = (dict(_flat(tomllib.loads(experiment.to_toml()))) for experiment in (before, after))
    for place in dict.fromkeys([*old, *new]):
        if old.get(place) != new.get(place):
            yield f"{place}: {old.get(place, say('(not given)'))} → {new.get(place, say('(not given)'))}"


def _flat(table: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a nested table with its place."""
    if isinstance(table, dict) and "name" not in table:
        for key, value in table.items():
            yield from _flat(value, f"{place}.{key}" if place else key)
    elif isinstance(table, Sequence) and not isinstance(table, str):
        for number, value in enumerate(table):
            yield from _flat(value, f"{place}[{number}]")
    else:
        yield place, _named(table)


def _named(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inside = ", ".join(f"{key}={each:g}" for key, each in value.items() if key != "name")
    return f"{value['name']}({inside})"
