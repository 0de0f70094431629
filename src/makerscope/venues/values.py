"""Readers of single columns (see ``columns``): numbers in whole units, model numbers, words, names."""

from collections.abc import Callable, Mapping

import polars as pl

from makerscope.tape.decimals import to_units
from makerscope.venues.columns import Reader


def whole(unit: str) -> Reader:
    """Reader of a decimal, in whole multiples of ``unit``."""
    return lambda texts: to_units(texts, unit)


def positive(unit: str) -> Reader:
    """Reader of a decimal above zero, in whole multiples of ``unit``: a price or a size.

    Examples:
        >>> positive("0.1")(pl.Series(["0.3", "0", "-1", "0.25", "NaN"]))[1].to_list()
        [None, 'is not positive', 'is not positive', 'is finer than the unit', 'is not a number']
    """
    return _at_least(unit, 1, "is not positive")


def from_zero(unit: str) -> Reader:
    """Reader of a decimal from zero, in whole multiples of ``unit``: a size that may be gone.

    Examples:
        >>> from_zero("0.1")(pl.Series(["0.3", "0", "-1"]))[1].to_list()
        [None, None, 'is negative']
    """
    return _at_least(unit, 0, "is negative")


def _at_least(unit: str, least: int, fault: str) -> Reader:
    def read(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
        value, why = to_units(texts, unit)
        if not (value < least).any():
            return value, why
        frame = pl.DataFrame({"value": value, "why": why})
        low = pl.col("value") < least
        out = frame.select(value=pl.when(~low).then("value"), why=pl.coalesce("why", pl.when(low).then(pl.lit(fault))))
        return out["value"].alias(texts.name), out["why"]

    return read


def in_units(units: pl.Series, reader: Callable[[str], Reader] = whole) -> Reader:
    """Reader of decimals with a unit beside each; a null unit answers null, without a reason.

    Args:
        units: positive decimals as text, of the rows that will be read.
        reader: of numbers of one unit, such as ``positive``.

    Examples:
        >>> in_units(pl.Series(["0.1", "1", "0.1"]))(pl.Series(["1.5", "2", "0.05"]))[0].to_list()
        [15, 2, None]
    """

    def read(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
        places = pl.int_range(len(texts), dtype=pl.Int64, eager=True)
        parts = []
        for unit in units.drop_nulls().unique(maintain_order=True):
            here = (units == unit).fill_null(value=False)
            if here.all():
                return reader(unit)(texts)
            value, why = reader(unit)(texts.filter(here))
            parts.append(pl.DataFrame({"place": places.filter(here), "value": value, "why": why}))
        if not parts:
            return nothing(len(texts), pl.Int64), nothing(len(texts), pl.String)
        out = places.alias("place").to_frame().join(pl.concat(parts), on="place", how="left", maintain_order="left")
        return out["value"].alias(texts.name), out["why"]

    return read


def named_units(names: pl.Series, units: Mapping[str, str]) -> pl.Series:
    """The unit of each name, ``"1"`` for a name without one.

    Examples:
        >>> named_units(pl.Series(["a", "b", None]), {"a": "0.5"}).to_list()
        ['0.5', '1', '1']
    """
    return names.replace_strict(dict(units), default="1", return_dtype=pl.String).fill_null("1")


def nothing(rows: int, kind: type[pl.DataType]) -> pl.Series:
    """A column of nulls: values that are unknown, or reasons where there are none."""
    return pl.repeat(None, rows, dtype=kind, eager=True)


def real(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Reader of a finite float, for model numbers that are no money.

    Examples:
        >>> real(pl.Series(["-0.5", "x", None, "inf"]))[0].to_list()
        [-0.5, None, None, None]
    """
    frame = pl.DataFrame({"text": texts, "value": texts.cast(pl.Float64, strict=False)})
    fits = pl.col("value").is_finite().fill_null(value=False)
    out = frame.select(
        value=pl.when(fits).then("value"),
        why=pl.when(pl.col("text").is_not_null() & ~fits).then(pl.lit("is not a number")),
    )
    return out["value"].alias(texts.name), out["why"]


def one_of(words: Mapping[str, int]) -> Reader:
    """Reader of a word that stands for a number, such as ``{"buy": -1, "sell": 1}`` (case does not matter).

    Examples:
        >>> one_of({"buy": -1, "sell": 1})(pl.Series(["Sell", "hold"]))[0].to_list()
        [1, None]
    """
    known = {word.lower(): value for word, value in words.items()}
    want = " or ".join(words)

    def read(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
        frame = pl.DataFrame({"text": texts}).with_columns(
            value=pl.col("text").str.to_lowercase().replace_strict(known, default=None, return_dtype=pl.Int8)
        )
        unknown = pl.col("text").is_not_null() & pl.col("value").is_null()
        return frame["value"], frame.select(why=pl.when(unknown).then(pl.lit(f"is not {want}"))).to_series()

    return read


def trimmed(read: Reader) -> Reader:
    """As ``read``, of texts without the blanks around them."""
    return lambda texts: read(texts.str.strip_chars())


def text(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Reader of a name, taken as it is."""
    return texts, nothing(len(texts), pl.String)


def known(values: pl.Series, reasons: pl.Series | None = None) -> Reader:
    """Reader that answers what was made of several columns of the rows that will be read."""
    return lambda texts: (values, nothing(len(texts), pl.String) if reasons is None else reasons)


def matching(pattern: str, fault: str) -> Reader:
    """Reader of a name that must have a form; ``fault`` is the reason where it has not.

    Examples:
        >>> matching("^[a-z]+$", "is no exchange id")(pl.Series(["ftx", "F T X"]))[1].to_list()
        [None, 'is no exchange id']
    """

    def read(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
        frame = texts.to_frame("text")
        return texts, frame.select(pl.when(~pl.col("text").str.contains(pattern)).then(pl.lit(fault))).to_series()

    return read
