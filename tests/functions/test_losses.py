"""The laws of losses: one loop over every entry of the catalogue and every form of its prediction."""

import doctest
import sys
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from tests.functions.worlds import WORLDS, World, numbers

from gradoscope.errors import UsageError
from gradoscope.functions import Loss, activations, exact, losses
from gradoscope.functions.facts import Bounded, ConvexIn, Fact, LipschitzIn, Minimiser, NonNegative
from gradoscope.functions.targets import Targets

FORMATS = {"float32": (24, -126), "float64": (53, -1022)}
ENTRIES = [pytest.param(entry, id=entry.name) for entry in losses.values()]
LABELS = (Targets.RANKS, Targets.GROUPS, Targets.SEQUENCES)  # targets that are no numbers of the prediction's kind
FORMS = [pytest.param(entry, form, id=f"{entry.name}-{form}") for entry in losses.values() for form in entry.inputs]
WRITTEN = [
    pytest.param(entry, form, id=f"{entry.name}-{form}")
    for entry in losses.values()
    for form in entry.inputs
    if entry.textbook_for(form)
]
EVERY_WORLD = [pytest.param(world, id=world.name) for world in WORLDS.values()]
PREDICTIONS = {
    "rates": [0.25, 1.0, 3.5, 20.0, 1e-6],
    "distances": [0.25, 0.875, 1.5, 3.0, 1e-3],
    "probabilities": [0.5, 0.25, 0.984375, 1e-5, 0.015625],
    "log_probabilities": [-0.5, -1.25, -0.015625, -9.0, -30.0],
    "cosines": [0.5, -0.25, 0.875, -0.875, 0.0625],
}
REAL = [0.5, -1.25, 3.0, -7.5, 0.0078125]
ROWS = {
    "probabilities": [[0.5, 0.25, 0.25], [0.984375, 0.0078125, 0.0078125], [0.125, 0.625, 0.25]],
    "log_probabilities": [[-1.0, -1.25, -0.875], [-0.03125, -5.0, -4.5], [-20.0, -0.5, -1.0]],
    "cosines": [[0.5, 0.25, -0.25], [0.875, -0.875, 0.125], [-0.5, 0.75, 0.625]],
}
REAL_ROWS = [[0.5, -1.25, 0.25], [6.0, -3.0, 1.5], [-20.0, 4.0, 18.5]]
PAIRS = [[0.5, -0.75], [1.5, 0.25], [3.0, 2.0], [-2.0, -1.5]]


BOXES = [[0.25, -0.5, 2.5, 1.75], [-0.5, 0.75, 2.0, 1.25], [1.5, 1.0, 4.0, 7.5], [3.0, -4.0, 3.5, -2.25]]


class Examples(NamedTuple):
    predictions: list[Any]
    targets: list[Any]


def one_hot(place: int) -> list[float]:
    return [float(place == k) for k in range(3)]


def targets_of(kind: Targets, rowwise: bool, outputs: int, count: int) -> list[Any]:
    numbers_of = {
        Targets.REAL: [1.0, -0.5, 2.25, -6.0, 0.0],
        Targets.COUNT: [0.0, 2.0, 5.0, 19.0, 1.0],
        Targets.POSITIVE: [0.5, 2.0, 5.0, 19.0, 1.5],
        Targets.ABOVE_MINUS_ONE: [0.5, 2.0, 5.0, 19.0, 1.5],
        Targets.BINARY: [1.0, 0.0, 1.0, 0.0, 0.25],
        Targets.SIGN: [1.0, -1.0, 1.0, 1.0, -1.0],
        Targets.NONE: [0.0] * 5,
        Targets.BOXES: [[0.0, 0.0, 2.0, 2.0], [-1.0, 0.5, 3.0, 1.5], [0.0, 0.0, 1.0, 4.0], [0.0, 0.0, 1.0, 1.0]],
    }
    if outputs or not rowwise:
        return numbers_of[kind][:count]
    by_row = {
        Targets.CLASSES: [one_hot(0), one_hot(1), one_hot(1)],
        Targets.RANKS: [0, 2, 3],
        Targets.BINARY: [[1.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 1.0]],
        Targets.REAL: [[1.0, 0.5, -0.5], [2.0, -1.0, 0.25], [-1.0, 0.5, 0.5]],
        Targets.COUNT: [[1.0, 0.0, 2.0], [0.0, 1.0, 0.5], [0.25, 0.5, 0.25]],
    }
    return by_row[kind][:count]


def examples(entry: Loss, form: str) -> Examples:
    if form == "boxes":
        predictions: list[Any] = BOXES
    elif entry.outputs:
        predictions = [[abs(a) for a in pair] for pair in PAIRS] if form == "distances" else PAIRS
    elif entry.rowwise:
        predictions = ROWS.get(form, REAL_ROWS)
    else:
        predictions = PREDICTIONS.get(form, REAL)
    if entry.targets is Targets.ABOVE_MINUS_ONE:
        predictions = [abs(number) for number in predictions]
    return Examples(predictions, targets_of(entry.targets, entry.rowwise, entry.outputs, len(predictions)))


def settings(entry: Loss, form: str) -> dict[str, Any]:
    return {name: parameter.default for name, parameter in entry.parameters_for(form).items()}


@cache
def truth(entry: Loss, form: str) -> tuple[list[Any], list[Any]]:
    """Value and derivative of each example, by mpmath."""
    formula, values, slopes = entry.textbook_for(form), [], []
    for prediction, target in zip(*examples(entry, form), strict=True):
        inputs = {"p": prediction, "t": target, **settings(entry, form)}
        values.append(exact.evaluate(formula, inputs))
        places = range(len(prediction)) if entry.rowwise else [None]
        slopes.append([exact.derivative(formula, inputs, "p", place) for place in places])
    return values, slopes


def as_target(world: World, entry: Loss, targets: list[Any], dtype: str) -> Any:
    return np.array(targets) if entry.targets is Targets.RANKS else world.array(targets, dtype)


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("world", EVERY_WORLD)
@pytest.mark.parametrize(("entry", "form"), WRITTEN)
def test_accuracy(entry: Loss, form: str, world: World, dtype: str) -> None:
    predictions, targets = examples(entry, form)
    values, slopes = truth(entry, form)
    with jax.enable_x64(dtype == "float64"):
        prediction, target = world.array(predictions, dtype), as_target(world, entry, targets, dtype)
        both = world.run(lambda p: (entry(p, target, input=form), entry.derivative(p, target, input=form)), prediction)
        found, rises = numbers(both[0]), numbers(both[1]).reshape(len(predictions), -1)
    for place, value in enumerate(values):
        error = exact.ulps(found[place], value, *FORMATS[dtype], size=max(abs(value), entry.floor))
        assert error <= entry.bound, (predictions[place], targets[place], found[place], value)
        for column, slope in enumerate(slopes[place]):
            error = exact.ulps(rises[place][column], slope, *FORMATS[dtype], size=max(abs(slope), entry.floor))
            assert error <= entry.bound, ("derivative", predictions[place], targets[place], rises[place], slope)


@pytest.mark.parametrize(("entry", "form"), FORMS)
def test_jax_and_torch_differentiate_with_the_written_derivative(entry: Loss, form: str) -> None:
    if entry.targets is Targets.SEQUENCES:
        predictions: Any = np.random.default_rng(0).normal(size=(3, 6, 4))
        targets: Any = np.array([[1, 2, 2], [3, -1, -1], [2, 1, -1]])
    elif entry.targets is Targets.GROUPS:
        predictions = np.array([[1.0, 0.5, -0.25], [0.5, 1.0, 0.125], [-0.25, 0.125, 1.0]])
        targets = np.array([0, 0, 1])
    else:
        predictions, targets = (np.array(part) for part in examples(entry, form))
    expected = entry.derivative(predictions, targets, input=form)
    with jax.enable_x64(True):
        by_jax = jax.jit(jax.grad(lambda p: entry(p, jnp.asarray(targets), input=form).sum()))(jnp.asarray(predictions))
    prediction = torch.tensor(predictions, requires_grad=True)
    values = entry(prediction, torch.tensor(targets), input=form)
    (by_torch,) = torch.autograd.grad(values.sum(), prediction)
    np.testing.assert_allclose(by_jax, expected, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(by_torch, expected, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(values.detach(), entry(predictions, targets, input=form), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("entry", ENTRIES)
def test_facts(entry: Loss) -> None:
    for fact in entry.facts:
        verdict = fact.check(entry)
        assert verdict.holds, (fact, verdict)


@pytest.mark.parametrize("entry", ENTRIES)
def test_example(entry: Loss) -> None:
    page = sys.modules[f"gradoscope.functions.losses.{entry.family}"]
    example = doctest.DocTestParser().get_doctest(entry.__doc__ or "", dict(vars(page)), entry.name, None, None)
    assert example.examples, "no example"
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.DocTestRunner(verbose=False, optionflags=flags).run(example).failed == 0


@pytest.mark.parametrize(("entry", "form"), [form for form in FORMS if form.values[0].targets not in LABELS])
def test_dtypes(entry: Loss, form: str) -> None:
    predictions, targets = (np.array(part) for part in examples(entry, form))
    for name in ("float16", "float32", "float64"):
        given = predictions.astype(name)
        assert entry(given, targets, input=form).dtype == name
        assert entry.derivative(given, targets, input=form).dtype == name
        if name == "float16":
            assert entry(jnp.asarray(given), jnp.asarray(targets), input=form).dtype == name
            assert entry(torch.tensor(given), torch.tensor(targets), input=form).dtype == torch.float16
            brain = jnp.asarray(given, jnp.bfloat16)
            assert entry(brain, jnp.asarray(targets, jnp.bfloat16), input=form).dtype == jnp.bfloat16


@pytest.mark.parametrize("entry", [entry for entry in losses.values() if not entry.rowwise])
def test_shapes_that_would_broadcast_are_refused(entry: Loss) -> None:
    if entry.targets is not Targets.NONE:
        for target in ([[1.0], [1.0]], [1.0], 1.0):
            with pytest.raises(UsageError, match="must be equal"):
                entry([0.5, 0.25], target)


def test_a_loss_can_be_found_by_its_link() -> None:
    for entry in losses.values():
        assert entry.link in activations
        assert entry.before_link in entry.inputs
        assert entry.after_link in entry.inputs
        if entry.before_link != entry.after_link and not entry.outputs:
            rows = np.array(REAL_ROWS) if entry.rowwise else np.array(REAL)
            target = np.array(examples(entry, entry.before_link).targets)
            fused = entry(rows, target, input=entry.before_link)
            apart = entry(activations[entry.link](rows), target, input=entry.after_link)
            np.testing.assert_allclose(fused, apart, rtol=1e-7)


def test_a_false_fact_is_caught() -> None:
    false: list[tuple[str, Fact]] = [
        ("mae", Minimiser("mean")), ("mse", Minimiser("median")), ("mse", LipschitzIn(10)), ("huber", LipschitzIn(2)),
        ("cauchy", ConvexIn()), ("poisson", NonNegative()), ("mse", Bounded(1)), ("hinge", Minimiser("probability")),
        ("brier", ConvexIn()), ("brier", Bounded(1.5)), ("bce", LipschitzIn(0.9)),
    ]  # fmt: skip
    for name, fact in false:
        assert not fact.check(losses[name]).holds, (name, fact)
