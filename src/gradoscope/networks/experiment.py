"""An experiment written down completely: data, network, training. Frozen, and equal after a round trip through TOML."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import tomli_w

from gradoscope.data import DataSpec
from gradoscope.errors import UsageError
from gradoscope.functions import activations, losses
from gradoscope.functions.parameters import check_parameters
from gradoscope.language import say
from gradoscope.networks.checks import at_least, below_one, check, known
from gradoscope.networks.initialisers import initialisers
from gradoscope.networks.named import Named, named_from, named_to_plain
from gradoscope.records import Table, nearest, read, write

ADAPTIVE = ("beta_1", "beta_2", "epsilon")
OPTIMIZERS = MappingProxyType(  # with the settings that each of them takes
    {
        "sgd": ("momentum", "nesterov"),
        "adam": ADAPTIVE,
        "adamw": ADAPTIVE,
        "rmsprop": ("rho", "momentum", "epsilon"),
        "adagrad": ("epsilon",),
        "adadelta": ("rho", "epsilon"),
        "adamax": ADAPTIVE,
        "nadam": ADAPTIVE,
    }
)
SETTINGS = tuple(sorted({setting for settings in OPTIMIZERS.values() for setting in settings}))
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

    @property
    def start(self) -> Named:
        """The initialiser of the kernel (never None once the layer is made)."""
        assert self.initialiser is not None
        return self.initialiser


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
        plain = self.output.repeat == 1 and self.output.normalisation is None and self.output.dropout == 0
        check(plain, say("The output layer takes no repeat, normalisation or dropout; put them on a hidden layer."))

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Every dense layer in order, repeats written out, the output last."""
        hidden = (replace(layer, repeat=1) for layer in self.hidden for _ in range(layer.repeat))
        return (*hidden, self.output)


@dataclass(frozen=True)
class TrainingSpec:
    """How the network is trained; what is None takes the default of Keras 3.

    Parameters
    ----------
    momentum, nesterov, beta_1, beta_2, rho, epsilon
        Settings of the optimiser, as Keras names them; only those that it has may be given.
    weight_decay
        Before each update, every weight is reduced by learning_rate * weight_decay * weight (adamw: 0.004).
    decay
        The learning rate is divided by 1 + decay * (number of updates so far).
    clip_norm
        Upper bound of the global gradient norm, or None.
    class_weight
        How much the rows of each class count, by the name of the class, or "balanced": all classes count the same.
        The weights count in the losses and scores of all rows; None counts every row once.
    patience
        Stop after so many epochs without a smaller validation loss and return the parameters of the best epoch;
        None trains all epochs and returns the last parameters.
    """

    optimizer: str = "adam"
    learning_rate: float = 0.001
    batch_size: int = 32
    epochs: int = 100
    shuffle: bool = True
    seed: int = 0
    momentum: float | None = None
    nesterov: bool | None = None
    beta_1: float | None = None
    beta_2: float | None = None
    rho: float | None = None
    epsilon: float | None = None
    weight_decay: float | None = None
    decay: float = 0.0
    clip_norm: float | None = None
    class_weight: Mapping[str, float] | str | None = None
    patience: int | None = None

    def __post_init__(self) -> None:
        known("optimizer", self.optimizer, OPTIMIZERS)
        at_least("learning_rate", self.learning_rate, 0, strictly=True)
        for name in ("batch_size", "epochs", "patience"):
            at_least(name, getattr(self, name), 1)
        for name in ("seed", "momentum", "beta_1", "beta_2", "rho", "epsilon", "decay", "weight_decay"):
            at_least(name, getattr(self, name), 0)
        for name in ("momentum", "beta_1", "beta_2", "rho"):
            below_one(name, getattr(self, name))
        at_least("clip_norm", self.clip_norm, 0, strictly=True)
        if isinstance(self.class_weight, Mapping):
            object.__setattr__(self, "class_weight", Table(self.class_weight))
            for name, weight in self.class_weight.items():
                at_least(f"class_weight: {name}", weight, 0)
        elif self.class_weight is not None:
            known("class_weight", self.class_weight, ("balanced",))
        taken = OPTIMIZERS[self.optimizer]
        strange = next((name for name in SETTINGS if getattr(self, name) is not None and name not in taken), None)
        if strange is not None:
            sentence = say(
                "{name} has no argument {key!r}; it takes: {known}.",
                name=self.optimizer,
                key=strange,
                known=", ".join(taken),
            )
            raise UsageError(sentence)


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
