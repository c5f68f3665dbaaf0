"""What it costs to be watched: a 784-128-10 network in PyTorch, epochs of 100 batches of 128 rows."""

from collections.abc import Callable
from functools import partial

import torch
from torch import nn

import gradoscope
from benchmarks.race import Peer, Race

ROWS, BATCH, EPOCHS = 12_800, 128, 5


def training(optimizer: Callable[..., torch.optim.Optimizer], rate: float) -> Callable[[bool], None]:
    """What trains some epochs, watched or not; each call goes on where the last one stopped."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.rand(ROWS, 784, generator=generator)
    targets = torch.randint(10, (ROWS,), generator=generator)
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    steps, loss = optimizer(model.parameters(), lr=rate), nn.CrossEntropyLoss()

    def epochs() -> None:
        for _ in range(EPOCHS):
            for x, y in zip(inputs.split(BATCH), targets.split(BATCH), strict=True):
                steps.zero_grad()
                loss(model(x), y).backward()
                steps.step()

    def train(watched: bool) -> None:
        if watched:
            with gradoscope.watch(model, steps, loss):
                epochs()
        else:
            epochs()

    return train


def race() -> Race:
    """The race."""
    torch.set_num_threads(1)
    train = training(torch.optim.SGD, 0.01)
    return Race(
        "a 784-128-10 network in PyTorch, watched",
        partial(train, True),
        (Peer("the same, not watched", partial(train, False), at_least=1 / 1.1),),
        rounds=21,
    )
