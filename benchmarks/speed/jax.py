"""Value and gradient in JAX, compiled, beside jax.nn and optax."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import optax

from benchmarks.functions import Pair
from benchmarks.speed import CLASSES, ROWS
from gradoscope.functions import activations, losses

Function = Callable[[Any], Any]
NN = {
    "relu": "relu", "leaky_relu": "leaky_relu", "elu": "elu", "selu": "selu", "celu": "celu", "softplus": "softplus",
    "squareplus": "squareplus", "sigmoid": "sigmoid", "log_sigmoid": "log_sigmoid", "tanh": "tanh",
    "softsign": "soft_sign", "silu": "silu", "mish": "mish", "hard_tanh": "hard_tanh", "hard_sigmoid": "hard_sigmoid",
    "hard_swish": "hard_swish", "relu6": "relu6", "softmax": "softmax", "log_softmax": "log_softmax",
}  # fmt: skip


def both(function: Function, x: Any, upstream: Any) -> Callable[[], object]:
    """Value and gradient, compiled and waited for."""

    @jax.jit
    def run(at: Any, coming: Any) -> Any:
        value, pull = jax.vjp(function, at)
        return value, pull(coming)

    return lambda: jax.block_until_ready(run(x, upstream))


def pairs(sizes: Sequence[int]) -> Iterator[Pair]:
    """Activations of each size, and losses."""
    peers: dict[str, Function] = {name: getattr(jax.nn, theirs) for name, theirs in NN.items()}
    peers |= {"gelu": partial(jax.nn.gelu, approximate=False), "gelu_tanh": jax.nn.gelu}
    for size in sizes:
        rows = (size // 100, 100)
        x = jax.random.normal(jax.random.key(0), rows) * 3
        for name, peer in peers.items():
            entry = activations[name]
            yield Pair(name, size, both(entry, x, jnp.ones(rows)), both(peer, x, jnp.ones(rows)), 1.3)
        for name, loss in {"huber": optax.losses.huber_loss, "log_cosh": optax.losses.log_cosh,
                           "binary_cross_entropy": optax.losses.sigmoid_binary_cross_entropy}.items():  # fmt: skip
            target = (x > 1).astype(jnp.float32)
            ours = both(lambda p, t=target, e=losses[name]: e(p, t), x, jnp.ones(rows))
            yield Pair(name, size, ours, both(lambda p, t=target, e=loss: e(p, t), x, jnp.ones(rows)), 1.3)
    logits = jax.random.normal(jax.random.key(1), (ROWS, CLASSES)) * 3
    labels = jax.random.randint(jax.random.key(2), (ROWS,), 0, CLASSES)
    theirs = optax.losses.softmax_cross_entropy_with_integer_labels
    ours = both(lambda p: losses["cross_entropy"](p, labels), logits, jnp.ones(ROWS))
    yield Pair("cross_entropy", logits.size, ours, both(lambda p: theirs(p, labels), logits, jnp.ones(ROWS)), 1.3)
