"""gradoscope train: one network, from data or from an experiment file."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradoscope.cli.options import data_options
from gradoscope.cli.output import print_json, progress
from gradoscope.cli.single import from_data, from_file, network_options
from gradoscope.errors import UsageError
from gradoscope.language import say

if TYPE_CHECKING:
    from gradoscope.data import Prepared, Streamed
    from gradoscope.networks import Experiment
    from gradoscope.training import Checkpoint, Run

    Asked = tuple[Experiment, Path]


@click.command()
@click.argument("data", metavar="DATA|EXPERIMENT.toml", required=False)
@data_options
@network_options
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder of the model (default: models/NAME)."
)
@click.option("--devices", type=int, metavar="N", help="Divide every batch over N devices of this machine.")
@click.option("--coordinator", metavar="HOST:PORT", help="Train with other processes; this is where the first one is.")
@click.option("--processes", type=int, default=1, metavar="N", help="How many processes train together.")
@click.option("--process", type=int, default=0, metavar="K", help="Which one this is, from 0; the first one writes.")
@click.option("--resume", type=click.Path(path_type=Path), metavar="DIR", help="Go on with a training that was ended.")
@click.option(
    "--checkpoint",
    type=click.FloatRange(min=0),
    default=5.0,
    metavar="SECONDS",
    help="Keep every so many seconds how far training has come (default: 5).",
)
@click.option("--find-rate", is_flag=True, help="Only look for a good learning rate, and say why.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--quiet", is_flag=True, help="Print no progress and no hints.")
@click.pass_context
def command(
    context: click.Context,
    /,
    data: str | None,
    out: Path | None,
    resume: Path | None,
    checkpoint: float,
    find_rate: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    r"""Train one network on DATA, or what an EXPERIMENT.toml says, and keep the model.

    \b
    gradoscope train tumour --activation gelu
    gradoscope train experiment.toml --out models/first
    gradoscope train --resume models/first
    gradoscope train experiment.toml --find-rate
    """
    from gradoscope.compilation import keep_compiled_programs
    from gradoscope.data import Prepared
    from gradoscope.files import free_folder
    from gradoscope.training import Checkpoint, fit, prepared_for, streamed_for

    several = {name: given.pop(name) for name in ("devices", "coordinator", "processes", "process")}
    together = _together(**several)  # before anything else asks JAX for a device
    if (data is None) is (resume is None):
        raise UsageError(say("Name the data or an experiment file, or a training to go on with: --resume DIR."))
    if resume is not None:
        _refuse_with_resume(context, ("data", *several, "resume", "checkpoint", "as_json", "quiet"))
    kept = ("data", "out", *several, "checkpoint", "find_rate", "as_json", "quiet")
    asked = _asked(context, data, kept, given, quiet=quiet) if data else _begun(resume)
    whole = find_rate or not asked[0].data.stream
    prepared = prepared_for(*asked) if whole else streamed_for(*asked)
    keep_compiled_programs()
    if isinstance(prepared, Prepared) and find_rate:
        _tell_rate(asked[0], prepared, as_json=as_json)
    elif several["process"]:  # the first process shows and writes
        with together:
            fit(asked[0], prepared)
    else:
        final = resume or out or free_folder(Path("models") / Path(asked[0].data.source).stem)
        stands = Checkpoint(_checkpoint_of(final), checkpoint, asked[1])
        _free(stands.path, final, resume)
        with together:
            kept_up = None if several["coordinator"] else stands  # several processes stand in several places
            run = _trained(asked, prepared, (final, resume is not None), kept_up, quiet=quiet)
        _tell(run, prepared, final, as_json=as_json)
        _finish(context, run, stands.path, final, quiet=quiet)


def _trained(
    asked: "Asked",
    prepared: "Prepared | Streamed",
    place: tuple[Path, bool],
    stands: "Checkpoint | None",
    *,
    quiet: bool,
) -> "Run":
    """Train, and write the model into a folder, which may take the place of an older one."""
    from gradoscope.files import new_folder
    from gradoscope.training import Model, fit
    from gradoscope.training.history import write_history

    experiment, folder = asked
    with new_folder(place[0], replace=place[1]) as work:
        with progress(say("Training"), quiet=quiet) as tell:
            run = fit(
                experiment, prepared, on_epoch=lambda done: tell(done, experiment.training.epochs), checkpoint=stands
            )
        Model(experiment, run.params, run.moving, prepared.preparation).save(work)
        write_history(run, work, folder)
    return run


def _finish(context: click.Context, run: "Run", checkpoint: Path, folder: Path, *, quiet: bool) -> None:
    """A training that was ended stays resumable."""
    if run.outcome.name == "INTERRUPTED":
        if not quiet:
            click.echo(say("Go on with: gradoscope train --resume {folder}", folder=folder), err=True)
        context.exit(130)
    checkpoint.unlink(missing_ok=True)


def _free(checkpoint: Path, folder: Path, resume: Path | None) -> None:
    """Refuse to write over a training that was ended."""
    if resume is None and checkpoint.exists():
        raise UsageError(
            say("{path} is of a training that was ended: go on with --resume {folder}, or remove the file.",
                path=checkpoint, folder=folder)
        )  # fmt: skip


def _checkpoint_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.checkpoint")


def _refuse_with_resume(context: click.Context, own: tuple[str, ...]) -> None:
    """Refuse the options that a training has decided already: all but `own`."""
    for name in context.params:
        if name not in own and context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            option = f"--{name.replace('_', '-')}"
            raise UsageError(say("{option} cannot be given with --resume: the training has it already.", option=option))


def _begun(resume: Path | None) -> "Asked":
    """The experiment that was ended, and the folder of its files."""
    from gradoscope.training import begun

    assert resume is not None
    path = _checkpoint_of(resume)
    if not path.exists():
        raise UsageError(say("{path} is missing: there is nothing to go on with.", path=path))
    return begun(path)


def _asked(context: click.Context, data: str, kept: tuple[str, ...], given: dict[str, Any], *, quiet: bool) -> "Asked":
    path = Path(data)
    if path.suffix == ".toml":
        return from_file(context, path, kept), path.parent
    return from_data(data, given, quiet=quiet), Path()


def _tell_rate(experiment: "Experiment", prepared: "Prepared", *, as_json: bool) -> None:
    from gradoscope.diagnosis.range_test import range_test

    found = range_test(experiment, prepared)
    if as_json:
        print_json({"learning_rate": found.rate, "rates": found.rates, "losses": found.losses})
        return
    click.echo(
        say("Learning rate {rate:g}: of {n} rates from {low:g} to {high:g}, each tried for a tenth of the epochs, it "
            "is the smallest whose training loss comes within 2 % of the least.",
            rate=found.rate, n=len(found.rates), low=found.rates[0], high=found.rates[-1])
    )  # fmt: skip


def _together(
    devices: int | None, coordinator: str | None, processes: int, process: int
) -> "AbstractContextManager[object]":
    """A block in which training is divided over devices of this process, or over several processes."""
    from gradoscope.training.parallel import join, over_devices

    if coordinator is None and (processes, process) != (1, 0):
        raise UsageError(say("--processes needs --coordinator HOST:PORT: where the first process is."))
    if coordinator is not None:
        join(coordinator, processes, process)
        return _over_processes()
    return nullcontext() if devices is None else over_devices(devices)


@contextmanager
def _over_processes() -> Iterator[None]:
    """Training over all processes; what the library that connects them writes to stdout goes to stderr."""
    from gradoscope.training.parallel import over_devices

    stdout = os.dup(1)
    os.dup2(2, 1)
    try:
        with over_devices():
            yield
    finally:
        os.dup2(stdout, 1)
        os.close(stdout)


def _tell(run: "Run", prepared: "Prepared | Streamed", folder: Path, *, as_json: bool) -> None:
    from gradoscope.data import Streamed
    from gradoscope.plots.numbers import metric_name
    from gradoscope.plots.numbers import score as number
    from gradoscope.training import baseline, metric_of

    metric = metric_of(prepared.task)
    train = prepared.outline if isinstance(prepared, Streamed) else prepared.train
    held_out = prepared.validation
    floor = baseline(metric, train.targets, held_out.targets, train.weights, held_out.weights)
    scores = {"train": run.train_score, "validation": run.validation_score, "test": run.test_score}
    if as_json:
        print_json(
            {
                "task": prepared.task,
                "metric": metric,
                "outcome": run.outcome.value,
                "epochs": run.epochs,
                "best_epoch": run.best_epoch,
                **{f"{name}_score": value for name, value in scores.items()},
                "baseline": floor,
                "model": str(folder),
                "seconds": round(run.seconds, 3),
            }
        )
        return
    click.echo(run.sentence)
    words = {"train": say("training rows"), "validation": say("validation rows"), "test": say("test rows")}
    for name, value in scores.items():
        if value == value:
            click.echo(f"{metric_name(metric)}, {words[name]}: {number(metric, value)}")
    click.echo(say("Always the same answer: {score}", score=number(metric, floor)))
    click.echo(say("Model: {path}", path=folder))
