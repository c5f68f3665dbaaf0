"""Changes of an experiment: what remedies do. Each returns None, or an equal experiment, where it changes nothing."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from gradoscope.data import Prepared
from gradoscope.diagnosis.evidence import Evidence
from gradoscope.functions import losses
from gradoscope.functions.targets import Targets
from gradoscope.networks import Experiment, Layer, Named
from gradoscope.networks.training_spec import CLIPS

Change = Callable[[Experiment, Evidence], Experiment | None]
USUAL_BATCH = 32
MIDDLING_PENALTY, MIDDLING_DROPOUT, SPARSE_PENALTY = 0.001, 0.3, 0.001
DEEP = 6  # layers from which plain rectifiers of few units die out
NARROW = 4  # units of a layer that few that all of them, as rectifiers, may start out dead
WIDER, WIDE_ENOUGH, USUAL_WIDTH = 4, 16, 32
PLAIN_ADAM = {
    **dict.fromkeys(("momentum", "nesterov", "rho", "epsilon", "beta_1", "beta_2", "weight_decay")),
    "optimizer": "adam",
    "decay": 0.0,
}


def with_output(experiment: Experiment, activation: str, loss: Named | None = None) -> Experiment:
    """The experiment with another output activation, and another loss where one is given."""
    network = experiment.network
    output = replace(network.output, activation=Named(activation))
    return replace(experiment, network=replace(network, output=output, loss=loss or network.loss))


def with_hidden(experiment: Experiment, change: Callable[[Layer], Layer]) -> Experiment:
    """The experiment with every hidden layer changed."""
    return with_stack(experiment, tuple(map(change, experiment.network.hidden)))


def with_stack(experiment: Experiment, hidden: tuple[Layer, ...]) -> Experiment:
    """The experiment with other hidden layers."""
    return replace(experiment, network=replace(experiment.network, hidden=hidden))


def with_training(experiment: Experiment, **changes: object) -> Experiment:
    """The experiment with other settings of [training]."""
    return replace(experiment, training=replace(experiment.training, **changes))  # type: ignore[arg-type]


# The output and its loss.


def matched_pair(data: Prepared, outputs: int) -> tuple[str, str]:
    """The output activation and the loss for a task and its targets."""
    targets = data.train.targets
    if data.task == "multiclass" or (data.task == "binary" and outputs > 1):
        return "softmax", "categorical_cross_entropy"
    if data.task == "binary" or bool(np.isin(targets, (0.0, 1.0)).all()):
        return "sigmoid", "binary_cross_entropy"
    return "identity", "mean_squared_error"


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


def matched_output(experiment: Experiment, evidence: Evidence) -> Experiment | None:
    """The loss's own output activation, where the loss fits the task."""
    loss = losses[experiment.network.loss.name]
    activation = matched_pair(evidence.data, experiment.network.output.units)[0]
    fits = loss.link == activation and loss_takes(loss.targets, evidence.data)
    return with_output(experiment, activation) if fits else None


def matched_both(experiment: Experiment, evidence: Evidence) -> Experiment | None:
    """The output activation and the loss that suit the task, with an output for every class."""
    data, network = evidence.data, experiment.network
    activation, loss = matched_pair(data, network.output.units)
    if data.task == "multiclass" and network.output.units == 1:
        output = replace(network.output, units=int(data.train.targets.max()) + 1)
        experiment = replace(
            experiment, network=replace(network, output=output), data=replace(experiment.data, targets="one_hot")
        )
    return with_output(experiment, activation, Named(loss))


# The data.


def standard_inputs(experiment: Experiment, _evidence: Evidence) -> Experiment:
    """Standardised inputs."""
    return replace(experiment, data=replace(experiment.data, inputs="standard"))


def standard_targets(experiment: Experiment, evidence: Evidence) -> Experiment | None:
    """Standardised targets of a regression."""
    if evidence.data.task != "regression" or matched_pair(evidence.data, evidence.output.units)[0] != "identity":
        return None
    return replace(experiment, data=replace(experiment.data, targets="standard"))


def standard_both(experiment: Experiment, evidence: Evidence) -> Experiment | None:
    """Both."""
    scaled = standard_targets(experiment, evidence)
    return None if scaled is None else standard_inputs(scaled, evidence)


# The network.


def suited_start(experiment: Experiment, _evidence: Evidence) -> Experiment:
    """The initialiser that suits each layer's activation, biases of zero."""

    def restarted(layer: Layer) -> Layer:
        return replace(layer, initialiser=None, bias_initialiser=Named("zeros"))

    changed = with_hidden(experiment, restarted)
    return replace(changed, network=replace(changed.network, output=restarted(changed.network.output)))


def suited_activation(experiment: Experiment, evidence: Evidence) -> Experiment:
    """An activation that keeps the signal in a stack of this shape, with its initialiser."""
    narrowest = min((layer.units for layer in experiment.network.hidden), default=NARROW + 1)
    name = "selu" if len(experiment.network.layers) > DEEP else "relu"
    if narrowest <= NARROW:
        name = "tanh"
    return _with_activation(experiment, name, evidence)


def _with_activation(experiment: Experiment, name: str, evidence: Evidence) -> Experiment:
    """Another activation in the hidden layers, with its initialiser; each layer hands on as many numbers as before."""

    def changed(layer: Layer) -> Layer:
        return replace(layer, activation=Named(name), units=layer.width, learn_activation=False)

    return suited_start(with_hidden(experiment, changed), evidence)


def zero_centred(experiment: Experiment, evidence: Evidence) -> Experiment:
    """Tanh in the hidden layers, with its initialiser."""
    return _with_activation(experiment, "tanh", evidence)


def normalised(experiment: Experiment, _evidence: Evidence) -> Experiment:
    """Batch normalisation in every hidden layer."""
    return with_hidden(experiment, lambda layer: replace(layer, normalisation="batch"))


def residual(experiment: Experiment, _evidence: Evidence) -> Experiment:
    """Every hidden layer but the first adds to what came into it."""
    first, *others = experiment.network.layers[:-1] or (None,)
    if first is None or any(layer.units != first.units for layer in others):
        return experiment
    return with_stack(experiment, (first, *(replace(layer, residual=True) for layer in others)))


def wider(experiment: Experiment, _evidence: Evidence) -> Experiment | None:
    """Four times as many units in every hidden layer, and no layer of a few."""
    if experiment.network.layers[0].residual:  # as many units as there are inputs
        return None
    return with_hidden(experiment, lambda layer: replace(layer, units=max(WIDER * layer.units, WIDE_ENOUGH)))


def deeper(experiment: Experiment, _evidence: Evidence) -> Experiment:
    """One more hidden layer."""
    hidden = experiment.network.hidden
    further = replace(hidden[-1], repeat=1) if hidden else Layer(USUAL_WIDTH, Named("relu"))
    return with_stack(experiment, (*hidden, further))


def shallower(experiment: Experiment, _evidence: Evidence) -> Experiment:
    """Half of the hidden layers, the first ones; of a single one, none."""
    layers = experiment.network.layers[:-1]
    return with_stack(experiment, layers[: len(layers) // 2])


# Penalties.


def unpenalised(experiment: Experiment, _evidence: Evidence) -> Experiment:
    """No penalty and no dropout anywhere."""

    def free(layer: Layer) -> Layer:
        return replace(layer, l1=0.0, l2=0.0, dropout=0.0)

    changed = with_hidden(experiment, free)
    return replace(changed, network=replace(changed.network, output=free(changed.network.output)))


def penalised(experiment: Experiment, _evidence: Evidence) -> Experiment:
    """A small L2 penalty and dropout in the hidden layers."""
    return with_hidden(experiment, lambda layer: replace(layer, l2=MIDDLING_PENALTY, dropout=MIDDLING_DROPOUT))


def sparse(experiment: Experiment, _evidence: Evidence) -> Experiment:
    """A small L1 penalty on every layer."""
    changed = with_hidden(experiment, lambda layer: replace(layer, l1=SPARSE_PENALTY))
    output = replace(changed.network.output, l1=SPARSE_PENALTY)
    return replace(changed, network=replace(changed.network, output=output))


# Training.


def rate(factor: float) -> Change:
    """A multiple of the learning rate."""
    return lambda experiment, _: with_training(experiment, learning_rate=experiment.training.learning_rate * factor)


def found_rate(experiment: Experiment, evidence: Evidence) -> Experiment:
    """The learning rate that a range test finds."""
    return with_training(experiment, learning_rate=evidence.range_test(experiment).rate)


def epochs(factor: int) -> Change:
    """A multiple of the epochs."""
    return lambda experiment, _: with_training(experiment, epochs=experiment.training.epochs * factor)


def longer_and_faster(experiment: Experiment, evidence: Evidence) -> Experiment | None:
    """Ten times the epochs with ten times the learning rate."""
    return rate(10.0)(with_training(experiment, epochs=experiment.training.epochs * 10), evidence)


def usual_batch(experiment: Experiment, _evidence: Evidence) -> Experiment:
    """Batches of 32 rows."""
    return with_training(experiment, batch_size=USUAL_BATCH)


def adam(learning_rate: float) -> Change:
    """Adam as it is usually set."""
    return lambda experiment, _: with_training(experiment, **PLAIN_ADAM, learning_rate=learning_rate)


def clipped(experiment: Experiment, _evidence: Evidence) -> Experiment | None:
    """A bound on the gradient norm, in the place of any other; a line search has no use for one."""
    if experiment.training.optimizer == "lbfgs":
        return None
    return with_training(experiment, **{**dict.fromkeys(CLIPS), "clip_norm": 1.0})


def weighted_classes(experiment: Experiment, evidence: Evidence) -> Experiment | None:
    """All classes count the same, however many rows they have."""
    return None if evidence.data.task == "regression" else with_training(experiment, class_weight="balanced")


def patient(experiment: Experiment, _evidence: Evidence) -> Experiment:
    """An end where the validation loss no longer falls, and the parameters of the best epoch."""
    return with_training(experiment, patience=max(5, experiment.training.epochs // 10))
