"""What training carries from epoch to epoch, and what each epoch shows."""

from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from gradoscope.networks import Moving, Params, init_moving
from gradoscope.training.evaluation import Program
from gradoscope.training.optimizers import OptState, init_optimizer
from gradoscope.training.signals import BETWEEN_STEPS, IN_STEPS, Signals

T = TypeVar("T")


class Best(NamedTuple):
    """The smallest validation loss of each member so far, where it was, and who has stopped; arrays (members, ...)."""

    params: Params
    moving: Moving
    loss: jax.Array
    epoch: jax.Array
    stopped: jax.Array


class State(NamedTuple):
    """What training carries from epoch to epoch.

    `measured` are the signals `IN_STEPS` and `BETWEEN_STEPS` of the last epoch that measured, (signals, members,
    layers), NaN before the first. `best` is None without early stopping.
    """

    params: Params
    moving: Moving
    opt_state: OptState
    updates: jax.Array
    epoch: jax.Array
    measured: jax.Array
    best: Best | None


class Record(NamedTuple):
    """What an epoch showed: losses and score (members,), signals (members, layers), stopped (members,)."""

    train_loss: NDArray[np.floating]
    validation_loss: NDArray[np.floating]
    validation_score: NDArray[np.floating]
    signals: Signals
    stopped: NDArray[np.bool_]


def start(program: Program, params: Params) -> State:
    """The state before the first epoch; made on the host, nothing is compiled for it."""
    moving, members, kind = init_moving(program.plan), program.plan.members, params[0].kernel.dtype
    best = None
    if program.training.patience is not None:
        never = _filled((members,), 0, np.int32), _filled((members,), False, np.bool_)
        best = Best(_copied(params), _copied(moving), _filled((members,), np.inf, np.float32), *never)
    measured = _filled((len(IN_STEPS) + len(BETWEEN_STEPS), members, len(params)), np.nan, kind)
    zeros = _filled((), 0, np.int32), _filled((), 0, np.int32)
    return State(_copied(params), moving, init_optimizer(program.training, params), *zeros, measured, best)


def _copied(tree: T) -> T:
    """Arrays of its own: a state is donated to the next epoch, and no buffer can be given away twice."""
    copies: T = jax.tree.map(lambda array: jax.device_put(np.array(array)), tree)
    return copies


def _filled(shape: tuple[int, ...], value: float, kind: Any) -> jax.Array:
    array: jax.Array = jax.device_put(np.full(shape, value, kind))
    return array


def packed(train_loss: jax.Array, loss: jax.Array, score: jax.Array, stopped: jax.Array, signals: Signals) -> jax.Array:
    """A record as one array (numbers, members): many small ones take longer to the host than a short epoch lasts."""
    of_members = [each[None].astype(train_loss.dtype) for each in (train_loss, loss, score, stopped)]
    return jnp.concatenate([*of_members, *(signal.T.astype(train_loss.dtype) for signal in signals)])


def unpacked(numbers: Any) -> Record:
    """The record of an epoch that was packed; waits for the epoch to end."""
    train_loss, loss, score, stopped, *rest = np.asarray(numbers)
    signals = Signals(*np.swapaxes(np.array(rest).reshape(len(Signals._fields), -1, len(train_loss)), 1, 2))
    return Record(train_loss, loss, score, signals, stopped > 0)
