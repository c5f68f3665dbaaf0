"""Studies on a Dask cluster of this machine: `python -m benchmarks.cluster [loss|throughput|tiny]...`.

loss: 4 workers, one killed in the middle; the study must be that of threads, bit for bit.
throughput: networks per second with 1 and with 2 workers.
tiny: 10,000 work units of a few milliseconds.
"""

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path

from tests.comparison.dask_processes import dask_processes

from gradoscope.comparison import Place, Settings, Study, cluster, compare, document
from gradoscope.data import load

STUDY = Settings(hidden=((32,),), learning_rates=(0.003, 0.01, 0.03), seeds=tuple(range(24)), epochs=30)
TINY = Settings(hidden=((2,),), learning_rates=(0.01,), seeds=tuple(range(10_000)), epochs=1)
ACTIVATIONS = ("relu", "tanh", "gelu", "sigmoid")


def timed(settings: Settings, executor: Executor | None, folder: Path, activations: Sequence[str] = ACTIVATIONS,
          data: str = "digits", progress: object = None) -> tuple[Study, float]:  # fmt: skip
    began = time.perf_counter()
    tell = progress if callable(progress) else lambda done, total: None
    place = Place(folder)
    study = compare(
        load(data), activations=activations, settings=settings, executor=executor, place=place, progress=tell
    )
    return study, time.perf_counter() - began


def tables(study: Study) -> str:
    return json.dumps(document(replace(study, seconds=0.0), Path()))


def loss(folder: Path) -> None:
    alone, _ = timed(STUDY, None, folder / "alone")
    with dask_processes(folder, workers=4) as dask, cluster(dask.address) as executor:
        finished = 0

        def kill_one(_done: int, _total: int) -> None:
            nonlocal finished
            finished += 1
            if finished == len(STUDY.seeds) // 2:
                dask.workers[0].kill()

        shared, seconds = timed(STUDY, executor, folder / "shared", progress=kill_one)
        assert dask.workers[0].wait() != 0
    same = tables(alone) == tables(shared)
    print(f"4 workers, one killed: {len(shared.all_members)} networks in {seconds:.1f} s, "
          f"{'the same' if same else 'DIFFERENT'} tables")  # fmt: skip


def throughput(folder: Path) -> None:
    for workers in (1, 2):
        (folder / str(workers)).mkdir()
        with dask_processes(folder / str(workers), workers) as dask, cluster(dask.address) as executor:
            timed(replace(STUDY, seeds=(100, 101)), executor, folder / f"warm{workers}")
            study, seconds = timed(STUDY, executor, folder / f"study{workers}")
        count = len(study.all_members)
        print(f"{workers} workers: {count} networks in {seconds:.1f} s, {count / seconds:.1f} per second", flush=True)


def tiny(folder: Path) -> None:
    with dask_processes(folder, workers=2) as dask, cluster(dask.address) as executor:
        timed(replace(TINY, seeds=(1,)), executor, folder / "warm", ("relu",), "iris")
        study, seconds = timed(TINY, executor, folder / "tiny", ("relu",), "iris")
    count = len(study.all_members)
    print(f"{count} tiny units: {seconds:.1f} s, {1000 * seconds / count:.2f} ms each")


if __name__ == "__main__":
    for name in sys.argv[1:] or ("loss", "throughput", "tiny"):
        with tempfile.TemporaryDirectory() as place:
            {"loss": loss, "throughput": throughput, "tiny": tiny}[name](Path(place))
