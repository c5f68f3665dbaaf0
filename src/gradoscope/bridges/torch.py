"""A watch over a PyTorch training loop: hooks that look on, and what they see as signals and as an experiment."""

import math
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, final

import numpy as np

from gradoscope.bridges.chain import Act, Piece, UntranslatableError
from gradoscope.bridges.glimpse import Watching
from gradoscope.bridges.rebuilding import Loop, Mismatch
from gradoscope.bridges.recording import Array, Batch, Evaluation, Recorder, Step
from gradoscope.bridges.watching import Scope
from gradoscope.errors import UsageError
from gradoscope.extras import missing
from gradoscope.language import say

try:
    import torch
except ModuleNotFoundError:
    raise missing("PyTorch", "torch") from None
from torch import nn
from torch.nn.modules.module import register_module_forward_hook
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils.hooks import RemovableHandle

from gradoscope.bridges.torch_looks import watching
from gradoscope.bridges.torch_model import between, goal, numpy_of, optimiser, translated
from gradoscope.bridges.torch_tensors import Fresh, Passed, Rows, Tensors, has_kernel, host, inner, norm, overwritten

LOSS = nn.modules.loss._Loss  # noqa: SLF001  # the one base of all loss modules
SAMPLE = 64  # rows on which the translated model must give what the model gives
FLUSH = 64  # steps whose numbers stay on the device until they are fetched together
DENSE, EVERY = 4, 16  # norms are taken in the first steps, then in every 16th: those of updates need a copy of weights


@final
class TorchScope(Scope):
    """A watch over the training of a PyTorch model, for use in a `with` statement.

    Parameters
    ----------
    model
        What is trained: a module, also a compiled one.
    optimizer
        Whose steps are watched; None watches every optimiser that moves parameters of the model.
    loss
        The loss: a module of `torch.nn`, or one of the functions of `torch.nn.functional`, which is then to be called
        as `scope.loss(output, target)`. None finds the module when it is called with what the model gave.
    validation
        Inputs and targets (tensors) of rows that are not trained on; None takes those that go through the model
        without training it.

    Notes
    -----
    Hooks only look: parameters, buffers and random numbers are those of an unwatched run, bit for bit. The loss is
    taken in every step; norms of gradients, updates and weights in the first four steps and then in every 16th, for
    updates take a copy of the weights. Rows are kept until the first epoch is known to be over: when its rows have
    come round, or `epoch_end()` says so; at most 512 MiB are kept.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> inputs = torch.randn(64, 2)
    >>> targets = (inputs.sum(1) > 0).long()
    >>> model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> optimizer, loss = torch.optim.SGD(model.parameters(), lr=0.1), nn.CrossEntropyLoss()
    >>> with TorchScope(model, optimizer) as scope:
    ...     for epoch in range(3):
    ...         for batch in range(0, 64, 16):
    ...             optimizer.zero_grad()
    ...             loss(model(inputs[batch : batch + 16]), targets[batch : batch + 16]).backward()
    ...             optimizer.step()
    >>> scope.watched.layers, scope.watched.signals.gradient_norm.shape
    (('0', '2'), (3, 2))
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer | None = None,
        loss: Callable[..., torch.Tensor] | None = None,
        validation: tuple[torch.Tensor, torch.Tensor] | None = None,
    ) -> None:
        self._model, self._optimizer, self._loss, self._validation = model, optimizer, loss, validation
        weights = {name: module.weight for name, module in model.named_modules() if has_kernel(module)}
        self._weights: Tensors = [weight for weight in weights.values() if isinstance(weight, torch.Tensor)]
        self._recorder = Recorder(tuple(name.removeprefix("_orig_mod.") for name in weights))
        self._own = {id(parameter) for parameter in model.parameters()}
        self._start: dict[str, torch.Tensor] = {}
        self._handles: list[RemovableHandle] = []
        self._latest: Passed | None = None
        self._candidates: list[Passed] = []
        self._fresh: list[Fresh] = []
        self._before: Tensors = []
        self._pair: tuple[Array, Array] | None = None
        self._shapes: tuple[torch.Size, torch.Size] = torch.Size(), torch.Size()
        self._first: tuple[torch.Tensor, torch.Tensor] | None = None
        self._one_place = False
        self._steps = 0
        self._began = self._seconds = 0.0

    def __enter__(self) -> "TorchScope":
        module = inner(self._model)
        self._start = {name: value.detach().clone() for name, value in module.state_dict().items()}
        hooks = [self._model.register_forward_hook(self._passed)]
        if isinstance(self._loss, nn.Module):
            hooks.append(self._loss.register_forward_hook(self._lost))
        elif self._loss is None and module is self._model:  # beside global hooks, compiled modules warn
            hooks.append(register_module_forward_hook(self._lost))
        if self._optimizer is not None:
            hooks.append(self._optimizer.register_step_pre_hook(self._stepping))
            hooks.append(self._optimizer.register_step_post_hook(self._stepped))
        else:
            hooks.append(register_optimizer_step_pre_hook(self._stepping))
            hooks.append(register_optimizer_step_post_hook(self._stepped))
        self._handles, self._began = hooks, time.perf_counter()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles, self._before = [], []
        self._seconds += time.perf_counter() - self._began
        self._settled()

    def loss(self, output: torch.Tensor, target: torch.Tensor, **settings: Any) -> torch.Tensor:
        """The loss function that was given, called and looked at."""
        if self._loss is None:
            raise UsageError(say("watch was given no loss to call; give it one: watch(model, loss=...)."))
        value = self._loss(output, target, **settings)
        if not isinstance(self._loss, nn.Module):
            self._noted(output, target, value)
        return value

    # Hooks.

    def _passed(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        if torch.compiler.is_compiling():
            return
        self._leave_latest()
        if args and isinstance(args[0], torch.Tensor) and args[0].ndim and isinstance(output, torch.Tensor):
            self._latest = Passed(args[0].detach(), output.detach(), module.training, output.requires_grad)

    def _lost(self, module: nn.Module, args: tuple[Any, ...], value: Any) -> None:
        if module is not self._loss and not isinstance(module, LOSS):
            return
        if not torch.compiler.is_compiling() and len(args) == 2 and isinstance(value, torch.Tensor):
            self._loss = module
            self._noted(args[0], args[1], value)

    def _noted(self, output: torch.Tensor, target: torch.Tensor, value: torch.Tensor) -> None:
        """A loss was taken of the batch under way."""
        latest = self._latest
        if latest is None or latest.loss is not None or len(output) != len(latest.output):
            return
        if self._pair is None:
            self._pair = numpy_of(latest.output).copy(), numpy_of(output).copy()
            self._shapes = output.shape, target.shape
        mean = value.detach() if value.ndim == 0 else value.detach().mean()
        self._latest = Passed(*latest[:4], target.detach(), mean)

    def _leave_latest(self) -> None:
        """The batch under way gets no more of a loss: it waits for a step, or was an evaluation."""
        latest, self._latest = self._latest, None
        if latest is not None and latest.learning:
            self._candidates.append(latest)
        elif latest is not None:
            self._evaluated(latest)

    def _evaluated(self, batch: Passed) -> None:
        first = self._recorder.first_block
        keep = (first is None or first == self._steps) and self._validation is None and not self._recorder.cut
        rows = Batch(host(batch.inputs), None if batch.target is None else host(batch.target)) if keep else None
        loss = float("nan") if batch.loss is None else float(batch.loss)
        self._recorder.evaluated(Evaluation(self._steps, len(batch.inputs), loss), rows)

    def _stepping(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        if not self._owns(optimizer):
            return
        self._leave_latest()
        trained = [each for each in self._candidates if each.training] or self._candidates
        for each in self._candidates if len(trained) < len(self._candidates) else ():
            if not each.training:
                self._evaluated(each)
        self._candidates, gradient = [], None
        if self._steps < DENSE or self._steps % EVERY == 0:
            gradient = torch.stack([norm(weight.grad) for weight in self._weights])
            self._before = [weight.detach().clone() for weight in self._weights]
        rate = float(optimizer.param_groups[0]["lr"])
        rows, losses = [len(each.inputs) for each in trained], [each.loss for each in trained if each.loss is not None]
        self._fresh.append(Fresh(rows, losses, rate, gradient, None, None, self._rows(trained)))

    def _stepped(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        if not self._fresh or not self._owns(optimizer):
            return
        self._steps += 1
        if self._before:
            weights = [weight.detach() for weight in self._weights]
            update = torch.stack([norm(new - old) for new, old in zip(weights, self._before, strict=True)])
            weight = torch.stack([norm(weight) for weight in weights])
            self._fresh[-1] = self._fresh[-1]._replace(update=update, weight=weight)
            self._before = []
        if len(self._fresh) >= FLUSH:
            self._flush()

    def _owns(self, optimizer: torch.optim.Optimizer) -> bool:
        if self._optimizer is None and any(id(p) in self._own for g in optimizer.param_groups for p in g["params"]):
            self._optimizer = optimizer  # those of other models step unseen
        return optimizer is self._optimizer

    def _rows(self, trained: list[Passed]) -> Rows | None:
        """The rows of a step, while they are wanted."""
        if not trained or not self._recorder.wants_rows:
            return None
        inputs = trained[0].inputs if len(trained) == 1 else torch.cat([each.inputs for each in trained])
        targets = [each.target for each in trained if each.target is not None]
        known = None if len(targets) < len(trained) else targets[0] if len(targets) == 1 else torch.cat(targets)
        if self._steps < 2:
            self._one_place = self._first is not None and overwritten(inputs, *self._first)
            self._first = inputs, inputs.clone()
        if self._steps < 2 or self._one_place:
            return inputs.clone(), None if known is None else known.clone()
        return inputs, known

    def _flush(self) -> None:
        """Fetch what is still on the device."""
        fresh, self._fresh = self._fresh, []
        self._recorder.steps += [_step(each) for each in fresh]
        kept = [each.batch for each in fresh if each.batch is not None]
        if kept and self._recorder.wants_rows:
            self._recorder.keep([Batch(host(inputs), None if y is None else host(y)) for inputs, y in kept])

    def _settled(self) -> Recorder:
        self._flush()
        return self._recorder

    def _loop(self) -> Loop:
        loss = self._known_loss()
        assert self._optimizer is not None
        sample = self._recorder.batches[0].inputs[:SAMPLE] if self._recorder.batches else None
        chain = translated(inner(self._model), self._start, self._outside(), sample)
        settings, l2 = optimiser(self._optimizer)
        told = None if self._validation is None else Batch(*map(host, self._validation))
        return Loop(chain, goal(loss), settings, l2, self._seconds, told, self._spread())

    def _watching(self) -> Watching:
        told = None if self._validation is None else Batch(*map(host, self._validation))
        return watching(inner(self._model), self._outside, self._known_loss, told, self._seconds)

    def _known_loss(self) -> Callable[..., torch.Tensor]:
        if self._loss is None or self._pair is None:
            raise UntranslatableError(say("no loss was seen; give it: watch(model, loss=...)"))
        return self._loss

    def _spread(self) -> Mismatch | None:
        """Whether outputs and targets of different shapes were compared each with each."""
        output, target = self._shapes
        if goal(self._known_loss()).takes != "values" or sorted(output) == sorted(target) or len(output) == len(target):
            return None
        both = tuple(torch.broadcast_shapes(output, target))  # type: ignore[no-untyped-call]
        sentence = say(
            "The outputs have shape {output} and the targets {target}: the loss spreads both to {both} and compares "
            "every output with every target. Give them one shape, as with targets.unsqueeze(1).",
            output=tuple(output), target=tuple(target), both=both,
        )  # fmt: skip
        return Mismatch("wrong-loss", say("loss"), sentence, ())

    def _outside(self) -> list[Piece]:
        """What the loop itself does between the model and the loss."""
        assert self._pair is not None
        found = between(*self._pair)
        return [] if found is None else [Act(say("the training loop"), found)]


def _step(fresh: Fresh) -> Step:
    """Numbers on the host: the loss is the mean over the rows of the step."""
    count = sum(fresh.rows)
    losses = [rows * loss.item() for rows, loss in zip(fresh.rows, fresh.losses, strict=False)]
    loss = sum(losses) / count if losses and len(losses) == len(fresh.rows) else math.nan
    measured = (fresh.gradient, fresh.update, fresh.weight)
    norms = (None if each is None else host(each).astype(np.float64) for each in measured)
    return Step(max(count, 1), loss, fresh.rate, *norms)
