"""Forward passes and gradients equal a network written from scratch in NumPy."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gradoscope.data import Rows
from gradoscope.errors import UsageError
from gradoscope.lessons import scratch
from gradoscope.lessons.laboratory import gradients
from gradoscope.networks import (
    Layer,
    Named,
    NetworkSpec,
    Params,
    apply,
    apply_training,
    init,
    init_moving,
    plan,
)

ELEMENTWISE = ("identity", "sigmoid", "tanh", "relu", "leaky_relu")
PAIRS = {
    "mean_squared_error": ("identity", "sigmoid", "tanh", "relu", "softmax"),
    "binary_cross_entropy": ("sigmoid", "softmax"),
    "categorical_cross_entropy": ("softmax",),  # after another activation Keras divides by the row's sum: see its tests
}


def spec(units: list[int], functions: list[str], loss: str) -> NetworkSpec:
    layers = [Layer(size, Named(name), Named("glorot_uniform")) for size, name in zip(units, functions, strict=True)]
    return NetworkSpec(layers[-1], Named(loss), tuple(layers[:-1]))


def from_scratch(network: NetworkSpec, params: Params, member: int = 0) -> list[scratch.Layer]:
    return [
        scratch.Layer(np.float64(own.kernel[member]), np.float64(own.bias[member]), layer.activation.name)
        for layer, own in zip(network.layers, params, strict=True)
    ]


@st.composite
def networks(draw: st.DrawFn) -> NetworkSpec:
    hidden = draw(st.lists(st.tuples(st.integers(1, 4), st.sampled_from(ELEMENTWISE)), max_size=3))
    loss = draw(st.sampled_from(sorted(PAIRS)))
    output = draw(st.sampled_from(PAIRS[loss]))
    units = draw(st.integers(2, 3)) if "softmax" in output or "categorical" in loss else draw(st.integers(1, 3))
    return spec([size for size, _ in hidden] + [units], [name for _, name in hidden] + [output], loss)


def rows_for(network: NetworkSpec, seed: int, n: int = 5) -> Rows:
    rng, units = np.random.default_rng(seed), network.output.units
    targets = np.eye(units)[rng.integers(units, size=n)] if units > 1 else rng.integers(2, size=(n, 1))
    return Rows(rng.normal(size=(n, 2)).astype(np.float32), targets.astype(np.float32))


@settings(max_examples=12)
@given(networks(), st.integers(0, 99))
def test_gradients_equal_those_from_scratch(network: NetworkSpec, seed: int) -> None:
    rows, params = rows_for(network, seed), init([network], 2, seed)
    expected = scratch.backward(from_scratch(network, params), *map(np.float64, rows[:2]), network.loss.name)
    for own, (kernel, bias) in zip(gradients([network], params, rows), expected, strict=True):
        np.testing.assert_allclose(own.kernel[0], kernel, rtol=2e-4, atol=1e-6)
        np.testing.assert_allclose(own.bias[0], bias, rtol=2e-4, atol=1e-6)


@given(networks(), st.integers(0, 99))
def test_gradients_from_scratch_equal_differences(network: NetworkSpec, seed: int) -> None:
    X, y = map(np.float64, rows_for(network, seed)[:2])
    layers = from_scratch(network, init([network], 2, seed))
    number = seed % len(layers)
    layer, loss, h = layers[number], network.loss.name, 1e-6
    for place in np.ndindex(layer.W.shape):
        up, down = (moved(layers, number, place, step) for step in (h, -h))
        slope = (scratch.loss_of(up, X, y, loss) - scratch.loss_of(down, X, y, loss)) / (2 * h)
        assert slope == pytest.approx(scratch.backward(layers, X, y, loss)[number][0][place], rel=1e-5, abs=1e-8)


def moved(layers: list[scratch.Layer], number: int, place: tuple[int, ...], step: float) -> list[scratch.Layer]:
    W = layers[number].W.copy()
    W[place] += step
    return [layer._replace(W=W) if i == number else layer for i, layer in enumerate(layers)]


def test_a_population_is_its_members() -> None:
    names = ["relu", "relu", "tanh", "sigmoid"]
    members = [spec([4, 3, 2], [name, name, "softmax"], "categorical_cross_entropy") for name in names]
    params, rows = init(members, 2, 7), rows_for(members[0], 1)
    outputs = apply(plan(members), params, init_moving(plan(members)), rows.inputs).after[-1]
    for i, network in enumerate(members):
        expected = scratch.forward(from_scratch(network, params, i), np.float64(rows.inputs))[1][-1]
        np.testing.assert_allclose(outputs[i], expected, rtol=1e-5)


def test_equal_initialisers_give_equal_starts() -> None:
    members = [spec([4, 1], [name, "identity"], "mean_squared_error") for name in ("relu", "tanh")]
    first, second = (jax.tree.map(lambda array, i=i: array[i], init(members, 3, 5)) for i in range(2))
    alone = jax.tree.map(lambda array: array[0], init(members[1:], 3, 5))
    jax.tree.map(np.testing.assert_array_equal, first, second)
    jax.tree.map(np.testing.assert_array_equal, second, alone)


def test_networks_of_several_shapes_are_no_population() -> None:
    one, other = (spec([size, 1], ["relu", "identity"], "mean_squared_error") for size in (3, 4))
    with pytest.raises(UsageError, match="same shape"):
        plan([one, other])


def test_dropout_keeps_the_mean_and_masks_members_alike() -> None:
    layer = Layer(1000, Named("identity"), Named("ones"), dropout=0.25)
    network = NetworkSpec(Layer(1, Named("identity"), Named.of("constant", value=1e-3)), Named("mse"), (layer,))
    population = plan([network, network])
    params, moving = init([network, network], 1, 0), init_moving(population)
    inputs = np.ones((64, 1), np.float32)
    trained = apply_training(population, params, moving, inputs, np.ones(64, np.float32), jax.random.key(3)).after[-1]
    used = apply(population, params, moving, inputs).after[-1]
    np.testing.assert_allclose(used, 1.0, rtol=1e-5)
    assert trained.std() == pytest.approx(np.sqrt(0.25 / 0.75 / 1000), rel=0.3)  # of a mean of 1000 kept or lost units
    assert trained.mean() == pytest.approx(1.0, abs=0.01)
    np.testing.assert_array_equal(trained[0], trained[1])


def test_rows_of_weight_zero_do_not_count_in_batch_normalisation() -> None:
    layer = Layer(3, Named("identity"), normalisation="batch")
    network = NetworkSpec(Layer(1, Named("identity")), Named("mse"), (layer,))
    population, params = plan([network]), init([network], 2, 0)
    inputs = np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32)
    weights = np.array([1, 1, 1, 1, 0, 0], np.float32)
    moving, key = init_moving(population), jax.random.key(0)
    filled = apply_training(population, params, moving, inputs, weights, key)
    alone = apply_training(population, params, moving, inputs[:4], weights[:4], key)
    np.testing.assert_allclose(filled.after[0][:, :4], alone.after[0], rtol=1e-5, atol=1e-6)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), filled.moving, alone.moving)


def normalised(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    result: NDArray[np.float64] = (values - values.mean(axis, keepdims=True)) / np.sqrt(
        values.var(axis, keepdims=True) + 1e-3
    )
    return result


@pytest.mark.parametrize(("kind", "axis"), [("batch", 0), ("layer", 1)])
def test_normalisation_is_over_rows_or_units(kind: str, axis: int) -> None:
    layer = Layer(3, Named("identity"), normalisation=kind)
    network = NetworkSpec(Layer(1, Named("identity")), Named("mse"), (layer,))
    population, params = plan([network]), init([network], 2, 0)
    inputs = np.random.default_rng(0).normal(size=(6, 2))
    trace = apply_training(
        population, params, init_moving(population), np.float32(inputs), np.ones(6, np.float32), jax.random.key(0)
    )
    np.testing.assert_allclose(trace.after[0][0], normalised(inputs @ params[0].kernel[0], axis), rtol=1e-4, atol=1e-5)
