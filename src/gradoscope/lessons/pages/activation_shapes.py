"""The shapes of the classic activations and of their derivatives, beside other libraries."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.bridges.peers import beside
from gradoscope.functions import activations
from gradoscope.language import say
from gradoscope.lessons.lesson import Claim, Figure, Lesson, Table, Verdict
from gradoscope.lessons.parameters import Parameter, Real
from gradoscope.plots.curves import Curves, Line
from gradoscope.plots.figure import Panels

Array = NDArray[np.float64]
TOLERANCE = 1e-6  # eight roundings of a number near 1 in float32


class Shape(NamedTuple):
    """An activation on the axis: its label, values and derivatives (for softmax: of each output in its own input)."""

    label: str
    value: Array
    derivative: Array


class Beside(NamedTuple):
    """How far another library is from ours on the axis, at most; derivative NaN where it shows none.

    Derivatives are compared apart from 0: at the kink of ReLU each library chooses its own.
    """

    label: str
    library: str
    value: float
    derivative: float


class Measured(NamedTuple):
    """What was measured."""

    x: Array
    shapes: tuple[Shape, ...]
    peers: tuple[Beside, ...]
    slope: float
    scale: float
    softmax_sum: float
    scaled_slope: float
    rounds_to_one: float


def measure(slope: float, scale: float, seed: int) -> Measured:
    """Values and derivatives on [-5, 5) in steps of 0.1."""
    x = np.arange(-50, 50) / 10
    leaky = [("leaky_relu", {"negative_slope": each}) for each in (0.01, slope)]
    chosen: list[tuple[str, dict[str, float]]] = [("sigmoid", {}), ("tanh", {}), ("relu", {}), *leaky]
    shapes, peers = [], []
    for name, given in chosen:
        entry = activations[name]
        label = " ".join([name, *(f"{value:g}" for value in given.values())])
        shapes.append(Shape(label, entry(x, **given), entry.derivative(x, **given)))
        peers += _beside(name, label, x, given)
    softmax = activations["softmax"](x)
    shapes.append(Shape("softmax", softmax, softmax * (1 - softmax)))
    peers += _beside("softmax", "softmax", x, {})
    sigmoid, steps = activations["sigmoid"], np.arange(0, 40, 0.5, dtype=np.float32)
    return Measured(
        x=x,
        shapes=tuple(shapes),
        peers=tuple(peers),
        slope=slope,
        scale=scale,
        softmax_sum=float(softmax.sum()),
        scaled_slope=float(scale * sigmoid.derivative(0.0)),
        rounds_to_one=float(steps[sigmoid(steps) == 1][0]),
    )


def _beside(name: str, label: str, x: Array, given: dict[str, float]) -> list[Beside]:
    at, entry = x.astype(np.float32), activations[name]
    value = entry(at, **given)
    found = []
    for peer in beside(entry, at, given):
        slope = np.nan if peer.derivative is None else peer.derivative[at != 0]
        apart = float(abs(slope - entry.derivative(at[at != 0], **given)).max()) if entry.elementwise else np.nan
        found.append(Beside(label, peer.library, float(abs(peer.value - value).max()), apart))
    return found


def _largest(measured: Measured) -> float:
    return float(np.nanmax([[peer.value, peer.derivative] for peer in measured.peers]))


def claims(measured: Measured) -> tuple[Claim, ...]:
    """Ranges, slopes and the sum of softmax."""
    sigmoid, tanh, relu, leaky, steep, softmax = (shape.value for shape in measured.shapes)
    left = measured.x < 0
    slopes = [float((shape[left] / measured.x[left]).mean()) for shape in (leaky, steep)]
    inside = bool((sigmoid > 0).all() and (sigmoid < 1).all() and (abs(tanh) < 1).all() and (softmax > 0).all())
    shaped = relu.min() == 0 and np.allclose(slopes, (0.01, measured.slope)) and abs(measured.softmax_sum - 1) < 1e-12
    apart = _largest(measured)
    return (
        Claim(
            3,
            say("Sigmoid maps to (0, 1), tanh to (-1, 1) with centre 0, ReLU clips at 0, leaky ReLU keeps a slope, "
                "softmax gives probabilities that sum to 1; sigmoid takes a scale."),
            Verdict.of(inside and bool(shaped) and apart < TOLERANCE),
            say("Measured on [-5, 5): sigmoid from {low:.4f} to {high:.4f}, tanh from {tlow:.4f} to {thigh:.4f}, ReLU "
                "never below {relu:g}, leaky slopes {first:.2f} and {second:.2f}, softmax sum {sum:.12f}; at most "
                "{apart:.0e} from the other libraries. Only rounding ends the open interval: in float32 sigmoid is "
                "exactly 1 from x = {one:g} on.",
                low=sigmoid.min(), high=sigmoid.max(), tlow=tanh.min(), thigh=tanh.max(), relu=relu.min(),
                first=slopes[0], second=slopes[1], sum=measured.softmax_sum, apart=apart, one=measured.rounds_to_one),
            {"sigmoid_min": float(sigmoid.min()), "sigmoid_max": float(sigmoid.max()), "tanh_min": float(tanh.min()),
             "tanh_max": float(tanh.max()), "relu_min": float(relu.min()), "leaky_slope": slopes[0],
             "steep_slope": slopes[1], "softmax_sum": measured.softmax_sum, "largest_difference_to_peers": apart,
             "scaled_slope_at_0": measured.scaled_slope},
        ),
    )  # fmt: skip


def tables(measured: Measured) -> tuple[Table, ...]:
    """Values and derivatives at some points, and the distance to other libraries."""
    at = [int(np.argmin(abs(measured.x - point))) for point in (-5, -2, -1, 0, 1, 2, 4.9)]
    points = tuple(f"{measured.x[i]:g}" for i in at)
    formats = ("", *(".4f",) * len(at))
    values = tuple((shape.label, *(float(shape.value[i]) for i in at)) for shape in measured.shapes)
    slopes = tuple((shape.label, *(float(shape.derivative[i]) for i in at)) for shape in measured.shapes)
    labels = dict.fromkeys(peer.label for peer in measured.peers)
    libraries = tuple(dict.fromkeys(peer.library for peer in measured.peers))
    apart = {(peer.label, peer.library): peer for peer in measured.peers}
    return (
        Table(say("Value at x"), (say("activation"), *points), formats, values),
        Table(say("Derivative at x"), (say("activation"), *points), formats, slopes),
        Table(
            say("Largest difference to other libraries (float32)"),
            (say("activation"), *libraries),
            ("", *(".1e",) * len(libraries)),
            tuple((label, *(apart[label, library].value for library in libraries)) for label in labels),
        ),
    )


def figures(measured: Measured) -> tuple[Figure, ...]:
    """Values beside derivatives; the scale of sigmoid."""
    x, drawn = measured.x, measured.shapes[:-1]
    sigmoid = activations["sigmoid"]
    scaled = tuple(Line(f"sigmoid({scale:g}x)", x, sigmoid(scale * x)) for scale in sorted({1.0, 0.5, measured.scale}))
    softmax = Line("softmax", x, measured.shapes[-1].value, marks=True)
    return (
        Figure(
            "shapes",
            say("The activations, and the derivatives that training lives on."),
            Panels((
                Curves(say("Value"), "x", "f(x)", tuple(Line(s.label, x, s.value) for s in drawn), y_limits=(-1.5, 3)),
                Curves(say("Derivative"), "x", "f'(x)", tuple(Line(s.label, x, s.derivative) for s in drawn)),
                Curves(say("Sigmoid takes a scale"), "x", "f(x)", scaled),
                Curves(say("Softmax over all points of the axis"), "x", "f(x)", (softmax,)),
            )),
        ),
    )  # fmt: skip


def hints() -> tuple[tuple[str, str], ...]:
    """What to try."""
    return (
        ("--scale 5", say("a large scale turns sigmoid into a step; its derivative at 0 grows with the scale")),
        ("--slope 0.5", say("leaky ReLU comes nearer to a straight line")),
    )


LESSON = Lesson(
    name="activation-shapes",
    numbers=(3,),
    summary=lambda: say("The classic activations and their derivatives"),
    measure=measure,
    claims=claims,
    tables=tables,
    figures=figures,
    hints=hints,
    parameters=(
        Parameter("slope", 0.2, Real(0, 1), lambda: say("negative slope of the second leaky ReLU")),
        Parameter("scale", 2.0, Real(0.1, 50), lambda: say("scale inside the sigmoid")),
    ),
)
