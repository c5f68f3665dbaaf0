"""A watch over `fit` of a Keras model, as a callback: on the JAX and the PyTorch backend."""

import itertools
import math
import os
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple, final

import numpy as np

from gradoscope.bridges.chain import UntranslatableError
from gradoscope.bridges.glimpse import Watching
from gradoscope.bridges.rebuilding import Loop
from gradoscope.bridges.recording import Batch, Evaluation, Recorder, Step
from gradoscope.bridges.watching import Scope
from gradoscope.errors import UsageError
from gradoscope.extras import missing
from gradoscope.language import say

os.environ.setdefault("KERAS_BACKEND", "jax")  # the one that is here; Keras asks for TensorFlow otherwise
try:
    import keras
except ModuleNotFoundError:
    raise missing("Keras", "keras") from None

from gradoscope.bridges.keras_backends import JaxMeasure, Measure, Norms, TorchMeasure, on_host
from gradoscope.bridges.keras_looks import watching
from gradoscope.bridges.keras_model import goal, numpy_of, optimiser, state, translated

DENSE, EVERY = 4, 16  # norms are taken in the first steps of training, then in every 16th
SAMPLE = 64
BACKENDS: dict[str, Callable[[Any, list[int]], Measure]] = {"jax": JaxMeasure, "torch": TorchMeasure}


class _Fresh(NamedTuple):
    """One step: its rows, and what is measured of it, still on the device."""

    rows: int
    norms: Norms | None


@final
class Watch(keras.callbacks.Callback, Scope):  # type: ignore[misc]
    """A callback of `fit` that watches, and says afterwards why the model does not learn.

    Parameters
    ----------
    model
        The model, or None: a callback is told.
    validation
        Inputs and targets that are not trained on; None takes those that `fit` evaluates.

    Notes
    -----
    Nothing of the training is changed: parameters are those of an unwatched run, bit for bit. Norms of gradients,
    updates and weights are taken in the first four steps and then in every 16th; on the JAX backend, whose gradients
    never leave the compiled step, they are computed once more for that. In a `with` statement, the model is left as it
    was even where `fit` is interrupted.

    Examples
    --------
    >>> inputs = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
    >>> targets = (inputs[:, :1] > 0).astype("float32")
    >>> model = keras.Sequential(
    ...     [
    ...         keras.layers.Dense(8, "relu", use_bias=False),
    ...         keras.layers.Dense(1, "sigmoid", use_bias=False),
    ...     ]
    ... )
    >>> model.compile("sgd", "binary_crossentropy")
    >>> with Watch() as scope:
    ...     _ = model.fit(inputs, targets, epochs=3, callbacks=[scope], verbose=0)
    >>> len(scope.watched.layers), scope.watched.signals.gradient_norm.shape
    (2, (3, 2))
    """

    def __init__(self, model: Any = None, validation: tuple[Any, Any] | None = None) -> None:
        super().__init__()
        if model is not None:
            self.set_model(model)
        self._validation = validation
        self._recorder = Recorder(())
        self._start: dict[str, Any] = {}
        self._fresh: list[_Fresh] = []
        self._rows: list[Batch] = []
        self._held_out: list[Batch] = []
        self._restore: dict[str, Callable[[], None]] = {}
        self._measure: Measure | None = None
        self._weighted = False
        self._steps = 0
        self._rate = self._seconds = self._began = 0.0

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._unhook("train_function")
        self._unhook("test_function")

    # What Keras calls.

    def on_train_begin(self, logs: Any = None) -> None:
        """See the start, and look on at every step."""
        model, name = self.model, keras.backend.backend()
        if name not in BACKENDS:
            raise UsageError(say("Keras models are watched on the backends jax and torch, not on {name}.", name=name))
        if self._measure is None:
            kernels = [(n, v) for n, v in enumerate(model.trainable_variables) if len(v.shape) >= 2]
            self._recorder = Recorder(tuple(variable.path.rpartition("/")[0] for _, variable in kernels))
            self._start = state(model)
            self._measure = BACKENDS[name](model, [number for number, _ in kernels])
        self._hook(model, "train_function", self._stepped)
        self._began = time.perf_counter()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Note the learning rate."""
        self._rate = float(numpy_of(self.model.optimizer.learning_rate))

    def on_test_begin(self, logs: Any = None) -> None:
        """Look on at the first evaluation, for its rows."""
        if self._restore and not self._recorder.evaluations and self._validation is None:
            self._hook(self.model, "test_function", self._tested)

    def on_test_end(self, logs: Any = None) -> None:
        """Look away again."""
        self._unhook("test_function")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Note the losses, and that an epoch is over."""
        said, recorder = logs or {}, self._recorder
        recorder.steps += [_step(each, float(said.get("loss", math.nan)), self._rate) for each in self._fresh]
        if self._rows and recorder.wants_rows:
            recorder.keep(self._rows)
        recorder.epoch_ended()
        self._fresh, self._rows = [], []
        first = not recorder.evaluations
        for batch in self._held_out if "val_loss" in said else ():
            seen = Evaluation(len(recorder.steps), len(batch.inputs), float(said["val_loss"]))
            recorder.evaluated(seen, batch if first else None)

    def on_train_end(self, logs: Any = None) -> None:
        """Leave the model as it was."""
        self._seconds += time.perf_counter() - self._began
        self._unhook("train_function")

    # Hooks: a function of the model that takes a batch is called through one that looks at the batch first.

    def _hook(self, model: Any, name: str, through: Callable[..., Any]) -> None:
        self._unhook(name)
        function = vars(model)[name]

        def looked_at(*args: Any) -> Any:
            *before, carrier = args
            if isinstance(carrier, list):  # PyTorch
                return through(function, before, carrier[0], carrier)
            batch = next(carrier)
            return through(function, before, batch, itertools.chain([batch], carrier))

        setattr(model, name, looked_at)
        self._restore[name] = lambda: setattr(model, name, function)

    def _unhook(self, name: str) -> None:
        self._restore.pop(name, lambda: None)()

    def _stepped(self, function: Callable[..., Any], before: list[Any], batch: Any, carrier: Any) -> Any:
        assert self._measure is not None
        inputs, _, weights = keras.utils.unpack_x_y_sample_weight(batch)
        self._weighted |= weights is not None
        if self._recorder.wants_rows and (rows := _rows(batch)) is not None:
            self._rows.append(rows)
        measured = self._steps < DENSE or self._steps % EVERY == 0
        if measured:
            self._measure.begin(before, batch)
        result = function(*before, carrier)
        self._steps += 1
        count = keras.tree.flatten(inputs)[0].shape[0]
        self._fresh.append(_Fresh(int(count), self._measure.end(result) if measured else None))
        return result

    def _tested(self, function: Callable[..., Any], before: list[Any], batch: Any, carrier: Any) -> Any:
        rows = _rows(batch)
        self._held_out += [] if rows is None else [rows]
        return function(*before, carrier)

    # As an experiment.

    def _settled(self) -> Recorder:
        return self._recorder

    def _watching(self) -> Watching:
        told = None if self._validation is None else Batch(*map(np.asarray, self._validation))
        return watching(self.model, told, self._seconds)

    def _loop(self) -> Loop:
        model = self.model
        if self._weighted:
            raise UntranslatableError(say("rows or classes have weights, which no experiment can say"))
        sample = self._recorder.batches[0].inputs[:SAMPLE] if self._recorder.batches else None
        chain = translated(model, self._start, sample)
        told = None if self._validation is None else Batch(*map(np.asarray, self._validation))
        return Loop(chain, goal(model.loss), optimiser(model.optimizer), 0.0, self._seconds, told)


def _rows(batch: Any) -> Batch | None:
    """Inputs and targets on the host, where each is one array."""
    inputs, targets, _ = keras.utils.unpack_x_y_sample_weight(batch)
    if isinstance(inputs, list | tuple | dict) or isinstance(targets, list | tuple | dict):
        return None
    return Batch(on_host(inputs), None if targets is None else on_host(targets))


def _step(fresh: _Fresh, loss: float, rate: float) -> Step:
    """The step on the host; Keras tells the loss of whole epochs."""
    norms = (None, None, None) if fresh.norms is None else fresh.norms.numbers()
    return Step(fresh.rows, loss, rate, *norms)
