"""The result is no better than a constant answer: the commonest class, or the mean.

**Why it hurts.** Whatever the loss curve looks like, nothing about the inputs has been learned. A good-looking
accuracy can be just the share of the commonest class.

**How it is seen.** On the very rows it was trained on, the network beats the best constant answer by less than 2 % of
what is left above it, while plain models beat it clearly on new rows. It is a bare symptom; the findings before it
say why.

**What to do.** Act on the cause. If none was found: scale the data, check the loss and the output activation, overfit
ten rows on purpose.

References: Wardat, Le & Rajan 2021 (DeepLocalize); Zhang et al. 2021 (AUTOTRAINER).
"""

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding, Severity
from gradoscope.diagnosis.rule import rule
from gradoscope.language import say


@rule(lambda: say("No learning"), of_scores=True)
def measure(evidence: Evidence) -> Finding | None:
    """The run against a constant answer, on its own training rows."""
    if not evidence.idle:
        return None
    own, floor = float(evidence.own.train.mean()), float(evidence.constant_train.mean())
    best = float(evidence.reference.validation.mean())
    return Finding(
        "no-learning",
        Severity.CRITICAL,
        say("network"),
        say(
            "On its own training rows the network reaches {own:.3f}, a constant answer {floor:.3f}; a {model} reaches "
            "{best:.3f} on the validation rows.",
            own=own,
            floor=floor,
            model=evidence.reference.title,
            best=best,
        ),
        {"train_score": own, "constant_answer": floor, "reference": best},
        ("standard-inputs", "suited-activation", "adam"),
    )
