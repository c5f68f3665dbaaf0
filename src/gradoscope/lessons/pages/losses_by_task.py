"""Which output layer and which loss belong to which task: right and wrong pairs on real data."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradoscope.language import say
from gradoscope.lessons.laboratory import Parts, experiments, network, parts, said
from gradoscope.lessons.lesson import Claim, Figure, Lesson, Table, Verdict
from gradoscope.lessons.parameters import HiddenActivation, Parameter, Whole
from gradoscope.networks import Named, TrainingSpec
from gradoscope.plots.bars import Bars, Series
from gradoscope.plots.figure import Panels
from gradoscope.training import Run, fit_population, score

Array = NDArray[np.floating]
MSE, BCE, CCE = "mean_squared_error", "binary_cross_entropy", "categorical_cross_entropy"
SHORT = {MSE: "MSE", BCE: "BCE", CCE: "CCE"}
PAIRS = {  # output activation and loss, the right one first
    "binary": (("sigmoid", BCE), ("sigmoid", MSE), ("identity", BCE), ("relu", BCE)),
    "multiclass": (("softmax", CCE), ("softmax", MSE), ("identity", CCE), ("relu", CCE)),
    "regression": (("identity", MSE), ("sigmoid", MSE), ("softmax", MSE), ("sigmoid", BCE)),
}
DATA = {"binary": "tumour", "multiclass": "digits", "regression": "diabetes"}
HIDDEN = {"binary": 24, "multiclass": 24, "regression": 8}
RATES = (0.002, 0.01)  # each pair has its own better one, by validation
BINS = 10
BAD_START = Named.of("random_normal", stddev=3.0)  # weights so large that the network starts confident, and wrong


class Result(NamedTuple):
    """An output layer and a loss on a task: test score (accuracy or R2), log loss, calibration error.

    improper is the share of rows whose answers are no probabilities: outside 0 to 1, or not adding up to 1.
    """

    task: str
    output: str
    loss: str
    score: float
    log_loss: float
    calibration: float
    improper: float

    @property
    def label(self) -> str:
        """The pair."""
        return f"{self.output} + {SHORT[self.loss]}"


class Measured(NamedTuple):
    """All results; those from a bad start; R2 with targets squeezed into 0 to 1 (identity + MSE, sigmoid + BCE)."""

    results: tuple[Result, ...]
    bad_start: tuple[Result, ...]
    squeezed: tuple[float, float]
    outside: float

    def of(self, task: str, output: str, loss: str, *, bad: bool = False) -> Result:
        """The result of one pair."""
        found = self.bad_start if bad else self.results
        return next(each for each in found if (each.task, each.output, each.loss) == (task, output, loss))


def measure(activation: str, epochs: int, splits: int, seed: int) -> Measured:
    """Train every pair of every task, exactly as written; figures are means over some divisions of the data."""
    return _mean([_measured_once(activation, epochs, each) for each in range(seed, seed + splits)])


def _measured_once(activation: str, epochs: int, seed: int) -> Measured:
    kinds = {"binary": "codes", "multiclass": "one_hot", "regression": "standard"}
    data = {task: parts(source, seed, targets=kinds[task]) for task, source in DATA.items()}
    long = dict.fromkeys(PAIRS, epochs) | {"regression": 8 * epochs}  # few rows make few steps
    squeezed = _trained("regression", parts("diabetes", seed, targets="minmax"), activation, long["regression"], seed)
    bad = [_trained(task, data[task], activation, epochs, seed, BAD_START)[:2] for task in ("binary", "multiclass")]
    targets = data["regression"].train.targets
    return Measured(
        results=tuple(each for task in PAIRS for each in _trained(task, data[task], activation, long[task], seed)),
        bad_start=tuple(each for pair in bad for each in pair),
        squeezed=(squeezed[0].score, squeezed[-1].score),
        outside=float(((targets < 0) | (targets > 1)).mean()),
    )


def _mean(several: list[Measured]) -> Measured:
    def results(rows: list[tuple[Result, ...]]) -> tuple[Result, ...]:
        return tuple(Result(*same[0][:3], *np.mean([each[3:] for each in same], axis=0).tolist())
                     for same in zip(*rows, strict=True))  # fmt: skip

    plain, wide = np.mean([each.squeezed for each in several], axis=0).tolist()
    return Measured(
        results([each.results for each in several]),
        results([each.bad_start for each in several]),
        (plain, wide),
        float(np.mean([each.outside for each in several])),
    )


def _trained(
    task: str, data: Parts, activation: str, epochs: int, seed: int, start: Named | None = None
) -> list[Result]:
    """The test result of every pair of the task, at its better learning rate; all in one program."""
    outputs = data.train.targets.shape[1]
    arms = [(pair, rate) for pair in PAIRS[task] for rate in RATES]
    population = [
        experiment
        for (link, loss), rate in arms
        for experiment in experiments(
            [network([HIDDEN[task]], activation, outputs=outputs, link=link, loss=loss, start=start)],
            TrainingSpec(learning_rate=rate, epochs=epochs, seed=seed, patience=10),
        )
    ]
    runs = fit_population(population, data.train, data.validation, task)
    best = {
        pair: max((runs[i] for i, arm in enumerate(arms) if arm[0] == pair), key=_validated) for pair in PAIRS[task]
    }
    return [_tested(task, pair, run, data) for pair, run in best.items()]


def _validated(run: Run) -> float:
    return run.validation_score if np.isfinite(run.validation_score) else -np.inf


def _tested(task: str, pair: tuple[str, str], run: Run, data: Parts) -> Result:
    answers = said([run.experiment.network], run.params, data.test.inputs)[0]
    right = score("r2" if task == "regression" else "accuracy", answers, data.test.targets)
    logs = (np.nan, np.nan) if task == "regression" else _calibrated(answers, data.test.targets)
    return Result(task, *pair, right, *logs, _improper(answers))


def _improper(answers: Array) -> float:
    proper = ((answers >= 0) & (answers <= 1)).all(1)
    if answers.shape[1] > 1:
        proper &= abs(answers.sum(1) - 1) < 1e-3
    return float(1 - proper.mean())


def _calibrated(answers: Array, targets: Array) -> tuple[float, float]:
    """Log loss of the answers taken as probabilities (cut at 1e-7), and calibration error of the chosen class."""
    if not np.isfinite(answers).all():
        return np.inf, np.nan
    p = np.clip(answers.astype(np.float64), 1e-7, 1 - 1e-7)
    shares, truth = (np.column_stack([1 - p, p]), targets[:, 0]) if p.shape[1] == 1 else (p, targets.argmax(1))
    label = truth.astype(int)
    log_loss = -np.log(shares[np.arange(len(label)), label]).mean()
    confidence, hit = shares.max(1), shares.argmax(1) == label
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [(place == b).mean() * abs(confidence[place == b].mean() - hit[place == b].mean())
            for b in range(BINS) if (place == b).any()]  # fmt: skip
    return float(log_loss), float(sum(gaps))


def claims(measured: Measured) -> tuple[Claim, ...]:
    """Right outputs, and the swapped sentence."""
    return (_outputs(measured), _swapped(measured))


def _outputs(measured: Measured) -> Claim:
    right = {task: measured.of(task, *pairs[0]) for task, pairs in PAIRS.items()}
    wrong = {
        task: max(each.score for each in measured.results if each.task == task and each.output != pairs[0][0])
        for task, pairs in PAIRS.items()
    }
    lead = {task: right[task].score - wrong[task] for task in PAIRS}
    classes = [each for each in measured.results if each.task != "regression"]
    proper = max(each.improper for each in classes if each.output in ("sigmoid", "softmax"))
    improper = {
        task: max(each.improper for each in classes if each.task == task) for task in right if task != "regression"
    }
    worst = min(lead["multiclass"], lead["regression"])
    return Claim(
        12,
        say("Sigmoid belongs in the output layer of binary classification, softmax (one node per class) in multiclass, "
            "identity in regression."),
        Verdict.of(worst > 0 and lead["binary"] > -0.03 and proper == 0, limited=min(lead["binary"], worst) < 0.02),
        say("Right against the best wrong output layer: binary {binary:.1%} and {binary_wrong:.1%}, multiclass "
            "{multi:.1%} and {multi_wrong:.1%}, regression R2 {regression:.2f} and {regression_wrong:.2f}. With two "
            "classes a wrong output may still pick the right one, but up to {improper:.0%} of its answers are no "
            "probabilities (right output: {proper:.0%}).",
            binary=right["binary"].score, binary_wrong=wrong["binary"], multi=right["multiclass"].score,
            multi_wrong=wrong["multiclass"], regression=right["regression"].score,
            regression_wrong=wrong["regression"], improper=improper["binary"], proper=proper),
        {f"{name}_{task}": value for name, values in (("wrong", wrong), ("lead", lead), ("no_probability", improper))
         for task, value in values.items()} | {f"right_{task}": each.score for task, each in right.items()},
    )  # fmt: skip


def _swapped(measured: Measured) -> Claim:
    crossed = (measured.of("binary", "sigmoid", BCE), measured.of("multiclass", "softmax", CCE))
    squared = (measured.of("binary", "sigmoid", MSE), measured.of("multiclass", "softmax", MSE))
    bad = measured.of("multiclass", "softmax", CCE, bad=True), measured.of("multiclass", "softmax", MSE, bad=True)
    number = measured.of("regression", "identity", MSE).score, measured.of("regression", "sigmoid", BCE).score
    classes_reversed = (
        all(c.score > s.score - 0.03 for c, s in zip(crossed, squared, strict=True)) and bad[0].score > bad[1].score
    )
    classes_as_printed = all(
        s.score > c.score + 0.03 for c, s in zip((*crossed, bad[0]), (*squared, bad[1]), strict=True)
    )
    reversed_ = classes_reversed and number[0] > number[1] + 0.05
    as_printed = classes_as_printed and number[1] > number[0] + 0.05
    return Claim(
        18,
        say("Mean squared error is for classification and cross-entropy for regression (as some texts print it)."),
        Verdict.of(as_printed or not reversed_, limited=not as_printed),
        say("It is the other way round; the two were probably swapped in print. From a good start both classify "
            "about as well: cross-entropy {bce:.1%} and {cce:.1%}, squared error {bin_mse:.1%} and {multi_mse:.1%} "
            "(calibration error {bce_cal:.3f} and {cce_cal:.3f} against {bin_cal:.3f} and {multi_cal:.3f}). From a "
            "start that is confidently wrong, cross-entropy still learns the digits, {bad_cce:.1%}; squared error, "
            "whose gradient fades there, gets to {bad_mse:.1%}. Regression: squared error R2 {mse:.2f}, cross-entropy "
            "{ce:.2f}, as {outside:.0%} of the targets are no probabilities; squeezed into 0 to 1 it gets "
            "{squeezed:.2f} (squared error {plain:.2f}).",
            bce=crossed[0].score, cce=crossed[1].score, bin_mse=squared[0].score, multi_mse=squared[1].score,
            bce_cal=crossed[0].calibration, cce_cal=crossed[1].calibration, bin_cal=squared[0].calibration,
            multi_cal=squared[1].calibration, bad_cce=bad[0].score, bad_mse=bad[1].score, mse=number[0], ce=number[1],
            outside=measured.outside, squeezed=measured.squeezed[1], plain=measured.squeezed[0])
        if reversed_
        else say("Accuracy {cce:.1%} with cross-entropy, {multi_mse:.1%} with squared error (from a bad start "
                 "{bad_cce:.1%} and {bad_mse:.1%}); regression R2 {mse:.2f} with squared error, {ce:.2f} with "
                 "cross-entropy.",
                 cce=crossed[1].score, multi_mse=squared[1].score, bad_cce=bad[0].score, bad_mse=bad[1].score,
                 mse=number[0], ce=number[1]),
        _figures_of(crossed, squared, bad)
        | {"r2_squared_error": number[0], "r2_cross_entropy": number[1],
           "r2_cross_entropy_squeezed": measured.squeezed[1], "r2_squared_error_squeezed": measured.squeezed[0]},
    )  # fmt: skip


def _figures_of(crossed: tuple[Result, ...], squared: tuple[Result, ...], bad: tuple[Result, ...]) -> dict[str, float]:
    named = {"cross_entropy": crossed, "squared_error": squared}
    figures = {
        f"{what}_{name}_{each.task}": value
        for name, results in named.items()
        for each in results
        for what, value in (("accuracy", each.score), ("log_loss", each.log_loss), ("calibration", each.calibration))
    }
    return figures | {f"accuracy_bad_start_{name}": each.score for name, each in zip(named, bad, strict=True)}


def tables(measured: Measured) -> tuple[Table, ...]:
    """Every pair on every task."""
    classes = tuple((DATA[each.task], each.label, *each[3:]) for each in measured.results if each.task != "regression")
    bad = tuple((DATA[each.task], each.label, *each[3:]) for each in measured.bad_start)
    numbers = tuple((each.label, each.score) for each in measured.results if each.task == "regression")
    squeezed = tuple(zip(("identity + MSE", "sigmoid + BCE"), measured.squeezed, strict=True))
    pair = say("output + loss")
    columns = (say("data"), pair, say("accuracy"), say("log loss"), say("calibration error"), say("no probability"))
    return (
        Table(say("Classification, on held-out rows (the right pair first)"),
              columns, ("", "", ".3f", ".3f", ".3f", ".0%"), classes),
        Table(say("The same from weights so large that the network starts confident, and wrong"),
              columns, ("", "", ".3f", ".3f", ".3f", ".0%"), bad),
        Table(say("Regression (diabetes), on held-out rows"), (pair, "R2"), ("", ".3f"), numbers),
        Table(say("The same with targets squeezed into 0 to 1"), (pair, "R2"), ("", ".3f"), squeezed),
    )  # fmt: skip


def figures(measured: Measured) -> tuple[Figure, ...]:
    """Scores by pair."""
    titles = {"binary": say("Binary: tumour"), "multiclass": say("Ten classes: digits"),
              "regression": say("Regression: diabetes")}  # fmt: skip
    plots = []
    for task, title in titles.items():
        found = [each for each in measured.results if each.task == task]
        axis = "R2" if task == "regression" else say("accuracy")
        series = (Series("", tuple(each.score for each in found)),)
        plots.append(Bars(title, axis, tuple(each.label.replace(" + ", "\n+ ") for each in found), series))
    caption = say("The right pair of output and loss stands first in each group.")
    return (Figure("losses-by-task", caption, Panels(tuple(plots), columns=3)),)


def hints() -> tuple[tuple[str, str], ...]:
    """What to try."""
    return (
        ("--epochs 5", say("early on, cross-entropy is further ahead of squared error")),
        ("--activation tanh", say("another hidden layer, the same order")),
    )


LESSON = Lesson(
    name="losses-by-task",
    numbers=(12, 18),
    summary=lambda: say("Which output and which loss belong to which task"),
    measure=measure,
    claims=claims,
    tables=tables,
    figures=figures,
    hints=hints,
    parameters=(
        Parameter("activation", "relu", HiddenActivation(), lambda: say("activation of the hidden layer")),
        Parameter("epochs", 25, Whole(2, 500), lambda: say("largest number of epochs")),
        Parameter("splits", 3, Whole(1, 20), lambda: say("how often the data are divided anew")),
    ),
    small={"splits": 2},
    aliases=("output-layers",),
)
