"""A lesson's result on disk: result.json, and every figure as SVG and PNG."""

import json
from pathlib import Path

from gradoscope.errors import UsageError
from gradoscope.files import write_bytes, write_text
from gradoscope.language import say, speaking
from gradoscope.lessons.lesson import LessonResult
from gradoscope.plots.figure import label_language, png, svg


def write_result(result: LessonResult, folder: Path) -> list[Path]:
    """Write the result into `folder`, over an earlier one of the same lesson.

    Labels are in the language in use where a font on this machine has its letters, else in English.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    UsageError
        The folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(
            say("{path} cannot be made: {reason}; name another folder with --out.", path=folder, reason=reason)
        ) from None
    written = [folder / "result.json"]
    write_text(written[0], json.dumps(result.to_json(), ensure_ascii=False, allow_nan=False, indent=2) + "\n")
    with speaking(label_language()):
        for figure in result.figures:
            drawn = figure.plot.draw()
            for ending, content in (("svg", svg(drawn)), ("png", png(drawn))):
                written.append(folder / f"{figure.name}.{ending}")
                write_bytes(written[-1], content)
    return written
