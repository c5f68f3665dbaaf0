"""What every value of an experiment is checked with: one sentence that names it, what it is and what it must be."""

import math
from collections.abc import Collection

from gradoscope.errors import UsageError
from gradoscope.language import say
from gradoscope.records import nearest


def check(holds: bool, sentence: str) -> None:
    """Raise `sentence` unless something holds."""
    if not holds:
        raise UsageError(sentence)


def at_least(name: str, value: float | None, low: float, *, strictly: bool = False) -> None:
    """Raise unless the value is None, or finite and at least (strictly: above) `low`."""
    if value is None or low < value < math.inf or (value == low and not strictly):
        return
    if value == math.inf:
        raise UsageError(say("{name} is {value}; it must be finite.", name=name, value=value))
    if strictly:
        raise UsageError(say("{name} is {value}; it must be greater than {low}.", name=name, value=value, low=low))
    raise UsageError(say("{name} is {value}; it must be at least {low}.", name=name, value=value, low=low))


def below_one(name: str, value: float | None) -> None:
    """Raise unless the value is None or below 1."""
    if value is not None and value >= 1:
        raise UsageError(say("{name} is {value}; it must be below 1.", name=name, value=value))


def known(name: str, value: str, names: Collection[str]) -> None:
    """Raise unless `value` is one of `names`."""
    if value not in names:
        raise UsageError(
            say("{name}: there is no {value!r}. {hint}", name=name, value=value, hint=nearest(value, names))
        )
