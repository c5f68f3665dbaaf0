"""Networks: experiments as values, initialisers, and dense networks with a leading axis of members."""

from gradoscope.networks.experiment import Experiment, Layer, NetworkSpec
from gradoscope.networks.initialisers import initialisers
from gradoscope.networks.named import Named
from gradoscope.networks.network import (
    LayerParams,
    Moments,
    Moving,
    Params,
    Trace,
    activate,
    apply,
    apply_training,
    init,
    init_moving,
)
from gradoscope.networks.plan import Plan, Share, plan, shares
from gradoscope.networks.schedule import Schedule
from gradoscope.networks.training_spec import TrainingSpec

__all__ = [
    "Experiment",
    "Layer",
    "LayerParams",
    "Moments",
    "Moving",
    "Named",
    "NetworkSpec",
    "Params",
    "Plan",
    "Schedule",
    "Share",
    "Trace",
    "TrainingSpec",
    "activate",
    "apply",
    "apply_training",
    "init",
    "init_moving",
    "initialisers",
    "plan",
    "shares",
]
