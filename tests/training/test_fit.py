"""Training as a whole: exact batches, equal bits, one compilation, how it ends."""

import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import r2_score
from tests.training.experiments import TEST, TRAIN, VALIDATION, experiment, population, rows

from gradoscope.data import DataSpec, Rows
from gradoscope.errors import UsageError
from gradoscope.lessons import scratch
from gradoscope.networks import Experiment, Layer, Named, NetworkSpec, init, plan
from gradoscope.training import Outcome, Run, fit_population, outputs

NAMES = ("tanh", "relu", "relu")


def trained(experiments: Sequence[Experiment], train: Rows = TRAIN, **options: Any) -> list[Run]:
    return fit_population(experiments, train, VALIDATION, "regression", **options)


def from_scratch(network: NetworkSpec, params: Any) -> list[scratch.Layer]:
    return [
        scratch.Layer(np.float64(own.kernel[0]), np.float64(own.bias[0]), layer.activation.name)
        for layer, own in zip(network.layers, params, strict=True)
    ]


def numbers(run: Run) -> list[NDArray[Any]]:
    """All that a run has learned and shown."""
    return [*map(np.asarray, jax.tree.leaves((run.params, run.moving))), *run.curves, *run.signals]


def assert_same(one: Run, other: Run) -> None:
    for a, b in zip(numbers(one), numbers(other), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_short_last_batch_counts_as_what_it_is() -> None:
    one = experiment(shuffle=False)  # 10 rows in batches of 4
    run = trained([one])[0]
    X, y = map(np.float64, TRAIN[:2])
    batches = [(X[i : i + 4], y[i : i + 4]) for i in (0, 4, 8)]
    start = from_scratch(one.network, init([one.network], 2, 0))
    expected, losses = scratch.train(start, batches * 3, "mean_squared_error", 0.1)
    for own, layer in zip(run.params, expected, strict=True):
        np.testing.assert_allclose(own.kernel[0], layer.W, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(own.bias[0], layer.b, rtol=1e-5, atol=1e-7)
    means = np.average(np.reshape(losses, (3, 3)), axis=1, weights=[4, 4, 2])
    np.testing.assert_allclose(run.curves.train_loss, means, rtol=1e-5)


def test_shuffled_batches_hold_every_row_once() -> None:
    """The outputs are linear in one-hot rows: after an epoch from zero, each weight tells how often its row came."""
    n = 10
    network = NetworkSpec(Layer(1, Named("identity"), Named("zeros")), Named("mean_absolute_error"))
    one = Experiment(DataSpec("rows"), network, replace(experiment().training, epochs=1, batch_size=1))
    unit = Rows(np.eye(n, dtype=np.float32), np.full((n, 1), 100, np.float32))
    run = fit_population([one], unit, unit, "regression")[0]
    np.testing.assert_allclose(run.params[0].kernel[0], 0.1)


def test_curves_and_scores_are_those_of_the_returned_network() -> None:
    run = trained([experiment()], test=TEST)[0]
    layers = from_scratch(run.experiment.network, run.params)
    for part, score in ((TRAIN, run.train_score), (VALIDATION, run.validation_score), (TEST, run.test_score)):
        answers = scratch.forward(layers, np.float64(part.inputs))[1][-1]
        assert score == pytest.approx(r2_score(part.targets, answers), rel=1e-4)
    loss = scratch.loss_of(layers, *map(np.float64, VALIDATION[:2]), "mean_squared_error")
    assert run.curves.validation_loss[-1] == pytest.approx(loss, rel=1e-5)


def test_a_member_is_the_network_alone() -> None:
    together = trained(population(NAMES))
    for one, run in zip(population(NAMES), together, strict=True):
        alone = trained([one])[0]
        for a, b in zip(numbers(run), numbers(alone), strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6)


def test_a_seed_fixes_every_bit() -> None:
    assert_same(trained([experiment(seed=5)])[0], trained([experiment(seed=5)])[0])
    first, second = (trained([experiment(seed=seed)])[0] for seed in (5, 6))
    assert (first.params[0].kernel != second.params[0].kernel).all()


def test_learning_rates_are_each_members_own() -> None:
    rates = [experiment(learning_rate=rate) for rate in (0.1, 0.01)]
    for one, run in zip(rates, trained(rates), strict=True):
        np.testing.assert_allclose(trained([one])[0].params[0].kernel, run.params[0].kernel, rtol=2e-5, atol=1e-7)


def test_nothing_is_compiled_twice(no_recompile: Callable[[], AbstractContextManager[None]]) -> None:
    trained(population(NAMES), test=TEST)
    with no_recompile():
        trained(population(NAMES), test=TEST)
        trained(population(NAMES, seed=8, learning_rate=0.3, epochs=5), test=TEST)
        trained(population(NAMES), test=rows(300))  # other rows to be judged on


def test_threads_do_not_change_a_bit() -> None:
    work = [population(NAMES, seed=seed, epochs=20) for seed in range(4)]
    alone = [trained(each) for each in work]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(trained, work))
    for one, other in zip(alone, together, strict=True):
        for a, b in zip(one, other, strict=True):
            assert_same(a, b)


def test_early_stopping_returns_the_best_epoch() -> None:
    options = {"learning_rate": 0.5, "epochs": 200, "patience": 7}
    for run in trained(population(NAMES, **options)):
        losses = run.curves.validation_loss
        assert run.outcome is Outcome.STOPPED_EARLY
        assert run.best_epoch == losses.argmin() + 1
        assert run.epochs == run.best_epoch + 7
        layers = from_scratch(run.experiment.network, run.params)
        best = scratch.loss_of(layers, *map(np.float64, VALIDATION[:2]), "mean_squared_error")
        assert best == pytest.approx(losses.min(), rel=1e-4)
        assert f"{run.epochs} epochs" in run.sentence
        assert f"epoch {run.best_epoch}." in run.sentence


def test_without_patience_all_epochs_are_trained() -> None:
    run = trained([experiment()])[0]
    assert (run.outcome, run.epochs, run.best_epoch) == (Outcome.MAX_EPOCHS, 3, 3)


@pytest.mark.parametrize("patience", [None, 7])
def test_a_run_that_explodes_says_when(patience: int | None) -> None:
    wild = experiment("relu", epochs=30, patience=patience, learning_rate=1e9)
    calm = experiment("tanh", epochs=30, patience=patience, learning_rate=1e-3)
    bad, good = trained([wild, calm])
    assert bad.outcome is Outcome.NON_FINITE
    assert bad.epochs < 30
    assert not np.isfinite([bad.curves.train_loss[-1], *bad.signals.weight_norm[-1]]).all()
    assert np.isfinite(bad.curves.train_loss[:-1]).all()
    assert good.outcome is not Outcome.NON_FINITE


def test_ctrl_c_keeps_what_was_learned() -> None:
    def interrupt(epoch: int) -> None:
        if epoch == 3:
            os.kill(os.getpid(), signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    run = trained([experiment(epochs=1000)], on_epoch=interrupt)[0]
    assert (run.outcome, run.epochs) == (Outcome.INTERRUPTED, 3)
    assert_same(run, trained([experiment()])[0])
    assert signal.getsignal(signal.SIGINT) is handler


def test_cancelled_training_ends_between_epochs() -> None:
    seen: list[int] = []
    run = trained([experiment(epochs=1000)], on_epoch=seen.append, cancelled=lambda: len(seen) == 2)[0]
    assert (run.outcome, seen) == (Outcome.INTERRUPTED, [1, 2])


def test_signals_are_those_of_the_step() -> None:
    one = experiment(batch_size=10, epochs=1)
    run = trained([one])[0]
    start = from_scratch(one.network, init([one.network], 2, 0))
    gradients = [dW for dW, _ in scratch.backward(start, *map(np.float64, TRAIN[:2]), "mean_squared_error")]
    norms = np.array([np.linalg.norm(dW) for dW in gradients])
    weights = np.array([np.linalg.norm(own.kernel[0]) for own in run.params])
    np.testing.assert_allclose(run.signals.gradient_norm[0], norms, rtol=1e-5)
    np.testing.assert_allclose(run.signals.weight_norm[0], weights, rtol=1e-5)
    np.testing.assert_allclose(run.signals.update_ratio[0], 0.1 * norms / weights, rtol=1e-5)


def test_dropout_is_drawn_anew_in_every_step_and_epoch() -> None:
    network = experiment().network
    dropped = replace(network, hidden=(replace(network.hidden[0], units=50, dropout=0.5),))
    one = replace(experiment(learning_rate=1e-6, epochs=4), network=dropped)
    losses = trained([one])[0].curves.train_loss
    assert len(set(losses.tolist())) == 4
    assert_same(trained([one])[0], trained([one])[0])


def test_many_rows_are_judged_in_blocks() -> None:
    """20,000 rows times 2,000 units are more than a block of an evaluation may hold."""
    network = NetworkSpec(Layer(1, Named("identity")), Named("mean_squared_error"), (Layer(2000, Named("tanh")),))
    one = Experiment(DataSpec("rows"), network, replace(experiment().training, epochs=1, learning_rate=1e-9))
    many = rows(20_000)
    run = fit_population([one], TRAIN, many, "regression")[0]
    layers = from_scratch(network, run.params)
    X, y = map(np.float64, many[:2])
    assert run.curves.validation_loss[0] == pytest.approx(scratch.loss_of(layers, X, y, "mean_squared_error"), rel=1e-4)
    answers = outputs(plan([network]), run.params, run.moving, many.inputs)[0]
    np.testing.assert_allclose(answers, scratch.forward(layers, X)[1][-1], rtol=1e-3, atol=1e-4)


def test_no_rows_give_no_outputs() -> None:
    run = trained([experiment()])[0]
    nothing = np.zeros((0, 2), np.float32)
    assert outputs(plan([run.experiment.network]), run.params, run.moving, nothing).shape == (1, 0, 1)


def test_only_learning_rates_may_differ() -> None:
    with pytest.raises(UsageError, match="learning rate"):
        trained([experiment(), experiment(batch_size=5)])


def test_outputs_must_fit_the_targets() -> None:
    two = Rows(TRAIN.inputs, np.repeat(TRAIN.targets, 2, axis=1))
    with pytest.raises(UsageError, match="1 units, but the targets have 2 columns; set units = 2"):
        trained([experiment()], two)
