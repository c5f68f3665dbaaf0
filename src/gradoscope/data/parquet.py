"""Parquet files."""

import io

import numpy as np
import polars as pl

from gradoscope.data.separated import Cells
from gradoscope.errors import DataError
from gradoscope.language import say


def read_parquet(content: bytes, place: str) -> Cells:
    """The table in a Parquet file; rows count from 1.

    Raises
    ------
    DataError
        The file is damaged or holds no rows.
    """
    if not content.endswith(b"PAR1"):
        raise DataError(
            say("{place} is not a sound Parquet file: {error}.", place=place, error=say("its end is cut off"))
        )
    try:
        table = pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise DataError(unsound(place, error)) from None
    if not table.height:
        raise DataError(say("{place} has a header and no rows.", place=place))
    return Cells(table, np.arange(1, table.height + 1), ())


def unsound(place: str, error: BaseException) -> str:
    """The sentence for a file that polars cannot read."""
    return say("{place} is not a sound Parquet file: {error}.", place=place, error=str(error).partition("\n")[0])
