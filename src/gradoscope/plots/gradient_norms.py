"""Gradient norm per layer over epochs: where it fades or explodes on the way back to the first layer."""

from statistics import mode
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradoscope.comparison import ArmResult, Study
from gradoscope.language import say
from gradoscope.plots.colours import depth
from gradoscope.plots.epochs import epoch_axis, line, scale, span, together, typical
from gradoscope.plots.labels import Label, labels
from gradoscope.plots.style import axis_names, drawing, grid, nothing

DECADES = 8  # that are shown below the largest norm; a gradient of zero is drawn at the lower edge


class GradientNorms(NamedTuple):
    """For every arm the median norm over its runs, (epochs, layers), from the first layer to the output."""

    labels: tuple[Label, ...]
    norms: tuple[NDArray[np.float64], ...]

    def sentence(self, arm: int) -> str:
        """What the panel of an arm shows."""
        norms = self.norms[arm][np.isfinite(self.norms[arm]).all(1)]
        if not len(norms):
            return say("{name}: no finite gradients.", name=self.labels[arm].full)
        return say(
            "{name}: in the last epoch {first} in the first layer and {last} in the output layer.",
            name=self.labels[arm].full,
            first=f"{norms[-1, 0]:.2g}",
            last=f"{norms[-1, -1]:.2g}",
        )

    @drawing
    def draw(self, columns: int = 4) -> Figure:
        """Draw small multiples with one line per layer, on one logarithmic axis."""
        figure, panels = grid([label[1:] for label in self.labels], columns)
        positive = [np.where(norms > 0, norms, np.nan) for norms in self.norms]
        limits = span(positive)
        low, high = (0.1, 1.0) if limits is None else limits
        low = max(low, high / 10**DECADES)
        for axes, norms in zip(panels, self.norms, strict=True):
            epoch_axis(axes, max(len(each) for each in self.norms))
            scale(axes, low, high)
            axis_names(axes, say("epoch"), say("gradient norm"))
            _draw(axes, np.maximum(norms, low))
            if not np.isfinite(norms).any():
                nothing(axes)
        return figure


def _draw(axes: Axes, norms: NDArray[np.float64]) -> None:
    for layer, colour in enumerate(depth(norms.shape[1])):
        line(axes, norms[:, layer], colour=colour, width=1.8)


def gradient_norms(study: Study) -> GradientNorms:
    """The gradient norms of every arm as chosen; where depth is tuned, of the runs of the depth chosen most often."""
    return GradientNorms(labels(study), tuple(map(_median, study.arms)))


def _median(result: ArmResult) -> NDArray[np.float64]:
    norms = [np.asarray(member.run.signals.gradient_norm) for member in result.members]
    layers = mode(own.shape[1] for own in norms)
    return typical(together([own for own in norms if own.shape[1] == layers]))
