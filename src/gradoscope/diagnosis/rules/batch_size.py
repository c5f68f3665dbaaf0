"""The batch is much too small or too large.

**Why it hurts.** Batches of one or two rows give steps that are mostly noise; a batch of all rows gives one step an
epoch.

**How it is seen.** When a run with batches below 4 rows, or of more than half of at least 64 rows, fails and nothing
measured explains it, a twin with batches of 32 is trained. If it makes up at least half of what is missing, the batch
was the reason.

**What to do.** Batches of 16 to 256 rows; a larger batch wants a larger learning rate.

References: Keskar et al. 2017; Masters & Luschi 2018; Smith et al. 2018.
"""

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.diagnosis.finding import Finding
from gradoscope.diagnosis.rule import rule
from gradoscope.diagnosis.twins import twin_finding
from gradoscope.language import say

SMALLEST, LARGEST_SHARE, FEW_ROWS = 4, 0.5, 64


def against_twin(evidence: Evidence) -> Finding | None:
    """Whether a usual batch does better."""
    batch, rows = evidence.experiment.training.batch_size, len(evidence.data.train.inputs)
    if rows < FEW_ROWS or SMALLEST <= batch <= rows * LARGEST_SHARE:
        return None
    return twin_finding(evidence, "batch-size", "[training] batch_size", ("usual-batch",))


@rule(lambda: say("Batch size"), attempt=against_twin)
def measure(_evidence: Evidence) -> Finding | None:
    """Nothing: it can only be tried."""
    return None
