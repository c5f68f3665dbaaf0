"""One network, trained by Gradoscope and by its peers: Adam as it comes, a new order of the rows in every epoch."""

import os
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.datasets import make_classification
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from benchmarks.engine import experiment, rows
from benchmarks.peers import Inputs, Labels, torch_network
from gradoscope.networks import TrainingSpec, init, plan
from gradoscope.training import outputs
from gradoscope.training.batches import Data
from gradoscope.training.epoch import train_epoch
from gradoscope.training.evaluation import Program
from gradoscope.training.objective import objective
from gradoscope.training.state import State, start

os.environ["KERAS_BACKEND"] = "jax"  # read when Keras is first imported
os.environ["TORCHINDUCTOR_FORCE_DISABLE_CACHES"] = "1"  # else a second run of the benchmarks compiles nothing


class Trainer(NamedTuple):
    """`epoch` trains one more epoch; `labels` answers for rows."""

    epoch: Callable[[], object]
    labels: Callable[[Inputs], NDArray[Any]]


class Task(NamedTuple):
    """Rows to train and validate on, the sizes of the network's layers, and the batch size."""

    inputs: Inputs
    answers: Labels
    validation_inputs: Inputs
    validation_answers: Labels
    sizes: tuple[int, ...]
    batch: int


def task(sizes: tuple[int, ...], batch: int, n: int) -> Task:
    """Clusters in a corner of the inputs, standardised; a tenth more rows to validate on."""
    X, y = make_classification(
        n + n // 10, sizes[0], n_informative=min(sizes[0], 10), n_redundant=0, n_classes=sizes[-1],
        n_clusters_per_class=2, class_sep=1.5, flip_y=0, random_state=0,
    )  # fmt: skip
    X = StandardScaler().fit_transform(X).astype(np.float32)
    return Task(X[:n], y[:n], X[n:], y[n:], sizes, batch)


def prepared(work: Task, members: int = 1) -> tuple[Program, State, Data, jax.Array]:
    """All that an epoch of Gradoscope needs; every epoch is judged on 100 rows."""
    one = experiment(work.sizes, "relu", TrainingSpec(batch_size=work.batch))
    networks = [one.network] * members
    program = Program(plan(networks), objective(networks), one.training, "accuracy")
    judged = rows(work.validation_inputs, work.validation_answers).at(slice(100))
    data = Data.of(rows(work.inputs, work.answers), judged)
    rates = jax.device_put(np.full(members, 1e-3, np.float32))
    return program, start(program, init(networks, work.sizes[0], 0)), data, rates


def ours(work: Task, members: int = 1) -> Trainer:
    """Gradoscope, with all signals."""
    program, state, data, rates = prepared(work, members)

    def epoch() -> object:
        nonlocal state
        state, record = train_epoch(program, state, data, rates, 0)
        return record

    return Trainer(epoch, lambda X: outputs(program.plan, state.params, state.moving, X)[0].argmax(1))


def by_torch(work: Task, compiled: bool = False) -> Trainer:
    """PyTorch, eager or through torch.compile."""
    inputs, labels = torch.from_numpy(work.inputs), torch.from_numpy(work.answers)
    torch.manual_seed(0)
    network = torch_network(work.sizes, torch.nn.ReLU)
    optimizer, loss_of = torch.optim.Adam(network.parameters()), torch.nn.CrossEntropyLoss()

    def loss(X: Any, y: Any) -> Any:
        return loss_of(network(X), y)

    def step() -> None:
        optimizer.step()

    if compiled:
        torch.compiler.reset()
        loss, step = torch.compile(loss), torch.compile(step)  # type: ignore[assignment]

    def epoch() -> None:
        for chosen in torch.split(torch.randperm(len(inputs)), work.batch):
            optimizer.zero_grad()
            loss(inputs[chosen], labels[chosen]).backward()
            step()

    def answers(X: Inputs) -> NDArray[Any]:
        with torch.no_grad():
            found: NDArray[Any] = network(torch.from_numpy(X)).argmax(1).numpy()
        return found

    return Trainer(epoch, answers)


def by_sklearn(work: Task) -> Trainer:
    """MLPClassifier."""
    network = MLPClassifier(work.sizes[1:-1], batch_size=work.batch, random_state=0)
    classes = np.unique(work.answers)
    return Trainer(lambda: network.partial_fit(work.inputs, work.answers, classes=classes), network.predict)


def by_keras(work: Task) -> Trainer:
    """Keras 3 on JAX."""
    import keras

    keras.utils.set_random_seed(0)
    hidden: Sequence[Any] = [keras.layers.Dense(units, "relu") for units in work.sizes[1:-1]]
    model = keras.Sequential([keras.Input((work.sizes[0],)), *hidden, keras.layers.Dense(work.sizes[-1])])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss)
    warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)  # keras 3 beside numpy 2

    def epoch() -> object:
        return model.fit(work.inputs, work.answers, batch_size=work.batch, epochs=1, verbose=0)

    return Trainer(epoch, lambda X: np.asarray(model.predict(X, batch_size=1024, verbose=0)).argmax(1))
