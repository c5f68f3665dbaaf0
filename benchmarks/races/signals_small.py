"""What signals cost. A network of five hidden units."""

from benchmarks.bare import bare
from benchmarks.race import Peer, Race, repeated
from benchmarks.trainers import ours, task


def race() -> Race:
    """The race."""
    work = task((4, 5, 2), 32, 3_200)
    without = Peer("the same without signals", repeated(bare(work).epoch, 40), at_least=1 / 1.15)
    shape = "-".join(map(str, work.sizes))
    return Race(f"Signals of {shape}, batches of {work.batch}", repeated(ours(work).epoch, 40), (without,), rounds=15)
