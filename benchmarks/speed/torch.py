"""Value and gradient in PyTorch, eager, beside torch.nn.functional."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch.nn import functional

from benchmarks.functions import Pair
from benchmarks.speed import CLASSES, ROWS
from gradoscope.functions import activations, losses

Function = Callable[[Any], Any]
NN = {
    "relu": "relu", "leaky_relu": "leaky_relu", "elu": "elu", "selu": "selu", "celu": "celu", "softplus": "softplus",
    "sigmoid": "sigmoid", "log_sigmoid": "logsigmoid", "tanh": "tanh", "softsign": "softsign", "silu": "silu",
    "mish": "mish", "hard_tanh": "hardtanh", "hard_sigmoid": "hardsigmoid", "hard_swish": "hardswish", "relu6": "relu6",
    "softshrink": "softshrink", "hardshrink": "hardshrink", "tanhshrink": "tanhshrink", "gelu": "gelu",
}  # fmt: skip
LOSSES = {"huber": "huber_loss", "smooth_l1": "smooth_l1_loss",
          "binary_cross_entropy": "binary_cross_entropy_with_logits"}  # fmt: skip


def both(function: Function, x: Any, upstream: Any) -> Callable[[], object]:
    """Value and gradient."""
    at = x.clone().requires_grad_()

    def run() -> object:
        value = function(at)
        return value, torch.autograd.grad(value, at, upstream)

    return run


def pairs(sizes: Sequence[int]) -> Iterator[Pair]:
    """Activations of each size, and losses."""
    peers: dict[str, Function] = {name: getattr(functional, theirs) for name, theirs in NN.items()}
    peers |= {"gelu_tanh": partial(functional.gelu, approximate="tanh"), "softmax": partial(torch.softmax, dim=-1),
              "log_softmax": partial(torch.log_softmax, dim=-1)}  # fmt: skip
    generator = torch.Generator().manual_seed(0)
    for size in sizes:
        x = torch.randn(size // 100, 100, generator=generator) * 3
        for name, peer in peers.items():
            yield Pair(name, size, both(activations[name], x, torch.ones_like(x)),
                       both(peer, x, torch.ones_like(x)), 1.3)  # fmt: skip
        target = (x > 1).float()
        for name, theirs in LOSSES.items():
            peer = partial(getattr(functional, theirs), target=target, reduction="none")
            ours = both(lambda p, t=target, e=losses[name]: e(p, t), x, torch.ones_like(x))
            yield Pair(name, size, ours, both(peer, x, torch.ones_like(x)), 1.3)
    logits = torch.randn(ROWS, CLASSES, generator=generator) * 3
    labels = torch.randint(CLASSES, (ROWS,), generator=generator)
    one = torch.ones(())
    ours = both(lambda p: losses["cross_entropy"](p, labels, reduction="mean"), logits, one)
    yield Pair(
        "cross_entropy", logits.numel(), ours, both(lambda p: functional.cross_entropy(p, labels), logits, one), 1
    )
