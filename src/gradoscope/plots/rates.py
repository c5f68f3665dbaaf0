"""Sensitivity: the validation score of every arm over the grid of learning rates."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from numpy.typing import NDArray

from gradoscope.comparison import Study
from gradoscope.comparison.metrics import METRICS
from gradoscope.language import say
from gradoscope.plots.colours import FAINT, MUTED, SERIES, SURFACE
from gradoscope.plots.labels import Label, labels
from gradoscope.plots.numbers import metric_name, score
from gradoscope.plots.ranking import LOWEST_R2
from gradoscope.plots.style import axis_names, drawing, grid, nothing, plain, score_ticks


class Sensitivity(NamedTuple):
    """Mean validation scores, (arms, rates), NaN where a network had none; and which rate each arm was given."""

    labels: tuple[Label, ...]
    rates: NDArray[np.float64]
    scores: NDArray[np.float64]
    chosen: tuple[int, ...]
    metric: str

    def sentence(self, arm: int) -> str:
        """What the panel of an arm shows."""
        own = self.scores[arm][np.isfinite(self.scores[arm])]
        if not own.size:
            return say("{name}: no learning rate gave a finite score.", name=self.labels[arm].full)
        return say(
            "{name}: from {lowest} to {highest} over the grid; the rate {rate} was chosen most often.",
            name=self.labels[arm].full,
            lowest=score(self.metric, float(own.min())),
            highest=score(self.metric, float(own.max())),
            rate=plain(self.rates[self.chosen[arm]]),
        )

    @drawing
    def draw(self, columns: int = 4) -> Figure:
        """Draw small multiples, each with the other arms faint behind its own line."""
        figure, panels = grid([label[1:] for label in self.labels], columns)
        shown = np.maximum(self.scores, max(METRICS[self.metric].low, LOWEST_R2))
        for arm, axes in enumerate(panels):
            self._dress(axes, shown)
            for other in np.delete(shown, arm, axis=0):
                axes.plot(self.rates, other, color=FAINT, linewidth=1, alpha=0.6)
            self._draw_own(axes, shown[arm], self.chosen[arm])
        return figure

    def _dress(self, axes: Axes, shown: NDArray[np.float64]) -> None:
        axes.set_xscale("log")
        margin = (self.rates.max() / self.rates.min()) ** 0.07
        axes.set_xlim(self.rates.min() / margin, self.rates.max() * margin)
        ticks = self.rates if len(self.rates) <= 3 else self.rates[:: -(-len(self.rates) // 3)]
        axes.xaxis.set_major_locator(FixedLocator(list(ticks)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: plain(float(f"{value:.3g}"))))
        finite = shown[np.isfinite(shown)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        room = 0.08 * max(high - low, 0.01)
        axes.set_ylim(low - room, high + room)
        score_ticks(axes.yaxis, self.metric)
        axis_names(axes, say("learning rate"), metric_name(self.metric))

    def _draw_own(self, axes: Axes, scores: NDArray[np.float64], chosen: int) -> None:
        axes.plot(self.rates, scores, "o-", color=SERIES[0], linewidth=2, markersize=4, markeredgewidth=0)
        ring: dict[str, Any] = {"markerfacecolor": SURFACE, "markersize": 9, "markeredgewidth": 2, "zorder": 4}
        axes.plot([self.rates[chosen]], [scores[chosen]], "o", color=SERIES[0], **ring)
        if not np.isfinite(scores).any():
            nothing(axes)
        missing = self.rates[~np.isfinite(scores)]
        floor = axes.get_ylim()[0]
        axes.plot(missing, np.full(len(missing), floor), "x", color=MUTED, markersize=6, clip_on=False, zorder=4)


def sensitivity(study: Study) -> Sensitivity:
    """The sensitivity of every arm of a study to its learning rate."""
    rates = np.array(study.settings.learning_rates)
    order = np.argsort(rates)
    return Sensitivity(
        labels(study),
        rates[order],
        np.stack([np.asarray(result.by_rate, np.float64)[order] for result in study.arms]),
        tuple(int(np.searchsorted(rates[order], result.learning_rate)) for result in study.arms),
        study.metric,
    )
