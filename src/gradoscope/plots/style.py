"""How every plot looks, and how a figure becomes an inline SVG.

A plot is one file: it computes a NamedTuple of numbers, then draws it on a `Figure` made here. Sizes are CSS pixels,
so that text of 12 is 12 pixels on the page. Nothing here touches pyplot or leaves matplotlib's settings changed.
"""

import functools
import logging
import math
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

import matplotlib
from cycler import cycler
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.axis import Axis, XAxis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from gradoscope.comparison.metrics import METRICS
from gradoscope.language import say
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
# A font of the chain without a bold cut is no news for the user: the next weight is taken.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
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

    width, inner_height = 240.0, 122.0
    left, right, top, bottom = 60.0, 10.0, 28.0, 42.0
    second_line = 14.0  # more at the top where titles have one
    label = -50.0  # where the name of the vertical axis stands, from that axis


def grid(titles: Sequence[tuple[str, str]], columns: int = 4) -> tuple[Figure, list[Axes]]:
    """Small multiples row by row; `svg.panels` cuts the figure into one SVG per cell.

    Parameters
    ----------
    titles
        A title and a second, quieter line ("" for none) for each.
    columns
        How many stand side by side.
    """
    columns = max(1, min(columns, len(titles)))
    rows = -(-len(titles) // columns)
    top = Cell.top + Cell.second_line * any(detail for _, detail in titles)
    height = top + Cell.inner_height + Cell.bottom
    figure = canvas(columns * Cell.width, rows * height)
    everything = []
    for number, (title, detail) in enumerate(titles):
        row, column = divmod(number, columns)
        everything.append(_cell(figure, column * Cell.width + Cell.left, row * height + top, title, detail))
        everything[-1].set_gid(f"panel-{number}")
    return figure, everything


def _cell(figure: Figure, left: float, top: float, title: str, detail: str) -> Axes:
    width = Cell.width - Cell.left - Cell.right
    axes = place(figure, left, top, width, Cell.inner_height)
    axes.yaxis.set_label_coords(Cell.label / width, 0.5)
    _above(axes, fit(title, 28), 22.0 if detail else 10.0, fontsize=TEXT, fontweight="bold", color=INK)
    _above(axes, fit(detail, 34), 8.0, fontsize=SMALL, color=MUTED)
    return axes


def _above(axes: Axes, text: str, up: float, **style: Any) -> None:
    written = axes.annotate(
        text,
        (0, 1),
        xycoords="axes fraction",
        textcoords="offset points",
        xytext=(5 - Cell.left, up),
        annotation_clip=False,
        **style,
    )
    written.set_parse_math(False)  # a name may hold a $


def axis_names(axes: Axes, x: str = "", y: str = "") -> None:
    """Name the axes."""
    if x:
        axes.set_xlabel(x, fontsize=SMALL, color=MUTED, labelpad=4)
    if y:
        axes.set_ylabel(y, fontsize=SMALL, color=MUTED, labelpad=4)


def nothing(axes: Axes) -> None:
    """Say in the middle of the axes that there is nothing finite to draw."""
    text = say("nothing finite")
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", fontsize=SMALL, color=MUTED, style="italic")


def few_ticks(axis: Axis, most: int = 4, *, integer: bool = False) -> None:
    """At most `most` + 1 ticks at round numbers."""
    axis.set_major_locator(MaxNLocator(most, integer=integer, steps=[1, 2, 2.5, 5, 10]))


def score_ticks(axis: Axis, metric: str, most: int = 4) -> None:
    """Ticks for a score: shares in percent, others as they are."""
    few_ticks(axis, most)
    percent = METRICS[metric].share
    axis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{100 * value:g}%" if percent else f"{value:.3g}".replace("-", "−"))
    )


def log_ticks(axis: Axis, low: float, high: float, most: int = 4) -> None:
    """A logarithmic axis from `low` to `high` with ticks at powers of ten, or at 1, 2 and 5 times them."""
    if isinstance(axis, XAxis):
        axis.axes.set(xscale="log", xlim=(low, high))
    else:
        axis.axes.set(yscale="log", ylim=(low, high))
    axis.set_major_locator(FixedLocator(log_values(low, high, most)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))


def log_values(low: float, high: float, most: int) -> list[float]:
    """At most `most` round numbers between `low` and `high`, evenly far apart on a logarithmic axis.

    Examples
    --------
    >>> log_values(0.02, 30.0, 4), log_values(0.3, 0.8, 4), log_values(1e-9, 1.0, 4)
    ([0.1, 1.0, 10.0], [0.5], [1e-09, 1e-06, 0.001, 1.0])
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for factors in ((1,), (1, 3), (1, 2, 5)):
        ticks = [factor * 10.0**power for power in range(first, last + 1) for factor in factors]
        inside = [float(f"{tick:.3g}") for tick in ticks if low * 0.999 <= tick <= high * 1.001]
        if len(inside) >= min(3, most):
            break
    return inside[:: max(1, -(-len(inside) // most))]


def plain(value: float) -> str:
    """A positive number of any size: as decimals where they are few, else with a power of ten.

    Examples
    --------
    >>> plain(0.0003), plain(1000), plain(1e-6), plain(3e12)
    ('0.0003', '1000', '10⁻⁶', '3·10¹²')
    """
    if value == 0 or 1e-4 <= value < 1e4:
        return f"{value:g}"
    digits, exponent = f"{value:e}".split("e")
    tail = f"10{str(int(exponent)).translate(_SUPERSCRIPT)}"
    leading = f"{float(digits):.3g}"
    return tail if leading == "1" else f"{leading}·{tail}"


def fit(text: str, most: int) -> str:
    """The text, shortened in the middle to at most `most` characters.

    Examples
    --------
    >>> fit("leaky_relu with a long tail", 12)
    'leaky_… tail'
    """
    if len(text) <= most:
        return text
    kept = most - 1
    return f"{text[: kept - kept // 2].rstrip()}…{text[len(text) - kept // 2 :]}"
