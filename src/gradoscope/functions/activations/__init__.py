"""The pages of the catalogue of activations, read in the order in which they are listed."""

from importlib import import_module

from gradoscope.functions.activation import activations

__all__ = ["PAGES", "activations"]

PAGES = (
    "linear",
    "sigmoidal",
    "hard_sigmoidal",
    "rectifiers",
    "smooth_rectifiers",
    "gated",
    "gelu",
    "gated_twice",
    "shrinkage",
    "pairs",
    "vector",
    "groups",
)

for page in PAGES:
    import_module(f"{__name__}.{page}")
