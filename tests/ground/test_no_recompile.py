"""The fixture that counts compilations sees one, and sees none."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import jax
import jax.numpy as jnp
import pytest


def test_a_second_call_passes_and_a_new_shape_is_caught(
    no_recompile: Callable[[], AbstractContextManager[None]],
) -> None:
    double = jax.jit(lambda x: 2 * x)
    two, three = jnp.ones(2), jnp.ones(3)
    double(two)
    with no_recompile():
        double(two)
    with pytest.raises(AssertionError, match="compiled again"), no_recompile():
        double(three)
