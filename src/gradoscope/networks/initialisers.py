"""How weights start: Keras's initialisers, by name.

They draw on the host: the same seed gives the same weights on every device, and nothing is compiled for it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from gradoscope.errors import UsageError
from gradoscope.language import say
from gradoscope.networks.named import Named
from gradoscope.records import nearest

Weights = NDArray[np.float32]
Shape = tuple[int, ...]
Draw = Callable[..., NDArray[Any]]
TRUNCATED_STD = 0.87962566103423978  # standard deviation of N(0, 1) cut at +-2


@dataclass(frozen=True)
class Initialiser:
    """A named rule for starting weights: `draw(rng, shape, **arguments)` with shape (fan_in, fan_out) or (units,)."""

    name: str
    draw: Draw
    arguments: Mapping[str, float]


def _constant(_rng: np.random.Generator, shape: Shape, value: float) -> NDArray[Any]:
    return np.full(shape, value)


def _uniform(rng: np.random.Generator, shape: Shape, minval: float, maxval: float) -> NDArray[Any]:
    return minval + (maxval - minval) * rng.random(shape)


def _normal(rng: np.random.Generator, shape: Shape, mean: float, stddev: float) -> NDArray[Any]:
    return mean + stddev * rng.standard_normal(shape)


def _truncated(rng: np.random.Generator, shape: Shape, mean: float, stddev: float) -> NDArray[Any]:
    """N(mean, stddev) cut at two standard deviations, by the inverse of its distribution function."""
    share = ndtr(-2.0) + (1 - 2 * ndtr(-2.0)) * rng.random(shape)
    return mean + stddev * np.asarray(ndtri(share))


def _orthogonal(rng: np.random.Generator, shape: Shape, gain: float) -> NDArray[Any]:
    """A random orthogonal matrix (Saxe et al. 2014): Q of a normal matrix, its signs fixed by R."""
    rows, columns = shape if len(shape) == 2 else (shape[0], 1)
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))
    return gain * (q if rows >= columns else q.T).reshape(shape)


def _scaled(rng: np.random.Generator, shape: Shape, *, scale: float, average: bool, normal: bool) -> NDArray[Any]:
    """Variance scale / fan, the fan being fan_in or the mean of both; normal draws are truncated, as in Keras."""
    fan_in, fan_out = shape if len(shape) == 2 else (shape[0], shape[0])
    deviation = float(scale / ((fan_in + fan_out) / 2 if average else fan_in)) ** 0.5
    if normal:
        return _truncated(rng, shape, 0.0, deviation / TRUNCATED_STD)
    return _uniform(rng, shape, -deviation * 3**0.5, deviation * 3**0.5)


def _scaling(scale: float, *, average: bool = False, normal: bool = False) -> Draw:
    return partial(_scaled, scale=scale, average=average, normal=normal)


@final
class Initialisers(Mapping[str, Initialiser]):
    """The initialisers by name."""

    def __init__(self, *entries: Initialiser) -> None:
        self._entries = {entry.name: entry for entry in entries}

    def __getitem__(self, name: str) -> Initialiser:
        if name not in self._entries:
            raise UsageError(
                say("There is no initialiser {name!r}. {hint}", name=name, hint=nearest(name, self._entries))
            )
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def checked(self, named: Named) -> Named:
        """`named` itself, once its name and arguments are known to exist."""
        entry = self[named.name]
        for key, _ in named.arguments:
            if key not in entry.arguments:
                known = ", ".join(entry.arguments) or "-"
                raise UsageError(
                    say("{name} has no argument {key!r}; it takes: {known}.", name=named.name, key=key, known=known)
                )
        return named

    def draw(self, named: Named, rng: np.random.Generator, shape: Shape) -> Weights:
        """Weights of `shape` (fan_in, fan_out) or (units,), float32."""
        entry = self[named.name]
        return entry.draw(rng, shape, **{**entry.arguments, **dict(named.arguments)}).astype(np.float32)


def _entry(name: str, draw: Draw, **arguments: float) -> Initialiser:
    return Initialiser(name, draw, MappingProxyType(arguments))


initialisers = Initialisers(
    _entry("zeros", partial(_constant, value=0.0)),
    _entry("ones", partial(_constant, value=1.0)),
    _entry("constant", _constant, value=0.0),
    _entry("random_uniform", _uniform, minval=-0.05, maxval=0.05),
    _entry("random_normal", _normal, mean=0.0, stddev=0.05),
    _entry("truncated_normal", _truncated, mean=0.0, stddev=0.05),
    _entry("glorot_uniform", _scaling(1, average=True)),
    _entry("glorot_normal", _scaling(1, average=True, normal=True)),
    _entry("he_uniform", _scaling(2)),
    _entry("he_normal", _scaling(2, normal=True)),
    _entry("lecun_uniform", _scaling(1)),
    _entry("lecun_normal", _scaling(1, normal=True)),
    _entry("orthogonal", _orthogonal, gain=1.0),
)
