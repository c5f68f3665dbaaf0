"""float32 in JAX has kernels of its own: limits at infinity, tails, and derivatives of the derivative."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gradoscope.functions import activations

NAMES = ["gelu", "gelu_tanh", "tanh"]


@pytest.mark.parametrize("name", NAMES)
def test_infinities(name: str) -> None:
    entry = activations[name]
    ends = jnp.asarray([-np.inf, np.inf], jnp.float32)
    np.testing.assert_array_equal(jax.jit(entry)(ends), [-1.0, 1.0] if name == "tanh" else [0.0, np.inf])
    np.testing.assert_array_equal(jax.jit(entry.derivative)(ends), [0.0, 0.0] if name == "tanh" else [0.0, 1.0])


@pytest.mark.parametrize("name", NAMES)
def test_second_derivatives_are_those_of_float64(name: str) -> None:
    entry, places = activations[name], np.linspace(-6, 6, 49)
    found = jax.jit(jax.vmap(jax.grad(jax.grad(entry))))(jnp.asarray(places, jnp.float32))
    with jax.enable_x64(True):
        expected = jax.jit(jax.vmap(jax.grad(jax.grad(entry))))(jnp.asarray(places))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=2e-6)


def test_tied_and_masked_logits() -> None:
    """Ties share the largest place; a masked logit has no share; the log of a share near 1 keeps its digits."""
    rows = jnp.asarray([[2.0, 2.0, -np.inf], [0.0, -40.0, -np.inf], [np.inf, 0.0, 1.0]], jnp.float32)
    shares, logs = jax.jit(activations["softmax"])(rows), jax.jit(activations["log_softmax"])(rows)
    np.testing.assert_allclose(shares, [[0.5, 0.5, 0], [1, np.exp(-40.0), 0], [1, 0, 0]], rtol=1e-6)
    np.testing.assert_allclose(logs[:2, 0], [-np.log(2), -np.exp(-40.0)], rtol=1e-6)
    np.testing.assert_array_equal(logs[2], [0, -np.inf, -np.inf])
