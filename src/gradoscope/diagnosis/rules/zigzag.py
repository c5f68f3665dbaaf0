"""The path zigzags, because hidden values are all of one sign and far from zero.

**Why it hurts.** The gradient of a unit's weights is its error times the values that come in. Where these are all
positive, all weights of the unit want to move the same way for a row: both up or both down. A step towards "one up, the
other down" has to be made of a zigzag, and learning is slow. It is the old objection to the sigmoid.

**How it is seen.** In the full pass before the first step: some hidden layer has an activation whose values never
change sign, and the root mean square of its units' means is more than three times that of their spreads over the rows
(the sigmoid with usual weights: about 5; ReLU: 0.7; tanh: near 0). It stands when the run fails on its own training
rows and the signal is not lost altogether; it is a symptom, which slows what another fault breaks.

**What to do.** A zero-centred activation (tanh in place of the sigmoid), or normalisation.

References: LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp", section 4.3; Clevert, Unterthiner & Hochreiter 2016.
"""

import numpy as np

from gradoscope.diagnosis.evidence import Evidence, Standing
from gradoscope.diagnosis.finding import Finding, Severity
from gradoscope.diagnosis.rule import rule
from gradoscope.diagnosis.starting import journey
from gradoscope.functions import activations
from gradoscope.functions.facts import Range
from gradoscope.language import say
from gradoscope.networks import Named
from gradoscope.training.passes import LayerPass

FAR = 3.0


@rule(lambda: say("Zigzag"))
def measure(evidence: Evidence) -> Finding | None:
    """The hidden layer whose values lie farthest from zero, against their spread."""
    learns = evidence.standing is not Standing.IDLE and not evidence.underfits
    if not evidence.failing or learns or evidence.standing is Standing.NON_FINITE or evidence.depth == 0:
        return None
    if journey(evidence.start).lost:
        return None
    pairs = zip(evidence.layers[:-1], evidence.start[:-1], strict=True)
    offsets = [_offset(seen) if _one_signed(layer.activation) else 0.0 for layer, seen in pairs]
    worst = int(np.argmax(offsets))
    if not offsets[worst] > FAR:
        return None
    return Finding(
        "zigzag",
        Severity.WARNING,
        say("hidden layer {layer}", layer=worst + 1),
        say(
            "The values of {activation} in hidden layer {layer} are all of one sign and lie {offset:.2g} times as far "
            "from zero as they spread: the weights behind them can only move together.",
            activation=str(evidence.layers[worst].activation),
            layer=worst + 1,
            offset=offsets[worst],
        ),
        {"offset": offsets[worst], "layer": worst + 1},
        ("zero-centred", "normalisation"),
    )


def _offset(seen: LayerPass) -> float:
    """Distance of the units' means from zero, in multiples of their spread."""
    means = np.sqrt(np.maximum(seen.level**2 - seen.spread**2, 0.0))
    return float(np.sqrt(np.mean(means**2)) / seen.signal) if seen.signal > 0 else 0.0


def _one_signed(function: Named) -> bool:
    facts = activations[function.name].with_parameters(**dict(function.arguments)).facts
    return any(isinstance(fact, Range) and (fact.low >= 0 or fact.high <= 0) for fact in facts)
