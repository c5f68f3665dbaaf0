"""A PyTorch model asked about rows after its loop: a copy in evaluation mode answers, the model is not touched."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from gradoscope.bridges.chain import Act, Piece, UntranslatableError, Weights
from gradoscope.bridges.glimpse import Look, Watching, look
from gradoscope.bridges.recording import Array, Batch
from gradoscope.bridges.torch_model import UNTRACEABLE, goal, numpy_of
from gradoscope.functions import activations
from gradoscope.language import say

BLOCK = 1024


def watching(
    model: nn.Module,
    outside: Callable[[], list[Piece]],
    loss: Callable[[], Any],
    told: Batch | None,
    seconds: float,
) -> Watching:
    """What can be asked of a model; `outside` is what the loop does to its outputs before the loss."""

    def after(inputs: Array) -> Weights:
        said = answers(model, inputs)
        for piece in outside():
            assert isinstance(piece, Act)
            said = np.asarray(activations[piece.function.name](said), np.float32)
        return said

    return Watching(after, lambda inputs: looks(model, inputs), lambda: goal(loss()), told, seconds)


def answers(model: nn.Module, inputs: Array) -> Weights:
    """What the model says for rows, shape (rows, ...).

    Raises
    ------
    UntranslatableError
        It does not answer such rows.
    """
    twin, device = _twin(model)
    try:
        with torch.no_grad():
            blocks = [inputs[first : first + BLOCK] for first in range(0, len(inputs), BLOCK)]
            return np.concatenate([numpy_of(twin(torch.from_numpy(block).to(device))) for block in blocks])
    except UNTRACEABLE as error:
        reason = str(error).strip().partition("\n")[0]
        raise UntranslatableError(say("the model does not answer its rows ({reason})", reason=reason)) from None


def looks(model: nn.Module, inputs: Array) -> list[Look]:
    """Every activation with flat parts, a module or a function called, over some rows; not that of the output."""
    twin, device = _twin(model)
    watch = _Calls(twin)
    try:
        with torch.no_grad(), watch:
            output = twin(torch.from_numpy(np.ascontiguousarray(inputs)).to(device))
    except UNTRACEABLE:
        return []
    return [seen for seen, result in watch.found if result is not output]


def _twin(model: nn.Module) -> tuple[nn.Module, torch.device]:
    twin = copy.deepcopy(model).eval()
    return twin, next((parameter.device for parameter in twin.parameters()), torch.device("cpu"))


class _Calls(TorchFunctionMode):
    """Sees every function that a forward calls; those that are activations are looked at."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.found: list[tuple[Look, torch.Tensor]] = []
        self._place = ""
        for name, module in model.named_modules():
            if not list(module.children()):
                module.register_forward_pre_hook(lambda _module, _args, name=name: self._enter(name))
                module.register_forward_hook(lambda _module, _args, _out: self._enter(""))

    def _enter(self, name: str) -> None:
        self._place = name

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        name = getattr(func, "__name__", "").rstrip("_")
        before = args[0].clone() if args and isinstance(args[0], torch.Tensor) and args[0].is_floating_point() else None
        result = func(*args, **(kwargs or {}))
        if before is not None and before.ndim > 1:
            seen = look(self._place or f"{name} {len(self.found) + 1}", name, numpy_of(before))
            if seen is not None and seen.place not in [known.place for known, _ in self.found]:
                self.found.append((seen, result))
        return result
