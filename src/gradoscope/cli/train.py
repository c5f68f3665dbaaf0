"""gradoscope train: one network, from data or from an experiment file."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradoscope.cli.options import data_options, load_arguments, numbers, origin
from gradoscope.cli.output import print_guesses, print_json, progress
from gradoscope.errors import UsageError
from gradoscope.language import say

if TYPE_CHECKING:
    from gradoscope.data import Prepared
    from gradoscope.networks import Experiment
    from gradoscope.training import Run


@click.command()
@click.argument("data", metavar="DATA|EXPERIMENT.toml")
@data_options
@click.option("--activation", metavar="NAME", default="relu", help="Activation of the hidden layers (default: relu).")
@click.option("--loss", metavar="NAME", help="Loss (default: the usual one of the task).")
@click.option("--hidden", metavar="64,64", default="64,64", help="Units of each hidden layer (default: 64,64).")
@click.option("--learning-rate", type=float, default=0.001, metavar="R", help="Learning rate (default: 0.001).")
@click.option("--epochs", type=int, metavar="N", help="Most epochs (default: 100, stopping early).")
@click.option("--batch-size", type=int, metavar="N", help="Rows per step (default: 32, or 128 for large data).")
@click.option("--seed", type=click.IntRange(min=0), metavar="S", help="Seed of split, start, batches (default: 0).")
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

    path, several = Path(data), {name: given.pop(name) for name in ("devices", "coordinator", "processes", "process")}
    together = _together(**several)  # before anything else asks JAX for a device
    experiment = _from_file(context, path) if path.suffix == ".toml" else _from_data(data, given, quiet=quiet)
    folder = path.parent if path.suffix == ".toml" else Path()
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
        _write_history(run, work / "history.csv")
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
        return over_devices()
    return nullcontext() if devices is None else over_devices(devices)


def _from_file(context: click.Context, path: Path) -> "Experiment":
    """What the file says; options that the file decides are refused."""
    from gradoscope.networks import Experiment

    kept = ("data", "out", "devices", "coordinator", "processes", "process", "as_json", "quiet")
    for name in context.params:
        source = context.get_parameter_source(name)
        if name not in kept and source is click.core.ParameterSource.COMMANDLINE:
            raise UsageError(
                say("--{name} cannot be given with an experiment file; write it into {path}.",
                    name=name.replace("_", "-"), path=path)
            )  # fmt: skip
    return Experiment.from_file(path)


def _from_data(data: str, given: dict[str, Any], *, quiet: bool) -> "Experiment":
    from dataclasses import replace

    from gradoscope.comparison import default_settings, single_experiment
    from gradoscope.data import load

    arguments = load_arguments(given)
    dataset = load(data, **arguments)
    if not quiet:
        print_guesses(dataset.guesses)
    settings = default_settings(dataset)
    wanted = {name: given[name] for name in ("epochs", "batch_size") if given[name] is not None}
    settings = replace(settings, hidden=(numbers("--hidden", given["hidden"], int),), **wanted)
    losses = [given["loss"]] if given["loss"] else []
    return single_experiment(
        dataset,
        origin(data, arguments),
        settings,
        given["activation"],
        losses,
        given["learning_rate"],
        given["seed"] or 0,
    )


def _write_history(run: "Run", path: Path) -> None:
    import polars as pl

    table = {"epoch": range(1, run.epochs + 1), **run.curves._asdict()}
    pl.DataFrame(table).write_csv(path)


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
