"""The training rows are learned, new rows are not.

**Why it hurts.** The network has memorised rows, noise included, and answers new ones worse than it could.

**How it is seen.** The run falls short of plain models on the validation rows by more than a tenth of what the data
allow, beyond chance, but not on its training rows, where it does better than those models do on rows that they have
not seen; and its own score falls from training to validation rows by at least as much as it misses.

**What to do.** A penalty, dropout, early stopping, a smaller network, more rows.

References: Goodfellow, Bengio & Courville 2016, chapter 7.
"""

from gradoscope.diagnosis.evidence import Evidence, Standing
from gradoscope.diagnosis.finding import Finding, Severity
from gradoscope.diagnosis.rule import rule
from gradoscope.language import say


@rule(lambda: say("Overfitting"))
def measure(evidence: Evidence) -> Finding | None:
    """The gap between training and validation rows, against what plain models show is possible."""
    if evidence.standing is not Standing.SHORT or evidence.underfits:
        return None
    train, validation = float(evidence.own.train.mean()), float(evidence.own.validation.mean())
    best = float(evidence.reference.validation.mean())
    if evidence.underfit.mean > 0 or train - validation < best - validation:
        return None
    return Finding(
        "overfitting",
        Severity.WARNING,
        say("network"),
        say(
            "The network reaches {train:.3f} on its training rows and {validation:.3f} on the validation rows, where a "
            "{model} reaches {best:.3f}.",
            train=train,
            validation=validation,
            model=evidence.reference.title,
            best=best,
        ),
        {"train_score": train, "validation_score": validation, "reference": best},
        ("penalties", "early-stopping"),
    )
