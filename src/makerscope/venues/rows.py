"""Rows of delimited text as frames of strings, each with its line number. A bad row is handed back, never guessed."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from makerscope.errors import FormatError
from makerscope.venues.files import Progress, blocks

OnBad = Callable[[int, str, str], None]  # line number, the line, what is wrong with it


def csv_rows(
    path: Path,
    *,
    required: tuple[str, ...],
    optional: tuple[str, ...] = (),
    on_bad: OnBad,
    progress: Progress = lambda _bytes: None,
) -> Iterator[pl.DataFrame]:
    """The rows of a CSV file with a header line, a few megabytes at a time.

    Args:
        path: the file, plain or compressed.
        required: columns that must stand in the header.
        optional: columns that may be absent from the header, or be left off the end of a row; then they are null.
        on_bad: told of each row whose number of fields does not fit the header.
        progress: told of the bytes read.

    Yields:
        Frames of String columns ``required + optional`` and ``line`` (Int64, from 1). An empty field is null.

    Raises:
        FormatError: no header, a required column is missing, or the file is damaged.
    """
    wanted = (*required, *optional)
    header: list[str] = []
    line = 1
    for block in blocks(path, progress):
        text = block.decode("utf-8", "replace")
        if not header:
            first, text = text.split("\n", 1)
            try:
                header = next(csv.reader([first.removeprefix("\ufeff").rstrip("\r")]), [])
            except csv.Error as error:
                raise FormatError(path, f"its first line is not CSV ({error})", "a header line") from error
            missing = [name for name in required if name not in header]
            if missing:
                raise FormatError(
                    path, f"header lacks {', '.join(map(repr, missing[:5]))}", f"columns {', '.join(required[:12])}"
                )
            if len(set(header)) < len(header):
                raise FormatError(path, "header names a column twice", "each column once")
            header = ["line of the source" if name == "line" else name for name in header]  # ``line`` is ours
            line = 2
        rows = text.split("\n")
        rows.pop()  # what stands behind the last line end
        raw = pl.Series("raw", rows, dtype=pl.String).str.strip_suffix("\r")
        shortest = len(header) - _optional_tail(header, optional)
        frame = _split(raw, header, shortest, line, on_bad)
        line += len(rows)
        if frame.height:
            yield frame.select(
                "line",
                *(pl.col(name) if name in header else pl.lit(None, dtype=pl.String).alias(name) for name in wanted),
            )
    if not header:
        raise FormatError(path, "is empty", f"a header line with {', '.join(required[:12])}")


def _optional_tail(header: list[str], optional: tuple[str, ...]) -> int:
    tail = 0
    for name in reversed(header):
        if name not in optional:
            break
        tail += 1
    return tail


def _split(raw: pl.Series, header: list[str], shortest: int, first_line: int, on_bad: OnBad) -> pl.DataFrame:
    width = len(header)
    lines = pl.DataFrame({"raw": raw}).with_columns(
        line=pl.int_range(first_line, first_line + len(raw), dtype=pl.Int64)
    )
    lines = lines.filter(pl.col("raw").str.strip_chars() != "")
    if lines.select(pl.col("raw").str.contains('"', literal=True).any()).item():
        return _split_quoted(lines, header, shortest, on_bad)
    lines = lines.with_columns(fields=pl.col("raw").str.count_matches(",", literal=True) + 1)
    fits = (pl.col("fields") >= shortest) & (pl.col("fields") <= width)
    for row in lines.filter(~fits).iter_rows(named=True):
        on_bad(row["line"], row["raw"], _count_text(row["fields"], width))
    good = lines.filter(fits)
    if width == 1:
        return good.select("line", pl.col("raw").alias(header[0]))
    parts = good.select("line", pl.col("raw").str.split_exact(",", width - 1).struct.rename_fields(header)).unnest(
        "raw"
    )
    return parts.with_columns(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in header)


def _split_quoted(lines: pl.DataFrame, header: list[str], shortest: int, on_bad: OnBad) -> pl.DataFrame:
    kept: list[list[object]] = []
    for raw, line in zip(lines["raw"], lines["line"], strict=True):
        try:
            fields = next(csv.reader([raw], strict=True))
        except csv.Error as error:
            on_bad(line, raw, f"is not CSV ({error})")
            continue
        if not shortest <= len(fields) <= len(header):
            on_bad(line, raw, _count_text(len(fields), len(header)))
            continue
        kept.append([line, *(field or None for field in fields), *[None] * (len(header) - len(fields))])
    schema = {"line": pl.Int64, **dict.fromkeys(header, pl.String)}
    return pl.DataFrame(kept, schema=schema, orient="row")


def _count_text(have: int, want: int) -> str:
    return f"has {'fewer' if have < want else 'more'} fields than the header"
