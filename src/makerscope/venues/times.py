"""Times as venues, people and programs write them, exactly as nanoseconds since 1970 UTC.

Readers of a column (see ``columns``): numbers since 1970, ISO 8601 text, text of another form. Nothing passes through a
float: ``1756904112.5465927`` s is 1756904112546592700 ns. A time before 2009 or from 2100 on is a mistake of the
recording (a unit mixed up, a field shifted), so it is refused too.
"""

import polars as pl

from makerscope.tape.decimals import to_units
from makerscope.tape.rules import EARLIEST, LATEST
from makerscope.venues.columns import Reader

NS = {"ns": "1", "us": "0.001", "ms": "0.000001", "s": "0.000000001"}  # one ns in each unit of time
SECOND = 1_000_000_000  # ns
ISO = r"^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(\.\d{1,9})?\s?(MARK|[+-]\d{2}:?\d{2})?$"
NO_TIME, EARLY, LATE = "is no time", "lies before 2009", "lies after 2099"


def since_1970(unit: str) -> Reader:
    """Reader of numbers of ``ns``, ``us``, ``ms`` or ``s`` since 1970, with decimals down to the nanosecond.

    Examples:
        >>> since_1970("s")(pl.Series(["1756904112.5465927"]))[0].item()
        1756904112546592700
        >>> since_1970("ms")(pl.Series(["1756904112212", "soon", "5"]))[1].to_list()
        [None, 'is not a number', 'lies before 2009']
    """
    return lambda texts: _in_range(*to_units(texts, NS[unit]))


def iso(zone: str = "UTC", *, mark: str = "Z|UTC") -> Reader:
    """Reader of text such as ``2025-09-15T22:56:16.839832``.

    ``T`` or a space, up to nine decimals, and the mark of UTC or an offset such as ``+02:00``.

    Args:
        zone: of texts that name none. A time that its zone has twice or not at all is a bad one.
        mark: pattern of what may stand for UTC.

    Examples:
        >>> iso()(pl.Series(["1970-01-02 00:00:00", "2025-10-27T17:00:00.063787823"]))[0].to_list()
        [None, 1761584400063787823]
        >>> iso("Europe/Berlin")(pl.Series(["2026-03-01 12:00:00.5"]))[0].to_list()
        [1772362800500000000]
    """

    def read(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
        names = ["day", "clock", "fraction", "zone"]
        parts = texts.str.extract_groups(ISO.replace("MARK", mark)).struct.rename_fields(names).struct.unnest()
        offset = pl.col("zone").str.replace(":", "").str.extract(r"^([+-]\d{4})$").cast(pl.Int32)
        minutes = offset.sign() * (offset.abs() // 100 * 60 + offset.abs() % 100)
        moment = pl.format("{} {}", "day", "clock").str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False)
        local = moment.dt.replace_time_zone(zone, ambiguous="null", non_existent="null").dt.epoch("s")
        seconds = pl.when(pl.col("zone").is_null()).then(local).otherwise(
            moment.dt.epoch("s") - 60 * minutes.fill_null(0)
        )  # fmt: skip
        fractions = parts.select(pl.format("0{}", pl.col("fraction").fill_null(""))).to_series()
        nanoseconds, _ = to_units(fractions, NS["s"])
        second = pl.col("second")
        known = second.is_between(EARLIEST // SECOND, LATEST // SECOND, closed="left")
        out = parts.select(second=seconds, nanoseconds=nanoseconds, given=texts.is_not_null()).select(
            time=pl.when(known).then(second * SECOND + pl.col("nanoseconds")),
            why=pl.when(second.is_null() & pl.col("given")).then(pl.lit(NO_TIME))
            .when(second < EARLIEST // SECOND).then(pl.lit(EARLY))
            .when(~known).then(pl.lit(LATE)),
        )  # fmt: skip
        return out["time"].alias(texts.name), out["why"]

    return read


def written(*, unit: str, form: str | None, zone: str) -> Reader:
    """Reader of times as the user says they are written.

    Args:
        unit: ``ns``, ``us``, ``ms``, ``s`` since 1970, or ``iso`` (decimals after the ninth are cut).
        form: a strptime format, used instead of ``unit`` when given.
        zone: zone of texts that name none, see ``iso``.

    Examples:
        >>> written(unit="iso", form=None, zone="UTC")(pl.Series(["2026-03-01 12:00:00.5+01:00"]))[0].to_list()
        [1772362800500000000]
    """
    if form is not None:
        return lambda texts: _by_format(texts.str.strip_chars(), form, zone)
    if unit != "iso":
        return since_1970(unit)
    read = iso(zone, mark="Z")
    return lambda texts: read(texts.str.strip_chars().str.replace(r"(\.\d{9})\d+", "${1}"))


def _by_format(texts: pl.Series, form: str, zone: str) -> tuple[pl.Series, pl.Series]:
    moments = texts.str.strptime(pl.Datetime("ns"), form, strict=False)
    if isinstance(moments.dtype, pl.Datetime) and moments.dtype.time_zone is None:
        moments = moments.dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
    frame = pl.DataFrame({"text": texts, "time": moments.dt.timestamp("ns")})
    unread = pl.col("text").is_not_null() & pl.col("time").is_null()
    return _in_range(frame["time"], frame.select(why=pl.when(unread).then(pl.lit(NO_TIME))).to_series())


def _in_range(times: pl.Series, why: pl.Series) -> tuple[pl.Series, pl.Series]:
    frame = pl.DataFrame({"time": times, "why": why})
    early, late = pl.col("time") < EARLIEST, pl.col("time") >= LATEST
    out = frame.select(
        time=pl.when(~early & ~late).then("time"),
        why=pl.coalesce("why", pl.when(early).then(pl.lit(EARLY)), pl.when(late).then(pl.lit(LATE))),
    )
    return out["time"].alias(times.name), out["why"]
