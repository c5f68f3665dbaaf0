"""L-BFGS by optax: one step on all rows, as long as a line search finds it, every member for itself."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from gradoscope.networks import Params

FULL_BATCH = "lbfgs"
_LBFGS = optax.lbfgs()


def init_full_batch(params: Params) -> Any:
    """The state before the first step, members on the leading axis, in buffers of its own."""
    return jax.tree.map(lambda array: jax.device_put(np.array(array)), jax.vmap(_LBFGS.init)(params))


def full_batch_changes(
    losses: Callable[[Params], jax.Array], params: Params, grads: Params, state: Any
) -> tuple[Params, Any]:
    """What is added to `params`, where the losses (members,) have the gradients `grads`, and the state after it.

    A member is trained alone, the others staying where they are: their line searches take different numbers of steps.
    """
    values = losses(params)

    def alone(member: jax.Array) -> tuple[Params, Any]:
        own_params, own_grads, own_state = jax.tree.map(lambda leaf: leaf[member], (params, grads, state))

        def value(own: Params) -> jax.Array:
            return losses(jax.tree.map(lambda leaf, new: leaf.at[member].set(new), params, own))[member]

        step: tuple[Params, Any] = _LBFGS.update(
            own_grads, own_state, own_params, value=values[member], grad=own_grads, value_fn=value
        )
        return step

    moved: tuple[Params, Any] = jax.lax.map(alone, jnp.arange(len(values)))
    return moved
