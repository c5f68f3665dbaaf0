"""Learning rates over time: a factor for every update, by optax; after a plateau, a factor for every member."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from optax import schedules

from gradoscope.networks import Schedule, TrainingSpec

Numbers = NDArray[np.float32]
Curve = Callable[[jax.Array], jax.Array]


def rate_factors(spec: TrainingSpec, first: int, count: int, total: int) -> Numbers:
    """The factor of the learning rate in the updates first, first + 1, ... (from 0), shape (count,).

    Parameters
    ----------
    spec
        Its decay, schedule and warm-up; a plateau has no part in it.
    total
        Number of updates of the whole training.
    """
    steps = np.arange(first, first + count)
    found = 1 / (1 + spec.decay * steps)
    if spec.schedule is not None and spec.schedule.name != "plateau":
        length = spec.schedule.decay_steps or max(total - spec.warm_up, 1)
        after = np.maximum(steps - spec.warm_up, 0)
        found = found * _factors(spec.schedule, length, total, after)
    if spec.warm_up:
        found = found * np.minimum(steps / spec.warm_up, 1)
    return found.astype(np.float32)


def _factors(schedule: Schedule, length: int, total: int, steps: NDArray[np.integer]) -> NDArray[np.floating]:
    if schedule.name == "cosine_restarts":
        return _restarts(schedule, length, steps)
    return np.asarray(_curve_at(schedule, length, total, steps))


@partial(jax.jit, static_argnums=(0, 1, 2))
def _curve_at(schedule: Schedule, length: int, total: int, steps: jax.Array) -> jax.Array:
    curve = _CURVES[schedule.name](schedule, length, total)
    return jnp.asarray(jax.vmap(curve)(steps))


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _exponential(own: Schedule, length: int, total: int) -> Curve:
    curve: Curve = schedules.exponential_decay(1.0, length, _or(own.decay_rate, 1), staircase=own.staircase or False)
    return curve


def _cosine(own: Schedule, length: int, total: int) -> Curve:
    curve: Curve = schedules.cosine_decay_schedule(1.0, length, _or(own.alpha, 0))
    return curve


def _polynomial(own: Schedule, length: int, total: int) -> Curve:
    curve: Curve = schedules.polynomial_schedule(1.0, _or(own.alpha, 0), _or(own.power, 1), length)
    return curve


def _one_cycle(own: Schedule, length: int, total: int) -> Curve:
    settings = _or(own.pct_start, 0.3), _or(own.div_factor, 25), _or(own.final_div_factor, 1e4)
    curve: Curve = schedules.cosine_onecycle_schedule(length, 1.0, *settings)
    return curve


def _pieces(own: Schedule, length: int, total: int) -> Curve:
    parts = [schedules.constant_schedule(factor) for factor in own.factors or ()]
    curve: Curve = schedules.join_schedules(parts, [last + 1 for last in own.boundaries or ()])
    return curve


def _restarts(own: Schedule, length: int, steps: NDArray[np.integer]) -> NDArray[np.floating]:
    """One period after the other; the floor is alpha of the whole, not of each period.

    In float64 on the host: float32 would miss restarts by rounding, and one curve for each period compiles long.
    """
    longer, higher, floor = _or(own.t_mul, 2), _or(own.m_mul, 1), _or(own.alpha, 0)
    time, growth = steps / length, longer - 1  # in first periods
    periods = np.log1p(time * growth) / np.log(longer) if growth else time
    number = np.floor(periods + 1e-9)  # rounding misses no restart
    begun = (longer**number - 1) / growth if growth else number
    passed = np.clip((time - begun) / longer**number, 0, 1)
    factors: NDArray[np.floating] = (1 - floor) * higher**number * (1 + np.cos(np.pi * passed)) / 2 + floor
    return factors


_CURVES: dict[str, Callable[[Schedule, int, int], Curve]] = {
    "exponential": _exponential,
    "cosine": _cosine,
    "polynomial": _polynomial,
    "piecewise_constant": _pieces,
    "one_cycle": _one_cycle,
}


class Plateau(NamedTuple):
    """Where each member stands; arrays (members,): factor, smallest loss, epochs since, epochs left alone."""

    factor: Numbers
    best: NDArray[np.float64]
    waited: NDArray[np.int64]
    cooling: NDArray[np.int64]


def no_plateau(members: int) -> Plateau:
    """Before the first epoch."""
    zeros = np.zeros(members, np.int64)
    return Plateau(np.ones(members, np.float32), np.full(members, np.inf), zeros, zeros)


def after_epoch(own: Schedule, at: Plateau, losses: NDArray[np.floating]) -> Plateau:
    """Where the members stand after an epoch with these losses, (members,); as Keras's ReduceLROnPlateau."""
    cooling = np.maximum(at.cooling - 1, 0)
    better = losses < at.best - _or(own.min_delta, 1e-4)
    waited = np.where(better | (at.cooling > 0), 0, at.waited) + (~better & (cooling == 0))
    lowered = waited >= _or(own.patience, 10)
    smaller = np.maximum(at.factor * np.float32(_or(own.factor, 0.1)), np.float32(_or(own.alpha, 0)))
    return Plateau(
        np.where(lowered, smaller, at.factor).astype(np.float32),
        np.where(better, losses, at.best),
        np.where(lowered, 0, waited),
        np.where(lowered, int(_or(own.cooldown, 0)), cooling),
    )
