"""Small plots of Braille dots, for a terminal: every letter is two dots wide and four high."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
BLANK = 0x2800
DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])  # rows from above, columns from the left


def braille(values: Numbers, width: int, height: int, low: float, high: float) -> tuple[str, ...]:
    """A line through evenly spaced values (NaN leaves a gap), in `height` lines of `width` letters.

    Examples
    --------
    >>> braille(np.array([0.0, 1.0, 2.0, 3.0]), 2, 1, 0.0, 3.0)
    ('⡠⠊',)
    """
    dots = np.zeros((4 * height, 2 * width), bool)
    places = np.interp(np.linspace(0, 1, 2 * width), np.linspace(0, 1, values.size), values)
    inside = (places >= low) & (places <= high)
    rows = np.where(inside, (places - low) / (high - low or 1) * (4 * height - 1), np.nan)
    before = np.nan
    for column, row in enumerate(rows):
        if np.isfinite(row):
            dots[_between(before, row), column] = True
        before = row
    cells = (dots[::-1].reshape(height, 4, width, 2) * DOTS[:, None, :]).sum((1, 3))
    return tuple("".join(chr(BLANK + cell) for cell in line) for line in cells)


def _between(before: float, row: float) -> slice:
    """The dots that join a value to the one before it, without the dot of the latter."""
    here = round(row)
    if not np.isfinite(before) or abs(here - round(before)) < 2:
        return slice(here, here + 1)
    there = round(before)
    return slice(there + 1, here + 1) if here > there else slice(here, there)


def window(curves: Sequence[Numbers]) -> tuple[float, float]:
    """Least and largest value to show of curves that share an axis; a pole must not flatten all the rest.

    Examples
    --------
    >>> window([np.linspace(0, 1, 101)]), window([np.full(3, 2.0)])
    ((0.0, 1.0), (1.0, 3.0))
    >>> low, high = window([1 / np.linspace(0.001, 1, 1000)])
    >>> low, round(high)
    (1.0, 91)
    """
    values = np.concatenate(curves)
    shown = values[np.isfinite(values)]
    if not shown.size:
        return -1.0, 1.0
    low, high = float(shown.min()), float(shown.max())
    inner_low, inner_high = np.percentile(shown, (1, 99))
    reach = 3 * float(inner_high - inner_low)
    if 0 < reach < inner_low - low:
        low = float(inner_low)
    if 0 < reach < high - inner_high:
        high = float(inner_high)
    return (low, high) if low < high else (low - 1, high + 1)


def sketch(x: Numbers, y: Numbers, width: int, height: int) -> tuple[str, ...]:
    r"""A small plot with its axes, at most `width` letters wide and `height` + 2 lines high.

    Examples
    --------
    >>> print("\n".join(sketch(np.linspace(-1, 1, 5), np.array([1.0, 0.25, 0.0, 0.25, 1.0]), 12, 2)))
    1 │⠑⢄     ⢠⠊
    0 │ ⠈⠢⠤⣀⠤⠔⠁
      └─────────
       -1      1
    """
    low, high = window([y])
    names = _names(low, high, height)
    margin = max(map(len, names.values()))
    inner = width - margin - 2
    lines = braille(y, inner, height, low, high)
    body = [f"{names.get(row, ''):>{margin}} │{line}".replace(chr(BLANK), " ") for row, line in enumerate(lines)]
    left, right = f"{x[0]:.3g}", f"{x[-1]:.3g}"
    foot = [f"{'':{margin}} └{'─' * inner}", f"{'':{margin}}  {left}{right:>{inner - len(left)}}"]
    return tuple(line.rstrip() for line in (*body, *foot))


def _names(low: float, high: float, height: int) -> dict[int, str]:
    """The numbers beside the lines: highest, lowest, and 0 where it lies apart from them."""
    step = (high - low) / 1000  # nearer to 0 than that is 0
    names = {row: f"{end:.3g}" if abs(end) > step else "0" for row, end in ((0, high), (height - 1, low))}
    if low < 0 < high:
        row = height - 1 - int((0 - low) / (high - low) * (4 * height - 1) + 0.5) // 4
        names.setdefault(row, "0")
    return names
