"""Tuning: what is chosen for every arm inside each resample, always from the same combinations."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

from gradoscope.errors import UsageError
from gradoscope.language import say
from gradoscope.networks import Named
from gradoscope.networks.initialisers import initialisers


class Choice(NamedTuple):
    """One combination that an arm may be given; None is what is not tuned."""

    learning_rate: float
    weight_decay: float | None = None
    initialiser: str | None = None
    hidden: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Tune:
    """What is tuned besides the learning rate; nothing of what is empty.

    Every arm is trained at every combination of these and the learning rates, and for every seed gets the one with its
    smallest validation loss of that seed.

    Parameters
    ----------
    weight_decay
        As in the [training] table of an experiment.
    initialiser
        Names, for the kernels of the hidden layers; where none are given, each activation has its own.
    hidden
        Units per hidden layer; these take the place of `Settings.hidden`.

    Raises
    ------
    UsageError
        An unknown initialiser, a negative weight decay, or a layer without units.

    Examples
    --------
    >>> str(Tune(weight_decay=(0.0, 0.001), hidden=((32,), (64, 64))))
    'weight_decay=0,0.001 hidden=32 hidden=64,64'
    >>> len(Tune(weight_decay=(0.0, 0.001)).choices((0.01, 0.03, 0.1)))
    6
    """

    weight_decay: tuple[float, ...] = ()
    initialiser: tuple[str, ...] = ()
    hidden: tuple[tuple[int, ...], ...] = ()

    def __post_init__(self) -> None:
        for each in fields(self):
            object.__setattr__(self, each.name, tuple(dict.fromkeys(getattr(self, each.name))))
        for name in self.initialiser:
            initialisers.checked(Named(name))
        decays = [(value, 0) for value in self.weight_decay]
        widths = [(value, 1) for layers in self.hidden for value in layers]
        for shown, numbers in (("weight_decay", decays), ("hidden", widths)):
            for value, low in numbers:
                if not low <= value < math.inf:
                    name = f"--tune {shown}"
                    raise UsageError(
                        say("{name} is {value}; it must be at least {low}.", name=name, value=value, low=low)
                    )

    @property
    def names(self) -> tuple[str, ...]:
        """What is tuned besides the learning rate."""
        return tuple(each.name for each in fields(self) if getattr(self, each.name))

    def choices(self, learning_rates: Sequence[float]) -> list[Choice]:
        """Every combination, the same for every arm."""
        return [
            Choice(rate, decay, start, hidden)
            for hidden in self.hidden or (None,)
            for decay in self.weight_decay or (None,)
            for start in self.initialiser or (None,)
            for rate in learning_rates
        ]

    def __str__(self) -> str:
        """As `--tune` says it."""
        decays = ",".join(f"{value:g}" for value in self.weight_decay)
        parts = [f"weight_decay={decays}"] * bool(decays)
        parts += [f"initialiser={','.join(self.initialiser)}"] * bool(self.initialiser)
        parts += [f"hidden={','.join(map(str, layers))}" for layers in self.hidden]
        return " ".join(parts) or say("nothing")
