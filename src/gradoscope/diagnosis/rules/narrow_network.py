"""The network is too small for the task.

**Why it hurts.** A few units can draw a few lines. What needs more of them cannot be represented, however long the
network is trained and whatever its learning rate.

**How it is seen.** It is tried last: when a run fails on its own training rows and neither scaling nor start, steps,
epochs, activation or optimiser explain it, a twin with four times as many units in its hidden layers (at least 16), and
one with a hidden layer more, are trained. If one of them makes up at least half of what is missing, the network was too
small.

**What to do.** More units first, then more layers.

References: Goodfellow, Bengio & Courville 2016, section 5.2 (capacity, underfitting).
"""

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding
from gradoscope.diagnosis.rule import rule
from gradoscope.diagnosis.twins import twin_finding
from gradoscope.language import say


def against_twin(evidence: Evidence) -> Finding | None:
    """Whether a larger network does better."""
    return twin_finding(evidence, "narrow-network", say("hidden layers"), ("wider", "deeper"))


@rule(lambda: say("Network too small"), attempt=against_twin)
def measure(_evidence: Evidence) -> Finding | None:
    """Nothing: it can only be tried."""
    return None
