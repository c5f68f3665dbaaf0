"""Optimisers, each a rule for one weight at a time, with the arithmetic and the defaults of Keras 3.

Optax has them all, but puts epsilon elsewhere (Adam, RMSprop, Adamax, Adadelta), keeps momentum free of the learning
rate, which matters when the rate decays (SGD, RMSprop), and follows another schedule of momentum (Nadam).

The learning rate is data, one per member, so that a grid of rates trains in one compiled program.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from gradoscope.networks import Params, TrainingSpec
from gradoscope.training.full_batch import FULL_BATCH, init_full_batch

Slots = tuple[jax.Array, ...]
OptState = Any  # tuple[Slots, ...], or optax's own
ADAMW_DECAY = 0.004
NADAM_DECAY = 0.96  # Dozat 2016: the momentum grows as 1 - 0.96^t / 2


Factors = tuple[jax.Array, ...]


def _rate_alone(rate: jax.Array, t: jax.Array) -> Factors:
    return (rate,)


class Rule(NamedTuple):
    """How one weight moves.

    slots
        What is remembered of each weight, at the start.
    step
        (gradient, slots, factors) -> change, slots; the factors have the rank of the gradient, the first is the rate.
    factors
        (rate, t) -> what depends on the learning rate and on the number of the update (from 1) alone: computed for
        all steps of an epoch at once, because arithmetic with single numbers takes a step longer than it should.
    """

    slots: tuple[float, ...]
    step: Callable[[jax.Array, Slots, Factors], tuple[jax.Array, Slots]]
    factors: Callable[[jax.Array, jax.Array], Factors] = _rate_alone


def _sgd(spec: TrainingSpec) -> Rule:
    def plain(grad: jax.Array, _: Slots, factors: Factors) -> tuple[jax.Array, Slots]:
        return -factors[0] * grad, ()

    def heavy(grad: jax.Array, slots: Slots, factors: Factors) -> tuple[jax.Array, Slots]:
        speed = momentum * slots[0] - factors[0] * grad
        return (momentum * speed - factors[0] * grad if spec.nesterov else speed), (speed,)

    momentum = spec.momentum or 0.0
    return Rule((0.0,), heavy) if momentum else Rule((), plain)


def _adam(spec: TrainingSpec) -> Rule:
    def step(grad: jax.Array, slots: Slots, factors: Factors) -> tuple[jax.Array, Slots]:
        mean, square = _moments(grad, slots, beta_1, beta_2)
        return -mean * factors[1] / (jnp.sqrt(square) + epsilon), (mean, square)

    def scaled(rate: jax.Array, t: jax.Array) -> Factors:
        return rate, rate * jnp.sqrt(1 - beta_2**t) / (1 - beta_1**t)

    beta_1, beta_2, epsilon = _betas(spec)
    return Rule((0.0, 0.0), step, scaled)


def _nadam(spec: TrainingSpec) -> Rule:
    def step(grad: jax.Array, slots: Slots, factors: Factors) -> tuple[jax.Array, Slots]:
        mean, square = _moments(grad, slots, beta_1, beta_2)
        rate, now, soon, correction = factors
        product = slots[2] * now  # of all momenta so far: one number, kept beside every weight
        ahead = soon * mean / (1 - product * soon) + (1 - now) * grad / (1 - product)
        return -rate * ahead / (jnp.sqrt(square / correction) + epsilon), (mean, square, product)

    def momenta(rate: jax.Array, t: jax.Array) -> Factors:
        now, soon = (beta_1 * (1 - 0.5 * NADAM_DECAY**time) for time in (t, t + 1))
        return rate, now, soon, 1 - beta_2**t

    beta_1, beta_2, epsilon = _betas(spec)
    return Rule((0.0, 0.0, 1.0), step, momenta)


def _adamax(spec: TrainingSpec) -> Rule:
    def step(grad: jax.Array, slots: Slots, factors: Factors) -> tuple[jax.Array, Slots]:
        mean = slots[0] + (grad - slots[0]) * (1 - beta_1)
        largest = jnp.maximum(beta_2 * slots[1], jnp.abs(grad))
        return -factors[0] * mean / (factors[1] * (largest + epsilon)), (mean, largest)

    def corrected(rate: jax.Array, t: jax.Array) -> Factors:
        return rate, 1 - beta_1**t

    beta_1, beta_2, epsilon = _betas(spec)
    return Rule((0.0, 0.0), step, corrected)


def _rmsprop(spec: TrainingSpec) -> Rule:
    def step(grad: jax.Array, slots: Slots, factors: Factors) -> tuple[jax.Array, Slots]:
        square = rho * slots[0] + (1 - rho) * grad**2
        change = -factors[0] * grad / jnp.sqrt(square + epsilon)
        if not momentum:
            return change, (square,)
        speed = momentum * slots[1] + change
        return speed, (square, speed)

    rho, epsilon, momentum = _or(spec.rho, 0.9), _epsilon(spec), spec.momentum or 0.0
    return Rule((0.0, 0.0) if momentum else (0.0,), step)


def _adagrad(spec: TrainingSpec) -> Rule:
    def step(grad: jax.Array, slots: Slots, factors: Factors) -> tuple[jax.Array, Slots]:
        total = slots[0] + grad**2
        return -factors[0] * grad / jnp.sqrt(total + epsilon), (total,)

    epsilon = _epsilon(spec)
    return Rule((0.1,), step)


def _adadelta(spec: TrainingSpec) -> Rule:
    def step(grad: jax.Array, slots: Slots, factors: Factors) -> tuple[jax.Array, Slots]:
        square = rho * slots[0] + (1 - rho) * grad**2
        change = -jnp.sqrt(slots[1] + epsilon) * grad / jnp.sqrt(square + epsilon)
        return factors[0] * change, (square, rho * slots[1] + (1 - rho) * change**2)

    rho, epsilon = _or(spec.rho, 0.95), _epsilon(spec)
    return Rule((0.0, 0.0), step)


def _lion(spec: TrainingSpec) -> Rule:
    def step(grad: jax.Array, slots: Slots, factors: Factors) -> tuple[jax.Array, Slots]:
        change = -factors[0] * jnp.sign(slots[0] * beta_1 + grad * (1 - beta_1))
        return change, (slots[0] * beta_2 + grad * (1 - beta_2),)

    beta_1, beta_2 = _or(spec.beta_1, 0.9), _or(spec.beta_2, 0.99)
    return Rule((0.0,), step)


def _moments(grad: jax.Array, slots: Slots, beta_1: float, beta_2: float) -> tuple[jax.Array, jax.Array]:
    """Running means of the gradient and of its square."""
    mean, square = slots[:2]
    return mean + (grad - mean) * (1 - beta_1), square + (grad**2 - square) * (1 - beta_2)


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _epsilon(spec: TrainingSpec) -> float:
    return _or(spec.epsilon, 1e-7)


def _betas(spec: TrainingSpec) -> tuple[float, float, float]:
    return _or(spec.beta_1, 0.9), _or(spec.beta_2, 0.999), _epsilon(spec)


_RULES: dict[str, Callable[[TrainingSpec], Rule]] = {
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adam,
    "nadam": _nadam,
    "adamax": _adamax,
    "rmsprop": _rmsprop,
    "adagrad": _adagrad,
    "adadelta": _adadelta,
    "lion": _lion,
    FULL_BATCH: _sgd,  # only for the shape of its factors: a line search finds its steps
}


def init_optimizer(spec: TrainingSpec, params: Params) -> OptState:
    """The slots of every weight array before the first update; made on the host, nothing is compiled for them."""
    if spec.optimizer == FULL_BATCH:
        return init_full_batch(params)
    slots = _RULES[spec.optimizer](spec).slots
    return tuple(
        tuple(jax.device_put(np.full(leaf.shape, value, leaf.dtype)) for value in slots)
        for leaf in jax.tree.leaves(params)
    )


def factors(spec: TrainingSpec, rates: jax.Array, updates: jax.Array) -> Factors:
    """What `changes` needs to know of each update of an epoch, arrays of shape (steps, members).

    Parameters
    ----------
    rates
        Learning rate of each member in each update, shape (steps, members).
    updates
        How many updates came before each of them, shape (steps,).
    """
    found = _RULES[spec.optimizer](spec).factors(rates, (updates[:, None] + 1).astype(rates.dtype))
    return tuple(jnp.broadcast_to(each, rates.shape) for each in found)


def changes(
    spec: TrainingSpec, params: Params, grads: Params, state: OptState, scalars: Factors
) -> tuple[Params, OptState]:
    """What is added to every weight in an update, and the slots after it.

    Parameters
    ----------
    params, grads
        Members on the leading axis.
    scalars
        The factors of this update, each of shape (members,).
    """
    rule, decay = _RULES[spec.optimizer](spec), _weight_decay(spec)
    steps, slots = [], []
    for weight, grad, own in zip(*map(jax.tree.leaves, (params, _clipped(spec, grads))), state, strict=True):
        shaped = tuple(_per_member(each, grad) for each in scalars)
        change, remembered = rule.step(grad, own, shaped)
        steps.append(change - shaped[0] * decay * weight if decay else change)
        slots.append(remembered)
    return jax.tree.unflatten(jax.tree.structure(params), steps), tuple(slots)


def _weight_decay(spec: TrainingSpec) -> float:
    return _or(spec.weight_decay, ADAMW_DECAY if spec.optimizer == "adamw" else 0.0)


def _clipped(spec: TrainingSpec, grads: Params) -> Params:
    """The gradients of each member within the bounds that the specification sets."""
    clipped: Params = grads
    if (bound := spec.clip_value) is not None:
        clipped = jax.tree.map(lambda leaf: jnp.clip(leaf, -bound, bound), grads)
    if (most := spec.clip_norm_each) is not None:
        clipped = jax.tree.map(lambda leaf: leaf * _per_member(_scale(most, _square(leaf)), leaf), grads)
    if spec.clip_norm is not None:
        squares = [_square(leaf) for leaf in jax.tree.leaves(grads)]
        scale = _scale(spec.clip_norm, sum(squares[1:], squares[0]))
        clipped = jax.tree.map(lambda leaf: leaf * _per_member(scale, leaf), grads)
    return clipped


def _square(leaf: jax.Array) -> jax.Array:
    return (leaf**2).sum(tuple(range(1, leaf.ndim)))


def _scale(most: float, square: jax.Array) -> jax.Array:
    """What brings a norm down to `most` where it is larger."""
    return most / jnp.maximum(jnp.sqrt(square), most)


def _per_member(numbers: jax.Array, like: jax.Array) -> jax.Array:
    return numbers.reshape(-1, *(1,) * (like.ndim - 1))
