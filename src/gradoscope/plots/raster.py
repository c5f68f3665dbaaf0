"""A raster: one cell per unit and epoch, alive or dead."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.plots.colours import INK, SERIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALIVE, DEAD = SERIES[5], INK


class Raster(NamedTuple):
    """dead (epochs, units), True where a unit is dead after an epoch; `mark` draws a line after that many epochs."""

    title: str
    x_label: str
    y_label: str
    dead: NDArray[np.bool_]
    mark: int | None = None

    def draw(self, axes: "Axes") -> None:
        """Draw on `axes`."""
        from matplotlib.colors import ListedColormap
        from matplotlib.ticker import MaxNLocator

        order = np.argsort(self.dead.sum(0), kind="stable")
        cells = self.dead[:, order].T.astype(float)
        axes.imshow(cells, aspect="auto", cmap=ListedColormap([ALIVE, DEAD]), vmin=0, vmax=1, interpolation="nearest")
        if self.mark is not None:
            axes.axvline(self.mark - 0.5, color=SERIES[1], linestyle="--", linewidth=1.5)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set(title=self.title, xlabel=self.x_label, ylabel=self.y_label)
        axes.grid(visible=False)
