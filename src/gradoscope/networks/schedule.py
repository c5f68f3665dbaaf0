"""How the learning rate changes while a network is trained, written down."""

from dataclasses import dataclass
from types import MappingProxyType

from gradoscope.language import say
from gradoscope.networks.checks import at_least, below_one, check, known

SCHEDULES = MappingProxyType(  # with the settings that each of them takes
    {
        "exponential": ("decay_steps", "decay_rate", "staircase"),
        "cosine": ("decay_steps", "alpha"),
        "cosine_restarts": ("decay_steps", "t_mul", "m_mul", "alpha"),
        "polynomial": ("decay_steps", "power", "alpha"),
        "piecewise_constant": ("boundaries", "factors"),
        "one_cycle": ("decay_steps", "pct_start", "div_factor", "final_div_factor"),
        "plateau": ("factor", "patience", "min_delta", "cooldown", "alpha", "monitor"),
    }
)
SETTINGS = tuple(dict.fromkeys(setting for settings in SCHEDULES.values() for setting in settings))
MONITORED = ("validation_loss", "train_loss")


@dataclass(frozen=True)
class Schedule:
    """Factors of the learning rate, one per update; names and defaults as in Keras 3 (one_cycle: PyTorch, optax).

    Parameters
    ----------
    name
        "exponential", "cosine", "cosine_restarts", "polynomial", "piecewise_constant", "one_cycle" or "plateau".
    decay_steps
        Updates until the end (cosine_restarts: of the first period); None is the whole training.
    decay_rate, staircase
        exponential: the factor is decay_rate^(updates / decay_steps), with staircase for whole quotients only.
    alpha
        The smallest factor (0).
    power
        polynomial: (1 - updates / decay_steps)^power (1).
    t_mul, m_mul
        cosine_restarts: each period is t_mul (2) times as long, and starts m_mul (1) times as high.
    boundaries, factors
        piecewise_constant: the last update of every piece but the last, and the factor of every piece.
    pct_start, div_factor, final_div_factor
        one_cycle: the factor rises from 1 / div_factor (25) to 1 in the share pct_start (0.3) of the updates, and falls
        to 1 / (div_factor * final_div_factor) (10000).
    factor, patience, min_delta, cooldown, monitor
        plateau: after `patience` (10) epochs in which the "validation_loss" (or "train_loss") did not fall by more than
        min_delta (1e-4), the rate is multiplied by `factor` (0.1), then left alone for `cooldown` (0) epochs.
    """

    name: str
    decay_steps: int | None = None
    decay_rate: float | None = None
    staircase: bool | None = None
    alpha: float | None = None
    power: float | None = None
    t_mul: float | None = None
    m_mul: float | None = None
    boundaries: tuple[int, ...] | None = None
    factors: tuple[float, ...] | None = None
    pct_start: float | None = None
    div_factor: float | None = None
    final_div_factor: float | None = None
    factor: float | None = None
    patience: int | None = None
    min_delta: float | None = None
    cooldown: int | None = None
    monitor: str | None = None

    def __post_init__(self) -> None:
        known("schedule", self.name, SCHEDULES)
        taken = SCHEDULES[self.name]
        for key in SETTINGS:
            check(
                getattr(self, key) is None or key in taken,
                say("{name} has no argument {key!r}; it takes: {known}.",
                    name=self.name, key=key, known=", ".join(taken)),
            )  # fmt: skip
        for key in ("decay_steps", "patience"):
            at_least(key, getattr(self, key), 1)
        for key in ("decay_rate", "m_mul", "pct_start", "div_factor", "final_div_factor"):
            at_least(key, getattr(self, key), 0, strictly=True)
        for key in ("alpha", "power", "factor", "min_delta", "cooldown"):
            at_least(key, getattr(self, key), 0)
        at_least("t_mul", self.t_mul, 1)  # ever shorter periods would never reach the end
        for number, factor in enumerate(self.factors or ()):
            at_least(f"factors[{number}]", factor, 0)
        for key in ("factor", "pct_start"):
            below_one(key, getattr(self, key))
        if self.monitor is not None:
            known("monitor", self.monitor, MONITORED)
        for key in {"exponential": ("decay_rate",), "piecewise_constant": taken}.get(self.name, ()):
            check(getattr(self, key) is not None, say("{name} needs {key}.", name=self.name, key=key))
        rising = all(a < b for a, b in zip((-1, *(self.boundaries or ())), self.boundaries or (), strict=False))
        pieces = len(self.factors or ()) == len(self.boundaries or ()) + (self.name == "piecewise_constant")
        check(rising and pieces, say("boundaries must rise, and there must be one factor more than boundaries."))

    @classmethod
    def from_text(cls, name: str) -> "Schedule":
        """The schedule of that name with its defaults."""
        return cls(name)
