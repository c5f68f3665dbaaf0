"""gradoscope repair: the smallest change that cures an experiment, with the proof."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradoscope.cli.output import print_json
from gradoscope.language import LANGUAGES, language, say, speaking

if TYPE_CHECKING:
    from gradoscope.diagnosis import Repair
    from gradoscope.training import Run


@click.command()
@click.argument("experiment", metavar="EXPERIMENT.toml", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FIXED.toml", help="Write the repaired experiment here."
)
@click.option("--budget", type=int, default=20, metavar="N", help="Most trainings (default: 20).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--lang", type=click.Choice(LANGUAGES), help="Language of the answer.")
def command(experiment: Path, out: Path | None, budget: int, as_json: bool, lang: str | None) -> None:
    r"""Find the smallest change that cures EXPERIMENT.toml, and prove it on held-out rows.

    \b
    gradoscope repair experiment.toml --out fixed.toml
    """
    from gradoscope.compilation import keep_compiled_programs
    from gradoscope.diagnosis import repair
    from gradoscope.files import write_text
    from gradoscope.networks import Experiment
    from gradoscope.training import metric_of

    keep_compiled_programs()
    with speaking(lang or language()):
        found = repair(Experiment.from_file(experiment), experiment.parent, budget=budget)
        if out is not None:
            write_text(out, found.experiment.to_toml())
        if as_json:
            print_json(_document(found))
        else:
            click.echo("\n".join(_lines(found, metric_of(found.experiment.data.task or ""))))


def _document(found: "Repair") -> dict[str, Any]:
    return {
        "before": found.before,
        "after": found.after,
        "remedies": list(found.remedies),
        "changes": list(found.changes),
        "curves": [_curves(run) for run in found.runs],
        "experiment": found.experiment.to_toml(),
        "proof": None if found.proof is None else found.proof._asdict(),
        "trainings": found.trainings,
        "seconds": round(found.seconds, 3),
    }


def _curves(run: "Run") -> dict[str, list[float | None]]:
    """Loss and score per epoch; what is not a number is null."""
    return {
        name: [value if math.isfinite(value) else None for value in map(float, curve)]
        for name, curve in run.curves._asdict().items()
    }


def _lines(found: "Repair", metric: str) -> list[str]:
    from gradoscope.plots.numbers import score

    before, after = score(metric, found.before), score(metric, found.after)
    if found.proof is None:
        return [say("Nothing to repair was found: the validation rows reach {score}.", score=before)]
    gain, low, high = (score(metric, value) for value in found.proof[1:4])
    fresh = say("rows that had no part in the choice") if found.proof.fresh else say("the rows that chose it")
    return [
        say("Validation rows: {before} before, {after} after.", before=before, after=after),
        *(f"- {change}" for change in found.changes),
        say(
            "Proof: on {pairs} further seeds it gains {gain} (95 % interval {low} to {high}), measured on {rows}.",
            pairs=found.proof.pairs,
            gain=gain,
            low=low,
            high=high,
            rows=fresh,
        ),
        say("{trainings} trainings.", trainings=found.trainings),
    ]
