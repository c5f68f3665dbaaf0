"""NaN or infinity appears in the loss, the weights or the outputs.

**Why it hurts.** One such number spreads through the next gradient into every weight, and training is over.

**How it is seen.** The run ends with the first epoch whose loss or weights are not finite. The finding names the
epoch and the first layer whose weights left the numbers, or, where the start itself overflows, the first layer whose
values do.

**What to do.** The cause is another finding: a learning rate too high, unscaled data, an activation that grows too
fast, starting weights too large. Bounding the gradient norm hides it more often than it heals it.

References: Goodfellow, Bengio & Courville 2016, chapter 4.
"""

import numpy as np

from gradoscope.diagnosis.evidence import Evidence, Standing
from gradoscope.diagnosis.finding import Finding, Severity
from gradoscope.diagnosis.rule import rule
from gradoscope.language import say


@rule(lambda: say("Non-finite numbers"))
def measure(evidence: Evidence) -> Finding | None:
    """Where and when the numbers ended."""
    if evidence.standing is not Standing.NON_FINITE:
        return None
    epoch, layer = evidence.ran.epochs, _first_layer(evidence)
    return Finding(
        "non-finite",
        Severity.CRITICAL,
        say("layer {layer}", layer=layer),
        say(
            "The loss or the weights became infinite or NaN in epoch {epoch}, first in layer {layer}.",
            epoch=epoch,
            layer=layer,
        ),
        {"epoch": epoch, "layer": layer},
        ("lower-rate", "standard-inputs", "suited-start", "suited-activation", "clipping"),
        confidence=1.0,
    )


def _first_layer(evidence: Evidence) -> int:
    """The first layer (from 1) whose values overflow at the start, or whose weights did in the last epoch."""
    for number, seen in enumerate(evidence.start, 1):
        if not seen.finite:
            return number
    bad = ~np.isfinite(np.asarray(evidence.ran.signals.weight_norm[-1]))
    return int(bad.argmax()) + 1 if bad.any() else len(evidence.layers)
