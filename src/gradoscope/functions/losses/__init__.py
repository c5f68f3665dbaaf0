"""The pages of the catalogue of losses, in the order in which they are listed."""

from gradoscope.functions.loss import losses
from gradoscope.functions.losses import binary, multiclass, regression

__all__ = ["binary", "losses", "multiclass", "regression"]
