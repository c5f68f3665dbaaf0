"""A penalty or dropout is needed and absent.

**Why it hurts.** With more weights than rows, nothing but a penalty, dropout or an early end keeps a network from
memorising its training rows.

**How it is seen.** The run overfits, no layer has a penalty or dropout, and a twin with a small L2 penalty and
dropout, or one that stops early, makes up at least half of what is missing.

**What to do.** A small L2 penalty and dropout, or early stopping.

References: Srivastava et al. 2014; Krogh & Hertz 1992.
"""

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding
from gradoscope.diagnosis.rule import rule
from gradoscope.diagnosis.rules.overfitting import measure as overfitting
from gradoscope.diagnosis.twins import twin_finding
from gradoscope.language import say


def against_twin(evidence: Evidence) -> Finding | None:
    """Whether a penalised twin, or one that stops early, does better."""
    guarded = any(layer.l1 or layer.l2 or layer.dropout for layer in evidence.layers)
    if guarded or overfitting(evidence) is None:
        return None
    return twin_finding(evidence, "missing-regularisation", say("hidden layers"), ("penalties", "early-stopping"))


@rule(lambda: say("Missing regularisation"), attempt=against_twin)
def measure(_evidence: Evidence) -> Finding | None:
    """Nothing: it can only be tried."""
    return None
