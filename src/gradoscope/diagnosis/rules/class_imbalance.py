"""A class is so rare that the network does not answer it.

**Why it hurts.** The loss is a mean over rows, and a class of a few rows in a hundred hardly weighs in it: never
answering it costs little. The accuracy looks good, and the class that mattered is missed.

**How it is seen.** On the training rows: the rarest class has less than a fifth of its even share (fewer than one row
in ten of two classes), and at least eight rows; the network finds at most a third of its rows that plain models with
balanced class weights find among rows that they have not seen, beyond chance; and the mean of the shares found over all
classes (the balanced accuracy) is by 0.1 or more below theirs, so that the rows found do not just cost others.

**What to do.** Class weights; more rows of the rare class; a score that sees it (balanced accuracy, recall).

References: He & Garcia 2009, "Learning from imbalanced data"; Buda, Maki & Mazurowski 2018.
"""

import numpy as np

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding, Severity
from gradoscope.diagnosis.merits import codes, paired
from gradoscope.diagnosis.reference import balanced_accuracy, balanced_out_of_fold
from gradoscope.diagnosis.rule import rule
from gradoscope.language import say

RARE, FEWEST, MISSED, WORSE, CLEAR = 0.2, 8, 1 / 3, 0.1, 2.5


@rule(lambda: say("Class imbalance"), of_scores=True)
def measure(evidence: Evidence) -> Finding | None:
    """The share of the rarest class's rows that is found, against models that weigh classes evenly."""
    if evidence.data.task == "regression" or evidence.run is None:
        return None
    of_row = codes(evidence.data.train.targets)
    classes, counts = np.unique(of_row, return_counts=True)
    rarest, share = classes[counts.argmin()], float(counts.min() / counts.sum())
    if len(classes) < 2 or share * len(classes) >= RARE or counts.min() < FEWEST:
        return None
    rows, own = of_row == rarest, evidence.own.train
    weighed = balanced_out_of_fold(evidence.data.train, evidence.experiment.training.seed)
    found, possible = float(own[rows].mean()), float(weighed[rows].mean())
    better = balanced_accuracy(weighed, of_row) - balanced_accuracy(own, of_row)
    if found > MISSED * possible or better < WORSE or paired(weighed[rows], own[rows]).z < CLEAR:
        return None
    return Finding(
        "class-imbalance",
        Severity.WARNING,
        "[data] target",
        say(
            "The rarest class has {share:.1%} of the training rows; the network finds {found:.0%} of them, a plain "
            "model with balanced class weights {possible:.0%}.",
            share=share,
            found=found,
            possible=possible,
        ),
        {"share": share, "found": found, "possible": possible},
        ("class-weights",),
    )
