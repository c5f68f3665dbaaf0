"""The same network in scikit-learn and in eager PyTorch: Adam as it comes, a new order of the rows every epoch."""

import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

Inputs = NDArray[np.float32]
Labels = NDArray[np.int64]


def random_rows(n: int, inputs: int, classes: int) -> tuple[Inputs, Labels]:
    """Rows of noise: what is learned does not matter to the clock."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, inputs)).astype(np.float32), rng.integers(classes, size=n)


def sklearn_epochs(X: Inputs, y: Labels, hidden: Sequence[int], batch: int) -> Callable[[], object]:
    """A function that trains one more epoch."""
    network = MLPClassifier(tuple(hidden), batch_size=batch, random_state=0)
    classes = np.unique(y)
    return lambda: network.partial_fit(X, y, classes=classes)


def sklearn_fit(
    X: Inputs, y: Labels, hidden: Sequence[int], batch: int, activation: str, epochs: int, seed: int
) -> None:
    """Train all epochs."""
    network = MLPClassifier(
        tuple(hidden), activation=activation, batch_size=batch, max_iter=epochs, n_iter_no_change=epochs, tol=0,
        random_state=seed,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(X, y)


def torch_network(sizes: Sequence[int], activation: type[torch.nn.Module]) -> torch.nn.Sequential:
    """Dense layers with the activation between them."""
    layers: list[torch.nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [torch.nn.Linear(before, after), activation()]
    return torch.nn.Sequential(*layers[:-1])


def torch_epochs(
    X: Inputs, y: Labels, sizes: Sequence[int], batch: int, activation: type[torch.nn.Module] = torch.nn.ReLU
) -> Callable[[], object]:
    """A function that trains one more epoch."""
    return torch_training(X, y, torch_network(sizes, activation), batch)


def torch_training(X: Inputs, y: Labels, network: torch.nn.Module, batch: int) -> Callable[[], object]:
    """A function that trains the network one more epoch."""
    inputs, labels = torch.from_numpy(X), torch.from_numpy(y)
    optimizer, loss_of = torch.optim.Adam(network.parameters()), torch.nn.CrossEntropyLoss()

    def epoch() -> Any:
        loss: Any = None
        for chosen in torch.split(torch.randperm(len(inputs)), batch):
            optimizer.zero_grad()
            loss = loss_of(network(inputs[chosen]), labels[chosen])
            loss.backward()
            optimizer.step()
        return loss

    return epoch
