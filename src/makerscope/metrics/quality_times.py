"""Checks of when it was recorded: outages, quotes beside the trades, clocks, order, resolution."""

import polars as pl

from makerscope.metrics.census import MAX_AGE, batches
from makerscope.metrics.quality_grounds import FEWEST, Check, Grounds, Outcome, graded, names_of
from makerscope.tape.read import Tape

OUTAGE_WARN = 0.01
OUTSIDE_WARN = 0.05
BEHIND, AHEAD_WARN, DRIFT_WARN = -10_000_000, 5_000_000_000, 500_000_000  # ns
FEWEST_FOR_DRIFT = 500  # rows; the first messages after a subscription are often old ones
BACK_WARN = 0.01
WHOLE_SECONDS = 0.99
DERIVED = "trades"  # made from the fills: what is wrong with their times is said there


def check_outages(grounds: Grounds) -> list[Check]:
    """How much of the time the recorder heard nothing."""
    sessions = _sessions(grounds.tape)
    if not sessions.height:
        return []
    shares = (
        sessions.group_by("instrument", "channel")
        .agg(
            heard=(pl.col("end") - pl.col("start")).sum(),
            span=pl.col("end").max() - pl.col("start").min(),
            pieces=pl.len(),
        )
        .filter(pl.col("span") > 0)
        .with_columns(share=1 - pl.col("heard") / pl.col("span"), name=pl.format("{} {}", "instrument", "channel"))
    )
    bad = shares.filter(pl.col("share") > OUTAGE_WARN).sort("share", "name", descending=[True, False])
    worst = float(shares["share"].max() or 0.0)  # pyright: ignore[reportArgumentType]
    text = f"the recorder listened without a pause on {shares.height} channels"
    if bad.height:
        first = f"{names_of(bad['name'].to_list())}: {worst:.1%} of the span was not heard"
        text = f"{first} (outages there: {bad['pieces'][0] - 1}); nothing is measured in an outage"
    return [Check(name="outages", outcome="warn" if bad.height else "ok", text=text, value=worst, limit=OUTAGE_WARN)]


def check_overlap(grounds: Grounds) -> list[Check]:
    """Trades happened while quotes were heard."""
    trades = grounds.counts("trades")
    sessions = _sessions(grounds.tape)
    quoted = sessions.filter(pl.col("channel").is_in(["quotes", "book"]))
    if trades is None or not quoted.height:
        return []
    starts = quoted.sort("start").with_columns(end=pl.col("end").cum_max().over("instrument")).drop("channel")
    inside = [
        rows.select("instrument", time=pl.coalesce("exchange_time", "local_time"))
        .sort("time")
        .join_asof(starts, left_on="time", right_on="start", by="instrument", check_sortedness=False)
        .filter(pl.col("time") <= pl.col("end") + MAX_AGE)
        .group_by("instrument")
        .agg(inside=pl.len())
        for rows in batches(grounds.tape, "trades")
    ]
    shares = pl.concat(inside).group_by("instrument").agg(pl.col("inside").sum())
    return [_outside(trades, shares, quoted)]


def _outside(trades: pl.DataFrame, inside: pl.DataFrame, quoted: pl.DataFrame) -> Check:
    rows = (
        trades.filter(pl.col("instrument").is_in(quoted["instrument"].unique().to_list()) & (pl.col("n") >= FEWEST))
        .join(inside, on="instrument", how="left")
        .select("instrument", share=(1 - pl.col("inside").fill_null(0) / pl.col("n")).clip(0.0, 1.0))
    )
    return graded(
        "trades without quotes", rows, OUTSIDE_WARN, None, "of the trades happened while no quotes were heard"
    )


def check_clocks(grounds: Grounds) -> list[Check]:
    """The recorder's clock against the venue's: a constant offset, and whether it drifts."""
    out = []
    for table, part in grounds.census.items():
        if table == DERIVED:
            continue
        offsets = part.offsets
        if offsets.height < FEWEST:
            continue
        middle = float(offsets["offset"].median() or 0.0)  # pyright: ignore[reportArgumentType]
        ordered = offsets.sort("time")
        tenth = max(1, ordered.height // 10)
        ends = [ordered.slice(at, tenth)["offset"].median() for at in (0, ordered.height - tenth)]
        drift = 0.0 if offsets.height < FEWEST_FOR_DRIFT else float(ends[1] or 0.0) - float(ends[0] or 0.0)  # pyright: ignore[reportArgumentType]
        wrong = middle > AHEAD_WARN or abs(drift) > DRIFT_WARN  # a steady negative offset is a clock, not an error
        behind = " (the recorder's clock is behind: its times are not latencies)" if middle < BEHIND else ""
        text = f"{table} arrive {middle / 1e9:+.3f} s after the venue's time{behind}, drift {drift / 1e9:+.3f} s"
        out.append(
            Check(
                name=f"clocks in {table}",
                outcome="warn" if wrong else "ok",
                text=text,
                value=middle / 1e9,
                limit=AHEAD_WARN / 1e9,
            )
        )
    return out


def check_order(grounds: Grounds) -> list[Check]:
    """Rows that came later than a younger one."""
    out = []
    for table, part in grounds.census.items():
        if table == DERIVED:
            continue
        shares = part.counts.filter(pl.col("n") >= FEWEST).select("instrument", share=pl.col("n_back") / pl.col("n"))
        text = f"of the rows of {table} came after a younger one; they were put in order"
        out.append(graded(f"order of {table}", shares, BACK_WARN, None, text))
    return out


def check_resolution(grounds: Grounds) -> list[Check]:
    """Trade times finer than a second, or those of the venue's own blocks, inside which there is no time to know."""
    counts = grounds.counts("trades")
    if counts is None:
        return []
    rows = counts.filter(pl.col("n_exchange") >= FEWEST).select(
        "instrument", share=pl.col("n_whole_second") / pl.col("n_exchange")
    )
    coarse = rows.filter(pl.col("share") >= WHOLE_SECONDS)["instrument"].to_list()
    stamped = _stamped_by_blocks(grounds.tape, coarse)
    names = tuple(name for name in coarse if name not in stamped)
    text = "trade times are finer than a second"
    if stamped:
        text = f"{names_of(sorted(stamped))}: trades have the times of their blocks, which come at whole seconds"
    if names:
        text = f"{names_of(names)}: the venue's trade times are whole seconds, shorter horizons mean nothing"
    judged = rows.filter(~pl.col("instrument").is_in(sorted(stamped)))["share"]
    worst = float(judged.max() or 0.0)  # pyright: ignore[reportArgumentType]
    outcome: Outcome = "warn" if names else "ok"
    return [
        Check(
            name="resolution of time", outcome=outcome, text=text, value=worst, limit=WHOLE_SECONDS, instruments=names
        )
    ]


def _stamped_by_blocks(tape: Tape, names: list[str]) -> set[str]:
    """Those of the instruments whose venue has blocks on the tape and whose every trade has the time of one."""
    if not names or not tape.has("blocks"):
        return set()
    blocks = tape.read("blocks").select("venue", "exchange_time").drop_nulls().unique()
    venue = {name: tape.instruments[name].venue for name in names}
    chained = [name for name in names if venue[name] in blocks["venue"]]
    outside: set[str] = set()
    for rows in batches(tape, "trades"):
        here = rows.filter(pl.col("instrument").is_in(chained)).with_columns(
            venue=pl.col("instrument").replace_strict(venue, return_dtype=pl.String, default=None)
        )
        lost = here.join(blocks, on=["venue", "exchange_time"], how="anti")
        outside.update(lost["instrument"].unique().to_list())
    return set(chained) - outside


def _sessions(tape: Tape) -> pl.DataFrame:
    return tape.read("sessions").select(
        "instrument",
        "channel",
        start=pl.coalesce("start_exchange", "start_local"),
        end=pl.coalesce("end_exchange", "end_local"),
    )
