"""Dense networks with a leading axis of members: init, apply, and apply with everything that happened on the way.

All members share the shapes; each may have its own weights, activations and loss. A lone network is one member.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from gradoscope.functions import activations
from gradoscope.networks.experiment import ZEROS, Layer, NetworkSpec, check_residual
from gradoscope.networks.initialisers import initialisers
from gradoscope.networks.named import Named
from gradoscope.networks.plan import LayerPlan, Plan, Share, layer_plan, trainable

NORM_EPSILON = 1e-3  # Keras
NORM_MOMENTUM = 0.99


class LayerParams(NamedTuple):
    """kernel (members, fan_in, units), bias (members, units); scale and offset of a normalised layer, else None.

    A layer without bias has one of zeros, which is not used. `learnt`: trained parameters of the activations, each
    (members, units), in the order of `LayerPlan.learnt`.
    """

    kernel: jax.Array
    bias: jax.Array
    scale: jax.Array | None = None
    offset: jax.Array | None = None
    learnt: tuple[jax.Array, ...] = ()


class Moments(NamedTuple):
    """Moving mean and variance of a batch-normalised layer, each (members, units)."""

    mean: jax.Array
    variance: jax.Array


Params = tuple[LayerParams, ...]
Moving = tuple[Moments | None, ...]


class Trace(NamedTuple):
    """What happened in a pass: before[l] and after[l] of layer l (members, rows, units), and new moving moments."""

    before: tuple[jax.Array, ...]
    after: tuple[jax.Array, ...]
    moving: Moving


def init(networks: Sequence[NetworkSpec], n_inputs: int, seed: int) -> Params:
    """Starting weights: the same draws for every member, so that equal initialisers give equal starts."""
    columns = zip(*(network.layers for network in networks), strict=True)
    seeds = np.random.SeedSequence(seed).spawn(len(networks[0].layers))
    params, fan_in = [], n_inputs
    for layers, layer_seed in zip(columns, seeds, strict=True):
        check_residual(layers[0], fan_in)
        params.append(_init_layer(layers, fan_in, layer_seed))
        fan_in = layers[0].width
    return tuple(params)


def _init_layer(layers: tuple[Layer, ...], fan_in: int, seed: np.random.SeedSequence) -> LayerParams:
    units, members = layers[0].units, len(layers)
    kernel_seed, bias_seed = seed.spawn(2)
    kernel = _drawn([layer.start for layer in layers], kernel_seed, (fan_in, units))
    bias = _drawn([layer.bias_initialiser if layer.use_bias else ZEROS for layer in layers], bias_seed, (units,))
    learnt = _init_learnt(layers)
    if layers[0].normalisation is None:
        return LayerParams(kernel, bias, learnt=learnt)
    return LayerParams(kernel, bias, *_ones_and_zeros(members, units), learnt)


def _init_learnt(layers: tuple[Layer, ...]) -> tuple[jax.Array, ...]:
    """What the activations start from; 0 for members whose activation has no such parameter."""
    units = layers[0].units
    starts = {name: [trainable(each).get(name, 0.0) for each in layers] for name in layer_plan(layers).learnt}
    return tuple(
        jax.device_put(np.repeat(np.array(values, np.float32)[:, None], units, axis=1)) for values in starts.values()
    )


def _drawn(starts: list[Named], seed: np.random.SeedSequence, shape: tuple[int, ...]) -> jax.Array:
    distinct = {start: initialisers.draw(start, np.random.default_rng(seed), shape) for start in dict.fromkeys(starts)}
    drawn: jax.Array = jax.device_put(np.stack([distinct[start] for start in starts]))
    return drawn


def init_moving(population: Plan) -> Moving:
    """Moving moments before the first batch: mean 0, variance 1."""
    return tuple(
        Moments(*_ones_and_zeros(population.members, layer.units)[::-1]) if layer.normalisation == "batch" else None
        for layer in population.layers
    )


def _ones_and_zeros(*shape: int) -> tuple[jax.Array, jax.Array]:
    """Made on the host: nothing is compiled for them."""
    return jax.device_put(np.ones(shape, np.float32)), jax.device_put(np.zeros(shape, np.float32))


def apply(population: Plan, params: Params, moving: Moving, inputs: jax.Array) -> Trace:
    """A pass as in use: moving moments, no dropout. `inputs` has shape (rows, inputs)."""
    return _pass(population, params, moving, inputs, None, None, None)


def apply_training(
    population: Plan,
    params: Params,
    moving: Moving,
    inputs: jax.Array,
    weights: jax.Array,
    key: jax.Array,
    nudges: Sequence[jax.Array] | None = None,
) -> Trace:
    """A pass as in training: moments of the batch, its rows weighted by `weights` (rows,), and dropout from `key`.

    `nudges` are added to what goes into the activations, layer by layer: the derivative in them, at 0, is the error
    that comes back to each unit.
    """
    return _pass(population, params, moving, inputs, weights, key, nudges)


def _pass(
    population: Plan,
    params: Params,
    moving: Moving,
    inputs: jax.Array,
    weights: jax.Array | None,
    key: jax.Array | None,
    nudges: Sequence[jax.Array] | None,
) -> Trace:
    signal, before, after, moments = inputs, [], [], []
    for index, (layer, layer_params, old) in enumerate(zip(population.layers, params, moving, strict=True)):
        came = signal if signal.ndim == 3 else signal[None]
        total = _weighted_sum(signal, layer_params, layer.use_bias)
        total, new = _normalised(layer, layer_params, old, total, weights)
        total = total if nudges is None else _nudged(total, nudges[index])
        signal = activate(layer.activations, total, dict(zip(layer.learnt, layer_params.learnt, strict=True)))
        before.append(total)
        after.append(signal + came if layer.residual else signal)
        moments.append(new)
        if layer.dropout and key is not None:
            kept = jax.random.bernoulli(jax.random.fold_in(key, index), 1 - layer.dropout, signal.shape[1:])
            signal = jnp.where(kept[None], signal / (1 - layer.dropout), 0.0)
        signal = signal + came if layer.residual else signal
    return Trace(tuple(before), tuple(after), tuple(moments))


@jax.custom_vjp
def _nudged(total: jax.Array, nudge: jax.Array) -> jax.Array:
    """The sum of both."""
    return total + nudge


def _nudged_forward(total: jax.Array, nudge: jax.Array) -> tuple[jax.Array, None]:
    return total + nudge, None


def _nudged_back(_: None, error: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The error is computed once: without the barrier, XLA computes it again for each of its uses."""
    once: jax.Array = jax.lax.optimization_barrier(error)  # type: ignore[no-untyped-call]
    return once, once


_nudged.defvjp(_nudged_forward, _nudged_back)


def _weighted_sum(signal: jax.Array, params: LayerParams, use_bias: bool) -> jax.Array:
    """(rows, fan_in) shared by all members, or (members, rows, fan_in), times each member's kernel, plus its bias."""
    if signal.ndim == 2:
        signal = jnp.broadcast_to(signal, (len(params.kernel), *signal.shape))
    total = jnp.matmul(signal, params.kernel)
    return total + params.bias[:, None, :] if use_bias else total


def activate(
    functions: tuple[Share, ...], total: jax.Array, learnt: Mapping[str, jax.Array] = MappingProxyType({})
) -> jax.Array:
    """Each member's activation on its share of the leading axis; `learnt` parameters are (members, units)."""
    shares_of_total = jax.lax.split(total, [share.stop - share.start for share in functions])
    parts = []
    for share, part in zip(functions, shares_of_total, strict=True):
        entry = activations[share.function.name].with_parameters(**dict(share.function.arguments))
        own = {
            name: array[share.start : share.stop, None, :]
            for name, array in learnt.items()
            if name in entry.parameters and entry.parameters[name].trainable
        }
        parts.append(entry(part, **own))
    return parts[0] if len(parts) == 1 else jnp.concatenate(parts)


def _normalised(
    layer: LayerPlan, params: LayerParams, state: Moments | None, total: jax.Array, weights: jax.Array | None
) -> tuple[jax.Array, Moments | None]:
    if params.scale is None or params.offset is None:
        return total, state
    if state is None:  # layer normalisation: moments of each row
        moments = Moments(total.mean(-1, keepdims=True), total.var(-1, keepdims=True))
        return _standardised(total, moments, params.scale, params.offset), None
    if weights is None:
        return _standardised(total, _over_rows(state), params.scale, params.offset), state
    batch = _batch_moments(total, weights)
    moved = Moments(*(NORM_MOMENTUM * old + (1 - NORM_MOMENTUM) * new for old, new in zip(state, batch, strict=True)))
    return _standardised(total, _over_rows(batch), params.scale, params.offset), moved


def _batch_moments(total: jax.Array, weights: jax.Array) -> Moments:
    share = (weights / weights.sum())[None, :, None]
    mean = (share * total).sum(1)
    return Moments(mean, (share * (total - mean[:, None, :]) ** 2).sum(1))


def _over_rows(moments: Moments) -> Moments:
    return Moments(moments.mean[:, None, :], moments.variance[:, None, :])


def _standardised(total: jax.Array, moments: Moments, scale: jax.Array, offset: jax.Array) -> jax.Array:
    factor = scale[:, None, :] * jax.lax.rsqrt(moments.variance + NORM_EPSILON)
    return (total - moments.mean) * factor + offset[:, None, :]
