"""Sixty networks: twelve activations from five seeds each, compiling included; the peers train one after another."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle, islice, product

import jax
import torch
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

from benchmarks.engine import experiment, rows
from benchmarks.peers import Inputs, Labels, sklearn_fit, torch_epochs
from benchmarks.race import Peer, Race
from gradoscope.networks import TrainingSpec
from gradoscope.training import fit_population

SIZES, BATCH, EPOCHS, SEEDS = [30, 64, 64, 2], 32, 100, range(5)
ACTIVATIONS = {
    "relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid, "leaky_relu": torch.nn.LeakyReLU,
    "elu": torch.nn.ELU, "selu": torch.nn.SELU, "gelu": torch.nn.GELU, "silu": torch.nn.SiLU,
    "softplus": torch.nn.Softplus, "softsign": torch.nn.Softsign, "hard_tanh": torch.nn.Hardtanh,
    "mish": torch.nn.Mish,
}  # fmt: skip
OF_SKLEARN = ("relu", "tanh", "logistic", "identity")


def ours(X: Inputs, y: Labels) -> None:
    """A population per seed, two at a time; the first compiles what the others use."""

    def train(seed: int) -> None:
        training = TrainingSpec(batch_size=BATCH, epochs=EPOCHS, seed=seed)
        fit_population([experiment(SIZES, name, training) for name in ACTIVATIONS], data, validation, "multiclass")

    data = rows(X, y)
    validation = data.at(slice(100))
    jax.clear_caches()  # type: ignore[no-untyped-call]
    train(SEEDS[0])
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(train, SEEDS[1:]))


def by_sklearn(X: Inputs, y: Labels) -> None:
    """Its four activations in turn."""
    for seed, activation in zip(cycle(SEEDS), islice(cycle(OF_SKLEARN), len(ACTIVATIONS) * len(SEEDS)), strict=False):
        sklearn_fit(X, y, SIZES[1:-1], BATCH, activation, EPOCHS, seed)


def by_torch(X: Inputs, y: Labels) -> None:
    """The same activations and seeds."""
    for activation, seed in product(ACTIVATIONS.values(), SEEDS):
        torch.manual_seed(seed)
        epoch = torch_epochs(X, y, SIZES, BATCH, activation)
        for _ in range(EPOCHS):
            epoch()


def race() -> Race:
    """The race."""
    X, y = load_breast_cancer(return_X_y=True)
    X = StandardScaler().fit_transform(X).astype("float32")
    return Race(
        "60 networks 30-64-64-2 (12 activations x 5 seeds), 100 epochs of 569 rows, compiling included",
        partial(ours, X, y),
        (
            Peer("PyTorch, one by one", partial(by_torch, X, y), at_least=5),
            Peer("scikit-learn, one by one", partial(by_sklearn, X, y), at_least=5),
        ),
        rounds=1,
        warm_up=False,
    )
