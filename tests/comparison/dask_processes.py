"""A Dask scheduler and its workers as processes of their own."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple


class Cluster(NamedTuple):
    """Where the scheduler listens, and its worker processes."""

    address: str
    workers: Sequence["subprocess.Popen[bytes]"]


@contextmanager
def dask_processes(folder: Path, workers: int) -> Iterator[Cluster]:
    """A scheduler with so many workers of one thread each, until the block ends."""
    where = folder / "scheduler.json"
    scheduler = _started("dask_scheduler", where, "--port", "0", "--host", "127.0.0.1")
    started = [scheduler]
    try:
        while not where.exists():
            assert scheduler.poll() is None, "the scheduler did not start"
            time.sleep(0.05)
        address: str = json.loads(where.read_text())["address"]
        started += [_started("dask_worker", where, "--nthreads", "1", "--no-nanny") for _ in range(workers)]
        yield Cluster(address, started[1:])
    finally:
        for process in started:
            process.kill()
            process.wait()


def _started(program: str, where: Path, *options: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", f"distributed.cli.{program}", "--scheduler-file", str(where), "--no-dashboard"]
    return subprocess.Popen(
        [*command, *options], cwd=where.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
