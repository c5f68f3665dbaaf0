"""Training: from an experiment and its data to a run."""

from gradoscope.training.checkpoint import Checkpoint, begun
from gradoscope.training.evaluation import outputs
from gradoscope.training.fit import fit, fit_population, prepared_for, streamed_for
from gradoscope.training.models import Model, from_arrays, to_arrays
from gradoscope.training.run import Curves, Outcome, Run, metric_of
from gradoscope.training.scores import baseline, labels, score
from gradoscope.training.signals import Signals

__all__ = [
    "Checkpoint",
    "Curves",
    "Model",
    "Outcome",
    "Run",
    "Signals",
    "baseline",
    "begun",
    "fit",
    "fit_population",
    "from_arrays",
    "labels",
    "metric_of",
    "outputs",
    "prepared_for",
    "score",
    "streamed_for",
    "to_arrays",
]
