"""Calling scikit-learn's loaders and generators (and our own) by name, with their own arguments."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sklearn.datasets
from sklearn.utils import Bunch

from gradoscope.data.dataset import numbered_names
from gradoscope.data.source import Source
from gradoscope.data.targets import RawTarget
from gradoscope.errors import UsageError
from gradoscope.language import say
from gradoscope.records import nearest


def sklearn_names() -> tuple[str, ...]:
    """Every loader and generator of scikit-learn that needs no network."""
    return tuple(name for name in sklearn.datasets.__all__ if name.startswith(("load_", "make_")))


def from_sklearn(name: str, options: Mapping[str, object], scaling: str = "standard") -> Source:
    """The data of `sklearn.datasets.<name>(**options)`; where it takes a random_state, 0 unless given.

    Raises
    ------
    UsageError
        An option that the function does not take, or a function that does not return rows with a target.
    """
    return generate(name, getattr(sklearn.datasets, name), options, scaling)


def generate(name: str, make: Callable[..., Any], options: Mapping[str, object], scaling: str = "standard") -> Source:
    """The data that `make(**options)` returns, as (X, y) or as a scikit-learn Bunch."""
    known = inspect.signature(make).parameters
    for option in options:
        if option not in known:
            raise UsageError(
                say("{name} has no option {option!r}. {hint}", name=name, option=option, hint=nearest(option, known))
            )
    seeded = {"random_state": 0, **options} if "random_state" in known else dict(options)
    try:
        made = make(**seeded)
    except (TypeError, ValueError) as error:
        raise UsageError(
            say(
                "{name} does not accept these options ({options}): {error}",
                name=name,
                options=_written(options),
                error=error,
            )
        ) from None
    source = _source(name, made, scaling)
    if source is None:
        raise UsageError(
            say(
                "{name} does not return rows with a target with these options ({options}); choose other options "
                "or other data.",
                name=name,
                options=_written(options),
            )
        )
    return source


def _written(options: Mapping[str, object]) -> str:
    return ", ".join(f"{key} = {value!r}" for key, value in options.items())


def _source(name: str, made: object, scaling: str) -> Source | None:
    names = class_names = target_names = None
    if isinstance(made, Bunch):
        names, class_names, target_names = (made.get(key) for key in ("feature_names", "target_names", "target_names"))
        made = made.get("data"), made.get("target")
    if not isinstance(made, tuple) or len(made) != 2 or not all(isinstance(each, np.ndarray) for each in made):
        return None
    inputs, target = made
    if inputs.ndim != 2 or target.ndim not in (1, 2) or len(inputs) != len(target):
        return None
    rows = np.arange(1, len(target) + 1)
    if target.ndim == 2:
        outputs = tuple(target_names) if target_names is not None else _output_names(target.shape[1])
        return Source(inputs, RawTarget(target, outputs, rows, name), _input_names(names, inputs), scaling)
    classes = None if class_names is None or target.dtype.kind != "i" else tuple(str(each) for each in class_names)
    return Source(inputs, RawTarget(target, ("y",), rows, name, classes), _input_names(names, inputs), scaling)


def _input_names(names: Any, inputs: np.ndarray[Any, Any]) -> tuple[str, ...]:
    return numbered_names(inputs.shape[1]) if names is None else tuple(str(each) for each in names)


def _output_names(count: int) -> tuple[str, ...]:
    return tuple(f"y{position + 1}" for position in range(count))
