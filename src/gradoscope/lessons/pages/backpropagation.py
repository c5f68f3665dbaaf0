"""Backpropagation: the chain rule by hand equals the engine's gradients and numerical differences."""

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from gradoscope.data import Rows
from gradoscope.language import say
from gradoscope.lessons import scratch
from gradoscope.lessons.laboratory import experiments, gradients, network, watch
from gradoscope.lessons.lesson import Claim, Figure, Lesson, Table, Verdict
from gradoscope.lessons.parameters import OneOf, Parameter, Real, Whole
from gradoscope.networks import LayerParams, NetworkSpec, Params, TrainingSpec, init
from gradoscope.plots.curves import Curves, Line
from gradoscope.plots.figure import Panels

Array = NDArray[np.float64]
Pairs = Sequence[tuple[NDArray[np.floating], NDArray[np.floating]]]
STEP = 1e-5  # of the numerical differences
HIDDEN = tuple(name for name in scratch.ACTIVATIONS if name != "softmax")


class Measured(NamedTuple):
    """Largest differences between three ways to a gradient, relative to its largest entry, by layer; and descent."""

    norms: tuple[float, ...]
    engine: tuple[float, ...]
    numerical: tuple[float, ...]
    first_step: float
    predicted: float
    by_hand: Array
    by_engine: Array


def measure(activation: str, depth: int, learning_rate: float, seed: int) -> Measured:
    """Compute one gradient in three ways, then descend with two of them."""
    rng = np.random.default_rng(seed)
    X, labels = rng.normal(size=(60, 4)), rng.integers(0, 3, 60)
    y = np.eye(3)[labels]
    spec = network([8] * depth, activation, outputs=3, link="softmax", loss="categorical_cross_entropy",
                   start="glorot_uniform")  # fmt: skip
    params = _with_biases(init([spec], 4, seed), rng)
    by_hand = [
        scratch.Layer(np.asarray(each.kernel[0], np.float64), np.asarray(each.bias[0], np.float64), name)
        for each, name in zip(params, [*[activation] * depth, "softmax"], strict=True)
    ]
    exact = scratch.backward(by_hand, X, y, "categorical_cross_entropy")
    rows = Rows(X.astype(np.float32), y.astype(np.float32))
    engine = [(np.asarray(each.kernel[0]), np.asarray(each.bias[0])) for each in gradients([spec], params, rows)]
    numerical = _numerical(by_hand, X, y)
    steps = 100
    _, losses = scratch.train(by_hand, [(X, y)] * steps, "categorical_cross_entropy", learning_rate)
    squared = sum(float((part**2).sum()) for pair in exact for part in pair)
    return Measured(
        norms=tuple(float(np.linalg.norm(dW)) for dW, _ in exact),
        engine=_apart(exact, engine),
        numerical=_apart(exact, numerical),
        first_step=losses[0] - losses[1],
        predicted=learning_rate * squared,
        by_hand=np.array(losses),
        by_engine=_engine_losses(spec, params, rows, learning_rate, steps),
    )


def _with_biases(params: Params, rng: np.random.Generator) -> Params:
    """Biases that are not 0, so that they are compared too, and no weighted sum lies on a kink."""
    return tuple(
        LayerParams(each.kernel, jnp.asarray(rng.normal(0, 0.3, each.bias.shape), jnp.float32)) for each in params
    )


def _numerical(layers: list[scratch.Layer], X: Array, y: Array) -> list[tuple[Array, Array]]:
    """(L(w + h) - L(w - h)) / 2h for each number in turn."""
    found = []
    for place, layer in enumerate(layers):
        parts = []
        for kind in ("W", "b"):
            whole = getattr(layer, kind)
            slope = np.empty_like(whole)
            for index in np.ndindex(whole.shape):
                losses = []
                for sign in (1, -1):
                    moved = whole.copy()
                    moved[index] += sign * STEP
                    changed = [*layers[:place], layer._replace(**{kind: moved}), *layers[place + 1 :]]
                    losses.append(scratch.loss_of(changed, X, y, "categorical_cross_entropy"))
                slope[index] = (losses[0] - losses[1]) / (2 * STEP)
            parts.append(slope)
        found.append((parts[0], parts[1]))
    return found


def _apart(exact: Pairs, other: Pairs) -> tuple[float, ...]:
    return tuple(
        max(
            float(abs(a - b).max() / max(abs(whole).max() for whole in ours)) for a, b in zip(ours, theirs, strict=True)
        )
        for ours, theirs in zip(exact, other, strict=True)
    )


def _engine_losses(spec: NetworkSpec, params: Params, rows: Rows, rate: float, steps: int) -> Array:
    """The engine's losses in the same descent, each before its step."""
    training = TrainingSpec(optimizer="sgd", learning_rate=rate, batch_size=len(rows.inputs), epochs=steps)
    moments = watch(experiments([spec], training), rows, rows, "multiclass", params=params)
    return np.array([float(moment.train_loss[0]) for moment in moments if moment.epoch])


def claims(measured: Measured) -> tuple[Claim, ...]:
    """Three ways, one gradient."""
    engine, numerical = max(measured.engine), max(measured.numerical)
    curves = float(abs(measured.by_hand - measured.by_engine).max())
    descends = measured.first_step > 0 and measured.by_hand[-1] < measured.by_hand[0]
    return (
        Claim(
            23,
            say("Gradient descent steps against the gradient, which backpropagation computes by the chain rule."),
            Verdict.of(engine < 1e-4 and numerical < 1e-5 and descends),
            say("Backpropagation in 150 lines of NumPy differs from the engine's gradients by at most {engine:.0e} "
                "(float32) and from numerical differences by {numerical:.0e}. One step lowered the loss by {step:.5f} "
                "(learning rate times squared gradient: {predicted:.5f}); over {steps} steps both losses stayed "
                "within {curves:.0e}.",
                engine=engine, numerical=numerical, step=measured.first_step, predicted=measured.predicted,
                steps=len(measured.by_hand), curves=curves),
            {"engine": engine, "numerical": numerical, "first_step": measured.first_step,
             "predicted_step": measured.predicted, "first_loss": float(measured.by_hand[0]),
             "last_loss": float(measured.by_hand[-1]), "curves_apart": curves},
        ),
    )  # fmt: skip


def tables(measured: Measured) -> tuple[Table, ...]:
    """By layer."""
    rows = tuple(
        (i + 1, norm, engine, numerical)
        for i, (norm, engine, numerical) in enumerate(
            zip(measured.norms, measured.engine, measured.numerical, strict=True)
        )
    )
    columns = (say("layer"), say("norm of the gradient"), say("from the engine"), say("from numerical differences"))
    title = say("The gradient of the network from scratch, and how far the others are from it")
    return (Table(title, columns, ("d", ".4f", ".1e", ".1e"), rows),)


def figures(measured: Measured) -> tuple[Figure, ...]:
    """Both descents."""
    steps = np.arange(1, len(measured.by_hand) + 1)
    lines = (
        Line(say("from scratch, NumPy"), steps, measured.by_hand),
        Line(say("engine"), steps[::5], measured.by_engine[::5], dots=True),
    )
    caption = say("The same descent twice: by the chain rule in NumPy, and by the engine.")
    plot = Curves(say("Gradient descent"), say("step"), say("loss"), lines)
    return (Figure("backpropagation", caption, Panels((plot,))),)


def hints() -> tuple[tuple[str, str], ...]:
    """What to try."""
    return (
        ("--learning-rate 5", say("steps that are too long no longer lower the loss")),
        ("--activation sigmoid --depth 6", say("the norms by layer show the gradient vanish")),
    )


LESSON = Lesson(
    name="backpropagation",
    numbers=(23,),
    summary=lambda: say("Backpropagation from scratch, beside the engine"),
    measure=measure,
    claims=claims,
    tables=tables,
    figures=figures,
    hints=hints,
    parameters=(
        Parameter("activation", "tanh", OneOf(HIDDEN), lambda: say("activation of the hidden layers")),
        Parameter("depth", 2, Whole(1, 8), lambda: say("number of hidden layers")),
        Parameter("learning_rate", 0.1, Real(1e-6, 100), lambda: say("learning rate")),
    ),
    aliases=("chain-rule", "gradient-descent"),
)
