"""Descent: the path of two weights over the heights of the loss."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.plots.colours import SERIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Descent(NamedTuple):
    """Heights (len(ys), len(xs)) of the loss over two weights, and the path (steps, 2) that descent took."""

    title: str
    x_label: str
    y_label: str
    xs: NDArray[np.floating]
    ys: NDArray[np.floating]
    heights: NDArray[np.floating]
    path: NDArray[np.floating]

    def draw(self, axes: "Axes") -> None:
        """Draw on `axes`."""
        low, high = float(self.heights.min()), float(self.heights.max())
        levels = low + (high - low) * np.linspace(0.01, 1, 16) ** 2
        axes.contour(self.xs, self.ys, self.heights, levels=levels, cmap="Greys", linewidths=0.8)
        axes.plot(self.path[:, 0], self.path[:, 1], "-o", color=SERIES[1], markersize=3, linewidth=1.2)
        axes.plot(*self.path[0], "s", color=SERIES[0], markersize=8)
        axes.plot(*self.path[-1], "*", color=SERIES[2], markersize=14)
        axes.set(title=self.title, xlabel=self.x_label, ylabel=self.y_label)
        axes.grid(visible=False)
