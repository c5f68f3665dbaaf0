"""gradoscope datasets: the data that need no file."""

import click

from gradoscope.cli.output import print_json


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(as_json: bool) -> None:
    """List the built-in data, usable without a network."""
    from gradoscope.data import catalogue

    entries = catalogue()
    if as_json:
        shown = ("name", "task", "rows", "columns", "description")
        print_json([{name: getattr(entry, name) for name in shown} for entry in entries])
        return
    _print()


def _print() -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from gradoscope.data import catalogue
    from gradoscope.language import say

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(say("name"), no_wrap=True)
    table.add_column(say("task"), no_wrap=True)
    table.add_column(say("rows"), justify="right", no_wrap=True)
    table.add_column(say("columns"), justify="right", no_wrap=True)
    table.add_column(say("what it is"))
    for entry in catalogue():
        table.add_row(entry.name, entry.task, f"{entry.rows:,}", f"{entry.columns:,}", entry.description)
    Console().print(table)
