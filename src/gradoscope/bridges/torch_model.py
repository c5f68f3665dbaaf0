"""A PyTorch model, its loss and its optimiser, as Gradoscope writes them down."""

import copy
import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import fx, nn

from gradoscope.bridges.chain import (
    Act,
    Chain,
    Dense,
    Drop,
    Norm,
    Piece,
    UntranslatableError,
    Weights,
    assembled,
    check_same,
)
from gradoscope.bridges.naming import CLOSE, activation
from gradoscope.bridges.rebuilding import Goal
from gradoscope.bridges.recording import Array
from gradoscope.functions import activations
from gradoscope.language import say
from gradoscope.networks import Named

State = Mapping[str, torch.Tensor]
States = Mapping[str, tuple[torch.Tensor, torch.Tensor]]  # at the end, and at the start
SHAPES = ("flatten", "reshape", "view", "squeeze", "unsqueeze", "contiguous", "float", "to")
UNTRACEABLE = (TypeError, ValueError, RuntimeError, AttributeError, KeyError, IndexError, AssertionError)


def translated(model: nn.Module, start: State, outside: Sequence[Piece], sample: Array | None) -> Chain:
    """The chain that a model is.

    Parameters
    ----------
    model
        With its parameters of the end; a copy is traced, the model itself is not touched.
    start
        Its state before the first step.
    outside
        What the loop does to its outputs.
    sample
        Some rows, on which the chain must give what the model gives, or None.

    Raises
    ------
    UntranslatableError
        Its forward is no chain of layers that are known here.
    """
    twin, graph = _traced(model)
    found = _pieces(twin, graph, {name: (value, start[name]) for name, value in twin.state_dict().items()})
    chain = assembled(found)
    if sample is not None:
        with torch.no_grad():
            rows = torch.from_numpy(sample).to(next(twin.parameters()).device)
            theirs = numpy_of(twin(rows))
        check_same(chain, sample, theirs)
    return assembled([*found, *outside]) if outside else chain


def _pieces(twin: nn.Module, graph: fx.Graph, states: States) -> list[Piece]:
    found: list[Piece] = []
    current: fx.Node | None = None
    for node in graph.nodes:
        if node.op == "placeholder" and current is None:
            current = node
        elif node.op == "output":
            if node.args[0] is not current:
                raise UntranslatableError(say("{place} does not return one tensor", place=_name(twin)))
        elif node.args and node.args[0] is current and not _asks_shape(node):
            found += _piece(node, twin, states)
            current = node
        elif current in node.all_input_nodes and not _asks_shape(node):
            raise UntranslatableError(
                say("{place} is no step of a chain", place=getattr(node.target, "__name__", node.target))
            )
    return found


def _traced(model: nn.Module) -> tuple[nn.Module, fx.Graph]:
    """A copy in evaluation mode, and the graph of its forward; no random number is drawn from PyTorch's own state."""
    try:
        with torch.random.fork_rng(devices=[]):
            twin = copy.deepcopy(model).eval()
            return twin, fx.Tracer().trace(twin)
    except UNTRACEABLE as error:
        reason = str(error).strip().partition("\n")[0]
        raise UntranslatableError(
            say("{place} has a forward that cannot be followed ({reason})", place=_name(model), reason=reason)
        ) from None


def _name(module: nn.Module) -> str:
    return type(module).__name__


def _asks_shape(node: fx.Node) -> bool:
    """Whether a node only looks at the shape (`x.size(0)`, `x.shape`, `len(x)`)."""
    return str(node.target) in ("size", "dim") or getattr(node.target, "__name__", "") in ("getattr", "len")


def _piece(node: fx.Node, twin: nn.Module, states: States) -> Iterator[Piece]:
    if node.op == "call_module":
        yield from _of_module(str(node.target), twin.get_submodule(str(node.target)), states)
        return
    function = getattr(torch.Tensor, str(node.target)) if node.op == "call_method" else node.target
    name = str(node.target) if node.op == "call_method" else getattr(function, "__name__", str(function))
    if name in SHAPES:
        return
    if name == "dropout":
        yield Drop(name, float(node.kwargs.get("p", 0.5)))  # type: ignore[arg-type]
        return
    settings = {key: value for key, value in node.kwargs.items() if key != "inplace"}
    yield Act(name, _activation(name, lambda x: function(x, *node.args[1:], **settings), _named(function, node)))  # type: ignore[operator]


def _named(function: Any, node: fx.Node) -> dict[str, Any]:
    """The settings of a call by name, as far as the function tells its names."""
    try:
        return dict(inspect.signature(function).bind(*node.args, **node.kwargs).arguments)
    except ValueError:  # a built-in without a signature
        return dict(node.kwargs)


def _of_module(place: str, module: nn.Module, states: States) -> Iterator[Piece]:
    def both(name: str, otherwise: float, units: int) -> tuple[Weights, Weights]:
        pair = states.get(f"{place}.{name}" if place else name)
        return (numpy_of(pair[0]), numpy_of(pair[1])) if pair else (np.full(units, otherwise, np.float32),) * 2

    match module:
        case nn.Linear():
            end, start = both("weight", 0.0, 0)
            bias, start_bias = both("bias", 0.0, module.out_features)
            yield Dense(place, end.T, bias, start.T, start_bias)
        case nn.BatchNorm1d() if module.track_running_stats:
            units = module.num_features
            scale, offset = both("weight", 1.0, units), both("bias", 0.0, units)
            moments = both("running_mean", 0.0, units)[0], both("running_var", 1.0, units)[0]
            yield Norm(place, "batch", scale[0], offset[0], scale[1], offset[1], module.eps, *moments)
        case nn.LayerNorm() if len(module.normalized_shape) == 1:
            units = module.normalized_shape[0]
            scale, offset = both("weight", 1.0, units), both("bias", 0.0, units)
            yield Norm(place, "layer", scale[0], offset[0], scale[1], offset[1], module.eps)
        case nn.Dropout():
            yield Drop(place, module.p)
        case nn.Flatten() | nn.Identity():
            return
        case _:
            yield Act(place, _activation(_name(module), module, vars(module)))


def _activation(name: str, function: Callable[[torch.Tensor], torch.Tensor], settings: Mapping[str, Any]) -> Named:
    def values(probe: Weights) -> Weights:
        try:
            return numpy_of(function(torch.from_numpy(probe)))
        except UNTRACEABLE:
            return np.full(probe.shape, np.nan, np.float32)

    with torch.no_grad(), warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")  # a softmax without an axis warns each time it is called
        return activation(name, "torch", settings, values)


def between(output: Array, given: Array) -> Named | None:
    """What a loop did to the outputs of a model before it handed them to the loss; None where it changed no number.

    Raises
    ------
    UntranslatableError
        It is no activation that is known here.
    """
    if output.size == given.size and np.array_equal(output.ravel(), given.ravel(), equal_nan=True):
        return None
    for entry in activations.values() if output.size == given.size else ():
        if entry.peers.torch and np.allclose(entry(output), given.reshape(output.shape), atol=CLOSE):
            return Named(entry.name)
    raise UntranslatableError(say("the loop changes the outputs of the model before it takes the loss"))


def numpy_of(tensor: torch.Tensor) -> Weights:
    """The numbers of a tensor in single precision, on the host."""
    return tensor.detach().to("cpu", torch.float32).numpy()


LOSSES = {
    "MSELoss": ("mean_squared_error", "values"),
    "L1Loss": ("mean_absolute_error", "values"),
    "HuberLoss": ("huber", "values"),
    "SmoothL1Loss": ("smooth_l1", "values"),
    "BCELoss": ("binary_cross_entropy", "probabilities"),
    "BCEWithLogitsLoss": ("binary_cross_entropy", "logits"),
    "CrossEntropyLoss": ("categorical_cross_entropy", "logits"),
    "NLLLoss": ("categorical_cross_entropy", "log_probabilities"),
}
FUNCTIONS = {
    "mse_loss": "MSELoss", "l1_loss": "L1Loss", "huber_loss": "HuberLoss", "smooth_l1_loss": "SmoothL1Loss",
    "binary_cross_entropy": "BCELoss", "binary_cross_entropy_with_logits": "BCEWithLogitsLoss",
    "cross_entropy": "CrossEntropyLoss", "nll_loss": "NLLLoss",
}  # fmt: skip


def goal(loss: Any) -> Goal:
    """What a loss is here.

    Raises
    ------
    UntranslatableError
        It is none of those that are known, or weighs or reduces in a way that an experiment cannot say.
    """
    given = vars(loss) if isinstance(loss, nn.Module) else {}
    name = type(loss).__name__ if given else FUNCTIONS.get(getattr(loss, "__name__", ""), str(loss))
    if name not in LOSSES:
        raise UntranslatableError(say("the loss {loss} is not known here", loss=name))
    buffers = given.get("_buffers", {})
    unusual = [key for key in ("weight", "pos_weight") if buffers.get(key) is not None]
    unusual += ["label_smoothing"] if given.get("label_smoothing") else []
    unusual += ["reduction"] if given.get("reduction", "mean") != "mean" else []
    if unusual:
        raise UntranslatableError(
            say("{place} has {settings}, which no experiment can say", place=name, settings=", ".join(unusual))
        )
    known, takes = LOSSES[name]
    settings = {key: given[key] for key in ("delta", "beta") if key in given}
    return Goal(Named.of(known, **settings), takes, name)


def optimiser(optimizer: torch.optim.Optimizer) -> tuple[dict[str, Any], float]:
    """The fields of a TrainingSpec that the optimiser sets, and the L2 penalty that its weight decay amounts to."""
    name, group = type(optimizer).__name__, optimizer.param_groups[0]
    betas = {"beta_1": "betas", "beta_2": "betas", "epsilon": "eps"}
    known: dict[str, dict[str, str]] = {
        "SGD": {"momentum": "momentum", "nesterov": "nesterov"},
        "Adam": betas,
        "AdamW": betas | {"weight_decay": "weight_decay"},
        "NAdam": betas,
        "Adamax": betas,
        "RMSprop": {"rho": "alpha", "epsilon": "eps", "momentum": "momentum"},
        "Adagrad": {"epsilon": "eps"},
        "Adadelta": {"rho": "rho", "epsilon": "eps"},
    }
    if name not in known:
        raise UntranslatableError(say("the optimiser {optimizer} is not known here", optimizer=name))
    settings = {ours: group[theirs] for ours, theirs in known[name].items()}
    for number, key in enumerate(("beta_1", "beta_2")):
        if key in settings:
            settings[key] = float(settings[key][number])
    decay = 0.0 if "weight_decay" in settings else float(group.get("weight_decay", 0.0))
    return {"optimizer": name.lower(), **{k: v for k, v in settings.items() if v}}, decay / 2
