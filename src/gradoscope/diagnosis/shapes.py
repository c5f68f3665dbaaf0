"""What an output layer can say at all, whatever its weights: found by asking its activation."""

import math
from typing import NamedTuple

import numpy as np

from gradoscope.functions import activations
from gradoscope.networks import Layer

FAR = 1e3  # an activation that still moves out here is unbounded for every practical purpose


class Reach(NamedTuple):
    """The values that an output layer can take; `rows_sum_to` is None where they are free of each other."""

    low: float
    high: float
    rows_sum_to: float | None

    @property
    def constant(self) -> bool:
        """Whether it can say one value only."""
        return self.low == self.high


def reach(output: Layer) -> Reach:
    """What the activation of `output` can take with that many units.

    Examples
    --------
    >>> from gradoscope.networks import Named
    >>> reach(Layer(1, Named("sigmoid"))), reach(Layer(1, Named("softmax"))).constant
    (Reach(low=0.0, high=1.0, rows_sum_to=None), True)
    """
    entry = activations[output.activation.name].with_parameters(**dict(output.activation.arguments))
    far = np.concatenate([np.linspace(-40, 40, 801), [-FAR, FAR]])
    logits = far[:, None] if entry.elementwise else np.random.default_rng(0).choice(far, size=(2000, output.units))
    with np.errstate(over="ignore"):
        values = np.asarray(entry(logits))
    sums = values.sum(1)
    together = not entry.elementwise and bool(np.allclose(sums, sums[0]))
    low, high = float(values.min()), float(values.max())
    return Reach(
        low if low > -FAR / 2 else -math.inf,
        high if high < FAR / 2 else math.inf,
        float(sums[0].round(6)) if together else None,
    )
