"""A budget: how much training a study may take before the seeds that are left wait for another day."""

import re
import sys
import time
from dataclasses import dataclass, field

from gradoscope.errors import UsageError
from gradoscope.language import say

UNITS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True)
class Budget:
    """Seconds, or epochs of single networks, counted from when the budget is made; neither is no limit."""

    seconds: float | None = None
    epochs: int | None = None
    began: float = field(default_factory=time.perf_counter)

    @classmethod
    def from_text(cls, text: str) -> "Budget":
        """The budget in a text.

        Raises
        ------
        UsageError
            It is none.

        Examples
        --------
        >>> Budget.from_text("5m").seconds, Budget.from_text("20000epochs").epochs
        (300.0, 20000)
        """
        if (time_ := re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh])", text)) and float(time_[1]) > 0:
            return cls(seconds=float(time_[1]) * UNITS[time_[2]])
        if (epochs := re.fullmatch(r"(\d+)\s*epochs?", text)) and int(epochs[1]) > 0:
            return cls(epochs=int(epochs[1]))
        raise UsageError(say("--budget is {value!r}; it must be like 60s, 5m, 2h or 20000epochs.", value=text))

    def seeds(self, trained: int, epochs: int, most: int, workers: int) -> int:
        """How many more seeds fit.

        Parameters
        ----------
        trained, epochs
            Seeds trained so far, and the epochs of all their networks.
        most
            The most epochs that the networks of one seed can take: a budget in epochs is never exceeded, besides by
            the first seed, and what fits depends on nothing else.
        workers
            Seeds that train side by side: a budget in seconds is spent in steps of so many.
        """
        if self.epochs is not None:
            return max((self.epochs - epochs) // most, 0 if trained else 1)
        if self.seconds is None:
            return sys.maxsize
        if not trained:
            return workers
        spent = time.perf_counter() - self.began
        return int((self.seconds - spent) / (spent / trained)) // workers * workers
