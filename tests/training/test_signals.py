"""Signals mean what they say: the same numbers from PyTorch's gradients and NumPy's definitions."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import jax
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gradoscope.networks import Layer, Named, NetworkSpec, Params, TrainingSpec, init, plan
from gradoscope.training import Signals, stacks
from gradoscope.training.batches import Data, cuts_of
from gradoscope.training.epoch import train_epoch, train_ordered
from gradoscope.training.evaluation import Program
from gradoscope.training.measuring import is_due
from gradoscope.training.objective import Terms, objective
from gradoscope.training.signals import AT_END, FORMULAS
from gradoscope.training.state import start

NAMES = ("tanh", "relu")
RATE = 0.1
RNG = np.random.default_rng(5)
INPUTS, TARGETS = (RNG.normal(size=(12, width)).astype(np.float32) for width in (4, 2))
Array = NDArray[np.float64]


def network(name: str) -> NetworkSpec:
    hidden = (Layer(3, Named(name), Named("he_normal")), Layer(5, Named(name), Named("he_normal")))
    return NetworkSpec(Layer(2, Named("identity")), Named("mean_squared_error"), hidden)


NETWORKS = [network(name) for name in NAMES]
TRAINING = TrainingSpec(optimizer="sgd", learning_rate=RATE, batch_size=6, shuffle=False)
PROGRAM = Program(plan(NETWORKS), objective(NETWORKS), TRAINING, "r2")
PARAMS = init(NETWORKS, 4, 1)


def signals(
    params: Params, inputs: NDArray[np.float32] = INPUTS, rate: float = RATE, program: Program = PROGRAM
) -> Signals:
    """Of one epoch from `params`: two steps of six rows."""
    data = Data(inputs, TARGETS, INPUTS, TARGETS)  # type: ignore[arg-type]
    _, record = train_epoch(program, start(program, params), data, np.array([rate] * 2, np.float32), 0)  # type: ignore[arg-type]
    return Signals(*map(np.asarray, record.signals))  # type: ignore[arg-type]


class ByTorch:
    """The same two steps for one member, in float64: what each layer did in the first, and both updates."""

    def __init__(self, member: int) -> None:
        f = {"tanh": torch.tanh, "relu": torch.relu}[NAMES[member]]
        own = [[torch.tensor(np.float64(a[member])) for a in (layer.kernel, layer.bias)] for layer in PARAMS]
        self.updates: list[list[Array]] = []
        for rows in (slice(6), slice(6, 12)):
            leaves = [[a.clone().requires_grad_() for a in layer] for layer in own]
            a, before, after = torch.tensor(np.float64(INPUTS[rows])), [], []
            for i, (W, b) in enumerate(leaves):
                before.append(a @ W + b)
                before[-1].retain_grad()
                a = before[-1] if i == 2 else f(before[-1])
                after.append(a)
            ((a - torch.tensor(np.float64(TARGETS[rows]))) ** 2).mean().backward()
            self.updates.append([-RATE * W.grad.numpy() for W, _ in leaves])
            own = [[(a - RATE * a.grad).detach() for a in layer] for layer in leaves]
            if not rows.start:
                self.before, self.after = ([a.detach().numpy() for a in each] for each in (before, after))
                self.errors = [a.grad.numpy() for a in before]
                self.gradients, self.stepped = [W.grad.numpy() for W, _ in leaves], [W.numpy() for W, _ in own]
        self.kernels = [W.numpy() for W, _ in own]


def spread(values: Array) -> float:
    return float(np.sqrt((values.std(0) ** 2).mean()))


def rank(values: Array) -> float:
    eigenvalues = np.linalg.eigvalsh(np.cov(values.T))
    return float(eigenvalues.sum() ** 2 / (eigenvalues**2).sum())


def common(gradient: Array) -> float:
    signs = [max((column > 0).sum(), (column < 0).sum()) for column in gradient.T]
    return float(sum(signs) / (gradient != 0).sum())


def angle(one: Array, other: Array) -> float:
    return float(np.degrees(np.arccos((one * other).sum() / np.linalg.norm(one) / np.linalg.norm(other))))


def flat(member: int, layer: int, before: Array) -> float:
    slope = np.ones_like(before) if layer == 2 else 1 - np.tanh(before) ** 2 if member == 0 else before > 0
    return float((slope < 0.05).mean())


def expected(member: int) -> dict[str, list[float]]:
    t, norm = ByTorch(member), np.linalg.norm
    spreads = [spread(np.float64(INPUTS[:6])), *map(spread, t.after)]
    errors = [norm(error) for error in t.errors]
    return {
        "gradient_norm": [norm(g) for g in t.gradients],
        "update_ratio": [norm(u) / norm(k) for u, k in zip(t.updates[0], t.stepped, strict=True)],
        "weight_norm": [norm(k) for k in t.kernels],
        "forward_gain": [after / before for before, after in pairwise(spreads)],
        "backward_gain": [np.nan, errors[0] / errors[1], errors[1] / errors[2]],
        "dead": [0, 0, 0],
        "saturated": [flat(member, i, before) for i, before in enumerate(t.before)],
        "pre_activation_mean": [before.mean() for before in t.before],
        "pre_activation_spread": [before.std() for before in t.before],
        "same_sign": [common(g) for g in t.gradients],
        "update_angle": [angle(*pair) for pair in zip(*t.updates, strict=True)],
        "effective_rank": [rank(after) for after in t.after],
    }


@pytest.fixture(scope="module")
def found() -> Signals:
    return signals(PARAMS)


def test_layers_that_are_not_filled_up_have_the_same_signals(found: Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacks, "MOST_PADDING", 0)
    apart = replace(PROGRAM, training=replace(TRAINING, epochs=99))  # compiled anew
    assert len(stacks.kernels(PARAMS)) == 3
    for name, wanted in zip(FORMULAS, found, strict=True):
        np.testing.assert_allclose(getattr(signals(PARAMS, program=apart), name), wanted, rtol=1e-5, err_msg=name)


@pytest.mark.parametrize("name", FORMULAS)
def test_signals_by_their_definitions(found: Signals, name: str) -> None:
    for member in range(2):
        right: Any = expected(member)[name]
        np.testing.assert_allclose(getattr(found, name)[member], right, rtol=2e-4, atol=1e-5)


def test_rows_of_no_weight_change_no_signal() -> None:
    """An estimator fills its batches up with them."""
    program, rates = replace(PROGRAM, training=replace(TRAINING, batch_size=12)), np.array([RATE] * 2, np.float32)
    weights, terms = np.repeat(np.float32([1, 0]), 6), Terms(1.0, 1.0, 0.0, np.ones(1, np.float32))  # type: ignore[arg-type]
    filled = Data(INPUTS, TARGETS, INPUTS, TARGETS, weights)  # type: ignore[arg-type]
    _, record = train_ordered(program, start(program, PARAMS), filled, rates, np.arange(12, dtype=np.int32), terms)
    alone = Data(INPUTS[:6], TARGETS[:6], INPUTS, TARGETS)  # type: ignore[arg-type]
    _, wanted = train_epoch(PROGRAM, start(PROGRAM, PARAMS), alone, rates, 0)
    for name, own, expected in zip(FORMULAS, record.signals, wanted.signals, strict=True):
        np.testing.assert_allclose(own, expected, rtol=1e-5, atol=1e-6, err_msg=name)


def shifted(member: int, layer: int, biases: list[float]) -> Params:
    """The starting weights with other biases in one layer of one member."""
    params = [own._replace(bias=np.array(own.bias)) for own in PARAMS]
    params[layer].bias[member] = biases
    return tuple(params)  # type: ignore[arg-type]


def test_a_unit_is_dead_if_no_row_reaches_it() -> None:
    dead = signals(shifted(1, 0, [-1e3, 0.0, -1e3])).dead
    assert dead[:, 0].tolist() == [0, pytest.approx(2 / 3)]


def test_one_row_of_the_whole_training_set_keeps_a_unit_alive() -> None:
    """The row comes in the second batch, which is not measured."""
    before = INPUTS @ np.asarray(PARAMS[0].kernel[1])
    row = before[:, 0].argmax()
    order = [*np.delete(np.arange(12), row), row]
    bias = -(np.sort(before[:, 0])[-2] + before[row, 0]) / 2
    found = signals(shifted(1, 0, [bias, 0.0, -1e3]), INPUTS[order], rate=1e-6)
    assert found.dead[1, 0] == pytest.approx(1 / 3)


def test_behind_a_dead_layer_nothing_is_known() -> None:
    dead = signals(shifted(1, 1, [-1e3] * 5)).dead[1]
    assert np.isnan(dead[0])
    assert dead[1:].tolist() == [1, 0]


def test_an_epoch_is_cut_around_its_measured_steps() -> None:
    cuts = cuts_of(steps=130, full=129, every=64)
    assert cuts.start.tolist() == [0, 1, 2, 64, 65, 66, 128, 129]
    assert cuts.stop.tolist() == [1, 2, 64, 65, 66, 128, 129, 130]
    assert cuts.start[cuts.measured].tolist() == [0, 64, 128]
    assert cuts.start[cuts.follows].tolist() == [1, 65, 129]


def test_a_batch_that_is_filled_up_is_not_measured() -> None:
    assert cuts_of(steps=65, full=64, every=64).start.tolist() == [0, 1, 2]


def test_short_epochs_measure_at_first_and_then_now_and_then() -> None:
    def due(steps: int) -> list[int]:
        return np.flatnonzero([is_due(epoch, steps) for epoch in range(30)]).tolist()  # type: ignore[arg-type]

    assert due(128) == list(range(30))
    assert due(50) == [*range(8), 9, 12, 15, 18, 21, 24, 27]  # 150 steps apart
    assert due(1) == [*range(9), 16, 24]


def test_what_was_measured_stands_until_it_is_measured_again() -> None:
    """Epochs of two steps: of the ninth to the seventeenth, only the first and the last measure."""
    data, state, records = Data(INPUTS, TARGETS, INPUTS, TARGETS), start(PROGRAM, PARAMS), []  # type: ignore[arg-type]
    for _ in range(17):
        state, record = train_epoch(PROGRAM, state, data, np.array([RATE] * 2, np.float32), 0)
        records.append(record.signals)
    for name in FORMULAS:
        curve = np.nan_to_num([getattr(each, name) for each in records])
        assert name in AT_END or np.ptp(curve[8:16], 0).max() == 0, name
    for name in ("gradient_norm", "update_angle"):
        curve = np.array([getattr(each, name) for each in records])
        assert (curve[[7, 15]] != curve[[8, 16]]).all(), name


def test_an_epoch_of_one_step_has_no_angle() -> None:
    program = Program(PROGRAM.plan, PROGRAM.objective, TrainingSpec(optimizer="sgd", batch_size=12), "r2")
    data = Data(*map(jax.device_put, (INPUTS, TARGETS, INPUTS, TARGETS)))
    _, record = train_epoch(program, start(program, PARAMS), data, np.array([RATE] * 2, np.float32), 0)  # type: ignore[arg-type]
    assert np.isnan(record.signals.update_angle).all()
    assert np.isfinite(record.signals.effective_rank).all()
