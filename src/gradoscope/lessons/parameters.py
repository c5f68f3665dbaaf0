"""What can be changed about a lesson: a name, a default and a domain."""

from collections.abc import Callable
from dataclasses import dataclass

from gradoscope.errors import UsageError
from gradoscope.functions import activations
from gradoscope.language import say

Text = Callable[[], str]
Value = str | int | float


@dataclass(frozen=True)
class Whole:
    """Whole numbers from `low` to `high`."""

    low: int
    high: int

    def check(self, value: Value) -> Value | None:
        """The value as an int, or None where it lies outside."""
        whole = isinstance(value, int) and not isinstance(value, bool)
        return value if whole and self.low <= value <= self.high else None  # type: ignore[operator]

    def __str__(self) -> str:
        return say("a whole number from {low} to {high}", low=self.low, high=self.high)


@dataclass(frozen=True)
class Real:
    """Numbers from `low` to `high`."""

    low: float
    high: float

    def check(self, value: Value) -> Value | None:
        """The value as a float, or None where it lies outside."""
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return float(value) if number and self.low <= value <= self.high else None  # type: ignore[operator]

    def __str__(self) -> str:
        return say("a number from {low} to {high}", low=f"{self.low:g}", high=f"{self.high:g}")


@dataclass(frozen=True)
class OneOf:
    """One of some names."""

    names: tuple[str, ...]

    def check(self, value: Value) -> Value | None:
        """The name, or None where it is unknown."""
        return str(value) if value in self.names else None

    def __str__(self) -> str:
        return say("one of {names}", names=", ".join(self.names))


@dataclass(frozen=True)
class HiddenActivation:
    """Any activation of the catalogue that works on each number by itself."""

    def check(self, value: Value) -> Value | None:
        """The canonical name; an unknown one is refused by the catalogue, with the nearest names."""
        entry = activations[str(value)]
        return entry.name if entry.elementwise else None

    def __str__(self) -> str:
        return say("an activation that works on each number by itself")


Domain = Whole | Real | OneOf | HiddenActivation


@dataclass(frozen=True)
class Parameter:
    """Something to play with: `--name VALUE` on the command line."""

    name: str
    default: Value
    domain: Domain
    help: Text

    @property
    def option(self) -> str:
        """Its name on the command line."""
        return self.name.replace("_", "-")

    def checked(self, value: Value) -> Value:
        """The value, once it is known to lie in the domain.

        Raises
        ------
        UsageError
            It does not.
        """
        kept = self.domain.check(value)
        if kept is None:
            raise UsageError(
                say("--{name} is {value!r}; it must be {domain}.", name=self.option, value=value, domain=self.domain)
            )
        return kept
