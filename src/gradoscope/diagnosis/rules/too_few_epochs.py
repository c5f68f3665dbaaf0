"""Training stops well before it has converged.

**Why it hurts.** The loss is still falling when the last epoch ends.

**How it is seen.** When a run fails and nothing else explains it, a twin with ten times the epochs is trained. If it
makes up at least half of what is missing, there were too few. In a run of fewer than a hundred steps a hundred times
the epochs are tried as well, and ten times with ten times the learning rate.

**What to do.** More epochs, or larger steps; smaller batches give more steps for the same epochs.

References: Goodfellow, Bengio & Courville 2016, chapter 8.
"""

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding
from gradoscope.diagnosis.rule import rule
from gradoscope.diagnosis.twins import FEW_UPDATES, twin_finding, updates
from gradoscope.language import say


def against_twin(evidence: Evidence) -> Finding | None:
    """Whether longer training does better."""
    names: tuple[str, ...] = ("more-epochs",)
    if updates(evidence) < FEW_UPDATES:
        names = ("more-epochs", "many-more-epochs", "more-epochs-higher-rate")
    return twin_finding(evidence, "too-few-epochs", "[training] epochs", names)


@rule(lambda: say("Too few epochs"), attempt=against_twin)
def measure(_evidence: Evidence) -> Finding | None:
    """Nothing: it can only be tried."""
    return None
