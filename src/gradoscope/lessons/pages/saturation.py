"""Saturation: where sigmoid and tanh are flat, and how much gradient each lets through."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.functions import activations
from gradoscope.language import say
from gradoscope.lessons.laboratory import gradients, network, parts, traced
from gradoscope.lessons.lesson import Claim, Figure, Lesson, Table, Verdict
from gradoscope.lessons.parameters import Parameter, Real, Whole
from gradoscope.networks import init
from gradoscope.plots.curves import Curves, Line
from gradoscope.plots.figure import Panels

Array = NDArray[np.floating]
NAMES = ("sigmoid", "tanh")
FLAT = 0.05  # of the largest slope: below it a unit counts as saturated
UNITS = 64


class Kept(NamedTuple):
    """By scale of the weights: share of saturated units, mean slope, and gradient that reaches the first layer."""

    saturated: Array
    slope: Array
    passed: Array


class Measured(NamedTuple):
    """What was measured."""

    scales: Array
    kept: dict[str, Kept]
    crossing: float


def measure(depth: int, largest: float, seed: int) -> Measured:
    """Scale the starting weights of a network from small to large."""
    scales = np.geomspace(0.25, largest, 9)
    train = parts("tumour", seed, inputs="standard", targets="codes").train
    networks = [network([UNITS] * depth, name, start="lecun_normal") for name in NAMES]
    start = init(networks, train.inputs.shape[1], seed)
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in NAMES}
    for scale in scales:
        params = tuple(layer._replace(kernel=layer.kernel * np.float32(scale)) for layer in start)
        sums = np.stack([np.asarray(each) for each in traced(networks, params, train.inputs).before[:-1]])
        grads = gradients(networks, params, train)
        for member, name in enumerate(NAMES):
            slope = activations[name].derivative(sums[:, member])
            flat = slope < FLAT * activations[name].derivative(0.0)
            first, last = (float(np.linalg.norm(grads[place].bias[member])) for place in (0, -1))
            found[name].append((float(flat.mean()), float(slope.mean()), first / last))
    kept = {name: Kept(*np.array(rows).T) for name, rows in found.items()}
    return Measured(scales, kept, _crossing())


def _crossing() -> float:
    """The distance from 0 beyond which tanh is flatter than sigmoid."""
    x = np.linspace(0, 10, 10_001)
    steeper = activations["tanh"].derivative(x) > activations["sigmoid"].derivative(x)
    return float(x[~steeper][0])


def claims(measured: Measured) -> tuple[Claim, ...]:
    """Both saturate; which loses less."""
    sigmoid, tanh = (measured.kept[name] for name in NAMES)
    both = min(sigmoid.saturated[-1], tanh.saturated[-1])
    less = bool((tanh.slope > sigmoid.slope).all() and (tanh.passed > sigmoid.passed).all())
    sooner = bool((tanh.saturated >= sigmoid.saturated).all())
    return (
        Claim(
            22,
            say("Saturated units give almost no gradient; tanh saturates as sigmoid does, but being centred loses "
                "less."),
            Verdict.of(both > 0.1 and less, limited=sooner),
            say("At {scale:g} times the usual weights {sigmoid:.0%} of the sigmoid units and {tanh:.0%} of the tanh "
                "units are saturated (below 5% of their largest slope). The mean slope of tanh "
                "is {low:.1f} to {high:.1f} times that of sigmoid, and more gradient reaches its first layer at "
                "{share:.0%} of the scales. A single unit keeps less with tanh once its sum is beyond {crossing:.2f}.",
                scale=measured.scales[-1], sigmoid=sigmoid.saturated[-1], tanh=tanh.saturated[-1],
                low=(tanh.slope / sigmoid.slope).min(), high=(tanh.slope / sigmoid.slope).max(),
                share=(tanh.passed > sigmoid.passed).mean(), crossing=measured.crossing),
            {"saturated_sigmoid": float(sigmoid.saturated[-1]), "saturated_tanh": float(tanh.saturated[-1]),
             "least_slope_ratio": float((tanh.slope / sigmoid.slope).min()),
             "share_of_scales_where_tanh_passes_more": float((tanh.passed > sigmoid.passed).mean()),
             "crossing": measured.crossing},
        ),
    )  # fmt: skip


def tables(measured: Measured) -> tuple[Table, ...]:
    """Saturated share, slope and gradient by scale."""
    columns = (
        say("weights x"),
        *(f"{name} {what}" for what in (say("flat"), say("slope"), say("grad")) for name in NAMES),
    )
    rows = tuple(
        (
            float(scale),
            *(float(part[i]) for field in Kept._fields for part in (getattr(measured.kept[n], field) for n in NAMES)),
        )
        for i, scale in enumerate(measured.scales)
    )
    title = say("Saturated share, mean slope, and gradient at the first layer as a share of the last one's")
    return (Table(title, columns, (".2f", ".1%", ".1%", ".3f", ".3f", ".1e", ".1e"), rows),)


def figures(measured: Measured) -> tuple[Figure, ...]:
    """The same as curves."""
    scale = say("scale of the weights")
    kept = measured.kept.items()
    return (
        Figure(
            "saturation",
            say("Large weights drive units into the flat parts; tanh is flat sooner, but steeper in between."),
            Panels((
                Curves(say("Saturated units"), scale, say("share"),
                       tuple(Line(name, measured.scales, k.saturated, marks=True) for name, k in kept), log_x=True),
                Curves(say("Mean slope"), scale, say("mean derivative"),
                       tuple(Line(name, measured.scales, k.slope, marks=True) for name, k in kept), log_x=True),
                Curves(say("Gradient that reaches the first layer"), scale, say("share of the last layer's"),
                       tuple(Line(name, measured.scales, k.passed, marks=True) for name, k in kept),
                       log_x=True, log_y=True),
            ), columns=3),
        ),
    )  # fmt: skip


def hints() -> tuple[tuple[str, str], ...]:
    """What to try."""
    return (
        ("--depth 8", say("the loss of gradient multiplies with depth")),
        ("--largest 100", say("weights so large that nearly every unit is flat")),
    )


LESSON = Lesson(
    name="saturation",
    numbers=(22,),
    summary=lambda: say("Where sigmoid and tanh go flat, and what is left"),
    measure=measure,
    claims=claims,
    tables=tables,
    figures=figures,
    hints=hints,
    parameters=(
        Parameter("depth", 4, Whole(1, 20), lambda: say("number of hidden layers")),
        Parameter("largest", 16.0, Real(0.5, 1000), lambda: say("largest scale of the weights")),
    ),
)
