"""Activations and losses: two catalogues, each entry with its value, derivative, facts and guidance.

Examples
--------
>>> from gradoscope.functions import activations, losses
>>> activations["SiLU"].name, losses["BCEWithLogitsLoss"].name
('silu', 'binary_cross_entropy')
"""

from gradoscope.functions.activation import Activation
from gradoscope.functions.activations import activations
from gradoscope.functions.loss import Loss
from gradoscope.functions.losses import losses

__all__ = ["Activation", "Loss", "activations", "losses"]
