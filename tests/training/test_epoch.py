"""The state alone continues training: through the disk and back, bit for bit."""

from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest
from tests.training.experiments import TRAIN, VALIDATION, population

from gradoscope.networks import init, plan
from gradoscope.training.epoch import Data, Program, State, start, train_epoch
from gradoscope.training.objective import objective

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
