"""Exact values: the textbook formula of an entry, evaluated by mpmath with as many digits as it needs.

This is the independent source that tests and the accuracy report compare with. mpmath is imported when it is used.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from types import CodeType, MappingProxyType
from typing import Any

NOTHING: Mapping[str, Any] = MappingProxyType({})
NAMES = ("asinh", "atan", "cos", "cosh", "erf", "erfc", "exp", "expm1", "gamma", "inf", "log", "log1p", "loggamma",
         "ncdf", "npdf", "pi", "sign", "sin", "sinh", "sqrt", "tanh")  # fmt: skip
BUILT_IN: Mapping[str, Any] = MappingProxyType(
    {"abs": abs, "enumerate": enumerate, "len": len, "max": max, "min": min, "range": range, "sorted": sorted,
     "sum": sum, "zip": zip}
)  # fmt: skip


def _mpmath() -> Any:
    return import_module("mpmath")


def compiled(formula: str) -> CodeType:
    """A textbook formula, ready to be evaluated."""
    return compile(formula, "<textbook>", "eval")


def scope() -> dict[str, Any]:
    """The names that a textbook formula may use: functions of mpmath and a few of Python's own."""
    mpmath = _mpmath()
    return {"__builtins__": BUILT_IN, **{name: getattr(mpmath, name) for name in NAMES}}


def evaluate(formula: str, values: Mapping[str, Any], bits: int = 1600) -> Any:
    """The formula at `values` (numbers or rows of numbers), computed with that many bits.

    Examples
    --------
    >>> float(evaluate("1 / (1 + exp(-x))", {"x": 0.0}))
    0.5
    """
    mpmath = _mpmath()
    with mpmath.workprec(bits):
        exact = {name: _exact(value) for name, value in values.items()}
        return eval(compiled(formula), {**scope(), **exact})


def derivative(formula: str, values: Mapping[str, Any], name: str = "x", place: int | None = None) -> Any:
    """The derivative of the formula with respect to the value `name` (or its entry at `place`), by differences.

    Symmetric differences of fourth order with a step of 2^-300 relative to the value, on 1600 bits.
    """
    mpmath = _mpmath()
    with mpmath.workprec(1600):
        exact = {key: _exact(value) for key, value in values.items()}
        code, names = compiled(formula), scope()
        middle = exact[name] if place is None else exact[name][place]
        step = mpmath.ldexp(max(abs(middle), mpmath.mpf(2) ** -100), -300)

        def at(offset: int) -> Any:
            moved = _moved(exact[name], place, offset * step)
            return eval(code, {**names, **exact, name: moved})

        ahead, behind, far_ahead, far_behind = at(1), at(-1), at(2), at(-2)
        return _differences(ahead, behind, far_ahead, far_behind, step)


def _differences(ahead: Any, behind: Any, far_ahead: Any, far_behind: Any, step: Any) -> Any:
    if isinstance(ahead, Sequence):
        rows = zip(ahead, behind, far_ahead, far_behind, strict=True)
        return [_differences(*row, step) for row in rows]
    return (8 * (ahead - behind) - (far_ahead - far_behind)) / (12 * step)


def _exact(value: Any) -> Any:
    mpmath = _mpmath()
    if isinstance(value, str | bool | int | None):
        return value
    if isinstance(value, Sequence):
        return [_exact(entry) for entry in value]
    return mpmath.mpf(float(value))


def _moved(value: Any, place: int | None, offset: Any) -> Any:
    if place is None:
        return value + offset
    return [entry + offset if index == place else entry for index, entry in enumerate(value)]


def ulps(found: float, exact: Any, digits: int, lowest: int, size: Any = None) -> float:
    """The error of `found` in units in the last place of a format with `digits` bits and lowest exponent `lowest`.

    float32 has 24 digits and lowest exponent -126, float64 has 53 and -1022. Subnormal results are not judged: XLA
    flushes them to zero. `size` is the number whose last place counts, the exact one by default.
    """
    mpmath = _mpmath()
    if exact != exact or found != found:
        return 0.0 if exact != exact and found != found else mpmath.inf
    if max(abs(found), abs(exact)) < mpmath.ldexp(1, lowest):
        return 0.0
    if abs(found) == mpmath.inf or abs(exact) == mpmath.inf:
        return 0.0 if found == exact or _overflows(found, exact, digits, lowest) else float("inf")
    whole = abs(exact) if size is None else size
    exponent = max(int(mpmath.floor(mpmath.log(whole, 2))) if whole else lowest, lowest)
    return float(abs(mpmath.mpf(found) - exact) / mpmath.ldexp(1, exponent - digits + 1))


def _overflows(found: float, exact: Any, digits: int, lowest: int) -> bool:
    """Infinity is right where the exact result is larger than every number of the format."""
    mpmath = _mpmath()
    largest = mpmath.ldexp(2 - mpmath.ldexp(1, 1 - digits), 1 - lowest)
    return bool(found * exact > 0 and abs(exact) > largest * (1 - mpmath.ldexp(1, 3 - digits)))
