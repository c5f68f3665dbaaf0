"""How fast are value and gradient beside the peers' own? `python -m benchmarks.functions [WORLD ...] [--only NAME]`.

One process per array world (numpy, jax, torch), float32, 100,000 and 10,000,000 numbers, and cross-entropy of 2,048
rows of 32,000 logits. Each turn of ours is followed by one of the peer; the ratio is the median over all rounds. Exit 1
where ours takes more than 1.3 times as long as the peer (1.5 times the plain formula in NumPy; longer than PyTorch's
cross-entropy).
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from math import ceil
from statistics import median
from typing import NamedTuple

from benchmarks.race import Peer, Race, hold, repeated, seconds_of

WORLDS = ("numpy", "jax", "torch")
SIZES = (100_000, 10_000_000)
TURN = 0.03  # seconds: much longer than what a clock or a scheduler adds


class Pair(NamedTuple):
    """The same value and gradient, by us and by the peer, and how many times the peer's time we may take."""

    name: str
    size: int
    ours: Callable[[], object]
    peer: Callable[[], object]
    limit: float


def ratio(pair: Pair) -> tuple[float, float, float]:
    """Our time over the peer's, and both in milliseconds."""
    for work in (pair.ours, pair.peer):
        work()
    times = max(1, ceil(TURN / seconds_of(pair.peer)))
    race = Race(pair.name, repeated(pair.ours, times), (Peer("", repeated(pair.peer, times)),), rounds=5)
    (result,) = hold(race)
    per_call = 1000 / times
    return 1 / median(result.ratios), median(result.our_seconds) * per_call, median(result.seconds) * per_call


def measure(world: str, only: list[str]) -> bool:
    """Print the table of one world; whether every ratio is within its limit."""
    pairs: Iterator[Pair] = import_module(f"benchmarks.speed.{world}").pairs(SIZES)
    held = True
    print(f"{world:<28}{'numbers':>11}{'ours, ms':>10}{'peer, ms':>10}{'ratio':>7}", flush=True)
    for pair in pairs:
        if only and pair.name not in only:
            continue
        found, ours, peer = ratio(pair)
        held &= found <= pair.limit
        missed = "" if found <= pair.limit else f"  MISSED (at most {pair.limit:g})"
        print(f"{pair.name:<28}{pair.size:>11,}{ours:>10.3f}{peer:>10.3f}{found:>7.2f}{missed}", flush=True)
    return held


def main(arguments: list[str]) -> int:
    """Measure the worlds asked for, each in a process of its own; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("worlds", nargs="*", metavar="WORLD", help="numpy, jax, torch (default: all)")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="functions to measure")
    asked = parser.parse_args(arguments)
    if len(asked.worlds) == 1:
        return 0 if measure(asked.worlds[0], asked.only) else 1
    more = ["--only", *asked.only] if asked.only else []
    codes = [
        subprocess.run([sys.executable, "-m", "benchmarks.functions", world, *more], check=False).returncode
        for world in asked.worlds or WORLDS
    ]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
