"""The program `gradoscope`: its commands, its language, and how every error leaves it."""

import importlib
import os
import sys
from typing import Any, NoReturn

import click

from gradoscope import __version__
from gradoscope.errors import GradoscopeError
from gradoscope.language import LANGUAGES, language_of_environment, say, speaking

COMMANDS = ("compare", "train", "predict", "show", "plot", "diagnose", "check", "repair", "lesson", "datasets")
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
@click.option("--lang", type=click.Choice(LANGUAGES), help="Language of messages and reports (default: from LANG).")
@click.pass_context
def program(context: click.Context, lang: str | None) -> None:
    """Which activation and which loss, and why is it not learning? Measured, on your own data."""
    context.with_resource(speaking(lang or language_of_environment()))


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the program and exit: 0 done, 1 failed, 2 wrong usage, 3 unusable data, 4 --fail-on met, 130 interrupted."""
    with speaking(_language_wanted(sys.argv[1:] if arguments is None else arguments)):
        sys.exit(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    try:
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


def _language_wanted(arguments: list[str]) -> str:
    """The language for errors that are met before the options are read."""
    for option, value in zip(arguments, [*arguments[1:], ""], strict=True):
        wanted = value if option == "--lang" else option.removeprefix("--lang=")
        if option.startswith("--lang") and wanted in LANGUAGES:
            return wanted
    return language_of_environment()
