"""How every plot looks, and how a figure becomes an inline SVG.

A plot is one file: it computes a NamedTuple of numbers, then draws it on a `Figure` made here. Sizes are CSS pixels,
so that text of 12 is 12 pixels on the page. Nothing here touches pyplot or leaves matplotlib's settings changed.
"""

import functools
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

import matplotlib
from cycler import cycler
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from gradoscope.plots.colours import FAINT, GRID, INK, MUTED, SERIES

HANGUL_FONTS = (
    "Noto Sans CJK KR",
    "Noto Sans KR",
    "NanumGothic",
    "NanumBarunGothic",
    "Malgun Gothic",
    "Apple SD Gothic Neo",
    "AppleGothic",
    "UnDotum",
    "Noto Sans CJK JP",  # the collection that holds every script, under the name that fontconfig lists first
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")  # beside the colours of `SERIES`
TEXT, SMALL = 12.0, 11.0
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

P = ParamSpec("P")
R = TypeVar("R")
_lock = threading.RLock()


@functools.cache
def fonts() -> list[str]:
    """The font families to draw with: matplotlib's own, then whatever this machine has for Hangul."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in HANGUL_FONTS if name in installed)]


@contextmanager
def styled() -> Iterator[None]:
    """Matplotlib's settings are Gradoscope's inside the block: one thread at a time, and restored behind it."""
    settings: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "gradoscope",
        "font.family": fonts(),
        "font.size": TEXT,
        "axes.linewidth": 1.0,
        "axes.prop_cycle": cycler(color=SERIES),
        "axes.unicode_minus": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "lines.solid_capstyle": "round",
        "path.simplify": True,
        "path.simplify_threshold": 0.2,
    }
    # Text stays text in the SVG: a glyph that only this machine lacks is measured roughly and shown by the reader's.
    warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font", category=UserWarning)
    with _lock, matplotlib.rc_context(settings):
        yield


def drawing(draw: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function that draws, so that it runs in Gradoscope's style."""

    @functools.wraps(draw)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with styled():
            return draw(*args, **kwargs)

    return inside


def canvas(width: float, height: float) -> Figure:
    """An empty, transparent figure of `width` x `height` CSS pixels."""
    return Figure(figsize=(width / 72, height / 72), dpi=72, facecolor="none")


def place(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes whose plotting area has its upper left corner at (left, top); all in CSS pixels."""
    full_width, full_height = figure.get_size_inches() * 72
    bottom = full_height - top - height
    box = (left / full_width, bottom / full_height, width / full_width, height / full_height)
    axes = figure.add_axes(box)
    axes.patch.set_visible(False)
    for spine in axes.spines.values():
        spine.set_color(FAINT)
    axes.tick_params(which="both", length=0, pad=5, labelsize=SMALL, labelcolor=MUTED)
    axes.grid(color=GRID, linewidth=1)
    axes.set_axisbelow(True)
    return axes


class Cell:
    """Sizes of one small multiple in CSS pixels: the whole cell, and the margins around its plotting area."""

    width, height = 236.0, 190.0
    left, right, top, bottom = 46.0, 10.0, 28.0, 40.0


def grid(titles: Sequence[str], columns: int = 4) -> tuple[Figure, list[Axes]]:
    """Small multiples: equal axes with a title each, row by row; `panels` cuts the figure into one SVG per title."""
    columns = max(1, min(columns, len(titles)))
    rows = -(-len(titles) // columns)
    figure = canvas(columns * Cell.width, rows * Cell.height)
    inner = (Cell.width - Cell.left - Cell.right, Cell.height - Cell.top - Cell.bottom)
    everything = []
    for number, title in enumerate(titles):
        row, column = divmod(number, columns)
        axes = place(figure, column * Cell.width + Cell.left, row * Cell.height + Cell.top, *inner)
        axes.set_gid(f"panel-{number}")
        heading = axes.set_title(fit(title, 28), loc="left", fontsize=TEXT, color=INK, fontweight="bold", pad=8)
        heading.set_parse_math(False)  # a name may hold a $
        everything.append(axes)
    return figure, everything


def label(axes: Axes, x: str = "", y: str = "") -> None:
    """Name the axes."""
    if x:
        axes.set_xlabel(x, fontsize=SMALL, color=MUTED, labelpad=4)
    if y:
        axes.set_ylabel(y, fontsize=SMALL, color=MUTED, labelpad=4)


def few_ticks(axis: Axis, most: int = 4, *, integer: bool = False) -> None:
    """At most `most` + 1 ticks at round numbers."""
    axis.set_major_locator(MaxNLocator(most, integer=integer, steps=[1, 2, 2.5, 5, 10]))


def log_ticks(axis: Axis, most: int = 4) -> None:
    """Ticks at powers of ten only, written as 0.01 or, beyond four digits, 10⁻⁶."""
    axis.set_major_locator(LogLocator(base=10, numticks=most))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: power(value)))


def power(value: float) -> str:
    """A number for a logarithmic axis.

    Examples
    --------
    >>> power(0.001), power(100.0), power(1e-6)
    ('0.001', '100', '10⁻⁶')
    """
    if 1e-3 <= value < 1e4:
        return f"{value:g}"
    digits, exponent = f"{value:.0e}".split("e")
    tail = f"10{str(int(exponent)).translate(_SUPERSCRIPT)}"
    return tail if digits == "1" else f"{digits}·{tail}"


def fit(text: str, most: int) -> str:
    """The text, shortened in the middle to at most `most` characters.

    Examples
    --------
    >>> fit("leaky_relu with a long tail", 12)
    'leaky… tail'
    """
    if len(text) <= most:
        return text
    kept = most - 1
    return f"{text[: kept - kept // 2].rstrip()}…{text[len(text) - kept // 2 :]}"
