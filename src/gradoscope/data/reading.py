"""Reading a file of any kind."""

from pathlib import Path

from gradoscope.data.arrays import read_npz
from gradoscope.data.cells import Where
from gradoscope.data.content import kind_of, read_content
from gradoscope.data.decoding import to_utf8
from gradoscope.data.idx import read_idx_folder, read_idx_pair
from gradoscope.data.parquet import read_parquet
from gradoscope.data.separated import Cells, read_separated
from gradoscope.data.source import Source
from gradoscope.data.tables import Columns, to_source


def read_table(content: bytes, path: Path, separator: str | None, encoding: str | None) -> Cells:
    """The cells of a text or Parquet file."""
    if kind_of(content, path) == "parquet":
        return read_parquet(content, path.name)
    text, guesses = to_utf8(content, path.name, encoding)
    cells = read_separated(text, path.name, separator)
    return cells._replace(guesses=guesses + cells.guesses)


def read_source(path: Path, said: Columns, separator: str | None, encoding: str | None) -> Source:
    """Inputs and target of any file or folder."""
    return _read(path, said, separator, encoding)._replace(is_file=True)


def _read(path: Path, said: Columns, separator: str | None, encoding: str | None) -> Source:
    if path.is_dir():
        return read_idx_folder(path)
    content = read_content(path)
    kind = kind_of(content, path)
    if kind == "idx":
        return read_idx_pair(path)
    if kind == "npz":
        return read_npz(content, path.name)
    cells = read_table(content, path, separator, encoding)
    source = to_source(cells.table, Where(path.name, cells.rows), said)
    return source._replace(guesses=cells.guesses + source.guesses)
