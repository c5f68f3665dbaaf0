"""From the perceptron to the network: a unit, its activation, and why XOR needs a hidden layer."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.data import Rows
from gradoscope.functions import activations, losses
from gradoscope.language import say
from gradoscope.lessons.laboratory import experiments, layer, network, said
from gradoscope.lessons.lesson import Claim, Figure, Lesson, Table, Verdict
from gradoscope.lessons.parameters import HiddenActivation, Parameter, Whole
from gradoscope.networks import Layer, Named, NetworkSpec, Params, TrainingSpec
from gradoscope.plots.boundary import Boundary, plane
from gradoscope.plots.curves import Curves, Line
from gradoscope.plots.figure import Panels
from gradoscope.training import Run, fit_population

Array = NDArray[np.floating]
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
GATES = {"AND": np.array([0, 0, 0, 1]), "OR": np.array([0, 1, 1, 1]), "XOR": np.array([0, 1, 1, 0])}
PERCEPTRONS = 20  # starts of the perceptron rule
ROUNDS = 64  # the four rows so many times an epoch
SHARP = 10.0  # scale of the hand-set output unit


class Measured(NamedTuple):
    """Shares of right answers by kind of unit and gate (best of all starts), and how they were found."""

    step_unit: dict[str, float]
    sigmoid_unit: dict[str, float]
    hidden_layer: dict[str, float]
    solved: float
    hand_set: float
    hand_set_loss: float
    agreement: float
    loss: Array
    xs: Array
    ys: Array
    planes: dict[str, Array]


def measure(hidden: int, activation: str, starts: int, seed: int) -> Measured:
    """Learn the gates with one unit and with one hidden layer, from several starts each."""
    seeds = range(seed, seed + starts)
    step = {
        gate: max(_perceptron_rule(y, each) for each in range(seed, seed + PERCEPTRONS)) for gate, y in GATES.items()
    }
    one, two = network([], "identity"), network([hidden], activation)
    units = {gate: [_learned(one, y, each) for each in seeds] for gate, y in GATES.items()}
    deep = {gate: [_learned(two, y, each) for each in seeds] for gate, y in GATES.items()}
    best = max(deep["XOR"], key=lambda run: run.train_score)
    xs, ys, grid = plane(X, 0.5, 60)
    out = {"sigmoid": (one, units["XOR"][0]), "network": (two, best)}
    planes: dict[str, Array] = {
        name: said([spec], run.params, grid).reshape(60, 60) for name, (spec, run) in out.items()
    }
    by_hand, params = _hand_set()
    answer = said([by_hand], params, X)[0]
    return Measured(
        step_unit=step,
        sigmoid_unit={gate: max(run.train_score for run in runs) for gate, runs in units.items()},
        hidden_layer={gate: max(run.train_score for run in runs) for gate, runs in deep.items()},
        solved=float(np.mean([run.train_score == 1 for run in deep["XOR"]])),
        hand_set=float(((answer[:, 0] > 0.5) == GATES["XOR"]).mean()),
        hand_set_loss=float(
            losses["bce"](answer[:, 0], GATES["XOR"].astype(np.float32), input="probabilities", reduction="mean")
        ),
        agreement=_agreement(seed),
        loss=best.curves.train_loss,
        xs=xs,
        ys=ys,
        planes={**planes, "hand": said([by_hand], params, grid).reshape(60, 60)},
    )


def _learned(spec: NetworkSpec, y: Array, seed: int) -> Run:
    training = TrainingSpec(learning_rate=0.05, batch_size=4, epochs=30, shuffle=False, seed=seed)
    rows = Rows(np.tile(X, (ROUNDS, 1)), np.tile(y.astype(np.float32)[:, None], (ROUNDS, 1)))
    return fit_population(experiments([spec], training), rows, rows.at(slice(4)), "binary")[0]


def _perceptron_rule(y: Array, seed: int, rounds: int = 100) -> float:
    """Rosenblatt's rule for a step unit, whose derivative is 0: move by the error; the best share of right answers."""
    weights = np.random.default_rng(seed).normal(size=3)
    inputs, best = np.column_stack([X, np.ones(4)]), 0.0
    for _ in range(rounds):
        for row, wanted in zip(inputs, y, strict=True):
            weights += (wanted - activations["step"](row @ weights)) * row
            best = max(best, float((activations["step"](inputs @ weights) == y).mean()))
    return best


def _hand_set() -> tuple[NetworkSpec, Params]:
    """XOR by hand: two step units say OR and AND, the output says OR but not AND."""
    spec = NetworkSpec(Layer(1, Named("sigmoid")), Named("binary_cross_entropy"), (Layer(2, Named("step")),))
    return spec, (layer([[1, 1], [1, 1]], [-0.5, -1.5]), layer([[SHARP], [-SHARP]], [-SHARP / 2]))


def _agreement(seed: int) -> float:
    """Share of random weighted sums where the step unit and the sigmoid unit, cut at one half, say the same."""
    total = np.random.default_rng(seed).normal(size=(1000, 3)) @ np.random.default_rng(seed + 1).normal(size=3)
    return float((activations["step"](total) == (activations["sigmoid"](total) > 0.5)).mean())


def claims(measured: Measured) -> tuple[Claim, ...]:
    """What one unit can do, and that weights are learned."""
    gates, alone = ("AND", "OR"), max(measured.step_unit["XOR"], measured.sigmoid_unit["XOR"])
    simple = min(min(unit[gate] for gate in gates) for unit in (measured.step_unit, measured.sigmoid_unit))
    network_xor = measured.hidden_layer["XOR"]
    first, last = float(measured.loss[0]), float(measured.loss[-1])
    return (
        Claim(
            1,
            say("An activation turns the weighted sum of a unit's inputs plus bias into its output; a perceptron and a "
                "network differ only in the activation."),
            Verdict.of(simple == 1 and alone < 1 and network_xor == 1 and measured.agreement == 1, limited=True),
            say("With the same weights, step and sigmoid (cut at 0.5) agreed on {agreement:.1%} of 1000 sums, and both "
                "units learned AND and OR ({simple:.0%}). XOR: a single unit got {alone:.0%} right at best, a "
                "network with a hidden layer {network:.0%}. So the hidden layer is a difference too.",
                agreement=measured.agreement, simple=simple, alone=alone, network=network_xor),
            {"agreement": measured.agreement, "and_or": simple, "xor_single_unit": alone, "xor_network": network_xor,
             "starts_that_solved_xor": measured.solved},
        ),
        Claim(
            2,
            say("Weights are learned from data, not set by hand; a network is input, hidden and output layers."),
            Verdict.of(last < first / 10 and network_xor == 1 and measured.hand_set == 1),
            say("From random weights, gradient descent lowered the loss from {first:.3f} to {last:.5f}; weights set by "
                "hand solve XOR too ({hand:.0%}), with loss {hand_loss:.5f}.",
                first=first, last=last, hand=measured.hand_set, hand_loss=measured.hand_set_loss),
            {"first_loss": first, "last_loss": last, "hand_set_loss": measured.hand_set_loss,
             "hand_set_accuracy": measured.hand_set},
        ),
    )  # fmt: skip


def tables(measured: Measured) -> tuple[Table, ...]:
    """Accuracy by unit and gate."""
    kinds = (
        (say("step unit (perceptron)"), measured.step_unit),
        (say("sigmoid unit"), measured.sigmoid_unit),
        (say("one hidden layer"), measured.hidden_layer),
    )
    rows = tuple((name, *(shares[gate] for gate in GATES)) for name, shares in kinds)
    title = say("Share of right answers, best of all starts")
    return (Table(title, (say("network"), *GATES), ("", ".0%", ".0%", ".0%"), rows),)


def figures(measured: Measured) -> tuple[Figure, ...]:
    """What each network says on the plane, and the falling loss."""
    titles = (("sigmoid", say("XOR, one sigmoid unit")), ("network", say("XOR, learned with a hidden layer")),
              ("hand", say("XOR, weights set by hand")))  # fmt: skip
    maps = (Boundary(text, measured.xs, measured.ys, measured.planes[n], X, GATES["XOR"]) for n, text in titles)
    epochs = np.arange(1, len(measured.loss) + 1)
    by_hand = Line(say("set by hand"), epochs, np.full(len(epochs), measured.hand_set_loss), dashed=True)
    loss = Curves(say("Loss while learning XOR"), say("epoch"), say("loss"),
                  (Line(say("learned"), epochs, measured.loss), by_hand), log_y=True)  # fmt: skip
    caption = say("One unit draws one straight line, and no line separates XOR; a hidden layer draws two.")
    return (Figure("xor", caption, Panels((*maps, loss))),)


def hints() -> tuple[tuple[str, str], ...]:
    """What to try."""
    return (
        ("--hidden 1", say("one hidden unit is not enough for XOR")),
        ("--activation identity", say("a hidden layer without an activation that bends is no help")),
        ("--starts 10", say("with few hidden units some starts fail")),
    )


LESSON = Lesson(
    name="perceptron-to-network",
    numbers=(1, 2),
    summary=lambda: say("From the perceptron to the network: AND, OR, XOR"),
    measure=measure,
    claims=claims,
    tables=tables,
    figures=figures,
    hints=hints,
    parameters=(
        Parameter("hidden", 4, Whole(1, 64), lambda: say("units of the hidden layer")),
        Parameter("activation", "tanh", HiddenActivation(), lambda: say("activation of the hidden layer")),
        Parameter("starts", 3, Whole(1, 20), lambda: say("number of random starts")),
    ),
    small={"starts": 2},
    aliases=("xor", "perceptron"),
)
