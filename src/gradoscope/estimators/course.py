"""How a network is fitted: epochs of compiled steps, or L-BFGS on all rows. The arithmetic is scikit-learn's.

With the same random numbers, the same solver and one of scikit-learn's losses, the parameters are those of
`MLPClassifier` and `MLPRegressor` up to rounding: batches, penalty, steps. (Adam's epsilon is added to the root of the
uncorrected mean square, there as in Keras and here; PyTorch and optax correct the mean square first.)
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize

from gradoscope.estimators.problem import Problem
from gradoscope.networks import LayerParams, Moving, NetworkSpec, Params, TrainingSpec, apply, init_moving, plan
from gradoscope.training.batches import Data
from gradoscope.training.epoch import train_ordered
from gradoscope.training.evaluation import Program
from gradoscope.training.objective import Terms, data_losses, objective, objectives
from gradoscope.training.optimizers import OptState
from gradoscope.training.signals import Signals
from gradoscope.training.state import Record, start

Numbers = NDArray[Any]
SMALL, STEP = 256, 64  # rows: up to SMALL a lone batch has a power of two of them, beyond a multiple of STEP


class Weights(NamedTuple):
    """The parameters of a network: kernels (fan_in, units) and biases (units,)."""

    coefs: list[Numbers]
    intercepts: list[Numbers]

    @property
    def finite(self) -> bool:
        """Whether no number is NaN or infinite."""
        return all(np.isfinite(array).all() for array in (*self.coefs, *self.intercepts))

    def params(self) -> Params:
        """As the one member of a population."""
        return tuple(LayerParams(k[None], b[None]) for k, b in zip(self.coefs, self.intercepts, strict=True))  # type: ignore[arg-type]


class Examples(NamedTuple):
    """Rows to learn from: inputs (rows, features), targets (rows, outputs), weights (rows,)."""

    inputs: Any
    targets: Any
    weights: Any

    def filled(self, rows: int) -> "Examples":
        """With copies that count nothing at the end: other numbers of rows then share a compiled program."""
        n = len(self.inputs)
        inputs, targets, weights = (part[np.arange(rows) % n] for part in self)
        return Examples(inputs, targets, np.where(np.arange(rows) < n, weights, 0).astype(weights.dtype))


class Memory(NamedTuple):
    """What an optimiser remembers between two calls of `partial_fit`: slots, number of updates, learning rate."""

    slots: OptState
    updates: int
    rate: float


class Epoch(NamedTuple):
    """What an epoch showed: its loss, the loss on the validation rows (NaN without them), signals per layer."""

    loss: float
    validation_loss: float
    signals: Signals


@dataclass(frozen=True)
class Task:
    """A network and what it is trained for."""

    network: NetworkSpec
    problem: Problem

    def program(self, spec: TrainingSpec) -> Program:
        """What is compiled."""
        return Program(plan([self.network]), objective([self.network]), spec, "r2")


def room(rows: int) -> int:
    """A size for a batch that holds `rows`, such that few sizes serve all numbers of rows.

    Examples
    --------
    >>> [room(rows) for rows in (3, 100, 257, 1000)]
    [16, 128, 320, 1024]
    """
    return max(16, 1 << (rows - 1).bit_length()) if rows <= SMALL else -(-rows // STEP) * STEP


class Course:
    """Epochs of a stochastic solver, one after the other.

    Parameters
    ----------
    task
        What is minimised, together with alpha / 2 * sum of squared kernels / sum of the weights in a batch.
    spec
        The optimiser.
    begin, memory
        Where it starts; without a memory the optimiser starts afresh.
    train, validation
        Rows to learn from, and those that the loss is also measured on, or None.
    batch_size
        Rows of a batch.
    """

    def __init__(
        self,
        task: Task,
        alpha: float,
        spec: TrainingSpec,
        begin: Weights,
        memory: Memory | None,
        train: Examples,
        validation: Examples | None,
        batch_size: int,
    ) -> None:
        n, count = len(train.inputs), -(-len(train.inputs) // batch_size)
        self._size = batch_size if count > 1 else room(n)
        self._program = task.program(replace(spec, batch_size=self._size))
        sizes = np.minimum(batch_size, n - batch_size * np.arange(count))
        self._terms = Terms(*task.problem.scales, 0.5 * alpha, (sizes / n).astype(train.inputs.dtype))  # type: ignore[arg-type]
        self._task, self._train, self._held_out = task, train, validation
        self._constants = task.problem.constants(train.targets)
        rows = train.filled(count * self._size)
        others = None if validation is None else validation.filled(room(len(validation.inputs)))
        self._fillers = np.arange(n, len(rows.inputs))
        with self._precision():
            self._data = jax.device_put(_data(rows, others))
            self._state = start(self._program, begin.params())
            if memory is not None:
                self._state = self._state._replace(
                    opt_state=jax.device_put(memory.slots), updates=jax.device_put(np.int32(memory.updates))
                )

    def _precision(self) -> AbstractContextManager[None]:
        return precision(self._train.inputs.dtype)

    def epoch(self, order: NDArray[np.int64], rate: float) -> Epoch:
        """Train one epoch on the rows in this order."""
        filled, rates = np.concatenate([order, self._fillers]), np.array([rate], self._train.inputs.dtype)
        with self._precision():
            self._state, seen = train_ordered(
                self._program, self._state, self._data, rates, filled.astype(np.int32), self._terms
            )
        signals = jax.tree.map(lambda each: each[0], seen.signals)
        return Epoch(float(seen.train_loss[0]) + self._constant(order), self._validation_loss(seen), signals)

    def _constant(self, order: NDArray[np.int64]) -> float:
        """What scikit-learn's loss of the epoch has beyond ours."""
        if self._constants is None:
            return 0.0
        ends = np.arange(self._size, len(order), self._size)
        batches = zip(np.split(self._constants[order], ends), np.split(self._train.weights[order], ends), strict=True)
        return float(np.asarray(self._terms.share) @ [np.average(values, weights=own) for values, own in batches])

    def _validation_loss(self, seen: Record) -> float:
        if self._held_out is None or self._data.validation_inputs is None:
            return float("nan")
        weights = self._held_out.weights
        mean = float(seen.validation_loss[0]) * len(self._data.validation_inputs) / weights.sum()
        constants = self._task.problem.constants(self._held_out.targets)
        constant = 0.0 if constants is None else float(np.average(constants, weights=weights))
        return float(self._terms.reported * mean) + constant

    @property
    def weights(self) -> Weights:
        """The parameters now, copied."""
        return weights_of(self._state.params)

    def memory(self, rate: float) -> Memory:
        """What the optimiser remembers."""
        return Memory(jax.tree.map(np.array, self._state.opt_state), int(self._state.updates), rate)


def weights_of(params: Params) -> Weights:
    """Copies of the parameters of the first member."""
    return Weights([np.array(layer.kernel)[0] for layer in params], [np.array(layer.bias)[0] for layer in params])


def precision(dtype: np.dtype[Any]) -> AbstractContextManager[None]:
    """A block in which JAX computes in float64, if `dtype` is that, and in float32 otherwise."""
    block: AbstractContextManager[None] = jax.enable_x64(dtype == np.float64)
    return block


def _data(train: Examples, validation: Examples | None) -> Data:
    if validation is None:
        return Data(train.inputs, train.targets, weights=train.weights)
    held_out = validation.inputs, validation.targets
    return Data(train.inputs, train.targets, *held_out, train.weights, validation.weights)


@partial(jax.jit, static_argnames="program")
@partial(jax.value_and_grad, argnums=1)
def _value_and_grads(program: Program, params: Params, moving: Moving, rows: Examples, terms: Terms) -> jax.Array:
    logits = apply(program.plan, params, moving, rows.inputs).before[-1]
    loss = data_losses(program.objective, program.plan, logits, rows.targets, rows.weights)
    return objectives(program.objective, params, loss, rows.weights, terms)[0].sum()


def lbfgs(
    task: Task,
    alpha: float,
    begin: Weights,
    train: Examples,
    options: dict[str, Any],
    on_iteration: Callable[[Weights], None],
) -> tuple[Weights, OptimizeResult]:
    """Minimise over all rows at once, in double precision, with SciPy's L-BFGS-B.

    Parameters
    ----------
    task, alpha, begin, train
        What is minimised, with which penalty, from where, on which rows.
    options
        Of L-BFGS-B: maxfun, maxiter, gtol.
    on_iteration
        Called with the parameters after each iteration; StopIteration ends the search.
    """
    minimised = task.problem.scales.minimised
    program, terms = task.program(TrainingSpec()), Terms(minimised, minimised, 0.5 * alpha, np.ones(1))  # type: ignore[arg-type]
    shapes = [array.shape for array in (*begin.coefs, *begin.intercepts)]
    with precision(np.dtype(np.float64)):
        moving = init_moving(program.plan)
        rows = jax.device_put(Examples(*(part.astype(np.float64) for part in train.filled(room(len(train.inputs))))))

        def value_and_slope(packed: Numbers) -> tuple[float, Numbers]:
            value, grads = _value_and_grads(program, _unpacked(packed, shapes).params(), moving, rows, terms)
            return float(value), _packed(weights_of(grads))

        def each(intermediate_result: OptimizeResult) -> None:
            on_iteration(_unpacked(intermediate_result.x, shapes))

        found = minimize(value_and_slope, _packed(begin), method="L-BFGS-B", jac=True, options=options, callback=each)
    constants = task.problem.constants(train.targets)
    if constants is not None:
        found.fun += float(np.average(constants, weights=train.weights))
    return _unpacked(found.x, shapes), found


def _packed(weights: Weights) -> Numbers:
    return np.concatenate([np.ravel(array) for array in (*weights.coefs, *weights.intercepts)]).astype(np.float64)


def _unpacked(packed: Numbers, shapes: Sequence[tuple[int, ...]]) -> Weights:
    ends = np.cumsum([np.prod(shape, dtype=int) for shape in shapes])
    arrays = [part.reshape(shape) for part, shape in zip(np.split(packed, ends[:-1]), shapes, strict=True)]
    return Weights(arrays[: len(arrays) // 2], arrays[len(arrays) // 2 :])
