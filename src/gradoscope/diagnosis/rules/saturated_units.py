"""Many units sit on the flat ends of their activation.

**Why it hurts.** On a flat end the slope is next to nothing, so the unit hardly learns and passes hardly any gradient
on; to its successors it says two values only.

**How it is seen.** In full passes over all training rows, at the start and after training, for activations that are
flat on both ends: more than half of all (row, unit) pairs of some hidden layer have a slope below 5 % of the
steepest. It stands when the run falls short; otherwise it is a note.

**What to do.** Scale the inputs, draw smaller starting weights, or use an activation without flat ends.

References: Glorot & Bengio 2010; LeCun et al. 1998.
"""

from gradoscope.diagnosis.evidence import Evidence, Standing
from gradoscope.diagnosis.finding import Finding, Severity
from gradoscope.diagnosis.rule import rule
from gradoscope.language import say
from gradoscope.training.passes import bounded

MOST = 0.5


@rule(lambda: say("Saturated units"))
def measure(evidence: Evidence) -> Finding | None:
    """The hidden layer with the largest share of flat pairs, at the start or at the end."""
    layers = [number for number, layer in enumerate(evidence.layers[:-1]) if bounded(layer.activation)]
    if not layers or evidence.standing is Standing.NON_FINITE:
        return None
    flat = {n: (float(evidence.start[n].flat.mean()), float(evidence.end[n].flat.mean())) for n in layers}
    worst = max(layers, key=lambda number: max(flat[number]))
    if max(flat[worst]) <= MOST:
        return None
    return Finding(
        "saturated-units",
        Severity.WARNING if evidence.failing else Severity.NOTE,
        say("hidden layer {layer}", layer=worst + 1),
        say(
            "{end:.0%} of all values of hidden layer {layer} lie on the flat ends of {activation} after training, "
            "{start:.0%} at the start.",
            end=flat[worst][1],
            layer=worst + 1,
            start=flat[worst][0],
            activation=str(evidence.layers[worst].activation),
        ),
        {"flat_at_end": flat[worst][1], "flat_at_start": flat[worst][0], "layer": worst + 1},
        ("standard-inputs", "suited-start", "suited-activation"),
    )
