"""The signal dies on its way through the layers because the starting weights are off scale.

**Why it hurts.** Weights far below the usual scale shrink the differences between rows in every layer. After a few
layers all rows look alike, and whatever is built on them is a constant. It is the step between a poor initialisation
and a vanishing gradient: what is lost on the way forward cannot be found on the way back.

**How it is seen.** In a full pass before the first step, in a run that fails: the starting weights of some hidden
layer are more than a factor of 3 below the usual scales, and the spread between rows falls below 1 % of what the first
weighted sum showed. The finding names the first hidden layer below it. (Where the weights are of the usual scale and
the activation loses the signal, the finding is a vanishing gradient alone.)

**What to do.** The initialiser that belongs to the activation: He for rectifiers, LeCun for SELU, Glorot for sigmoid
and tanh; or normalisation.

References: Glorot & Bengio 2010; He et al. 2015; Mishkin & Matas 2016, "All you need is a good init".
"""

import numpy as np

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding, Severity
from gradoscope.diagnosis.rule import rule
from gradoscope.diagnosis.rules.poor_initialisation import off_scale
from gradoscope.diagnosis.starting import LOST, journey
from gradoscope.language import say


@rule(lambda: say("Signal collapse"))
def measure(evidence: Evidence) -> Finding | None:
    """The first layer in which rows have become alike, where weights too small are the reason."""
    way = journey(evidence.start)
    too_small = any(drawn.factor < 1 for drawn in off_scale(evidence))
    if not evidence.failing or evidence.depth == 0 or not way.lost or not too_small:
        return None
    left = [layer.signal / way.first if way.first > 0 else 0.0 for layer in evidence.start[:-1]]
    layer = int(np.argmax(np.array(left) < LOST)) + 1
    return Finding(
        "signal-collapse",
        Severity.WARNING,
        say("hidden layer {layer}", layer=layer),
        say(
            "With these starting weights, {share:.2g} of the differences between rows are left after hidden layer "
            "{layer}, and {last:.2g} after the last one.",
            share=left[layer - 1],
            layer=layer,
            last=way.gain,
        ),
        {"signal_left": way.gain, "layer": layer},
        ("suited-start", "suited-activation", "normalisation"),
    )
