"""The loss keeps jumping up and down instead of settling.

**Why it hurts.** The steps overshoot: energy goes into crossing the valley, not into following it down, and the score
depends on the epoch at which training happens to end.

**How it is seen.** Over the second half of training, the training loss goes up and down more than five times as far
as it gets, and its jumps are more than a tenth of all that it fell (or, if it never fell, of its own size). It stands
when the run fails; it is a symptom, mostly of a learning rate too high, unscaled inputs or a tiny batch.

**What to do.** A smaller or decaying learning rate, scaled inputs, a larger batch.

References: LeCun et al. 1998; Smith 2017.
"""

import numpy as np

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding, Severity
from gradoscope.diagnosis.rule import rule
from gradoscope.language import say

DETOUR, JUMP, FEWEST = 5.0, 0.1, 8


@rule(lambda: say("Oscillating loss"), of_scores=True)
def measure(evidence: Evidence) -> Finding | None:
    """How far the loss travels against how far it gets."""
    loss = np.asarray(evidence.ran.curves.train_loss, np.float64)
    if not evidence.failing or len(loss) < FEWEST or not np.isfinite(loss).all():
        return None
    late = loss[len(loss) // 2 :]
    steps = np.abs(np.diff(late))
    detour = float(steps.sum() / max(abs(late[-1] - late[0]), 1e-12))
    fallen = max(float(loss[0] - loss.min()), 0.0)
    jump = float(np.median(steps) / max(fallen, abs(float(np.median(late))) * JUMP, 1e-12))
    if detour < DETOUR or jump < JUMP:
        return None
    return Finding(
        "oscillating-loss",
        Severity.WARNING,
        say("training loss"),
        say(
            "In the second half of training the loss travels {detour:.0f} times as far as it gets, in jumps of "
            "{jump:.0%} of all that it fell.",
            detour=min(detour, 9999.0),
            jump=jump,
        ),
        {"detour": detour, "jump": jump},
        ("lower-rate", "standard-inputs", "usual-batch"),
    )
