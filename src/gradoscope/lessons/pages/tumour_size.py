"""Logistic regression of tumour size, fitted by gradient descent beside scikit-learn; and 569 real patients."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from gradoscope.data import Rows, load
from gradoscope.functions import activations
from gradoscope.language import say
from gradoscope.lessons.laboratory import experiments, network, parts, said
from gradoscope.lessons.lesson import Claim, Figure, Lesson, Table, Verdict
from gradoscope.lessons.parameters import Parameter, Whole
from gradoscope.networks import TrainingSpec
from gradoscope.plots.curves import Curves, Line
from gradoscope.plots.figure import Panels
from gradoscope.training import fit_population, score

Array = NDArray[np.floating]
SLOPE, INTERCEPT = 1.87, -5.47
STEPS_PER_EPOCH = 4


class Measured(NamedTuple):
    """What was measured."""

    at_three: float
    at_six: float
    boundary: float
    fitted: tuple[float, float]
    reference: tuple[float, float]
    size: Array
    malignant: Array
    losses: Array
    accuracies: tuple[float, ...]


def measure(rows: int, steps: int, splits: int, seed: int) -> Measured:
    """Evaluate the printed curve, fit it from data in two ways, and train on the real tumours."""
    sigmoid = activations["sigmoid"]
    dataset = load("tumour-size", options={"n_samples": rows, "random_state": seed})
    size, malignant = np.asarray(dataset.inputs, np.float64), np.asarray(dataset.target, np.float64)
    fitted, losses = _descended(size, malignant, steps, seed)
    reference = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(size, malignant)
    return Measured(
        at_three=float(sigmoid(SLOPE * 3 + INTERCEPT)),
        at_six=float(sigmoid(SLOPE * 6 + INTERCEPT)),
        boundary=-INTERCEPT / SLOPE,
        fitted=fitted,
        reference=(float(reference.coef_[0, 0]), float(reference.intercept_[0])),
        size=size[:, 0],
        malignant=malignant,
        losses=losses,
        accuracies=tuple(_real(each) for each in range(seed, seed + splits)),
    )


def _descended(size: Array, malignant: Array, steps: int, seed: int) -> tuple[tuple[float, float], Array]:
    """Slope and intercept that plain gradient descent on all rows finds, and the loss on the way.

    It walks on standardised sizes, where the valley is round, and is read off in centimetres.
    """
    mean, deviation = size.mean(), size.std()
    scaled = ((size - mean) / deviation).astype(np.float32)
    data = Rows(
        np.tile(scaled, (STEPS_PER_EPOCH, 1)), np.tile(malignant.astype(np.float32)[:, None], (STEPS_PER_EPOCH, 1))
    )
    training = TrainingSpec(
        optimizer="sgd",
        learning_rate=1.0,
        batch_size=len(size),
        epochs=max(steps // STEPS_PER_EPOCH, 1),
        shuffle=False,
        seed=seed,
    )
    (run,) = fit_population(
        experiments([network([], "identity", start="zeros")], training),
        data,
        data.at(slice(len(size))),
        "binary",
    )
    weight, bias = float(run.params[0].kernel[0, 0, 0]), float(run.params[0].bias[0, 0])
    line = (float(weight / deviation), float(bias - weight * mean / deviation))
    return line, run.curves.train_loss


def _real(seed: int) -> float:
    """Accuracy on held-out patients of the tumour data: one hidden layer, sigmoid output."""
    data = parts("tumour", seed, targets="codes")
    spec = network([16], "relu")
    training = TrainingSpec(learning_rate=0.005, epochs=25, seed=seed)
    (run,) = fit_population(experiments([spec], training), data.train, data.validation, "binary")
    return score("accuracy", said([spec], run.params, data.test.inputs)[0], data.test.targets)


def _digits(value: float) -> float:
    return float(f"{value:.3g}")


def claims(measured: Measured) -> tuple[Claim, ...]:
    """The printed curve, and the fit."""
    printed = (f"{measured.at_three:.3f}", f"{measured.at_six:.3f}", f"{measured.boundary:.2f}")
    exact = printed == ("0.535", "0.997", "2.93")
    agree = all(_digits(a) == _digits(b) for a, b in zip(measured.fitted, measured.reference, strict=True))
    accuracy = float(np.mean(measured.accuracies))
    return (
        Claim(
            19,
            say("Logistic regression of tumour size: p = sigmoid(1.87 x - 5.47) gives 0.535 at 3 cm and 0.997 at 6 "
                "cm."),
            Verdict.of(exact and agree and accuracy >= 0.96),
            say("Measured {three:.3f} and {six:.3f}, the boundary at {boundary:.2f} cm. Fitted from {rows} tumours by "
                "gradient descent: slope {slope:.4f}, intercept {intercept:.4f}; scikit-learn: {sk_slope:.4f} and "
                "{sk_intercept:.4f}. The 569 real patients: {accuracy:.1%} right on held-out ones.",
                three=measured.at_three, six=measured.at_six, boundary=measured.boundary, rows=len(measured.size),
                slope=measured.fitted[0], intercept=measured.fitted[1], sk_slope=measured.reference[0],
                sk_intercept=measured.reference[1], accuracy=accuracy),
            {"at_3_cm": measured.at_three, "at_6_cm": measured.at_six, "boundary_cm": measured.boundary,
             "slope": measured.fitted[0], "intercept": measured.fitted[1], "sklearn_slope": measured.reference[0],
             "sklearn_intercept": measured.reference[1], "tumour_accuracy": accuracy},
        ),
    )  # fmt: skip


def tables(measured: Measured) -> tuple[Table, ...]:
    """Printed, fitted, scikit-learn's; and the real data."""
    rows = tuple(
        (name, *line, -line[1] / line[0], *(float(activations["sigmoid"](line[0] * x + line[1])) for x in (3, 6)))
        for name, line in (
            (say("as printed"), (SLOPE, INTERCEPT)),
            (say("gradient descent"), measured.fitted),
            ("scikit-learn", measured.reference),
        )
    )
    columns = (say("curve"), say("slope"), say("intercept"), say("boundary (cm)"), "p(3 cm)", "p(6 cm)")
    splits = tuple((i + 1, accuracy) for i, accuracy in enumerate(measured.accuracies))
    return (
        Table(say("Probability of a malignant tumour by its size"), columns,
              ("", ".4f", ".4f", ".3f", ".3f", ".3f"), rows),
        Table(say("569 patients, sigmoid output: accuracy on held-out patients"), (say("split"), say("accuracy")),
              ("d", ".3f"), splits),
    )  # fmt: skip


def figures(measured: Measured) -> tuple[Figure, ...]:
    """The curve on the data, and the falling loss."""
    x, sigmoid = np.linspace(0, 7, 141), activations["sigmoid"]
    boundary = -measured.fitted[1] / measured.fitted[0]
    lines = (
        Line(say("tumours"), measured.size, measured.malignant, dots=True, colour=5),
        Line(say("as printed"), x, sigmoid(SLOPE * x + INTERCEPT), dashed=True),
        Line(say("gradient descent"), x, sigmoid(measured.fitted[0] * x + measured.fitted[1]), colour=0),
        Line(say("boundary {cm:.2f} cm", cm=boundary), [boundary, boundary], [0, 1], colour=1),
    )
    steps = np.arange(1, len(measured.losses) + 1) * STEPS_PER_EPOCH
    fall = Line("", steps, measured.losses)
    return (
        Figure(
            "tumour-size",
            say("A sigmoid turns the size into a probability; where it is one half lies the decision boundary."),
            Panels((
                Curves(say("Malignant or benign"), say("size (cm)"), say("probability of malignant"), lines),
                Curves(say("Gradient descent"), say("step"), say("loss"), (fall,), log_x=True),
            )),
        ),
    )  # fmt: skip


def hints() -> tuple[tuple[str, str], ...]:
    """What to try."""
    return (
        ("--rows 4000", say("more tumours: both fits come nearer to the printed curve")),
        ("--steps 40", say("too few steps: gradient descent has not arrived yet")),
        ("--seed 1", say("other tumours, another fit")),
    )


LESSON = Lesson(
    name="tumour-size",
    numbers=(19,),
    summary=lambda: say("Logistic regression of tumour size, by descent"),
    measure=measure,
    claims=claims,
    tables=tables,
    figures=figures,
    hints=hints,
    parameters=(
        Parameter("rows", 400, Whole(50, 20_000), lambda: say("number of tumours to fit")),
        Parameter("steps", 2000, Whole(20, 100_000), lambda: say("steps of gradient descent")),
        Parameter("splits", 5, Whole(1, 20), lambda: say("how often the real patients are divided anew")),
    ),
    small={"splits": 2},
    aliases=("logistic-regression",),
)
