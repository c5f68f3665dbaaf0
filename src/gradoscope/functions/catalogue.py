"""A catalogue: entries by name, found under every alias in any spelling."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Protocol, TypeVar, final

from gradoscope.errors import UsageError
from gradoscope.language import say


class Entry(Protocol):
    """What a catalogue holds."""

    @property
    def name(self) -> str:
        """The canonical name."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names of it."""


E = TypeVar("E", bound=Entry)


def normalised(name: str) -> str:
    """A name without case, underscores, hyphens and spaces.

    Examples
    --------
    >>> normalised("Leaky-ReLU")
    'leakyrelu'
    """
    return "".join(letter for letter in name.casefold() if letter not in "_- .")


@final
class Catalogue(Mapping[str, E]):
    """Entries by canonical name; look-up ignores case, `_`, `-` and spaces and knows every alias.

    Examples
    --------
    >>> from gradoscope.functions import activations
    >>> activations["LeakyReLU"].name
    'leaky_relu'
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, E] = {}
        self._names: dict[str, str] = {}

    def add(self, entry: E) -> None:
        """Take in an entry.

        Raises
        ------
        ValueError
            If its name or an alias already belongs to another entry.
        """
        for spelling in (entry.name, *entry.aliases):
            owner = self._names.setdefault(normalised(spelling), entry.name)
            if owner != entry.name or entry.name in self._entries:
                raise ValueError(f"{spelling!r} of {entry.name} already names {owner}")
        self._entries[entry.name] = entry

    def __getitem__(self, name: str) -> E:
        if name in self._entries:
            return self._entries[name]
        canonical = self._names.get(normalised(name))
        if canonical is None:
            raise UsageError(self._unknown(name))
        return self._entries[canonical]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and normalised(name) in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def nearest(self, name: str) -> tuple[str, ...]:
        """Up to three canonical names that `name` may have meant, the likeliest first."""
        near = difflib.get_close_matches(normalised(name), self._names, n=6, cutoff=0.6)
        return tuple(dict.fromkeys(self._names[spelling] for spelling in near))[:3]

    def _unknown(self, name: str) -> str:
        nearest = ", ".join(self.nearest(name))
        if self.kind == "activation":
            return _unknown_activation(name, nearest)
        return _unknown_loss(name, nearest)


def _unknown_activation(name: str, nearest: str) -> str:
    if not nearest:
        return say("there is no activation called {name}; gradoscope show lists them all", name=name)
    return say("there is no activation called {name}; did you mean {nearest}?", name=name, nearest=nearest)


def _unknown_loss(name: str, nearest: str) -> str:
    if not nearest:
        return say("there is no loss called {name}; gradoscope show lists them all", name=name)
    return say("there is no loss called {name}; did you mean {nearest}?", name=name, nearest=nearest)
