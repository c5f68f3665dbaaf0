"""Write docs/lessons: the gallery of all lessons, made by running them, in English and in Korean.

`python docs/generate_lessons.py [NAME ...]` writes the pages of the lessons named, or of all.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from gradoscope.files import write_bytes, write_text
from gradoscope.language import LANGUAGES, say, speaking
from gradoscope.lessons import LessonResult, Table, find, lessons
from gradoscope.plots.figure import png

GALLERY = Path(__file__).parent / "lessons"


def main(names: list[str]) -> None:
    """Run the lessons and write their pages and the two indexes."""
    for lesson in map(find, names) if names else lessons():
        result = lesson.run()
        for language in LANGUAGES:
            with speaking(language):
                write_page(result, GALLERY / language)
    for language in LANGUAGES:
        with speaking(language):
            write_text(GALLERY / language / "README.md", "\n".join(index()) + "\n")


def write_page(result: LessonResult, folder: Path) -> None:
    """Write one lesson's page and pictures in the language in use."""
    folder.mkdir(parents=True, exist_ok=True)
    for figure in result.figures:
        write_bytes(folder / f"{result.lesson.name}-{figure.name}.png", png(figure.plot.draw()))
    write_text(folder / f"{result.lesson.name}.md", "\n".join(page(result)) + "\n")


def page(result: LessonResult) -> Iterator[str]:
    """The lines of a lesson's page."""
    yield f"# {result.lesson.summary()}\n"
    yield f"`gradoscope lesson {result.lesson.name}`\n"
    for claim in result.claims:
        yield f"{say('Claim {number}: {text}', number=claim.number, text=claim.text)}\n"
        yield f"**{claim.verdict.word}.** {claim.condition}\n"
    for table in result.tables:
        yield from written(table)
    for figure in result.figures:
        yield f"![{figure.caption}]({result.lesson.name}-{figure.name}.png)\n\n{figure.caption}\n"
    yield f"**{say('Try this')}**\n"
    for options, shows in result.hints:
        yield f"- `gradoscope lesson {result.lesson.name} {options}`: {shows}"


def written(table: Table) -> Iterator[str]:
    """The lines of a table in Markdown."""
    yield f"{table.title}\n"
    yield f"| {' | '.join(table.columns)} |"
    yield f"|{'---|' * len(table.columns)}"
    for row in table.written():
        cells = (cell.replace("|", r"\|") for cell in row)
        yield f"| {' | '.join(cells)} |"
    yield ""


def index() -> Iterator[str]:
    """The lines of the gallery's first page."""
    yield f"# {say('lesson')}\n"
    for lesson in lessons():
        yield f"- [{lesson.summary()}]({lesson.name}.md)"


if __name__ == "__main__":
    main(sys.argv[1:])
