"""Full passes against the same sums written out in NumPy."""

import numpy as np
import pytest
from tests.diagnosis.experiments import CIRCLES, binary

from gradoscope.networks import Experiment, Layer, Named, init
from gradoscope.training import passes as module
from gradoscope.training.passes import bounded, passes, starts

INPUTS = np.random.default_rng(7).normal(size=(37, 2)).astype(np.float32)


def network(activation: Named, **settings: object) -> Experiment:
    return binary(CIRCLES, hidden=(Layer(5, activation, repeat=2, **settings),))  # type: ignore[arg-type]


def test_what_relu_units_do() -> None:
    experiment = network(Named("relu"))
    params = init([experiment.network], 2, 0)
    seen = passes(experiment, [params], INPUTS)[0][0]
    before = INPUTS.astype(np.float64) @ np.asarray(params[0].kernel[0], np.float64)
    after = np.maximum(before, 0)
    np.testing.assert_allclose(seen.level, np.sqrt((after**2).mean(0)), rtol=1e-5)
    np.testing.assert_allclose(seen.spread, after.std(0), rtol=1e-5)
    np.testing.assert_allclose(seen.before_spread, before.std(0), rtol=1e-5)
    np.testing.assert_array_equal(seen.zero, (after == 0).mean(0))
    np.testing.assert_array_equal(seen.slope, (before > 0).any(0).astype(float))
    assert seen.signal == pytest.approx(np.sqrt((after.var(0)).mean()), rel=1e-5)


def test_a_unit_is_dead_when_no_row_wakes_it() -> None:
    experiment = network(Named("relu"), bias_initialiser=Named.of("constant", value=-100.0))
    seen = passes(experiment, starts(experiment, 2, 1), INPUTS)[0]
    assert seen[0].dead == 1
    assert seen[0].signal == 0


def test_a_sparse_unit_is_not_dead() -> None:
    rows = np.zeros((100, 2), np.float32)
    rows[3] = 50.0
    experiment = network(
        Named("relu"),
        initialiser=Named.of("constant", value=1.0),
        bias_initialiser=Named.of("constant", value=-1.0),
    )
    seen = passes(experiment, starts(experiment, 2, 1), rows)[0][0]
    assert seen.dead == 0
    np.testing.assert_allclose(seen.zero, 0.99)


def test_flat_ends_of_tanh() -> None:
    experiment = network(Named("tanh"), initialiser=Named.of("constant", value=1.0))
    seen = passes(experiment, starts(experiment, 2, 1), INPUTS)[0][0]
    total = INPUTS.sum(1)
    np.testing.assert_allclose(seen.flat, (1 - np.tanh(total) ** 2 < 0.05).mean(), atol=1e-6)


def test_small_spreads_around_large_values_keep_their_digits() -> None:
    rows = (1000 + INPUTS * 1e-2).astype(np.float32)
    experiment = binary(CIRCLES, hidden=())
    params = init([experiment.network], 2, 0)
    seen = passes(experiment, [params], rows)[0][0]
    exact = (rows.astype(np.float64) @ np.asarray(params[0].kernel[0], np.float64)).std(0)
    np.testing.assert_allclose(seen.before_spread, exact, rtol=2e-2)  # float32 sums of numbers near 1000


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = network(Named("sigmoid"))
    drawn = starts(experiment, 2, 3)
    whole = passes(experiment, drawn, INPUTS)
    monkeypatch.setattr(module, "BLOCK_NUMBERS", 5 * 3 * 10)
    for one, other in zip(whole, passes(experiment, drawn, INPUTS), strict=True):
        for layer, blocked in zip(one, other, strict=True):
            for name in layer._fields:
                np.testing.assert_allclose(getattr(layer, name), getattr(blocked, name), rtol=1e-5, atol=1e-7)


def test_several_sets_of_parameters_are_several_passes() -> None:
    experiment = network(Named("tanh"))
    drawn = starts(experiment, 2, 2)
    together = passes(experiment, drawn, INPUTS)
    for params, seen in zip(drawn, together, strict=True):
        np.testing.assert_allclose(seen[1].level, passes(experiment, [params], INPUTS)[0][1].level, rtol=1e-6)


def test_layers_of_one_shape_compile_once(no_recompile: object) -> None:
    experiment = network(Named("tanh"))
    passes(experiment, starts(experiment, 2, 1), INPUTS)
    with no_recompile():  # type: ignore[operator]
        passes(experiment, starts(experiment, 2, 1), INPUTS)


@pytest.mark.parametrize(("name", "flat"), [("sigmoid", True), ("tanh", True), ("relu", False), ("identity", False)])
def test_what_can_saturate(name: str, flat: bool) -> None:
    assert bounded(Named(name)) is flat
