"""Many networks at once, beside one alone."""

import resource
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from time import perf_counter, process_time

import numpy as np

from benchmarks.race import Peer, Race, repeated
from benchmarks.trainers import ours, task

THREADS = 2
MOST = 12  # members of one compiled program: the weights of more of them leave the processor's nearer caches


def population(members: int, times: int) -> Race:
    """An epoch of `members` networks, some programs at a time, and one network's epoch so many times.

    A member's step is expected to take at most 60 % of a lone network's.
    """
    work = task((30, 64, 64, 2), 32, 3_200)
    programs = THREADS * -(-members // (THREADS * MOST))
    trainers = [ours(work, members // programs) for _ in range(programs)]
    busy: list[float] = []

    def train() -> None:
        began, used = perf_counter(), process_time()
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda trainer: trainer.epoch(), trainers))
        busy.append((process_time() - used) / (perf_counter() - began) / THREADS)

    def remarks(seconds: dict[str, tuple[float, ...]]) -> tuple[list[str], bool]:
        steps = members * times * len(work.inputs) / work.batch
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        line = (
            f"  a member's step takes {median(seconds['Gradoscope']) / steps * 1e6:.1f} us; {THREADS} cores were "
            f"{np.median(busy):.0%} busy; the process took at most {peak:,.0f} MiB in all races so far"
        )
        return [line], True

    alone = Peer(f"one network, {members} times", repeated(ours(work).epoch, members * times), at_least=1 / 0.6)
    title = f"{times} epochs of {members} networks 30-64-64-2, batches of 32, 3,200 rows, {programs} programs"
    return Race(title, repeated(train, times), (alone,), rounds=3, remarks=remarks)
