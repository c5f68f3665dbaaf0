"""What `gradoscope compare` is asked for: a study of its own, or one that is continued."""

import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from gradoscope.cli.options import load_arguments, numbers, origin, tuned, words
from gradoscope.errors import UsageError
from gradoscope.files import check_free, free_folder
from gradoscope.language import say

if TYPE_CHECKING:
    from gradoscope.comparison import Place, Settings
    from gradoscope.data import Dataset, DataSpec

ADDS = ("activations", "losses", "hidden", "learning_rates", "seeds", "resampling", "equivalence")
MAY_RESUME = (*ADDS, "resume", "tune", "metric", "epochs", "batch_size", "budget", "cluster", "as_json", "quiet")


class Asked(NamedTuple):
    """What `compare` is called with."""

    dataset: "Dataset"
    activations: tuple[str, ...]
    losses: tuple[str, ...]
    settings: "Settings"
    origin: "DataSpec"
    place: "Place"


def new_study(data: str | None, out: Path | None, given: dict[str, Any], *, may_exist: bool = False) -> Asked:
    """A study of its own, in a folder of its own; `may_exist` goes on with one that is there."""
    from gradoscope.comparison import Place, default_settings
    from gradoscope.data import load

    if data is None:
        raise UsageError(say("name the data to compare on, or continue a study with --resume DIR."))
    arguments = load_arguments(given)
    dataset = load(data, **arguments)
    folder = out or free_folder(Path("studies") / Path(dataset.name).stem)
    if not (may_exist and (folder / "study.sqlite").exists()):
        check_free(folder)
    settings = _settings(default_settings(dataset), given)
    return Asked(
        dataset,
        words(given["activations"]),
        words(given["losses"]),
        settings,
        origin(data, arguments),
        Place(folder, arguments, command_line()),
    )


def resumed_study(context: click.Context, folder: Path, given: dict[str, Any]) -> Asked:
    """The study in `folder` as it was asked for, and what is added to it."""
    from gradoscope.comparison import Place, read_request
    from gradoscope.data import load

    refuse(context, MAY_RESUME)
    before = read_request(folder)
    arguments: dict[str, Any] = dict(before.reading)
    dataset = load(before.origin.source, **arguments)
    added = any(given[name] for name in ADDS)
    return Asked(
        dataset,
        words(given["activations"]) or before.activations,
        words(given["losses"]) or before.losses,
        _settings(before.settings, given),
        before.origin,
        Place(folder, before.reading, command_line() if added else ""),
    )


def refuse(context: click.Context, known: Sequence[str]) -> None:
    """Refuse what was said on the command line besides the `known` options."""
    for name in context.params:
        said = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if said and name not in known:
            shown = "DATA" if name == "data" else f"--{name.replace('_', '-')}"
            raise UsageError(say("{option} cannot be given with --resume: the study has it already.", option=shown))


def _settings(base: "Settings", given: dict[str, Any]) -> "Settings":
    """The settings with what was given; without --seeds, --seed and --resampling, the base's own seeds."""
    from dataclasses import replace

    wanted = {
        "hidden": tuple(numbers("--hidden", layers, int) for layers in given["hidden"]),
        "learning_rates": numbers("--learning-rates", given["learning_rates"], float),
        "tune": tuned(given["tune"]) if given["tune"] else None,
        "metric": given["metric"],
        "equivalence": given["equivalence"],
        "economy": given["economy"] or None,
        "epochs": given["epochs"],
        "batch_size": given["batch_size"],
    }
    chosen = replace(base, **{name: value for name, value in wanted.items() if value not in ((), None)})
    first, count, said = given["seed"], given["seeds"], given["resampling"]
    if (first, count, said) == (None, None, None):
        return chosen
    folds, seeds = _resampling(said, base.seeds[0] if first is None else first, count)
    return replace(chosen, seeds=seeds, folds=base.folds if said is None else folds)


def _resampling(said: str | None, first: int, count: int | None) -> tuple[int | None, tuple[int, ...]]:
    """The number of folds, if any, and the seeds: each one is a division of the rows."""
    if said in (None, "holdout"):
        return None, tuple(range(first, first + (5 if count is None else count)))
    parts = re.fullmatch(r"([1-9]\d*)x([2-9]|[1-9]\d+)", str(said))
    if parts is None:
        raise UsageError(
            say("--resampling is {value!r}; it must be holdout or, as in 5x2, repeats x folds.", value=said)
        )
    repeats, folds = int(parts[1]), int(parts[2])
    if count is not None:
        raise UsageError(say("--resampling {value} says how many runs there are; leave out --seeds.", value=said))
    return folds, tuple(range(first * folds, (first + repeats) * folds))


def command_line() -> str:
    """The command line, as a shell takes it."""
    return shlex.join(["gradoscope", *sys.argv[1:]])
