"""What is compiled, and how it is judged: loss and score on many rows."""

from dataclasses import dataclass
from functools import cached_property, partial

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from gradoscope.networks import Moving, Params, Plan, TrainingSpec, activate, apply
from gradoscope.training.batches import Batch, Data, batches
from gradoscope.training.objective import Objective, data_losses

BLOCK_ROWS = 1024
BLOCK_NUMBERS = 2**25  # numbers that one layer of an evaluation block may hold (128 MiB)


@dataclass(frozen=True)
class Program:
    """All that is compiled in; learning rates, seeds, weights and data are arguments."""

    plan: Plan
    objective: Objective
    training: TrainingSpec
    metric: str

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        """Computed once: every call of a compiled function asks for it."""
        return hash((self.plan, self.objective, self.training, self.metric))


def evaluate(
    program: Program,
    params: Params,
    moving: Moving,
    inputs: jax.Array,
    targets: jax.Array,
    weights: jax.Array | None = None,
) -> tuple[jax.Array, jax.Array]:
    """Loss (without penalties) and score of every member on all rows, each (members,); large data go in blocks."""

    def block(rows: Batch) -> tuple[jax.Array, jax.Array]:
        logits = apply(program.plan, params, moving, rows.inputs).before[-1]
        loss = data_losses(program.objective, program.plan, logits, *rows[1:4])
        outputs = activate(program.plan.layers[-1].activations, logits)
        share = rows.counted if rows.weights is None else rows.counted * rows.weights
        return loss, _hits(program.metric, outputs, rows.targets, share)

    n, key, widest = (
        len(inputs),
        jax.random.key(0),
        max(layer.units for layer in program.plan.layers) * program.plan.members,
    )
    size = max(1, BLOCK_NUMBERS // widest)
    if n <= size:
        loss, hits = block(Batch(inputs, targets, jnp.ones(n), weights, key))
        return loss, _score(program.metric, hits, targets, weights)
    batch_at = batches(Data(inputs, targets, weights=weights), jnp.arange(n), size, key)
    losses, each = jax.lax.map(lambda number: block(batch_at(number)), jnp.arange(-(-n // size)))
    shares = np.minimum(size, n - np.arange(0, n, size)) / n
    return shares.astype(np.float32) @ losses, _score(program.metric, each.sum(0), targets, weights)


def _hits(metric: str, outputs: jax.Array, targets: jax.Array, weights: jax.Array) -> jax.Array:
    """What a score adds up, (members, 1 or outputs): right answers, or squared errors per output."""
    if metric == "r2":
        return (weights[None, :, None] * (outputs - targets[None]) ** 2).sum(1)
    if outputs.shape[-1] == 1:
        right = (outputs > 0.5).astype(jnp.float32) == targets[None]
    else:
        right = (outputs.argmax(-1) == targets.argmax(-1)[None])[..., None]
    return (weights[None, :, None] * right).sum(1)


def _score(metric: str, hits: jax.Array, targets: jax.Array, weights: jax.Array | None) -> jax.Array:
    if metric == "accuracy":
        return hits[:, 0] / (len(targets) if weights is None else weights.sum())
    share = jnp.ones((len(targets), 1)) if weights is None else weights[:, None]
    mean = (share * targets).sum(0, keepdims=True) / share.sum()
    spread = (share * (targets - mean) ** 2).sum(0, keepdims=True)
    return jnp.where(spread > 0, 1 - hits / jnp.where(spread > 0, spread, 1.0), 0.0).mean(-1)


@partial(jax.jit, static_argnames="population")
def _outputs(population: Plan, params: Params, moving: Moving, inputs: jax.Array) -> jax.Array:
    return apply(population, params, moving, inputs).after[-1]


def outputs(population: Plan, params: Params, moving: Moving, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """The outputs of every member, shape (members, rows, outputs).

    The rows go in blocks of one size, the last one filled up: one compiled program serves any number of rows.
    """
    widest = max(layer.units for layer in population.layers) * population.members
    size = max(1, min(BLOCK_ROWS, BLOCK_NUMBERS // widest))
    count = max(1, -(-len(inputs) // size))
    filled = np.concatenate([inputs, np.zeros((count * size - len(inputs), inputs.shape[1]), np.float32)])
    blocks = np.split(filled, count)
    parts = [np.asarray(_outputs(population, params, moving, block)) for block in blocks]
    return np.concatenate(parts, axis=1)[:, : len(inputs)]
