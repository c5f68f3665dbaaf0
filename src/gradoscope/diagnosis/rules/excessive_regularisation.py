"""Penalties or dropout keep the network from learning.

**Why it hurts.** A penalty larger than the loss it guards is minimised by weights near zero, whatever the data say;
dropout of most units leaves too few to carry the signal.

**How it is seen.** When a run with penalties or dropout fails and nothing else explains it, a twin without them is
trained. If it makes up at least half of what is missing, they were too strong.

**What to do.** Take them out, see the network learn, and add little.

References: Goodfellow, Bengio & Courville 2016, chapter 7; Srivastava et al. 2014.
"""

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding
from gradoscope.diagnosis.rule import rule
from gradoscope.diagnosis.twins import twin_finding
from gradoscope.language import say


def against_twin(evidence: Evidence) -> Finding | None:
    """Whether a twin without penalties and dropout does better."""
    return twin_finding(evidence, "excessive-regularisation", say("hidden layers"), ("no-penalties",))


@rule(lambda: say("Excessive regularisation"), attempt=against_twin)
def measure(_evidence: Evidence) -> Finding | None:
    """Nothing: it can only be tried."""
    return None
