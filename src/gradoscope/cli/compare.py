"""gradoscope compare: which activation and loss to use on these data."""

import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradoscope.cli.options import data_options, load_arguments, numbers, origin, words
from gradoscope.cli.output import print_guesses, print_json, progress, versions
from gradoscope.errors import UsageError
from gradoscope.language import say

if TYPE_CHECKING:
    from gradoscope.comparison import Interval, Settings, Study
    from gradoscope.data import Dataset


@click.command()
@click.argument("data")
@data_options
@click.option("--activations", metavar="A,B|all", help="Activations to compare (default: eight common ones).")
@click.option("--losses", metavar="A,B", help="Losses to compare (default: the usual one of the task).")
@click.option("--hidden", metavar="64,64", multiple=True, help="Units of each hidden layer; repeat to compare depths.")
@click.option("--learning-rates", metavar="A,B", help="The grid that every arm's learning rate is chosen from.")
@click.option("--seeds", type=int, metavar="N", help="Paired runs: splits, starts and batch orders (default: 5).")
@click.option(
    "--resampling",
    metavar="holdout|RxK",
    help="Hold rows out for every seed (default), or R repeats of K-fold cross-validation, as in 5x2.",
)
@click.option("--metric", metavar="NAME", help="What ranks: accuracy, balanced_accuracy, log_loss, auc, r2, rmse ...")
@click.option("--equivalence", type=float, metavar="D", help="A difference that does not matter, as in 0.005.")
@click.option("--epochs", type=int, metavar="N", help="Most epochs of a run (default: 100, stopping early).")
@click.option("--batch-size", type=int, metavar="N", help="Rows per step (default: 32, or 128 for large data).")
@click.option("--seed", type=click.IntRange(min=0), default=0, metavar="S", help="The first seed (default: 0).")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder of the study (default: studies/NAME)."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--quiet", is_flag=True, help="Print no progress and no hints.")
def command(data: str, out: Path | None, as_json: bool, quiet: bool, **given: Any) -> None:
    r"""Compare activations (and losses) on DATA: a file, a folder of IDX files, or the name of built-in data.

    \b
    gradoscope compare tumour
    gradoscope compare patients.csv --target outcome --activations relu,gelu,tanh --seeds 10
    """
    from gradoscope.comparison import compare, document, guesses, write_study
    from gradoscope.compilation import keep_compiled_programs
    from gradoscope.data import load
    from gradoscope.files import free_folder, new_folder
    from gradoscope.report import write_report

    arguments = load_arguments(given)
    dataset = load(data, **arguments)
    settings, chosen = _settings(dataset, given), (words(given["activations"]), words(given["losses"]))
    final = out or free_folder(Path("studies") / Path(dataset.name).stem)
    if not quiet:
        print_guesses(guesses(dataset, settings))
    keep_compiled_programs()
    with new_folder(final) as folder:
        with progress(say("Training"), quiet=quiet) as tell:
            study = compare(
                dataset,
                activations=chosen[0],
                losses=chosen[1],
                settings=settings,
                origin=origin(data, arguments),
                progress=tell,
            )
        write_study(study, dataset, folder, final)
        write_report(study, folder / "report.html", command=_command_line(), versions=versions())
    if as_json:
        print_json(document(study, final))
    else:
        _print(study, final)


def _settings(dataset: "Dataset", given: dict[str, Any]) -> "Settings":
    from dataclasses import replace

    from gradoscope.comparison import default_settings

    folds, seeds = _resampling(given["resampling"], given["seed"], given["seeds"])
    wanted = {
        "hidden": tuple(numbers("--hidden", layers, int) for layers in given["hidden"]),
        "learning_rates": numbers("--learning-rates", given["learning_rates"], float),
        "folds": folds,
        "metric": given["metric"],
        "equivalence": given["equivalence"],
        "epochs": given["epochs"],
        "batch_size": given["batch_size"],
    }
    return replace(
        default_settings(dataset),
        seeds=seeds,
        **{name: value for name, value in wanted.items() if value not in ((), None)},
    )


def _resampling(said: str | None, first: int, count: int | None) -> tuple[int | None, tuple[int, ...]]:
    """The number of folds, if any, and the seeds: each one is a division of the rows."""
    if said in (None, "holdout"):
        return None, tuple(range(first, first + (5 if count is None else count)))
    parts = re.fullmatch(r"(\d+)x(\d+)", str(said))
    if parts is None:
        raise UsageError(
            say("--resampling is {value!r}; it must be holdout or, as in 5x2, repeats x folds.", value=said)
        )
    repeats, folds = int(parts[1]), int(parts[2])
    if count is not None:
        raise UsageError(say("--resampling {value} says how many runs there are; leave out --seeds.", value=said))
    return folds, tuple(range(first * folds, (first + repeats) * folds))


def _command_line() -> str:
    return shlex.join(["gradoscope", *sys.argv[1:]])


def _print(study: "Study", folder: Path) -> None:
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
    console.print(say("Report: {path}", path=folder / "report.html"), soft_wrap=True, highlight=False)


def _gap(metric: str, gap: "Interval") -> str:
    from gradoscope.plots.numbers import change, change_bounds

    reach = change_bounds(metric, gap)
    return f"{change(metric, gap.mean)} ({reach})" if reach else change(metric, gap.mean)
