"""Arrays of all layers as few: what is computed for every layer is compiled once for all that are stacked."""

from collections.abc import Callable, Sequence
from itertools import groupby

import jax
import jax.numpy as jnp
import numpy as np

from gradoscope.networks import Params

MOST_PADDING = 2**14  # zeros that are cheaper to compute with than programs for more stacks are to compile

Stacks = tuple[jax.Array, ...]


def stacked(layers: Sequence[jax.Array]) -> jax.Array:
    """Arrays (members, ...) of all layers as one, (members, layers, ...), filled up with zeros."""
    largest = np.max([layer.shape[1:] for layer in layers], axis=0)
    room = [[(0, 0), *((0, most - own) for most, own in zip(largest, x.shape[1:], strict=True))] for x in layers]
    return jnp.stack([jnp.pad(layer, own) for layer, own in zip(layers, room, strict=True)], 1)


def stacks(layers: Sequence[jax.Array]) -> Stacks:
    """Arrays (members, rows, columns) of all layers in their order, stacked: all, or neighbours of one shape."""
    shapes = np.array([layer.shape[1:] for layer in layers])
    padding = len(shapes) * shapes.max(0).prod() - shapes.prod(1).sum()
    if padding <= MOST_PADDING:
        return (stacked(layers),)
    return tuple(stacked(list(alike)) for _, alike in groupby(layers, lambda layer: layer.shape))


def by_layer(formula: Callable[..., jax.Array], *arrays: Stacks) -> jax.Array:
    """(members, layers) from a formula that gives it for each stack."""
    return jnp.concatenate([formula(*stack) for stack in zip(*arrays, strict=True)], 1)


def kernels(params: Params) -> Stacks:
    """All kernels."""
    return stacks([layer.kernel for layer in params])


def kernel_changes(before: Params, after: Params) -> Stacks:
    """What was added to all kernels."""
    changes: Stacks = jax.tree.map(jnp.subtract, kernels(after), kernels(before))
    return changes
