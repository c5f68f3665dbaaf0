"""A decision boundary: what a network says at every point of a plane, and the data on it."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.plots.colours import SERIES
from gradoscope.plots.figure import MARKERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Boundary(NamedTuple):
    """Points (rows, 2) of two classes, over the output `values` (len(ys), len(xs)), from 0 to 1."""

    title: str
    xs: NDArray[np.floating]
    ys: NDArray[np.floating]
    values: NDArray[np.floating]
    points: NDArray[np.floating]
    classes: NDArray[np.integer]

    def draw(self, axes: "Axes") -> None:
        """Draw on `axes`."""
        axes.contourf(self.xs, self.ys, self.values, levels=np.linspace(0, 1, 11), cmap="RdBu_r", alpha=0.5)
        if self.values.min() < 0.5 < self.values.max():
            axes.contour(self.xs, self.ys, self.values, levels=[0.5], colors="black", linewidths=1.5)
        for label in (0, 1):
            chosen = self.points[self.classes == label]
            axes.scatter(
                chosen[:, 0], chosen[:, 1], s=26, color=SERIES[label], marker=MARKERS[label], edgecolor="white",
                linewidth=0.5, zorder=3,
            )  # fmt: skip
        axes.set(title=self.title, xlabel="$x_1$", ylabel="$x_2$")
        axes.grid(visible=False)


def plane(points: NDArray[np.floating], margin: float = 0.3, size: int = 80) -> tuple[NDArray[np.float32], ...]:
    """Axes (size,) and (size,) around the points, and every point of their grid, (size * size, 2)."""
    low, high = points.min(0) - margin, points.max(0) + margin
    xs, ys = (np.linspace(low[axis], high[axis], size, dtype=np.float32) for axis in (0, 1))
    grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    return xs, ys, grid
