"""The starting weights are too small, too large, or all alike.

**Why it hurts.** Units that start with equal weights get equal gradients and stay equal for ever: a layer of them is
one unit. Weights far below the scale that keeps the signal's size shrink it in every layer until rows cannot be told
apart; weights far above it push sigmoid units onto their flat ends and let rectifiers explode.

**How it is seen.** On the weights as drawn: all units of a hidden layer have the same weights; or the spread of a
layer's weights lies more than a factor of 3 below the smallest, or above the largest, of the three usual scales
(LeCun sqrt(1/n), Glorot sqrt(2/(n+m)), He sqrt(2/n)). Equal units always stand. A wrong scale stands when the run
falls short and the full pass at the start shows the damage: the signal shrinks below 1 % or grows beyond 10000-fold
on its way through the hidden layers, or more than half of it sits on flat ends of bounded activations. Otherwise a
twin with suited starting weights has to make up at least half of what is missing. Normalised layers do not mind the
scale of their weights and are left out.

**What to do.** Name no initialiser, and get the one that suits the activation; or He for rectifiers, LeCun for SELU,
Glorot for sigmoid and tanh.

References: LeCun et al. 1998; Glorot & Bengio 2010; He et al. 2015; Mishkin & Matas 2016.
"""

from typing import NamedTuple

import numpy as np

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding, Severity
from gradoscope.diagnosis.remedies import remedies
from gradoscope.diagnosis.rule import rule
from gradoscope.diagnosis.starting import journey
from gradoscope.language import say
from gradoscope.training.passes import bounded

FACTOR = 3.0
MOSTLY = 0.5


class Drawn(NamedTuple):
    """A layer whose starting weights are off the usual scales by `factor` (below 1: too small)."""

    layer: int
    factor: float


def against_twin(evidence: Evidence) -> Finding | None:
    """Whether a twin with suited starting weights does better."""
    off = off_scale(evidence)
    changed = remedies["suited-start"](evidence.experiment, evidence)
    if not off or changed is None or not evidence.cures(changed):
        return None
    return _finding(off, Severity.WARNING, 1.0)


@rule(lambda: say("Poor initialisation"), before_training=True, attempt=against_twin)
def measure(evidence: Evidence) -> Finding | None:
    """The weights as drawn, and the damage that a full pass shows."""
    if (alike := _alike(evidence)) is not None:
        return Finding(
            "poor-initialisation",
            Severity.CRITICAL,
            say("hidden layer {layer}", layer=alike),
            say("All units of the layer start with the same weights, get the same gradients and stay one unit."),
            {"layer": alike},
            ("suited-start",),
            confidence=1.0,
        )
    off = off_scale(evidence)
    if not off or (evidence.run is not None and not evidence.failing):
        return None
    way = journey(evidence.start)
    if way.lost or way.blown or _flat(evidence) > MOSTLY:
        return _finding(off, Severity.WARNING, 0.9)
    return None


def _alike(evidence: Evidence) -> int | None:
    """The first hidden layer (from 1) all of whose units start equal, though their targets may differ."""
    weights = evidence.all_start_weights[0]
    for number, layer in enumerate(weights[:-1], 1):
        kernel, bias = np.asarray(layer.kernel[0]), np.asarray(layer.bias[0])
        if kernel.shape[1] > 1 and np.ptp(kernel, axis=1).max() == 0 and np.ptp(bias) == 0:
            return number
    return None


def off_scale(evidence: Evidence) -> list[Drawn]:
    """Layers whose weights spread far from every usual scale."""
    weights = evidence.all_start_weights[0]
    found = []
    for number, (layer, spec) in enumerate(zip(weights[:-1], evidence.layers[:-1], strict=True), 1):
        fan_in, units = layer.kernel.shape[1:]
        size = float(np.sqrt(np.mean(np.square(layer.kernel))))
        scales = [(1 / fan_in) ** 0.5, (2 / fan_in) ** 0.5, (2 / (fan_in + units)) ** 0.5]
        factor = size / min(scales) if size < min(scales) else max(1.0, size / max(scales))
        if spec.normalisation is None and not 1 / FACTOR <= factor <= FACTOR:
            found.append(Drawn(number, factor))
    return found


def _flat(evidence: Evidence) -> float:
    """The largest share of flat (row, unit) pairs in a hidden layer with an activation that is flat on both ends."""
    pairs = zip(evidence.start[:-1], evidence.layers[:-1], strict=True)
    return max((float(seen.flat.mean()) for seen, layer in pairs if bounded(layer.activation)), default=0.0)


def _finding(off: list[Drawn], severity: Severity, confidence: float) -> Finding:
    worst = max(off, key=lambda drawn: abs(np.log(max(drawn.factor, 1e-30))))
    explanation = say(
        "The starting weights of {count} hidden layers are off the usual scales (LeCun, Glorot, He), in layer {layer} "
        "by a factor of {factor:.2g}.",
        count=len(off), layer=worst.layer, factor=worst.factor,
    )  # fmt: skip
    return Finding(
        "poor-initialisation",
        severity,
        say("hidden layer {layer}", layer=worst.layer),
        explanation,
        {"factor": worst.factor, "layers": len(off)},
        ("suited-start", "suited-activation", "normalisation"),
        confidence,
    )
