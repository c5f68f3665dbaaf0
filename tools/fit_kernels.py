"""Fit the polynomials of `gradoscope.functions.polynomials` with mpmath: `python tools/fit_kernels.py > ...`.

Each is the Chebyshev interpolant (near the best polynomial) of a smooth function, written in powers of its variable.
"""

from collections.abc import Callable
from typing import Any

import mpmath
from mpmath import mp

mp.prec = 400


def chebyshev(function: Callable[[Any], Any], low: Any, high: Any, degree: int) -> list[Any]:
    """Coefficients, lowest power first, of the interpolant of `function` on [low, high]."""
    nodes = [mpmath.cos(mpmath.pi * (2 * k + 1) / (2 * degree + 2)) for k in range(degree + 1)]
    points = [(low + high) / 2 + (high - low) / 2 * node for node in nodes]
    powers = mpmath.matrix([[point**power for power in range(degree + 1)] for point in points])
    return list(mpmath.lu_solve(powers, mpmath.matrix([function(point) for point in points])))


def error(function: Callable[[Any], Any], coefficients: list[Any], low: Any, high: Any) -> Any:
    """The largest relative error on a grid."""
    points = [low + (high - low) * mpmath.mpf(k) / 500 for k in range(501)]
    return max(abs(mpmath.polyval(coefficients[::-1], point) / function(point) - 1) for point in points)


def mills(center: Any) -> Callable[[Any], Any]:
    """(a + c) Q(a) exp(a^2 / 2) as a function of s = (a - c) / (a + c), where Q(a) = Phi(-a)."""

    def scaled(s: Any) -> Any:
        if s >= 1 - mpmath.mpf(10) ** -18:
            return 1 / mpmath.sqrt(2 * mpmath.pi)
        a = center * (1 + s) / (1 - s)
        if a > 200:
            series = sum((-1) ** n * mpmath.fac2(2 * n - 1) / a ** (2 * n) for n in range(12))
            return (a + center) / a * series / mpmath.sqrt(2 * mpmath.pi)
        return (a + center) * mpmath.erfc(a / mpmath.sqrt(2)) / 2 * mpmath.exp(a * a / 2)

    return scaled


def even(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """function(x) / x as a function of x^2."""
    return lambda z: function(mpmath.sqrt(z)) / mpmath.sqrt(z) if z else mpmath.diff(function, 0)


def rest(function: Callable[[Any], Any], power: int, *series: Any) -> Callable[[Any], Any]:
    """(function(x) - series) / x^power, where the series has the powers below."""
    return lambda x: (
        (function(x) - sum(c * x**n for n, c in enumerate(series))) / x**power
        if abs(x) > mpmath.mpf(10) ** -25
        else mpmath.taylor(function, 0, power)[power]
    )


def shrunk(z: Any) -> Any:
    """(x - tanh x) / x^3 as a function of z = x^2."""
    x = mpmath.sqrt(z)
    return (x - mpmath.tanh(x)) / x**3 if z else mpmath.mpf(1) / 3


def log_cosh(z: Any) -> Any:
    """log(cosh x) / x^2 as a function of z = x^2."""
    return mpmath.log(mpmath.cosh(mpmath.sqrt(z))) / z if z else mpmath.mpf(1) / 2


def normal_rise(z: Any) -> Any:
    """(Phi(x) - 1/2) / x as a function of z = x^2."""
    x = mpmath.sqrt(z)
    return mpmath.erf(x / mpmath.sqrt(2)) / (2 * x) if z else mpmath.npdf(0)


def gate_rise(z: Any) -> Any:
    """(Phi(x) + x phi(x) - 1/2 - x) / x as a function of z = x^2."""
    return normal_rise(z) + mpmath.npdf(mpmath.sqrt(z)) - 1


def show(function: Callable[[Any], Any], low: Any, high: Any, degree: int) -> None:
    """The coefficients of one fit, with its error."""
    coefficients = chebyshev(function, mpmath.mpf(low), mpmath.mpf(high), degree)
    off = error(function, coefficients, mpmath.mpf(low), mpmath.mpf(high))
    print(f"    (  # degree {degree}, relative error {mpmath.nstr(off, 2)}")
    for coefficient in coefficients:
        print(f"        {mpmath.nstr(coefficient, 20)},")
    print("    ),")


FITS: dict[str, tuple[str, Callable[[Any], Any], Any, Any, int, int]] = {
    "TANH": ("tanh(x) / x in x^2, for |x| < 0.63", even(mpmath.tanh), 0, 0.4, 5, 11),
    "EXPM1": ("(exp(x) - 1 - x) / x^2, for |x| < 0.4", rest(mpmath.expm1, 2, 0, 1), -0.4, 0.4, 5, 11),
    "ERF": ("erf(x) / x in x^2, for |x| < 1", even(mpmath.erf), 0, 1, 6, 12),
    "NORMAL": ("(Phi(x) - 1/2) / x in x^2, for |x| < 1", normal_rise, 0, 1, 5, 11),
    "NORMAL_GATE": ("(Phi(x) + x phi(x) - 1/2 - x) / x in x^2, for |x| < 1", gate_rise, 0, 1, 6, 12),
    "SHRINK": ("(x - tanh(x)) / x^3 in x^2, for |x| < 1", shrunk, 0, 1, 9, 20),
    "LOG_COSH": ("log(cosh(x)) / x^2 in x^2, for |x| < 1", log_cosh, 0, 1, 7, 16),
}
MILLS = ((3.5, 10), (4.0, 24))


def main() -> None:
    """Write the module."""
    print('"""Polynomials, lowest power first, for float32 and float64; written by tools/fit_kernels.py."""\n')
    for name, (comment, function, low, high, single, double) in FITS.items():
        print(f"# {comment}\n{name} = (")
        show(function, low, high, single)
        show(function, low, high, double)
        print(")\n")
    print("# Mills' ratio: (a + c) Phi(-a) exp(a^2 / 2) in (a - c) / (a + c), for a >= 0")
    print(f"MILLS_CENTER = {tuple(center for center, _ in MILLS)}\nMILLS = (")
    for center, degree in MILLS:
        show(mills(mpmath.mpf(center)), -1, 1, degree)
    print(")")


if __name__ == "__main__":
    main()
