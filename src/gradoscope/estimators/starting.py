"""Where training starts: scikit-learn's weights for its four activations, the catalogue's for all others."""

from itertools import pairwise
from typing import Any

import jax
import numpy as np

from gradoscope.estimators.course import Numbers, Weights, weights_of
from gradoscope.networks import NetworkSpec, init

THEIRS = {"identity": 6.0, "sigmoid": 2.0, "tanh": 6.0, "relu": 6.0}  # Glorot and Bengio 2010, as scikit-learn scales


def start_weights(network: NetworkSpec, n_inputs: int, random: np.random.RandomState, dtype: Any) -> Weights:
    """The first weights of a network.

    Parameters
    ----------
    network
        Whose they are.
    n_inputs
        Number of inputs.
    random
        Where they are drawn from: for activations that scikit-learn has, as scikit-learn draws.
    dtype
        Of the weights.
    """
    limits = bounds(network, n_inputs)
    if limits is None:
        drawn = weights_of(jax.device_get(init([network], n_inputs, int(random.randint(2**31)))))
        return Weights(*([array.astype(dtype) for array in arrays] for arrays in drawn))
    coefs: list[Numbers] = []
    intercepts: list[Numbers] = []
    for fan_in, layer, limit in zip(_widths(network, n_inputs), network.layers, limits, strict=False):
        coefs.append(random.uniform(-limit, limit, (fan_in, layer.units)).astype(dtype))
        intercepts.append(random.uniform(-limit, limit, layer.units).astype(dtype))
    return Weights(coefs, intercepts)


def bounds(network: NetworkSpec, n_inputs: int) -> list[float] | None:
    """Between which limits, -bound and bound, scikit-learn draws the weights of each layer; None if it does not."""
    functions = [layer.activation.name for layer in network.hidden] or ["relu"]
    if not set(functions) <= THEIRS.keys():
        return None
    pairs = zip(pairwise(_widths(network, n_inputs)), [*functions, functions[-1]], strict=True)
    return [float(np.sqrt(THEIRS[name] / sum(fans))) for fans, name in pairs]


def _widths(network: NetworkSpec, n_inputs: int) -> list[int]:
    return [n_inputs, *(layer.units for layer in network.layers)]
