"""What signals cost. A network for a middling table."""

from benchmarks.bare import bare
from benchmarks.race import Peer, Race, repeated
from benchmarks.trainers import ours, task


def race() -> Race:
    """The race."""
    work = task((64, 256, 10), 64, 6_400)
    without = Peer("the same without signals", repeated(bare(work).epoch, 20), at_least=1 / 1.05)
    shape = "-".join(map(str, work.sizes))
    return Race(f"Signals of {shape}, batches of {work.batch}", repeated(ours(work).epoch, 20), (without,), rounds=15)
