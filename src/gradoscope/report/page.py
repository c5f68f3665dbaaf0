"""From a study to one HTML file that shows itself anywhere, with nothing else and no network."""

import functools
import importlib.metadata
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import jinja2
from markupsafe import Markup

from gradoscope.comparison import Study
from gradoscope.files import write_text
from gradoscope.language import language, say
from gradoscope.plots import colours
from gradoscope.report.evidence import calibration, differences, findings, gradients, learning, rates
from gradoscope.report.head import head
from gradoscope.report.method import guessed, method, reproduce
from gradoscope.report.parts import Head, Section
from gradoscope.report.results import results, scores

_UNIT = re.compile(r"(?<=\d) (?=(?:%|s)(?!\w))")


def write_report(study: Study, path: Path, *, command: str, versions: Mapping[str, str]) -> None:
    """Write the report of `study` to the file `path`, whole or not at all.

    Parameters
    ----------
    study
        What `gradoscope.comparison.compare` returned.
    path
        The HTML file.
    command
        The command line that made the study.
    versions
        Names of what the numbers depend on, with their versions.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    write_text(path, render(study, command=command, versions=versions))


def render(study: Study, *, command: str, versions: Mapping[str, str]) -> str:
    """The report of `study` as HTML, in the language in use."""
    return fill(head(study), sections(study, command, versions), study.name)


def fill(opening: Head, parts: Sequence[Section], name: str) -> str:
    """A page as HTML."""
    return _template().render(
        head=opening,
        sections=parts,
        name=name,
        language=language(),
        version=importlib.metadata.version("gradoscope"),
        colours=Markup(colours.css()),
        css=Markup((files("gradoscope.report") / "page.css").read_text("utf-8")),
        variable=colours.VARIABLES.__getitem__,
        svg=Markup,
        say=say,
    )


def sections(study: Study, command: str, versions: Mapping[str, str]) -> tuple[Section, ...]:
    """Everything below the opening, in order."""
    parts = (
        results(study),
        differences(study),
        scores(study),
        learning(study),
        rates(study),
        calibration(study),
        findings(study),
        gradients(study),
        guessed(study),
        method(study),
        reproduce(study, command, versions),
    )
    return tuple(section for section in parts if section is not None)


def _unbroken(value: object) -> object:
    """Text in which no line ends between a number and its unit; anything else as it is."""
    return _UNIT.sub("\N{NO-BREAK SPACE}", value) if type(value) is str else value


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_unbroken,
    )
    return environment.from_string((files("gradoscope.report") / "page.html").read_text("utf-8"))
