"""Vanishing gradient: what is left of it at the first layer of a deep network, and who still learns there."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from gradoscope.data import Rows
from gradoscope.functions import activations
from gradoscope.language import say
from gradoscope.lessons.laboratory import experiments, gradients, network, parts
from gradoscope.lessons.lesson import Claim, Figure, Lesson, Table, Verdict
from gradoscope.lessons.parameters import HiddenActivation, Parameter, Real, Whole
from gradoscope.networks import LayerParams, NetworkSpec, Params, TrainingSpec, init
from gradoscope.plots.curves import Curves, Line
from gradoscope.plots.figure import Panels
from gradoscope.training import Run, fit_population

Array = NDArray[np.floating]
CLASSIC = ("sigmoid", "tanh", "relu")
START = "he_normal"  # of every network, so that all start from the same weights


class Measured(NamedTuple):
    """By activation: norm of the first layer's gradient at each depth, of every layer's at the last, and training."""

    depths: tuple[int, ...]
    norms: dict[str, Array]
    by_layer: dict[str, Array]
    moved: dict[str, Array]
    accuracy: dict[str, float]
    losses: dict[str, Array]
    majority: float
    steepest: float
    gain: float
    grown: float
    grown_on_data: float


def measure(activation: str, depth: int, units: int, epochs: int, gain: float, seed: int) -> Measured:
    """Gradients before training at several depths; training at the largest one; sigmoid with large weights."""
    data = parts("make_moons", seed, {"n_samples": 500, "noise": 0.15, "random_state": seed}, targets="codes")
    names = tuple(dict.fromkeys((*CLASSIC, activation)))
    depths = tuple(sorted({2, depth} | {each for each in (4, 8, 14, 20) if each < depth}))
    norms = np.array([_norms(_networks(names, each, units), data.train, seed)[:, 0] for each in depths])
    deep = _networks(names, depth, units)
    runs = _trained(deep, data.train, data.validation, epochs, seed)
    start = init(deep, data.train.inputs.shape[1], seed)
    sigmoid = activations["sigmoid"]
    return Measured(
        depths=depths,
        norms=dict(zip(names, norms.T, strict=True)),
        by_layer=dict(zip(names, _norms(deep, data.train, seed), strict=True)),
        moved={name: _moved(run, start, i) for i, (name, run) in enumerate(zip(names, runs, strict=True))},
        accuracy={name: run.validation_score for name, run in zip(names, runs, strict=True)},
        losses={name: run.curves.train_loss for name, run in zip(names, runs, strict=True)},
        majority=float(max(data.validation.targets.mean(), 1 - data.validation.targets.mean())),
        steepest=float(sigmoid.derivative(np.linspace(-10, 10, 2001)).max()),
        gain=gain,
        grown=_grown(deep, data.train, gain, seed, centred=True),
        grown_on_data=_grown(deep, data.train, gain, seed, centred=False),
    )


def _networks(names: tuple[str, ...], depth: int, units: int) -> list[NetworkSpec]:
    return [network([units] * depth, name, start=START) for name in names]


def _norms(networks: list[NetworkSpec], rows: Rows, seed: int) -> Array:
    """Norm of the gradient of every kernel before training, (members, layers)."""
    grads = gradients(networks, init(networks, rows.inputs.shape[1], seed), rows)
    return np.stack([np.linalg.norm(layer.kernel, axis=(1, 2)) for layer in grads], axis=1)


def _trained(networks: list[NetworkSpec], train: Rows, validation: Rows, epochs: int, seed: int) -> list[Run]:
    training = TrainingSpec(optimizer="sgd", learning_rate=0.01, momentum=0.9, epochs=epochs, seed=seed)
    return fit_population(experiments(networks, training), train, validation, "binary")


def _moved(run: Run, start: Params, member: int) -> Array:
    """How far the kernel of each layer moved, as a share of its norm at the start."""
    before = [np.asarray(layer.kernel[member]) for layer in start]
    after = [np.asarray(layer.kernel[0]) for layer in run.params]
    return np.array([np.linalg.norm(b - a) / np.linalg.norm(a) for a, b in zip(before, after, strict=True)])


def _grown(networks: list[NetworkSpec], rows: Rows, gain: float, seed: int, *, centred: bool) -> float:
    """How many times larger the gradient is at the first hidden layer of a sigmoid network than at its last one.

    Its kernels are orthogonal times `gain`, its biases keep sums at 0 for an input of 0. `centred` feeds just that.
    """
    params, before = [], rows.inputs.shape[1]
    rng, members = np.random.default_rng(seed), len(networks)
    for place, layer in enumerate(networks[0].layers):
        wide, thin = max(before, layer.units), min(before, layer.units)
        q = np.linalg.qr(rng.standard_normal((wide, thin)))[0]
        kernel = gain * (q if before == wide else q.T)
        bias = np.zeros(layer.units) if place == 0 else -0.5 * kernel.sum(0)
        stacked = [jnp.asarray(np.repeat(each[None], members, axis=0), jnp.float32) for each in (kernel, bias)]
        params.append(LayerParams(stacked[0], stacked[1]))
        before = layer.units
    inputs = np.zeros_like(rows.inputs) if centred else rows.inputs
    grads = gradients(networks, tuple(params), Rows(inputs, np.ones_like(rows.targets)))
    first, last = (float(np.linalg.norm(grads[place].bias[0])) for place in (0, -2))
    return first / last


def _factor(measured: Measured, name: str) -> float:
    """By how much one more layer multiplies the first layer's gradient, on average over the depths."""
    logs = np.log(np.maximum(measured.norms[name], 1e-300))
    return float(np.exp(np.polyfit(measured.depths, logs, 1)[0])) if len(measured.depths) > 1 else 1.0


def claims(measured: Measured) -> tuple[Claim, ...]:
    """It vanishes with sigmoid; whether it can explode."""
    return (_vanishes(measured), _explodes(measured))


def _vanishes(measured: Measured) -> Claim:
    sigmoid, relu = _factor(measured, "sigmoid"), _factor(measured, "relu")
    moved, depth = float(measured.moved["sigmoid"][0]), measured.depths[-1]
    accuracy, best = measured.accuracy["sigmoid"], measured.accuracy["relu"]
    stuck = accuracy < measured.majority + 0.05 and best > 0.9
    return Claim(
        6,
        say("The sigmoid's derivative is largest at 0 and is 1/4 there; products of it vanish with depth, so layers "
            "near the input stop learning."),
        Verdict.of(abs(measured.steepest - 0.25) < 1e-9 and sigmoid < 0.5 and moved < 0.01 and stuck),
        say("Largest derivative {steepest:.4f}. One more layer multiplied the first layer's gradient by "
            "{sigmoid:.3f} with sigmoid, by {relu:.3f} with ReLU. At {depth} layers the first layer moved by "
            "{moved:.2g} of its size in training: sigmoid reached {accuracy:.1%} (majority class {majority:.1%}), "
            "ReLU {best:.1%}, from the same start, on the same data in the same batches.",
            steepest=measured.steepest, sigmoid=sigmoid, relu=relu, depth=depth, moved=moved, accuracy=accuracy,
            majority=measured.majority, best=best),
        {"largest_derivative": measured.steepest, "factor_per_layer_sigmoid": sigmoid, "factor_per_layer_relu": relu,
         "factor_per_layer_tanh": _factor(measured, "tanh"), "first_layer_moved": moved,
         "accuracy_sigmoid": accuracy, "accuracy_tanh": measured.accuracy["tanh"], "accuracy_relu": best,
         "majority": measured.majority},
    )  # fmt: skip


def _explodes(measured: Measured) -> Claim:
    ordinary = float((measured.norms["sigmoid"] / measured.norms["sigmoid"][0]).max())
    return Claim(
        7,
        say("Sigmoid does not make gradients explode."),
        Verdict.of(measured.steepest <= 0.25 + 1e-9 and ordinary <= 1, limited=measured.grown > 10),
        say("Its own factor is never above {steepest:.4f}, and with an ordinary start the first layer's gradient "
            "was never more than {ordinary:.2g} times that at depth {shallow}. But with weights {gain:g} "
            "times an orthogonal matrix and sums near 0 it grew {grown:.2g} times on the way to the first layer: "
            "weights above 4 can beat the 1/4. (On the data themselves: {data:.2g} times, "
            "because large weights also saturate the units.)",
            steepest=measured.steepest, ordinary=ordinary, shallow=measured.depths[0],
            gain=measured.gain, grown=measured.grown, data=measured.grown_on_data),
        {"largest_derivative": measured.steepest, "largest_growth_ordinary_start": ordinary,
         "gain": measured.gain, "growth_large_weights": measured.grown,
         "growth_large_weights_on_data": measured.grown_on_data},
    )  # fmt: skip


def tables(measured: Measured) -> tuple[Table, ...]:
    """Gradients by depth, then what moved and what was learned."""
    names, layers = tuple(measured.norms), measured.depths[-1] + 1
    places = sorted({0, layers // 4, layers // 2, 3 * layers // 4, layers - 1})
    return (
        Table(
            say("Norm of the first layer's gradient before training, by depth"),
            (say("activation"), *map(str, measured.depths)),
            ("", *(".1e",) * len(measured.depths)),
            tuple((name, *map(float, measured.norms[name])) for name in names),
        ),
        Table(
            say("How far each layer moved in training (share of its size), and accuracy"),
            (say("activation"), *(say("layer {n}", n=place + 1) for place in places), say("accuracy")),
            ("", *(".1e",) * len(places), ".3f"),
            tuple((n, *(float(measured.moved[n][i]) for i in places), measured.accuracy[n]) for n in names),
        ),
    )


def figures(measured: Measured) -> tuple[Figure, ...]:
    """The gradient against depth with the bound, per layer, and the loss."""
    depths, first = np.array(measured.depths), measured.norms["sigmoid"][0]
    bound = Line("(1/4)^n", depths, first * 0.25 ** (depths - depths[0]), dashed=True)
    by_depth = tuple(Line(name, depths, norms, marks=True) for name, norms in measured.norms.items())
    layers = np.arange(1, measured.depths[-1] + 2)
    by_layer = tuple(Line(name, layers, norms, marks=True) for name, norms in measured.by_layer.items())
    losses = tuple(Line(name, np.arange(1, len(loss) + 1), loss) for name, loss in measured.losses.items())
    gradient = say("norm of the gradient")
    deep = measured.depths[-1]
    return (
        Figure(
            "vanishing-gradient",
            say("What reaches the first layer shrinks by a factor per layer with sigmoid; with ReLU it does not."),
            Panels((
                Curves(say("Gradient of the first layer"), say("hidden layers"), gradient, (*by_depth, bound),
                       log_y=True),
                Curves(say("Gradient of each layer, {depth} hidden layers", depth=deep), say("layer"), gradient,
                       by_layer, log_y=True),
                Curves(say("Training {depth} hidden layers", depth=deep), say("epoch"), say("loss"), losses),
            ), columns=3),
        ),
    )  # fmt: skip


def hints() -> tuple[tuple[str, str], ...]:
    """What to try."""
    return (
        ("--depth 5", say("a shallow network still learns with sigmoid, slowly")),
        ("--activation selu", say("another activation beside the three")),
        ("--gain 4", say("the border: weights of gain 4 just undo the 1/4")),
    )


LESSON = Lesson(
    name="vanishing-gradient",
    numbers=(6, 7),
    summary=lambda: say("Why deep sigmoid networks stop learning at the front"),
    measure=measure,
    claims=claims,
    tables=tables,
    figures=figures,
    hints=hints,
    parameters=(
        Parameter("activation", "sigmoid", HiddenActivation(), lambda: say("an activation to show beside the three")),
        Parameter("depth", 20, Whole(3, 40), lambda: say("number of hidden layers")),
        Parameter("units", 32, Whole(4, 256), lambda: say("units of each hidden layer")),
        Parameter("epochs", 40, Whole(1, 500), lambda: say("number of epochs")),
        Parameter("gain", 8.0, Real(0.1, 100), lambda: say("size of the large weights")),
    ),
    aliases=("vanishing",),
)
