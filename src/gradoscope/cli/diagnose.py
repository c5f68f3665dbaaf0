"""gradoscope diagnose: train an experiment as written, and say what is wrong with it."""

from pathlib import Path

import click

from gradoscope.cli.output import print_json, progress
from gradoscope.language import LANGUAGES, language, say, speaking

FAIL_ON_MET = 4
WORST_FIRST = ("critical", "warning")


@click.command()
@click.argument("experiment", metavar="EXPERIMENT.toml", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--fail-on", type=click.Choice(WORST_FIRST), help="Exit with 4 if such a finding, or a worse one, stands."
)
@click.option("--seeds", type=click.IntRange(min=1), default=1, metavar="N", help="Runs to diagnose (default: 1).")
@click.option("--lang", type=click.Choice(LANGUAGES), help="Language of the findings.")
@click.option("--quiet", is_flag=True, help="Print no progress.")
@click.pass_context
def command(
    context: click.Context,
    /,
    experiment: Path,
    as_json: bool,
    fail_on: str | None,
    seeds: int,
    lang: str | None,
    quiet: bool,
) -> None:
    r"""Train EXPERIMENT.toml as written and say why it does not learn, or that nothing is wrong.

    \b
    gradoscope diagnose experiment.toml
    gradoscope diagnose experiment.toml --json --fail-on warning
    """
    from gradoscope.compilation import keep_compiled_programs
    from gradoscope.diagnosis import diagnose, document, page
    from gradoscope.networks import Experiment

    keep_compiled_programs()
    with speaking(lang or language()):
        read = Experiment.from_file(experiment)
        with progress(say("Training"), quiet=quiet) as tell:
            epochs = read.training.epochs
            found = diagnose(read, experiment.parent, seeds=seeds, on_epoch=lambda done: tell(done, epochs))
        if as_json:
            print_json(document(found))
        else:
            from gradoscope.plots.numbers import score

            metric = found.score.metric if found.score else ""
            click.echo(page(found, lambda value: score(metric, value)))
    if fail_on is not None and met(fail_on, [finding.severity.value for finding in found.findings]):
        context.exit(FAIL_ON_MET)


def met(fail_on: str, severities: list[str]) -> bool:
    """Whether a finding of that severity, or a worse one, is among them."""
    return any(severity in WORST_FIRST[: WORST_FIRST.index(fail_on) + 1] for severity in severities)
