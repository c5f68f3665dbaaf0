"""Losses on sequences."""

import math
from typing import NamedTuple

from gradoscope.arrays import Array, exp, largest, log1p, namespace, scan, scattered_ones, where
from gradoscope.functions.facts import NonNegative
from gradoscope.functions.guidance import Guidance, Peers
from gradoscope.functions.kernels import log_softmax, peak
from gradoscope.functions.loss import loss
from gradoscope.functions.parameters import Whole
from gradoscope.functions.targets import Targets


@loss(
    NonNegative(),
    formula=r"\ell = -\log \sum_{\pi \in B^{-1}(t)} \prod_s \operatorname{softmax}(x_s)_{\pi_s}",
    textbook="",  # a sum over all alignments: tests write it out
    aliases=("ctc_loss", "connectionist_temporal_classification"),
    source="Graves, Fernandez, Gomez & Schmidhuber 2006, ICML",
    tasks=(),
    targets=Targets.SEQUENCES,
    link="softmax",
    input="logits",
    before_link="logits",
    after_link="logits",
    domains={"blank": Whole(0)},
    guidance=Guidance(
        use="Speech and handwriting: label sequences that are shorter than the input, and not aligned with it.",
        strengths=("Needs no alignment of input and labels.",),
        weaknesses=("Takes the steps of the input for independent.",),
        pairs_with=("softmax",),
        differs="Input layouts differ; Keras fills targets up with 0, PyTorch takes their lengths.",
    ),
    peers=Peers("nn.CTCLoss", "CTC", optax="ctc_loss"),
)
def ctc(prediction: Array, target: Array, blank: int = 0) -> Array:
    """Connectionist temporal classification of logits (examples, steps, classes); targets are filled up with -1.

    The loss is infinite where the target does not fit into the steps.

    Examples
    --------
    >>> ctc([[[0.0, 0.0], [0.0, 0.0]]], [[1]]).round(6)
    array([0.287682])
    """
    lattice = _lattice(log_softmax(prediction, -1), target, blank)
    return -_evidence(_forward(lattice)[-1], lattice)


@ctc.derivative
def _(prediction: Array, target: Array, blank: int = 0) -> Array:
    xp = namespace(prediction)
    lattice = _lattice(log_softmax(prediction, -1), target, blank)
    ahead = _forward(lattice)
    evidence = _evidence(ahead[-1], lattice)
    possible = evidence > -math.inf
    posterior = exp(ahead + _backward(lattice) - where(possible, evidence, 0.0)[None, :, None])
    labels = scattered_ones(lattice.labels, prediction.shape[-1], prediction)
    visits = xp.matmul(xp.permute_dims(posterior, (1, 0, 2)), labels)
    parts = peak(prediction, -1)
    return where(possible[:, None, None], parts.shares / (1 + parts.rest) - visits, 0.0)


class _Lattice(NamedTuple):
    """States: blank, label 1, blank, label 2 ... blank."""

    labels: Array  # (examples, states)
    steps: Array  # log probability of each state's label: (steps, examples, states)
    skips: Array  # 0 where a state can be entered from two states before, else -infinity
    ends: Array  # 0 for the states in which a target may end, else -infinity


def _lattice(logs: Array, target: Array, blank: int) -> _Lattice:
    xp = namespace(logs)
    known = where(target >= 0, target, blank)
    blanks = known * 0 + blank
    pairs = xp.stack([blanks, known], -1).reshape((known.shape[0], -1))
    labels = xp.concatenate([pairs, blanks[:, :1]], axis=1)
    # The last state is the blank after the last label; states beyond it never reach an end.
    last = 2 * (target >= 0).sum(-1)[:, None]
    places = xp.cumsum(xp.ones_like(labels), axis=1) - 1
    ends = where((places == last) | ((places == last - 1) & (last > 0)), logs[:, 0, :1] * 0, -math.inf)
    before = xp.concatenate([labels[:, :1] * 0 - 1, labels[:, :1] * 0 - 1, labels[:, :-2]], axis=1)[
        :, : labels.shape[1]
    ]
    skips = where((labels != blank) & (labels != before) & (places >= 2), logs[:, 0, :1] * 0, -math.inf)
    index = xp.broadcast_to(labels[:, None, :], (logs.shape[0], logs.shape[1], labels.shape[1]))
    steps = xp.permute_dims(xp.take_along_axis(logs, index, axis=-1), (1, 0, 2))
    return _Lattice(labels, steps, skips, ends)


def _moved(x: Array, places: int) -> Array:
    """States moved to the right (or left, where negative), with -infinity moving in."""
    xp = namespace(x)
    gap = where(x[:, :1] == x[:, :1], -math.inf, x[:, :1])
    if places > 0:
        return xp.concatenate([*[gap] * places, x], axis=1)[:, : x.shape[1]]
    return xp.concatenate([x, *[gap] * -places], axis=1)[:, -x.shape[1] :]


def _sum(*logs: Array) -> Array:
    """log(sum(exp(.))) of a few arrays; -infinity where all are."""
    xp = namespace(*logs)
    whole = xp.stack(logs, -1)
    top = largest(whole, -1)
    parts = peak(where(top > -math.inf, whole, 0.0), -1)
    return where(top > -math.inf, top + log1p(parts.rest), -math.inf)[..., 0]


def _forward(lattice: _Lattice) -> Array:
    """Log probability of the first steps, up to each state: (steps, examples, states)."""
    places = namespace(lattice.steps).cumsum(namespace(lattice.labels).ones_like(lattice.labels), axis=1)
    start = where(places <= 2, lattice.steps[0], -math.inf)

    def step(state: Array, here: Array) -> Array:
        return _sum(state, _moved(state, 1), _moved(state, 2) + lattice.skips) + here

    return scan(step, start, lattice.steps[1:])


def _backward(lattice: _Lattice) -> Array:
    """Log probability of the steps after each one, from each state on: (steps, examples, states)."""
    xp = namespace(lattice.steps)
    start = lattice.ends + 0 * lattice.steps[0]

    def step(state: Array, following: Array) -> Array:
        entered = state + following
        return _sum(entered, _moved(entered, -1), _moved(entered + lattice.skips, -2))

    return xp.flip(scan(step, start, xp.flip(lattice.steps[1:], axis=0)), axis=0)


def _evidence(last: Array, lattice: _Lattice) -> Array:
    """Log probability of the target."""
    ending = last + lattice.ends
    top = largest(ending, -1)
    parts = peak(where(top > -math.inf, ending, 0.0), -1)
    return where(top > -math.inf, top + log1p(parts.rest), -math.inf)[..., 0]
