"""The functions that may be off by more than 4 units in the last place, at a root or anywhere, and the cause."""

import re
from collections.abc import Iterator
from inspect import getsource
from sys import modules

from gradoscope.functions import activations, losses

USUAL = 4
CAUSE = re.compile(r"\n    (?:bound|floor)=[^#\n]*#\s*(?P<cause>[^\n]*)")


def wide() -> Iterator[tuple[str, float, float, str]]:
    """Name, bound, floor and cause of each."""
    for kind, mark, entries in (("activations", "@activation(", activations), ("losses", "@loss(", losses)):
        for entry in entries.values():
            if entry.bound > USUAL or entry.floor:
                page = getsource(modules[f"gradoscope.functions.{kind}.{entry.family}"])
                definition = page[: page.index(f"\ndef {entry.name}(")].rpartition(mark)[2]
                found = CAUSE.search(definition)
                yield entry.name, entry.bound, entry.floor, found["cause"] if found else ""
