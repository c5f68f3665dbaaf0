"""Bars: one group per name, one bar per series in it."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gradoscope.plots.colours import MUTED, SERIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Series(NamedTuple):
    """A value per group, with its name in the legend."""

    name: str
    values: tuple[float, ...]


class Bars(NamedTuple):
    """Grouped bars; `line` draws a dashed line at a value that matters, such as chance."""

    title: str
    y_label: str
    groups: tuple[str, ...]
    series: tuple[Series, ...]
    digits: int = 2
    line: float | None = None
    line_name: str = ""
    y_limits: tuple[float, float] | None = None

    def draw(self, axes: "Axes") -> None:
        """Draw on `axes`."""
        width = 0.8 / len(self.series)
        places = np.arange(len(self.groups))
        for index, series in enumerate(self.series):
            left = places + (index - (len(self.series) - 1) / 2) * width
            bars = axes.bar(left, series.values, width * 0.92, color=SERIES[index], label=series.name or None)
            axes.bar_label(bars, [f"{value:.{self.digits}f}" for value in series.values], fontsize=8, padding=2)
        if self.line is not None:
            axes.axhline(self.line, color=MUTED, linestyle="--", linewidth=1.2, label=self.line_name or None)
        axes.set_xticks(places, self.groups)
        axes.set(title=self.title, ylabel=self.y_label)
        axes.grid(axis="x", visible=False)
        if self.y_limits is not None:
            axes.set_ylim(self.y_limits)
        axes.margins(y=0.15)
        if any(series.name for series in self.series) or self.line_name:
            axes.legend(loc="upper left", bbox_to_anchor=(0, -0.1), ncols=2)
