"""Gradoscope: which activation and which loss, and why is it not learning? Measured, on your own data."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_LAZY = {  # name: the module that has it, imported when it is first asked for
    "NetworkClassifier": "gradoscope.estimators",
    "NetworkRegressor": "gradoscope.estimators",
    "watch": "gradoscope.bridges.watch",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])
