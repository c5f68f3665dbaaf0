"""Curves: one or more lines over one axis."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.plots.colours import MUTED, SERIES
from gradoscope.plots.figure import MARKERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Numbers = NDArray[Any] | Sequence[float]


class Line(NamedTuple):
    """A line with its name in the legend ("" leaves it out).

    marks draws a marker at every point, dots draws the points alone, dashed marks what is no measurement (a bound, a
    reference); colour is a place in the palette, or None for the next one.
    """

    name: str
    x: Numbers
    y: Numbers
    marks: bool = False
    dots: bool = False
    dashed: bool = False
    colour: int | None = None


class Curves(NamedTuple):
    """Lines over one axis; `floor` is the smallest value that a logarithmic axis shows."""

    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    log_x: bool = False
    log_y: bool = False
    floor: float | None = None
    y_limits: tuple[float, float] | None = None
    note: str = ""

    def draw(self, axes: "Axes") -> None:
        """Draw on `axes`."""
        from matplotlib.ticker import MaxNLocator

        for place, line in enumerate(self.lines):
            _draw_line(axes, line, place if line.colour is None else line.colour)
        axes.set(title=self.title, xlabel=self.x_label, ylabel=self.y_label)
        if self.log_x:
            axes.set_xscale("log")
        elif all(np.equal(np.mod(line.x, 1), 0).all() for line in self.lines):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if self.log_y:
            axes.set_yscale("log")
        if self.floor is not None:
            axes.set_ylim(bottom=self.floor)
        if self.y_limits is not None:
            axes.set_ylim(self.y_limits)
        if self.note:
            axes.text(0.02, 0.02, self.note, transform=axes.transAxes, fontsize=9, va="bottom")
        if any(line.name for line in self.lines):
            axes.legend()


def _draw_line(axes: "Axes", line: Line, place: int) -> None:
    colour, marker = SERIES[place % len(SERIES)], MARKERS[place % len(MARKERS)]
    if line.dots:
        axes.scatter(line.x, line.y, s=14, color=colour, alpha=0.7, label=line.name or None, zorder=2)
        return
    axes.plot(
        line.x,
        line.y,
        color=MUTED if line.dashed and line.colour is None else colour,
        linestyle="--" if line.dashed else "-",
        marker=marker if line.marks else None,
        markersize=4,
        linewidth=1.8,
        label=line.name or None,
    )
