"""Times as people and programs write them, as ns since 1970 UTC."""

import polars as pl

from makerscope.venues.sieve import EARLIEST, LATEST, clock

ISO = r"^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(\.\d{1,9})?\d*\s?(Z|[+-]\d{2}:?\d{2})?$"


def written_time(texts: pl.Series, *, unit: str, form: str | None, zone: str) -> tuple[pl.Series, pl.Series]:
    """Times in ns, with a reason for each that is none or lies outside 2009 to 2099.

    Args:
        texts: String series, named as the reason shall call it.
        unit: ``ns``, ``us``, ``ms``, ``s`` since 1970, or ``iso``.
        form: a strptime format, used instead of ``unit`` when given.
        zone: zone of texts that name none. A time that its zone has twice or not at all is a bad one.

    Examples:
        >>> texts = pl.Series("time", ["2026-03-01 12:00:00.5+01:00"])
        >>> written_time(texts, unit="iso", form=None, zone="UTC")[0].to_list()
        [1772362800500000000]
    """
    if form is None and unit != "iso":
        return clock(texts, unit)
    value = _by_format(texts, form, zone) if form is not None else _iso(texts, zone)
    frame = pl.DataFrame({"text": texts, "value": value})
    name = texts.name
    why = frame.select(
        pl.when(pl.col("text").is_null()).then(pl.lit(f"{name} is missing"))
        .when(pl.col("value").is_null()).then(pl.lit(f"{name} is no such time"))
        .when(pl.col("value") < EARLIEST).then(pl.lit(f"{name} lies before 2009"))
        .when(pl.col("value") >= LATEST).then(pl.lit(f"{name} lies after 2099"))
        .cast(pl.String).alias("why")
    )["why"]  # fmt: skip
    return value.set(why.is_not_null(), None).alias(name), why.alias(name)


def _iso(texts: pl.Series, zone: str) -> pl.Series:
    frame = pl.DataFrame({"text": texts.str.strip_chars()})
    parts = frame.select(
        whole=pl.concat_str(
            pl.col("text").str.extract(ISO, 1), pl.lit("T"), pl.col("text").str.extract(ISO, 2)
        ).str.strptime(pl.Datetime("ns"), "%Y-%m-%dT%H:%M:%S", strict=False),
        fraction=pl.col("text")
        .str.extract(ISO, 3)
        .str.tail(-1)
        .str.pad_end(9, "0")
        .cast(pl.Int64, strict=False)
        .fill_null(0),
        offset=pl.col("text").str.extract(ISO, 4).str.replace("Z", "+0000").str.replace(":", ""),
    )
    sign = pl.when(pl.col("offset").str.starts_with("-")).then(-1).otherwise(1)
    hours = pl.col("offset").str.slice(1, 2).cast(pl.Int64, strict=False)
    minutes = pl.col("offset").str.slice(3, 2).cast(pl.Int64, strict=False)
    shift = sign * (hours * 60 + minutes) * 60_000_000_000
    local = parts.select(pl.col("whole").dt.replace_time_zone(zone, ambiguous="null", non_existent="null")).to_series()
    placed = parts.with_columns(local=local.dt.timestamp("ns"), shift=parts.select(shift).to_series())
    base = (
        pl.when(pl.col("offset").is_null())
        .then("local")
        .otherwise(pl.col("whole").dt.timestamp("ns") - pl.col("shift"))
    )
    return placed.select(base + pl.col("fraction")).to_series()


def _by_format(texts: pl.Series, form: str, zone: str) -> pl.Series:
    moments = texts.str.strip_chars().str.strptime(pl.Datetime("ns"), form, strict=False)
    if isinstance(moments.dtype, pl.Datetime) and moments.dtype.time_zone is None:
        moments = moments.dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
    return moments.dt.timestamp("ns")
