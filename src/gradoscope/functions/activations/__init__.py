"""The pages of the catalogue of activations, in the order in which they are listed."""

from gradoscope.functions.activation import activations
from gradoscope.functions.activations import gated, linear, rectifiers, shrinkage, sigmoidal, vector

__all__ = ["activations", "gated", "linear", "rectifiers", "shrinkage", "sigmoidal", "vector"]
