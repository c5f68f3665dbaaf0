"""How far a signal gets through a fresh network."""

from typing import NamedTuple

import numpy as np

from gradoscope.diagnosis.evidence import Evidence
from gradoscope.training.passes import Pass

LOST = 0.01  # rows that differ by 1 after the first layer differ by less than this after the last hidden one
BLOWN = 1e4


class Journey(NamedTuple):
    """Spread between rows after the first and after the last hidden layer, and their ratio."""

    first: float
    last: float

    @property
    def gain(self) -> float:
        """What is left of the first layer's signal; infinite where it left the numbers."""
        if not np.isfinite(self.last) or not np.isfinite(self.first):
            return float("inf")
        return self.last / self.first if self.first > 0 else 0.0

    @property
    def lost(self) -> bool:
        """Whether the rows have become alike on the way."""
        return self.gain < LOST

    @property
    def blown(self) -> bool:
        """Whether the signal grew out of proportion."""
        return not self.gain < BLOWN


def journey(of: Pass) -> Journey:
    """The way through the hidden layers; through the whole network where there are none."""
    hidden = of[:-1] or of
    return Journey(float(np.sqrt(np.mean(hidden[0].before_spread ** 2))), hidden[-1].signal)


def share_lost(evidence: Evidence) -> tuple[int, int]:
    """In how many of the starts that were looked at the signal is lost."""
    lost = [journey(start).lost for start in evidence.all_starts]
    return sum(lost), len(lost)
