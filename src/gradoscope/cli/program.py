"""The program `gradoscope`: its commands, its language, and how every error leaves it."""

import importlib
import os
import sys
from typing import Any, NoReturn

import click

from gradoscope import __version__
from gradoscope.errors import GradoscopeError, UsageError
from gradoscope.language import LANGUAGES, language_of_environment, say, speaking

COMMANDS = ("compare", "study", "train", "predict", "show", "plot", "diagnose", "check", "repair", "lesson", "datasets")
INTERRUPTED = 130


class Program(click.Group):
    """A group whose commands are the files of this folder, read only when asked for."""

    def list_commands(self, context: click.Context) -> list[str]:
        """The names, in the order of use."""
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command in `gradoscope.cli.<name>`."""
        if name not in COMMANDS:
            return None
        command = importlib.import_module(f"gradoscope.cli.{name}").command
        assert isinstance(command, click.Command)
        command.help = (command.help or "").replace(r"\b", "\b")  # keeps the lines of examples, in raw docstrings too
        return command


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="gradoscope")
@click.option(
    "--lang", metavar="en|ko", expose_value=False, help="Language, before or after the command (else by LANG)."
)
def program() -> None:
    """Which activation and which loss, and why is it not learning? Measured, on your own data."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the program and exit: 0 done, 1 failed, 2 wrong usage, 3 unusable data, 4 --fail-on met, 130 interrupted."""
    language, rest = _language(sys.argv[1:] if arguments is None else arguments)
    with speaking(language if language in LANGUAGES else language_of_environment()):
        sys.exit(_run(language, rest))


def _language(arguments: list[str]) -> tuple[str, list[str]]:
    """The language asked for with --lang, wherever it stands, else that of the environment; and the other arguments."""
    for place, option in enumerate(arguments):
        if option == "--lang" and place + 1 < len(arguments):
            return arguments[place + 1], arguments[:place] + arguments[place + 2 :]
        if option.startswith("--lang="):
            return option.removeprefix("--lang="), arguments[:place] + arguments[place + 1 :]
    return language_of_environment(), arguments


def _run(language: str, arguments: list[str]) -> int:
    try:
        if language not in LANGUAGES:
            raise UsageError(say("--lang is {value!r}; it must be en or ko.", value=language))
        result: Any = program.main(arguments, prog_name="gradoscope", standalone_mode=False)
    except GradoscopeError as error:
        return _complain(str(error), error.exit_code)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _complain(say("Interrupted."), INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _complain(say("{place}{reason}.", place=place, reason=error.strerror or error), 1)
    return result if isinstance(result, int) else 0


def _complain(sentence: str, code: int) -> int:
    click.echo(f"{say('Error')}: {sentence}", err=True)
    return code
