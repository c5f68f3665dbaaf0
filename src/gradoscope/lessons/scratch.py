"""A neural network from scratch, in NumPy alone: read it from top to bottom.

A layer computes z = a_before W + b and a = f(z). Its error says how the loss changes with z. The chain rule carries
the error backwards, from each layer to the one before; gradient descent then steps against the gradients. Shapes are
(rows, units), numbers float64.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
TINY = 1e-12  # keeps probabilities away from 0 and 1, where their logarithm ends


# ---------------------------------------------------------------------------------------------- 1. Activations


class Activation(NamedTuple):
    """a = value(z), and how an error in a becomes an error in z: error_z = back(z, error_a)."""

    value: Callable[[Array], Array]
    back: Callable[[Array, Array], Array]


def elementwise(value: Callable[[Array], Array], slope: Callable[[Array], Array]) -> Activation:
    """An activation of each number by itself: the error is multiplied by the slope f'(z)."""
    return Activation(value, lambda z, error: error * slope(z))


def _sigmoid(z: Array) -> Array:
    small = np.exp(-abs(z))  # never overflows
    p: Array = np.where(z >= 0, 1.0, small) / (1 + small)
    return p


def _softmax(z: Array) -> Array:
    powers = np.exp(z - z.max(1, keepdims=True))  # the same quotient, without overflow
    p: Array = powers / powers.sum(1, keepdims=True)
    return p


def _softmax_back(z: Array, error: Array) -> Array:
    """Every output depends on every input: the Jacobian is diag(p) - p p^T."""
    p = _softmax(z)
    error_z: Array = p * (error - (error * p).sum(1, keepdims=True))
    return error_z


ACTIVATIONS = {
    "identity": elementwise(lambda z: z, np.ones_like),
    "sigmoid": elementwise(_sigmoid, lambda z: _sigmoid(z) * _sigmoid(-z)),
    "tanh": elementwise(np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": elementwise(lambda z: np.maximum(z, 0), lambda z: np.where(z > 0, 1.0, 0.0)),
    "leaky_relu": elementwise(lambda z: np.where(z > 0, z, 0.01 * z), lambda z: np.where(z > 0, 1.0, 0.01)),
    "softmax": Activation(_softmax, _softmax_back),
}


# --------------------------------------------------------------------------------------------------- 2. Losses


class Loss(NamedTuple):
    """The loss of each row, value(prediction, target), and its slope in the prediction."""

    value: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], Array]


def _clipped(p: Array) -> Array:
    return np.clip(p, TINY, 1 - TINY)


def _binary(p: Array, y: Array) -> Array:
    losses: Array = -(y * np.log(_clipped(p)) + (1 - y) * np.log(_clipped(1 - p))).mean(1)
    return losses


LOSSES = {
    "mean_squared_error": Loss(lambda p, y: ((p - y) ** 2).mean(1), lambda p, y: 2 * (p - y) / y.shape[1]),
    "binary_cross_entropy": Loss(_binary, lambda p, y: (p - y) / (_clipped(p) * _clipped(1 - p)) / y.shape[1]),
    "categorical_cross_entropy": Loss(lambda p, y: -(y * np.log(_clipped(p))).sum(1), lambda p, y: -y / _clipped(p)),
}


# ------------------------------------------------------------------------------- 3. Forward, backward, descend


class Layer(NamedTuple):
    """Weights W (units before, units), bias b (units,), and the name of the activation."""

    W: Array
    b: Array
    activation: str


def forward(network: Sequence[Layer], X: Array) -> tuple[list[Array], list[Array]]:
    """Every z, and every a; the a of layer l is activated[l + 1], and activated[0] is X itself."""
    sums, activated = [], [X]
    for layer in network:
        sums.append(activated[-1] @ layer.W + layer.b)
        activated.append(ACTIVATIONS[layer.activation].value(sums[-1]))
    return sums, activated


def loss_of(network: Sequence[Layer], X: Array, y: Array, loss: str) -> float:
    """The mean loss over the rows."""
    return float(LOSSES[loss].value(forward(network, X)[1][-1], y).mean())


def backward(network: Sequence[Layer], X: Array, y: Array, loss: str) -> list[tuple[Array, Array]]:
    """The gradient of the mean loss in each layer's W and b: the chain rule, from the last layer to the first."""
    sums, activated = forward(network, X)
    error = LOSSES[loss].slope(activated[-1], y) / len(X)
    gradients = []
    for layer, z, a_before in zip(reversed(network), reversed(sums), reversed(activated[:-1]), strict=True):
        error = ACTIVATIONS[layer.activation].back(z, error)  # through f: now the error in z
        gradients.append((a_before.T @ error, error.sum(0)))  # z = a_before W + b
        error = error @ layer.W.T  # through W: the error in a_before
    return gradients[::-1]


def descend(network: Sequence[Layer], gradients: Sequence[tuple[Array, Array]], learning_rate: float) -> list[Layer]:
    """One step against the gradients."""
    return [
        layer._replace(W=layer.W - learning_rate * dW, b=layer.b - learning_rate * db)
        for layer, (dW, db) in zip(network, gradients, strict=True)
    ]


def train(
    network: Sequence[Layer], batches: Sequence[tuple[Array, Array]], loss: str, learning_rate: float
) -> tuple[list[Layer], list[float]]:
    """Gradient descent, one step per batch (X, y): the trained network, and the loss of each batch before its step.

    Examples
    --------
    >>> X, y = np.array([[0.0], [1.0]]), np.array([[1.0], [3.0]])  # y = 2 x + 1
    >>> line = Layer(W=np.zeros((1, 1)), b=np.zeros(1), activation="identity")
    >>> (line,), losses = train([line], [(X, y)] * 200, "mean_squared_error", learning_rate=0.5)
    >>> line.W, line.b
    (array([[2.]]), array([1.]))
    """
    network, losses = list(network), []
    for X, y in batches:
        losses.append(loss_of(network, X, y, loss))
        network = descend(network, backward(network, X, y, loss), learning_rate)
    return network, losses
