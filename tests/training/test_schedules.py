"""Learning rates over time, L-BFGS, and activations that learn."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import optax
import pytest
from sklearn.linear_model import LogisticRegression
from tests.training.experiments import TRAIN, VALIDATION, experiment

from gradoscope.data import DataSpec, Rows
from gradoscope.networks import Experiment, Layer, Named, NetworkSpec, Schedule, TrainingSpec, plan
from gradoscope.training import Run, fit_population, outputs
from gradoscope.training.schedules import after_epoch, no_plateau, rate_factors


def trained(*experiments: Experiment) -> list[Run]:
    return fit_population(experiments, TRAIN, VALIDATION, "regression")


def learnt_of(members: list[Experiment], run: Run) -> dict[str, Any]:
    """What the first layer's activation has learned, by name."""
    return dict(zip(plan([each.network for each in members]).layers[0].learnt, run.params[0].learnt, strict=True))


def test_one_cycle_is_that_of_optax() -> None:
    spec = TrainingSpec(schedule=Schedule("one_cycle"))
    expected = optax.schedules.cosine_onecycle_schedule(40, 1.0, 0.3, 25, 1e4)
    np.testing.assert_allclose(rate_factors(spec, 0, 40, 40), [expected(step) for step in range(40)], rtol=1e-5)
    np.testing.assert_allclose(rate_factors(spec, 30, 2, 40), [expected(30), expected(31)], rtol=1e-5)


@pytest.mark.parametrize(("length", "longer"), [(4, 2.0), (3, 1.5), (1, 1.0), (7, 1.0), (5, 1.1)])
def test_restarts_are_cosines_of_optax_one_after_the_other(length: int, longer: float) -> None:
    own = Schedule("cosine_restarts", decay_steps=length, t_mul=longer, m_mul=0.8, alpha=0.1)
    expected, begin, number = np.empty(60), 0.0, 0
    while begin < 60:
        period = length * longer**number
        wave = optax.schedules.cosine_decay_schedule(0.8**number, period)
        first = int(np.ceil(round(begin, 3)))
        expected[first:] = 0.9 * np.asarray(wave(np.arange(60) - begin))[first:] + 0.1  # one shape: compiled once
        begin, number = begin + period, number + 1
    np.testing.assert_allclose(rate_factors(TrainingSpec(schedule=own), 0, 60, 60), expected, rtol=1e-5, atol=2e-6)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # keras 3 beside numpy 2
def test_a_plateau_is_that_of_keras(rng: np.random.Generator) -> None:
    schedule = Schedule("plateau", factor=0.5, patience=2, cooldown=3, min_delta=0.05)
    losses = np.cumsum(rng.normal(0, 0.1, (60, 2)), 0)
    stands = [no_plateau(2)]
    for both in losses:
        stands.append(after_epoch(schedule, stands[-1], both))
    for member in range(2):
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(1.0), "mse")
        callback = keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=2, cooldown=3, min_delta=0.05)
        callback.set_model(model)
        callback.on_train_begin()
        for epoch, loss in enumerate(losses[:, member]):
            callback.on_epoch_end(epoch, {"val_loss": loss})
            assert stands[epoch + 1].factor[member] == pytest.approx(float(model.optimizer.learning_rate.numpy()))


def test_a_plateau_lowers_the_rate_of_its_member_only() -> None:
    """After the first epoch no loss is small enough: one member stops moving, its twin at twice the rate likewise."""
    still = Schedule("plateau", factor=0.0, patience=1, min_delta=1e9)
    run = trained(experiment(schedule=still, epochs=5))[0]
    assert (run.signals.update_ratio[:2] > 0).all()
    assert (run.signals.update_ratio[2:] == 0).all()


def test_another_schedule_compiles_no_other_epoch(no_recompile: Callable[[], AbstractContextManager[None]]) -> None:
    steps = Schedule("cosine", decay_steps=9)
    trained(experiment(schedule=steps))
    with no_recompile():
        trained(experiment())
        trained(experiment(schedule=steps, learning_rate=0.3))
        trained(experiment(decay=0.1, warm_up=2))


def test_lbfgs_finds_the_minimum_of_a_convex_loss(rng: np.random.Generator) -> None:
    X = rng.normal(size=(60, 3)).astype(np.float32)
    y = (X[:, 0] + rng.normal(size=60) > 0.3).astype(np.float32)
    network = NetworkSpec(Layer(1, Named("sigmoid"), l2=0.01), Named("binary_cross_entropy"))
    one = Experiment(DataSpec("rows"), network, TrainingSpec(optimizer="lbfgs", epochs=20, batch_size=7))
    other = replace(one, network=replace(network, output=replace(network.output, initialiser=Named("zeros"))))
    rows = Rows(X, y[:, None])
    expected = LogisticRegression(C=1 / (2 * 0.01 * 60), tol=1e-10).fit(X, y)
    for run in fit_population([one, other], rows, rows, "binary"):
        np.testing.assert_allclose(run.params[0].kernel[0, :, 0], expected.coef_[0], rtol=2e-3, atol=1e-4)
        np.testing.assert_allclose(run.params[0].bias[0], expected.intercept_, rtol=2e-3, atol=1e-4)


def test_members_learn_their_own_activations() -> None:
    """A member learns alone what it learns beside others, whose activations have other parameters or none."""
    network = experiment().network

    def learning(activation: Named, learn: bool = True) -> Experiment:
        layer = Layer(4, activation, learn_activation=learn)
        return replace(experiment(epochs=5), network=replace(network, hidden=(layer, layer)))

    several = [learning(Named(name)) for name in ("prelu", "swish", "snake", "dyt")]
    for one, together in zip(several, trained(*several), strict=True):
        alone = trained(one)[0]
        moved, beside = learnt_of([one], alone), learnt_of(several, together)
        assert moved
        for name, values in moved.items():
            assert len(set(values[0].tolist())) == 4
            np.testing.assert_allclose(values, beside[name], rtol=1e-5, atol=1e-7)


def test_gated_layers_hand_on_half() -> None:
    hidden = (Layer(8, Named("glu")), Layer(4, Named("maxout")), Layer(2, Named("tanh"), residual=True))
    one = replace(experiment(), network=replace(experiment().network, hidden=hidden))
    run = trained(one)[0]
    assert [each.kernel.shape[1:] for each in run.params] == [(2, 8), (4, 4), (2, 2), (2, 1)]
    assert outputs(plan([one.network]), run.params, run.moving, TRAIN.inputs).shape == (1, 10, 1)
