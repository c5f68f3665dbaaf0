"""A fault of the data: a constant target, classes that only the validation rows have, or pure noise.

**Why it hurts.** No network can learn what is not there.

**How it is seen.** Before training: the targets of the training rows are all the same, or a class of the validation
rows does not occur among the training rows. After training, with at least a hundred rows: neither the network nor a
linear model, a kernel machine or a random forest does better on the validation rows than a constant answer (by 5 % of
what is left above it, or beyond chance). A class so rare that the accuracy does not show it is another fault.

**What to do.** Look at the table: the target column, the join that made it, the order of the rows (shuffle = true).

References: Humbatova et al. 2020 (taxonomy of real faults: training data).
"""

import numpy as np

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding, Severity
from gradoscope.diagnosis.merits import paired
from gradoscope.diagnosis.rule import rule
from gradoscope.diagnosis.rules.class_imbalance import measure as imbalanced
from gradoscope.language import say

FEWEST, NOTHING, CHANCE = 100, 0.05, 2.5


@rule(lambda: say("Fault in the data"), of_scores=True, before_training=True)
def measure(evidence: Evidence) -> Finding | None:
    """What is wrong with the rows themselves."""
    train, validation = evidence.data.train.targets, evidence.data.validation.targets
    if np.ptp(train, axis=0).max() == 0:
        return _finding(say("All training rows have the same target, so there is nothing to tell apart."), 1.0)
    if evidence.data.task != "regression" and (missing := _unseen(train, validation)):
        return _finding(say("{count} classes of the validation rows occur in no training row.", count=missing), 1.0)
    if evidence.run is None or len(train) + len(validation) < FEWEST:
        return None
    best = max([evidence.reference.validation, evidence.own.validation], key=lambda merits: float(merits.mean()))
    lift = paired(best, evidence.constant)
    if lift.mean >= NOTHING * (1 - float(evidence.constant.mean())) or lift.z >= CHANCE or imbalanced(evidence):
        return None
    return _finding(say("Neither this network nor any plain model does better than a constant answer on the validation "
                        "rows: the inputs seem to say nothing about the target."), 0.7)  # fmt: skip


def _unseen(train: np.ndarray, validation: np.ndarray) -> int:
    """How many classes occur among the validation rows only."""
    codes = [rows[:, 0] if rows.shape[1] == 1 else rows.argmax(1) for rows in (train, validation)]
    return len(np.setdiff1d(codes[1], codes[0]))


def _finding(explanation: str, confidence: float) -> Finding:
    return Finding("data-fault", Severity.WARNING, "[data]", explanation, {}, (), confidence)
