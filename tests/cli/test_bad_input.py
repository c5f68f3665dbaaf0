"""Bad input gets one clear sentence, the designed exit code, and leaves nothing behind."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

GOOD = "a,b,label\n" + "".join(f"{i},{i % 7},{'yes' if i % 3 else 'no'}\n" for i in range(40))


def rejected(ended, code: int, *mentioned: str) -> None:
    """One sentence on stderr, nothing on stdout, nothing written."""
    assert ended.code == code
    assert ended.out == ""
    lines = ended.err.strip().splitlines()
    assert lines[-1].startswith("Error: ")
    assert "Traceback" not in ended.err
    for word in mentioned:
        assert word in lines[-1]
    assert not Path("studies").exists()


@pytest.mark.parametrize(
    ("content", "mentioned"),
    [
        ("", ["data.csv"]),
        ("a,b,label\n", ["data.csv"]),
        (GOOD + "1,2\n", ["row 42"]),
        (GOOD.replace("yes", "no"), ["label"]),
        ("a,b,a\n1,2,3\n", ["'a'"]),
        ("a,b,label\n1,2,x\n2,3,y\n", ["data.csv"]),
        (GOOD.replace("5,5,", "5,oops,"), ["oops", "b", "row"]),
        (GOOD.replace("5,5,", "5,inf,"), ["inf", "b"]),
        (GOOD.replace(",yes", ",").replace(",no", ","), ["label"]),
    ],
)
def test_unusable_tables(gradoscope, quick, content: str, mentioned: list[str]) -> None:
    Path("data.csv").write_text(content)
    rejected(gradoscope("compare", "data.csv", *quick), 3, *mentioned)


def test_missing_files_and_folders(gradoscope, quick, tmp_path: Path) -> None:
    rejected(gradoscope("compare", "nosuch.csv", *quick), 3, "nosuch.csv")
    (tmp_path / "folder").mkdir()
    rejected(gradoscope("compare", "folder", *quick), 3, "folder")


def test_binary_file(gradoscope, quick) -> None:
    Path("data.csv").write_bytes(bytes(range(256)) * 40)
    rejected(gradoscope("compare", "data.csv", *quick), 3, "data.csv")


def test_names_that_do_not_exist_suggest_the_nearest(gradoscope) -> None:
    Path("data.csv").write_text(GOOD)
    rejected(gradoscope("compare", "data.csv", "--target", "lable"), 2, "label")
    rejected(gradoscope("compare", "data.csv", "--activations", "rleu"), 2, "relu")
    rejected(gradoscope("compare", "data.csv", "--losses", "hubr"), 2, "huber")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--hidden", "0"),
        ("--hidden", "4,x"),
        ("--seeds", "0"),
        ("--epochs", "-1"),
        ("--batch-size", "0"),
        ("--learning-rates", "0"),
        ("--learning-rates", "0.1,nan"),
        ("--resampling", "0x5"),
        ("--resampling", "5x1"),
        ("--learning-rates", "fast"),
        ("--option", "noise"),
    ],
)
def test_impossible_numbers(gradoscope, option: str, value: str) -> None:
    rejected(gradoscope("compare", "iris", option, value), 2, option)
    assert not Path("studies").exists()


@pytest.mark.parametrize("option", [("--activations", "relu"), ("--economy",)])
def test_data_sets_that_could_not_be_ranked_together_are_not_trained(gradoscope, option: tuple[str, ...]) -> None:
    rejected(gradoscope("compare", "iris", "wine", *option), 2, "--activations", "--economy")
    assert not Path("studies").exists()


def test_an_existing_folder_is_not_overwritten(gradoscope, quick) -> None:
    Path("mine").mkdir()
    Path("mine/thesis.txt").write_text("important")
    rejected(gradoscope("compare", "iris", *quick, "--out", "mine"), 2, "mine", "--out")
    assert [path.name for path in Path("mine").iterdir()] == ["thesis.txt"]


def test_a_place_that_cannot_be_written(gradoscope, quick) -> None:
    Path("file").write_text("not a folder")
    rejected(gradoscope("compare", "iris", *quick, "--out", "file/study"), 2, "file/study", "--out")


def test_a_full_disk_leaves_nothing_half_written(gradoscope, quick, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "results.csv")

    with monkeypatch.context() as patched:
        patched.setattr("polars.DataFrame.write_csv", full)
        ended = gradoscope("compare", "iris", *quick)
    assert ended.code == 1
    assert "No space left on device" in ended.err
    assert [path.name for path in Path("studies/iris").iterdir()] == ["study.sqlite"]  # the networks, to go on with
    assert gradoscope("compare", "--resume", "studies/iris", "--quiet").code == 0
    assert Path("studies/iris/results.csv").exists()


def test_damaged_models(gradoscope) -> None:
    Path("empty").mkdir()
    rejected(gradoscope("predict", "empty", "iris"), 3, "empty", "model.json")
    gradoscope("train", "iris", "--hidden", "4", "--epochs", "1", "--out", "model")
    Path("model/model.safetensors").write_bytes(b"damaged")
    rejected(gradoscope("predict", "model", "iris"), 3, "model", "damaged")


def test_unknown_keys_of_an_experiment(gradoscope) -> None:
    gradoscope("train", "iris", "--hidden", "4", "--epochs", "1", "--out", "model")
    text = Path("model/experiment.toml").read_text("utf-8")
    Path("experiment.toml").write_text(text.replace("patience", "patients"), "utf-8")
    rejected(gradoscope("train", "experiment.toml"), 2, "experiment.toml", "[training]", "patience")
    Path("experiment.toml").write_text("[data\n", "utf-8")
    rejected(gradoscope("train", "experiment.toml"), 2, "TOML")


def test_an_error_in_korean(gradoscope) -> None:
    ended = gradoscope("--lang", "ko", "compare", "iris", "--hidden", "0")
    assert "보다" in ended.err.splitlines()[-1] or "이상" in ended.err.splitlines()[-1]


def test_ctrl_c_stops_a_comparison_and_leaves_its_store_alone(tmp_path: Path) -> None:
    """A real process, interrupted while it trains."""
    # A shell may start its background jobs with SIGINT ignored; the program must meet it as at a terminal.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{heed}; from gradoscope.cli import main; main()"
    arguments = ["compare", "digits", "--hidden", "4", "--activations", "relu,tanh", "--epochs", "100000", "--quiet"]
    process = subprocess.Popen([sys.executable, "-c", code, *arguments], cwd=tmp_path, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (tmp_path / "studies").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert b"Interrupted." in err
    assert [path.name for path in (tmp_path / "studies/digits").iterdir()] == ["study.sqlite"]
