"""Findings that rest on a twin: the same experiment with one setting of training changed."""

from collections.abc import Sequence

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding, Severity
from gradoscope.diagnosis.remedies import remedies
from gradoscope.language import say
from gradoscope.networks import Experiment

FEW_UPDATES = 100  # steps in the whole training: nothing learns in fewer, whatever the learning rate


def updates(evidence: Evidence) -> int:
    """How many steps the run took."""
    training, rows = evidence.experiment.training, len(evidence.data.train.inputs)
    return training.epochs * -(-rows // training.batch_size)


def first_cure(evidence: Evidence, names: Sequence[str]) -> tuple[str, Experiment] | None:
    """The first remedy (with the changed experiment) that makes up at least half of what the run misses."""
    for name in names:
        changed = remedies[name](evidence.experiment, evidence)
        if changed is not None and evidence.cures(changed):
            return name, changed
    return None


def twin_finding(evidence: Evidence, fault: str, where: str, names: Sequence[str]) -> Finding | None:
    """The finding that the first curing remedy proves."""
    cure = first_cure(evidence, names)
    if cure is None:
        return None
    share = evidence.gain(evidence.trial(cure[1])).mean
    return Finding(
        fault,
        Severity.WARNING,
        where,
        say(
            "A twin, changed in this alone, picks up {share:.0%} of what this run misses: {remedy}",
            share=share,
            remedy=remedies[cure[0]].sentence(),
        ),
        {"picked_up": share},
        (cure[0],),
        confidence=1.0,
    )
