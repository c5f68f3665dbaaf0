"""The ranking: every arm's test score with its interval, single runs as faint points, the constant answer as a line."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradoscope.comparison import ArmResult, Study
from gradoscope.comparison.metrics import METRICS
from gradoscope.language import say
from gradoscope.plots.colours import INK, MUTED, SERIES, SURFACE
from gradoscope.plots.labels import labels
from gradoscope.plots.numbers import metric_name, score
from gradoscope.plots.style import SMALL, TEXT, axis_names, canvas, drawing, fit, place, score_ticks

LOWEST_R2 = -1.0  # what is worse is drawn at the edge, or one arm that diverged would flatten all others
NARROW = 480.0  # below this width, a name stands above its row instead of beside it
TOP, BOTTOM, VALUE = 30.0, 42.0, 62.0
RUNS_BELOW = 0.27  # rows between an interval and the points of its single runs


class Row(NamedTuple):
    """One arm: mean and interval of its score, the score of each run, and whether the best arm beats it for sure."""

    name: str
    mean: float
    low: float
    high: float
    runs: NDArray[np.float64]
    beaten: bool


class Ranking(NamedTuple):
    """Best first; `baseline` is the score of the best constant answer."""

    rows: tuple[Row, ...]
    metric: str
    baseline: float

    def limits(self) -> tuple[float, float, bool]:
        """Where the axis begins and ends, and whether it reaches the baseline."""
        values = np.concatenate([[row.mean, row.low, row.high, *row.runs] for row in self.rows])
        values = np.clip(values[np.isfinite(values)], *self._possible())
        if not values.size:
            return self.baseline - 0.1, self.baseline + 0.1, True
        low, high = float(values.min()), float(values.max())
        room = max(high - low, 0.01)
        shown = self.baseline > low - 1.5 * room
        low = min(low, self.baseline) if shown else low
        margin = 0.05 * max(high - low, 0.01)
        return low - margin, high + margin, shown

    def _possible(self) -> tuple[float, float]:
        known = METRICS[self.metric]
        return max(known.low, LOWEST_R2), known.high

    @drawing
    def draw(self, width: float = 720.0) -> Figure:
        """Draw it `width` CSS pixels wide."""
        narrow = width < NARROW
        longest = max(len(fit(row.name, 48)) for row in self.rows)
        left, step = (4.0, 52.0) if narrow else (min(7.0 * longest + 24, 0.45 * width), 34.0)
        height = TOP + step * len(self.rows) + BOTTOM
        figure = canvas(width, height)
        axes = place(figure, left, TOP, width - left - VALUE, height - TOP - BOTTOM)
        low, high, reaches = self.limits()
        axes.set(xlim=(low, high), ylim=(len(self.rows) - 0.5, -0.5))
        self._dress(axes, narrow)
        self._draw_baseline(axes, reaches)
        for position, row in enumerate(self.rows):
            line = position + (0.14 if narrow else 0.0)
            _draw_row(axes, line, row, self._possible())
            value = score(self.metric, row.mean)
            beside(axes, value, line, 1.0, 14.0, color=MUTED if row.beaten else INK, fontweight="bold", ha="left")
        return figure

    def _dress(self, axes: Axes, narrow: bool) -> None:
        axes.spines["left"].set_visible(False)
        axes.grid(visible=False, axis="y")
        score_ticks(axes.xaxis, self.metric, 4 if narrow else 6)
        axis_names(axes, say("{metric} on test rows", metric=metric_name(self.metric)))
        axes.set_yticks([])
        for position, row in enumerate(self.rows):
            if narrow:
                beside(axes, fit(row.name, 44), position - 0.27, 0.0, 0.0, color=INK, ha="left")
            else:
                beside(axes, fit(row.name, 48), position, 0.0, -14.0, color=INK, ha="right")

    def _draw_baseline(self, axes: Axes, reaches: bool) -> None:
        text = say("baseline {score}", score=score(self.metric, self.baseline))
        if not reaches:
            axes.text(0.0, 1.0, f"◂ {text}", transform=axes.transAxes, fontsize=SMALL, color=MUTED, va="bottom")
            return
        axes.axvline(self.baseline, color=MUTED, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
        low, high = axes.get_xlim()
        right = self.baseline > (low + high) / 2
        axes.annotate(
            text,
            (self.baseline, 1.0),
            xycoords=axes.get_xaxis_transform(),
            textcoords="offset points",
            xytext=(-4 if right else 0, 6),
            ha="right" if right else "left",
            fontsize=SMALL,
            color=MUTED,
        )


def beside(axes: Axes, text: str, position: float, side: float, gap: float, **style: Any) -> None:
    """Text at the height of a row, `gap` pixels from the left (0) or right (1) end of the axes."""
    written = axes.annotate(
        text,
        (side, position),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        xytext=(gap, 0),
        va="center",
        fontsize=TEXT,
        annotation_clip=False,
        **style,
    )
    written.set_parse_math(False)


def _draw_row(axes: Axes, position: float, row: Row, possible: tuple[float, float]) -> None:
    if not np.isfinite(row.mean):
        middle = float(np.mean(axes.get_xlim()))
        text = say("no finite score")
        axes.text(middle, position, text, ha="center", va="center", fontsize=SMALL, color=MUTED, style="italic")
        return
    colour, edge = (MUTED if row.beaten else SERIES[0]), axes.get_xlim()[0]
    low, mean, high = np.clip([row.low, row.mean, row.high], *possible)
    runs = np.clip(row.runs[np.isfinite(row.runs)], *possible)
    below = np.full(len(runs), position + RUNS_BELOW)
    axes.plot(runs, below, "o", color=MUTED, alpha=0.45, markersize=4, zorder=2, markeredgewidth=0)
    if np.isfinite(low):
        axes.plot([low, high], [position, position], color=colour, linewidth=2.2, zorder=3)
    if row.mean < possible[0]:
        axes.plot([edge], [position], marker="<", color=colour, markersize=8, clip_on=False, zorder=4)
        return
    face = SURFACE if row.beaten else colour
    axes.plot([mean], [position], "o", color=colour, markerfacecolor=face, markersize=8.5, markeredgewidth=2, zorder=4)


def ranking(study: Study) -> Ranking:
    """The ranking of a study."""
    rows = (_row(result, label.full) for result, label in zip(study.arms, labels(study), strict=True))
    return Ranking(tuple(rows), study.metric, study.baseline)


def _row(result: ArmResult, name: str) -> Row:
    mean, low, high = result.score[:3]
    bounds = (np.nan if low is None else low, np.nan if high is None else high)
    return Row(name, mean, *bounds, result.test_scores, result.beaten)
