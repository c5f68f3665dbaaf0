"""A race of one network against all peers: epochs, compiling, and the time to a score."""

import shutil
from collections.abc import Callable
from functools import partial
from statistics import median
from time import perf_counter
from typing import NamedTuple

from benchmarks.products import limit
from benchmarks.race import Peer, Race, repeated
from benchmarks.trainers import Task, Trainer, by_keras, by_sklearn, by_torch, ours

PATIENCE = 20.0  # seconds in which a score must be reached


class Cold(NamedTuple):
    """A trainer after its first epochs: seconds of the first one, and until the score was reached (None: never)."""

    trainer: Trainer
    first: float
    to_score: float | None
    epochs: int


def from_cold(make: Callable[[Task], Trainer], work: Task, score: float) -> Cold:
    """Make a network and train it until its validation score is reached, compiling included."""
    began = perf_counter()
    trainer, epochs, first, reached = make(work), 0, 0.0, None
    while reached is None and perf_counter() - began < PATIENCE:
        trainer.epoch()
        epochs += 1
        first = first or perf_counter() - began
        if (trainer.labels(work.validation_inputs) == work.validation_answers).mean() >= score:
            reached = perf_counter() - began
    return Cold(trainer, first, reached, epochs)


def lanes() -> dict[str, Callable[[Task], Trainer]]:
    """All who can run here."""
    compiler = {"torch.compile": partial(by_torch, compiled=True)} if shutil.which("g++") else {}
    return {
        "Gradoscope": ours,
        "PyTorch, eager": by_torch,
        **compiler,
        "scikit-learn": by_sklearn,
        "Keras 3 on JAX": by_keras,
    }


class Bars(NamedTuple):
    """How many times faster than each peer (others: 1), and which share of the limit of the matrix products."""

    peers: dict[str, float]
    share: float = 0.0


def sized(work: Task, score: float, times: int, bars: Bars) -> Race:
    """The race over `times` epochs a turn, after the time to a validation score."""
    sizes, batch, rows = work.sizes, work.batch, len(work.inputs)
    cold = {name: from_cold(make, work, score) for name, make in lanes().items()}
    turns = {name: repeated(each.trainer.epoch, times) for name, each in cold.items()}
    steps = -(-rows // batch)

    def remarks(seconds: dict[str, tuple[float, ...]]) -> tuple[list[str], bool]:
        lines = [_line(name, each, median(seconds[name]) / times, score) for name, each in cold.items()]
        if "torch.compile" not in cold:
            lines.append("  torch.compile is not in this race: it needs g++.")
        needed = limit(sizes, batch)
        step = median(seconds["Gradoscope"]) / times / steps
        reached = needed / step >= bars.share
        wanted = f", expected at least {bars.share:.0%}" if bars.share else ""
        lines.append(
            f"  a step takes {step * 1e6:.0f} us, its matrix products alone {needed * 1e6:.0f} us: "
            f"{needed / step:.0%} of the limit{wanted}{'' if reached else '  MISSED'}"
        )
        return lines, reached

    shape = "-".join(map(str, sizes)) if len(sizes) < 7 else f"{sizes[0]}-({sizes[1]} x {len(sizes) - 2})-{sizes[-1]}"
    peers = tuple(Peer(name, turn, bars.peers.get(name, 1.0)) for name, turn in turns.items() if name != "Gradoscope")
    title = f"{times} epochs of {shape}, batches of {batch}, {rows:,} rows, Adam"
    return Race(title, turns["Gradoscope"], peers, warm_up=False, remarks=remarks)


def _line(name: str, cold: Cold, epoch: float, score: float) -> str:
    to_score = f"{cold.to_score:.2f} s" if cold.to_score is not None else f"never in {PATIENCE:g} s"
    return (
        f"  {name:<24}{epoch * 1e3:10.2f} ms an epoch, compiling {max(cold.first - epoch, 0.0):6.2f} s, "
        f"to {score:.0%} right on validation rows {to_score} ({cold.epochs} epochs)"
    )
