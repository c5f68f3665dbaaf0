"""Dense networks with a leading axis of members: init, apply, and apply with everything that happened on the way.

All members share the shapes; each may have its own weights, activations and loss. A lone network is one member.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from gradoscope.errors import UsageError
from gradoscope.functions import activations
from gradoscope.language import say
from gradoscope.networks.experiment import Layer, NetworkSpec
from gradoscope.networks.initialisers import initialisers
from gradoscope.networks.named import Named

NORM_EPSILON = 1e-3  # Keras
NORM_MOMENTUM = 0.99


class LayerParams(NamedTuple):
    """kernel (members, fan_in, units), bias (members, units); scale and offset of a normalised layer, else None."""

    kernel: jax.Array
    bias: jax.Array
    scale: jax.Array | None = None
    offset: jax.Array | None = None


class Moments(NamedTuple):
    """Moving mean and variance of a batch-normalised layer, each (members, units)."""

    mean: jax.Array
    variance: jax.Array


Params = tuple[LayerParams, ...]
Moving = tuple[Moments | None, ...]


@dataclass(frozen=True)
class Share:
    """The members start..stop, and the function that they use."""

    start: int
    stop: int
    function: Named


@dataclass(frozen=True)
class LayerPlan:
    """What one layer computes, for all members."""

    units: int
    activations: tuple[Share, ...]
    normalisation: str | None
    dropout: float


@dataclass(frozen=True)
class Plan:
    """What a population of networks computes: static, hashable, compiled once."""

    members: int
    layers: tuple[LayerPlan, ...]


class Trace(NamedTuple):
    """What happened in a pass: before[l] and after[l] of layer l (members, rows, units), and new moving moments."""

    before: tuple[jax.Array, ...]
    after: tuple[jax.Array, ...]
    moving: Moving


def shares(functions: Sequence[Named]) -> tuple[Share, ...]:
    """Runs of neighbouring members with one function."""
    found, start = [], 0
    for function, run in groupby(functions):
        stop = start + len(list(run))
        found.append(Share(start, stop, function))
        start = stop
    return tuple(found)


def plan(networks: Sequence[NetworkSpec]) -> Plan:
    """The common plan of networks that differ in nothing but weights, activations and loss.

    Raises
    ------
    UsageError
        The networks differ in their shapes.
    """
    columns = list(zip(*(network.layers for network in networks), strict=False))
    shapes = {tuple((a.units, a.normalisation, a.dropout, a.l1, a.l2) for a in n.layers) for n in networks}
    if len(shapes) != 1:
        raise UsageError(say("The networks of a population must have the same shape."))
    return Plan(len(networks), tuple(_layer_plan(layers) for layers in columns))


def _layer_plan(layers: tuple[Layer, ...]) -> LayerPlan:
    first = layers[0]
    return LayerPlan(first.units, shares([a.activation for a in layers]), first.normalisation, first.dropout)


def init(networks: Sequence[NetworkSpec], n_inputs: int, seed: int) -> Params:
    """Starting weights: the same draws for every member, so that equal initialisers give equal starts."""
    columns = zip(*(network.layers for network in networks), strict=True)
    seeds = np.random.SeedSequence(seed).spawn(len(networks[0].layers))
    params, fan_in = [], n_inputs
    for layers, layer_seed in zip(columns, seeds, strict=True):
        params.append(_init_layer(layers, fan_in, layer_seed))
        fan_in = layers[0].units
    return tuple(params)


def _init_layer(layers: tuple[Layer, ...], fan_in: int, seed: np.random.SeedSequence) -> LayerParams:
    units, members = layers[0].units, len(layers)
    kernel_seed, bias_seed = seed.spawn(2)
    kernel = _drawn([layer.start for layer in layers], kernel_seed, (fan_in, units))
    bias = _drawn([layer.bias_initialiser for layer in layers], bias_seed, (units,))
    if layers[0].normalisation is None:
        return LayerParams(kernel, bias)
    return LayerParams(kernel, bias, *_ones_and_zeros(members, units))


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
        total = _weighted_sum(signal, layer_params)
        total, new = _normalised(layer, layer_params, old, total, weights)
        total = total if nudges is None else total + nudges[index]
        signal = activate(layer.activations, total)
        before.append(total)
        after.append(signal)
        moments.append(new)
        if layer.dropout and key is not None:
            kept = jax.random.bernoulli(jax.random.fold_in(key, index), 1 - layer.dropout, signal.shape[1:])
            signal = jnp.where(kept[None], signal / (1 - layer.dropout), 0.0)
    return Trace(tuple(before), tuple(after), tuple(moments))


def _weighted_sum(signal: jax.Array, params: LayerParams) -> jax.Array:
    """(rows, fan_in) shared by all members, or (members, rows, fan_in), times each member's kernel, plus its bias."""
    if signal.ndim == 2:
        signal = jnp.broadcast_to(signal, (len(params.kernel), *signal.shape))
    return jnp.matmul(signal, params.kernel) + params.bias[:, None, :]


def activate(functions: tuple[Share, ...], total: jax.Array) -> jax.Array:
    """Each member's activation on its share of the leading axis."""
    shares_of_total = jax.lax.split(total, [share.stop - share.start for share in functions])
    parts = [
        activations[share.function.name].with_parameters(**dict(share.function.arguments))(part)
        for share, part in zip(functions, shares_of_total, strict=True)
    ]
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
