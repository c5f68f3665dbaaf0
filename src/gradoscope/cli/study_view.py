"""How a study is shown in a terminal."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from gradoscope.language import say

if TYPE_CHECKING:
    from gradoscope.comparison import Interval, Study


def print_study(study: "Study", folder: Path) -> None:
    """The ranking as a table, the verdict, and where the report is."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from gradoscope.comparison import names
    from gradoscope.plots.numbers import bounds, metric_name, score

    name, metric = names(study.arms), study.metric
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(say("activation"))
    for title in (say("rate"), metric_name(metric), say("95 % interval"), say("from the best")):
        table.add_column(title, justify="right")
    for result in study.arms:
        gap = result.difference_from_best
        rate = f"{result.learning_rate:g}{'*' if result.at_edge else ''}"
        mean, reach = score(metric, result.score.mean), bounds(metric, result.score)
        table.add_row(name[id(result)], rate, mean, reach, "" if gap is None else _gap(metric, gap))
    console = Console()
    console.print(table)
    if any(result.at_edge for result in study.arms):
        console.print(say("* at the edge of the grid; a wider one (--learning-rates) might do better"))
    console.print(say("Always the same answer: {score}", score=score(metric, study.baseline)))
    console.print(f"\n[bold]{study.verdict}[/bold]\n")
    if study.beaten_early:
        console.print(_stopped_early(study), highlight=False)
    if study.left_out:
        console.print(_left_out(study, folder), soft_wrap=True, highlight=False, markup=False)
    console.print(say("Report: {path}", path=folder / "report.html"), soft_wrap=True, highlight=False, markup=False)


def _stopped_early(study: "Study") -> str:
    arms = [f"{arm.activation} / {arm.loss} / {'-'.join(map(str, arm.hidden))}" for arm in study.beaten_early]
    return say("Stopped early, clearly beaten on validation rows: {names}", names=", ".join(arms))


def _left_out(study: "Study", folder: Path) -> str:
    judged = len(study.settings.seeds)
    return say(
        "The budget left out {count} of {all} paired runs; continue with: {command}",
        count=study.left_out,
        all=study.left_out + judged,
        command=shlex.join(["gradoscope", "compare", "--resume", str(folder)]),
    )


def _gap(metric: str, gap: "Interval") -> str:
    from gradoscope.plots.numbers import change, change_bounds

    reach = change_bounds(metric, gap)
    return f"{change(metric, gap.mean)} ({reach})" if reach else change(metric, gap.mean)
