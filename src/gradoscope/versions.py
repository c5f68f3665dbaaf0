"""What a result depends on besides its experiment."""

import platform
from importlib.metadata import version

LIBRARIES = ("gradoscope", "jax", "optax", "numpy", "scipy", "scikit-learn", "polars")


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that a result depends on."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}
