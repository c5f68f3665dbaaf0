"""How a study is shown in a terminal."""

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gradoscope.files import write_text
from gradoscope.language import language, say

if TYPE_CHECKING:
    from gradoscope.comparison import Interval, Study

SHOWN = "shown.json"


class Shown(NamedTuple):
    """What a terminal shows of a study, as texts; kept in the study's folder, to show it again at once.

    `left_out` counts the paired runs that a budget left out, and all of them.
    """

    language: str
    source: str
    columns: list[str]
    rows: list[list[str]]
    notes: list[str]
    verdict: str
    stopped: list[str]
    left_out: list[int]


def shown(study: "Study") -> Shown:
    """The ranking and the verdict of a study."""
    from gradoscope.comparison import names
    from gradoscope.plots.numbers import bounds, metric_name, score

    name, metric = names(study.arms), study.metric
    rows = []
    for result in study.arms:
        gap = result.difference_from_best
        rate = f"{result.learning_rate:g}{'*' if result.at_edge else ''}"
        mean, reach = score(metric, result.score.mean), bounds(metric, result.score)
        rows.append([name[id(result)], rate, mean, reach, "" if gap is None else _gap(metric, gap)])
    at_edge = any(result.at_edge for result in study.arms)
    edge = [say("* at the edge of the grid; a wider one (--learning-rates) might do better")] if at_edge else []
    return Shown(
        language=language(),
        source=study.source,
        columns=[say("activation"), say("rate"), metric_name(metric), say("95 % interval"), say("from the best")],
        rows=rows,
        notes=[*edge, say("Always the same answer: {score}", score=score(metric, study.baseline))],
        verdict=study.verdict,
        stopped=[_stopped_early(study)] if study.beaten_early else [],
        left_out=[study.left_out, study.left_out + len(study.settings.seeds)],
    )


def keep_shown(study: "Study", folder: Path) -> None:
    """Write what a terminal shows of a study beside its other files."""
    write_text(folder / SHOWN, json.dumps(shown(study)._asdict(), ensure_ascii=False) + "\n")


def kept(folder: Path) -> Shown | None:
    """What a terminal shows of the finished study in `folder`; None where files are missing, or anything is newer."""
    wanted = [folder / name for name in (SHOWN, "study.json", "report.html", "results.csv", "study.sqlite")]
    if not all(path.is_file() for path in wanted) or (folder / "study.sqlite-wal").exists():
        return None
    try:
        found = Shown(**json.loads(wanted[0].read_text("utf-8")))
    except (ValueError, TypeError):  # damaged: it is written anew
        return None
    source, written = Path(found.source), wanted[0].stat().st_mtime_ns
    if found.language != language() or found.left_out[0] or source.is_dir():
        return None
    if source.is_absolute() and not source.exists():
        return None
    used = [wanted[-1], *([source] if source.is_file() else [])]
    return found if all(path.stat().st_mtime_ns <= written for path in used) else None


def print_study(found: Shown, folder: Path) -> None:
    """The ranking as a table, the verdict, and where the report is."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, title in enumerate(found.columns):
        table.add_column(title, justify="right" if place else "left")
    for row in found.rows:
        table.add_row(*row)
    console = Console()
    console.print(table)
    for note in found.notes:
        console.print(note)
    console.print(f"\n[bold]{found.verdict}[/bold]\n")
    for sentence in found.stopped:
        console.print(sentence, highlight=False)
    if found.left_out[0]:
        console.print(_left_out(found, folder), soft_wrap=True, highlight=False, markup=False)
    console.print(say("Report: {path}", path=folder / "report.html"), soft_wrap=True, highlight=False, markup=False)


def _stopped_early(study: "Study") -> str:
    arms = ", ".join(arm.title for arm in study.beaten_early)
    return say("Stopped early, clearly beaten on validation rows: {names}", names=arms)


def _left_out(found: Shown, folder: Path) -> str:
    count, every = found.left_out
    return say(
        "The budget left out {count} of {all} paired runs; continue with: {command}",
        count=count,
        all=every,
        command=shlex.join(["gradoscope", "compare", "--resume", str(folder)]),
    )


def _gap(metric: str, gap: "Interval") -> str:
    from gradoscope.plots.numbers import change, change_bounds

    reach = change_bounds(metric, gap)
    return f"{change(metric, gap.mean)} ({reach})" if reach else change(metric, gap.mean)
