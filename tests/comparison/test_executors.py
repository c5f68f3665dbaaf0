"""Other processes train the same networks to the same bits, and the loss of one of them changes nothing."""

import gc
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import pytest
from tests.comparison.dask_processes import dask_processes

from gradoscope.comparison import MemberResult, Place, Settings, Study, cluster, compare, document
from gradoscope.data import Dataset
from gradoscope.errors import GradoscopeError

SETTINGS = Settings(hidden=((4,),), learning_rates=(0.01, 0.03), seeds=tuple(range(12)), epochs=4)


def said(study: Study) -> dict[str, object]:
    return document(replace(study, seconds=0.0), Path())


def scores(members: tuple[MemberResult, ...]) -> list[tuple[float, ...]]:
    def weights(member: MemberResult) -> list[float]:
        return [float(weight) for layer in member.run.params for weight in layer.kernel.ravel()]

    return [(m.learning_rate, *m.test.shares, *m.run.curves.train_loss, *weights(m)) for m in members]


@pytest.fixture(scope="module")
def here(iris: Dataset) -> Study:
    return compare(iris, activations=["relu", "tanh"], settings=SETTINGS)


def test_a_pool_of_processes_gives_the_same_bits(here: Study, iris: Dataset) -> None:
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        there = compare(iris, activations=["relu", "tanh"], settings=SETTINGS, executor=pool)
    assert said(there) == said(here)
    assert scores(there.all_members) == scores(here.all_members)


class _Broken(ProcessPoolExecutor):
    def submit(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        raise BrokenProcessPool


def test_a_broken_pool_is_one_sentence(iris: Dataset) -> None:
    with _Broken(1) as pool, pytest.raises(GradoscopeError, match="What is finished is kept"):
        compare(iris, activations=["relu"], settings=SETTINGS, executor=pool)


def test_a_cluster_that_loses_a_worker_finishes_with_the_same_bits(here: Study, iris: Dataset, tmp_path: Path) -> None:
    with dask_processes(tmp_path, workers=2) as dask, cluster(dask.address) as executor:
        kept = 0

        def kill_one(_done: int, _total: int) -> None:
            nonlocal kept
            kept += 1
            if kept == 3:
                dask.workers[0].kill()

        there = compare(
            iris, activations=["relu", "tanh"], settings=SETTINGS, executor=executor, place=Place(tmp_path / "s"),
            progress=kill_one,
        )  # fmt: skip
        assert dask.workers[0].wait() != 0
        assert dask.workers[1].poll() is None
    assert said(there) == said(here)
    assert scores(there.all_members) == scores(here.all_members)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "somewhere", "tcp://", ""])
def test_no_scheduler_is_one_sentence(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr("gradoscope.comparison.dask_cluster.PATIENCE", "0.1s")
    with pytest.raises(GradoscopeError, match="no Dask scheduler answers"), cluster(address):
        pass
    gc.collect()  # pytest fails where something complains about how it was thrown away


def test_without_dask_there_is_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(GradoscopeError, match=r"pip install 'gradoscope\[cluster\]'"), cluster("tcp://127.0.0.1:1"):
        pass
