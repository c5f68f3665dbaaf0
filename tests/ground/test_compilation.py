"""Compiled programs outlive the process, and never get in its way."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from gradoscope.compilation import forget_oldest

PROGRAM = """
from collections import Counter
import jax
from gradoscope.compilation import keep_compiled_programs
events = Counter()
jax.monitoring.register_event_listener(lambda event, **_: events.update([event.rpartition("/")[2]]))
folder = keep_compiled_programs()
value = jax.jit(lambda x: (x @ x).sum())(jax.numpy.ones((8, 8)))
print(float(value), folder, events["cache_hits"], events["cache_misses"])
"""


class Told(NamedTuple):
    value: str
    folder: str
    hits: int
    misses: int


def run(caches: Path, **environment: str) -> Told:
    """What a new process tells whose caches belong into `caches`; it must write nothing to stderr."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", PROGRAM],
        env=kept | {"XDG_CACHE_HOME": str(caches)} | environment,
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert done.stderr == ""
    value, folder, hits, misses = done.stdout.split()
    return Told(value, folder, int(hits), int(misses))


def test_a_second_process_compiles_nothing(tmp_path: Path) -> None:
    first, second = run(tmp_path), run(tmp_path)
    assert Path(first.folder) == tmp_path / "gradoscope" / "jax"
    assert first.hits == 0
    assert first.misses > 0
    assert second == first._replace(hits=first.misses, misses=0)
    assert first.value == "512.0"


def test_only_the_user_may_look_inside(tmp_path: Path) -> None:
    assert Path(run(tmp_path).folder).stat().st_mode & 0o077 == 0


def test_where_nothing_can_be_written_it_just_compiles(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert run(tmp_path / "file") == Told("512.0", "None", 0, 0)


def test_a_damaged_entry_is_compiled_again(tmp_path: Path) -> None:
    first = run(tmp_path)
    for entry in Path(first.folder).iterdir():
        entry.write_bytes(entry.read_bytes()[:100])
    assert run(tmp_path) == first


def test_a_folder_that_jax_was_told_of_stays(tmp_path: Path) -> None:
    chosen = tmp_path / "chosen"
    assert run(tmp_path, JAX_COMPILATION_CACHE_DIR=str(chosen)).folder == str(chosen)
    assert not (tmp_path / "gradoscope").exists()


@pytest.mark.parametrize(("limit", "kept"), [(0, ""), (99, ""), (100, "c"), (250, "bc"), (1000, "abc")])
def test_the_oldest_are_forgotten_first(tmp_path: Path, limit: int, kept: str) -> None:
    for age, name in enumerate("cba"):
        (tmp_path / name).write_bytes(bytes(100))
        os.utime(tmp_path / name, (time.time() - 100 * age,) * 2)
    forget_oldest(tmp_path, limit)
    assert "".join(sorted(path.name for path in tmp_path.iterdir())) == kept
