"""gradoscope study: how far a study is, which arms lead, and every run as a table."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gradoscope.cli.output import print_json
from gradoscope.errors import UsageError
from gradoscope.language import say

if TYPE_CHECKING:
    import polars as pl

    from gradoscope.comparison.listing import Progress

MOST_ARMS = 10


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path), default=Path("studies"))
@click.option("--export", type=click.Choice(["csv", "parquet", "json"]), help="Every trained network as a table.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Where the table goes (default: stdout).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(folder: Path, export: str | None, out: Path | None, as_json: bool) -> None:
    r"""Show the study in DIR, or every study in it, also while it runs.

    \b
    gradoscope study studies
    gradoscope study studies/tumour --export parquet --out runs.parquet
    """
    from gradoscope.comparison import progress_of, studies_in, table_of

    if out is not None and export is None:
        raise UsageError(say("--out is where a table goes; say which with --export csv, parquet or json."))
    if as_json and export is not None:
        raise UsageError(say("--json shows how far studies are and --export their networks; give one of them."))
    folders = studies_in(folder)
    if export or not folders:
        _export(table_of(folder), export or "csv", out)  # says so where there is no study
        return
    found = {path: progress_of(path) for path in folders}
    if as_json:
        print_json([{"study": str(path), "state": _state(p), **_plain(p)} for path, p in found.items()])
        return
    for path, progress in found.items():
        _print(path, progress)


def _export(table: "pl.DataFrame", kind: str, out: Path | None) -> None:
    import io

    from gradoscope.files import write_bytes

    content = io.BytesIO()
    match kind:
        case "csv":
            table.write_csv(content)
        case "json":
            table.write_json(content)
        case _:
            table.write_parquet(content)
    if out is not None:
        write_bytes(out, content.getvalue())
    elif kind == "parquet" and sys.stdout.isatty():
        raise UsageError(say("a Parquet table is no text for a terminal; name a file with --out."))
    else:
        sys.stdout.buffer.write(content.getvalue())


def _state(progress: "Progress") -> str:
    if progress.complete:
        return "finished"
    return "running" if progress.running else "interrupted"


def _plain(progress: "Progress") -> dict[str, object]:
    return {**progress._asdict(), "leaders": [leader._asdict() for leader in progress.leaders]}


def _print(path: Path, progress: "Progress") -> None:
    states = {"finished": say("finished"), "running": say("running"), "interrupted": say("interrupted")}
    click.echo(
        say("{path}: {state}, {done} of {planned} populations, {networks} networks, {seconds} s",
            path=path, state=states[_state(progress)], done=progress.units, planned=progress.planned,
            networks=progress.networks, seconds=f"{progress.seconds:.0f}")
    )  # fmt: skip
    if progress.leaders:
        click.echo(say("Arms by mean validation score so far:"))
    for leader in progress.leaders[:MOST_ARMS]:
        hidden = "-".join(map(str, leader.hidden))
        name = f"{leader.activation} / {leader.loss} / {hidden}"
        score = "-" if leader.validation_score is None else f"{leader.validation_score:.4f}"
        rate, runs = f"{leader.learning_rate:g}", leader.runs
        click.echo(say("  {name}: {score} at rate {rate}, {runs} runs", name=name, score=score, rate=rate, runs=runs))
    if len(progress.leaders) > MOST_ARMS:
        click.echo(say("  and {count} others", count=len(progress.leaders) - MOST_ARMS))
    if not progress.complete and not progress.running:
        click.echo(
            say("Continue with: {command}", command=shlex.join(["gradoscope", "compare", "--resume", str(path)]))
        )
