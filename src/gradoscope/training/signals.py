"""Signals: numbers per layer and epoch that explain a run, gathered inside the compiled epoch."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from gradoscope.networks import Params

TINY = 1.2e-38  # the smallest normal number, near enough: no division by zero


class Signals(NamedTuple):
    """One number per epoch and layer.

    gradient_norm
        Euclidean norm of the gradient of the loss in the layer's kernel, mean over the batches of the epoch.
    update_ratio
        Norm of the step, mean over the batches of the epoch, over the norm of the kernel at the end of the epoch.
    weight_norm
        Euclidean norm of the kernel at the end of the epoch.
    """

    gradient_norm: jax.Array
    update_ratio: jax.Array
    weight_norm: jax.Array


class StepSignals(NamedTuple):
    """Squared norms in one step, each (members, layers)."""

    gradient: jax.Array
    update: jax.Array


def squared_norms(params: Params) -> jax.Array:
    """Squared norm of every kernel, shape (members, layers)."""
    # Without the barrier the squares are shared with the optimiser's, and for that written to memory.
    kernels = jax.lax.optimization_barrier([layer.kernel for layer in params])  # type: ignore[no-untyped-call]
    return jnp.stack([(kernel**2).sum((1, 2)) for kernel in kernels], axis=1)


def step_signals(grads: Params, updates: Params) -> StepSignals:
    """What one step shows: of the gradients, and of the updates (learning rate included)."""
    return StepSignals(squared_norms(grads), squared_norms(updates))


def epoch_signals(steps: StepSignals, params: Params) -> Signals:
    """What the steps of an epoch, stacked on a leading axis, and the weights after it show."""
    weight = jnp.sqrt(squared_norms(params))
    gradient, update = (jnp.sqrt(squares).mean(0) for squares in steps)
    return Signals(gradient, update / jnp.maximum(weight, TINY), weight)
