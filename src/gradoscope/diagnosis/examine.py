"""Diagnosis: every rule asked in order, from an experiment to findings."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from gradoscope.diagnosis.causes import ATTEMPTS, CAUSES, LAST_ATTEMPTS, ordered
from gradoscope.diagnosis.combined import combined
from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Diagnosis, Finding, Score, Severity
from gradoscope.diagnosis.rule import rules
from gradoscope.networks import Experiment
from gradoscope.training import fit, prepared_for
from gradoscope.training.fit import OnEpoch
from gradoscope.training.history import read_history
from gradoscope.training.state import Record

# Symptoms say what happened, not why: a twin may still show the cause.
SYMPTOMS = (
    "non-finite", "exploding-gradient", "saturated-units", "dead-units", "zigzag", "oscillating-loss",
    "slow-convergence", "no-learning", "overfitting", "class-imbalance",
)  # fmt: skip


def check(experiment: Experiment, folder: Path = Path()) -> Diagnosis:
    """What can be said before training: the rules that read the experiment, its rows and its starting weights.

    Parameters
    ----------
    experiment
        What would be trained.
    folder
        Where its files lie.
    """
    began = time.perf_counter()
    evidence = Evidence(experiment, folder, prepared_for(experiment, folder), None)
    found = [finding for rule in rules.values() if rule.before_training and (finding := rule.measure(evidence))]
    return Diagnosis(ordered(found), seconds=time.perf_counter() - began)


def diagnose(
    experiment: Experiment,
    folder: Path = Path(),
    *,
    seeds: int = 1,
    stop: bool = False,
    on_epoch: OnEpoch | None = None,
) -> Diagnosis:
    """Train the experiment as written, and say what is wrong with it, or that nothing is.

    Parameters
    ----------
    experiment
        What is trained.
    folder
        Where its files lie.
    seeds
        How many runs are diagnosed: the experiment's own seed and those that follow it. A finding says in how many of
        them it stands, and counts as soon as it stands in one.
    stop
        Whether training ends as soon as a fault stands that no further epoch can mend (`hopeless`).
    on_epoch
        Called with the number of finished epochs of each run.

    Returns
    -------
    Diagnosis
        The finding to act on first comes first.
    """
    began = time.perf_counter()
    first = experiment.training.seed
    alone = [
        judged(
            examined(replace(experiment, training=replace(experiment.training, seed=seed)), folder, on_epoch, stop=stop)
        )
        for seed in range(first, first + seeds)
    ]
    findings = alone[0].findings if seeds == 1 else ordered(_together(alone))
    trainings = sum(diagnosis.trainings for diagnosis in alone)
    return replace(alone[0], findings=findings, trainings=trainings, seconds=time.perf_counter() - began)


def diagnose_run(folder: Path) -> Diagnosis:
    """Say what is wrong with a run that lies in a folder, as `gradoscope train` leaves it; only twins are trained.

    Raises
    ------
    DataError
        The folder holds no run, or its data are not where they were.
    """
    began = time.perf_counter()
    run, data_folder = read_history(folder)
    evidence = Evidence(run.experiment, data_folder, prepared_for(run.experiment, data_folder), run)
    return replace(judged(evidence), trainings=evidence.trainings - 1, seconds=time.perf_counter() - began)


def judged(evidence: Evidence) -> Diagnosis:
    """What the rules say of a run, wherever it was trained."""
    findings = ordered(_findings(evidence))
    return Diagnosis(findings, evidence.ran.sentence, score_of(evidence), evidence.trainings)


def _together(diagnoses: Sequence[Diagnosis]) -> Iterator[Finding]:
    """One finding for each fault: as severe as where it is worst, with the share of the seeds in which it stands."""
    worst_first = list(Severity)
    for fault in CAUSES:
        seen = [finding for diagnosis in diagnoses for finding in diagnosis.findings if finding.fault == fault]
        if seen:
            worst = min(seen, key=lambda finding: worst_first.index(finding.severity))
            times = sum(finding.stands for finding in seen)
            yield replace(worst, seen_in=(times, len(diagnoses)), confidence=worst.confidence * times / len(diagnoses))


def examined(experiment: Experiment, folder: Path, on_epoch: OnEpoch | None = None, *, stop: bool = False) -> Evidence:
    """The evidence of a trained experiment; `stop` ends training where it is `hopeless`."""
    data = prepared_for(experiment, folder)
    run = fit(experiment, data, on_epoch=on_epoch, enough=hopeless if stop else None)
    return Evidence(experiment, folder, data, run)


def hopeless(record: Record) -> bool:
    """Whether an epoch ended in what no further one can mend.

    That is numbers that are not finite, or a hidden layer none of whose units got a gradient from any row: nothing
    moves it any more, and nothing passes it on the way to the layers before.
    """
    lifeless = np.asarray(record.signals.dead)[:, :-1] >= 1
    return bool((~np.isfinite(record.train_loss) | lifeless.any(1)).all())


def measured(evidence: Evidence) -> list[Finding]:
    """What can be said without training anything further, causes before symptoms."""
    return [finding for fault in CAUSES if (finding := rules[fault].measure(evidence))]


def _findings(evidence: Evidence) -> Iterator[Finding]:
    """What is measured, and, for a failing run that nothing measured explains, what cured twins show."""
    found = measured(evidence)
    yield from found
    explained = any(finding.stands and finding.fault not in SYMPTOMS for finding in found)
    if explained or not evidence.failing:
        return
    if any(finding.fault == "overfitting" for finding in found):
        yield from _first(evidence, ("missing-regularisation",))
    else:
        yield from _first(evidence, ATTEMPTS) or combined(evidence) or _first(evidence, LAST_ATTEMPTS)


def _first(evidence: Evidence, faults: Sequence[str]) -> list[Finding]:
    """The first of the faults that a twin proves."""
    for fault in faults:
        attempt = rules[fault].attempt
        finding = attempt(evidence) if attempt else None
        if finding is not None:
            return [replace(finding, severity=Severity.CRITICAL)]
    return []


def score_of(evidence: Evidence) -> Score:
    """The scores of its run, beside a constant answer and the best plain model."""
    return Score(
        evidence.metric,
        evidence.ran.train_score,
        evidence.ran.validation_score,
        evidence.baseline,
        float(evidence.reference.validation.mean()),
        evidence.reference.title,
    )
