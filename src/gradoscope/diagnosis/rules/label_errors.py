"""Targets are wrong or do not belong to their rows.

**Why it hurts.** A network learns what its rows say. Targets shuffled against their rows are noise, and the network
can only memorise them.

**How it is seen.** Plain models learn nothing from the training rows (answering each for rows that they have not
seen, they do no better than a constant answer), yet they do learn from the validation rows alone, beyond chance: what
the columns mean for the target holds there and not here. With at least fifty rows on both sides.

**What to do.** Check the join that brought targets to rows, and the order of both files.

References: Northcutt, Jiang & Chuang 2021; Zhang et al. 2017 (rethinking generalisation).
"""

import numpy as np

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding, Severity
from gradoscope.diagnosis.merits import constant, merits, paired
from gradoscope.diagnosis.reference import references
from gradoscope.diagnosis.rule import rule
from gradoscope.language import say

FEWEST, NOTHING, CLEAR = 50, 1.0, 3.0


@rule(lambda: say("Label errors"), of_scores=True)
def measure(evidence: Evidence) -> Finding | None:
    """Whether the validation rows can be learned, but the training rows cannot."""
    train, validation = evidence.data.train, evidence.data.validation
    if min(len(train.inputs), len(validation.inputs)) < FEWEST:
        return None
    floor = merits(evidence.metric, constant(evidence.metric, validation, validation), validation.targets)
    if paired(evidence.reference.validation, floor).z >= CLEAR:
        return None
    if paired(evidence.reference.out_of_fold(), evidence.constant_train).z >= NOTHING:
        return None
    models = references(evidence.metric, validation, validation, evidence.experiment.training.seed)
    inside = max((model.out_of_fold() for model in models), key=np.mean)
    if paired(inside, floor).z < CLEAR:
        return None
    return Finding(
        "label-errors",
        Severity.WARNING,
        "[data] target",
        say(
            "The validation rows can be learned from each other, the training rows cannot: their targets do not seem "
            "to belong to their rows."
        ),
        {"learned_inside_validation": float(inside.mean())},
    )
