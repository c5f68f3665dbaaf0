"""The training rows are learned, new rows are not.

**Why it hurts.** The network has memorised rows, noise included, and answers new ones worse than it could.

**How it is seen.** The run falls short of plain models on the validation rows by more than a tenth of what the data
allow, beyond chance, but not on its training rows, where it does better than those models do on rows that they have
not seen; and its own score falls from training to validation rows by at least as much as it misses. Where plain
models do not do better either, it is still a finding if three signs meet: the score falls by 0.2 or more from
training to validation rows, it is by 0.2 or more above what those models reach on rows they have not seen, and the
validation loss ends by half above its minimum.

**What to do.** A penalty, dropout, early stopping, a smaller network, more rows.

References: Goodfellow, Bengio & Courville 2016, chapter 7.
"""

import numpy as np

from gradoscope.diagnosis.evidence import Evidence, Standing
from gradoscope.diagnosis.finding import Finding, Severity
from gradoscope.diagnosis.rule import rule
from gradoscope.language import say

GAP, RISE = 0.2, 1.5


@rule(lambda: say("Overfitting"), of_scores=True)
def measure(evidence: Evidence) -> Finding | None:
    """The gap between training and validation rows, against what plain models show is possible."""
    if evidence.standing not in (Standing.SHORT, Standing.FINE) or evidence.underfits:
        return None
    train, validation = float(evidence.own.train.mean()), float(evidence.own.validation.mean())
    best = float(evidence.reference.validation.mean())
    beaten = evidence.standing is Standing.SHORT and evidence.underfit.mean <= 0 and train >= best
    if not beaten and not (train - validation >= GAP and _memorised(evidence, train)):
        return None
    return Finding(
        "overfitting",
        Severity.WARNING,
        say("network"),
        say(
            "The network reaches {train:.3f} on its training rows and {validation:.3f} on the validation rows, where a "
            "{model} reaches {best:.3f}; the validation loss ends at {rise:.2g} times its minimum.",
            train=train,
            validation=validation,
            model=evidence.reference.title,
            best=best,
            rise=_rise(evidence),
        ),
        {"train_score": train, "validation_score": validation, "reference": best, "loss_rise": _rise(evidence)},
        ("penalties", "early-stopping"),
    )


def _memorised(evidence: Evidence, train: float) -> bool:
    """Whether the training rows are known better than they can be understood, and new rows pay for it."""
    return _rise(evidence) >= RISE and train - float(evidence.reference.out_of_fold().mean()) >= GAP


def _rise(evidence: Evidence) -> float:
    """The validation loss of the parameters returned, in multiples of its minimum."""
    loss = np.asarray(evidence.ran.curves.validation_loss, np.float64)
    lowest = float(loss.min())
    return float(loss[evidence.ran.best_epoch - 1] / lowest) if lowest > 0 else 1.0
