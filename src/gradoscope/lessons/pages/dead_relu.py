"""Dead ReLU: units that are inactive on every row get no gradient; a slope on the negative side gives them one."""

from dataclasses import replace
from typing import NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from gradoscope.data import Rows
from gradoscope.language import say
from gradoscope.lessons.laboratory import experiments, network, traced, watch
from gradoscope.lessons.lesson import Claim, Figure, Lesson, Table, Verdict
from gradoscope.lessons.parameters import Parameter, Real, Whole
from gradoscope.networks import Experiment, Named, NetworkSpec, Params, TrainingSpec
from gradoscope.plots.curves import Curves, Line
from gradoscope.plots.figure import Panels
from gradoscope.plots.raster import Raster

Flags = NDArray[np.bool_]
SHOCK, BEFORE_REPAIR = range(5, 10), 12  # the epochs of the shock; the epoch after which the three part ways
CALM = 0.3  # factor of the learning rate from there on
ROWS = 256


class Measured(NamedTuple):
    """dead[name] (epochs + 1, units): the units whose weighted sum is negative on every training row."""

    dead: dict[str, Flags]
    scores: dict[str, float]
    bias: float


def measure(units: int, shock: float, slope: float, epochs: int, bias: float, seed: int) -> Measured:
    """Train ReLU, shock it, and go on from the same weights with ReLU and two leaky ones."""
    x = np.random.default_rng(seed).uniform(-1, 1, (ROWS, 1)).astype(np.float32)
    rows = Rows(x, np.sin(4 * x))
    functions = (Named("relu"), *(Named.of("leaky_relu", negative_slope=each) for each in (0.01, slope)))
    names = ("relu", "leaky_relu 0.01", f"leaky_relu {slope:g}")
    networks = [
        network([units], each, start="he_normal", bias=bias, link="identity", loss="mean_squared_error")
        for each in functions
    ]
    training = TrainingSpec(optimizer="rmsprop", learning_rate=0.01, epochs=BEFORE_REPAIR, seed=seed)
    population = experiments(networks, training)
    died, params, _ = _watched(population, networks, rows, None, shock)
    same = jax.tree.map(lambda array: np.repeat(array[:1], len(networks), axis=0), params)
    later = [replace(each, training=replace(training, epochs=epochs - BEFORE_REPAIR)) for each in population]
    went_on, _, scores = _watched(later, networks, rows, same, 1.0)
    dead = {name: np.concatenate([died[:, 0], went_on[1:, i]]) for i, name in enumerate(names)}
    return Measured(dead, dict(zip(names, map(float, scores), strict=True)), bias)


def _watched(
    population: list[Experiment], networks: list[NetworkSpec], rows: Rows, params: Params | None, shock: float
) -> tuple[Flags, Params, NDArray[np.float32]]:
    """Dead units (epochs + 1, members, units), the last parameters, and the last scores."""
    dead = []
    factor = dict.fromkeys(SHOCK, shock)
    for moment in watch(
        population,
        rows,
        rows,
        "regression",
        params=params,
        rate=lambda epoch: factor.get(epoch, 1.0) if params is None else CALM,
    ):
        sums = np.asarray(traced(networks, moment.params, rows.inputs).before[0])
        dead.append((sums < 0).all(1))
    return np.array(dead), moment.params, moment.validation_score


def revived(dead: Flags) -> int:
    """How many units were dead once and alive after a later epoch."""
    return int((dead[:-1] & ~dead[1:]).any(0).sum())


def claims(measured: Measured) -> tuple[Claim, ...]:
    """Units die and stay dead; a slope brings some back."""
    (relu, dead), *leaky = measured.dead.items()
    most, back = int(dead.sum(1).max()), revived(dead)
    returned = {name: revived(each[BEFORE_REPAIR:]) for name, each in leaky}
    units, rows = dead.shape[1], ROWS
    (first, first_back), (second, second_back) = returned.items()
    return (
        Claim(
            9,
            say("ReLU has zero gradient for negative inputs: units can die and stay dead."),
            Verdict.of(most > 0 and back == 0),
            say("{epochs} epochs with a raised learning rate left {most} of {units} units dead (inactive on all {rows} "
                "training rows); {back} of them came back in any later epoch.",
                epochs=len(SHOCK), most=most, units=units, rows=rows, back=back),
            {"units": units, "most_dead": most, "dead_share": most / units, "came_back": back,
             "r2": measured.scores[relu]},
        ),
        Claim(
            10,
            say("A slope on the negative side (leaky ReLU) cures that."),
            Verdict.of(min(returned.values()) > 0, limited=max(returned.values()) < most),
            say("From the same dead start, {first_back} units came back with {first} and {second_back} with {second}; "
                "with ReLU {back}. Units pushed far to the negative side come back slowly or not at all, but they "
                "pass on a gradient: R2 is {r2:.2f} with ReLU, {r2_first:.2f} and {r2_second:.2f} with the slopes.",
                back=revived(dead[BEFORE_REPAIR:]), first_back=first_back, first=first,
                second_back=second_back, second=second, r2=measured.scores[relu],
                r2_first=measured.scores[first], r2_second=measured.scores[second]),
            {"dead_at_start": int(dead[BEFORE_REPAIR].sum()), "came_back_first_slope": first_back,
             "came_back_second_slope": second_back, "r2_relu": measured.scores[relu],
             "r2_first_slope": measured.scores[first], "r2_second_slope": measured.scores[second]},
        ),
    )  # fmt: skip


def _strip(dead: Flags, width: int = 40) -> str:
    """The first units as a line of marks, alive or dead."""
    return "".join("·" if each else "█" for each in dead[:width])


def tables(measured: Measured) -> tuple[Table, ...]:
    """The units on screen, and how many are dead."""
    dead = measured.dead["relu"]
    last = len(dead) - 1
    shown = sorted({0, *(epoch - 1 for epoch in SHOCK), BEFORE_REPAIR, last // 2, last})
    life = tuple((epoch, _strip(dead[epoch]), int(dead[epoch].sum())) for epoch in shown)
    later = [epoch for epoch in shown if epoch >= BEFORE_REPAIR]
    counts = tuple(
        (name, *(int(each[epoch].sum()) for epoch in later), revived(each[BEFORE_REPAIR:]), measured.scores[name])
        for name, each in measured.dead.items()
    )
    return (
        Table(say("ReLU, unit by unit (█ alive, · dead)"), (say("epoch"), say("units"), say("dead")),
              ("d", "", "d"), life),
        Table(say("Going on from the same weights: dead units after so many epochs"),
              (say("activation"), *map(str, later), say("came back"), "R2"),
              ("", *("d",) * len(later), "d", ".3f"), counts),
    )  # fmt: skip


def figures(measured: Measured) -> tuple[Figure, ...]:
    """Every unit over time, and the number of dead ones."""
    epochs = np.arange(len(measured.dead["relu"]))
    lines = tuple(Line(name, epochs, dead.sum(1)) for name, dead in measured.dead.items())
    counts = Curves(say("Dead units"), say("epoch"), say("dead units"), lines)
    rasters = (Raster(name, say("epoch"), say("unit"), dead, BEFORE_REPAIR) for name, dead in measured.dead.items())
    caption = say("Every unit (dark: dead) after every epoch; at the dashed line the activation is changed.")
    return (Figure("dead-units", caption, Panels((*rasters, counts))),)


def hints() -> tuple[tuple[str, str], ...]:
    """What to try."""
    return (
        ("--shock 10", say("a smaller shock kills fewer units")),
        ("--shock 1 --bias -2", say("no shock: a low starting bias kills units before training begins")),
        ("--epochs 500", say("time alone brings no ReLU unit back")),
    )


LESSON = Lesson(
    name="dead-relu",
    numbers=(9, 10),
    summary=lambda: say("Dead ReLU: why units die, and what brings them back"),
    measure=measure,
    claims=claims,
    tables=tables,
    figures=figures,
    hints=hints,
    parameters=(
        Parameter("units", 20, Whole(2, 512), lambda: say("units of the hidden layer")),
        Parameter("shock", 30.0, Real(1, 10_000), lambda: say("factor of the learning rate in the bad epochs")),
        Parameter("slope", 0.2, Real(0.001, 1), lambda: say("negative slope of the second leaky ReLU")),
        Parameter("epochs", 150, Whole(20, 2000), lambda: say("number of epochs")),
        Parameter("bias", 0.0, Real(-10, 10), lambda: say("where the biases of the hidden layer start")),
    ),
    aliases=("dying-relu",),
)
