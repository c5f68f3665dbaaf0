"""The steps are too large.

**Why it hurts.** A step longer than the valley is wide lands on the other side, higher than before: the loss jumps,
stays high, or leaves the numbers.

**How it is seen.** A scale for "too large" does not exist apart from the network, so it is tried: when a run fails
and nothing else explains it, twins with a tenth and with a hundredth of the learning rate are trained, all else
equal. If one of them makes up at least half of what is missing, the rate was too high.

**What to do.** Divide the learning rate by ten, or let it decay.

References: LeCun et al. 1998; Bengio 2012, "Practical recommendations"; Smith 2017 (range test).
"""

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding
from gradoscope.diagnosis.rule import rule
from gradoscope.diagnosis.twins import twin_finding
from gradoscope.language import say


def against_twin(evidence: Evidence) -> Finding | None:
    """Whether a smaller learning rate does better."""
    return twin_finding(
        evidence, "learning-rate-too-high", "[training] learning_rate", ("lower-rate", "much-lower-rate")
    )


@rule(lambda: say("Learning rate too high"), attempt=against_twin)
def measure(_evidence: Evidence) -> Finding | None:
    """Nothing: it can only be tried."""
    return None
