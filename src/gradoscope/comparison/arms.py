"""Arms: the combinations under comparison, and the experiment that each one is at a seed and a learning rate."""

from collections.abc import Sequence
from dataclasses import dataclass

from gradoscope.comparison.tuning import Choice
from gradoscope.data import Dataset, DataSpec
from gradoscope.errors import UsageError
from gradoscope.functions import activations, losses
from gradoscope.functions.targets import Targets
from gradoscope.language import say
from gradoscope.networks import Experiment, Layer, Named, NetworkSpec, TrainingSpec

USUAL_ACTIVATIONS = ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid")
USUAL_LOSS = {
    "binary": "binary_cross_entropy",
    "multiclass": "categorical_cross_entropy",
    "regression": "mean_squared_error",
}


@dataclass(frozen=True)
class Head:
    """The output layer that a loss needs on a task, and the form of its targets."""

    units: int
    activation: str
    targets: str


@dataclass(frozen=True)
class Arm:
    """One combination under comparison; its learning rate is tuned, and its layers where `hidden` is None."""

    activation: str
    loss: str
    hidden: tuple[int, ...] | None
    head: Head

    @property
    def layers(self) -> str:
        """What the hidden layers are called: 64-64."""
        return say("tuned") if self.hidden is None else "-".join(map(str, self.hidden))

    @property
    def title(self) -> str:
        """All that it is: relu / binary_cross_entropy / 64-64."""
        return f"{self.activation} / {self.loss} / {self.layers}"

    def experiment(self, data: DataSpec, training: TrainingSpec, choice: Choice) -> Experiment:
        """The arm as an experiment, with what was chosen for its network."""
        start = None if choice.initialiser is None else Named(choice.initialiser)
        units = self.hidden if choice.hidden is None else choice.hidden
        hidden = tuple(Layer(count, Named(self.activation), start) for count in units or ())
        output = Layer(self.head.units, Named(self.head.activation))
        return Experiment(data, NetworkSpec(output, Named(self.loss), hidden), training)


def choose_activations(names: Sequence[str]) -> tuple[str, ...]:
    """Canonical names of the activations asked for; "all" is every elementwise one, nothing is the usual eight.

    Raises
    ------
    UsageError
        An unknown name, or an activation that works on whole rows and cannot be that of a hidden layer.

    Examples
    --------
    >>> choose_activations(["ReLU", "Leaky-ReLU"])
    ('relu', 'leaky_relu')
    """
    if not names:
        return USUAL_ACTIVATIONS
    if list(names) == ["all"]:
        return tuple(entry.name for entry in activations.values() if entry.elementwise)
    chosen = [activations[name] for name in names]
    for entry in chosen:
        if not entry.elementwise:
            raise UsageError(
                say("{name} works on whole rows and cannot be compared as a hidden activation.", name=entry.name)
            )
    return tuple(dict.fromkeys(entry.name for entry in chosen))


def choose_losses(names: Sequence[str], task: str) -> tuple[str, ...]:
    """Canonical names of the losses asked for; nothing is the usual one of the task.

    Raises
    ------
    UsageError
        An unknown name, or a loss that cannot be trained on the task.
    """
    chosen = [losses[name] for name in names or [USUAL_LOSS[task]]]
    for loss in chosen:
        if not _fits(loss.name, task):
            fitting = ", ".join(name for name in losses if _fits(name, task))
            raise UsageError(
                say(
                    "The loss {loss} cannot be used for {task}; choose among: {names}.",
                    loss=loss.name,
                    task=task,
                    names=fitting,
                )
            )
    return tuple(dict.fromkeys(loss.name for loss in chosen))


def _fits(name: str, task: str) -> bool:
    """Losses of real numbers fit every task (on probabilities, where there are classes); others their own tasks."""
    loss = losses[name]
    if loss.targets is Targets.REAL:
        return loss.tasks == ("regression",) and not loss.rowwise
    return (
        task != "regression"
        and loss.targets in (Targets.BINARY, Targets.CLASSES)
        and loss.link in ("sigmoid", "softmax")
    )


def head(loss: str, dataset: Dataset) -> Head:
    """The output layer for a loss: its matched activation, else what gives the task's answers."""
    if dataset.classes is None:
        return Head(len(dataset.target_names), "identity", "standard")
    link = losses[loss].link
    activation = link if link in ("sigmoid", "softmax") else {"binary": "sigmoid"}.get(dataset.task, "softmax")
    if activation == "sigmoid" and dataset.task == "binary":
        return Head(1, "sigmoid", "codes")
    return Head(len(dataset.classes), activation, "one_hot")


def choose_arms(
    dataset: Dataset, activations: Sequence[str], losses: Sequence[str], hidden: Sequence[tuple[int, ...] | None]
) -> tuple[Arm, ...]:
    """Every combination of the activations, losses and hidden layers asked for."""
    functions = choose_activations(activations)
    return tuple(
        Arm(activation, loss, layers, head(loss, dataset))
        for layers in hidden
        for loss in choose_losses(losses, dataset.task)
        for activation in functions
    )
