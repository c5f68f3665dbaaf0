"""Where training starts: scikit-learn's weights for its four activations, the catalogue's for all others."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import jax
import numpy as np

from gradoscope.estimators.course import Numbers, Weights, weights_of
from gradoscope.networks import Named, NetworkSpec, init

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
    functions = [layer.activation for layer in network.hidden] or [Named("relu")]
    if not all(function.name in THEIRS for function in functions):
        drawn = weights_of(jax.device_get(init([network], n_inputs, int(random.randint(2**31)))))
        return Weights(*([array.astype(dtype) for array in arrays] for arrays in drawn))
    return _glorot(network, n_inputs, [*functions, functions[-1]], random, dtype)


def _glorot(
    network: NetworkSpec, n_inputs: int, functions: Sequence[Named], random: np.random.RandomState, dtype: Any
) -> Weights:
    coefs: list[Numbers] = []
    intercepts: list[Numbers] = []
    sizes = [n_inputs, *(layer.units for layer in network.layers)]
    for (fan_in, fan_out), function in zip(pairwise(sizes), functions, strict=True):
        bound = np.sqrt(THEIRS[function.name] / (fan_in + fan_out))
        coefs.append(random.uniform(-bound, bound, (fan_in, fan_out)).astype(dtype))
        intercepts.append(random.uniform(-bound, bound, fan_out).astype(dtype))
    return Weights(coefs, intercepts)
