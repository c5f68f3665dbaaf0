"""gradoscope check: what can be said about an experiment before it is trained."""

from pathlib import Path

import click

from gradoscope.cli.diagnose import FAIL_ON_MET, WORST_FIRST, met
from gradoscope.cli.output import print_json
from gradoscope.language import LANGUAGES, language, speaking


@click.command()
@click.argument("experiment", metavar="EXPERIMENT.toml", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--fail-on", type=click.Choice(WORST_FIRST), help="Exit with 4 if such a finding, or a worse one, stands."
)
@click.option("--lang", type=click.Choice(LANGUAGES), help="Language of the findings.")
@click.pass_context
def command(context: click.Context, /, experiment: Path, as_json: bool, fail_on: str | None, lang: str | None) -> None:
    r"""Say what is wrong with EXPERIMENT.toml without training it.

    \b
    gradoscope check experiment.toml
    """
    from gradoscope.compilation import keep_compiled_programs
    from gradoscope.diagnosis import check, document, page
    from gradoscope.networks import Experiment

    keep_compiled_programs()
    with speaking(lang or language()):
        found = check(Experiment.from_file(experiment), experiment.parent)
        if as_json:
            print_json(document(found))
        else:
            from gradoscope.plots.numbers import score

            click.echo(page(found, lambda value: score("", value)))
    if fail_on is not None and met(fail_on, [finding.severity.value for finding in found.findings]):
        context.exit(FAIL_ON_MET)
