"""Files for the tests about data."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

Writer = Callable[[str, str | bytes], str]


@pytest.fixture
def file(tmp_path: Path) -> Writer:
    """Write a file of that name and content; returns its path as text."""

    def write(name: str, content: str | bytes) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write


@pytest.fixture
def idx_bytes() -> Callable[..., bytes]:
    """The bytes of an IDX file of unsigned bytes, written by hand as the format's page describes it."""

    def write(array: NDArray[np.uint8], *, packed: bool = False) -> bytes:
        header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
        content = header + array.tobytes()
        return gzip.compress(content) if packed else content

    return write
