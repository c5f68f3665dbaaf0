"""Watching Keras, on each backend in a process of its own: a backend is chosen once."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FAULTS = ("vanishing-gradient", "wrong-output-activation", "learning-rate-too-high")


@pytest.fixture(scope="module", params=["jax", "torch"])
def told(request: pytest.FixtureRequest) -> dict[str, Any]:
    command = [sys.executable, "-W", "error", str(Path(__file__).with_name("keras_loops.py"))]
    kept = {name: value for name, value in os.environ.items() if name != "JAX_NUMPY_RANK_PROMOTION"}  # Keras promotes
    environment = {**kept, "KERAS_BACKEND": request.param, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["backend"] == request.param
    return found


@pytest.mark.parametrize("case", ["healthy", "learning-rate-too-high"])
def test_watching_changes_no_bit(told: dict[str, Any], case: str) -> None:
    assert told[case]["same"]


def test_a_healthy_model_is_left_alone(told: dict[str, Any]) -> None:
    assert told["healthy"]["healthy"], told["healthy"]


@pytest.mark.parametrize("fault", FAULTS)
def test_the_fault_is_named_first(told: dict[str, Any], fault: str) -> None:
    assert told[fault]["first"] == fault


def test_the_signals_are_seen(told: dict[str, Any]) -> None:
    assert told["vanishing-gradient"]["shape"] == [8, 9]
    first, *_, last = told["vanishing-gradient"]["gradient"]
    assert 0 < first < 1e-3 * last
    assert all(0 < ratio < 1 for ratio in told["healthy"]["update"])


def test_an_interrupted_model_is_left_as_it_was(told: dict[str, Any]) -> None:
    assert told["left as it was"]


def test_a_model_that_is_no_chain_is_judged_by_what_is_seen(told: dict[str, Any]) -> None:
    assert told["skip"]["healthy"], told["skip"]
    assert told["skip"]["validation"] > 0.9
    assert "Not judged: Batch size" in told["skip"]["outcome"]
    assert told["dead skip"]["findings"][:2] == [["dead-units", "rectified"], ["no-learning", "network"]]
