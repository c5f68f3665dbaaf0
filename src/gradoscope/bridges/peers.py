"""What the functions of the same name give in PyTorch, Keras and JAX, as far as these are installed."""

import os
from collections.abc import Mapping
from importlib.util import find_spec
from operator import attrgetter
from typing import NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from gradoscope.functions.activation import Activation

Floats = NDArray[np.float32]


class Peer(NamedTuple):
    """A library with the value and the derivative (None where it has none to show) of its function."""

    library: str
    value: Floats
    derivative: Floats | None


def beside(activation: Activation, x: Floats, parameters: Mapping[str, float]) -> tuple[Peer, ...]:
    """What the other libraries give for an activation at `x`, in float32.

    Parameters
    ----------
    activation
        An entry of the catalogue; its `peers` say what the others call it.
    x
        Where, shape (points,).
    parameters
        Of the activation; the libraries give them the same names.

    Examples
    --------
    >>> from gradoscope.functions import activations
    >>> float(beside(activations["tanh"], np.zeros(1, np.float32), {})[0].derivative[0])
    1.0
    """
    found = []
    if activation.peers.jax:
        found.append(_in_jax(activation, x, parameters))
    if activation.peers.torch and find_spec("torch"):
        found.append(_in_torch(activation, x, parameters))
    if activation.peers.keras and find_spec("keras"):
        found.append(_in_keras(activation, x, parameters))
    return tuple(found)


def _in_jax(activation: Activation, x: Floats, parameters: Mapping[str, float]) -> Peer:
    function = getattr(jax.nn, activation.peers.jax)
    value = np.asarray(function(x, **parameters))
    if not activation.elementwise:
        return Peer("JAX", value, None)
    slope = jax.grad(lambda at: function(at, **parameters).sum())(x)
    return Peer("JAX", value, np.asarray(slope))


def _in_torch(activation: Activation, x: Floats, parameters: Mapping[str, float]) -> Peer:
    import torch

    axis = {} if activation.elementwise else {"dim": -1}
    at = torch.from_numpy(x.copy()).requires_grad_()
    value = attrgetter(activation.peers.torch)(torch)(**parameters, **axis)(at)
    if not activation.elementwise:
        return Peer("PyTorch", value.detach().numpy(), None)
    (slope,) = torch.autograd.grad(value.sum(), at)
    return Peer("PyTorch", value.detach().numpy(), slope.numpy())


def _in_keras(activation: Activation, x: Floats, parameters: Mapping[str, float]) -> Peer:
    os.environ.setdefault("KERAS_BACKEND", "jax")  # the one that is here; Keras asks for TensorFlow otherwise
    import keras

    function = getattr(keras.activations, activation.peers.keras)
    value = function(keras.ops.convert_to_tensor(x), **parameters)
    return Peer("Keras", np.asarray(np.from_dlpack(value), np.float32), None)
