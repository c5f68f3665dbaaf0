"""How exact are value and gradient, ours and the peers'? `python -m benchmarks.accuracy [NAME ...] [--page FILE]`.

The truth is the textbook formula of each entry, by mpmath. Errors are in units in the last place (ulp); a cell shows
the largest error of value and gradient, and how many points came out as 0 (z), NaN (n) or infinite (i) where the truth
is an ordinary number. Exit 1 where ours misses its documented bound or has any such point.
"""

import argparse
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
import torch

from benchmarks.bounds import wide
from benchmarks.rows import of_rows
from benchmarks.scoring import FORMATS, Function, Score, score
from gradoscope.functions import Activation, Loss, activations, exact, losses
from gradoscope.functions.facts import Smooth, Turns


class Subject(NamedTuple):
    """A function of one number under test: its truth at the points, and who computes it."""

    name: str
    bound: float
    smallest: float
    floor: Callable[[float, Any], Any]
    points: list[float]
    values: list[Any]
    slopes: list[Any]
    ours: Function
    slope: Function
    peers: dict[str, Function]


def by_torch(function: Function, points: list[float], dtype: str) -> tuple[Any, Any]:
    """Value and gradient in PyTorch."""
    x = torch.tensor(points, dtype=getattr(torch, dtype), requires_grad=True)
    value = function(x)
    (slope,) = torch.autograd.grad(value.sum(), x)
    return value.detach().double().numpy(), slope.double().numpy()


def by_jax(function: Function, points: list[float], dtype: str) -> tuple[Any, Any]:
    """Value and gradient in JAX, compiled."""
    with jax.enable_x64(dtype == "float64"):
        x = jnp.asarray(points, dtype)
        value = jax.jit(function)(x)
        slope = jax.jit(jax.grad(lambda at: function(at).sum()))(x)
        return np.asarray(value, np.float64), np.asarray(slope, np.float64)


def by_numpy(subject: Subject, dtype: str) -> tuple[Any, Any]:
    """Value and derivative in NumPy."""
    x = np.asarray(subject.points, dtype)
    return np.asarray(subject.ours(x), np.float64), np.asarray(subject.slope(x), np.float64)


def grid(count: int, reach: float = 86.0) -> list[float]:
    """float32 numbers: near zero, over the range of exp, and tiny."""
    parts = [np.linspace(-10, 10, count), np.linspace(-reach, reach, count // 2), np.geomspace(1e-12, 1, count // 6)]
    points = np.concatenate([*parts, -parts[2]]).astype(np.float32)
    return [float(point) for point in np.unique(points[points != 0])]


TORCH = {
    "celu": "celu", "elu": "elu", "gelu": "gelu", "hard_sigmoid": "hardsigmoid", "hard_swish": "hardswish",
    "hard_tanh": "hardtanh", "hardshrink": "hardshrink", "leaky_relu": "leaky_relu", "log_sigmoid": "logsigmoid",
    "mish": "mish", "relu": "relu", "relu6": "relu6", "selu": "selu", "sigmoid": "sigmoid", "silu": "silu",
    "softplus": "softplus", "softshrink": "softshrink", "softsign": "softsign", "tanh": "tanh",
    "tanhshrink": "tanhshrink",
}  # fmt: skip
JAX = {
    "celu": "celu", "elu": "elu", "hard_sigmoid": "hard_sigmoid", "hard_swish": "hard_swish", "hard_tanh": "hard_tanh",
    "leaky_relu": "leaky_relu", "log_sigmoid": "log_sigmoid", "mish": "mish", "relu": "relu", "relu6": "relu6",
    "selu": "selu", "sigmoid": "sigmoid", "silu": "silu", "softplus": "softplus", "softsign": "soft_sign",
    "sparse_plus": "sparse_plus", "squareplus": "squareplus", "tanh": "tanh",
}  # fmt: skip


def peers_of(name: str) -> dict[str, Function]:
    """The peers' functions of the same meaning and defaults."""
    found: dict[str, Function] = {}
    if name in TORCH:
        found["torch"] = getattr(torch.nn.functional, TORCH[name])
    if name in JAX:
        found["jax"] = getattr(jax.nn, JAX[name])
    if name == "gelu":
        found["jax"] = lambda x: jax.nn.gelu(x, approximate=False)
    if name == "gelu_tanh":
        found = {"torch": lambda x: torch.nn.functional.gelu(x, approximate="tanh"), "jax": jax.nn.gelu}
    return found


def of_activation(entry: Activation, count: int) -> Subject:
    """An elementwise activation under test."""
    kinks = {kink for fact in entry.facts if isinstance(fact, Smooth) for kink in fact.kinks}
    turns = [fact.at for fact in entry.facts if isinstance(fact, Turns) and fact.at]
    points = [point for point in grid(count) if point not in kinks]
    inputs = [{"x": x, **{name: part.default for name, part in entry.parameters.items()}} for x in points]

    def floor(at: float, right: Any) -> Any:
        return max(abs(right), 0.125 if any(abs(at - turn) < 1 for turn in turns) else entry.floor)

    return Subject(
        entry.name,
        entry.bound,
        entry.floor,
        floor,
        points,
        [exact.evaluate(entry.textbook, values) for values in inputs],
        [exact.derivative(entry.textbook, values) for values in inputs],
        entry,
        entry.derivative,
        peers_of(entry.name),
    )


LOSSES: dict[tuple[str, float], dict[str, Function]] = {
    ("mean_squared_error", 0.0): {"torch": lambda p: torch.nn.functional.mse_loss(p, p.detach() * 0, reduction="none")},
    ("huber", 0.0): {
        "torch": lambda p: torch.nn.functional.huber_loss(p, p.detach() * 0, reduction="none"),
        "jax": optax.losses.huber_loss,
    },
    ("log_cosh", 0.0): {"jax": optax.losses.log_cosh},
    ("binary_cross_entropy", 0.0): {
        "torch": lambda p: torch.nn.functional.binary_cross_entropy_with_logits(p, p.detach() * 0, reduction="none"),
        "jax": lambda p: optax.losses.sigmoid_binary_cross_entropy(p, jnp.zeros_like(p)),
    },
    ("binary_cross_entropy", 1.0): {
        "torch": lambda p: torch.nn.functional.binary_cross_entropy_with_logits(
            p, torch.ones_like(p), reduction="none"
        ),
        "jax": lambda p: optax.losses.sigmoid_binary_cross_entropy(p, jnp.ones_like(p)),
    },
    ("binary_focal", 1.0): {"jax": lambda p: optax.losses.sigmoid_focal_loss(p, jnp.ones_like(p))},
    ("soft_margin", 1.0): {
        "torch": lambda p: torch.nn.functional.soft_margin_loss(p, torch.ones_like(p), reduction="none")
    },
}


def of_loss(entry: Loss, target: float, peers: dict[str, Function], count: int) -> Subject:
    """An elementwise loss with a fixed target, as a function of the prediction."""
    points = grid(count)
    settings = {name: part.default for name, part in entry.parameters.items()}
    inputs = [{"p": x, "t": target, **settings} for x in points]

    def ours(p: Any) -> Any:
        return entry(p, p * 0 + target if isinstance(p, np.ndarray) else _filled(p, target))

    def slope(p: Any) -> Any:
        return entry.derivative(p, p * 0 + target)

    return Subject(
        f"{entry.name} (target {target:g})",
        entry.bound,
        entry.floor,
        lambda _, right: max(abs(right), entry.floor),
        points,
        [exact.evaluate(entry.textbook, values) for values in inputs],
        [exact.derivative(entry.textbook, values, "p") for values in inputs],
        ours,
        slope,
        peers,
    )


def _filled(like: Any, number: float) -> Any:
    return (
        torch.full_like(like, number, requires_grad=False)
        if isinstance(like, torch.Tensor)
        else jnp.full_like(like, number)
    )


def report(subject: Subject, dtype: str) -> bool:
    """Print the row of one function; whether ours holds its bound."""
    runs = {
        "ours numpy": by_numpy(subject, dtype),
        "ours jax": by_jax(subject.ours, subject.points, dtype),
        "ours torch": by_torch(subject.ours, subject.points, dtype),
    }
    for who, peer in subject.peers.items():
        runs[who] = (by_torch if who == "torch" else by_jax)(peer, subject.points, dtype)
    held = True
    for who, (value, slope) in runs.items():
        of_value = score(
            value, subject.values, subject.points, dtype, lambda _, right: max(abs(right), subject.smallest)
        )
        of_slope = score(slope, subject.slopes, subject.points, dtype, subject.floor)
        fine = who in subject.peers or line_holds(subject.bound, of_value, of_slope)
        held &= fine
        show(subject.name, dtype, who, of_value, of_slope, fine)
    return held


def report_all(subject: Subject) -> bool:
    """Print the rows of one function in both dtypes; whether ours holds its bound."""
    return report(subject, "float32") & report(subject, "float64")


def line_holds(bound: float, *scores: Score | None) -> bool:
    """Whether all scores are within the bound, without wrong zeros, NaN or infinities."""
    return all(part is None or (part.worst <= bound and part.clean) for part in scores)


def show(name: str, dtype: str, who: str, value: Score, slope: Score | None, fine: bool) -> None:
    """One line of the report."""
    mark = "" if fine else "  MISSED"
    say(f"{name:<34}{dtype:<9}{who:<12}{value!s:>22}{'' if slope is None else slope!s:>22}{mark}")


LINES: list[str] = []


def say(line: str) -> None:
    """Print a line, and keep it for the page."""
    LINES.append(line)
    print(line, flush=True)


def page(lines: list[str], points: int) -> str:
    """The report as a page of the documentation."""
    peers = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "jax", "optax", "torch"))
    causes = "\n".join(f"| `{name}` | {bound:g} | {size:g} | {cause} |" for name, bound, size, cause in wide())
    return f"""# Accuracy

<!-- Written by `make accuracy`; do not edit. -->

Largest errors of value and gradient in units in the last place (ulp), against the exact result by mpmath, over a grid
of {len(grid(points))} points that is dense near zero and reaches to 86, where exponentials of float32 end. Behind an
error stand the numbers of results that are 0 (z), NaN (n) or infinite (i) though the exact one is an ordinary number.
Measured with {peers}; a finer grid (`--points`) can find larger errors.

```text
{chr(10).join(lines)}
```

## The promise, and where it ends

Every function keeps within 4 ulp in float32 and float64, in NumPy, JAX and PyTorch. Where a derivative crosses zero
beside an interior minimum, it counts as at least 1/8 large: at a root no sum of rounded numbers is exact. The same
holds for the values and derivatives below, where they are smaller than the size given.

| function | bound, ulp | size at the root | cause |
| --- | --- | --- | --- |
{causes}
"""


def main(arguments: list[str]) -> int:
    """Measure, print, and say by the exit code whether every bound holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="entries to measure (default: all that are elementwise, and softmax)")
    parser.add_argument("--page", type=Path, help="a Markdown file to write the report to")
    parser.add_argument("--points", type=int, default=240, help="how dense the grid is")
    asked = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    say(f"{'function':<34}{'dtype':<9}{'who':<12}{'value: max ulp':>22}{'gradient: max ulp':>22}")
    held = True
    for entry in activations.values():
        if entry.elementwise and (not asked.names or entry.name in asked.names):
            subject = of_activation(entry, asked.points)
            held &= report_all(subject)
    for (name, target), peers in LOSSES.items():
        if not asked.names or name in asked.names:
            subject = of_loss(losses[name], target, peers, asked.points)
            held &= report_all(subject)
    for dtype in FORMATS:
        for name, who, value, slope in of_rows(dtype):
            if not asked.names or name in asked.names:
                fine = not who.startswith("ours") or line_holds(4, value, slope)
                held &= fine
                show(name, dtype, who, value, slope, fine)
    if asked.page:
        asked.page.write_text(page(LINES, asked.points), "utf-8")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
