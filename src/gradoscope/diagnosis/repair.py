"""Repair: the smallest change that cures an experiment, found within a budget and proven on held-out rows."""

import math
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.examine import examined
from gradoscope.diagnosis.merits import Merits, merits
from gradoscope.diagnosis.search import Chain, Search, halves
from gradoscope.errors import UsageError
from gradoscope.language import say
from gradoscope.networks import Experiment, plan
from gradoscope.training import Run, fit, outputs, prepared_for

PAIRS = 2  # further seeds on which the original and the repaired experiment are trained
FEWEST = 2 * PAIRS + 2
NORMAL_95 = 1.96


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
    """What was found: the runs before and after, the changes in a line each, the experiment, the proof."""

    runs: tuple[Run, Run]
    remedies: Chain
    changes: tuple[str, ...]
    experiment: Experiment
    proof: Proof | None
    trainings: int
    seconds: float

    @property
    def before(self) -> float:
        """The score of the original on its validation rows."""
        return self.runs[0].validation_score

    @property
    def after(self) -> float:
        """The score of the repaired experiment on its validation rows."""
        return self.runs[1].validation_score


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
    search = Search(examined(experiment, folder), budget - 2 * PAIRS)
    chain, repaired, _ = search.run()
    proof = _prove(search.evidence, repaired) if chain else None
    trainings = search.evidence.trainings + (2 * PAIRS if chain else 0)
    runs = search.evidence.own.run, search.trial(repaired).run
    lines = tuple(changes(experiment, repaired))
    return Repair(runs, chain, lines, repaired, proof, trainings, time.perf_counter() - began)


def _prove(evidence: Evidence, repaired: Experiment) -> Proof:
    """Both experiments on further seeds, compared row by row on the rows that had no part in the choice."""
    seeds = range(evidence.experiment.training.seed + 1, evidence.experiment.training.seed + 1 + PAIRS)
    differences = [
        halves(_held_out(evidence, repaired, seed))[1] - halves(_held_out(evidence, evidence.experiment, seed))[1]
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
