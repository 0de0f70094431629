"""When the recorder listened. A pause longer than a channel's ``silence`` is an outage, not an absence of liquidity.

Pauses are seen on the recorder's own clock where there is one, because late messages carry times from inside an
outage; the bounds are kept on both clocks.
"""

import polars as pl


def sessions_of(times: pl.DataFrame, channel: str, instrument: str, silence: int) -> pl.DataFrame:
    """Sessions of one channel of one instrument.

    Args:
        times: ``exchange_time`` and ``local_time`` of its events, any order.
        channel: table the events belong to.
        instrument: its instrument.
        silence: longest pause in ns inside a session.

    Returns:
        Rows of the table ``sessions`` in order of time.
    """
    clock = "local_time" if times["local_time"].null_count() == 0 else "exchange_time"
    clock = clock if times[clock].null_count() == 0 else "time"
    return (
        times.with_columns(time=pl.coalesce("exchange_time", "local_time"))
        .sort(clock)
        .with_columns(run=(pl.col(clock).diff() > silence).fill_null(value=False).cum_sum())
        .group_by("run", maintain_order=True)
        .agg(
            start_exchange=pl.col("exchange_time").min(),
            end_exchange=pl.col("exchange_time").max(),
            start_local=pl.col("local_time").min(),
            end_local=pl.col("local_time").max(),
            events=pl.len().cast(pl.Int64),
        )
        .with_columns(instrument=pl.lit(instrument), channel=pl.lit(channel), ended_by=pl.lit("end of the recording"))
        .select(
            "instrument", "channel", "start_exchange", "end_exchange", "start_local", "end_local", "events", "ended_by"
        )
    )


def join_parts(parts: list[pl.DataFrame], silence: int) -> pl.DataFrame:
    """Sessions found part by part of a tape, joined where the border was no pause, with what ended each of them."""
    rows = pl.concat(parts)
    clock = "local" if rows["start_local"].null_count() == 0 else "exchange"
    rows = rows.sort(f"start_{clock}").with_columns(
        pause=pl.col(f"start_{clock}") - pl.col(f"end_{clock}").cum_max().shift(1),
    )
    joined = (
        rows.with_columns(run=(pl.col("pause") > silence).fill_null(value=False).cum_sum())
        .group_by("run", maintain_order=True)
        .agg(
            pl.col("instrument", "channel", "pause").first(),
            pl.col("start_exchange", "start_local").min(),
            pl.col("end_exchange", "end_local").max(),
            pl.col("events").sum(),
        )
    )
    after = pl.col("pause").shift(-1)
    text = pl.format("silence of {} s", (after / 1e9).round(1))
    return joined.with_columns(
        ended_by=pl.when(after.is_null()).then(pl.lit("end of the recording")).otherwise(text)
    ).select(
        "instrument", "channel", "start_exchange", "end_exchange", "start_local", "end_local", "events", "ended_by"
    )
