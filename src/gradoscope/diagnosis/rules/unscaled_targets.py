"""The targets of a regression are on a scale on which this network cannot learn well.

**Why it hurts.** A fresh network answers numbers of about unit size around zero. Targets in the thousands make the
first gradients thousands of times too large, or leave an output bias that creeps up for the whole training; targets
of a thousandth are lost beside the noise of the start.

**How it is seen.** The targets of the training rows have a spread above 10 or below 0.1, or a mean of more than 10
spreads from zero. That is a suspicion (a warning before training). After training the finding stands only if the run
falls short and a twin with standardised targets (alone, or together with standardised inputs) makes up at least half
of what was missing. R2 does not depend on the scale, so the twins compare fairly.

**What to do.** `targets = "standard"` in [data]; predictions are scaled back.

References: LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp".
"""

import numpy as np

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding, Severity
from gradoscope.diagnosis.remedies import remedies
from gradoscope.diagnosis.rule import rule
from gradoscope.language import say

LARGE, SMALL, FAR = 10.0, 0.1, 10.0


def against_twin(evidence: Evidence) -> Finding | None:
    """Whether a twin with standardised targets does better."""
    if (scale := _suspicious(evidence)) is None:
        return None
    for name in ("standard-targets", "standard-both"):
        changed = remedies[name](evidence.experiment, evidence)
        if changed is not None and evidence.cures(changed):
            share = evidence.gain(evidence.trial(changed)).mean
            proof = say("A twin with scaled data picks up {share:.0%} of what this run misses.", share=share)
            return _finding(Severity.WARNING, *scale, proof, 1.0)
    return None


@rule(lambda: say("Unscaled targets"), before_training=True, attempt=against_twin)
def measure(evidence: Evidence) -> Finding | None:
    """Whether the targets are of unit size: a suspicion before training, a note where training coped."""
    if (scale := _suspicious(evidence)) is None or evidence.failing:
        return None
    return _finding(Severity.WARNING if evidence.run is None else Severity.NOTE, *scale, "", 0.5)


def _suspicious(evidence: Evidence) -> tuple[float, float] | None:
    """Spread and mean of the targets where they are far from unit size."""
    if evidence.data.task != "regression" or evidence.experiment.data.targets == "standard":
        return None
    targets = evidence.data.train.targets.astype(np.float64)
    spread, center = float(targets.std(0).max()), float(np.abs(targets.mean(0)).max())
    return None if SMALL <= spread <= LARGE and center <= FAR * spread else (spread, center)


def _finding(severity: Severity, spread: float, center: float, proof: str, confidence: float) -> Finding:
    explanation = say(
        "The targets are not of unit size: they spread by {spread:.3g} around {center:.3g}.",
        spread=spread, center=center,
    )  # fmt: skip
    return Finding(
        "unscaled-targets",
        severity,
        "[data] targets",
        f"{explanation} {proof}".strip(),
        {"spread": spread, "mean": center},
        ("standard-targets", "standard-both"),
        confidence,
    )
