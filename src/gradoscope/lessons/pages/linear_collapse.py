"""A stack of linear layers is one linear layer; a bend between them is what makes a network more."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from gradoscope.data import Rows
from gradoscope.language import say
from gradoscope.lessons.laboratory import Parts, experiments, layer, network, parts, said, traced
from gradoscope.lessons.lesson import Claim, Figure, Lesson, Table, Verdict
from gradoscope.lessons.parameters import HiddenActivation, Parameter, Real, Whole
from gradoscope.networks import LayerParams, NetworkSpec, Params, TrainingSpec, init
from gradoscope.plots.bars import Bars, Series
from gradoscope.plots.curves import Curves, Line
from gradoscope.plots.figure import Panels
from gradoscope.training import Run, fit_population

Array = NDArray[np.floating]
X = np.linspace(-1, 1, 256, dtype=np.float32)[:, None]
Y = np.sin(5 * X)
TRAINING = TrainingSpec(learning_rate=0.01, epochs=150)


class Fits(NamedTuple):
    """By activation: R2 on a curve, accuracy on two spirals, the fitted curve; by depth."""

    depth: int
    r2: dict[str, float]
    spirals: dict[str, float]
    curves: dict[str, Array]
    regions: int


class Measured(NamedTuple):
    """What was measured."""

    factor: float
    cubed: float
    expected: float
    collapse: float
    layers: int
    least_squares: float
    fits: tuple[Fits, ...]


def measure(activation: str, depth: int, units: int, factor: float, seed: int) -> Measured:
    """Multiply the layers out; then fit a curve and two spirals with and without a bend between the layers."""
    names = tuple(dict.fromkeys(("identity", "tanh", "relu", activation)))
    spirals = parts("spirals", seed, {"random_state": seed, "noise": 0.05}, targets="codes")
    line = np.column_stack([X, np.ones_like(X)])
    rest = Y - line @ np.linalg.lstsq(line, Y, rcond=None)[0]
    return Measured(
        factor=factor,
        cubed=_stacked(factor),
        expected=factor**3,
        collapse=_collapse(depth + 3, units, seed),
        layers=depth + 4,
        least_squares=float(1 - (rest**2).sum() / ((Y - Y.mean()) ** 2).sum()),
        fits=tuple(_fits(names, each, units, spirals, seed) for each in dict.fromkeys((1, depth))),
    )


def _stacked(factor: float) -> float:
    """What three layers h(x) = c x make of x = 1."""
    spec = network([1, 1], "identity", link="identity", loss="mean_squared_error")
    return float(said([spec], tuple(layer([[factor]], [0.0]) for _ in range(3)), np.ones((1, 1), np.float32))[0, 0, 0])


def _collapse(depth: int, units: int, seed: int) -> float:
    """Largest distance of a deep identity network from the one matrix and bias it multiplies out to, relatively."""
    spec = network([units] * depth, "identity", outputs=3, link="identity", loss="mean_squared_error")
    rng = np.random.default_rng(seed)
    params = tuple(
        LayerParams(each.kernel, jnp.asarray(rng.normal(size=each.bias.shape), jnp.float32))
        for each in init([spec], 4, seed)
    )
    inputs = rng.normal(size=(100, 4)).astype(np.float32)
    matrix, bias = np.eye(4), np.zeros(4)
    for each in params:
        kernel = np.asarray(each.kernel[0], np.float64)
        matrix, bias = matrix @ kernel, bias @ kernel + np.asarray(each.bias[0], np.float64)
    one = inputs @ matrix + bias
    return float(abs(said([spec], params, inputs)[0] - one).max() / abs(one).max())


def _fits(names: tuple[str, ...], depth: int, units: int, spirals: Parts, seed: int) -> Fits:
    rows, hidden = Rows(X, Y), [units] * depth
    curve = [network(hidden, name, link="identity", loss="mean_squared_error", start="he_normal") for name in names]
    arms = [network(hidden, name, start="he_normal") for name in names]
    fitted = _trained(curve, rows, rows, "regression", seed)
    told = _trained(arms, spirals.train, spirals.validation, "binary", seed)
    return Fits(
        depth=depth,
        r2={name: run.validation_score for name, run in zip(names, fitted, strict=True)},
        spirals={name: run.validation_score for name, run in zip(names, told, strict=True)},
        curves={
            name: said([spec], run.params, X)[0, :, 0] for name, spec, run in zip(names, curve, fitted, strict=True)
        },
        regions=_regions(curve[names.index("relu")], fitted[names.index("relu")].params),
    )


def _trained(networks: list[NetworkSpec], train: Rows, validation: Rows, task: str, seed: int) -> list[Run]:
    training = TrainingSpec(learning_rate=TRAINING.learning_rate, epochs=TRAINING.epochs, seed=seed)
    return fit_population(experiments(networks, training), train, validation, task)


def _regions(spec: NetworkSpec, params: Params) -> int:
    """Pieces of straight line that a ReLU network draws on [-1, 1]: runs of points with the same units active."""
    points = np.linspace(-1, 1, 4001, dtype=np.float32)[:, None]
    sums = traced([spec], params, points).before[:-1]
    active = np.concatenate([np.asarray(each[0]) > 0 for each in sums], axis=1)
    return int((active[1:] != active[:-1]).any(1).sum()) + 1


def claims(measured: Measured) -> tuple[Claim, ...]:
    """Linear layers collapse; a bend adds power."""
    one, deep = measured.fits[0], measured.fits[-1]
    relu, identity = one.r2["relu"], deep.r2["identity"]
    bent = min(min(fits.r2["relu"], fits.r2["tanh"]) for fits in measured.fits)
    spirals, straight = deep.spirals["relu"], max(fits.spirals["identity"] for fits in measured.fits)
    error = abs(measured.cubed / measured.expected - 1)
    return (
        Claim(
            4,
            say("A stack of linear layers is one linear layer: with h(x) = c x, three layers give c^3 x."),
            Verdict.of(error < 1e-5 and measured.collapse < 1e-4 and identity < measured.least_squares + 0.01),
            say("Three layers with c = {factor:g} turned 1 into {cubed:g} (c^3 = {expected:g}). {layers} layers with "
                "the identity function differ from their one product matrix by {collapse:.0e}. On a curve {depth} "
                "identity layers reach R2 {identity:.3f}, a straight line {line:.3f}, one hidden ReLU layer "
                "{relu:.3f}.",
                factor=measured.factor, cubed=measured.cubed, expected=measured.expected, layers=measured.layers,
                collapse=measured.collapse, depth=deep.depth, identity=identity, line=measured.least_squares,
                relu=relu),
            {"c_cubed": measured.cubed, "expected": measured.expected, "collapse": measured.collapse,
             "r2_identity": identity, "r2_straight_line": measured.least_squares, "r2_one_relu_layer": relu},
        ),
        Claim(
            5,
            say("A non-linear activation raises the expressive power of the model."),
            Verdict.of(bent > measured.least_squares + 0.2 and spirals > straight + 0.1),
            say("With a bending activation every network reached R2 {bent:.3f} or more on the curve. Two spirals: "
                "{spirals:.1%} with ReLU, {straight:.1%} at best with identity. ReLU drew {first} straight pieces "
                "with {shallow} hidden layer and {second} with {depth}; identity draws 1.",
                bent=bent, spirals=spirals, straight=straight, first=one.regions, second=deep.regions,
                shallow=one.depth, depth=deep.depth),
            {"r2_bent": bent, "spirals_relu": spirals, "spirals_tanh": deep.spirals["tanh"],
             "spirals_identity": straight, "regions_shallow": one.regions, "regions_deep": deep.regions},
        ),
    )  # fmt: skip


def tables(measured: Measured) -> tuple[Table, ...]:
    """Scores by depth and activation."""
    names = tuple(measured.fits[0].r2)
    formats = ("d", *(".3f",) * len(names))
    return (
        Table(say("R2 on the curve sin(5x)"), (say("hidden layers"), *names), formats,
              tuple((fits.depth, *fits.r2.values()) for fits in measured.fits)),
        Table(say("Accuracy on two spirals"), (say("hidden layers"), *names), formats,
              tuple((fits.depth, *fits.spirals.values()) for fits in measured.fits)),
        Table(say("Straight pieces that ReLU draws on [-1, 1]"), (say("hidden layers"), say("pieces")), ("d", "d"),
              tuple((fits.depth, fits.regions) for fits in measured.fits)),
    )  # fmt: skip


def figures(measured: Measured) -> tuple[Figure, ...]:
    """The fitted curves, and the spirals."""
    x, deep = X[:, 0], measured.fits[-1]
    lines = tuple(Line(name, x, curve) for name, curve in deep.curves.items())
    series = tuple(
        Series(say("hidden layers: {depth}", depth=fits.depth), tuple(fits.spirals.values())) for fits in measured.fits
    )
    data = Line(say("data"), x, Y[:, 0], dashed=True)
    return (
        Figure(
            "linear-collapse",
            say("Layers without a bend draw a straight line, however many there are."),
            Panels((
                Curves(say("Fits with {depth} hidden layers", depth=deep.depth), "x", "y", (*lines, data)),
                Bars(say("Two spirals"), say("validation accuracy"), tuple(deep.spirals), series, line=0.5,
                     line_name=say("guessing"), y_limits=(0, 1.1)),
            )),
        ),
    )  # fmt: skip


def hints() -> tuple[tuple[str, str], ...]:
    """What to try."""
    return (
        ("--depth 6", say("more identity layers change nothing")),
        ("--units 4", say("with few units ReLU draws few pieces")),
        ("--activation step", say("a step bends, but has no gradient to learn by")),
    )


LESSON = Lesson(
    name="linear-collapse",
    numbers=(4, 5),
    summary=lambda: say("Why layers need a bend: linear ones collapse into one"),
    measure=measure,
    claims=claims,
    tables=tables,
    figures=figures,
    hints=hints,
    parameters=(
        Parameter("activation", "relu", HiddenActivation(), lambda: say("an activation to show beside the others")),
        Parameter("depth", 3, Whole(2, 12), lambda: say("number of hidden layers")),
        Parameter("units", 32, Whole(2, 256), lambda: say("units of each hidden layer")),
        Parameter("factor", 2.0, Real(-10, 10), lambda: say("the factor c of h(x) = c x")),
    ),
    aliases=("expressive-power",),
)
