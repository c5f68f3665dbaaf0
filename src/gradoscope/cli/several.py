"""How several data sets are shown in a terminal and in JSON."""

import json
from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gradoscope.errors import DataError
from gradoscope.files import write_text
from gradoscope.language import say

if TYPE_CHECKING:
    from gradoscope.comparison import Across, Study


ASKED = "several.json"


class Several(NamedTuple):
    """A comparison on several data sets: its folder, the data, the other options, the command line."""

    folder: Path
    data: Sequence[str]
    given: dict[str, Any]
    command: str

    @property
    def folders(self) -> list[Path]:
        """The folder of each data set."""
        return folders_of(self.data, self.folder)


def write_several(several: Several) -> None:
    """Keep what was asked for, so that `--resume` can go on with it."""
    several.folder.mkdir(parents=True, exist_ok=True)
    data = [str(Path(name).absolute()) if Path(name).exists() else name for name in several.data]
    kept = {"data": data, "given": several.given, "command": several.command}
    write_text(several.folder / ASKED, json.dumps(kept, ensure_ascii=False, indent=2) + "\n")


def read_several(folder: Path) -> Several | None:
    """What was asked for in `folder`; None where it holds no comparison on several data sets.

    Raises
    ------
    DataError
        The file that says so is damaged.
    """
    path = folder / ASKED
    if not path.is_file():
        return None
    try:
        return Several(folder=folder, **json.loads(path.read_text("utf-8")))
    except (ValueError, TypeError) as error:
        raise DataError(say("{path} cannot be read: {error}.", path=path, error=error)) from None


def folders_of(names: Sequence[str], folder: Path) -> list[Path]:
    """A folder inside `folder` for each data set, called like it; a later one of the same name gets a number.

    Examples
    --------
    >>> [found.name for found in folders_of(["a", "a-2", "old/a.csv"], Path("studies"))]
    ['a', 'a-2', 'a-3']
    """
    taken: list[str] = []
    for stem in (Path(name).stem for name in names):
        numbered = (f"{stem}-{number}" for number in count(2))
        taken.append(next(name for name in chain([stem], numbered) if name not in taken))
    return [folder / name for name in taken]


def across_document(found: "Across", studies: "Sequence[Study]", folders: Sequence[Path], page: Path) -> dict[str, Any]:
    """The JSON document of several data sets."""
    from gradoscope.comparison import document

    return {
        "verdict": found.verdict,
        "arms": list(found.arms),
        "average_ranks": found.average_ranks.tolist(),
        "friedman": found.friedman._asdict(),
        "pairs": found.pairs.tolist(),
        "datasets": [document(study, own) for study, own in zip(studies, folders, strict=True)],
        "report": str(page),
    }


def print_across(found: "Across", page: Path) -> None:
    """The ranks as a table, the verdict, and where the page is."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from gradoscope.plots.numbers import score

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(say("arm"))
    table.add_column(say("average rank"), justify="right")
    for name in found.datasets:
        table.add_column(escape(name), justify="right")
    for place, arm in enumerate(found.arms):
        scores = [
            score(metric, float(value)) for metric, value in zip(found.metrics, found.scores[:, place], strict=True)
        ]
        table.add_row(arm, f"{found.average_ranks[place]:.2f}", *scores)
    console = Console()
    console.print(table)
    console.print(f"\n[bold]{found.verdict}[/bold]\n")
    console.print(say("Report: {path}", path=page), soft_wrap=True, highlight=False, markup=False)
