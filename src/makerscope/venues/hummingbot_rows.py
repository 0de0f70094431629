"""Hummingbot's ``TradeFill`` rows as text, from its SQLite database or from its CSV export, a few thousand at a time.

Newer databases keep price and amount as whole millionths (``SqliteDecimal(6)``, a BIGINT column; finer digits were cut
when they were recorded), older ones as floats. Schema: ``hummingbot/model/trade_fill.py`` of hummingbot/hummingbot.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl

from makerscope.errors import FormatError
from makerscope.venues.files import Head, Progress, Recording
from makerscope.venues.rows import csv_rows

REQUIRED = (
    "market", "symbol", "base_asset", "quote_asset", "timestamp", "trade_type", "order_type", "price", "amount",
    "trade_fee",
)  # fmt: skip
OPTIONAL = ("config_file_path", "strategy", "order_id", "exchange_trade_id")
MAGIC = b"SQLite format 3\x00"
BATCH = 20_000
DAMAGE = (sqlite3.Error, UnicodeError, OverflowError)  # what a damaged database raises
MILLIONTHS = ("BIGINT", "INTEGER", "INT")  # declared types of a scaled column

OnBad = Callable[[int, str, str], None]


def kind_of(head: Head) -> str | None:
    """``TradeFill`` for a database, ``trades_csv`` for the export, by content."""
    if head.data.startswith(MAGIC):
        return "TradeFill" if b"TradeFill" in head.data or "TradeFill" in _tables(head.path) else None
    return "trades_csv" if set(REQUIRED) <= set(head.first_line.split(",")) else None


def _tables(path: Path) -> set[str]:
    try:
        with closing(_connect(path)) as base:
            return {str(name) for (name,) in base.execute("SELECT name FROM sqlite_master")}
    except DAMAGE:
        return set()


def fill_rows(recording: Recording, on_bad: OnBad, progress: Progress = lambda _bytes: None) -> Iterator[pl.DataFrame]:
    """Frames of String columns ``REQUIRED + OPTIONAL`` and ``line``: of the CSV, or the place in order of time.

    Raises:
        FormatError: the database or the file is damaged, or lacks a column.
    """
    if recording.kind == "trades_csv":
        yield from csv_rows(recording.path, required=REQUIRED, optional=OPTIONAL, on_bad=on_bad, progress=progress)
        return
    try:
        yield from _table_rows(recording.path)
    except DAMAGE as error:
        want = "a whole, unpacked Hummingbot database with the table TradeFill"
        raise FormatError(recording.path, f"cannot be read as SQLite ({error})", want) from error
    progress(recording.path.stat().st_size)


def _connect(path: Path) -> sqlite3.Connection:
    base = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    base.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return base


def _table_rows(path: Path) -> Iterator[pl.DataFrame]:
    with closing(_connect(path)) as base:
        declared = {str(row[1]): str(row[2]).upper() for row in base.execute("PRAGMA table_info('TradeFill')")}
        missing = [name for name in REQUIRED if name not in declared]
        if missing:
            raise FormatError(path, f"table TradeFill lacks {', '.join(missing[:5])}", f"columns {', '.join(REQUIRED)}")
        names = [name for name in (*REQUIRED, *OPTIONAL) if name in declared]
        scaled = {name for name in ("price", "amount") if declared[name].split("(")[0].strip() in MILLIONTHS}
        rows = base.execute(f"SELECT {', '.join(names)} FROM TradeFill ORDER BY timestamp")  # noqa: S608 - fixed names
        line = 1
        while batch := rows.fetchmany(BATCH):
            columns = {
                name: pl.Series(name, [_text(value, scaled=name in scaled) for value in values], dtype=pl.String)
                for name, values in zip(names, zip(*batch, strict=True), strict=True)
            }
            lost = {
                name: pl.Series(name, [None] * len(batch), dtype=pl.String) for name in OPTIONAL if name not in columns
            }
            place = pl.Series("line", range(line, line + len(batch)), dtype=pl.Int64)
            yield pl.DataFrame([place, *columns.values(), *lost.values()])
            line += len(batch)


def _text(value: Any, *, scaled: bool) -> str | None:  # noqa: ANN401 - SQLite types each value
    """A cell as text: millionths as a decimal, a float at the 15 digits it can hold."""
    if value is None:
        return None
    if scaled and isinstance(value, int):
        return f"{'-' if value < 0 else ''}{abs(value) // 10**6}.{abs(value) % 10**6:06d}"
    if scaled:
        return f"{value!r} is no whole number of millionths"
    if isinstance(value, float):
        return f"{value:.15g}"
    return value if isinstance(value, str) else str(value)
