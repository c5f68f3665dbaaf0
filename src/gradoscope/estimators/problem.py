"""What is learned: the outputs of the network and their loss.

The losses that scikit-learn has (log_loss, squared_error, poisson) are scaled as scikit-learn scales them: summed over
the outputs, squares halved. All others are means over the outputs, as in the catalogue.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from gradoscope.errors import UsageError
from gradoscope.functions import activations, losses
from gradoscope.functions.loss import Loss
from gradoscope.functions.targets import Targets
from gradoscope.language import say
from gradoscope.networks import Layer, Named, NetworkSpec
from gradoscope.networks.named import named_from

Numbers = NDArray[Any]
LINKS = {"binary": "sigmoid", "multilabel": "sigmoid", "multiclass": "softmax"}
SKLEARN_NAMES = {"sigmoid": "logistic", "exponential": "exp"}
PROBABILITIES = ("sigmoid", "softmax", "softmin", "sparsemax", "entmax", "log_softmax")
TRAINABLE = (
    Targets.REAL, Targets.COUNT, Targets.POSITIVE, Targets.ABOVE_MINUS_ONE, Targets.BINARY, Targets.SIGN,
    Targets.CLASSES,
)  # fmt: skip


class Scales(NamedTuple):
    """Factors of the mean loss over rows and outputs: in what is minimised, and in what is reported."""

    minimised: float
    reported: float


@dataclass(frozen=True)
class Problem:
    """The output side of a network.

    Parameters
    ----------
    loss
        From the catalogue.
    kind
        Of the targets: "binary", "multiclass", "multilabel" or "numbers".
    link
        The output activation.
    units
        Number of outputs.
    scales
        Of the loss.
    signs
        Whether targets are -1 and 1 instead of 0 and 1.
    pair
        Whether each of two classes has an output.
    constant
        Whether scikit-learn's loss has a term beyond ours that depends on the targets alone (Poisson).
    """

    loss: Named
    kind: str
    link: str
    units: int
    scales: Scales
    signs: bool = False
    pair: bool = False
    constant: bool = False

    @property
    def out_activation(self) -> str:
        """As scikit-learn calls the output activation."""
        return SKLEARN_NAMES.get(self.link, self.link)

    @property
    def threshold(self) -> float:
        """Outputs above it say yes."""
        return 0.0 if self.signs else 0.5

    def targets(self, encoded: Numbers) -> Numbers:
        """Encoded targets (0 and 1, or numbers), shape (rows, outputs), as the loss takes them.

        Raises
        ------
        UsageError
            Their number is not that of the outputs, or the loss does not take such values.
        """
        if self.pair:
            encoded = np.hstack([1 - encoded, encoded])
        if encoded.shape[1] != self.units:
            raise UsageError(
                say("y has {given} outputs, but the network was made for {known}; fit a new estimator.",
                    given=encoded.shape[1], known=self.units)
            )  # fmt: skip
        wanted = 2 * encoded - 1 if self.signs else encoded
        entry = losses[self.loss.name]
        entry.targets.prepared(entry.name, np.zeros_like(wanted), wanted, entry.rowwise)
        return wanted

    def constants(self, targets: Numbers) -> Numbers | None:
        """What scikit-learn's loss of each row has beyond ours, shape (rows,); None if nothing."""
        return (xlogy(targets, targets) - targets).sum(1) if self.constant else None

    def network(self, hidden: Iterable[int], functions: Sequence[Named]) -> NetworkSpec:
        """The network with these hidden layers."""
        layers = tuple(Layer(int(units), function) for units, function in zip(hidden, functions, strict=True))
        return NetworkSpec(Layer(self.units, Named(self.link)), self.loss, layers)


def classification(loss: Any, kind: str, classes: int) -> Problem:
    """The outputs of a classifier.

    Parameters
    ----------
    loss
        "log_loss", or a loss of the catalogue by name (or a table with name and parameters).
    kind
        "binary", "multiclass" or "multilabel".
    classes
        Number of classes.

    Raises
    ------
    UsageError
        The loss is unknown, or does not fit.
    """
    if loss == "log_loss":
        loss = "categorical_cross_entropy" if kind == "multiclass" else "binary_cross_entropy"
        outputs = classes if kind != "binary" else 1
        scale = float(outputs) if kind == "multilabel" else 1.0
        return Problem(Named(loss), kind, LINKS[kind], outputs, Scales(scale, scale))
    named, entry = _entry(loss)
    one_each = entry.targets is Targets.CLASSES
    if not (set(entry.tasks) and entry.targets in TRAINABLE) or (one_each and kind == "multilabel"):
        raise _unfit(entry, say("a {kind} target", kind=kind))
    regression = entry.tasks == ("regression",)
    pair, signs = kind == "binary" and one_each, entry.targets is Targets.SIGN
    units = 2 if pair else 1 if kind == "binary" else classes
    return Problem(named, kind, LINKS[kind] if regression else entry.link, units, Scales(1, 1), signs, pair)


def regression(loss: Any, outputs: int) -> Problem:
    """The outputs of a regressor; `loss` is "squared_error", "poisson" or any regression loss of the catalogue.

    Raises
    ------
    UsageError
        The loss is unknown, or does not fit.
    """
    named, entry = _entry(loss)
    if "regression" not in entry.tasks or entry.outputs:
        raise _unfit(entry, say("numbers"))
    if loss == "squared_error":
        return Problem(named, "numbers", entry.link, outputs, Scales(0.5 * outputs, 0.5))
    if loss == "poisson":
        return Problem(named, "numbers", entry.link, outputs, Scales(outputs, outputs), constant=True)
    return Problem(named, "numbers", entry.link, outputs, Scales(1, 1))


def gives_probabilities(loss: Any) -> bool:
    """Whether the outputs of a classifier with this loss are probabilities."""
    try:
        entry = losses["binary_cross_entropy" if loss == "log_loss" else named_from(loss, "loss").name]
    except UsageError:  # fit will say so
        return True
    return entry.link in PROBABILITIES or entry.tasks == ("regression",)


def _entry(loss: Any) -> tuple[Named, Loss]:
    named = named_from(loss, "loss")
    entry = losses[named.name]
    if entry.outputs or entry.after_link in ("cosines", "distances"):
        raise _unfit(entry, say("one number per output"))
    return Named(entry.name, named.arguments), entry


def _unfit(entry: Loss, given: str) -> UsageError:
    return UsageError(
        say("the loss {name} cannot be learned from {given}; it takes {expected}",
            name=entry.name, given=given, expected=entry.targets.value)
    )  # fmt: skip


def functions_of(activation: Any, layers: int) -> tuple[Named, ...]:
    """The activation of each hidden layer: one for all of them, or a list of one per layer.

    Raises
    ------
    UsageError
        A name is unknown, or the list has another length.
    """
    several = isinstance(activation, Sequence) and not isinstance(activation, str)
    given = list(activation) if several else [activation] * layers
    if len(given) != layers:
        raise UsageError(
            say("activation lists {given} functions, but there are {layers} hidden layers; give one for each, or one "
                "for all", given=len(given), layers=layers)
        )  # fmt: skip
    named = [named_from(each, "activation") for each in given]
    return tuple(Named(activations[each.name].name, each.arguments) for each in named)


def forward(network: NetworkSpec, weights: tuple[Sequence[Numbers], Sequence[Numbers]], inputs: Any) -> Numbers:
    """The outputs for rows, shape (rows, outputs), in NumPy: no program is compiled for a prediction.

    Parameters
    ----------
    network
        Whose activations apply.
    weights
        Kernels (fan_in, units) and biases (units,) of its layers.
    inputs
        Shape (rows, features), dense or sparse.
    """
    signal = inputs
    for layer, kernel, bias in zip(network.layers, *weights, strict=True):
        function = activations[layer.activation.name].with_parameters(**dict(layer.activation.arguments))
        signal = function(np.asarray(signal @ kernel) + bias)
    return np.asarray(signal)
