"""A study in its folder: continued after any end, extended, read while it is written, safe against mistakes."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from gradoscope.comparison import MemberResult, Place, Settings, Study, compare, document
from gradoscope.comparison.lock import being_written
from gradoscope.comparison.store import open_store, read_store
from gradoscope.data import Dataset, DataSpec, load
from gradoscope.errors import DataError, UsageError
from gradoscope.training import fit, prepared_for

SMALL = Settings(hidden=((4,),), learning_rates=(0.01, 0.03), seeds=(0, 1), epochs=3)
KILLED_AFTER = (0.0, 0.3, 1.0)  # seconds after the first population was kept


def same(one: MemberResult, other: MemberResult) -> bool:
    """Whether two results are equal bit for bit."""
    arrays = [
        [*m.run.curves, *m.run.signals, m.test.shares, *(array for layer in m.run.params for array in layer[:2])]
        for m in (one, other)
    ]
    equal = all(np.array_equal(a, b, equal_nan=True) for a, b in zip(*arrays, strict=True))
    about = [(m.arm, m.seed, m.learning_rate, m.run.experiment, m.run.outcome, m.test.scores) for m in (one, other)]
    return equal and about[0] == about[1]


def tables(study: Study) -> str:
    return json.dumps(document(replace(study, seconds=0.0), Path("here")))


def kept_rows(folder: Path) -> list[tuple[object, ...]]:
    """Every run in the store, besides how long it took."""
    with sqlite3.connect(folder / "study.sqlite") as store:
        columns = [name for _, name, *_ in store.execute("PRAGMA table_info(runs)") if name != "seconds"]
        rows = store.execute(f"SELECT {', '.join(columns)} FROM runs ORDER BY unit, place").fetchall()
    store.close()
    return rows


@pytest.fixture(scope="module")
def whole(iris: Dataset) -> Study:
    return compare(iris, activations=["relu", "tanh"], settings=SMALL)


def test_a_finished_study_is_read_and_not_trained_again(no_recompile, whole: Study, iris: Dataset, tmp_path) -> None:
    compare(iris, activations=["relu", "tanh"], settings=SMALL, place=Place(tmp_path / "s"))
    steps: list[int] = []
    with no_recompile():
        again = compare(
            iris, activations=["relu", "tanh"], settings=SMALL, place=Place(tmp_path / "s"),
            progress=lambda done, _: steps.append(done),
        )  # fmt: skip
    assert steps == []
    assert tables(again) == tables(whole)
    assert all(map(same, again.all_members, whole.all_members))


def test_what_is_added_is_all_that_is_trained(whole: Study, iris: Dataset, tmp_path: Path) -> None:
    place = Place(tmp_path / "s")
    compare(iris, activations=["relu", "tanh"], settings=SMALL, place=place)
    old = kept_rows(place.folder)
    grown = compare(iris, activations=["gelu"], settings=replace(SMALL, seeds=(2,)), place=place)
    assert {(m.arm.activation, m.seed) for m in grown.all_members} == {
        (activation, seed) for activation in ("relu", "tanh", "gelu") for seed in (0, 1, 2)
    }
    assert len(grown.all_members) == 3 * 2 * 3
    assert kept_rows(place.folder)[: len(old)] == old


def test_added_seeds_are_those_of_a_larger_study(whole: Study, iris: Dataset, tmp_path: Path) -> None:
    place = Place(tmp_path / "s")
    compare(iris, activations=["relu", "tanh"], settings=replace(SMALL, seeds=(0,)), place=place)
    grown = compare(iris, activations=["relu", "tanh"], settings=SMALL, place=place)
    assert tables(grown) == tables(whole)


def test_other_settings_are_refused(iris: Dataset, tmp_path: Path) -> None:
    place = Place(tmp_path / "s")
    compare(iris, activations=["relu"], settings=replace(SMALL, seeds=(0,)), place=place)
    with pytest.raises(UsageError, match="epochs = 3, not 4"):
        compare(iris, activations=["relu"], settings=replace(SMALL, epochs=4), place=place)
    with pytest.raises(UsageError, match="metric = the usual one, not log_loss"):
        compare(iris, activations=["relu"], settings=replace(SMALL, metric="log_loss"), place=place)


def test_changed_data_are_refused(iris: Dataset, tmp_path: Path) -> None:
    place = Place(tmp_path / "s")
    compare(iris, activations=["relu"], settings=replace(SMALL, seeds=(0,)), place=place)
    assert isinstance(iris.inputs, np.ndarray)
    one_cell = iris.inputs.copy()
    one_cell[7, 2] += 1e-9
    with pytest.raises(DataError, match="changed"):
        compare(replace(iris, inputs=one_cell), activations=["relu"], settings=SMALL, place=place)


def test_a_second_writer_is_refused_and_readers_are_not(iris: Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "s"
    with open_store(folder):
        assert being_written(folder)
        with read_store(folder) as readable:
            assert readable.units() == []
        with pytest.raises(UsageError, match="at work"):
            compare(iris, settings=SMALL, place=Place(folder))
    assert not being_written(folder)
    assert [path.name for path in folder.iterdir()] == ["study.sqlite"]


def test_what_is_no_study_is_left_alone(iris: Dataset, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        compare(iris, settings=SMALL, place=Place(tmp_path))
    (tmp_path / "study.sqlite").write_text("not a database, only a text that is long enough to look like one" * 20)
    with pytest.raises(DataError, match="cannot be read"):
        compare(iris, settings=SMALL, place=Place(tmp_path))
    assert (tmp_path / "letter.txt").read_text() == "mine"


def test_a_damaged_store_is_one_sentence(iris: Dataset, tmp_path: Path) -> None:
    place = Place(tmp_path / "s")
    compare(iris, activations=["relu"], settings=replace(SMALL, seeds=(0,)), place=place)
    path = place.folder / "study.sqlite"
    kept = path.read_bytes()
    path.write_bytes(kept[:4096] + b"\0" * (len(kept) - 4096))  # the first page alone is whole
    with pytest.raises(DataError, match=r"study\.sqlite cannot be read"):
        compare(iris, activations=["relu"], settings=SMALL, place=place)


def trained_again(study: Study) -> None:
    for member in study.all_members:
        run = fit(member.run.experiment, prepared_for(member.run.experiment))
        np.testing.assert_allclose(run.curves.validation_loss, member.run.curves.validation_loss, rtol=1e-5)


@pytest.mark.parametrize("folds", [None, 3])
def test_the_experiment_of_a_network_trains_it_again(iris: Dataset, folds: int | None) -> None:
    """Same rows, same start, same batches, also where cross-validation divides the rows."""
    trained_again(compare(iris, activations=["relu"], settings=replace(SMALL, seeds=(0, 4), folds=folds)))


def test_the_experiment_of_a_network_trains_it_again_in_time_order(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = {"day": range(90), "x": rng.normal(size=90), "y": rng.integers(0, 2, 90)}
    pl.DataFrame(rows).write_csv(tmp_path / "days.csv")
    source = str(tmp_path / "days.csv")
    dataset = load(source, target="y", time="day")
    settings = replace(SMALL, seeds=(0, 2), validation=0.1, test=0.1)
    trained_again(
        compare(dataset, activations=["relu"], settings=settings, origin=DataSpec(source, target="y", time="day"))
    )


# A shell may start its background jobs with SIGINT ignored; the program must meet it as at a terminal.
HEED = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
COMMAND = [
    sys.executable, "-c", f"{HEED}; from gradoscope.cli import main; main()", "compare", "--quiet", "--json"
]  # fmt: skip
ASKED = ["digits", "--hidden", "8", "--seeds", "8", "--epochs", "4", "--learning-rates", "0.01,0.03",
         "--activations", "relu,tanh"]  # fmt: skip


def killed(folder: Path, arguments: list[str], after: float) -> int:
    """Run the command in a real process, and kill it so long after it kept its first population; the exit code."""
    process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.DEVNULL)
    while process.poll() is None and not (folder / "study.sqlite").exists():
        time.sleep(0.01)
    while process.poll() is None and not kept_units(folder):
        time.sleep(0.01)
    time.sleep(after)
    process.kill()
    return process.wait()


def kept_units(folder: Path) -> int:
    store = sqlite3.connect(folder / "study.sqlite")
    try:
        return int(store.execute("SELECT COUNT(session) FROM units").fetchone()[0])
    except sqlite3.OperationalError:  # the tables are not there yet
        return 0
    finally:
        store.close()


def finished(arguments: list[str]) -> dict[str, object]:
    ended = subprocess.run([*COMMAND, *arguments], capture_output=True, check=True)
    said: dict[str, object] = json.loads(ended.stdout)
    return {key: value for key, value in said.items() if key not in ("study", "report", "seconds")}


def test_a_study_that_was_killed_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    undisturbed = finished([*ASKED, "--out", str(tmp_path / "whole")])
    folder = tmp_path / "killed"
    codes = [killed(folder, [*ASKED, "--out", str(folder)], KILLED_AFTER[0])]
    codes += [killed(folder, ["--resume", str(folder)], after) for after in KILLED_AFTER[1:]]
    assert codes[0] == -signal.SIGKILL
    assert finished(["--resume", str(folder)]) == undisturbed
    assert kept_rows(folder) == kept_rows(tmp_path / "whole")
    for name in ("results.csv", "curves.csv", "experiment.toml", "model/model.safetensors"):
        assert (folder / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not list(folder.glob(".*"))


def test_ctrl_c_says_how_to_continue(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    endless = ["digits", "--hidden", "8", "--activations", "relu,tanh", "--epochs", "100000", "--out", str(folder)]
    process = subprocess.Popen([*COMMAND, *endless], stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    while not (folder / "study.sqlite").exists():
        time.sleep(0.01)
    time.sleep(0.5)
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out) == (130, b"")
    assert f"gradoscope compare --resume {folder}" in err.decode()


def test_the_fingerprint_of_a_table_sees_every_cell(tmp_path: Path) -> None:
    from gradoscope.data import fingerprint

    rows = pl.DataFrame({"a": range(20), "b": ["x", "y"] * 10, "y": [0, 1, 1, 0] * 5})
    prints = set()
    for column, cell in (("a", 99), ("b", "z"), ("b", None), ("y", 1), ("a", 0)):
        changed = rows.with_columns(
            pl.when(pl.int_range(pl.len()) == 0).then(pl.lit(cell)).otherwise(column).alias(column)
        )
        changed.write_csv(tmp_path / "t.csv")
        prints.add(fingerprint(load(str(tmp_path / "t.csv"), target="y")))
    assert len(prints) == 5
