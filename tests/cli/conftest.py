"""The program, run in this process: what it printed and how it ended."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from gradoscope.cli import main

QUICK_OPTIONS = (
    "--hidden",
    "4",
    "--seeds",
    "2",
    "--epochs",
    "3",
    "--learning-rates",
    "0.01",
    "--activations",
    "relu,tanh",
)


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def gradoscope(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Ended]:
    """`gradoscope("compare", "tumour")` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str | os.PathLike[str]) -> Ended:
        with pytest.raises(SystemExit) as ended:
            main([os.fspath(argument) for argument in arguments])
        code = ended.value.code
        assert isinstance(code, int)
        return Ended(code, *capsys.readouterr())

    return run


@pytest.fixture
def quick() -> tuple[str, ...]:
    """Options of a comparison that takes a moment."""
    return QUICK_OPTIONS
