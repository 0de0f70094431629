"""Columns of text as columns of a tape, row by row good or bad. A bad row is set aside with its reason, never guessed.

A *reader* of a column takes a String series and answers values and reasons: a reason is null where the value may be
trusted. A *rule* is an expression over the columns read; it answers a reason for each row that breaks it, else null.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

Reader = Callable[[pl.Series], tuple[pl.Series, pl.Series]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the source and how it is read. Without ``optional`` an absent value makes a bad row."""

    source: str
    read: Reader
    optional: bool = False


def required(read: Reader) -> Reader:
    """As ``read``, and an absent text is a reason.

    Examples:
        >>> required(lambda texts: (texts, pl.Series([None, None])))(pl.Series(["a", None]))[1].to_list()
        [None, 'is missing']
    """

    def read_all(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
        value, why = read(texts)
        if not texts.null_count():
            return value, why
        frame = pl.DataFrame({"text": texts, "why": why})
        missing = pl.when(pl.col("text").is_null()).then(pl.lit("is missing"))
        return value, frame.select(pl.coalesce("why", missing)).to_series()

    return read_all


def parsed(
    rows: pl.DataFrame, columns: Mapping[str, Column], rules: Sequence[pl.Expr] = ()
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of text as rows of values.

    Args:
        rows: String columns and ``line`` (Int64).
        columns: by the name of the result.
        rules: what must hold between the columns of the result; a value that could not be read is null.

    Returns:
        The good rows with ``line`` and the named columns, in the same order, and the bad rows as ``line, reason, raw``;
        of several reasons the first counts, those of columns before those of rules.

    Examples:
        >>> rows = pl.DataFrame({"line": [2, 3], "p": ["a", None]})
        >>> as_it_is = lambda texts: (texts, pl.Series([None, None], dtype=pl.String))
        >>> good, bad = parsed(rows, {"name": Column("p", as_it_is)})
        >>> good["name"].to_list(), bad["reason"].to_list()
        (['a'], ['p is missing'])
    """
    values, reasons = [rows["line"]], []
    for name, column in columns.items():
        value, why = (column.read if column.optional else required(column.read))(rows[column.source])
        values.append(value.alias(name))
        if why.null_count() < len(why):
            reasons.append(
                why.to_frame("why").select(pl.format(f"{column.source} {{}}", "why").alias(name)).to_series()
            )
    out = pl.DataFrame(values)
    reasons += [out.select(rule.cast(pl.String).alias(f"rule {at}")).to_series() for at, rule in enumerate(rules)]
    if all(why.null_count() == len(why) for why in reasons):
        return out, _NO_BAD
    reason = pl.DataFrame(reasons).select(reason=pl.coalesce(pl.all())).to_series()
    bad = reason.is_not_null()
    raw = pl.concat_str(pl.all().exclude("line").fill_null(""), separator=",")
    return out.filter(~bad), rows.filter(bad).select("line", reason=reason.filter(bad), raw=raw)


_NO_BAD = pl.DataFrame(schema={"line": pl.Int64, "reason": pl.String, "raw": pl.String})
