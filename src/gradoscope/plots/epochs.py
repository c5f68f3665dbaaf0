"""What the plots over epochs share: runs of different lengths side by side."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from gradoscope.plots.style import few_ticks, log_ticks

POINTS = 150  # of a curve that is drawn; more would only make the file larger


def together(curves: Sequence[NDArray[np.floating]]) -> NDArray[np.float64]:
    """Curves of different lengths, each (epochs, ...), as one array (runs, most epochs, ...) that ends in NaN.

    Examples
    --------
    >>> together([np.array([2.0, 1.0]), np.array([3.0])])
    array([[ 2.,  1.],
           [ 3., nan]])
    """
    longest = max(len(curve) for curve in curves)
    full = np.full((len(curves), longest, *curves[0].shape[1:]), np.nan)
    for run, curve in enumerate(curves):
        full[run, : len(curve)] = np.where(np.isfinite(curve), curve, np.nan)
    return full


def typical(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The median over the runs (first axis) for as long as at least half of them go on, NaN after that.

    A run that has ended counts with its last value: the median must not jump because a good or bad run is over.

    Examples
    --------
    >>> typical(np.array([[3.0, 1.0, 1.0], [2.0, 2.0, np.nan], [1.0, np.nan, np.nan]]))
    array([ 2.,  1., nan])
    """
    going = 2 * np.isfinite(values).sum(0) >= len(values)
    epochs = np.arange(values.shape[1]).reshape(1, -1, *[1] * (values.ndim - 2))
    last = np.maximum.accumulate(np.where(np.isfinite(values), epochs, 0), axis=1)
    held = np.take_along_axis(values, last, axis=1)
    middle = np.full(values.shape[1:], np.nan)
    middle[going] = np.nanmedian(held[:, going], axis=0)
    return middle


def span(values: Sequence[NDArray[np.float64]]) -> tuple[float, float] | None:
    """Smallest and largest value that a shared axis should show; None where nothing is finite.

    One arm that diverged must not flatten all others: values beyond ten times the middle arm's largest are cut off.
    """
    largest = [float(each[np.isfinite(each)].max()) for each in values if np.isfinite(each).any()]
    if not largest:
        return None
    smallest = min(float(each[np.isfinite(each)].min()) for each in values if np.isfinite(each).any())
    return smallest, min(max(largest), 10 * float(np.median(largest))) if np.median(largest) > 0 else max(largest)


def scale(axes: Axes, low: float, high: float) -> None:
    """Show `low` to `high` on the vertical axis, logarithmic where they are positive and far apart."""
    if low > 0 and high / low > 8:
        log_ticks(axes.yaxis, low / 1.15, high * 1.15)
        return
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    axes.set_ylim(low - margin, high + margin)
    few_ticks(axes.yaxis, 4)


def line(axes: Axes, values: NDArray[np.float64], *, colour: str, width: float, alpha: float = 1.0) -> None:
    """Values over epochs 1, 2, ..., thinned to what can be seen."""
    epochs = np.arange(1, len(values) + 1)
    shown = np.unique(np.linspace(0, len(values) - 1, min(POINTS, len(values))).round().astype(int))
    axes.plot(epochs[shown], values[shown], color=colour, linewidth=width, alpha=alpha)


def epoch_axis(axes: Axes, epochs: int) -> None:
    """The axis of epochs, from 1 to the last."""
    axes.set_xlim(1 - 0.02 * epochs, max(epochs, 2) * 1.02)
    few_ticks(axes.xaxis, 4, integer=True)
