"""How steep activations are where their units stand."""

import math

import jax
import jax.numpy as jnp

from gradoscope.functions import activations
from gradoscope.functions.facts import Lipschitz
from gradoscope.networks import Named, Share

FLAT = 0.05  # a slope below this share of the steepest one is on a flat end: sigmoid beyond |x| = 4.4, tanh beyond 2.2


def slopes(function: Named, before: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The sizes of the derivative, and where it is flat; NaN and nowhere for activations of whole rows."""
    entry = activations[function.name].with_parameters(**dict(function.arguments))
    if not entry.elementwise:
        return jnp.full_like(before, jnp.nan), jnp.zeros_like(before, bool)
    slope = jnp.abs(entry.derivative(before))
    steepest = next((fact.constant for fact in entry.facts if isinstance(fact, Lipschitz)), math.inf)
    return slope, slope < FLAT * steepest if math.isfinite(steepest) else jnp.zeros_like(slope, bool)


def flat(functions: tuple[Share, ...], before: jax.Array) -> jax.Array:
    """Where the activations of all members are flat, in the shape of `before` (members, rows, units)."""
    return jnp.concatenate([slopes(share.function, before[share.start : share.stop])[1] for share in functions])
