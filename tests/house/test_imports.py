"""Starting Gradoscope is quick because nothing heavy is loaded before it is needed."""

import subprocess
import sys

import pytest

HEAVY = {"jax", "keras", "matplotlib", "numpy", "optax", "pandas", "polars", "scipy", "sklearn", "torch"}
HELP = "import sys; from gradoscope.cli import main; sys.argv[0] = 'gradoscope'; main()"


def loaded_by(code: str, *arguments: str) -> set[str]:
    """The modules that a new interpreter loads while it runs `code`."""
    command = [sys.executable, "-X", "importtime", "-c", code, *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    imports = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    assert done.returncode == 0, "\n".join(line for line in done.stderr.splitlines() if line not in imports)
    return {line.rpartition("|")[2].strip() for line in imports}


def test_the_way_of_looking_sees_a_heavy_import() -> None:
    assert "numpy" in loaded_by("import numpy")


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        pytest.param("import gradoscope", [], id="import"),
        pytest.param(HELP, ["--help"], id="help"),
        pytest.param(HELP, ["compare", "--help"], id="compare-help"),
    ],
)
def test_loads_nothing_heavy(code: str, arguments: list[str]) -> None:
    loaded = loaded_by(code, *arguments)
    assert "gradoscope" in loaded
    assert loaded & HEAVY == set()
