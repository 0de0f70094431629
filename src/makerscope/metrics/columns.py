"""What metrics ask of a table or an array before they compute."""

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError, SchemaError


def need(frame: pl.DataFrame, table: str, *columns: str) -> None:
    """Require columns of a table.

    Raises:
        SchemaError: a column is missing.

    Examples:
        >>> need(pl.DataFrame({"time": [1]}), "trades", "time", "price")
        Traceback (most recent call last):
        makerscope.errors.SchemaError: table 'trades': column 'price' is missing
    """
    absent = tuple(name for name in columns if name not in frame.columns)
    if absent:
        raise SchemaError(table, missing=absent)


def vector(values: ArrayLike) -> NDArray[np.float64]:
    """``values`` as a contiguous float64 array of one dimension.

    Raises:
        DomainError: it has another shape.

    Examples:
        >>> vector([1, 2])
        array([1., 2.])
    """
    out = np.ascontiguousarray(values, dtype=np.float64)
    if out.ndim != 1:
        raise DomainError(f"an array has shape {out.shape}; want one dimension")
    return out


def keys_of(frame: pl.DataFrame) -> list[str]:
    """The columns that name a bucket: ``instrument`` where the table has it, then ``bucket``."""
    return ["instrument", "bucket"] if "instrument" in frame.columns else ["bucket"]
