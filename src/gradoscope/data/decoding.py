"""From the bytes of a text file to UTF-8: UTF-8 (with or without a mark) first, then CP949."""

import codecs

from gradoscope.data.content import UTF16
from gradoscope.data.dataset import Guess
from gradoscope.errors import DataError, UsageError
from gradoscope.language import say


def to_utf8(content: bytes, place: str, encoding: str | None) -> tuple[bytes, tuple[Guess, ...]]:
    """The text in UTF-8 with plain line ends and no byte-order marks, and the guess of its encoding where one was made.

    Parameters
    ----------
    content
        The bytes of the file.
    place
        The file, for messages.
    encoding
        What the user says it is, or None to guess.

    Raises
    ------
    DataError
        The bytes are not text in that encoding, or in none of those tried.
    UsageError
        An unknown encoding.
    """
    if encoding is not None:
        text = _decode_as(content, place, encoding)
        guesses: tuple[Guess, ...] = ()
    else:
        text, guess = _guess(content, place)
        guesses = (guess,)
    return text.replace("\ufeff", "").replace("\r\n", "\n").replace("\r", "\n").encode(errors="replace"), guesses


def _decode_as(content: bytes, place: str, encoding: str) -> str:
    try:
        return content.decode("utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding)
    except LookupError:
        raise UsageError(
            say("there is no encoding {encoding!r}; common ones are utf-8, cp949, latin-1.", encoding=encoding)
        ) from None
    except UnicodeError as error:
        row = content[: error.start].count(b"\n") + 1 if isinstance(error, UnicodeDecodeError) else 1
        raise DataError(
            say(
                "row {row} of {place} is not text in the encoding {encoding}; choose another --encoding.",
                row=row,
                place=place,
                encoding=encoding,
            )
        ) from None


def _guess(content: bytes, place: str) -> tuple[str, Guess]:
    if content.startswith(UTF16):
        text = _decode_as(content, place, "utf-16")
        return text, _told("utf-16", say("the file begins with the mark of UTF-16"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        return _as_cp949(content, place, row)
    marked = content.startswith(codecs.BOM_UTF8)
    reason = say("the file begins with the mark of UTF-8") if marked else say("every character is valid UTF-8")
    return text, _told("utf-8", reason)


def _as_cp949(content: bytes, place: str, row: int) -> tuple[str, Guess]:
    try:
        text = content.decode("cp949")
    except UnicodeDecodeError:
        raise DataError(
            say(
                "{place} is neither UTF-8 nor CP949 (row {row}); say what it is with --encoding, such as latin-1.",
                place=place,
                row=row,
            )
        ) from None
    return text, _told("cp949", say("row {row} is not UTF-8, and the whole file is valid CP949", row=row))


def _told(encoding: str, reason: str) -> Guess:
    return Guess(say("encoding"), encoding, reason, "--encoding")
