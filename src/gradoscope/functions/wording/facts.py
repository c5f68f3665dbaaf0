"""Facts as sentences, and how each of them was checked."""

import math
from functools import singledispatch
from typing import NamedTuple

from gradoscope.functions import facts as known
from gradoscope.functions.activation import Activation
from gradoscope.functions.facts import base, loss
from gradoscope.functions.loss import Loss
from gradoscope.language import say


class Checked(NamedTuple):
    """A fact, what it says, and what its check found."""

    fact: known.Fact
    sentence: str
    verdict: known.Verdict


def checked(entry: Activation | Loss) -> tuple[Checked, ...]:
    """Every fact of an entry, checked now.

    Examples
    --------
    >>> from gradoscope.functions import activations
    >>> first = checked(activations["tanh"])[0]
    >>> first.sentence, first.verdict.holds
    ('values from −1 to 1', True)
    """
    return tuple(Checked(fact, sentence(fact), fact.check(entry)) for fact in entry.facts)


def number_text(value: float) -> str:
    """A number for people.

    Examples
    --------
    >>> number_text(-float("inf")), number_text(0.25), number_text(1.0507009873554805)
    ('−∞', '0.25', '1.0507')
    """
    text = "∞" if math.isinf(value) else f"{abs(value):.5g}"
    return f"−{text}" if value < 0 else text


def method_text(verdict: known.Verdict) -> str:
    """How a fact was checked, in the language in use."""
    spoken = {
        base.GRID: say("evaluated on a grid of 15,001 points from -1e6 to 1e6"),
        loss.SAMPLED: say("evaluated at 4000 random predictions and targets"),
        "evaluated at -inf, inf, -1e30 and 1e30": say("evaluated at -inf, inf, -1e30 and 1e30"),
        "minimum of a grid of step 1e-4": say("minimum of a grid of step 1e-4"),
        "compared with central differences, step 1e-4": say("compared with central differences, step 1e-4"),
        "one-sided differences at the kinks": say("one-sided differences at the kinks"),
        "evaluated at 1e3 to 1e30": say("evaluated at 1e3 to 1e30"),
        "integrated by the trapezoidal rule, step 1e-4": say("integrated by the trapezoidal rule, step 1e-4"),
        "compared with 32 other constant predictions": say("compared with 32 other constant predictions"),
    }
    return spoken.get(verdict.method, verdict.method)


@singledispatch
def sentence(fact: object) -> str:
    """What a fact says. A fact without a sentence here shows its definition."""
    return repr(fact)


@sentence.register
def _(fact: known.Range) -> str:
    return say("values from {low} to {high}", low=number_text(fact.low), high=number_text(fact.high))


@sentence.register
def _(fact: known.Limits) -> str:
    left, right = number_text(fact.left), number_text(fact.right)
    if math.isnan(fact.left) and math.isnan(fact.right):
        return say("no limit at −∞ or ∞")
    if math.isnan(fact.left):
        return say("tends to {right} at ∞, to nothing at −∞", right=right)
    if math.isnan(fact.right):
        return say("tends to {left} at −∞, to nothing at ∞", left=left)
    return say("tends to {left} at −∞ and to {right} at ∞", left=left, right=right)


@sentence.register
def _(fact: known.Increasing) -> str:
    return say("strictly increasing") if fact.strictly else say("increasing, with flat parts")


@sentence.register
def _(fact: known.Decreasing) -> str:
    return say("decreasing")


@sentence.register
def _(fact: known.Turns) -> str:
    return say("not monotonic: lowest at {at}, with the value {value}",
               at=number_text(fact.at), value=number_text(fact.value))  # fmt: skip


@sentence.register
def _(fact: known.Convex) -> str:
    return say("convex")


@sentence.register
def _(fact: known.Concave) -> str:
    return say("concave")


@sentence.register
def _(fact: known.Odd) -> str:
    return say("odd, so centred on zero: f(−x) = −f(x)")


@sentence.register
def _(fact: known.Even) -> str:
    return say("even: f(−x) = f(x)")


@sentence.register
def _(fact: known.Symmetric) -> str:
    return say("symmetric about the point (0, {half})", half=number_text(fact.c / 2))


@sentence.register
def _(fact: known.Lipschitz) -> str:
    if math.isinf(fact.constant):
        return say("no Lipschitz constant: its slope is unbounded, or it jumps")
    constant = number_text(fact.constant)
    if math.isnan(fact.at):
        return say("Lipschitz constant {constant}", constant=constant)
    if math.isinf(fact.at):
        return say("Lipschitz constant {constant}, approached at {at}", constant=constant, at=number_text(fact.at))
    return say("Lipschitz constant {constant}, the slope at x = {at}", constant=constant, at=number_text(fact.at))


@sentence.register
def _(fact: known.Smooth) -> str:
    kinks = ", ".join(map(number_text, fact.kinks))
    if math.isinf(fact.order):
        return say("smooth: has derivatives of every order")
    if fact.order < 0:
        return say("jumps at {kinks}", kinks=kinks)
    if fact.order == 0:
        return say("continuous, not differentiable at {kinks}", kinks=kinks)
    return say("continuous derivatives up to order {order}, broken off at {kinks}", order=int(fact.order), kinks=kinks)


@sentence.register
def _(fact: known.Dead) -> str:
    return say("derivative exactly 0 from {low} to {high}", low=number_text(fact.low), high=number_text(fact.high))


@sentence.register
def _(fact: known.Saturates) -> str:
    if fact.left is None:
        return say("saturates on the right, at {right}", right=number_text(fact.right or 0))
    if fact.right is None:
        return say("saturates on the left, at {left}", left=number_text(fact.left))
    return say("saturates on both sides, at {left} and {right}",
               left=number_text(fact.left), right=number_text(fact.right))  # fmt: skip


@sentence.register
def _(fact: known.Moments) -> str:
    mean, second, slope, gain, backward = map(
        number_text, (fact.mean, fact.second, fact.slope, fact.gain, fact.backward_gain)
    )
    return say("on N(0, 1): mean {mean}, mean square {second}, mean squared slope {slope}; gain {gain} forward, "
               "{backward} backward", mean=mean, second=second, slope=slope, gain=gain, backward=backward)  # fmt: skip


@sentence.register
def _(fact: known.NonNegative) -> str:
    return say("never negative")


@sentence.register
def _(fact: known.ConvexIn) -> str:
    return say("convex in the prediction")


@sentence.register
def _(fact: known.LipschitzIn) -> str:
    if math.isinf(fact.constant):
        return say("slope without bound: one bad example can outweigh all others")
    return say("slope at most {constant}: no example pulls harder", constant=number_text(fact.constant))


@sentence.register
def _(fact: known.Bounded) -> str:
    return say("values up to {high} at most", high=number_text(fact.high))


@sentence.register
def _(fact: known.Minimiser) -> str:
    match fact.what:
        case "mean":
            return say("least at the mean of the targets")
        case "median":
            return say("least at the median of the targets")
        case "log_mean":
            return say("least at the logarithm of the mean of the targets")
        case "probability":
            return say("proper: least where the prediction gives the probabilities of the classes")
    return say("least at: {what}", what=fact.what)
