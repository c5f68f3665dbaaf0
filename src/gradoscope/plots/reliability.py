"""Reliability: how often answers are right against how sure the network was of them, one panel per arm."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradoscope.comparison import MemberResult, Study
from gradoscope.comparison.judging import BINS
from gradoscope.language import say
from gradoscope.plots.colours import FAINT, MUTED, SERIES
from gradoscope.plots.labels import Label, labels
from gradoscope.plots.numbers import score
from gradoscope.plots.style import axis_names, drawing, grid, score_ticks


class Reliability(NamedTuple):
    """Per arm and bin of confidence, over all its runs: shape (arms, bins); NaN where no row is so sure."""

    labels: tuple[Label, ...]
    confidence: NDArray[np.float64]
    right: NDArray[np.float64]
    rows: NDArray[np.float64]

    def error(self, arm: int) -> float:
        """The expected calibration error over all runs of an arm."""
        gaps = np.abs(self.confidence[arm] - self.right[arm])
        return float(np.nansum(gaps * self.rows[arm]) / max(self.rows[arm].sum(), 1))

    def sentence(self, arm: int) -> str:
        """What the panel of an arm shows."""
        sure = float(np.nansum(self.confidence[arm] * self.rows[arm]) / max(self.rows[arm].sum(), 1))
        true = float(np.nansum(self.right[arm] * self.rows[arm]) / max(self.rows[arm].sum(), 1))
        return say(
            "{name}: {sure} sure on average, and right {right} of the time; calibration error {error}.",
            name=self.labels[arm].full,
            sure=score("accuracy", sure),
            right=score("accuracy", true),
            error=score("calibration_error", self.error(arm)),
        )

    @drawing
    def draw(self, columns: int = 4) -> Figure:
        """Draw small multiples: on the diagonal, confidence is deserved; a dot's size is its share of rows."""
        figure, panels = grid([label[1:] for label in self.labels], columns)
        for arm, axes in enumerate(panels):
            axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
            axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=(0, (4, 3)))
            known = self.rows[arm] > 0
            sizes = 8 + 90 * self.rows[arm][known] / max(self.rows[arm].sum(), 1)
            axes.plot(self.confidence[arm][known], self.right[arm][known], color=SERIES[0], linewidth=1.5)
            axes.scatter(self.confidence[arm][known], self.right[arm][known], s=sizes, color=SERIES[0], zorder=3)
            error = score("calibration_error", self.error(arm))
            axes.text(0.02, 0.94, error, transform=axes.transAxes, va="top", fontsize=11, color=MUTED)
            for axis in (axes.xaxis, axes.yaxis):
                score_ticks(axis, "accuracy", 2)
            axis_names(axes, say("confidence"), say("right"))
        return figure


def reliability(study: Study) -> Reliability | None:
    """The reliability of every arm at its chosen rates; None where answers have no confidence."""
    if study.task == "regression":
        return None
    bins = np.stack([_bins(result.members) for result in study.arms])
    rows = bins[:, :, 0]
    with np.errstate(invalid="ignore"):
        means = np.where(rows[:, :, None] > 0, bins[:, :, 1:] / rows[:, :, None], np.nan)
    return Reliability(labels(study), means[:, :, 0], means[:, :, 1], rows)


def _bins(members: Sequence[MemberResult]) -> NDArray[np.float64]:
    known = [member.test.reliability for member in members if member.test.reliability is not None]
    total: NDArray[np.float64] = np.sum(known, axis=0) if known else np.zeros((BINS, 3))
    return total
