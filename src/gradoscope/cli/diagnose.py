"""gradoscope diagnose: what is wrong with an experiment, a run, or a usual network on some data."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradoscope.cli.options import data_options
from gradoscope.cli.output import print_json, progress
from gradoscope.cli.single import from_data, from_file, network_options, refuse_options
from gradoscope.language import LANGUAGES, language, say, speaking

if TYPE_CHECKING:
    from gradoscope.diagnosis import Diagnosis

FAIL_ON_MET = 4
WORST_FIRST = ("critical", "warning")


@click.command()
@click.argument("what", metavar="EXPERIMENT.toml|RUN_DIR|DATA")
@data_options
@network_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--fail-on",
    type=click.Choice(WORST_FIRST),
    help="Exit with 4 if such a finding, or a worse one, stands; training ends as soon as nothing can mend it.",
)
@click.option("--seeds", type=click.IntRange(min=1), default=1, metavar="N", help="Runs to diagnose (default: 1).")
@click.option("--lang", type=click.Choice(LANGUAGES), help="Language of the findings.")
@click.option("--quiet", is_flag=True, help="Print no progress.")
@click.pass_context
def command(
    context: click.Context, /, what: str, as_json: bool, fail_on: str | None, lang: str | None, **given: Any
) -> None:
    r"""Say why a network does not learn, or that nothing is wrong.

    Trains EXPERIMENT.toml as written, or a usual network on DATA; a RUN_DIR that `train` wrote is judged as it ran.

    \b
    gradoscope diagnose experiment.toml
    gradoscope diagnose models/tumour
    gradoscope diagnose patients.csv --target outcome --activation sigmoid --json --fail-on warning
    """
    from gradoscope.compilation import keep_compiled_programs
    from gradoscope.diagnosis import document, page

    keep_compiled_programs()
    with speaking(lang or language()):
        found = _diagnosed(context, what, given, stop=fail_on is not None)
        if as_json:
            print_json(document(found))
        else:
            from gradoscope.plots.numbers import score

            metric = found.score.metric if found.score else ""
            click.echo(page(found, lambda value: score(metric, value)))
    if fail_on is not None and met(fail_on, [finding.severity.value for finding in found.findings]):
        context.exit(FAIL_ON_MET)


def _diagnosed(context: click.Context, what: str, given: dict[str, Any], *, stop: bool) -> "Diagnosis":
    from gradoscope.diagnosis import diagnose, diagnose_run

    path, seeds, quiet = Path(what), given.pop("seeds"), given.pop("quiet")
    own = ("what", "as_json", "fail_on", "seeds", "lang", "quiet")
    if (path / "experiment.toml").is_file():
        refuse_options(context, path / "experiment.toml", tuple(name for name in own if name != "seeds"))
        return diagnose_run(path)
    written = path.suffix == ".toml"
    experiment = from_file(context, path, own) if written else from_data(what, given, quiet=quiet)
    with progress(say("Training"), quiet=quiet) as tell:
        return diagnose(
            experiment,
            path.parent if written else Path(),
            seeds=seeds,
            stop=stop,
            on_epoch=lambda done: tell(done, experiment.training.epochs),
        )


def met(fail_on: str, severities: list[str]) -> bool:
    """Whether a finding of that severity, or a worse one, is among them."""
    return any(severity in WORST_FIRST[: WORST_FIRST.index(fail_on) + 1] for severity in severities)
