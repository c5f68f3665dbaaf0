"""What another library calls a function, found in the catalogue: by its name, and by the numbers that it gives."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradoscope.bridges.chain import UntranslatableError
from gradoscope.functions import activations
from gradoscope.language import say
from gradoscope.networks import Named

CLOSE = 1e-5
PROBE = np.linspace(-3.0, 3.0, 35, dtype=np.float32).reshape(7, 5)


def plain(name: str) -> str:
    """A name without what libraries spell differently.

    Examples
    --------
    >>> plain("nn.LeakyReLU") == plain("leaky_relu")
    True
    """
    return name.removeprefix("nn.").removeprefix("ops.").partition("(")[0].lower().replace("_", "")


def numbers(settings: Mapping[str, Any], names: Iterable[str]) -> dict[str, float]:
    """Those of the settings that have one of the names and are numbers."""
    known = {name: settings[name] for name in names if name in settings}
    return {k: float(v) for k, v in known.items() if isinstance(v, int | float) and not isinstance(v, bool)}


def activation(
    name: str, library: str, settings: Mapping[str, Any], values: Callable[[NDArray[np.float32]], NDArray[Any]]
) -> Named:
    """The entry of the catalogue that a library calls so, and that gives the same numbers.

    Parameters
    ----------
    name
        Of the function or layer.
    library
        "torch" or "keras".
    settings
        Its settings by name; those that are parameters here are taken over.
    values
        What it gives, for an array (7, 5).

    Raises
    ------
    UntranslatableError
        There is none.
    """
    theirs = None
    for entry in activations.values():
        if plain(getattr(entry.peers, library)) != plain(name):
            continue
        floats = [key for key, known in entry.parameters.items() if isinstance(known.default, float)]
        arguments = numbers(settings, floats)
        theirs = values(PROBE) if theirs is None else theirs
        if np.allclose(entry(PROBE, **arguments), theirs, atol=CLOSE):
            return Named.of(entry.name, **arguments)
    raise UntranslatableError(say("{place} is not known here as a layer or an activation", place=name))
