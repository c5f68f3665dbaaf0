"""Kill studies at random moments and continue them: `python -m benchmarks.kills [TIMES] [SEED]`.

A real process is killed (SIGKILL) so many times; whenever a study reaches its end, its tables and every row of its
store are compared, bit for bit, with those of a study that was left alone. Exit code 1 where they differ.
"""

import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

STUDY = [
    "digits", "--hidden", "16", "--activations", "relu,tanh,gelu", "--learning-rates", "0.003,0.01", "--seeds", "30",
    "--epochs", "20",
]  # fmt: skip
COMMAND = [sys.executable, "-c", "from gradoscope.cli import main; main()", "compare", "--quiet", "--json"]
LONGEST = 15.0  # seconds that a process may live before it is killed


def arguments(folder: Path) -> list[str]:
    return ["--resume", str(folder)] if (folder / "study.sqlite").exists() else [*STUDY, "--out", str(folder)]


def tables(folder: Path) -> dict[str, object]:
    """Everything that a study found out, besides seconds and paths."""
    said = json.loads((folder / "study.json").read_text("utf-8"))
    for varying in ("study", "report", "seconds"):
        del said[varying]
    with closing(sqlite3.connect(folder / "study.sqlite")) as store:
        columns = [name for _, name, *_ in store.execute("PRAGMA table_info(runs)") if name != "seconds"]
        rows = store.execute(f"SELECT {', '.join(columns)} FROM runs ORDER BY unit, place").fetchall()
    files = {name: (folder / name).read_bytes() for name in ("results.csv", "curves.csv", "model/model.safetensors")}
    return {"study.json": said, "store": rows, **files}


def main(times: int, rng: random.Random) -> int:
    with tempfile.TemporaryDirectory() as name:
        place, kills, finished, different = Path(name), 0, 0, 0
        subprocess.run([*COMMAND, *arguments(place / "whole")], check=True, stdout=subprocess.DEVNULL)
        whole, folder = tables(place / "whole"), place / "0"
        while kills < times or not (folder / "study.json").exists():
            process = subprocess.Popen([*COMMAND, *arguments(folder)], stdout=subprocess.DEVNULL)
            if kills < times:
                time.sleep(rng.uniform(0, LONGEST))
                process.kill()
            if process.wait() == 0:
                found = tables(folder)
                unlike = [name for name, part in whole.items() if found[name] != part]
                finished, different = finished + 1, different + bool(unlike)
                verdict = f"DIFFERENT: {', '.join(unlike)}" if unlike else "the same"
                print(f"study {finished} after {kills} kills: {verdict}", flush=True)
                if kills < times:
                    folder = place / str(finished)
            else:
                kills += 1
        print(f"{kills} kills, {finished} studies finished, {different} different")
    return int(different > 0)


sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20, random.Random(sys.argv[2] if len(sys.argv) > 2 else 0)))
