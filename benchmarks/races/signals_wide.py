"""What signals cost. A network for pictures."""

from benchmarks.bare import bare
from benchmarks.race import Peer, Race, repeated
from benchmarks.trainers import ours, task


def race() -> Race:
    """The race."""
    work = task((784, 128, 10), 128, 12_800)
    without = Peer("the same without signals", repeated(bare(work).epoch, 10), at_least=1 / 1.05)
    shape = "-".join(map(str, work.sizes))
    return Race(f"Signals of {shape}, batches of {work.batch}", repeated(ours(work).epoch, 10), (without,), rounds=15)
