"""What a population of networks computes, without its weights: static and hashable, so that it is compiled once."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from gradoscope.errors import UsageError
from gradoscope.functions import activations
from gradoscope.language import say
from gradoscope.networks.experiment import Layer, NetworkSpec
from gradoscope.networks.named import Named


@dataclass(frozen=True)
class Share:
    """The members start..stop, and the function that they use."""

    start: int
    stop: int
    function: Named


@dataclass(frozen=True)
class LayerPlan:
    """What one layer computes, for all members."""

    units: int
    activations: tuple[Share, ...]
    normalisation: str | None
    dropout: float
    residual: bool = False
    use_bias: bool = True
    learnt: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What a population of networks computes: static, hashable, compiled once."""

    members: int
    layers: tuple[LayerPlan, ...]


def shares(functions: Sequence[Named]) -> tuple[Share, ...]:
    """Runs of neighbouring members with one function."""
    found, start = [], 0
    for function, run in groupby(functions):
        stop = start + len(list(run))
        found.append(Share(start, stop, function))
        start = stop
    return tuple(found)


def plan(networks: Sequence[NetworkSpec]) -> Plan:
    """The common plan of networks that differ in nothing but weights, activations and loss.

    Raises
    ------
    UsageError
        The networks differ in their shapes.
    """
    columns = list(zip(*(network.layers for network in networks), strict=False))
    shapes = {tuple(map(_shape, network.layers)) for network in networks}
    if len(shapes) != 1:
        raise UsageError(say("The networks of a population must have the same shape."))
    return Plan(len(networks), tuple(layer_plan(layers) for layers in columns))


def _shape(layer: Layer) -> tuple[object, ...]:
    """What the members of a population share."""
    rules = layer.normalisation, layer.dropout, layer.l1, layer.l2
    return layer.units, layer.width, *rules, layer.residual, layer.use_bias, layer.learn_activation


def layer_plan(layers: tuple[Layer, ...]) -> LayerPlan:
    """What the same layer of all members computes."""
    first = layers[0]
    return LayerPlan(
        first.units,
        shares([a.activation for a in layers]),
        first.normalisation,
        first.dropout,
        first.residual,
        first.use_bias,
        tuple(dict.fromkeys(name for a in layers for name in trainable(a))),
    )


def trainable(layer: Layer) -> dict[str, float]:
    """The parameters of its activation that a layer trains, at the start."""
    if not layer.learn_activation:
        return {}
    parameters = activations[layer.activation.name].with_parameters(**dict(layer.activation.arguments)).parameters
    return {name: float(parameter.default) for name, parameter in parameters.items() if parameter.trainable}
