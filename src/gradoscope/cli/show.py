"""gradoscope show: the catalogue, one page or one line per function."""

from typing import TYPE_CHECKING, Any

import click

from gradoscope.cli.output import print_json
from gradoscope.errors import UsageError
from gradoscope.language import say

if TYPE_CHECKING:
    from gradoscope.functions.search import Entry, Found


@click.command()
@click.argument("name", required=False)
@click.option("--activations", "kind", flag_value="activation", help="Activations only.")
@click.option("--losses", "kind", flag_value="loss", help="Losses only.")
@click.option("--where", metavar="CONDITION", help="Only those of which this holds: facts with and, or, not, brackets.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(name: str | None, kind: str | None, where: str | None, as_json: bool) -> None:
    r"""Show all that is known of the activation, loss or fault NAME, or list the catalogue.

    NAME is any alias in any spelling, or a family, or a fault that `diagnose` names. CONDITION is made of words that
    facts lend to functions.

    \b
    gradoscope show LeakyReLU
    gradoscope show vanishing-gradient
    gradoscope show --activations --where "zero_centred and smooth and not bounded"
    """
    from gradoscope.functions.search import KINDS, entries, find

    kinds = (kind,) if kind else KINDS
    if name is None:
        _list(entries(kinds=kinds, where=where), where, as_json=as_json)
        return
    if where is not None:
        raise UsageError(say("--where filters the list; leave {name} out, or --where.", name=name))
    try:
        found = find(name, kinds=kinds)
    except UsageError as unknown:
        _fault(name, unknown, as_json=as_json)
        return
    if as_json:
        print_json(_document(found))
    elif found.entries:
        _pages(found)
    else:
        _list(found.family, name, as_json=False)


def _fault(name: str, unknown: UsageError, *, as_json: bool) -> None:
    """Show the page of a rule; where no rule has that name either, complain about the name."""
    from gradoscope.diagnosis.rule import rules

    fault = name.strip().lower().replace("_", "-").replace(" ", "-")
    if fault not in rules:
        raise unknown
    rule = rules[fault]
    if as_json:
        print_json({"fault": {"name": rule.fault, "title": rule.title(), "page": rule.page}})
    else:
        click.echo(f"{rule.title()} [{rule.fault}]\n\n{rule.page}")


def _list(entries: "tuple[Entry, ...]", asked: str | None, *, as_json: bool) -> None:
    from gradoscope.cli.pages import print_list, print_vocabulary
    from gradoscope.functions.search import words
    from gradoscope.functions.wording import summary

    if as_json:
        print_json([summary(entry, words(entry)) for entry in entries])
    elif entries:
        print_list(entries)
        if asked is None:
            print_vocabulary(entries)
    else:
        click.echo(say("Of no function is it known that: {where}", where=asked), err=True)


def _document(found: "Found") -> dict[str, Any]:
    """Under "activation", "loss" and "family": what the name stands for."""
    from gradoscope.functions.search import words
    from gradoscope.functions.wording import document, summary

    pages = [document(entry, words(entry)) for entry in found.entries]
    family = [summary(entry, words(entry)) for entry in found.family]
    return {**{page["kind"]: page for page in pages}, **({"family": family} if family else {})}


def _pages(found: "Found") -> None:
    from gradoscope.cli.pages import print_page

    for entry in found.entries:
        print_page(entry)
    if found.family:
        members = ", ".join(entry.name for entry in found.family)
        click.echo(say("A family of that name holds: {members}", members=members))
