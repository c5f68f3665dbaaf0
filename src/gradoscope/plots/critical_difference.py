"""The critical-difference diagram: average ranks over data sets; a bar joins arms that are not told apart."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradoscope.comparison import Across
from gradoscope.language import say
from gradoscope.plots.colours import FAINT, INK, MUTED, SERIES
from gradoscope.plots.style import SMALL, TEXT, canvas, drawing, fit, place

TOP, ROW, SIDE = 62.0, 20.0, 190.0
BARS = 11.0  # between two bars


class CriticalDifference(NamedTuple):
    """Average ranks, best first, how far two of them must be apart, and the groups that are not told apart."""

    arms: tuple[str, ...]
    ranks: tuple[float, ...]
    critical: float
    groups: tuple[tuple[float, float], ...]

    def sentence(self) -> str:
        """What the diagram shows."""
        ranks = "; ".join(f"{arm} {rank:.2f}" for arm, rank in zip(self.arms, self.ranks, strict=True))
        return say(
            "Average ranks, best first: {ranks}. Critical difference: {critical}.",
            ranks=ranks,
            critical=f"{self.critical:.2f}",
        )

    @drawing
    def draw(self, width: float = 720.0) -> Figure:
        """Draw it `width` CSS pixels wide, names to the left for the better half, to the right for the others."""
        half = (len(self.arms) + 1) // 2
        below = 14 + BARS * len(self.groups)
        height = TOP + below + ROW * half + 12
        figure = canvas(width, height)
        side = min(SIDE, 0.3 * width)
        axes = place(figure, side, TOP, width - 2 * side, height - TOP - 4)
        low, high = 1.0, float(len(self.arms))
        axes.set(xlim=(low, high), ylim=(height - TOP - 4, 0))
        for spine in ("left", "bottom", "right"):
            axes.spines[spine].set_visible(False)
        axes.spines["top"].set(visible=True, color=MUTED)
        axes.grid(visible=False)
        axes.xaxis.tick_top()
        axes.set_xticks(np.arange(1, len(self.arms) + 1))
        axes.set_yticks([])
        axes.set_title(say("average rank (1 is best)"), fontsize=SMALL, color=MUTED, pad=24)
        for number, (first, last) in enumerate(self.groups):
            axes.plot([first - 0.04, last + 0.04], [12 + BARS * number] * 2, color=SERIES[0], linewidth=4)
        for number, (arm, rank) in enumerate(zip(self.arms, self.ranks, strict=True)):
            left = number < half
            self._name(axes, arm, rank, below + ROW * (number if left else len(self.arms) - 1 - number), left=left)
        reach = [low, min(low + self.critical, high)]
        axes.plot(reach, [-38, -38], color=INK, linewidth=1.5, clip_on=False)
        axes.text(reach[1], -38, f"  CD {self.critical:.2f}", fontsize=SMALL, color=INK, va="center", clip_on=False)
        return figure

    def _name(self, axes: Axes, arm: str, rank: float, down: float, *, left: bool) -> None:
        edge = 1.0 if left else float(len(self.arms))
        axes.plot([rank, rank, edge], [0, down, down], color=FAINT, linewidth=1, clip_on=False, zorder=1)
        axes.plot([rank], [0], "o", color=SERIES[0], markersize=5, clip_on=False, zorder=3)
        written = axes.annotate(
            f"{fit(arm, 22)}  {rank:.2f}" if left else f"{rank:.2f}  {fit(arm, 22)}",
            (edge, down),
            textcoords="offset points",
            xytext=(-6 if left else 6, 0),
            ha="right" if left else "left",
            va="center",
            fontsize=TEXT,
            color=INK,
            annotation_clip=False,
        )
        written.set_parse_math(False)


def critical_difference(found: Across) -> CriticalDifference:
    """The diagram of several data sets."""
    ranks = found.average_ranks.tolist()
    critical = found.friedman.critical_difference
    return CriticalDifference(found.arms, tuple(ranks), critical, _groups(ranks, critical))


def _groups(ranks: list[float], critical: float) -> tuple[tuple[float, float], ...]:
    """The longest runs of neighbours whose ends are closer than the critical difference."""
    spans: list[tuple[float, float]] = []
    for first in ranks:
        last = max(rank for rank in ranks if rank - first <= critical)
        if last > first and (not spans or last > spans[-1][1]):
            spans.append((first, last))
    return tuple(spans)
