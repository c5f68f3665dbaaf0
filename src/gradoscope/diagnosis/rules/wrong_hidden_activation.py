"""The hidden activation does not suit this network.

**Why it hurts.** An activation that grows faster than its input (the exponential) turns a stack of layers into towers
of powers: values leave the numbers within a few layers or steps. One that is flat everywhere (a step) passes no
gradient. One whose slope is small (the sigmoid's is at most a quarter) or that couples the units of a layer (a
softmax between layers) can slow a network so much that it does not arrive.

**How it is seen.** In a run that fails, from the activation's facts: no bound on its slope and none on its values,
and the run fell into non-finite numbers or the signal grows more than 10000-fold through the hidden layers at the
start; a slope of zero everywhere; or units that share one sum, as in a softmax between layers. Otherwise, when
nothing else explains the run, a twin with ReLU and He starting weights (SELU and LeCun in deep stacks) makes up at
least half of what is missing.

**What to do.** ReLU or a smooth relative of it (GELU, SiLU, ELU, SELU) in hidden layers; bounded activations belong
into shallow networks, gates and outputs.

References: Glorot, Bordes & Bengio 2011; Klambauer et al. 2017; Dubey, Singh & Chaudhuri 2022.
"""

import math

from gradoscope.diagnosis.evidence import Evidence, Standing
from gradoscope.diagnosis.finding import Finding, Number, Severity
from gradoscope.diagnosis.remedies import remedies
from gradoscope.diagnosis.rule import rule
from gradoscope.diagnosis.starting import journey
from gradoscope.functions import activations
from gradoscope.functions.facts import Dead, Lipschitz, Range
from gradoscope.language import say
from gradoscope.networks import Named


def against_twin(evidence: Evidence) -> Finding | None:
    """Whether a twin with a usual hidden activation does better."""
    changed = remedies["suited-activation"](evidence.experiment, evidence)
    if evidence.depth == 0 or changed is None or not evidence.cures(changed):
        return None
    other, share = str(changed.network.hidden[0].activation), evidence.gain(evidence.trial(changed)).mean
    return _finding(evidence, evidence.layers[0].activation, say(
        "A twin with {other} in the hidden layers picks up {share:.0%} of what this run misses.",
        other=other, share=share), {"picked_up": share})  # fmt: skip


@rule(lambda: say("Wrong hidden activation"), attempt=against_twin)
def measure(evidence: Evidence) -> Finding | None:
    """Facts of the activations, in a run that shows their harm."""
    if not evidence.failing:
        return None
    for layer in evidence.layers[:-1]:
        if _flat_everywhere(layer.activation):
            said = say("{activation} has the slope 0 everywhere: no gradient passes it.", activation=layer.activation)
            return _finding(evidence, layer.activation, said, {})
        if _couples(layer.activation) and layer.units > 1:
            said = say(
                "{activation} couples the units of a layer: they share one sum, and little signal is left of it.",
                activation=layer.activation,
            )
            return _finding(evidence, layer.activation, said, {})
        blown = evidence.standing is Standing.NON_FINITE or journey(evidence.start).blown
        if _grows_without_bound(layer.activation) and blown:
            return _finding(evidence, layer.activation, say(
                "{activation} grows faster than its input; through {depth} hidden layers the values leave the numbers.",
                activation=str(layer.activation), depth=evidence.depth), {})  # fmt: skip
    return None


def _flat_everywhere(function: Named) -> bool:
    facts = activations[function.name].with_parameters(**dict(function.arguments)).facts
    return any(isinstance(fact, Dead) and fact.low == -math.inf and fact.high == math.inf for fact in facts)


def _couples(function: Named) -> bool:
    """Whether it is a softmax or the like, whose units depend on each other."""
    return not activations[function.name].elementwise


def _grows_without_bound(function: Named) -> bool:
    facts = activations[function.name].with_parameters(**dict(function.arguments)).facts
    steep = any(isinstance(fact, Lipschitz) and math.isinf(fact.constant) for fact in facts)
    return steep and any(isinstance(fact, Range) and math.isinf(fact.high) for fact in facts)


def _finding(evidence: Evidence, activation: Named, explanation: str, figures: dict[str, Number]) -> Finding:
    return Finding(
        "wrong-hidden-activation",
        Severity.WARNING,
        say("hidden layers"),
        explanation,
        {"activation": str(activation), "hidden_layers": evidence.depth, **figures},
        ("suited-activation",),
    )
