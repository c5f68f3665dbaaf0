"""A function as an experiment names it: a name of a catalogue, with arguments."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gradoscope.errors import UsageError
from gradoscope.language import say


@dataclass(frozen=True)
class Named:
    """A function of a catalogue with its arguments: `relu`, or `leaky_relu` with negative_slope 0.1."""

    name: str
    arguments: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, name: str, **arguments: float) -> "Named":
        """The function `name` with `arguments`."""
        return cls(name, tuple(sorted((key, float(value)) for key, value in arguments.items())))

    def __str__(self) -> str:
        inside = ", ".join(f"{key}={value:g}" for key, value in self.arguments)
        return f"{self.name}({inside})" if inside else self.name


def named_from(value: Any, place: str) -> Named:
    """The function that a file names: a text, or a table with a name and arguments."""
    if isinstance(value, Named):
        return value
    if isinstance(value, str):
        return Named(value)
    if isinstance(value, Mapping) and isinstance(value.get("name"), str):
        arguments = {key: given for key, given in value.items() if key != "name"}
        for key, given in arguments.items():
            if isinstance(given, bool) or not isinstance(given, int | float):
                raise UsageError(
                    say("{place}: {key} is {value!r}; expected a number.", place=place, key=key, value=given)
                )
        return Named.of(value["name"], **arguments)
    raise UsageError(say("{place} is {value!r}; expected a name or a table with a name.", place=place, value=value))


def named_to_plain(named: Named) -> str | dict[str, Any]:
    """What `named_from` reads back."""
    return {"name": named.name, **dict(named.arguments)} if named.arguments else named.name
