"""The signal, and with it the gradient, all but disappears on its way through the layers.

**Why it hurts.** Each layer multiplies the differences between rows by the size of its weights times the slope of its
activation, and the gradient on its way back by the same. A factor of a third (a sigmoid layer with usual weights)
leaves a ten-thousandth after eight layers; a layer of dead rectifiers leaves nothing. The output then says the same
for every row, and early layers get no gradient that tells rows apart. Adam rescales the gradient, but what it
rescales is noise.

**How it is seen.** In a full pass before the first step: between the first weighted sum and the last hidden layer,
the spread between rows shrinks below 1 %. It is a finding when the run falls short as well. Other starts (the next
eight seeds) are looked at too, which costs a pass each: if the run itself was lucky, but the signal is lost in a
third of the starts or more, that is said as a warning, for the next run will probably fail. Why a hundredth: with
usual starts, layers of 16 ReLU or tanh units keep a tenth or more down to depth 16 and are never caught; sigmoid
layers keep a twentieth at depth 2, a hundredth at depth 3 and a thousandth at depth 4; layers of 5 ReLU units are
caught in one start of ten at depth 8 and in two of three at depth 16.

**What to do.** An activation that keeps the signal with the initialiser that belongs to it (ReLU with He, SELU with
LeCun), normalisation, fewer or wider layers.

References: Hochreiter 1991; Glorot & Bengio 2010; He et al. 2015; Lu et al. 2019, "Dying ReLU and Initialization".
"""

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding, Severity
from gradoscope.diagnosis.rule import rule
from gradoscope.diagnosis.starting import Journey, journey, share_lost
from gradoscope.language import say

OFTEN = 1 / 3


@rule(lambda: say("Vanishing gradient"))
def measure(evidence: Evidence) -> Finding | None:
    """Whether rows still differ when they reach the last hidden layer."""
    if evidence.depth == 0:
        return None
    way, seen = journey(evidence.start), share_lost(evidence)
    if evidence.failing and way.lost:
        return _finding(evidence, way, seen, Severity.WARNING)
    if not way.lost and seen[0] >= OFTEN * seen[1]:
        return _finding(evidence, way, seen, Severity.WARNING)
    return _finding(evidence, way, seen, Severity.NOTE) if way.lost else None


def _finding(evidence: Evidence, way: Journey, seen: tuple[int, int], severity: Severity) -> Finding:
    explanation = say(
        "Between the first and the last hidden layer, {share:.2g} of the differences between rows are left at the "
        "start of training; below 1 % the signal counts as lost.",
        share=way.gain,
    )
    gradients = evidence.ran.signals.gradient_norm[0]
    return Finding(
        "vanishing-gradient",
        severity,
        say("hidden layers 1 to {last}", last=evidence.depth),
        explanation,
        {
            "signal_left": way.gain,
            "gradient_first_layer": float(gradients[0]),
            "gradient_last_hidden_layer": float(gradients[-2]),
        },
        ("suited-activation", "suited-start", "normalisation"),
        seen_in=seen,
    )
