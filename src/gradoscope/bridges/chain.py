"""A model of another library as a chain of pieces, and what such a chain is here: layers and parameters."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.errors import GradoscopeError
from gradoscope.language import say
from gradoscope.networks import Layer, LayerParams, Moments, Moving, Named, NetworkSpec, Params, plan
from gradoscope.networks.network import NORM_EPSILON
from gradoscope.training import outputs

Weights = NDArray[np.float32]
IDENTITY = Named("identity")
UNIFORM_KURTOSIS = 2.1  # of a uniform distribution 1.8, of a normal one cut at two standard deviations 2.4
CLOSE = 1e-3  # another library sums in another order
FEW = 8  # weights from which no shape of a distribution is read


class UntranslatableError(GradoscopeError):
    """A model that Gradoscope cannot write down as an experiment; the sentence says what is in the way."""


class Dense(NamedTuple):
    """A weighted sum at the end and at the start of training: kernels (fan_in, units), biases (units,)."""

    place: str
    kernel: Weights
    bias: Weights
    start_kernel: Weights
    start_bias: Weights
    l1: float = 0.0
    l2: float = 0.0


class Norm(NamedTuple):
    """A normalisation; mean and variance are the moving ones of "batch", None for "layer". All have shape (units,)."""

    place: str
    kind: str
    scale: Weights
    offset: Weights
    start_scale: Weights
    start_offset: Weights
    epsilon: float
    mean: Weights | None = None
    variance: Weights | None = None


class Act(NamedTuple):
    """An activation."""

    place: str
    function: Named


class Drop(NamedTuple):
    """Dropout."""

    place: str
    rate: float


Piece = Dense | Norm | Act | Drop


class Chain(NamedTuple):
    """The layers, and the parameters of one member at the end and at the start of training."""

    layers: tuple[Layer, ...]
    params: Params
    start: Params
    moving: Moving


class _Group(NamedTuple):
    """The pieces of one layer."""

    dense: Dense
    norm: Norm | None
    act: Act | None
    drop: Drop | None


def assembled(pieces: Sequence[Piece]) -> Chain:
    """The chain that the pieces make.

    Raises
    ------
    UntranslatableError
        A layer here is weighted sum, normalisation, activation, dropout, in this order; they stand in another.
    """
    groups = list(_groups(pieces))
    if not groups:
        raise UntranslatableError(say("the model has no dense layer"))
    last = groups[-1]
    for piece in (last.norm, last.drop):
        if piece is not None:
            raise UntranslatableError(say("{place} stands in the output layer", place=piece.place))
    return Chain(
        tuple(_layer(group) for group in groups),
        tuple(_params(g.dense.kernel, g.dense.bias, g.norm and (g.norm.scale, g.norm.offset)) for g in groups),
        tuple(
            _params(g.dense.start_kernel, g.dense.start_bias, g.norm and (g.norm.start_scale, g.norm.start_offset))
            for g in groups
        ),
        tuple(_moments(group.norm) for group in groups),
    )


def check_same(chain: Chain, inputs: NDArray[np.generic], theirs: Weights) -> None:
    """Raise UntranslatableError unless the chain, in use, gives for `inputs` (rows, inputs) the outputs `theirs`."""
    network = NetworkSpec(hidden=chain.layers[:-1], output=chain.layers[-1], loss=Named("mean_squared_error"))
    flat = np.asarray(inputs, np.float32).reshape(len(inputs), -1)
    ours = outputs(plan([network]), chain.params, chain.moving, flat)[0]
    same = theirs.reshape(len(theirs), -1)
    slack = CLOSE * max(1.0, float(np.abs(np.nan_to_num(same)).max()))
    finite = np.isfinite(ours) & np.isfinite(same) if ours.shape == same.shape else np.zeros(1, bool)
    broken = ours.shape == same.shape and not np.isfinite(same).all()
    if not broken and (not finite.all() or not np.allclose(ours, same, rtol=CLOSE, atol=slack)):
        raise UntranslatableError(say("the model, written down as layers, gives other outputs than the model itself"))


def _groups(pieces: Sequence[Piece]) -> Iterator[_Group]:
    open_group: _Group | None = None
    for piece in pieces:
        if isinstance(piece, Dense):
            if open_group is not None:
                yield open_group
            open_group = _Group(piece, None, None, None)
            continue
        if open_group is None:
            raise UntranslatableError(say("{place} stands before the first dense layer", place=piece.place))
        open_group = _joined(open_group, piece)
    if open_group is not None:
        yield open_group


def _joined(group: _Group, piece: Norm | Act | Drop) -> _Group:
    """The group with one more piece, if nothing that comes after it in a layer is there yet."""
    if isinstance(piece, Act) and piece.function == IDENTITY:
        return group
    if isinstance(piece, Norm) and group[1:] == (None, None, None):
        return group._replace(norm=piece)
    if isinstance(piece, Act) and group[2:] == (None, None):
        return group._replace(act=piece)
    if isinstance(piece, Drop) and group.drop is None:
        return group._replace(drop=piece)
    raise UntranslatableError(
        say(
            "{place} does not stand in the order weighted sum, normalisation, activation, dropout",
            place=piece.place,
        )
    )


def _layer(group: _Group) -> Layer:
    dense = group.dense
    return Layer(
        units=dense.kernel.shape[1],
        activation=group.act.function if group.act else IDENTITY,
        initialiser=_drawn(dense.start_kernel, dense.place),
        bias_initialiser=_drawn(dense.start_bias, dense.place),
        normalisation=group.norm.kind if group.norm else None,
        dropout=group.drop.rate if group.drop else 0.0,
        l1=dense.l1,
        l2=dense.l2,
    )


def _drawn(weights: Weights, place: str) -> Named:
    """An initialiser that draws weights like these: constant, or uniform or normal with their mean and spread."""
    values = weights.astype(np.float64).ravel()
    if not np.isfinite(values).all():
        raise UntranslatableError(say("{place} had weights that are not finite before the first step", place=place))
    mean, spread = float(values.mean()), float(values.std())
    if spread == 0:
        return Named("zeros") if mean == 0 else Named.of("constant", value=mean)
    if values.size < FEW or float(np.mean(((values - mean) / spread) ** 4)) < UNIFORM_KURTOSIS:
        return Named.of("random_uniform", minval=mean - spread * 3**0.5, maxval=mean + spread * 3**0.5)
    return Named.of("random_normal", mean=mean, stddev=spread)


def _params(kernel: Weights, bias: Weights, normalised: tuple[Weights, Weights] | None) -> LayerParams:
    arrays = [kernel, bias, *(normalised or ())]
    return LayerParams(*(np.asarray(array, np.float32)[None] for array in arrays))  # type: ignore[arg-type]


def _moments(norm: Norm | None) -> Moments | None:
    """Moving moments; the variance makes up for an epsilon that is not the one used here."""
    if norm is None or norm.mean is None or norm.variance is None:
        return None
    variance = norm.variance + (norm.epsilon - NORM_EPSILON)
    return Moments(*(np.asarray(each, np.float32)[None] for each in (norm.mean, variance)))  # type: ignore[arg-type]
