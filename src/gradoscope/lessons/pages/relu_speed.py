"""Does ReLU learn faster? Epochs and seconds to an accuracy, each activation at its own best learning rate."""

import time
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.functions import activations
from gradoscope.language import say
from gradoscope.lessons import scratch
from gradoscope.lessons.laboratory import Parts, experiments, network, parts
from gradoscope.lessons.lesson import Claim, Figure, Lesson, Table, Verdict
from gradoscope.lessons.parameters import Parameter, Real, Whole
from gradoscope.networks import TrainingSpec
from gradoscope.plots.curves import Curves, Line
from gradoscope.plots.figure import Panels
from gradoscope.training import fit_population

NAMES = ("sigmoid", "tanh", "relu")
RATES = (0.001, 0.003, 0.01, 0.03)
UNITS = 32


class Speed(NamedTuple):
    """How fast one activation learned at its best learning rate; epochs is infinite where it never got there."""

    name: str
    depth: int
    rate: float
    epochs: float
    seconds: float
    accuracy: NDArray[np.float32]


class Measured(NamedTuple):
    """What was measured."""

    target: float
    depths: tuple[int, ...]
    speeds: tuple[Speed, ...]
    relu_slope: float
    sigmoid_slope: float

    def at(self, name: str, depth: int) -> Speed:
        """The speed of an activation at a depth."""
        return next(speed for speed in self.speeds if (speed.name, speed.depth) == (name, depth))


def measure(depth: int, target: float, epochs: int, seed: int) -> Measured:
    """Train each activation at each learning rate, shallow and deep."""
    data = parts("digits", seed, targets="one_hot")
    depths = tuple(dict.fromkeys((1, depth)))
    positive = np.linspace(0.1, 10, 100)
    return Measured(
        target=target,
        depths=depths,
        speeds=tuple(speed for each in depths for speed in _speeds(each, target, epochs, data, seed)),
        relu_slope=float(activations["relu"].derivative(positive).min()),
        sigmoid_slope=float(activations["sigmoid"].derivative(positive).max()),
    )


def _speeds(depth: int, target: float, epochs: int, data: Parts, seed: int) -> list[Speed]:
    arms = [(name, rate) for name in NAMES for rate in RATES]
    population = [
        experiment
        for name, rate in arms
        for experiment in experiments(
            [network([UNITS] * depth, name, outputs=10, link="softmax", loss="categorical_cross_entropy")],
            TrainingSpec(learning_rate=rate, epochs=epochs, seed=seed),
        )
    ]
    runs = fit_population(population, data.train, data.validation, data.task)
    curves = {arm: run.curves.validation_score for arm, run in zip(arms, runs, strict=True)}
    reached = {arm: _first(curve, target) for arm, curve in curves.items()}
    found = []
    for name in NAMES:
        best = min(((name, rate) for rate in RATES), key=lambda arm: (reached[arm], -curves[arm][-1]))
        seconds = reached[best] * _seconds_per_epoch(name, depth, data)
        found.append(Speed(name, depth, best[1], reached[best], seconds, curves[best]))
    return found


def _first(curve: NDArray[np.float32], target: float) -> float:
    """The first epoch, from 1, at which the curve is at the target; infinite where it never is."""
    return float(np.argmax(curve >= target)) + 1 if (curve >= target).any() else np.inf


def _seconds_per_epoch(name: str, depth: int, data: Parts) -> float:
    """How long the network from scratch takes for one epoch: the fastest of three."""
    sizes = [data.train.inputs.shape[1], *([UNITS] * depth), 10]
    rng = np.random.default_rng(0)
    layers = [
        scratch.Layer(rng.normal(size=(a, b)) / a**0.5, np.zeros(b), name if b != 10 else "softmax")
        for a, b in pairwise(sizes)
    ]
    inputs, targets = (part.astype(np.float64) for part in data.train[:2])
    batches = [(inputs[i : i + 32], targets[i : i + 32]) for i in range(0, len(inputs), 32)]
    times = []
    for _ in range(3):
        began = time.perf_counter()
        scratch.train(layers, batches, "categorical_cross_entropy", 0.01)
        times.append(time.perf_counter() - began)
    return min(times)


def claims(measured: Measured) -> tuple[Claim, ...]:
    """ReLU against the saturating ones."""
    deep, shallow = measured.depths[-1], measured.depths[0]
    relu, sigmoid, tanh = (measured.at(name, deep) for name in ("relu", "sigmoid", "tanh"))
    faster, fastest = relu.epochs < sigmoid.epochs, relu.epochs < tanh.epochs
    everywhere = all(
        measured.at("relu", depth).epochs < measured.at(name, depth).epochs
        for depth in measured.depths
        for name in ("sigmoid", "tanh")
    )
    return (
        Claim(
            8,
            say("ReLU keeps a gradient of 1 for positive inputs and learns faster."),
            Verdict.of(measured.relu_slope == 1 and faster, limited=not (fastest and everywhere)),
            say("Slope for positive inputs: ReLU {relu_slope:g}, sigmoid at most {sigmoid_slope:.2f}. With {deep} "
                "hidden layers {target:.0%} accuracy took {relu:g} epochs with ReLU, {tanh:g} with tanh and "
                "{sigmoid:g} with sigmoid; with {shallow} it took {relu_1:g}, {tanh_1:g} and {sigmoid_1:g}. Each had "
                "its own best of {rates} learning rates.",
                relu_slope=measured.relu_slope, sigmoid_slope=measured.sigmoid_slope, deep=deep,
                target=measured.target, relu=relu.epochs, tanh=tanh.epochs, sigmoid=sigmoid.epochs, shallow=shallow,
                relu_1=measured.at("relu", shallow).epochs, tanh_1=measured.at("tanh", shallow).epochs,
                sigmoid_1=measured.at("sigmoid", shallow).epochs, rates=len(RATES)),
            {f"epochs_{speed.name}_depth_{speed.depth}": speed.epochs for speed in measured.speeds}
            | {f"seconds_{speed.name}_depth_{speed.depth}": speed.seconds for speed in measured.speeds}
            | {"relu_slope": measured.relu_slope},
        ),
    )  # fmt: skip


def tables(measured: Measured) -> tuple[Table, ...]:
    """Epochs, and seconds in the NumPy network from scratch."""
    columns = (say("hidden layers"), say("activation"), say("learning rate"), say("epochs"), say("seconds, in NumPy"),
               say("accuracy at the end"))  # fmt: skip
    rows = tuple((s.depth, s.name, s.rate, s.epochs, s.seconds, float(s.accuracy[-1])) for s in measured.speeds)
    title = say("To {target:.0%} validation accuracy on the digits", target=measured.target)
    return (Table(title, columns, ("d", "", "g", ".0f", ".3f", ".3f"), rows),)


def figures(measured: Measured) -> tuple[Figure, ...]:
    """Accuracy by epoch at each depth."""
    plots = tuple(
        Curves(
            say("Hidden layers: {depth}", depth=depth),
            say("epoch"),
            say("validation accuracy"),
            tuple(
                Line(s.name, np.arange(1, len(s.accuracy) + 1), s.accuracy, marks=True)
                for s in measured.speeds
                if s.depth == depth
            ),
        )
        for depth in measured.depths
    )
    caption = say("Accuracy by epoch, each activation at its own best learning rate.")
    return (Figure("relu-speed", caption, Panels(plots)),)


def hints() -> tuple[tuple[str, str], ...]:
    """What to try."""
    return (
        ("--depth 8", say("the deeper the network, the further sigmoid falls behind")),
        ("--target 0.95", say("a higher aim")),
    )


LESSON = Lesson(
    name="relu-speed",
    numbers=(8,),
    summary=lambda: say("Does ReLU learn faster? Learning rates tuned for each"),
    measure=measure,
    claims=claims,
    tables=tables,
    figures=figures,
    hints=hints,
    parameters=(
        Parameter("depth", 4, Whole(1, 20), lambda: say("number of hidden layers")),
        Parameter("target", 0.9, Real(0.2, 1), lambda: say("accuracy to reach")),
        Parameter("epochs", 12, Whole(2, 200), lambda: say("number of epochs")),
    ),
    small={"epochs": 8},
)
