"""Norms of one step of Keras, by backend: begun with the state before the step, ended with what the step gave back."""

import sys
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import keras
import numpy as np
from numpy.typing import NDArray

from gradoscope.bridges.recording import Numbers


def on_host(value: Any) -> NDArray[Any]:
    """The numbers of a tensor or variable as NumPy's."""
    # Keras's own convert_to_numpy warns on both backends.
    plain = value.value if isinstance(value, keras.Variable) else value
    torch = sys.modules.get("torch")
    return np.asarray(plain.numpy(force=True) if torch and isinstance(plain, torch.Tensor) else plain)


class Norms(NamedTuple):
    """Norms per layer, still on the device."""

    gradient: Any
    update: Any
    weight: Any

    def numbers(self) -> tuple[Numbers, Numbers, Numbers]:
        """The norms on the host, each (layers,)."""
        fetched = (on_host(each).astype(np.float64) for each in self)
        gradient, update, weight = fetched
        return gradient, update, weight


class Measure(Protocol):
    """What takes the norms of a step."""

    def begin(self, state: Sequence[Any], batch: Any) -> None:
        """Note what will be gone after the step: `state` as the step gets it (JAX), and its batch."""

    def end(self, result: Any) -> Norms:
        """The norms, from what the step returned."""


class JaxMeasure:
    """On JAX the step is one compiled program that keeps its gradients to itself: they are computed once more.

    The very loss of the model is differentiated, with the same weights, rows and random seeds; nothing is changed.
    """

    def __init__(self, model: Any, kernels: Sequence[int]) -> None:
        self._kernels = kernels
        self._before: list[Any] = []
        self._gradient: Any = None

        def loss(trainable: Any, state: Sequence[Any], batch: Sequence[Any]) -> Any:
            other, optimizer, metrics = state
            return model.compute_loss_and_updates(
                trainable, other, metrics, *batch, training=True, optimizer_variables=optimizer
            )[0]

        self._norms = jax.jit(lambda *given: _norms([jax.grad(loss)(*given)[number] for number in kernels]))

    def begin(self, state: Sequence[Any], batch: Any) -> None:
        trainable, *others = state[0]
        self._before = [jnp.copy(trainable[number]) for number in self._kernels]
        self._gradient = self._norms(trainable, others, keras.utils.unpack_x_y_sample_weight(batch))

    def end(self, result: Any) -> Norms:
        after = [result[1][0][number] for number in self._kernels]
        before, self._before = self._before, []
        return Norms(self._gradient, _moved(after, before), _norms_compiled(after))


def _norms(arrays: list[jax.Array]) -> jax.Array:
    return jnp.stack([jnp.linalg.norm(array.ravel()) for array in arrays])


_norms_compiled = jax.jit(_norms)


@jax.jit
def _moved(after: list[jax.Array], before: list[jax.Array]) -> jax.Array:
    return _norms([new - old for new, old in zip(after, before, strict=True)])


class TorchMeasure:
    """On PyTorch the gradients stay with the weights until the next step."""

    def __init__(self, model: Any, kernels: Sequence[int]) -> None:
        variables = model.trainable_variables
        self._weights = [variables[number] for number in kernels]
        self._before: list[Any] = []

    def begin(self, state: Sequence[Any], batch: Any) -> None:
        self._before = [variable.value.detach().clone() for variable in self._weights]

    def end(self, result: Any) -> Norms:
        import torch

        def norms(tensors: list[Any]) -> Any:
            return torch.stack([torch.linalg.vector_norm(tensor.detach()) for tensor in tensors])

        weights = [variable.value for variable in self._weights]
        gradients = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in weights]
        moved = [new.detach() - old for new, old in zip(weights, self._before, strict=True)]
        self._before = []
        return Norms(norms(gradients), norms(moved), norms(weights))
