"""gradoscope plot: what is written where, and what is refused."""

import json
from pathlib import Path

import pytest

MAGIC = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}


def test_the_default_file_is_named_after_the_functions(gradoscope) -> None:
    assert gradoscope("plot", "ReLU").out == "relu.svg\n"
    assert gradoscope("plot", "relu", "GELU", "--derivative").out == "relu-gelu.svg\n"
    assert {path.name for path in Path().iterdir()} == {"relu-gelu.svg", "relu.svg"}  # and no file half written


@pytest.mark.parametrize("ending", MAGIC)
def test_each_format(gradoscope, ending: str) -> None:
    ended = gradoscope("plot", "tanh", "-o", f"drawn.{ending}", "--lang", "ko")
    assert (ended.code, ended.err) == (0, "")
    assert Path(f"drawn.{ending}").read_bytes().startswith(MAGIC[ending])


def test_parameters_and_range(gradoscope) -> None:
    ended = gradoscope("plot", "leaky_relu:negative_slope=0.2", "mse", "--range", "-3,3", "-o", "a.svg", "--json")
    assert json.loads(ended.out) == {
        "file": "a.svg",
        "functions": ["leaky_relu(negative_slope=0.2)", "mean_squared_error"],
        "range": [-3.0, 3.0],
    }


def test_the_same_plot_is_the_same_bytes(gradoscope) -> None:
    for name in ("a.svg", "b.svg"):
        gradoscope("plot", "elu", "--derivative", "-o", name)
    assert Path("a.svg").read_bytes() == Path("b.svg").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["rleu"], 2, "relu"),
        (["relu", "-o", "x.jpg"], 2, ".svg"),
        (["relu", "-o", "x"], 2, ".svg"),
        (["relu", "--range", "5,-5"], 2, "smaller one first"),
        (["relu", "--range", "0,inf"], 2, "two numbers"),
        (["relu", "--range", "nan,1"], 2, "two numbers"),
        (["relu", "--range", "1"], 2, "--range -5,5"),
        (["relu", "--range", "a,b"], 2, "--range -5,5"),
        (["relu:slope=3"], 2, "slope"),
        (["relu:3"], 2, "NAME:PARAMETER=VALUE"),
        (["elu:alpha=-1"], 2, "[0, inf)"),
        (["bce:input=probabilities", "--range", "2,3"], 2, "0 to 1"),
        (["relu", "-o", "missing/a.svg"], 1, "missing/a.svg"),
    ],
)
def test_what_cannot_be_drawn(gradoscope, arguments: list[str], code: int, expected: str) -> None:
    ended = gradoscope("plot", *arguments)
    assert (ended.code, ended.out) == (code, "")
    assert expected in ended.err
    assert len(ended.err.splitlines()) == 1
    assert list(Path().iterdir()) == []


def test_a_failed_plot_leaves_the_old_file(gradoscope) -> None:
    Path("a.svg").write_text("old")
    assert gradoscope("plot", "relu", "nothing", "-o", "a.svg").code == 2
    assert Path("a.svg").read_text() == "old"
