"""Times as venues write them, exactly as nanoseconds since 1970 UTC: seconds, milliseconds, ISO 8601 text.

Each function takes a String series and answers the times and, for each text it could not read, why. Nothing passes
through a float: ``1756904112.5465927`` is 1756904112546592700 ns. A time before 2009 or from 2100 on is a mistake of
the recording (a unit mixed up, a field shifted), so it is refused too.
"""

import polars as pl

from makerscope.tape.decimals import to_units

FIRST = 1_230_768_000_000_000_000  # 2009-01-01, older than any venue read here
LAST = 4_102_444_800_000_000_000  # 2100-01-01
ISO = r"^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(\.\d{1,9})?\s?(Z|UTC|[+-]\d{2}:?\d{2})?$"
NO_TIME = "is no time"
OUT_OF_RANGE = "is before 2009 or after 2100"


def seconds_to_ns(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Seconds since 1970, with up to nine decimals, in ns.

    Returns:
        Int64 ns (null where unknown) and String reasons (null where all is well or the text is null).

    Examples:
        >>> seconds_to_ns(pl.Series(["1756904112.5465927"]))[0].item()
        1756904112546592700
    """
    return _in_range(*to_units(texts, "0.000000001"))


def milliseconds_to_ns(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Milliseconds since 1970, with up to six decimals, in ns; see ``seconds_to_ns``.

    Examples:
        >>> milliseconds_to_ns(pl.Series(["1756904112212", "soon"]))[1].to_list()
        [None, 'is not a number']
    """
    return _in_range(*to_units(texts, "0.000001"))


def iso_to_ns(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Text such as ``2025-09-15T22:56:16.839832`` in ns; see ``seconds_to_ns``.

    ``T`` or a space, up to nine decimals, and ``Z``, ``UTC`` or an offset such as ``+02:00``. Without a zone it is UTC.

    Examples:
        >>> iso_to_ns(pl.Series(["1970-01-02 00:00:00", "2025-10-27T17:00:00.063787823"]))[0].to_list()
        [None, 1761584400063787823]
    """
    names = ["day", "clock", "fraction", "zone"]
    parts = texts.str.extract_groups(ISO).struct.rename_fields(names).struct.unnest()
    zone = pl.col("zone").str.replace(":", "").str.extract(r"^([+-]\d{4})$").cast(pl.Int32)
    minutes = zone.sign() * (zone.abs() // 100 * 60 + zone.abs() % 100)
    read = parts.select(
        seconds=pl.format("{} {}", "day", "clock").str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False).dt.epoch("s")
        - 60 * minutes.fill_null(0),
        fraction=pl.format("0{}", pl.col("fraction").fill_null("")),
    )
    second = pl.col("seconds")
    known = second.is_between(FIRST // 10**9, LAST // 10**9, closed="left")
    nanoseconds, _ = to_units(read["fraction"], "0.000000001")
    out = read.with_columns(nanoseconds=nanoseconds, given=texts.is_not_null()).select(
        time=pl.when(known).then(second * 10**9 + pl.col("nanoseconds")),
        why=pl.when(second.is_null() & pl.col("given")).then(pl.lit(NO_TIME)).when(~known).then(pl.lit(OUT_OF_RANGE)),
    )
    return out["time"].alias(texts.name), out["why"].alias(texts.name)


def _in_range(times: pl.Series, why: pl.Series) -> tuple[pl.Series, pl.Series]:
    frame = pl.DataFrame({"time": times, "why": why})
    fits = pl.col("time").is_between(FIRST, LAST, closed="left")
    out = frame.select(
        time=pl.when(fits).then("time"), why=pl.coalesce("why", pl.when(~fits).then(pl.lit(OUT_OF_RANGE)))
    )
    return out["time"].alias(times.name), out["why"].alias(times.name)
