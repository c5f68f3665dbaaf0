"""A training that is killed at any moment goes on, and ends as if nothing had happened."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors import safe_open

EXPERIMENT = """
[data]
source = "make_moons"
options = { n_samples = 60, noise = 0.2, random_state = 0 }
[network]
hidden = [{ units = 5, activation = "tanh", normalisation = "batch", dropout = 0.1 }]
output = { units = 1, activation = "sigmoid" }
loss = "binary_cross_entropy"
[training]
optimizer = "nadam"
epochs = 400
patience = 400
schedule = { name = "plateau", patience = 20, factor = 0.9 }
"""


def started(*arguments: object) -> "subprocess.Popen[str]":
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # a shell may have it ignored
    code = f"{heed}; from gradoscope.cli import main; main()"
    command = [sys.executable, "-c", code, "train", *map(str, arguments), "--quiet", "--checkpoint", "0"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))


def epochs_in(checkpoint: Path) -> int:
    if not checkpoint.exists():
        return 0
    with safe_open(checkpoint, framework="numpy") as file:
        return len(file.get_tensor("record.0"))


def ended(process: "subprocess.Popen[str]", checkpoint: Path, epochs: int, number: int) -> None:
    """Send the signal once that many epochs are kept."""
    while epochs_in(checkpoint) < epochs:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(number)
    process.communicate()


def contents(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in ("model.safetensors", "history.csv", "experiment.toml")]


def test_killed_and_interrupted_trainings_go_on_bit_for_bit(tmp_path: Path) -> None:
    file, whole, broken = tmp_path / "e.toml", tmp_path / "whole", tmp_path / "broken"
    checkpoint = tmp_path / "broken.checkpoint"
    file.write_text(EXPERIMENT)
    undisturbed = started(file, "--out", whole)
    first = started(file, "--out", broken)
    ended(first, checkpoint, 1, signal.SIGKILL)
    assert not broken.exists()
    again = started(file, "--out", broken)
    assert "--resume" in again.communicate()[1]
    assert again.returncode == 2
    for epochs, number in ((60, signal.SIGKILL), (150, signal.SIGINT)):
        process = started("--resume", broken)
        ended(process, checkpoint, epochs, number)
    assert process.returncode == 130
    last = started("--resume", broken)
    for done in (last, undisturbed):
        assert done.communicate()[1] == ""
        assert done.returncode == 0
    assert contents(broken) == contents(whole)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["broken", "whole"]
    assert not checkpoint.exists()


@pytest.mark.parametrize("arguments", [[], ["e.toml", "--resume", "x"], ["--resume", "nothing"]])
def test_a_resumption_needs_a_checkpoint(arguments: list[str]) -> None:
    with started(*arguments) as process:
        process.communicate()
    assert process.returncode == 2


def test_what_a_training_has_decided_is_refused(tmp_path: Path) -> None:
    said = started("--resume", tmp_path / "run", "--epochs", 9)
    assert "--epochs cannot be given with --resume" in said.communicate()[1]
    assert said.returncode == 2
