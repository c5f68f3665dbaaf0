"""An experiment written down completely: data, network, training. Frozen, and equal after a round trip through TOML."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

from gradoscope.data import DataSpec
from gradoscope.errors import UsageError
from gradoscope.functions import activations, losses
from gradoscope.functions.parameters import check_parameters
from gradoscope.language import say
from gradoscope.networks.checks import at_least, below_one, check, known
from gradoscope.networks.initialisers import initialisers
from gradoscope.networks.named import Named, named_from, named_to_plain
from gradoscope.networks.training_spec import TrainingSpec
from gradoscope.records import nearest, read, write

NORMALISATIONS = ("batch", "layer")
IDENTITY, ZEROS = Named("identity"), Named("zeros")


@dataclass(frozen=True)
class Layer:
    """`repeat` dense layers: weighted sum plus bias, normalisation, activation, dropout.

    Parameters
    ----------
    units
        Number of units of each of the layers.
    activation, initialiser, bias_initialiser
        Names (or `Named`) from the catalogues; the initialiser defaults to what suits the activation.
    normalisation
        None, "batch" or "layer", applied before the activation.
    dropout
        Share of outputs set to zero while training.
    residual
        Whether the layer's inputs are added to its outputs, of which there must be as many.
    use_bias
        Whether there is a bias.
    learn_activation
        Whether the parameters that the activation's definition calls trainable are trained, one of each per unit,
        from the values that stand in `activation`.
    l1, l2
        Penalties on the kernel: l1 * sum |w| + l2 * sum w^2, added to the loss.
    """

    units: int
    activation: Named = IDENTITY
    initialiser: Named | None = None
    bias_initialiser: Named = ZEROS
    repeat: int = 1
    normalisation: str | None = None
    dropout: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    residual: bool = False
    use_bias: bool = True
    learn_activation: bool = False

    def __post_init__(self) -> None:
        activation = named_from(self.activation, "activation")
        entry = activations[activation.name].with_parameters(**dict(activation.arguments))
        start = entry.initialiser if self.initialiser is None else self.initialiser
        object.__setattr__(self, "activation", Named(entry.name, activation.arguments))
        object.__setattr__(self, "initialiser", initialisers.checked(named_from(start, "initialiser")))
        object.__setattr__(
            self, "bias_initialiser", initialisers.checked(named_from(self.bias_initialiser, "bias_initialiser"))
        )
        at_least("units", self.units, 1)
        at_least("repeat", self.repeat, 1)
        for name in ("dropout", "l1", "l2"):
            at_least(name, getattr(self, name), 0)
        below_one("dropout", self.dropout)
        if self.normalisation is not None:
            known("normalisation", self.normalisation, NORMALISATIONS)
        learnt = any(parameter.trainable for parameter in entry.parameters.values())
        check(
            learnt or not self.learn_activation,
            say("{name} has no parameter to train; leave learn_activation out.", name=entry.name),
        )
        self._check_width()

    def _check_width(self) -> None:
        check(
            self.width > 0,
            say(
                "units is {value}, but {name} joins several into one output; make it a multiple of those.",
                value=self.units,
                name=self.activation.name,
            ),
        )
        check(
            not self.residual or self.repeat == 1 or self.width == self.units,
            say("residual: {name} makes {width} outputs of {units} units; the inputs of the next layer do not fit.",
                name=self.activation.name, width=self.width, units=self.units),
        )  # fmt: skip

    @property
    def width(self) -> int:
        """Number of outputs: as many as units, but fewer where an activation joins several (glu, maxout)."""
        return _width(self.activation, self.units)

    @property
    def start(self) -> Named:
        """The initialiser of the kernel (never None once the layer is made)."""
        assert self.initialiser is not None
        return self.initialiser


@cache
def _width(activation: Named, units: int) -> int:
    entry = activations[activation.name].with_parameters(**dict(activation.arguments))
    if entry.elementwise:
        return units
    whole = [parameter.default for parameter in entry.parameters.values() if type(parameter.default) is int]
    times = 2 * math.prod(number for number in whole if number > 0)  # so many times as many can be joined
    width, rest = divmod(entry(np.zeros((1, times * units), np.float32)).shape[-1], times)
    return 0 if rest else int(width)


@dataclass(frozen=True)
class NetworkSpec:
    """Hidden layers, an output layer, and the loss that applies to the value of the output activation."""

    output: Layer
    loss: Named
    hidden: tuple[Layer, ...] = ()

    def __post_init__(self) -> None:
        loss = named_from(self.loss, "loss")
        entry = losses[loss.name]
        check_parameters(entry.name, entry.parameters, dict(loss.arguments))
        object.__setattr__(self, "loss", Named(entry.name, loss.arguments))
        out = self.output
        plain = out.repeat == 1 and out.normalisation is None and out.dropout == 0
        plain = plain and not (out.residual or out.learn_activation)
        check(
            plain,
            say(
                "The output layer takes no repeat, normalisation, dropout, residual or learn_activation; "
                "put them on a hidden layer."
            ),
        )
        check(
            out.width == out.units,
            say("The output layer cannot use {name}: it makes {width} outputs of {units} units.",
                name=out.activation.name, width=out.width, units=out.units),
        )  # fmt: skip
        for before, layer in zip(self.layers, self.layers[1:], strict=False):
            check_residual(layer, before.width)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Every dense layer in order, repeats written out, the output last."""
        hidden = (replace(layer, repeat=1) for layer in self.hidden for _ in range(layer.repeat))
        return (*hidden, self.output)


def check_residual(layer: Layer, inputs: int) -> None:
    """Raise if a residual layer has not as many outputs as inputs."""
    check(
        not layer.residual or layer.width == inputs,
        say("residual: the layer has {inputs} inputs and {outputs} outputs; they are added, so make them equal.",
            inputs=inputs, outputs=layer.width),
    )  # fmt: skip


@dataclass(frozen=True)
class Experiment:
    """Data, network and training: everything that a run depends on.

    Examples
    --------
    >>> from gradoscope.data import DataSpec
    >>> layer = Layer(units=8, activation=Named("relu"))
    >>> network = NetworkSpec(hidden=(layer,), output=Layer(1, Named("sigmoid")), loss=Named("binary_cross_entropy"))
    >>> experiment = Experiment(DataSpec(source="make_moons", task="binary"), network)
    >>> Experiment.from_toml(experiment.to_toml()) == experiment
    True
    """

    data: DataSpec
    network: NetworkSpec
    training: TrainingSpec = field(default_factory=TrainingSpec)

    @classmethod
    def from_toml(cls, text: str, place: str = "experiment") -> "Experiment":
        """The experiment that a TOML text describes.

        Raises
        ------
        UsageError
            The text is not TOML, or a key or value of it is wrong; the message names the place.
        """
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise UsageError(say("{place} is not valid TOML: {error}.", place=place, error=error)) from None
        for name in ("data", "network", "training"):
            check(
                isinstance(table.get(name, {} if name == "training" else None), dict),
                say("{place}: the table [{name}] is missing.", place=place, name=name),
            )
        unknown = sorted(table.keys() - {"data", "network", "training"})
        check(not unknown, say("{place}: unknown table [{name}].", place=place, name="".join(unknown[:1])))
        return cls(
            read(DataSpec, table["data"], f"{place}, [data]"),
            _read_network(table["network"], f"{place}, [network]"),
            read(TrainingSpec, table.get("training", {}), f"{place}, [training]"),
        )

    @classmethod
    def from_file(cls, path: Path) -> "Experiment":
        """The experiment in the TOML file at `path`."""
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(say("{path} cannot be read: {error}.", path=path, error=error)) from None
        return cls.from_toml(text, path.name)

    def to_toml(self) -> str:
        """The text that `from_toml` reads back to an equal experiment; defaults that the format fixes are left out."""
        network = {
            "hidden": [_layer_table(layer) for layer in self.network.hidden],
            "output": _layer_table(self.network.output),
            "loss": named_to_plain(self.network.loss),
        }
        return tomli_w.dumps({"data": write(self.data), "network": network, "training": write(self.training)})


def _layer_table(layer: Layer) -> dict[str, Any]:
    table = write(replace(layer, activation=layer.activation))
    named = {key: named_to_plain(getattr(layer, key)) for key in ("activation", "initialiser", "bias_initialiser")}
    return {**table, **named}


def _read_layer(table: Any, place: str) -> Layer:
    check(
        isinstance(table, dict),
        say("{place} is {value!r}; expected {kind}.", place=place, value=table, kind=say("a table or a list")),
    )
    named = {
        key: named_from(table[key], f"{place}: {key}")
        for key in ("activation", "initialiser", "bias_initialiser")
        if key in table
    }
    return read(Layer, {**table, **named}, place)


def _read_network(table: Mapping[str, Any], place: str) -> NetworkSpec:
    for key in ("output", "loss"):
        check(key in table, say("{place}: the key {key!r} is missing.", place=place, key=key))
    unknown = sorted(table.keys() - {"hidden", "output", "loss"})
    check(
        not unknown,
        say(
            "{place}: unknown key {key!r}. {hint}",
            place=place,
            key="".join(unknown[:1]),
            hint=nearest("".join(unknown[:1]), ("hidden", "output", "loss")),
        ),
    )
    hidden, at, kind = table.get("hidden", []), f"{place}: hidden", say("a table or a list")
    check(isinstance(hidden, list), say("{place} is {value!r}; expected {kind}.", place=at, value=hidden, kind=kind))
    fields = {
        "output": _read_layer(table["output"], f"{place}: output"),
        "loss": named_from(table["loss"], f"{place}: loss"),
        "hidden": tuple(_read_layer(each, f"{at}[{i}]") for i, each in enumerate(hidden)),
    }
    return read(NetworkSpec, fields, place)
