"""The network can only represent a linear map, although the task needs more.

**Why it hurts.** Dense layers without a non-linear activation between them multiply out to a single matrix: depth
adds nothing.

**How it is seen.** Every hidden activation is the identity (or there is no hidden layer), the run falls short, and
plain models that bend do clearly better than a plain linear one on the same rows (a tenth of what the data allow,
beyond chance): the shape of the task, not the training, is what the run lacks. Where a linear map is enough, it is a
note.

**What to do.** ReLU or another non-linear activation in the hidden layers; a hidden layer where there is none.

References: Goodfellow, Bengio & Courville 2016, section 6.1.
"""

from gradoscope.diagnosis.evidence import SHORT_SHARE, SHORT_Z, Evidence
from gradoscope.diagnosis.finding import Finding, Severity
from gradoscope.diagnosis.merits import paired
from gradoscope.diagnosis.reference import LINEAR
from gradoscope.diagnosis.rule import rule
from gradoscope.language import say

IDENTITY = "identity"


@rule(lambda: say("Linear network"), before_training=True)
def measure(evidence: Evidence) -> Finding | None:
    """Whether anything in the network bends, and whether the task needs it."""
    if any(layer.activation.name != IDENTITY for layer in evidence.layers[:-1]):
        return None
    if evidence.run is None or not evidence.failing:
        return _note(evidence) if evidence.depth else None
    line = next(model for model in evidence.references if model.name == LINEAR)
    bent = paired(evidence.reference.validation, line.validation)
    room = float((evidence.reference.validation - evidence.constant).mean())
    if bent.mean < SHORT_SHARE * room or bent.z < SHORT_Z:
        return _note(evidence) if evidence.depth else None
    best, straight = float(evidence.reference.validation.mean()), float(line.validation.mean())
    return Finding(
        "linear-network",
        Severity.WARNING,
        say("hidden layers") if evidence.depth else say("network"),
        say(
            "No layer bends, so the network is a linear map; on these rows a plain linear model reaches {line:.3f} and "
            "a {model} {best:.3f}.",
            line=straight,
            model=evidence.reference.title,
            best=best,
        ),
        {"linear_model": straight, "best_model": best},
        ("suited-activation",),
        confidence=0.95,
    )


def _note(evidence: Evidence) -> Finding:
    return Finding(
        "linear-network",
        Severity.NOTE,
        say("hidden layers"),
        say(
            "{depth} hidden layers without a non-linear activation multiply out to a single linear layer.",
            depth=evidence.depth,
        ),
        {"hidden_layers": evidence.depth},
        ("suited-activation",),
    )
