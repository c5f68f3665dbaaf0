"""Paired differences: every arm against the best one, with its interval, the differences of single seeds, and zero."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradoscope.comparison import ArmResult, Interval, Study
from gradoscope.language import say
from gradoscope.plots.colours import GRID, INK, MUTED, SERIES, SURFACE
from gradoscope.plots.labels import labels
from gradoscope.plots.numbers import change
from gradoscope.plots.ranking import BOTTOM, NARROW, RUNS_BELOW, TOP, VALUE, beside
from gradoscope.plots.style import axis_names, canvas, drawing, few_ticks, fit, place


class Gap(NamedTuple):
    """One arm minus the best: mean, interval, one difference per seed, and whether it is beaten for sure."""

    name: str
    mean: float
    low: float
    high: float
    runs: NDArray[np.float64]
    beaten: bool


class Differences(NamedTuple):
    """One entry per arm below the best; `margin` is the difference that does not matter, or NaN."""

    gaps: tuple[Gap, ...]
    best: str
    metric: str
    margin: float

    def sentence(self) -> str:
        """What the plot shows."""
        rows = "; ".join(f"{gap.name} {change(self.metric, gap.mean)}" for gap in self.gaps)
        return say("Difference from {best}, paired by seed: {rows}.", best=self.best, rows=rows)

    @drawing
    def draw(self, width: float = 720.0) -> Figure:
        """Draw it `width` CSS pixels wide."""
        narrow = width < NARROW
        longest = max(len(fit(gap.name, 48)) for gap in self.gaps)
        left, step = (4.0, 52.0) if narrow else (min(7.0 * longest + 24, 0.45 * width), 34.0)
        height = TOP + step * len(self.gaps) + BOTTOM
        figure = canvas(width, height)
        axes = place(figure, left, TOP, width - left - VALUE, height - TOP - BOTTOM)
        values = np.concatenate([[0.0, gap.mean, gap.low, gap.high, *gap.runs] for gap in self.gaps])
        finite = values[np.isfinite(values)]
        room = 0.05 * max(float(np.ptp(finite)), 1e-3)
        axes.set(xlim=(finite.min() - room, finite.max() + room), ylim=(len(self.gaps) - 0.5, -0.5), yticks=[])
        axes.spines["left"].set_visible(False)
        axes.grid(visible=False, axis="y")
        few_ticks(axes.xaxis, 4 if narrow else 6)
        axes.xaxis.set_major_formatter(lambda value, _: change(self.metric, value))
        axis_names(axes, say("difference from {best}", best=fit(self.best, 40)))
        axes.axvline(0, color=INK, linewidth=1.2, zorder=1)
        if np.isfinite(self.margin):
            axes.axvspan(-self.margin, self.margin, color=GRID, zorder=0, linewidth=0)
        for position, gap in enumerate(self.gaps):
            self._draw_gap(axes, position, gap, narrow=narrow)
        return figure

    def _draw_gap(self, axes: Axes, position: int, gap: Gap, *, narrow: bool) -> None:
        line, colour = position + (0.14 if narrow else 0.0), SERIES[1] if gap.beaten else SERIES[0]
        name, side = (fit(gap.name, 44), position - 0.27) if narrow else (fit(gap.name, 48), float(position))
        beside(axes, name, side, 0.0, 0.0 if narrow else -14.0, color=INK, ha="left" if narrow else "right")
        if not np.isfinite(gap.mean):
            return
        runs = gap.runs[np.isfinite(gap.runs)]
        below = np.full(len(runs), line + RUNS_BELOW)
        axes.plot(runs, below, "o", color=MUTED, alpha=0.45, markersize=4, markeredgewidth=0)
        axes.plot([gap.low, gap.high], [line, line], color=colour, linewidth=2.2)
        face = SURFACE if gap.beaten else colour
        axes.plot([gap.mean], [line], "o", color=colour, markerfacecolor=face, markersize=8.5, markeredgewidth=2)
        beside(axes, change(self.metric, gap.mean), line, 1.0, 14.0, color=INK, fontweight="bold", ha="left")


def paired_differences(study: Study) -> Differences:
    """The differences of a study with two or more arms."""
    named = labels(study)
    margin = study.settings.equivalence
    others = [(result, label.full) for result, label in zip(study.arms, named, strict=True)]
    return Differences(
        tuple(
            _gap(result, gap, name, study.arms[0])
            for result, name in others
            if (gap := result.difference_from_best) is not None
        ),
        named[0].full,
        study.metric,
        np.nan if margin is None else margin,
    )


def _gap(result: ArmResult, gap: Interval, name: str, best: ArmResult) -> Gap:
    low, high = (np.nan if end is None else end for end in (gap.low, gap.high))
    return Gap(name, gap.mean, low, high, result.test_scores - best.test_scores, result.beaten)
