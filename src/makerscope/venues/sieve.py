"""From text columns to integers, and the bad rows apart from the good ones.

A reader states for each column what it must be; a row that fails any statement goes to the quarantine with its line
number and the first reason, the others go on. Nothing is guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

import polars as pl

from makerscope.errors import FormatError
from makerscope.tape.decimals import to_units
from makerscope.tape.write import TapeWriter

EARLIEST = 1_230_768_000_000_000_000  # 2009-01-01: before it nothing that is measured here was traded
LATEST = 4_102_444_800_000_000_000  # 2100-01-01
LARGEST_CASH = 2.0**62  # ticks times lots
DAY = 86_400_000_000_000  # ns
NS = {"ns": "1", "us": "0.001", "ms": "0.000001", "s": "0.000000001"}  # one ns in each unit of time
MOST_DECIMALS = 15  # a price or size with more is float noise or damage, not a unit
DIGITS = 18  # decimal digits that always fit an int64


@dataclass
class Sieve:
    """Sorts the rows of one file; counts what passed and what did not.

    Args:
        path: the file, named in messages.
        table: the table its rows are meant for.
        tape: keeps the bad rows.
        want: what a good row looks like, for the error when there is none.
    """

    path: Path
    table: str
    tape: TapeWriter
    want: str
    good: int = 0
    bad: int = 0
    first_reason: str = field(default="", repr=False)

    def reject(self, line: int | None, raw: str, reason: str) -> None:
        """Keep one bad row and its reason."""
        self.bad += 1
        self.first_reason = self.first_reason or (f"line {line}: {reason}" if line is not None else reason)
        self.tape.quarantine(self.path.name, line, self.table, reason, raw)

    def pass_on(self, rows: pl.DataFrame, reasons: list[pl.Series], texts: pl.DataFrame) -> pl.DataFrame:
        """The rows without a reason against them; the others are kept as they were in ``texts`` (with ``line``)."""
        why = (
            pl.select(pl.coalesce(reasons)).to_series() if reasons else pl.Series([None] * rows.height, dtype=pl.String)
        )
        wrong = why.is_not_null()
        if wrong.any():
            raw = texts.drop("line").select(pl.concat_str(pl.all().fill_null(""), separator=",")).to_series()
            lines = texts["line"]
            for line, text, reason in zip(lines.filter(wrong), raw.filter(wrong), why.filter(wrong), strict=True):
                self.reject(line, text, reason)
        kept = rows.filter(~wrong)
        self.good += kept.height
        return kept

    def close(self) -> None:
        """Refuse a file without a single good row.

        Raises:
            FormatError: all rows were bad, or there was none.
        """
        if self.good == 0:
            fact = f"all of its {self.bad} rows are bad ({self.first_reason})" if self.bad else "holds no row"
            raise FormatError(self.path, fact, self.want)


def number(
    texts: pl.Series, unit: str, *, above: int | None = None, least: int | None = None, required: bool = True
) -> tuple[pl.Series, pl.Series]:
    """Decimal texts as whole multiples of ``unit``, with a reason for each that is none or lies outside the bounds.

    Args:
        texts: String series, named as the reason shall call it.
        unit: a positive decimal.
        above: the number must be greater, in units.
        least: the number must be at least this, in units.
        required: null is a reason, too.

    Examples:
        >>> value, why = number(pl.Series("price", ["1.5", "-1", "x", None]), "0.5", above=0)
        >>> value.to_list()
        [3, None, None, None]
        >>> why.to_list()
        [None, 'price is not positive', 'price is not a number', 'price is missing']
    """
    name = texts.name
    value, fault = to_units(texts, unit)
    frame = pl.DataFrame({"value": value, "fault": fault, "known": texts.is_not_null()})
    reason = pl.when(pl.col("fault").is_not_null()).then(pl.format("{} {}", pl.lit(name), "fault"))
    if required:
        reason = reason.when(~pl.col("known")).then(pl.lit(f"{name} is missing"))
    if above is not None:
        reason = reason.when(pl.col("value") <= above).then(
            pl.lit(f"{name} is not positive" if above == 0 else f"{name} is not above {above} units")
        )
    if least is not None:
        reason = reason.when(pl.col("value") < least).then(
            pl.lit(f"{name} is negative" if least == 0 else f"{name} is below {least} units")
        )
    why = frame.select(reason.cast(pl.String).alias("why"))["why"]
    return value.set(why.is_not_null(), None).alias(name), why.alias(name)


def measured(
    texts: pl.Series,
    names: pl.Series,
    units: Mapping[str, str],
    *,
    above: int | None = None,
    least: int | None = None,
    required: bool = True,
) -> tuple[pl.Series, pl.Series]:
    """As ``number``, with the unit of each row's name (``"1"`` for a name without one).

    Examples:
        >>> measured(pl.Series("p", ["1.5", "7"]), pl.Series(["a", "b"]), {"a": "0.5"})[0].to_list()
        [3, 7]
    """
    frame = pl.DataFrame({"text": texts, "name": names}).with_row_index("at")
    frame = frame.with_columns(unit=pl.col("name").replace_strict(dict(units), default="1", return_dtype=pl.String))
    parts = []
    for (unit,), part in frame.with_columns(pl.col("unit").fill_null("1")).partition_by("unit", as_dict=True).items():
        value, why = number(part["text"].alias(texts.name), str(unit), above=above, least=least, required=required)
        parts.append(pl.DataFrame({"at": part["at"], "value": value, "why": why}))
    empty = pl.DataFrame(schema={"at": pl.UInt32, "value": pl.Int64, "why": pl.String})
    joined = pl.concat(parts).sort("at") if parts else empty
    return joined["value"].alias(texts.name), joined["why"].alias(texts.name)


def floating(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Texts as finite floats, for model numbers that are no money; an absent one is null.

    Examples:
        >>> floating(pl.Series("delta", ["-0.5", "x", None, "inf"]))[0].to_list()
        [-0.5, None, None, None]
    """
    value = texts.cast(pl.Float64, strict=False)
    frame = pl.DataFrame({"text": texts, "value": value}).with_columns(
        fits=pl.col("value").is_finite().fill_null(value=False)
    )
    out = frame.select(
        value=pl.when("fits").then("value"),
        why=pl.when(pl.col("text").is_not_null() & ~pl.col("fits")).then(pl.lit(f"{texts.name} is not a number")),
    )
    return out["value"].alias(texts.name), out["why"].alias(texts.name)


def clock(texts: pl.Series, unit: str, *, required: bool = True) -> tuple[pl.Series, pl.Series]:
    """Numeric times (``unit``: ns, us, ms or s since 1970) as ns, with a reason for each that is not from 2009 to 2099.

    Examples:
        >>> clock(pl.Series("time", ["1430438404518", "5"]), "ms")[1].to_list()
        [None, 'time lies before 2009']
    """
    value, why = number(texts, NS[unit], required=required)
    frame = pl.DataFrame({"value": value, "why": why})
    out = frame.select(
        pl.col("value"),
        why=pl.coalesce(
            "why",
            pl.when(pl.col("value") < EARLIEST).then(pl.lit(f"{texts.name} lies before 2009")),
            pl.when(pl.col("value") >= LATEST).then(pl.lit(f"{texts.name} lies after 2099")),
        ),
    )
    return out["value"].set(out["why"].is_not_null(), None).alias(texts.name), out["why"].alias(texts.name)


def apart(exchange_time: pl.Series, local_time: pl.Series) -> pl.Series:
    """A reason for each row whose two clocks (ns) are more than a day apart: one of them is wrong.

    Examples:
        >>> apart(pl.Series([0, 0]), pl.Series([5, 10**15])).to_list()
        [None, 'the two clocks are more than a day apart']
    """
    frame = pl.DataFrame({"one": exchange_time, "other": local_time})
    far = (pl.col("one") - pl.col("other")).abs() > DAY
    return frame.select(pl.when(far).then(pl.lit("the two clocks are more than a day apart")).alias("why"))["why"]


def overflows(price: pl.Series, size: pl.Series) -> pl.Series:
    """A reason for each row whose ticks times lots are beyond half an int64: its cash could not be kept.

    Examples:
        >>> overflows(pl.Series([3, 2**40]), pl.Series([4, 2**40])).to_list()
        [None, 'price times size is too large']
    """
    frame = pl.DataFrame({"price": price, "size": size})
    large = pl.col("price").cast(pl.Float64) * pl.col("size").cast(pl.Float64) > LARGEST_CASH
    return frame.select(pl.when(large).then(pl.lit("price times size is too large")).alias("why"))["why"]


def chosen(texts: pl.Series, values: Mapping[str, int], *, fold: bool = True) -> tuple[pl.Series, pl.Series]:
    """Words as numbers (``{"buy": 1, "sell": -1}``), with a reason for each word that is not known.

    Examples:
        >>> value, why = chosen(pl.Series("side", ["Buy", "hold"]), {"buy": 1, "sell": -1})
        >>> value.to_list(), why.to_list()
        ([1, None], [None, 'side is not known'])
    """
    words = texts.str.strip_chars()
    words = words.str.to_lowercase() if fold else words
    known = {key.lower(): value for key, value in values.items()} if fold else dict(values)
    value = words.replace_strict(known, default=None, return_dtype=pl.Int64)
    frame = pl.DataFrame({"value": value, "text": texts})
    reason = pl.when(pl.col("text").is_null()).then(pl.lit(f"{texts.name} is missing"))
    reason = reason.when(pl.col("value").is_null()).then(pl.lit(f"{texts.name} is not known"))
    return value, frame.select(why=reason.cast(pl.String))["why"]


def decimals_seen(names: pl.Series, texts: pl.Series) -> pl.DataFrame:
    """Per name: the most significant decimals of its numbers and the digits before the point.

    Args:
        names: to group by, such as the symbol.
        texts: decimal texts. What is no plausible number (``MOST_DECIMALS``) is left out; it will be quarantined later.

    Returns:
        Columns ``name``, ``decimals`` and ``digits``.

    Examples:
        >>> decimals_seen(pl.Series(["a", "a"]), pl.Series(["1.50", "22e-3"])).row(0)
        ('a', 3, 1)
    """
    plain = pl.DataFrame({"name": names, "text": _plain(texts)}).filter(
        pl.col("text").str.contains(r"^[+-]?(\d+\.?\d*|\.\d+)$")
    )
    fraction = pl.col("text").str.extract(r"\.(\d*)$").str.strip_chars_end("0").str.len_bytes().fill_null(0)
    whole = pl.col("text").str.extract(r"^[+-]?0*(\d*)").str.len_bytes().fill_null(0)
    return (
        plain.select("name", decimals=fraction.cast(pl.Int64), digits=whole.cast(pl.Int64))
        .filter((pl.col("decimals") <= MOST_DECIMALS) & (pl.col("digits") <= MOST_DECIMALS))
        .group_by("name")
        .agg(pl.col("decimals", "digits").max())
    )


def _plain(texts: pl.Series) -> pl.Series:
    odd = texts.str.contains(r"[eE]").fill_null(value=False)
    if not odd.any():
        return texts
    return pl.Series(
        [_without_exponent(text) if has else text for text, has in zip(texts, odd, strict=True)], dtype=pl.String
    )


def _without_exponent(text: str) -> str | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return f"{value:f}" if value.is_finite() and abs(value.adjusted()) < 3 * MOST_DECIMALS else None


@dataclass
class Units:
    """The finest unit seen for each name, gathered block by block; memory grows with the names, not with the file."""

    seen: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, names: pl.Series, texts: pl.Series) -> None:
        """Look at more numbers."""
        for name, decimals, digits in decimals_seen(names, texts).iter_rows():
            before = self.seen.get(name, (0, 0))
            self.seen[name] = (max(before[0], decimals), max(before[1], digits))

    def unit(self, name: str) -> str | None:
        """The coarsest power of ten, at most 1, of which all numbers of ``name`` are multiples and fit an int64.

        Examples:
            >>> units = Units()
            >>> units.add(pl.Series(["a"]), pl.Series(["0.050"]))
            >>> units.unit("a"), units.unit("b")
            ('0.01', None)
        """
        if name not in self.seen:
            return None
        decimals, digits = self.seen[name]
        return f"{Decimal(1).scaleb(-min(decimals, max(0, DIGITS - digits))):f}"
