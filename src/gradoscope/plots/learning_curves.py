"""Learning curves: training and validation loss over epochs, one panel per arm, one thin line per run."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradoscope.comparison import ArmResult, Study
from gradoscope.language import say
from gradoscope.plots.colours import SERIES
from gradoscope.plots.epochs import epoch_axis, line, scale, span, together, typical
from gradoscope.plots.labels import Label, labels
from gradoscope.plots.style import axis_names, drawing, grid, nothing

VALIDATION, TRAINING = SERIES[0], SERIES[1]


class ArmCurves(NamedTuple):
    """Losses of one arm, (runs, epochs) and NaN where a run has ended; the epoch (from 1) that each run kept."""

    label: Label
    loss: str
    training: NDArray[np.float64]
    validation: NDArray[np.float64]
    kept: tuple[int, ...]

    def sentence(self) -> str:
        """What the panel shows."""
        middle = typical(self.validation)
        if not np.isfinite(middle).any():
            return say("{name}: no finite validation loss.", name=self.label.full)
        lowest = int(np.nanargmin(middle))
        return say(
            "{name}: the median validation loss falls from {first} to {lowest} at epoch {epoch}.",
            name=self.label.full,
            first=f"{middle[np.isfinite(middle)][0]:.3g}",
            lowest=f"{middle[lowest]:.3g}",
            epoch=lowest + 1,
        )


class LearningCurves(NamedTuple):
    """One entry per arm, best first."""

    arms: tuple[ArmCurves, ...]

    @drawing
    def draw(self, columns: int = 4) -> Figure:
        """Draw small multiples; arms with the same loss share their axis."""
        figure, panels = grid([arm.label[1:] for arm in self.arms], columns)
        epochs = max(arm.training.shape[1] for arm in self.arms)
        for axes, arm in zip(panels, self.arms, strict=True):
            epoch_axis(axes, epochs)
            limits = _limits([other for other in self.arms if other.loss == arm.loss])
            scale(axes, *limits)
            axis_names(axes, say("epoch"), say("loss"))
            _draw(axes, arm)
            if not np.isfinite([arm.training, arm.validation]).any():
                nothing(axes)
        return figure


def _limits(arms: Sequence[ArmCurves]) -> tuple[float, float]:
    """The validation losses decide; training losses may fall out of sight below a fifth of the smallest of them."""
    validation = span([arm.validation for arm in arms])
    both = span([np.concatenate([arm.validation, arm.training]) for arm in arms])
    if validation is None or both is None:
        return 0.0, 1.0
    return max(both[0], validation[0] / 5) if validation[0] > 0 else both[0], both[1]


def _draw(axes: Axes, arm: ArmCurves) -> None:
    for colour, curves in ((TRAINING, arm.training), (VALIDATION, arm.validation)):
        for run in curves:
            line(axes, run, colour=colour, width=0.8, alpha=0.4)
        line(axes, typical(curves), colour=colour, width=2.0)
    kept = [(epoch, run[epoch - 1]) for epoch, run in zip(arm.kept, arm.validation, strict=True) if epoch > 0]
    if kept:
        axes.plot(*zip(*kept, strict=True), "o", color=VALIDATION, markersize=4, markeredgewidth=0, zorder=4)


def learning_curves(study: Study) -> LearningCurves:
    """The learning curves of every arm at its chosen learning rate."""
    return LearningCurves(tuple(map(_curves, study.arms, labels(study))))


def _curves(result: ArmResult, label: Label) -> ArmCurves:
    runs = [member.run for member in result.members]
    return ArmCurves(
        label,
        result.arm.loss,
        together([run.curves.train_loss for run in runs]),
        together([run.curves.validation_loss for run in runs]),
        tuple(run.best_epoch for run in runs),
    )
