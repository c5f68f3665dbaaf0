"""One network on data as they are: what `train` and `diagnose` make of the name of data and a few options."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gradoscope.cli.options import load_arguments, numbers, origin
from gradoscope.cli.output import print_guesses
from gradoscope.errors import UsageError
from gradoscope.language import say

if TYPE_CHECKING:
    from gradoscope.networks import Experiment

F = TypeVar("F", bound=Callable[..., Any])


def network_options(command: F) -> F:
    """The options that say which network is trained, and how; `from_data` makes an experiment of them."""
    for option in reversed(
        (
            click.option(
                "--activation", metavar="NAME", default="relu", help="Activation of the hidden layers (default: relu)."
            ),
            click.option("--loss", metavar="NAME", help="Loss (default: the usual one of the task)."),
            click.option(
                "--hidden", metavar="64,64", default="64,64", help="Units of each hidden layer (default: 64,64)."
            ),
            click.option(
                "--learning-rate", type=float, default=0.001, metavar="R", help="Learning rate (default: 0.001)."
            ),
            click.option("--epochs", type=int, metavar="N", help="Most epochs (default: 100, stopping early)."),
            click.option(
                "--batch-size", type=int, metavar="N", help="Rows per step (default: 32, or 128 for large data)."
            ),
            click.option(
                "--seed", type=click.IntRange(min=0), metavar="S", help="Seed of split, start, batches (default: 0)."
            ),
        )
    ):
        command = option(command)
    return command


def from_data(data: str, given: dict[str, Any], *, quiet: bool) -> "Experiment":
    """The experiment that trains one network on the data, with everything not given at its usual value."""
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


def from_file(context: click.Context, path: Path, own: tuple[str, ...]) -> "Experiment":
    """What the file says; all options but those of the command itself (`own`) are decided by it, and refused."""
    from gradoscope.networks import Experiment

    refuse_options(context, path, own)
    return Experiment.from_file(path)


def refuse_options(context: click.Context, path: Path, own: tuple[str, ...]) -> None:
    """Refuse the options on the command line that an experiment file decides: all but `own`."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if name not in own and source is click.core.ParameterSource.COMMANDLINE:
            raise UsageError(
                say("--{name} cannot be given with an experiment file; write it into {path}.",
                    name=name.replace("_", "-"), path=path)
            )  # fmt: skip
