"""Parameters of functions: default, domain, and whether a network may train them."""

import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from gradoscope.arrays import is_traced, world_of
from gradoscope.errors import UsageError
from gradoscope.language import say


class Domain(Protocol):
    """The values that a parameter may take; `str(domain)` words them."""

    def admits(self, value: Any) -> bool:
        """Whether the parameter may have that value."""


@dataclass(frozen=True)
class Interval:
    """Real numbers between two bounds; `open` names the bounds that do not belong: "", "left", "right" or "both"."""

    low: float = -math.inf
    high: float = math.inf
    open: str = ""

    def admits(self, value: Any) -> bool:
        """Whether every number of `value` lies between the bounds."""
        if isinstance(value, str | bool | None):
            return False
        number = np.asarray(value, dtype=np.float64)
        above = number > self.low if self.open in ("left", "both") else number >= self.low
        below = number < self.high if self.open in ("right", "both") else number <= self.high
        return bool(np.all(above & below & np.isfinite(number)))

    def __str__(self) -> str:
        left = "(" if self.open in ("left", "both") or math.isinf(self.low) else "["
        right = ")" if self.open in ("right", "both") or math.isinf(self.high) else "]"
        return f"{left}{self.low:g}, {self.high:g}{right}"


REAL = Interval()
POSITIVE = Interval(0, open="left")
NOT_NEGATIVE = Interval(0)
UNIT = Interval(0, 1)


@dataclass(frozen=True)
class Whole:
    """Whole numbers from `low` on."""

    low: float = -math.inf

    def admits(self, value: Any) -> bool:
        """Whether `value` is a whole number from `low` on."""
        return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= self.low)

    def __str__(self) -> str:
        if math.isinf(self.low):
            return say("the whole numbers")
        return say("the whole numbers from {low} on", low=f"{self.low:g}")


@dataclass(frozen=True)
class OneOf:
    """One of a few values."""

    values: tuple[Any, ...]

    def admits(self, value: Any) -> bool:
        """Whether `value` is one of them."""
        return any(type(value) is type(choice) and value == choice for choice in self.values)

    def __str__(self) -> str:
        return " | ".join(str(value) for value in self.values)


@dataclass(frozen=True)
class Optional:
    """None, or a value of another domain."""

    domain: Domain

    def admits(self, value: Any) -> bool:
        """Whether `value` is None or admitted by the other domain."""
        return value is None or self.domain.admits(value)

    def __str__(self) -> str:
        return f"None | {self.domain}"


@dataclass(frozen=True)
class Row:
    """A tuple of values of another domain."""

    domain: Domain

    def admits(self, value: Any) -> bool:
        """Whether `value` is a tuple whose entries are all admitted."""
        return isinstance(value, tuple) and bool(value) and all(self.domain.admits(entry) for entry in value)

    def __str__(self) -> str:
        return f"tuple of {self.domain}"


@dataclass(frozen=True)
class Parameter:
    """One parameter of a function."""

    name: str
    default: Any
    domain: Domain
    trainable: bool = False


def parameters_of(
    formula: Callable[..., Any], domains: Mapping[str, Domain], trainable: Iterable[str], arrays: int
) -> Mapping[str, Parameter]:
    """The parameters in the signature of `formula` after its first `arrays` arguments, with their domains."""
    names = list(inspect.signature(formula).parameters.values())[arrays:]
    if {name.name for name in names} != set(domains) or not set(trainable) <= set(domains):
        raise ValueError(f"{formula.__name__}: signature and domains name different parameters")
    learnt = set(trainable)
    return MappingProxyType(
        {name.name: Parameter(name.name, name.default, domains[name.name], name.name in learnt) for name in names}
    )


def check_parameters(owner: str, parameters: Mapping[str, Parameter], given: Mapping[str, Any]) -> None:
    """Refuse unknown names, and values outside their domain (arrays that JAX or PyTorch trace are not looked at)."""
    for name, value in given.items():
        parameter = parameters.get(name)
        if parameter is None:
            known = ", ".join(parameters) or "-"
            raise UsageError(
                say("{function} has no parameter {name}; it has: {known}", function=owner, name=name, known=known)
            )
        if is_traced(value) or world_of(value) == "torch":
            continue
        if not parameter.domain.admits(value):
            raise UsageError(
                say("{name} of {function} must lie in {domain}, not {value}",
                    name=name, function=owner, domain=str(parameter.domain), value=value)
            )  # fmt: skip
