"""Frames as the tables of a tape: exact columns and types, and the Parquet they are kept in."""

from pathlib import Path
from types import MappingProxyType

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from makerscope.errors import SchemaError
from makerscope.tape.events import SCHEMAS

_KINDS = {
    pa.int64(): pl.Int64(),
    pa.int8(): pl.Int8(),
    pa.float64(): pl.Float64(),
    pa.string(): pl.String(),
    pa.bool_(): pl.Boolean(),
    pa.decimal128(38, 0): pl.Decimal(38, 0),
}
POLARS: MappingProxyType[str, pl.Schema] = MappingProxyType(
    {table: pl.Schema({field.name: _KINDS[field.type] for field in schema}) for table, schema in SCHEMAS.items()}
)


def conform(rows: pl.DataFrame, table: str) -> pl.DataFrame:
    """``rows`` with exactly the columns and types of ``table``; columns that may be null are filled with null.

    Raises:
        SchemaError: a column is missing, unknown, of another type, or null where it may not be.
    """
    schema = SCHEMAS[table]
    wanted = POLARS[table]
    unknown = {name: "is not known" for name in rows.columns if name not in wanted}
    if unknown:
        raise SchemaError(table, wrong=unknown)
    missing = tuple(field.name for field in schema if field.name not in rows.columns and not field.nullable)
    if missing:
        raise SchemaError(table, missing=missing)
    columns, wrong = [], {}
    for name, kind in wanted.items():
        if name not in rows.columns:
            columns.append(pl.lit(None, dtype=kind).alias(name))
            continue
        have = rows.schema[name]
        same = (
            have in (kind, pl.Null)
            or (have.is_integer() and kind.is_integer())
            or isinstance(have, pl.Enum | pl.Categorical)
        )
        if not same and not (have.is_numeric() and (kind == pl.Float64 or isinstance(kind, pl.Decimal))):
            wrong[name] = f"is {have}, want {kind}"
        columns.append(pl.col(name).cast(kind))
    if wrong:
        raise SchemaError(table, wrong=wrong)
    try:
        out = rows.select(columns)
    except pl.exceptions.InvalidOperationError as error:
        raise SchemaError(table, wrong={"values": f"do not fit ({error})"}) from error
    nulls = {field.name: "is null" for field in schema if not field.nullable and out[field.name].null_count()}
    if nulls:
        raise SchemaError(table, wrong=nulls)
    return out


def to_arrow(rows: pl.DataFrame, table: str) -> pa.Table:
    """``rows`` as an Arrow table with the exact schema and metadata of ``table``."""
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(SCHEMAS[table])


def parquet_writer(path: Path, table: str) -> pq.ParquetWriter:
    """A Parquet writer with the project's encodings: integers as deltas, names as dictionaries, zstd."""
    schema = SCHEMAS[table]
    numbers = [field.name for field in schema if pa.types.is_int64(field.type)]
    names = [field.name for field in schema if not pa.types.is_int64(field.type)]
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=1,
        use_dictionary=names,  # pyright: ignore[reportArgumentType] - a list of columns is allowed
        column_encoding=dict.fromkeys(numbers, "DELTA_BINARY_PACKED"),
        write_statistics=True,
    )
