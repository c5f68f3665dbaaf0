"""Zigzag: inputs of one sign make a unit's weight gradients share one sign, and descent takes detours."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.data import Rows
from gradoscope.functions import activations
from gradoscope.language import say
from gradoscope.lessons.laboratory import experiments, gradients, network, parts, watch
from gradoscope.lessons.lesson import Claim, Figure, Lesson, Table, Verdict
from gradoscope.lessons.parameters import HiddenActivation, Parameter, Real, Whole
from gradoscope.networks import LayerParams, NetworkSpec, TrainingSpec, init
from gradoscope.plots.bars import Bars, Series
from gradoscope.plots.descent import Descent
from gradoscope.plots.figure import Panels

Array = NDArray[np.floating]
SHARP = 135.0  # degrees; a turn beyond is almost a reversal
GOAL = np.array([1.0, -1.0])
START = np.array([-1.0, -0.4])


class Signs(NamedTuple):
    """Over rows and units: share of weight gradients with the commoner sign, and of sharp turns between rows."""

    same: float
    sharp: float
    angle: float


class Path(NamedTuple):
    """The path (steps + 1, 2) of two weights behind an activation, its turns in degrees, and the loss around it."""

    path: Array
    turn: float
    steps: float
    length: float
    xs: Array
    ys: Array
    heights: Array


class Measured(NamedTuple):
    """What was measured."""

    hidden: dict[str, Signs]
    inputs: dict[str, Signs]
    paths: dict[str, Path]


def measure(activation: str, rows: int, push: float, seed: int) -> Measured:
    """Gradients of single rows in a network, and the path of two weights."""
    names = tuple(dict.fromkeys(("sigmoid", "tanh", activation)))
    networks = [network([16, 16], name, start="glorot_uniform") for name in names]
    scaled = {kind: _row_gradients(networks, kind, rows, seed) for kind in ("minmax", "standard")}
    return Measured(
        hidden={name: _signs(scaled["standard"][1][:, i]) for i, name in enumerate(names)},
        inputs={kind: _signs(layers[0][:, 0]) for kind, layers in scaled.items()},
        paths={name: _path(name, push, seed) for name in names},
    )


def _row_gradients(networks: list[NetworkSpec], scaling: str, rows: int, seed: int) -> list[Array]:
    """The gradient of each row's loss in each kernel: by layer, (rows, members, fan_in, units)."""
    train = parts("tumour", seed, inputs=scaling, targets="codes").train
    params = init(networks, train.inputs.shape[1], seed)
    single = [gradients(networks, params, train.at(slice(i, i + 1))) for i in range(rows)]
    return [np.stack([np.asarray(grads[layer].kernel) for grads in single]) for layer in range(len(params))]


def _signs(kernels: Array) -> Signs:
    """Of gradients (rows, fan_in, units)."""
    up, down = (kernels > 0).sum(1), (kernels < 0).sum(1)
    same = np.maximum(up, down) / np.maximum(up + down, 1)
    units = np.moveaxis(kernels, 2, 0)
    angles = np.concatenate([_angles(each) for each in units])
    return Signs(float(same.mean()), float((angles > SHARP).mean()), float(np.median(angles)))


def _angles(steps: Array) -> Array:
    """Degrees between successive steps (steps, weights); steps of length 0 are left out."""
    moved = steps[np.linalg.norm(steps, axis=1) > 0].astype(np.float64)
    unit = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    degrees: Array = np.degrees(np.arccos(np.clip((unit[1:] * unit[:-1]).sum(1), -1, 1)))
    return degrees


def _path(name: str, push: float, seed: int) -> Path:
    """Descend two weights of a unit that reads two units of `name`, at a share of its largest stable learning rate."""
    sums = np.random.default_rng(seed).normal(size=(200, 2)).astype(np.float32)
    inputs = np.asarray(activations[name](sums))
    targets = (inputs @ GOAL)[:, None].astype(np.float32)
    ones = np.column_stack([inputs, np.ones(len(inputs))])
    steepest = float(np.linalg.eigvalsh(2 * ones.T @ ones / len(ones)).max())
    spec = network([], "identity", link="identity", loss="mean_squared_error")
    training = TrainingSpec(optimizer="sgd", learning_rate=push * 2 / steepest, batch_size=len(inputs), epochs=60)
    start = (LayerParams(*(np.array([each], np.float32) for each in (START[:, None], [0.0]))),)  # type: ignore[arg-type]
    rows = Rows(inputs, targets)
    walked = np.array([
        np.asarray(moment.params[0].kernel[0, :, 0])
        for moment in watch(experiments([spec], training), rows, rows, "regression", params=start)
    ])  # fmt: skip
    steps = np.diff(walked, axis=0)
    there = np.linalg.norm(walked - GOAL, axis=1) < 0.2
    length = float(np.linalg.norm(steps, axis=1).sum() / np.linalg.norm(GOAL - START))
    xs, ys = np.linspace(-2, 2.2, 60), np.linspace(-2.2, 1.2, 60)
    grid = np.stack(np.meshgrid(xs, ys), axis=-1)
    heights = ((grid @ inputs.T - targets[:, 0]) ** 2).mean(-1)
    first = float(np.argmax(there)) if there.any() else np.inf
    return Path(walked, float(_angles(steps)[:10].mean()), first, length, xs, ys, heights)


def claims(measured: Measured) -> tuple[Claim, ...]:
    """Sigmoid against tanh, and inputs centred or not."""
    sigmoid, tanh = measured.hidden["sigmoid"], measured.hidden["tanh"]
    positive, centred = measured.inputs["minmax"], measured.inputs["standard"]
    path, straight = measured.paths["sigmoid"], measured.paths["tanh"]
    shares = sigmoid.same > 0.99 and tanh.same < 0.9 and positive.same > centred.same
    return (
        Claim(
            11,
            say("Sigmoid outputs are all positive, so a unit's weight gradients share one sign and descent zigzags."),
            Verdict.of(shares and path.turn > straight.turn and path.steps > straight.steps),
            say("For one row, {sigmoid:.1%} of a unit's weight gradients share a sign behind sigmoid, {tanh:.1%} "
                "behind tanh; {positive:.1%} with inputs from 0 to 1, {centred:.1%} with centred ones. From row to "
                "row the step turns by more than 135 degrees in {sharp:.0%} of cases (tanh {tanh_sharp:.0%}). Two "
                "weights behind sigmoid turned by {turn:.0f} degrees per step and needed {steps:g} steps; behind "
                "tanh {tanh_turn:.0f} degrees and {tanh_steps:g} steps.",
                sigmoid=sigmoid.same, tanh=tanh.same, positive=positive.same, centred=centred.same,
                sharp=sigmoid.sharp, tanh_sharp=tanh.sharp, turn=path.turn, steps=path.steps,
                tanh_turn=straight.turn, tanh_steps=straight.steps),
            {"same_sign_sigmoid": sigmoid.same, "same_sign_tanh": tanh.same, "same_sign_positive_inputs": positive.same,
             "same_sign_centred_inputs": centred.same, "sharp_turns_sigmoid": sigmoid.sharp,
             "sharp_turns_tanh": tanh.sharp, "turn_sigmoid": path.turn, "turn_tanh": straight.turn,
             "steps_sigmoid": path.steps, "steps_tanh": straight.steps},
        ),
    )  # fmt: skip


def tables(measured: Measured) -> tuple[Table, ...]:
    """Signs and turns."""
    kinds = {"minmax": say("inputs from 0 to 1"), "standard": say("inputs centred")}
    rows = [(say("behind {name}", name=name), *signs) for name, signs in measured.hidden.items()]
    rows += [(kinds[kind], *signs) for kind, signs in measured.inputs.items()]
    paths = tuple((name, path.turn, path.steps, path.length) for name, path in measured.paths.items())
    return (
        Table(say("Weight gradients of a unit, row by row"),
              (say("unit"), say("same sign"), say("turns > 135°"), say("median angle")),
              ("", ".1%", ".1%", ".0f"), tuple(rows)),
        Table(say("The path of two weights"),
              (say("behind"), say("mean turn (°)"), say("steps needed"), say("length / distance")),
              ("", ".0f", ".0f", ".1f"), paths),
    )  # fmt: skip


def figures(measured: Measured) -> tuple[Figure, ...]:
    """The paths, and the shares."""
    drawn = tuple(
        Descent(say("Two weights behind {name}", name=name), "$w_1$", "$w_2$", path.xs, path.ys, path.heights,
                path.path)
        for name, path in measured.paths.items()
    )  # fmt: skip
    series = (
        Series(say("same sign"), tuple(signs.same for signs in measured.hidden.values())),
        Series(say("turns > 135°"), tuple(signs.sharp for signs in measured.hidden.values())),
    )
    shares = Bars(say("Gradients row by row"), say("share"), tuple(measured.hidden), series, y_limits=(0, 1.15))
    caption = say("From the square to the star: behind sigmoid the valley is narrow and descent bounces across it.")
    return (Figure("zigzag", caption, Panels((*drawn, shares), columns=3)),)


def hints() -> tuple[tuple[str, str], ...]:
    """What to try."""
    return (
        ("--push 0.3", say("small steps do not zigzag, but take long")),
        ("--activation relu", say("ReLU outputs are never negative either")),
    )


LESSON = Lesson(
    name="zigzag",
    numbers=(11,),
    summary=lambda: say("Why outputs that are all positive make descent zigzag"),
    measure=measure,
    claims=claims,
    tables=tables,
    figures=figures,
    hints=hints,
    parameters=(
        Parameter("activation", "tanh", HiddenActivation(), lambda: say("an activation to show beside the others")),
        Parameter("rows", 100, Whole(10, 341), lambda: say("number of rows whose gradients are looked at")),
        Parameter("push", 0.95, Real(0.01, 0.999), lambda: say("learning rate, as a share of the largest stable one")),
    ),
    small={"rows": 40},
)
