"""The state alone continues training: through the disk and back, bit for bit."""

from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest
from tests.training.experiments import TRAIN, VALIDATION, population

from gradoscope.networks import init, plan
from gradoscope.training.batches import Data
from gradoscope.training.epoch import train_epoch, train_ordered
from gradoscope.training.evaluation import Program
from gradoscope.training.objective import Terms, objective
from gradoscope.training.state import State, start

EXPERIMENTS = population(("tanh", "relu"), optimizer="nadam", learning_rate=0.01, patience=50, seed=3)
NETWORKS = [each.network for each in EXPERIMENTS]
PROGRAM = Program(plan(NETWORKS), objective(NETWORKS), EXPERIMENTS[0].training, "r2")
RATES = np.array([0.01, 0.02], np.float32)


def continued(state: State, epochs: int) -> State:
    for _ in range(epochs):
        state, _ = train_epoch(PROGRAM, state, Data.of(TRAIN, VALIDATION), RATES, seed=3)  # type: ignore[arg-type]
    return state


def begun() -> State:
    return start(PROGRAM, init(NETWORKS, 2, 3))


def test_a_state_that_was_stored_goes_on_bit_for_bit(tmp_path: Path) -> None:
    leaves, structure = jax.tree.flatten(continued(begun(), 2))
    np.savez(tmp_path / "state.npz", *leaves)
    with np.load(tmp_path / "state.npz") as stored:
        restored = jax.tree.unflatten(structure, [stored[name] for name in stored.files])
    jax.tree.map(np.testing.assert_array_equal, continued(restored, 3), continued(begun(), 5))


def test_parameters_that_are_handed_in_stay_usable() -> None:
    params = init(NETWORKS, 2, 3)
    before = jax.tree.map(np.array, params)
    continued(start(PROGRAM, params), 1)
    jax.tree.map(np.testing.assert_array_equal, before, params)


@pytest.mark.parametrize("shuffle", [True, False])
def test_every_epoch_has_an_order_of_its_own_only_when_shuffled(shuffle: bool) -> None:
    """Starting again at epoch 0 repeats the epoch; starting at epoch 1 repeats it only without shuffling."""
    program = replace(PROGRAM, training=replace(PROGRAM.training, shuffle=shuffle))
    data = Data.of(TRAIN, VALIDATION)
    later = start(program, init(NETWORKS, 2, 3))._replace(epoch=jax.device_put(np.full((), 1, np.int32)))
    states = [start(program, init(NETWORKS, 2, 3)), start(program, init(NETWORKS, 2, 3)), later]
    first, again, other = (train_epoch(program, state, data, RATES, 3)[0].params[0].kernel for state in states)  # type: ignore[arg-type]
    np.testing.assert_array_equal(first, again)
    assert np.array_equal(first, other) is not shuffle


def test_rows_of_weight_0_and_an_objective_in_numbers_change_nothing_else() -> None:
    """Half the loss at twice the rate, on rows that are filled up with others of weight 0."""
    training = replace(PROGRAM.training, optimizer="sgd", shuffle=False, patience=None)
    program, n = replace(PROGRAM, training=training), len(TRAIN.inputs)
    expected, plain = train_epoch(program, start(program, init(NETWORKS, 2, 3)), Data.of(TRAIN, VALIDATION), RATES, 3)  # type: ignore[arg-type]
    size = training.batch_size
    filled = -(-n // size) * size
    rows = [np.concatenate([part, np.ones((filled - n, part.shape[1]), np.float32)]) for part in TRAIN[:2]]
    data = Data(*map(jax.device_put, rows), weights=jax.device_put((np.arange(filled) < n).astype(np.float32)))
    share = np.diff(np.append(np.arange(0, n, size), n)) / np.float32(n)
    terms = Terms(0.5, 1.0, 0.0, share)  # type: ignore[arg-type]
    order = np.arange(filled, dtype=np.int32)
    found, record = train_ordered(program, start(program, init(NETWORKS, 2, 3)), data, 2 * RATES, order, terms)
    for one, other in zip(jax.tree.leaves(found.params), jax.tree.leaves(expected.params), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(record.train_loss, plain.train_loss, rtol=1e-6)
    assert np.isnan(record.validation_loss).all()
