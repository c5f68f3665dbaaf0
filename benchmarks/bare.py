"""The compiled epoch without its signals."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.trainers import Task, Trainer, prepared
from gradoscope.training import Signals
from gradoscope.training.batches import Data, batches
from gradoscope.training.epoch import advance, closed
from gradoscope.training.evaluation import Program
from gradoscope.training.optimizers import factors
from gradoscope.training.state import State


@partial(jax.jit, static_argnames="program", donate_argnames="state")
def _bare(program: Program, state: State, data: Data, rates: jax.Array, order: jax.Array) -> tuple[State, Any]:
    size = program.training.batch_size
    steps = -(-len(order) // size)
    batch_at = batches(data, order, size, jax.random.key(0))
    scalars = factors(program.training, jnp.tile(rates, (steps, 1)), state.updates + jnp.arange(steps))

    def step(number: Any, carry: tuple[State, jax.Array]) -> tuple[State, jax.Array]:
        batch = batch_at(number)
        moved, loss, _, _ = advance(program, carry[0], batch, tuple(each[number] for each in scalars), None)
        return moved, carry[1] + batch.counted.sum() / len(order) * loss

    state, loss = jax.lax.fori_loop(0, steps, step, (state, jnp.zeros(program.plan.members)))
    nothing = jnp.full((program.plan.members, len(program.plan.layers)), jnp.nan)
    return closed(program, state, data, loss, Signals(*[nothing] * len(Signals._fields)))


def bare(work: Task) -> Trainer:
    """Gradoscope without signals."""
    program, state, data, rate = prepared(work)

    def epoch() -> object:
        nonlocal state
        order = np.random.default_rng(int(state.epoch)).permutation(len(work.inputs)).astype(np.int32)
        state, record = _bare(program, state, data, rate, order)  # type: ignore[arg-type]
        return np.asarray(record)

    return Trainer(epoch, lambda X: X.argmax(1))
