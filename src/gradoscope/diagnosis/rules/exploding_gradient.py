"""Signals, gradients or weights grow without bound.

**Why it hurts.** A factor above one per layer compounds just as one below it does. Steps become larger than the
landscape they should follow, and the numbers soon end.

**How it is seen.** In the full pass before the first step, the spread between rows grows more than 10000-fold from
the first weighted sum to the last hidden layer, or leaves the finite numbers; or, in a run that ended non-finite, the
gradient or the weights of some layer grew more than a thousandfold before. Both need a run that fails.

**What to do.** Starting weights of the right scale, scaled inputs, a smaller learning rate; a bound on the gradient
norm as a safety belt.

References: Pascanu, Mikolov & Bengio 2013; Glorot & Bengio 2010.
"""

import numpy as np

from gradoscope.diagnosis.evidence import Evidence, Standing
from gradoscope.diagnosis.finding import Finding, Severity
from gradoscope.diagnosis.rule import rule
from gradoscope.diagnosis.starting import journey
from gradoscope.language import say

GROWTH = 1e3


@rule(lambda: say("Exploding gradient"))
def measure(evidence: Evidence) -> Finding | None:
    """Growth on the way through the layers, or from epoch to epoch."""
    if not evidence.failing:
        return None
    gain, growth = journey(evidence.start).gain if evidence.depth else 1.0, _growth(evidence)
    if not (evidence.depth and journey(evidence.start).blown) and not growth > GROWTH:
        return None
    return Finding(
        "exploding-gradient",
        Severity.WARNING,
        say("all layers"),
        say(
            "The signal grows by a factor of {gain:.3g} through the hidden layers at the start, and gradients or "
            "weights by a factor of {growth:.3g} during training.",
            gain=gain,
            growth=growth,
        ),
        {"signal_growth": gain, "growth_in_training": growth},
        ("suited-start", "standard-inputs", "lower-rate", "clipping"),
    )


def _growth(evidence: Evidence) -> float:
    """By how much gradients or weights grew before a run ended non-finite (1 where it did not)."""
    if evidence.standing is not Standing.NON_FINITE:
        return 1.0
    growths = [1.0]
    for norms in (evidence.ran.signals.gradient_norm, evidence.ran.signals.weight_norm):
        with np.errstate(all="ignore"):
            sizes = np.asarray(norms, np.float64)
            growths.append(float(np.nanmax(np.abs(sizes) / np.where(sizes[:1] > 0, sizes[:1], np.nan), initial=1.0)))
    return max(growths)
