"""One network over two devices, and over two processes, is the network of one device, to rounding."""

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from gradoscope.errors import UsageError
from gradoscope.training.parallel import join, over_devices

TWO_DEVICES = {"XLA_FLAGS": f"{os.environ['XLA_FLAGS']} --xla_force_host_platform_device_count=2"}
ALONE = """
from gradoscope.training.parallel import over_devices
with over_devices(1): train("one.npz")
with over_devices(): train("two.npz")
"""
TOGETHER = """
from gradoscope.training.parallel import join, over_devices
join("127.0.0.1:{port}", 2, {process})
with over_devices() as devices: train("process{process}.npz")
assert devices == 2
"""
TRAIN = """
from pathlib import Path
import numpy as np
from gradoscope.data import DataSpec, prepare_experiment
from gradoscope.networks import Experiment, Layer, Named, NetworkSpec, TrainingSpec
from gradoscope.training import evaluation, fit

evaluation.BLOCK_NUMBERS = 7 * 8  # validation rows come in blocks of 7, which two devices cannot share

def train(name):
    # Layers that look at whole batches, a last batch that is not full. No Adam: it would blow up the rounding of the
    # gradients that are 0, those of a bias before a normalisation.
    hidden = Layer(8, Named("tanh"), normalisation="batch"), Layer(8, Named("relu"), dropout=0.2)
    network = NetworkSpec(Layer(3, Named("softmax")), Named("categorical_cross_entropy"), hidden)
    training = TrainingSpec("sgd", 0.05, epochs=3, batch_size=16, patience=2, momentum=0.9)
    experiment = Experiment(DataSpec("iris", inputs="standard"), network, training)
    run = fit(experiment, prepare_experiment(experiment.data, 3, 0, Path()))
    weights = np.concatenate([layer.kernel.ravel() for layer in run.params])
    np.savez(name, weights=weights, scores=[run.train_score, run.validation_score], **run.curves._asdict())
"""


def started(folder: Path, code: str, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", TRAIN + code]
    return subprocess.Popen(command, cwd=folder, env={**os.environ, **environment}, stderr=subprocess.PIPE)


def ended(processes: "Sequence[subprocess.Popen[bytes]]") -> None:
    for process in processes:
        _, err = process.communicate()
        assert process.returncode == 0, err.decode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where one device, two devices and two processes left what they trained."""
    folder = tmp_path_factory.mktemp("trained")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    together = [started(folder, TOGETHER.format(port=port, process=process), {}) for process in range(2)]
    ended([*together, started(folder, ALONE, TWO_DEVICES)])
    return folder


@pytest.mark.parametrize("name", ["two", "process0", "process1"])
def test_it_is_the_run_of_one_device(folder: Path, name: str) -> None:
    with np.load(folder / "one.npz") as one, np.load(folder / f"{name}.npz") as other:
        assert set(one) == set(other)
        for array in one:
            np.testing.assert_allclose(other[array], one[array], rtol=1e-4, atol=1e-5, err_msg=array)


def test_both_processes_hold_the_same_network(folder: Path) -> None:
    with np.load(folder / "process0.npz") as one, np.load(folder / "process1.npz") as other:
        for array in one:
            np.testing.assert_array_equal(other[array], one[array])


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(UsageError, match="99 devices"), over_devices(99):
        pass
    with pytest.raises(UsageError, match="from 0 to 1"):
        join("127.0.0.1:1", 2, 2)
