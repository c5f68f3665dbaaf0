"""The matrix products of one training step alone: the machine's limit for dense networks."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median
from time import perf_counter
from typing import Any

import jax
import numpy as np
import torch

REPEATS = 50


def products(sizes: Sequence[int], batch: int) -> list[tuple[int, int, int]]:
    """(rows, inner, columns) of every product of a step: forward, gradient of the kernel, and error behind it."""
    found = []
    for number, (before, after) in enumerate(pairwise(sizes)):
        found += [(batch, before, after), (before, batch, after)]
        if number:
            found.append((batch, after, before))
    return found


def seconds(rows: int, inner: int, columns: int) -> float:
    """What the fastest of NumPy, PyTorch and JAX (in a compiled loop) needs for one product of contiguous matrices."""
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=shape).astype(np.float32) for shape in ((rows, inner), (inner, columns)))
    out, ta, tb = np.empty((rows, columns), np.float32), torch.from_numpy(a), torch.from_numpy(b)
    tout = torch.from_numpy(out)
    ja, jb = jax.device_put(a), jax.device_put(b)

    def repeat(work: Callable[[], object]) -> Callable[[], None]:
        def loop() -> None:
            for _ in range(REPEATS):
                work()

        return loop

    lanes: list[Callable[[], object]] = [
        repeat(lambda: np.matmul(a, b, out=out)),
        repeat(lambda: torch.mm(ta, tb, out=tout)),
        lambda: _looped(ja, jb).block_until_ready(),
    ]
    return min(_typical(lane) for lane in lanes) / REPEATS


@jax.jit
def _looped(a: jax.Array, b: jax.Array) -> jax.Array:
    """The product so many times, none of them optimised away."""

    def body(carry: jax.Array, _: None) -> tuple[jax.Array, jax.Array]:
        kept: Any = jax.lax.optimization_barrier((carry, jax.numpy.matmul(a, carry)))  # type: ignore[no-untyped-call]
        return kept[0], kept[1][0, 0]

    return jax.lax.scan(body, b, None, length=REPEATS)[1]


def _typical(work: Callable[[], object], turns: int = 7) -> float:
    work()
    found = []
    for _ in range(turns):
        began = perf_counter()
        work()
        found.append(perf_counter() - began)
    return median(found)


def limit(sizes: Sequence[int], batch: int) -> float:
    """Seconds for all products of one step."""
    return sum(seconds(*shape) for shape in products(sizes, batch))
