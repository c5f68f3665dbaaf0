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
    from gradoscope.data import Prepared
    from gradoscope.training import Run


@click.command()
@click.argument("data", metavar="DATA|EXPERIMENT.toml")
@data_options
@network_options
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder of the model (default: models/NAME)."
)
@click.option("--devices", type=int, metavar="N", help="Divide every batch over N devices of this machine.")
@click.option("--coordinator", metavar="HOST:PORT", help="Train with other processes; this is where the first one is.")
@click.option("--processes", type=int, default=1, metavar="N", help="How many processes train together.")
@click.option("--process", type=int, default=0, metavar="K", help="Which one this is, from 0; the first one writes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--quiet", is_flag=True, help="Print no progress and no hints.")
@click.pass_context
def command(context: click.Context, /, data: str, out: Path | None, as_json: bool, quiet: bool, **given: Any) -> None:
    r"""Train one network on DATA, or what an EXPERIMENT.toml says, and keep the model.

    \b
    gradoscope train tumour --activation gelu
    gradoscope train experiment.toml --out models/first
    """
    from gradoscope.compilation import keep_compiled_programs
    from gradoscope.files import free_folder, new_folder
    from gradoscope.training import Model, fit, prepared_for
    from gradoscope.training.history import write_history

    path, several = Path(data), {name: given.pop(name) for name in ("devices", "coordinator", "processes", "process")}
    together = _together(**several)  # before anything else asks JAX for a device
    written = path.suffix == ".toml"
    kept = ("data", "out", *several, "as_json", "quiet")
    experiment = from_file(context, path, kept) if written else from_data(data, given, quiet=quiet)
    folder = path.parent if written else Path()
    prepared = prepared_for(experiment, folder)
    final = out or free_folder(Path("models") / Path(prepared.dataset.name).stem)
    keep_compiled_programs()
    if several["process"]:  # the first process shows and writes
        with together:
            fit(experiment, prepared)
        return
    with new_folder(final) as work:
        with progress(say("Training"), quiet=quiet) as tell, together:
            run = fit(experiment, prepared, on_epoch=lambda done: tell(done, experiment.training.epochs))
        Model(experiment, run.params, run.moving, prepared.preparation).save(work)
        write_history(run, work, folder)
    _tell(run, prepared, final, as_json=as_json)
    if run.outcome.name == "INTERRUPTED":
        context.exit(130)


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


def _tell(run: "Run", prepared: "Prepared", folder: Path, *, as_json: bool) -> None:
    from gradoscope.plots.numbers import metric_name
    from gradoscope.plots.numbers import score as number
    from gradoscope.training import baseline, metric_of

    metric = metric_of(prepared.task)
    train, held_out = prepared.train, prepared.validation
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
