"""Softmax and sigmoid: for two classes they are one formula, and so are their losses."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from gradoscope.data import Rows
from gradoscope.functions import activations, losses
from gradoscope.language import say
from gradoscope.lessons.laboratory import experiments, network, parts, said, watch
from gradoscope.lessons.lesson import Claim, Figure, Lesson, Table, Verdict
from gradoscope.lessons.parameters import Parameter, Real, Whole
from gradoscope.networks import LayerParams, NetworkSpec, Params, TrainingSpec
from gradoscope.plots.bars import Bars, Series
from gradoscope.plots.curves import Curves, Line
from gradoscope.plots.figure import Panels

Array = NDArray[np.floating]
LOGITS = np.array([2.0, 1.0, 0.0, -1.0])


class Measured(NamedTuple):
    """Distances between the softmax form with two classes and the sigmoid form, and what training showed."""

    value: float
    loss: float
    gradient: float
    probability: float
    sigmoid_losses: Array
    softmax_losses: Array
    accuracy: float
    total: float
    shifted: float
    temperature: float
    shares: dict[float, Array]


def measure(epochs: int, temperature: float, seed: int) -> Measured:
    """Compare both forms on random logits, then train both from the same start."""
    rng = np.random.default_rng(seed)
    logits, labels = rng.normal(0, 3, (1000, 2)), rng.integers(0, 2, 1000)
    apart = logits[:, 1] - logits[:, 0]
    softmax = activations["softmax"](logits)
    binary, crossed = losses["binary_cross_entropy"], losses["categorical_cross_entropy"]
    gradient = crossed.derivative(logits, labels)[:, 1] - binary.derivative(apart, labels.astype(float))
    one, two, apart_after, accuracy = _train_both(epochs, seed)
    many = rng.normal(0, 5, (1000, 10))
    return Measured(
        value=float(abs(softmax[:, 1] - activations["sigmoid"](apart)).max()),
        loss=float(abs(crossed(logits, labels) - binary(apart, labels.astype(float))).max()),
        gradient=float(abs(gradient).max()),
        probability=apart_after,
        sigmoid_losses=one,
        softmax_losses=two,
        accuracy=accuracy,
        total=float(abs(activations["softmax"](many).sum(1) - 1).max()),
        shifted=float(abs(activations["softmax"](many + 100) - activations["softmax"](many)).max()),
        temperature=temperature,
        shares={each: activations["softmax"](LOGITS / each) for each in sorted({0.5, 1.0, temperature})},
    )


def _train_both(epochs: int, seed: int) -> tuple[Array, Array, float, float]:
    """Losses by epoch of both forms on the tumour data, the largest distance of their answers, and the accuracy.

    Gradient descent moves both columns of the softmax form, their difference twice as fast: half the learning rate.
    """
    data = parts("tumour", seed, targets="codes")
    start = np.random.default_rng(seed).normal(0, 0.1, (data.train.inputs.shape[1], 2)).astype(np.float32)
    sigmoid = network([], "identity")
    softmax = network([], "identity", outputs=2, link="softmax", loss="categorical_cross_entropy")
    one = _watched(sigmoid, data.train, start[:, 1:] - start[:, :1], 0.1, epochs, seed)
    both = Rows(data.train.inputs, np.column_stack([1 - data.train.targets, data.train.targets]))
    two = _watched(softmax, both, start, 0.05, epochs, seed)
    answers = said([sigmoid], one[0], data.test.inputs)[0, :, 0]
    shares = said([softmax], two[0], data.test.inputs)[0, :, 1]
    accuracy = float(((answers > 0.5) == data.test.targets[:, 0]).mean())
    return one[1], two[1], float(abs(answers - shares).max()), accuracy


def _watched(spec: NetworkSpec, rows: Rows, kernel: Array, rate: float, epochs: int, seed: int) -> tuple[Params, Array]:
    params = (LayerParams(jnp.asarray(kernel[None]), jnp.zeros((1, kernel.shape[1]))),)
    training = TrainingSpec(optimizer="sgd", learning_rate=rate, epochs=epochs, seed=seed)
    task = "binary" if kernel.shape[1] == 1 else "multiclass"
    moments = list(watch(experiments([spec], training), rows, rows, task, params=params))
    return moments[-1].params, np.array([float(moment.train_loss[0]) for moment in moments[1:]])


def claims(measured: Measured) -> tuple[Claim, ...]:
    """One formula."""
    equal = max(measured.value, measured.loss, measured.gradient) < 1e-12
    return (
        Claim(
            17,
            say("Binary cross-entropy is for two classes, categorical cross-entropy with one-hot labels for three or "
                "more: both are one formula."),
            Verdict.of(equal and measured.probability < 1e-4),
            say("On 1000 random logits the softmax of two classes differs from the sigmoid of their difference by at "
                "most {value:.0e}, the losses by {loss:.0e}, the gradients by {gradient:.0e}. Trained from the same "
                "start on the tumour data, both forms gave the same answers to within {probability:.0e} (accuracy "
                "{accuracy:.1%}).",
                value=measured.value, loss=measured.loss, gradient=measured.gradient,
                probability=measured.probability, accuracy=measured.accuracy),
            {"value": measured.value, "loss": measured.loss, "gradient": measured.gradient,
             "trained_probabilities": measured.probability, "accuracy": measured.accuracy,
             "softmax_sum_error": measured.total},
        ),
    )  # fmt: skip


def tables(measured: Measured) -> tuple[Table, ...]:
    """The distances, and softmax at several temperatures."""
    rows = (
        (say("probability"), measured.value),
        (say("loss"), measured.loss),
        (say("gradient"), measured.gradient),
        (say("answers after training (float32)"), measured.probability),
        (say("sum of softmax, from 1"), measured.total),
        (say("softmax when 100 is added to every logit"), measured.shifted),
    )
    shares = tuple((f"{each:g}", *map(float, share)) for each, share in measured.shares.items())
    logits = tuple(f"{logit:g}" for logit in LOGITS)
    return (
        Table(say("Largest difference between both forms"), (say("of"), say("difference")), ("", ".1e"), rows),
        Table(say("Softmax of four logits, divided by a temperature"), (say("temperature"), *logits),
              ("", *(".3f",) * len(LOGITS)), shares),
    )  # fmt: skip


def figures(measured: Measured) -> tuple[Figure, ...]:
    """Both forms on one curve, both trainings, and temperatures."""
    z = np.linspace(-6, 6, 121)
    share = activations["softmax"](np.column_stack([np.zeros_like(z), z]))[:, 1]
    epochs = np.arange(1, len(measured.sigmoid_losses) + 1)
    series = tuple(
        Series(say("temperature {t:g}", t=each), tuple(map(float, s))) for each, s in measured.shares.items()
    )
    return (
        Figure(
            "softmax",
            say("With two classes softmax is sigmoid; the temperature makes its choice soft or hard."),
            Panels((
                Curves(say("Two classes"), say("difference of the logits"), say("probability"),
                       (Line("sigmoid", z, activations["sigmoid"](z)),
                        Line("softmax", z[::6], share[::6], dots=True))),
                Curves(say("Trained from the same start"), say("epoch"), say("loss"),
                       (Line("sigmoid", epochs, measured.sigmoid_losses),
                        Line("softmax", epochs, measured.softmax_losses, dots=True))),
                Bars(say("Four classes"), say("probability"), tuple(f"{logit:g}" for logit in LOGITS), series),
            ), columns=3),
        ),
    )  # fmt: skip


def hints() -> tuple[tuple[str, str], ...]:
    """What to try."""
    return (
        ("--temperature 10", say("a high temperature makes all classes nearly equal")),
        ("--epochs 200", say("rounding adds up, yet both forms stay together")),
    )


LESSON = Lesson(
    name="softmax",
    numbers=(17,),
    summary=lambda: say("Softmax and sigmoid: one formula for two classes"),
    measure=measure,
    claims=claims,
    tables=tables,
    figures=figures,
    hints=hints,
    parameters=(
        Parameter("epochs", 20, Whole(1, 1000), lambda: say("number of epochs")),
        Parameter("temperature", 3.0, Real(0.05, 100), lambda: say("a temperature to show beside 0.5 and 1")),
    ),
)
