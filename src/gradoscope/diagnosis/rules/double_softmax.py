"""Outputs are squashed twice: a softmax (or sigmoid) is applied to what is already one.

**Why it hurts.** A softmax of probabilities sees numbers between 0 and 1, so its own outputs can never get far apart:
of two classes the surer one gets at most e / (1 + e) = 73 %, of ten 23 %. The loss cannot reach its minimum, and the
gradient passes two flat ends.

**How it is seen.** Before training, from the experiment: the loss takes logits and squashes them itself, but the output
activation has squashed them already; or the last hidden layer is a softmax and the output layer is one again.

**What to do.** One softmax, in the output layer, with categorical cross-entropy on its value; or none with a loss that
takes logits.

References: Humbatova et al. 2020 (taxonomy of real faults: redundant activation); PyTorch, `CrossEntropyLoss` ("the
input is expected to contain the unnormalized logits").
"""

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding, Severity
from gradoscope.diagnosis.rule import rule
from gradoscope.diagnosis.shapes import reach
from gradoscope.functions import losses
from gradoscope.language import say
from gradoscope.networks import Layer, Named


@rule(lambda: say("Double softmax"), before_training=True)
def measure(evidence: Evidence) -> Finding | None:
    """Whether what reaches the loss was squashed more than once."""
    loss = losses[evidence.loss.name]
    if loss.after_link == "logits" and evidence.output.activation != Named("identity") and _squashes(evidence.output):
        return _finding(say(
            "{loss} takes logits and squashes them itself, but the output layer already ends in {activation}.",
            loss=str(evidence.loss), activation=str(evidence.output.activation),
        ), "matched-output-and-loss")  # fmt: skip
    if evidence.depth and _shares(evidence.layers[-2]) and _shares(evidence.output):
        return _finding(say(
            "The last hidden layer is a {hidden} and the output layer a {output}: what is squashed twice can never say "
            "a sure answer.",
            hidden=str(evidence.layers[-2].activation), output=str(evidence.output.activation),
        ), "suited-activation")  # fmt: skip
    return None


def _squashes(layer: Layer) -> bool:
    can = reach(layer)
    return can.low >= 0 and can.high <= 1


def _shares(layer: Layer) -> bool:
    """Whether the values of a layer are shares of one sum."""
    return layer.units > 1 and reach(layer).rows_sum_to == 1


def _finding(explanation: str, remedy: str) -> Finding:
    return Finding("double-softmax", Severity.WARNING, say("output layer"), explanation, {}, (remedy,), confidence=1.0)
