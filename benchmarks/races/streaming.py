"""An epoch on a Parquet file of 5 million rows and 30 columns: read in parts, and from rows in memory."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.race import Peer, Race

ROWS, INPUTS, CHUNK = 5_000_000, 29, 250_000
EPOCH = """
import json, resource, sys, time
from dataclasses import replace
from pathlib import Path
from gradoscope.data import DataSpec
from gradoscope.networks import Experiment, Layer, Named, NetworkSpec, TrainingSpec
from gradoscope.training import fit, prepared_for, streamed_for
stream, folder = sys.argv[1] == "stream", Path(sys.argv[2])
network = NetworkSpec(Layer(1), Named("mean_squared_error"), (Layer(64, Named("relu"), repeat=2),))
data = DataSpec("big.parquet", target="y", task="regression", validation=100_000, inputs="standard", stream=stream)
one = Experiment(data, network, TrainingSpec(batch_size=512, epochs=int(sys.argv[3])))
began = time.perf_counter()
rows = streamed_for(one, folder) if stream else prepared_for(one, folder)
ends = []
run = fit(one, rows, on_epoch=lambda done: ends.append(time.perf_counter()))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
seconds = {"seconds": ends[-1] - ends[0], "first": ends[0] - began}
print(json.dumps({**seconds, "peak": peak, "score": run.validation_score}))
"""


def write(path: Path) -> None:
    """Write the file, a part at a time."""
    rng, parts = np.random.default_rng(0), path.parent / "parts"
    parts.mkdir()
    for number in range(ROWS // CHUNK):
        x = rng.normal(size=(CHUNK, INPUTS))
        table = {f"x{i}": x[:, i] for i in range(INPUTS)} | {"y": np.sin(x[:, 0]) + x[:, 1] * x[:, 2]}
        pl.DataFrame(table).write_parquet(parts / f"{number:03}.parquet")
    pl.scan_parquet(parts / "*.parquet").sink_parquet(path)


def race() -> Race:
    """The race: the second epoch of each, so that nothing is compiled in it; whole processes take turns.

    When the first one is over is shown too: reading, preparing and compiling are in it.
    """
    place = tempfile.TemporaryDirectory()
    folder, seen = Path(place.name), dict[str, list[dict[str, float]]](stream=[], memory=[])
    write(folder / "big.parquet")

    def epoch(kind: str) -> Callable[[], None]:
        def turn() -> None:
            command = [sys.executable, "-c", EPOCH, kind, place.name, "2"]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            seen[kind].append(json.loads(done.stdout))

        return turn

    def remarks(_seconds: dict[str, tuple[float, ...]]) -> tuple[list[str], bool]:
        trained = ROWS - 100_000
        speed = {kind: trained / min(each["seconds"] for each in runs) for kind, runs in seen.items()}
        share = speed["stream"] / speed["memory"]
        lines = [
            f"  {kind:<24}{speed[kind]:12,.0f} rows/s   peak {max(each['peak'] for each in runs):8,.0f} MiB"
            f"   R2 {runs[-1]['score']:.4f}   first epoch done after {min(each['first'] for each in runs):.1f} s"
            for kind, runs in seen.items()
        ]
        return [*lines, f"  in parts: {share:.0%} of the speed in memory, expected at least 70 %"], share >= 0.7

    return Race("5 million rows in parts", epoch("stream"), (Peer("memory", epoch("memory")),), 1, False, remarks)
