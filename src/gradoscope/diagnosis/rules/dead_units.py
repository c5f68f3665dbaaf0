"""Many rectified units give zero for every row and cannot recover.

**Why it hurts.** A unit whose slope is zero on every training row gets no gradient, so nothing brings it back. Sparse
units are another matter: zero on most rows but not on all, they learn from the others.

**How it is seen.** In a full pass over all training rows after training, more than half of the units of some hidden
layer have the slope zero on every row. It stands when the run falls short; in a run that does well it is a note, for
a pruned layer is no harm. A step function is dead by nature and is reported as a wrong hidden activation.

**What to do.** A smaller learning rate, He starting weights, an activation with a slope on both sides (leaky ReLU,
ELU, GELU), normalisation.

References: Lu et al. 2019, "Dying ReLU and Initialization"; Maas, Hannun & Ng 2013.
"""

from gradoscope.diagnosis.evidence import Evidence, Standing
from gradoscope.diagnosis.finding import Finding, Severity
from gradoscope.diagnosis.rule import rule
from gradoscope.language import say

MOST = 0.5


@rule(lambda: say("Dead units"))
def measure(evidence: Evidence) -> Finding | None:
    """The layer with the largest share of units that no row wakes up."""
    if evidence.depth == 0 or evidence.standing is Standing.NON_FINITE:
        return None
    dead = [layer.dead for layer in evidence.end[:-1]]
    worst = max(range(len(dead)), key=dead.__getitem__)
    if dead[worst] <= MOST:
        return None
    at_start = evidence.start[worst].dead
    return Finding(
        "dead-units",
        Severity.WARNING if evidence.failing else Severity.NOTE,
        say("hidden layer {layer}", layer=worst + 1),
        say(
            "{share:.0%} of the units of hidden layer {layer} have the slope zero on every training row after training "
            "({start:.0%} at the start).",
            share=dead[worst],
            layer=worst + 1,
            start=at_start,
        ),
        {"dead": dead[worst], "dead_at_start": at_start, "layer": worst + 1},
        ("suited-activation", "lower-rate", "suited-start", "normalisation"),
    )
