"""The [training] table of an experiment."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gradoscope.errors import UsageError
from gradoscope.language import say
from gradoscope.networks.checks import at_least, below_one, check, known
from gradoscope.networks.schedule import Schedule
from gradoscope.records import Table

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
        "lion": ("beta_1", "beta_2"),
        "lbfgs": (),
    }
)
SETTINGS = tuple(sorted({setting for settings in OPTIMIZERS.values() for setting in settings}))
CLIPS = ("clip_norm", "clip_norm_each", "clip_value")


@dataclass(frozen=True)
class TrainingSpec:
    """How the network is trained; what is None takes the default of Keras 3.

    `lbfgs` (optax) takes one step on all rows per epoch, as long as its line search finds: batch_size, learning_rate
    and what changes or bounds them do not apply.

    Parameters
    ----------
    momentum, nesterov, beta_1, beta_2, rho, epsilon
        Settings of the optimiser, as Keras names them; only those that it has may be given.
    weight_decay
        Before each update, every weight is reduced by learning_rate * weight_decay * weight (adamw: 0.004).
    decay
        The learning rate is divided by 1 + decay * (number of updates so far).
    schedule, warm_up
        How else it changes; during the first `warm_up` updates it rises from 0 in equal steps, and the schedule starts
        after them.
    clip_norm, clip_norm_each, clip_value
        Upper bound of the norm of all gradients together, of that of each kernel or bias, or of every single number;
        one of them at most (Keras: global_clipnorm, clipnorm, clipvalue).
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
    schedule: Schedule | None = None
    warm_up: int = 0
    clip_norm: float | None = None
    clip_norm_each: float | None = None
    clip_value: float | None = None
    class_weight: Mapping[str, float] | str | None = None
    patience: int | None = None

    def __post_init__(self) -> None:
        known("optimizer", self.optimizer, OPTIMIZERS)
        at_least("learning_rate", self.learning_rate, 0, strictly=True)
        for name in ("batch_size", "epochs", "patience"):
            at_least(name, getattr(self, name), 1)
        for name in ("seed", "momentum", "beta_1", "beta_2", "rho", "epsilon", "decay", "weight_decay", "warm_up"):
            at_least(name, getattr(self, name), 0)
        for name in ("momentum", "beta_1", "beta_2", "rho"):
            below_one(name, getattr(self, name))
        for name in CLIPS:
            at_least(name, getattr(self, name), 0, strictly=True)
        given = [name for name in CLIPS if getattr(self, name) is not None]
        check(len(given) < 2, say("{names} cannot be given together; keep one of them.", names=", ".join(given)))
        if self.optimizer == "lbfgs":
            self._check_full_batch()
        self._check_class_weight()
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

    def _check_class_weight(self) -> None:
        if isinstance(self.class_weight, Mapping):
            object.__setattr__(self, "class_weight", Table(self.class_weight))
            for name, weight in self.class_weight.items():
                at_least(f"class_weight: {name}", weight, 0, strictly=True)
        elif self.class_weight is not None:
            known("class_weight", self.class_weight, ("balanced",))

    def _check_full_batch(self) -> None:
        """What a line search leaves no room for is refused."""
        for name in ("decay", "schedule", "warm_up", "weight_decay", *CLIPS):
            check(not getattr(self, name), say("{name} has no effect on lbfgs; leave it out.", name=name))
