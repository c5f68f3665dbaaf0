"""The bytes of a file, and what kind of file they are, told from the bytes and not from the name."""

import gzip
import zlib
from difflib import get_close_matches
from pathlib import Path

from gradoscope.errors import DataError
from gradoscope.language import say

GZIP = b"\x1f\x8b"
OLD_OFFICE = b"\xd0\xcf\x11\xe0"
UTF16 = (b"\xff\xfe", b"\xfe\xff")
MOST_CONTROL = 0.05  # a text holds hardly any control characters


def read_content(path: Path) -> bytes:
    """Everything in the file, unpacked if it is gzipped.

    Raises
    ------
    DataError
        There is no such file, it may not be read, it is empty, or its packing is damaged.
    """
    try:
        if path.is_char_device() or path.is_block_device():
            raise DataError(say("{path} is a device, not a data file.", path=path))
        content = path.read_bytes()
    except FileNotFoundError:
        raise DataError(missing_file(path)) from None
    except OSError as error:
        raise DataError(unreadable(path, error)) from None
    if content.startswith(GZIP):
        content = _unpack(content, path)
    if not content:
        raise DataError(say("{path} is empty.", path=path))
    return content


def unreadable(path: Path, error: OSError) -> str:
    """The sentence for a file or folder that is there and cannot be read."""
    if isinstance(error, PermissionError):
        return say("{path} may not be read: permission denied.", path=path)
    return say("{path} cannot be read: {error}.", path=path, error=error.strerror)


def missing_file(path: Path) -> str:
    """The sentence for a file that is not there, with the nearest name in its folder."""
    try:
        beside = [each.name for each in path.parent.iterdir()]
    except OSError:
        beside = []
    close = get_close_matches(path.name, beside, n=1)
    if close:
        return say("there is no file {path}. Did you mean {names}?", path=path, names=path.with_name(close[0]))
    return say("there is no file {path}.", path=path)


def kind_of(content: bytes, path: Path) -> str:
    """What the bytes are: "parquet", "npz", "idx" or "text".

    Raises
    ------
    DataError
        They are something else, such as a workbook or a program.
    """
    if content.startswith(b"PAR1"):
        return "parquet"
    if content.startswith(b"PK\x03\x04"):
        if b"[Content_Types].xml" in content[:4000]:
            raise DataError(_workbook(path))
        return "npz"
    if content.startswith(OLD_OFFICE):
        raise DataError(_workbook(path))
    if content[:2] == b"\0\0" and len(content) >= 4 and content[2] in range(8, 15):
        return "idx"
    if not content.startswith(UTF16) and _looks_binary(content[:65536]):
        raise DataError(
            say(
                "{path} is not a text file; CSV, TSV, Parquet, NPZ and IDX files are read. Save the table as one.",
                path=path,
            )
        )
    return "text"


def _unpack(content: bytes, path: Path) -> bytes:
    try:
        return gzip.decompress(content)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(say("{path} is damaged and cannot be unpacked: {error}.", path=path, error=error)) from None


def _workbook(path: Path) -> str:
    return say("{path} is an Excel workbook; save the sheet as CSV (UTF-8) and give that file.", path=path)


def _looks_binary(start: bytes) -> bool:
    control = sum(start.count(code) for code in range(32) if code not in b"\t\n\r\f")
    return b"\0" in start or control > MOST_CONTROL * len(start)
