"""gradoscope lesson: the list of lessons, one lesson, or all of them."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gradoscope.cli.lesson_view import print_lessons, print_result, print_written
from gradoscope.cli.output import print_json, progress
from gradoscope.language import say

if TYPE_CHECKING:
    from gradoscope.lessons import Lesson, LessonResult

ALL = "all"


class Lessons(click.Group):
    """A group with one command per lesson; the lessons are read only when one is asked for."""

    def list_commands(self, context: click.Context) -> list[str]:
        """None: `gradoscope lesson` prints the list, so that --help loads nothing heavy."""
        return []

    def get_command(self, context: click.Context, name: str) -> click.Command:
        """The command of a lesson, with its parameters as options."""
        if name == ALL:
            return click.Command(ALL, callback=_all, params=_common(), help=_all.__doc__)
        from gradoscope.lessons import find

        lesson = find(name)
        return click.Command(
            lesson.name, callback=partial(_one, lesson), params=[*_options(lesson), *_common()], help=lesson.summary()
        )


@click.group(cls=Lessons, invoke_without_command=True, subcommand_metavar="[NAME | all] [--help] [OPTIONS]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    r"""Run a lesson: a well-known claim about activations or losses, measured.

    \b
    gradoscope lesson
    gradoscope lesson vanishing-gradient --depth 12
    gradoscope lesson vanishing-gradient --help
    gradoscope lesson all --json
    """
    if context.invoked_subcommand is not None:
        return
    from gradoscope.lessons import lessons

    if as_json:
        print_json([{"lesson": e.name, "claims": list(e.numbers), "summary": e.summary()} for e in lessons()])
    else:
        print_lessons(lessons())


def _common() -> list[click.Parameter]:
    return [
        click.Option(["--seed"], type=click.IntRange(min=0), default=0, metavar="S", help="Seed (default: 0)."),
        click.Option(["--out"], type=click.Path(path_type=Path), metavar="DIR", help="Write figures and result.json."),
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document."),
        click.Option(["--quiet"], is_flag=True, help="Print no progress and no hints."),
    ]


def _options(lesson: "Lesson[Any]") -> list[click.Parameter]:
    """The parameters of a lesson as options; their domains are checked by the lesson."""
    return [
        click.Option(
            [f"--{parameter.option}", parameter.name],
            type=type(parameter.default),
            default=parameter.default,
            metavar="VALUE",
            help=say(
                "{what}: {domain} (default: {default}).",
                what=parameter.help(),
                domain=parameter.domain,
                default=parameter.default,
            ),
        )
        for parameter in lesson.parameters
    ]


def _one(lesson: "Lesson[Any]", seed: int, out: Path | None, as_json: bool, quiet: bool, **given: Any) -> None:
    from gradoscope.compilation import keep_compiled_programs

    keep_compiled_programs()
    with progress(say("Running {lesson}", lesson=lesson.name), quiet=quiet):
        result = lesson.run(seed=seed, **given)
    _tell([result], out, lambda each: out or Path(), as_json=as_json, quiet=quiet)
    if as_json:
        print_json(result.to_json())


def _all(seed: int, out: Path | None, as_json: bool, quiet: bool) -> None:
    """Run every lesson."""
    from gradoscope.compilation import keep_compiled_programs
    from gradoscope.lessons import lessons

    keep_compiled_programs()
    results = []
    with progress(say("Running all lessons"), quiet=quiet) as tell:
        for done, lesson in enumerate(lessons()):
            tell(done, len(lessons()))
            results.append(lesson.run(seed=seed))
    _tell(results, out, lambda each: (out or Path()) / each.lesson.name, as_json=as_json, quiet=quiet)
    if as_json:
        documents = [result.to_json() for result in results]
        claims = [{"lesson": each["lesson"], **claim} for each in documents for claim in each["claims"]]
        print_json({"claims": sorted(claims, key=lambda claim: claim["number"]), "lessons": documents})


def _tell(
    results: "list[LessonResult]",
    out: Path | None,
    folder: "Callable[[LessonResult], Path]",
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    """Write the results where asked to, and print them unless one JSON document is to come."""
    from gradoscope.lessons.writing import write_result

    for result in results:
        if not as_json:
            print_result(result, hints=not quiet)
        if out is not None:
            print_written(write_result(result, folder(result)), quiet=quiet)
