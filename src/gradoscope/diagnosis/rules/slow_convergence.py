"""The loss falls, but far too slowly for the epochs given.

**Why it hurts.** The run ends on the way, not at the goal.

**How it is seen.** The run falls short, its training loss fell in the last fifth of the epochs by more than 2 % of
what it fell before, and it fell there most of the time. It is a symptom: of small steps, few epochs, unscaled data or
weak gradients.

**What to do.** See what the other findings name; otherwise a larger learning rate or more epochs.

References: Bengio 2012.
"""

import numpy as np

from gradoscope.diagnosis.evidence import Evidence, Standing
from gradoscope.diagnosis.finding import Finding, Severity
from gradoscope.diagnosis.rule import rule
from gradoscope.language import say

STILL, MOSTLY = 0.02, 0.6


@rule(lambda: say("Slow convergence"), of_scores=True)
def measure(evidence: Evidence) -> Finding | None:
    """How much of its way the loss still makes at the end."""
    loss = np.asarray(evidence.ran.curves.train_loss, np.float64)
    if evidence.standing not in (Standing.SHORT, Standing.IDLE) or len(loss) < 5:
        return None
    late = loss[-max(len(loss) // 5, 2) :]
    fallen, before = float(late[0] - late[-1]), float(loss[0] - late[0])
    falling = float((np.diff(late) < 0).mean())
    if fallen <= STILL * max(before, 0.0) or falling < MOSTLY or fallen <= 1e-6 * abs(float(loss[0])):
        return None
    return Finding(
        "slow-convergence",
        Severity.WARNING,
        say("training loss"),
        say(
            "The training loss is still falling: in the last fifth of the epochs by {late:.0%} of what it fell before.",
            late=min(fallen / max(before, 1e-12), 99.0),
        ),
        {"fell_at_the_end": fallen, "fell_before": before},
        ("higher-rate", "more-epochs"),
    )
