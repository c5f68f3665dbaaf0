"""Networks: experiments as values, initialisers, and dense networks with a leading axis of members."""

from gradoscope.networks.experiment import Experiment, Layer, NetworkSpec, TrainingSpec
from gradoscope.networks.initialisers import initialisers
from gradoscope.networks.named import Named
from gradoscope.networks.network import (
    LayerParams,
    Moments,
    Moving,
    Params,
    Plan,
    Share,
    Trace,
    activate,
    apply,
    apply_training,
    init,
    init_moving,
    plan,
    shares,
)

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
