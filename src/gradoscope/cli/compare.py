"""gradoscope compare: which activation and loss to use on these data."""

import json
import shlex
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradoscope.cli.asked import Asked, command_line, new_study, refuse, resumed_study
from gradoscope.cli.live import watched
from gradoscope.cli.options import data_options
from gradoscope.cli.output import print_guesses, print_json
from gradoscope.cli.several import Several, across_document, print_across, read_several, write_several
from gradoscope.cli.study_view import keep_shown, kept, print_study, shown
from gradoscope.errors import UsageError
from gradoscope.files import check_free, filled_folder, free_folder
from gradoscope.language import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from gradoscope.comparison import Study


@click.command()
@click.argument("data", nargs=-1)
@data_options
@click.option("--activations", metavar="A,B|all", help="Activations to compare (default: eight common ones).")
@click.option("--losses", metavar="A,B", help="Losses to compare (default: the usual one of the task).")
@click.option("--hidden", metavar="64,64", multiple=True, help="Units of each hidden layer; repeat to compare depths.")
@click.option("--learning-rates", metavar="A,B", help="The grid that every arm's learning rate is chosen from.")
@click.option(
    "--tune",
    metavar="NAME=A,B",
    multiple=True,
    help="Choose this too by validation, inside every paired run: weight_decay=0,0.001, initialiser=he_normal,"
    "glorot_uniform, or hidden=64,64 (repeat for other layers). Every arm is trained at all combinations with the "
    "learning rates: the same budget for all.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    metavar="N",
    help="Paired runs: splits, starts and batch orders (default: 5).",
)
@click.option(
    "--resampling",
    metavar="holdout|RxK",
    help="Hold rows out for every seed (default), or R repeats of K-fold cross-validation, as in 5x2.",
)
@click.option("--metric", metavar="NAME", help="What ranks: accuracy, balanced_accuracy, log_loss, auc, r2, rmse ...")
@click.option("--equivalence", type=float, metavar="D", help="A difference that does not matter, as in 0.005.")
@click.option("--epochs", type=int, metavar="N", help="Most epochs of a run (default: 100, stopping early).")
@click.option("--batch-size", type=int, metavar="N", help="Rows per step (default: 32, or 128 for large data).")
@click.option("--seed", type=click.IntRange(min=0), metavar="S", help="The first seed (default: 0).")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder of the study (default: studies/NAME)."
)
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Continue the study in DIR; activations, losses, layers, rates or seeds given are added to it.",
)
@click.option("--economy", is_flag=True, help="Stop arms early that are clearly beaten on validation rows.")
@click.option("--budget", metavar="60s|5m|20000epochs", help="Leave out the paired runs that take longer than this.")
@click.option("--cluster", metavar="ADDRESS", help="Dask scheduler whose workers train: tcp://HOST:8786.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--quiet", is_flag=True, help="Print no progress and no hints.")
@click.pass_context
def command(
    context: click.Context,
    /,
    data: tuple[str, ...],
    out: Path | None,
    resume: Path | None,
    budget: str | None,
    cluster: str | None,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    r"""Compare activations (and losses) on DATA: a file, a folder of IDX files, or the name of built-in data.

    Several DATA are compared one by one, then together: by average ranks and their critical difference.

    \b
    gradoscope compare tumour
    gradoscope compare patients.csv --target outcome --activations relu,gelu,tanh --seeds 10
    gradoscope compare --resume studies/patients --seeds 20
    gradoscope compare iris wine digits
    """
    if resume is not None and _asks_nothing_new(context) and (known := kept(resume)) is not None:
        if as_json:
            before = json.loads((resume / "study.json").read_text("utf-8"))
            print_json({**before, "study": str(resume), "report": str(resume / "report.html")})
        else:
            print_study(known, resume)
        return
    several = _several(context, data, out, resume, given)
    if several is not None:
        _compare_several(context, several, budget, cluster, as_json=as_json, quiet=quiet)
        return
    from gradoscope.comparison import document

    one = data[0] if data else None
    asked = new_study(one, out, given) if resume is None else resumed_study(context, resume, given)
    study = _train(context, asked, budget, cluster, quiet=quiet)
    if as_json:
        print_json(document(study, asked.place.folder))
    else:
        print_study(shown(study), asked.place.folder)


def _several(
    context: click.Context, data: tuple[str, ...], out: Path | None, resume: Path | None, given: dict[str, Any]
) -> Several | None:
    """Several data sets, as they are asked for now or were before; None for one."""
    if resume is None:
        if len(data) < 2:
            return None
        folder = out or free_folder(Path("studies") / "several")
        check_free(folder)
        return Several(folder, data, given, command_line())
    before = read_several(resume)
    if before is not None:
        refuse(context, ("resume", "budget", "cluster", "as_json", "quiet"))
    return before


def _compare_several(
    context: click.Context, several: Several, budget: str | None, address: str | None, *, as_json: bool, quiet: bool
) -> None:
    from gradoscope.comparison import across
    from gradoscope.report import write_across

    folder, folders = several.folder, several.folders
    every = [
        new_study(name, own, dict(several.given), may_exist=True)
        for name, own in zip(several.data, folders, strict=True)
    ]
    _check_comparable(every)
    write_several(several)
    studies = [_train(context, asked, budget, address, quiet=quiet, whole=folder) for asked in every]
    found, page = across(studies), folder / "report.html"
    write_across(found, [own.name for own in folders], page, command=several.command)
    if as_json:
        print_json(across_document(found, studies, folders, page))
    else:
        print_across(found, page)


def _asks_nothing_new(context: click.Context) -> bool:
    """Whether the command line only asks for the study in a folder."""
    said = {n for n in context.params if context.get_parameter_source(n) is click.core.ParameterSource.COMMANDLINE}
    return said <= {"resume", "as_json", "quiet"}


def _check_comparable(every: "Sequence[Asked]") -> None:
    """Refuse what could not be ranked together, before anything is trained."""
    from gradoscope.comparison import choose_activations, choose_losses

    for asked in every:
        activations, losses = (
            choose_activations(asked.activations),
            choose_losses(asked.losses, asked.dataset.task),
        )
        if asked.settings.economy or len(activations) * len(losses) * len(set(asked.settings.hidden)) < 2:
            raise UsageError(
                say("Several data sets are ranked by two or more arms that are trained on all of them: "
                    "name more --activations, and leave out --economy.")
            )  # fmt: skip


def _train(
    context: click.Context,
    asked: Asked,
    budget: str | None,
    address: str | None,
    *,
    quiet: bool,
    whole: Path | None = None,
) -> "Study":
    """The study that was asked for, in its folder; `whole` is the folder of several ones that it belongs to."""
    from gradoscope.comparison import Budget, compare, guesses, with_findings, write_study
    from gradoscope.compilation import keep_compiled_programs
    from gradoscope.report import write_report
    from gradoscope.versions import versions

    folder, dataset = asked.place.folder, asked.dataset
    if not quiet:
        print_guesses(guesses(dataset, asked.settings))
    keep_compiled_programs()
    try:
        with watched(quiet=quiet) as watch, _executor(address) as executor:
            study = compare(
                dataset,
                activations=asked.activations,
                losses=asked.losses,
                settings=asked.settings,
                origin=asked.origin,
                place=asked.place,
                progress=watch.progress,
                found=watch.found,
                executor=executor,
                budget=None if budget is None else Budget.from_text(budget),
            )
    except KeyboardInterrupt:
        click.echo(_how_to_continue(whole or folder), err=True)
        context.exit(130)
    study = with_findings(study, dataset)
    with filled_folder(folder) as work:
        write_study(study, dataset, work, folder)
        keep_shown(study, work)
        write_report(study, work / "report.html", command="\n".join(study.commands), versions=versions())
    return study


def _executor(address: str | None) -> "AbstractContextManager[Executor | None]":
    from gradoscope.comparison import cluster

    return nullcontext() if address is None else cluster(address)


def _how_to_continue(folder: Path) -> str:
    return say(
        "Interrupted. What is finished is kept; continue with: {command}",
        command=shlex.join(["gradoscope", "compare", "--resume", str(folder)]),
    )
