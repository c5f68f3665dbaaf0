"""The textbook figures of mean squared error and cross-entropy, and what a constant in the logarithm costs."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.functions import losses
from gradoscope.language import say
from gradoscope.lessons.lesson import Claim, Figure, Lesson, Table, Verdict
from gradoscope.lessons.parameters import Parameter, Real
from gradoscope.plots.curves import Curves, Line
from gradoscope.plots.figure import Panels

Array = NDArray[np.float64]
RIGHT = np.array([0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0])
WRONG = np.array([0.1, 0.05, 0.1, 0.0, 0.05, 0.1, 0.0, 0.6, 0.0, 0.0])
LABEL = 2
P, UNIFORM, NEARER = np.array([0.5, 0.125, 0.125, 0.25]), np.full(4, 0.25), np.array([0.5, 0.25, 0.125, 0.125])
PRINTED_SQUARED = (0.0195, 0.1195)
PRINTED_ENTROPY = (1.3863, 1.2997, 1.2130, 0.1733, 0.0866)
PRINTED_OFFSET = (0.510825457099338, 2.302584092994546)


class Measured(NamedTuple):
    """What was measured."""

    squared: tuple[float, float]
    crossed: tuple[float, float, float, float, float]
    offset: float
    with_offset: tuple[float, float]
    printed_offset: tuple[float, float]
    without_offset: tuple[float, float]
    logits: Array
    exact_gradient: Array
    offset_gradient: Array


def measure(offset: float, seed: int) -> Measured:
    """Evaluate the losses of the catalogue in float64."""
    squared, crossed = losses["mean_squared_error"], losses["cross_entropy"]
    one_hot = np.eye(10)[LABEL]
    mean = [float(squared(output, one_hot, reduction="mean")) for output in (RIGHT, WRONG)]

    def entropy(q: Array, p: Array = P) -> float:
        return float(crossed(q[None], p[None], input="probabilities")[0])

    def of_label(output: Array, added: float) -> float:
        return float(crossed(output[None], np.array([LABEL]), input="probabilities", offset=added)[0])

    divergence = losses["kl_divergence"]
    kl = [float(divergence(q[None], P[None], input="probabilities")[0]) for q in (UNIFORM, NEARER)]
    logits = np.linspace(-40, 5, 181)
    exact, lost = _gradients(logits, offset)
    return Measured(
        squared=(mean[0], mean[1]),
        crossed=(entropy(UNIFORM), entropy(NEARER), entropy(P), kl[0], kl[1]),
        offset=offset,
        with_offset=(of_label(RIGHT, offset), of_label(WRONG, offset)),
        printed_offset=(of_label(RIGHT, 1e-7), of_label(WRONG, 1e-7)),
        without_offset=(of_label(RIGHT, 0.0), of_label(WRONG, 0.0)),
        logits=logits,
        exact_gradient=exact,
        offset_gradient=lost,
    )


def _gradients(logits: Array, offset: float) -> tuple[Array, Array]:
    """How steep the loss is in the logit z of the right one of two classes: exact, and through probabilities."""
    crossed = losses["cross_entropy"]
    rows, labels = np.stack([logits, np.zeros_like(logits)], axis=1), np.zeros(len(logits), np.int64)
    exact = crossed.derivative(rows, labels)[:, 0]
    p = 1 / (1 + np.exp(-logits))
    both = np.stack([p, 1 - p], axis=1)
    slope = crossed.derivative(both, labels, input="probabilities", offset=offset)[:, 0]
    return -exact, -slope * p * (1 - p)


def _half_lost(measured: Measured) -> float:
    """The largest logit at which half of the gradient is lost; minus infinity where that never happens."""
    lost = measured.logits[measured.offset_gradient < measured.exact_gradient / 2]
    return float(lost.max()) if len(lost) else -np.inf


def claims(measured: Measured) -> tuple[Claim, ...]:
    """The three rows of figures."""
    return (_squared(measured), _crossed(measured), _offset(measured))


def _squared(measured: Measured) -> Claim:
    right, wrong = measured.squared
    return Claim(
        14,
        say("The mean squared error of the output against one-hot class 2 is 0.0195; with the 0.6 moved to class 7 it "
            "is 0.1195."),
        Verdict.of(all(abs(x - y) < 5e-13 for x, y in zip(measured.squared, PRINTED_SQUARED, strict=True))),
        say("Measured {right:.4f} and {wrong:.4f}: the wrong answer costs more.", right=right, wrong=wrong),
        {"right": round(right, 12), "wrong": round(wrong, 12)},
    )  # fmt: skip


def _crossed(measured: Measured) -> Claim:
    uniform, nearer, entropy, kl_uniform, kl_nearer = measured.crossed
    exact = all(abs(x - y) < 5e-5 for x, y in zip(measured.crossed, PRINTED_ENTROPY, strict=True))
    return Claim(
        15,
        say("With p = [0.5, 0.125, 0.125, 0.25] the cross-entropy of q1 = uniform is 1.3863 and of q2 = [0.5, 0.25, "
            "0.125, 0.125] is 1.2997, so q2 is nearer to p."),
        Verdict.of(exact and nearer < uniform),
        say("Measured {uniform:.4f} and {nearer:.4f}. The entropy of p itself is {entropy:.4f}; what lies above it is "
            "the KL divergence, {kl_uniform:.4f} and {kl_nearer:.4f}.",
            uniform=uniform, nearer=nearer, entropy=entropy, kl_uniform=kl_uniform, kl_nearer=kl_nearer),
        {"uniform": uniform, "nearer": nearer, "entropy": entropy, "kl_uniform": kl_uniform, "kl_nearer": kl_nearer},
    )  # fmt: skip


def _offset(measured: Measured) -> Claim:
    exact = all(abs(x - y) < 5e-16 for x, y in zip(measured.printed_offset, PRINTED_OFFSET, strict=True))
    lost = _half_lost(measured)
    kept = float(measured.offset_gradient[0] / measured.exact_gradient[0])
    return Claim(
        16,
        say("With 1e-7 added inside the logarithm, so that log 0 cannot occur, the cross-entropy of the right class "
            "against 0.6 is 0.510825457099338 and against 0.1 is 2.302584092994546."),
        Verdict.of(exact, limited=lost > measured.logits[0]),
        say("Measured {right:.15f} and {wrong:.15f}. But the constant costs gradient: with {offset:g} half of it is "
            "gone where the logit of the right class is {lost:.1f} below the other, and at {far:g} only {kept:.1e} of "
            "it is left. Cross-entropy computed from logits needs no constant and keeps all of it.",
            right=measured.printed_offset[0], wrong=measured.printed_offset[1], offset=measured.offset, lost=-lost,
            far=measured.logits[0], kept=kept),
        {"right": measured.printed_offset[0], "wrong": measured.printed_offset[1], "half_lost_at_logit": lost,
         "gradient_kept_at_lowest_logit": kept},
    )  # fmt: skip


def tables(measured: Measured) -> tuple[Table, ...]:
    """The figures, to all their digits."""
    uniform, nearer, entropy, kl_uniform, kl_nearer = measured.crossed
    places = [int(np.argmin(abs(measured.logits - z))) for z in (-40, -30, -20, -10, 0, 5)]
    return (
        Table(
            say("Ten outputs against the correct label 2"),
            (say("loss"), say("0.6 at class 2"), say("0.6 at class 7")),
            ("", ".15f", ".15f"),
            (
                (say("mean squared error"), *measured.squared),
                (say("cross-entropy, exact"), *measured.without_offset),
                (say("cross-entropy, log(q + {offset:g})", offset=measured.offset), *measured.with_offset),
            ),
        ),
        Table(
            say("Two guesses q at the distribution p"),
            (say("guess"), say("cross-entropy"), say("entropy of p"), say("KL divergence")),
            ("", ".4f", ".4f", ".4f"),
            ((say("q1 = uniform"), uniform, entropy, kl_uniform), (say("q2, near p"), nearer, entropy, kl_nearer)),
        ),
        Table(
            say("Size of the gradient in the logit of the right class"),
            (say("logit"), say("exact"), say("with the constant")),
            (".0f", ".6f", ".1e"),
            tuple(
                (float(measured.logits[i]), float(measured.exact_gradient[i]), float(measured.offset_gradient[i]))
                for i in places
            ),
        ),
    )


def figures(measured: Measured) -> tuple[Figure, ...]:
    """The curve -log q, and the gradient that the constant loses."""
    q = np.linspace(0.001, 1, 400)
    at = Line("0.6, 0.1", [0.6, 0.1], list(measured.without_offset), dots=True, colour=1)
    return (
        Figure(
            "cross-entropy",
            say("A confident mistake costs much; a constant in the logarithm takes the gradient away just there."),
            Panels((
                Curves(say("Cross-entropy of the right class"), say("probability q of the right class"), "-log q",
                       (Line("-log q", q, -np.log(q)), at)),
                Curves(say("Gradient in the logit"), say("logit of the right class"), say("size of the gradient"),
                       (Line(say("exact, from logits"), measured.logits, measured.exact_gradient),
                        Line(f"log(q + {measured.offset:g})", measured.logits, measured.offset_gradient))),
            )),
        ),
    )  # fmt: skip


def hints() -> tuple[tuple[str, str], ...]:
    """What to try."""
    return (
        ("--offset 1e-3", say("the gradient is lost much earlier")),
        ("--offset 0", say("nothing is lost here, but log 0 can occur")),
    )


LESSON = Lesson(
    name="cross-entropy",
    numbers=(14, 15, 16),
    summary=lambda: say("Mean squared error and cross-entropy in figures"),
    measure=measure,
    claims=claims,
    tables=tables,
    figures=figures,
    hints=hints,
    parameters=(Parameter("offset", 1e-7, Real(0, 0.1), lambda: say("constant added inside the logarithm")),),
)
