"""The pages of the catalogue of losses, read in the order in which they are listed."""

from importlib import import_module

from gradoscope.functions.loss import losses

__all__ = ["PAGES", "losses"]

PAGES = (
    "regression",
    "robust",
    "scale",
    "binary",
    "margins",
    "multiclass",
    "softmax_family",
    "classes",
    "segmentation",
    "boxes",
    "ranking",
    "batches",
    "sequences",
)

for page in PAGES:
    import_module(f"{__name__}.{page}")
