"""How makers answer: to moves of a reference price, to their own fills, to jumps; and how often they are picked off.

All waits are in ns. A wait that the recording cuts short is censored, not dropped: quantiles are Kaplan-Meier's.
"""

import numpy as np
import polars as pl

from makerscope.errors import DomainError
from makerscope.kernels import quoting as kernels
from makerscope.metrics.buckets import ratio_measure
from makerscope.metrics.measure import Measure, missing
from makerscope.metrics.message_way import no_ways
from makerscope.metrics.order_life import NO_ORDERS, NOBODY, PAIR, censored_quantiles
from makerscope.metrics.quoting import by_instrument

SECOND = 1_000_000_000
PATIENCE = 60 * SECOND
ANSWERS = ("placed", "replaced", "cancelled")


def reactions(
    orders: pl.DataFrame, reference: pl.DataFrame, heard: pl.DataFrame, *, ticks: int = 1, patience: int = PATIENCE
) -> pl.DataFrame:
    """Each move of the reference and how long each maker took to answer it.

    A move is ``ticks`` or more away from the reference at the maker's last message, while it has orders resting; the
    answer is its next message (placed, replaced or cancelled) strictly after the move.

    Args:
        orders: table ``orders`` with ``time`` (ns).
        reference: ``time, instrument, twice_price`` (ticks), in order of time; best that of a venue that leads.
        heard: ``instrument, start, end`` (ns), of ``quoting.listened``.
        ticks: size of a move.
        patience: ns after which a move counts as not answered (censored).

    Returns:
        ``instrument, maker, time`` (of the move), ``wait`` (ns), ``answered``.
    """
    if ticks < 1 or patience < 1:
        raise DomainError(f"ticks is {ticks}, patience {patience} ns; want both at least 1")
    own = ["instrument", "maker", "order"]
    steps = (
        orders.with_columns(pl.col("maker").cast(pl.String).fill_null(NOBODY), pl.col("time").cast(pl.Int64))
        .sort("time", "serial")
        .with_columns(alive=(pl.col("size") > 0).cast(pl.Int64))
        .with_columns(change=pl.col("alive") - pl.col("alive").shift(1).over(own).fill_null(0))
        .with_columns(resting=pl.col("change").cum_sum().over(PAIR))
        .filter(pl.col("action").is_in(ANSWERS))
    )
    names = heard["instrument"].unique().sort().to_list()
    first, times, twice = by_instrument(reference, names)
    sessions = heard.partition_by("instrument", as_dict=True)
    out: list[pl.DataFrame] = [_NO_REACTIONS]
    for (name, maker), messages in steps.partition_by(PAIR, as_dict=True, maintain_order=True).items():
        if name not in names:
            continue
        at = names.index(str(name))
        given = (
            messages["time"].to_numpy(),
            messages["resting"].to_numpy(),
            *(v[first[at] : first[at + 1]] for v in (times, twice)),
        )
        for start, end in sessions[name,].select("start", "end").iter_rows():
            rows, found = kernels.reactions(*given, 2 * ticks, start, end, patience)
            rows = rows.reshape(-1, 4)[:found]
            out.append(
                pl.DataFrame({"wait": rows[:, 0], "answered": rows[:, 1] == 1, "time": rows[:, 2]}).select(
                    pl.lit(name, dtype=pl.String).alias("instrument"),
                    pl.lit(maker, dtype=pl.String).alias("maker"),
                    "time",
                    "wait",
                    "answered",
                )
            )
    return pl.concat(out)


_NO_REACTIONS = pl.DataFrame(
    schema={"instrument": pl.String, "maker": pl.String, "time": pl.Int64, "wait": pl.Int64, "answered": pl.Boolean}
)


def reaction_latency(rows: pl.DataFrame) -> dict[str, Measure]:
    """``reaction_latency_median``, ``reaction_latency_p99`` (ns) and the number censored; ``rows`` of ``reactions``."""
    if not rows.height:
        none = missing("ns", "no move of the reference while orders rested")
        return {
            "reaction_latency_median": none,
            "reaction_latency_p99": none,
            "reactions_censored": missing("moves", none.reason),
        }
    middle, tail = censored_quantiles(rows["wait"], rows["answered"], (0.5, 0.99), "moves")
    cut = rows.height - int(rows["answered"].sum())
    return {
        "reaction_latency_median": middle,
        "reaction_latency_p99": tail,
        "reactions_censored": Measure(value=float(cut), unit="moves", n=rows.height),
    }


def requote_gap(gaps: pl.DataFrame, fills: pl.DataFrame) -> dict[str, Measure]:
    """How long a maker was not two-sided after a fill took a side away.

    Args:
        gaps: of ``quoting.presence``, of one maker.
        fills: ``time, instrument, maker``: its fills.

    Returns:
        ``requote_gap``: median ns (Kaplan-Meier; open gaps are censored at the end of the session), and
        ``one_sided_after_fill``: share of its fill times at which it ceased to be two-sided.
    """
    times = fills.select("instrument", "time").unique()
    after = gaps.join(times, left_on=["instrument", "start"], right_on=["instrument", "time"], how="semi")
    if not times.height:
        return {"requote_gap": missing("ns", "no fills"), "one_sided_after_fill": missing("fraction", "no fills")}
    (gap,) = censored_quantiles(after["end"] - after["start"], after["closed"], (0.5,), "fills that took a side away")
    return {
        "requote_gap": gap,
        "one_sided_after_fill": Measure(value=after.height / times.height, unit="fraction", n=times.height),
    }


def pick_off_buckets(
    fills: pl.DataFrame,
    quotes: pl.DataFrame,
    *,
    horizon: int = SECOND,
    theta: float = 1.0,
    width: int,
    max_age: int = 5 * SECOND,
) -> pl.DataFrame:
    """Fills after which the mid ran through the maker by more than ``theta`` half spreads.

    A fill is picked off when ``markout(h) < -theta * half_quoted_spread``, the spread being that of the last two-sided
    quote strictly before it, at most ``max_age`` old.

    Args:
        fills: as ``markout.with_mids`` gives them, with ``twice_mid_<horizon>``.
        quotes: ``time, instrument, bid, ask`` (ticks) in order of time.
        horizon: ns; one of those given to ``with_mids``.
        theta: half spreads.
        width: of a bucket, ns.
        max_age: ns.

    Returns:
        ``instrument, maker, bucket``, ``fills`` that can be judged and ``picked``.
    """
    spreads = quotes.filter(pl.col("bid") < pl.col("ask")).select(
        "time", "instrument", spread=pl.col("ask") - pl.col("bid")
    )
    known = fills.sort("time").join_asof(
        spreads, on="time", by="instrument", allow_exact_matches=False, tolerance=max_age, check_sortedness=False
    )
    twice_markout = pl.col("side") * (pl.col(f"twice_mid_{horizon}") - 2 * pl.col("price"))
    return (
        known.filter(pl.col("side") != 0, pl.col("spread").is_not_null(), pl.col(f"twice_mid_{horizon}").is_not_null())
        .group_by(*PAIR, bucket=pl.col("time") // width)
        .agg(fills=pl.len().cast(pl.Int64), picked=(twice_markout < -theta * pl.col("spread")).sum().cast(pl.Int64))
        .sort(*PAIR, "bucket", nulls_last=True)
    )


def pick_off_rate(buckets: pl.DataFrame, *, block: int = 1, span: tuple[int, int] | None = None) -> Measure:
    """Share of fills picked off; ``buckets``: rows of ``pick_off_buckets``."""
    count = int(buckets["fills"].sum())
    why = "no fill has a spread before it and a mid at the horizon"
    if not count:
        return missing("fraction", why)
    return ratio_measure(buckets, "picked", "fills", unit="fraction", n=count, undefined=why, block=block, span=span)


def withdrawals(
    lives: pl.DataFrame,
    reference: pl.DataFrame,
    heard: pl.DataFrame,
    *,
    jump: float = 5.0,
    window: int = SECOND,
    distance: float = 25.0,
    fall: float = 0.5,
    within: int = SECOND,
) -> pl.DataFrame:
    """Jumps of the reference, and whether each maker's depth around it fell.

    Args:
        lives: of ``order_life.intervals``.
        reference: ``time, instrument, twice_price`` (ticks) in order of time.
        heard: ``instrument, start, end`` (ns).
        jump: bps the reference moves within ``window`` ns.
        window: ns.
        distance: bps around the reference in which depth counts.
        fall: share of depth that must be gone.
        within: ns after the jump at which depth is compared with that just before it.

    Returns:
        ``instrument, maker, time`` (of the jump), ``before`` and ``after`` (lots), ``withdrawn``; only jumps before
        which the maker had depth.
    """
    out: list[pl.DataFrame] = [_NO_WITHDRAWALS]
    ppm = round(distance * 100)
    names = heard["instrument"].unique().sort().to_list()
    first, times, twice = by_instrument(reference, names)
    for (name, maker), rows in lives.sort("start").partition_by(PAIR, as_dict=True, maintain_order=True).items():
        if name not in names:
            continue
        at = names.index(str(name))
        time, price = times[first[at] : first[at + 1]], twice[first[at] : first[at + 1]]
        orders = tuple(rows[column].cast(pl.Int64).to_numpy() for column in ("start", "end", "price", "size"))
        for start, end in heard.filter(pl.col("instrument") == name).select("start", "end").iter_rows():
            low, high = np.searchsorted(time, (start, end))
            found = low + kernels.jumps(time[low:high], price[low:high], window, round(jump * 100), within)
            found = found[(found > low) & (time[found] + within < end)]
            if not len(found):
                continue
            before, after = np.zeros(len(found), np.int64), np.zeros(len(found), np.int64)
            later = np.searchsorted(time, time[found] + within, "right") - 1
            kernels.depth_at(*orders, time[found] - 1, price[found - 1], ppm, before)
            kernels.depth_at(*orders, time[found] + within, price[later], ppm, after)
            out.append(
                pl.DataFrame({"time": time[found], "before": before, "after": after})
                .with_columns(
                    pl.lit(name, dtype=pl.String).alias("instrument"),
                    pl.lit(maker, dtype=pl.String).alias("maker"),
                    withdrawn=pl.col("after") < (1.0 - fall) * pl.col("before"),
                )
                .select(_NO_WITHDRAWALS.columns)
                .filter(pl.col("before") > 0)
            )
    return pl.concat(out)


_NO_WITHDRAWALS = pl.DataFrame(
    schema={
        "instrument": pl.String,
        "maker": pl.String,
        "time": pl.Int64,
        "before": pl.Int64,
        "after": pl.Int64,
        "withdrawn": pl.Boolean,
    }
)


def withdrawal_rate(rows: pl.DataFrame) -> Measure:
    """Share of the jumps before which the maker had depth, after which it was gone; ``rows`` of ``withdrawals``."""
    if not rows.height:
        return missing("fraction", "no jump of the reference while orders rested")
    return Measure(value=int(rows["withdrawn"].sum()) / rows.height, unit="fraction", n=rows.height)


def stress_windows(reference: pl.DataFrame, *, width: int = 60 * SECOND, times: float = 4.0) -> list[tuple[int, int]]:
    """Windows of one instrument whose range is over ``times`` the median range: when uptime is worth most.

    Args:
        reference: ``time, twice_price`` of one instrument, in order of time.
        width: of a window, ns.
        times: multiple of the median.

    Returns:
        ``(start, end)`` in ns, neighbours joined; none where fewer than 10 windows hold prices.

    Examples:
        >>> calm = [(t * 10, 100 + t % 2) for t in range(200)]
        >>> wild = [(2000 + t * 10, 100 + 9 * (t % 2)) for t in range(20)]
        >>> stress_windows(pl.DataFrame(calm + wild, schema=["time", "twice_price"], orient="row"), width=100)
        [(2000, 2200)]
    """
    ranges = (
        reference.group_by(window=pl.col("time") // width)
        .agg(range=pl.col("twice_price").max() - pl.col("twice_price").min())
        .sort("window")
    )
    if ranges.height < 10:
        return []
    usual = float(ranges["range"].median())  # pyright: ignore[reportArgumentType]
    out: list[tuple[int, int]] = []
    for window in ranges.filter(pl.col("range") > times * usual)["window"]:
        start, end = window * width, (window + 1) * width
        if out and out[-1][1] == start:
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def no_orders() -> dict[str, Measure]:
    """The measures that need ``orders``, missing for that reason: for tapes without resting orders."""
    units = {
        "fraction of time": ("bid_uptime", "ask_uptime", "two_sided_uptime", "uptime_in_stress", "stale_share"),
        "fraction": ("maker_share_of_depth", "time_to_cancel", "fill_ratio", "withdrawal_rate"),
        "ns": ("quote_lifetime", "staleness", "reaction_latency_median", "reaction_latency_p99", "requote_gap"),
        "bps": ("twa_full_spread",),
        "base": ("twa_depth_bid", "twa_depth_ask"),
        "messages per fill": ("quote_to_trade",),
    }
    return {name: missing(unit, NO_ORDERS) for unit, names in units.items() for name in names} | no_ways(orders=False)
