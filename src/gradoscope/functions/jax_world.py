"""Rules in JAX: a custom JVP whose tangent is the written derivative."""

from collections.abc import Mapping
from functools import cache, partial
from typing import Any

import jax
from jax.custom_derivatives import SymbolicZero

from gradoscope.arrays import Array
from gradoscope.errors import UsageError
from gradoscope.functions.rules import Rule
from gradoscope.language import say


def apply_rule(rule: Rule, arguments: tuple[Array, ...], options: Mapping[str, Any]) -> Array:
    """The value of `rule`, differentiable by its written derivatives under jit, vmap, grad and jvp."""
    return differentiable(rule, tuple(sorted(options.items())))(*arguments)


@cache
def differentiable(rule: Rule, options: tuple[tuple[str, Any], ...]) -> Any:
    """The rule as a `jax.custom_jvp` function of its array arguments; one per rule and options."""
    settings = dict(options)

    @jax.custom_jvp
    def call(*arguments: Array) -> Array:
        return rule.value(*arguments, **settings)

    @partial(call.defjvp, symbolic_zeros=True)
    def jvp(primals: tuple[Array, ...], tangents: tuple[Any, ...]) -> tuple[Array, Array]:
        value = call(*primals)
        terms = [
            _forward(rule, place, tangent, primals, settings)
            for place, tangent in enumerate(tangents)
            if not isinstance(tangent, SymbolicZero)
        ]
        return value, sum(terms[1:], terms[0]) if terms else jax.numpy.zeros_like(value)

    return call


def _forward(rule: Rule, place: int, tangent: Array, primals: tuple[Array, ...], settings: Mapping[str, Any]) -> Array:
    derivative = rule.partials[place]
    if derivative is None:
        raise UsageError(
            say("{function} is not differentiated with respect to {argument}; wrap it in jax.lax.stop_gradient",
                function=rule.name, argument=rule.labels[place])
        )  # fmt: skip
    return derivative.forward(tangent, primals, settings)
