"""What a terminal shows while a study runs: a bar, and how the arms stand on validation rows."""

import math
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from gradoscope.language import say

if TYPE_CHECKING:
    from rich.table import Table

    from gradoscope.comparison import Arm, MemberResult

MOST_ARMS = 12


class Watch(NamedTuple):
    """What `compare` calls: with epochs finished and all, and with the networks of every population."""

    progress: Callable[[int, int], None]
    found: "Callable[[Sequence[MemberResult]], None]"


@contextmanager
def watched(*, quiet: bool) -> Iterator[Watch]:
    """A live table on stderr, on terminals only."""
    if quiet or not sys.stderr.isatty():
        yield Watch(lambda done, total: None, lambda members: None)
        return
    from rich.console import Console, Group
    from rich.live import Live
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    bar = Progress(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    task, standing = bar.add_task(say("Training"), total=None), Standing()
    with Live(bar, console=Console(stderr=True), transient=True, refresh_per_second=4) as live:

        def found(members: "Sequence[MemberResult]") -> None:
            standing.add(members)
            live.update(Group(standing.table(), bar))

        yield Watch(lambda done, total: bar.update(task, completed=done, total=total), found)


class Standing:
    """Every arm at its best rate of each seed so far, by validation loss. Test rows are not looked at."""

    def __init__(self) -> None:
        self._smallest: defaultdict[Arm, dict[int, float]] = defaultdict(dict)

    def add(self, members: "Sequence[MemberResult]") -> None:
        """Count these networks too."""
        for member in members:
            own = self._smallest[member.arm]
            own[member.seed] = min(member.validation_loss, own.get(member.seed, math.inf))

    def table(self) -> "Table":
        """The arms, smallest validation loss first within each loss."""
        from rich.table import Table

        shown = Table(box=None, pad_edge=False)
        for title in (say("activation"), say("loss"), say("layers"), say("validation loss"), say("runs")):
            shown.add_column(title)
        means = [(arm, fmean(own.values()), len(own)) for arm, own in self._smallest.items()]
        for arm, loss, runs in sorted(means, key=lambda row: (row[0].loss, row[1]))[:MOST_ARMS]:
            shown.add_row(arm.activation, arm.loss, arm.layers, f"{loss:.4f}", str(runs))
        return shown
