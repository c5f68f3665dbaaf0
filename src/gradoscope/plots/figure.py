"""A figure is one or more plots side by side."""

from math import ceil
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gradoscope.plots.style import styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANEL = (5.2, 3.9)  # inches


class Plot(Protocol):
    """Numbers that know how to draw themselves."""

    def draw(self, axes: "Axes") -> None:
        """Draw on `axes`."""


class Panels(NamedTuple):
    """Plots side by side, `columns` in a row."""

    plots: tuple[Plot, ...]
    columns: int = 2

    def draw(self) -> "Figure":
        """The figure."""
        from matplotlib.figure import Figure

        columns = min(self.columns, len(self.plots))
        rows = ceil(len(self.plots) / columns)
        with styled():
            figure = Figure(figsize=(PANEL[0] * columns, PANEL[1] * rows), layout="constrained")
            grid = figure.subplots(rows, columns, squeeze=False).ravel()
            for axes, plot in zip(grid, self.plots, strict=False):
                plot.draw(axes)
            for axes in grid[len(self.plots) :]:
                axes.set_axis_off()
        return figure
