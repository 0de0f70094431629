"""Columns of text as columns of a tape, row by row good or bad. A bad row is set aside with its reason, never guessed.

A *reader* of a column takes a String series and answers values and reasons: a reason is null where the value may be
trusted. ``Intake`` keeps the account of one file: what was read, what was set aside, and whether anything was left.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from makerscope.errors import FormatError
from makerscope.tape.decimals import to_units
from makerscope.tape.write import TapeWriter

Reader = Callable[[pl.Series], tuple[pl.Series, pl.Series]]


def positive(unit: str) -> Reader:
    """Reader of a decimal above zero, in whole multiples of ``unit``: a price or a size.

    Examples:
        >>> positive("0.1")(pl.Series(["0.3", "0", "-1", "0.25", "NaN"]))[1].to_list()
        [None, 'is not positive', 'is not positive', 'is finer than the unit', 'is not a number']
    """

    def read(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
        value, why = to_units(texts, unit)
        if (value <= 0).any():
            frame = pl.DataFrame({"value": value, "why": why})
            low = pl.col("value") <= 0
            out = frame.select(
                value=pl.when(~low).then("value"), why=pl.coalesce("why", pl.when(low).then(pl.lit("is not positive")))
            )
            return out["value"].alias(texts.name), out["why"]
        return value, why

    return read


def one_of(words: Mapping[str, int]) -> Reader:
    """Reader of a word that stands for a number, such as ``{"buy": -1, "sell": 1}`` (case does not matter).

    Examples:
        >>> one_of({"buy": -1, "sell": 1})(pl.Series(["Sell", "hold"]))[0].to_list()
        [1, None]
    """
    want = " or ".join(words)

    def read(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
        frame = pl.DataFrame({"text": texts}).with_columns(
            value=pl.col("text").str.to_lowercase().replace_strict(dict(words), default=None, return_dtype=pl.Int8)
        )
        why = frame.select(
            why=pl.when(pl.col("text").is_not_null() & pl.col("value").is_null()).then(pl.lit(f"is not {want}"))
        )
        return frame["value"], why["why"]

    return read


def text(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Reader of a name, taken as it is."""
    return texts, pl.repeat(None, len(texts), dtype=pl.String, eager=True)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the source and how it is read. Without ``optional`` an absent value makes a bad row."""

    source: str
    read: Reader
    optional: bool = False


def parsed(rows: pl.DataFrame, columns: Mapping[str, Column]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of text as rows of values.

    Args:
        rows: String columns and ``line`` (Int64).
        columns: by the name of the result.

    Returns:
        The good rows with ``line`` and the named columns, in the same order, and the bad rows as ``line, reason, raw``.

    Examples:
        >>> rows = pl.DataFrame({"line": [2, 3], "p": ["1.5", "?"]})
        >>> good, bad = parsed(rows, {"price": Column("p", positive("0.5"))})
        >>> good["price"].to_list(), bad["reason"].to_list()
        ([3], ['p is not a number'])
    """
    values, reasons = [rows["line"]], []
    for name, column in columns.items():
        source = rows[column.source]
        value, why = column.read(source)
        values.append(value.alias(name))
        if why.null_count() < len(why):
            reasons.append(why.rename(name).to_frame().select(pl.format(f"{column.source} {{}}", pl.col(name)))[name])
        if not column.optional and source.null_count():
            lost = pl.DataFrame({"lost": source.is_null()})
            why = lost.select(pl.when("lost").then(pl.lit(f"{column.source} is missing")).alias(f"{name}_lost"))
            reasons.append(why.to_series())
    out = pl.DataFrame(values)
    if not reasons:
        return out, _NO_BAD
    reason = pl.DataFrame(reasons).select(reason=pl.coalesce(pl.all())).to_series()
    bad = reason.is_not_null()
    raw = pl.concat_str(pl.selectors.string().fill_null(""), separator=",")
    return out.filter(~bad), rows.with_columns(reason=reason).filter(bad).select("line", "reason", raw=raw.alias("raw"))


_NO_BAD = pl.DataFrame(schema={"line": pl.Int64, "reason": pl.String, "raw": pl.String})


@dataclass(slots=True)
class Intake:
    """The account of one file on its way to one table of a tape.

    Args:
        tape: where bad rows are kept.
        path: the file.
        table: table its rows are meant for.
    """

    tape: TapeWriter
    path: Path
    table: str
    kept: int = 0
    bad: int = 0
    first_bad: str = ""

    def refuse(self, line: int, raw: str, reason: str) -> None:
        """Set a row aside."""
        self.bad += 1
        self.first_bad = self.first_bad or f"line {line}: {reason}"
        self.tape.quarantine(self.path.name, line, self.table, reason, raw)

    def sieve(self, rows: pl.DataFrame, columns: Mapping[str, Column]) -> pl.DataFrame:
        """The good rows of ``parsed``; the bad ones are set aside."""
        good, bad = parsed(rows, columns)
        for line, reason, raw in bad.iter_rows():
            self.refuse(line, raw, reason)
        self.kept += good.height
        return good

    def close(self, want: str) -> None:
        """Say so if the file held nothing.

        Raises:
            FormatError: there were rows and none was good.
        """
        if not self.kept and self.bad:
            raise FormatError(self.path, f"none of its {self.bad} rows can be read ({self.first_bad})", want)
        if not self.kept:
            self.tape.find("warning", "empty file", f"{self.path.name} has a header and no rows", table=self.table)
