"""The steps are too small.

**Why it hurts.** The weights hardly move in the epochs given; the loss is still on its way down, or has not left the
start.

**How it is seen.** Like its opposite it is tried: when a run fails and nothing else explains it, twins with ten and a
hundred times the learning rate are trained for the same epochs. If one of them makes up at least half of what is
missing, the rate was too low. A run of fewer than a hundred steps is not blamed on the rate: it has had no time.

**What to do.** Multiply the learning rate by ten; Adam with 0.001 is a usual start, plain gradient descent wants
more.

References: Bengio 2012, "Practical recommendations"; Smith 2017 (range test).
"""

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding
from gradoscope.diagnosis.rule import rule
from gradoscope.diagnosis.twins import FEW_UPDATES, twin_finding, updates
from gradoscope.language import say


def against_twin(evidence: Evidence) -> Finding | None:
    """Whether a larger learning rate does better."""
    if updates(evidence) < FEW_UPDATES:
        return None
    return twin_finding(
        evidence, "learning-rate-too-low", "[training] learning_rate", ("higher-rate", "much-higher-rate")
    )


@rule(lambda: say("Learning rate too low"), attempt=against_twin)
def measure(_evidence: Evidence) -> Finding | None:
    """Nothing: it can only be tried."""
    return None
