"""PyTorch loops to be watched, and the same experiments here."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from gradoscope.data import DataSpec, Prepared, prepare_experiment
from gradoscope.networks import Experiment, Layer, Named, NetworkSpec, TrainingSpec, init

MOONS = DataSpec("make_moons", {"n_samples": 400, "noise": 0.15, "random_state": 3}, task="binary", inputs="standard")
MODULES: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "softmax": lambda: nn.Softmax(dim=1),
}
Watching = AbstractContextManager[Any]
BCE = nn.BCELoss()
torch.set_num_threads(1)  # so small a network gains nothing from more, and loses much on a busy machine


class Twin(NamedTuple):
    """An experiment, its rows, and the same network in PyTorch with the same starting weights."""

    experiment: Experiment
    data: Prepared
    model: nn.Sequential
    optimizer: torch.optim.Optimizer


def experiment(hidden: Sequence[str], output: str = "sigmoid", rate: float = 0.01, **training: Any) -> Experiment:
    layers = tuple(Layer(16, Named(name)) for name in hidden)
    network = NetworkSpec(hidden=layers, output=Layer(1, Named(output)), loss=Named("binary_cross_entropy"))
    return Experiment(MOONS, network, TrainingSpec(learning_rate=rate, **training))


def twin_of(of: Experiment) -> Twin:
    data = prepare_experiment(of.data, 1, of.training.seed, Path())
    modules: list[nn.Module] = []
    start = init([of.network], data.train.inputs.shape[1], of.training.seed)
    for layer, own in zip(of.network.layers, start, strict=True):
        dense = nn.Linear(own.kernel.shape[1], layer.units)
        with torch.no_grad():
            dense.weight.copy_(torch.from_numpy(np.array(own.kernel[0].T)))
            dense.bias.copy_(torch.from_numpy(np.array(own.bias[0])))
        modules += [dense, MODULES[layer.activation.name]()]
    model, rate = nn.Sequential(*modules), of.training.learning_rate
    sgd = of.training.optimizer == "sgd"
    optimizer = torch.optim.SGD(model.parameters(), rate) if sgd else torch.optim.Adam(model.parameters(), rate)
    return Twin(of, data, model, optimizer)


def train(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    data: Prepared,
    epochs: int,
    watching: Watching | None = None,
    loss: Callable[..., torch.Tensor] = BCE,
) -> None:
    """Shuffled batches of 32 from a seed of their own, and a look at the validation rows after each epoch."""
    generator = torch.Generator().manual_seed(5)
    inputs, targets, *held_out = map(torch.from_numpy, (*data.train[:2], *data.validation[:2]))
    with watching or nullcontext():
        for _ in range(epochs):
            model.train()
            for rows in torch.randperm(len(inputs), generator=generator).split(32):
                optimizer.zero_grad()
                loss(model(inputs[rows]), targets[rows]).backward()
                optimizer.step()
            model.eval()
            with torch.no_grad():
                loss(model(held_out[0]), held_out[1])
