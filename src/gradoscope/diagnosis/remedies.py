"""Remedies: from experiment to experiment, ordered from the causes nearest the data to the settings of training.

A remedy returns None where it would change nothing. The sentences say what to do; a diagnosis shows them, and repair
tries them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from gradoscope.data import Prepared
from gradoscope.functions import losses
from gradoscope.functions.targets import Targets
from gradoscope.language import say
from gradoscope.networks import Experiment, Layer, Named

Change = Callable[[Experiment, Prepared], Experiment | None]
USUAL_BATCH = 32
MIDDLING_PENALTY, MIDDLING_DROPOUT = 0.001, 0.3
DEEP = 6  # layers from which plain rectifiers of few units die out
NARROW = 4  # units of a layer that few that all of them, as rectifiers, may start out dead


@dataclass(frozen=True)
class Remedy:
    """A named change with the sentence that advises it."""

    name: str
    change: Change
    sentence: Callable[[], str]

    def __call__(self, experiment: Experiment, data: Prepared) -> Experiment | None:
        """The changed experiment, or None where nothing changes."""
        changed = self.change(experiment, data)
        return None if changed == experiment else changed


def matched_pair(data: Prepared, outputs: int) -> tuple[str, str]:
    """The output activation and the loss for a task and its targets."""
    targets = data.train.targets
    if data.task == "multiclass" or (data.task == "binary" and outputs > 1):
        return "softmax", "categorical_cross_entropy"
    if data.task == "binary" or bool(np.isin(targets, (0.0, 1.0)).all()):
        return "sigmoid", "binary_cross_entropy"
    return "identity", "mean_squared_error"


def with_output(experiment: Experiment, activation: str, loss: Named | None = None) -> Experiment:
    """The experiment with another output activation, and another loss where one is given."""
    network = experiment.network
    output = replace(network.output, activation=Named(activation))
    return replace(experiment, network=replace(network, output=output, loss=loss or network.loss))


def with_hidden(experiment: Experiment, change: Callable[[Layer], Layer]) -> Experiment:
    """The experiment with every hidden layer changed."""
    network = experiment.network
    return replace(experiment, network=replace(network, hidden=tuple(map(change, network.hidden))))


def with_training(experiment: Experiment, **changes: object) -> Experiment:
    """The experiment with other settings of [training]."""
    return replace(experiment, training=replace(experiment.training, **changes))  # type: ignore[arg-type]


def _matched_output(experiment: Experiment, data: Prepared) -> Experiment | None:
    loss = losses[experiment.network.loss.name]
    activation = matched_pair(data, experiment.network.output.units)[0]
    fits = loss.link == activation and loss_takes(loss.targets, data)
    return with_output(experiment, activation) if fits else None


def loss_takes(kind: Targets, data: Prepared) -> bool:
    """Whether the training targets are of a kind that a loss takes."""
    targets = data.train.targets
    match kind:
        case Targets.COUNT:
            return bool((targets >= 0).all())
        case Targets.POSITIVE:
            return bool((targets > 0).all())
        case Targets.ABOVE_MINUS_ONE:
            return bool((targets > -1).all())
        case Targets.BINARY:
            return bool(((targets >= 0) & (targets <= 1)).all())
        case Targets.SIGN:
            return bool((np.abs(targets) == 1).all())
        case Targets.CLASSES:
            return bool((targets >= 0).all() and np.allclose(targets.sum(1), 1, atol=1e-3))
    return True


def _matched_both(experiment: Experiment, data: Prepared) -> Experiment | None:
    activation, loss = matched_pair(data, experiment.network.output.units)
    if data.task == "multiclass" and experiment.network.output.units == 1:
        network = experiment.network
        classes = int(data.train.targets.max()) + 1
        output = replace(network.output, units=classes)
        experiment = replace(
            experiment, network=replace(network, output=output), data=replace(experiment.data, targets="one_hot")
        )
        activation, loss = "softmax", "categorical_cross_entropy"
    return with_output(experiment, activation, Named(loss))


def _standard_inputs(experiment: Experiment, _data: Prepared) -> Experiment:
    return replace(experiment, data=replace(experiment.data, inputs="standard"))


def _standard_targets(experiment: Experiment, data: Prepared) -> Experiment | None:
    if data.task != "regression" or matched_pair(data, experiment.network.output.units)[0] != "identity":
        return None
    return replace(experiment, data=replace(experiment.data, targets="standard"))


def _standard_both(experiment: Experiment, data: Prepared) -> Experiment | None:
    scaled = _standard_targets(experiment, data)
    return None if scaled is None else _standard_inputs(scaled, data)


def _suited_start(experiment: Experiment, _data: Prepared) -> Experiment:
    def restarted(layer: Layer) -> Layer:
        return replace(layer, initialiser=None, bias_initialiser=Named("zeros"))

    changed = with_hidden(experiment, restarted)
    return replace(changed, network=replace(changed.network, output=restarted(changed.network.output)))


def _suited_activation(experiment: Experiment, data: Prepared) -> Experiment:
    narrowest = min((layer.units for layer in experiment.network.hidden), default=NARROW + 1)
    name = "selu" if len(experiment.network.layers) > DEEP else "relu"
    if narrowest <= NARROW:
        name = "tanh"

    def changed(layer: Layer) -> Layer:
        return replace(layer, activation=Named(name))

    return _suited_start(with_hidden(experiment, changed), data)


def _normalised(experiment: Experiment, _data: Prepared) -> Experiment:
    return with_hidden(experiment, lambda layer: replace(layer, normalisation="batch"))


def _unpenalised(experiment: Experiment, _data: Prepared) -> Experiment:
    def free(layer: Layer) -> Layer:
        return replace(layer, l1=0.0, l2=0.0, dropout=0.0)

    changed = with_hidden(experiment, free)
    return replace(changed, network=replace(changed.network, output=free(changed.network.output)))


def _penalised(experiment: Experiment, _data: Prepared) -> Experiment:
    return with_hidden(experiment, lambda layer: replace(layer, l2=MIDDLING_PENALTY, dropout=MIDDLING_DROPOUT))


def _rate(factor: float) -> Change:
    return lambda experiment, _: with_training(experiment, learning_rate=experiment.training.learning_rate * factor)


def _epochs(factor: int) -> Change:
    return lambda experiment, _: with_training(experiment, epochs=experiment.training.epochs * factor)


def _usual_batch(experiment: Experiment, _data: Prepared) -> Experiment:
    return with_training(experiment, batch_size=USUAL_BATCH)


def _adam(experiment: Experiment, _data: Prepared) -> Experiment:
    plain = {"momentum": None, "nesterov": None, "rho": None, "decay": 0.0}
    return with_training(experiment, optimizer="adam", learning_rate=0.001, **plain)


def _adam_faster(experiment: Experiment, data: Prepared) -> Experiment:
    return with_training(_adam(experiment, data), learning_rate=0.01)


def _clipped(experiment: Experiment, _data: Prepared) -> Experiment:
    return with_training(experiment, clip_norm=1.0)


def _patient(experiment: Experiment, _data: Prepared) -> Experiment:
    return with_training(experiment, patience=max(5, experiment.training.epochs // 10))


_REMEDIES = (
    Remedy("matched-output", _matched_output, lambda: say("Use the output activation that belongs to the loss.")),
    Remedy(
        "matched-output-and-loss",
        _matched_both,
        lambda: say(
            "Use the pair that suits the task: sigmoid with binary cross-entropy for two classes, softmax with "
            "categorical cross-entropy for several, identity with mean squared error for numbers."
        ),
    ),
    Remedy("standard-inputs", _standard_inputs, lambda: say('Standardise the inputs: [data] inputs = "standard".')),
    Remedy("standard-targets", _standard_targets, lambda: say('Standardise the targets: [data] targets = "standard".')),
    Remedy("standard-both", _standard_both, lambda: say("Standardise inputs and targets.")),
    Remedy(
        "suited-start",
        _suited_start,
        lambda: say(
            "Draw the starting weights by the rule that suits the activation: He for rectifiers, LeCun for SELU, "
            "Glorot for sigmoid and tanh."
        ),
    ),
    Remedy(
        "suited-activation",
        _suited_activation,
        lambda: say(
            "Use a hidden activation that keeps the signal: ReLU with He, in deep stacks SELU with LeCun, in layers of "
            "a few units tanh with Glorot."
        ),
    ),
    Remedy("normalisation", _normalised, lambda: say("Put batch normalisation into the hidden layers.")),
    Remedy("lower-rate", _rate(0.1), lambda: say("Divide the learning rate by ten.")),
    Remedy("much-lower-rate", _rate(0.01), lambda: say("Divide the learning rate by a hundred.")),
    Remedy("higher-rate", _rate(10.0), lambda: say("Multiply the learning rate by ten.")),
    Remedy("much-higher-rate", _rate(100.0), lambda: say("Multiply the learning rate by a hundred.")),
    Remedy("more-epochs", _epochs(10), lambda: say("Train for ten times as many epochs.")),
    Remedy("many-more-epochs", _epochs(100), lambda: say("Train for a hundred times as many epochs.")),
    Remedy(
        "more-epochs-higher-rate",
        lambda experiment, data: _rate(10.0)(with_training(experiment, epochs=experiment.training.epochs * 10), data),
        lambda: say("Train for ten times as many epochs with ten times the learning rate."),
    ),
    Remedy("no-penalties", _unpenalised, lambda: say("Take out the penalties and the dropout, then add little.")),
    Remedy("adam", _adam, lambda: say("Use Adam with the learning rate 0.001.")),
    Remedy("adam-faster", _adam_faster, lambda: say("Use Adam with the learning rate 0.01.")),
    Remedy("usual-batch", _usual_batch, lambda: say("Use batches of 32 rows.")),
    Remedy("clipping", _clipped, lambda: say("Bound the gradient norm: [training] clip_norm = 1.")),
    Remedy("penalties", _penalised, lambda: say("Add a small L2 penalty and dropout to the hidden layers.")),
    Remedy("early-stopping", _patient, lambda: say("Stop when the validation loss no longer falls: patience.")),
)
remedies = MappingProxyType({remedy.name: remedy for remedy in _REMEDIES})
"""Every remedy by name, those nearest the data first."""
