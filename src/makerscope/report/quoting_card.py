"""What makers' resting orders did: uptime, spread, depth, order life, flicker, reaction. Needs the table ``orders``."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from makerscope.metrics.hedging import is_failed_hedge
from makerscope.metrics.latency import (
    no_orders,
    pick_off_buckets,
    pick_off_rate,
    reaction_latency,
    reactions,
    requote_gap,
    stress_windows,
    withdrawal_rate,
    withdrawals,
)
from makerscope.metrics.measure import Measure, missing, named
from makerscope.metrics.message_way import message_ways, way_measures
from makerscope.metrics.order_life import (
    intervals,
    message_counts,
    quote_lifetime,
    quote_lives,
    time_to_cancel,
    time_to_fill,
)
from makerscope.metrics.pnl import marks_of
from makerscope.metrics.quoting import listened, maker_share_of_depth, presence, presence_measures, staleness
from makerscope.metrics.stale_fills import (
    NO_LEADER,
    declared_leaders,
    stale_fill_buckets,
    stale_fill_rate,
    stale_fills,
)
from makerscope.metrics.view import EXCHANGE, LOCAL, View, unit_price, unit_size
from makerscope.report.scorecard import Path
from makerscope.report.study import Study

SECOND = 1_000_000_000
FLICKER = 250_000_000  # ns: a quote pulled sooner was hardly there


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoting:
    """The tables behind every maker's quoting measures, made once; see the functions they are named after.

    ``stale`` is None where no venue leads by declaration. ``failed``: hedges that failed, by maker; they
    are in no other table.
    """

    lives: pl.DataFrame
    buckets: pl.DataFrame
    gaps: pl.DataFrame
    quotes: pl.DataFrame
    reactions: pl.DataFrame
    withdrawals: pl.DataFrame
    messages: pl.DataFrame
    picked: pl.DataFrame
    ways: pl.DataFrame
    stale: pl.DataFrame | None
    leader: dict[str, str]
    failed: dict[str, int]


def quoting_of(study: Study) -> Quoting | None:
    """The tables of a tape with resting orders; None of one without."""
    view = study.view
    if not view.tape.has("orders"):
        return None
    rows = view.tape.read("orders", until=view.until, instrument=list(view.instruments))  # from the start: what rests
    orders = rows.filter(pl.col("maker").is_not_null()).with_columns(time=_time(view)).sort("time", "serial")
    hedge = is_failed_hedge(set(declared_leaders(_places(study, view.instruments)).values()))
    failed = orders.filter(hedge, pl.col("time") >= view.since).group_by("maker").len()
    orders = orders.filter(~hedge)
    if not orders.height:
        return None
    lives = intervals(orders, until=view.until)
    heard, _ = listened(view.sessions, lives, until=view.until)
    heard = _until_expiry(study, heard.with_columns(pl.col("start", "end").clip(view.since, view.until)))
    own = marks_of(view.quotes)
    declared = _declared(study)
    leader = _leaders(study) | declared
    fair = _led_by(study, own, declared)
    stress = [
        window for (_,), part in own.partition_by("instrument", as_dict=True).items() for window in stress_windows(part)
    ]
    there = presence(lives, fair, heard, width=study.width, stress=_joined(stress))
    return Quoting(
        lives=lives,
        buckets=there.buckets,
        gaps=there.gaps,
        quotes=quote_lives(lives, heard),
        reactions=reactions(orders, _led_by(study, own, leader), heard),
        withdrawals=withdrawals(lives, own, heard),
        messages=message_counts(orders),
        picked=pick_off_buckets(study.fills, view.quotes, horizon=_near(study, SECOND), width=study.width),
        ways=message_ways(orders.filter(pl.col("time") >= view.since)),
        stale=stale_fill_buckets(
            stale_fills(study.fills, fair.filter(pl.col("instrument").is_in(list(declared)))), width=study.width
        )
        if declared
        else None,
        leader=leader,
        failed={str(maker): n for maker, n in failed.iter_rows()},
    )


def quoting_measures(study: Study, quoting: Quoting | None, maker: str, names: list[str]) -> dict[str, Measure]:
    """Quoting measures of one maker over its markets; depth and share are those of its largest market.

    Args:
        study: the tape measured.
        quoting: of ``quoting_of``.
        maker: account name.
        names: its markets, the largest first.
    """
    if quoting is None:
        return no_orders()
    mine = pl.col("maker") == maker
    here = quoting.buckets.filter(mine)
    largest = names[0] if names else str(here["instrument"][0]) if here.height else ""
    at = pl.col("instrument") == largest
    size = unit_size(study.instrument(largest)) if largest else 1.0
    everywhere = presence_measures(here, unit_size=size, span=study.span)
    there = presence_measures(here.filter(at), unit_size=size, span=study.span)
    messages = quoting.messages.filter(mine)
    fills = study.fills_of("maker", maker)
    out = {
        name: everywhere[name]
        for name in ("two_sided_uptime", "bid_uptime", "ask_uptime", "uptime_in_stress")
        if name in everywhere
    }
    local = ("twa_full_spread", "twa_depth_bid", "twa_depth_ask")
    out |= {name: in_base(study, largest, there[name]) for name in local if name in there and largest}
    out["maker_share_of_depth"] = maker_share_of_depth(here.filter(at), quoting.buckets.filter(at))
    quotes = quoting.quotes.filter(mine)
    out["quote_lifetime"] = quote_lifetime(quotes)
    out["flicker"] = time_to_cancel(quotes, within=FLICKER)
    out["time_to_fill"] = time_to_fill(quoting.lives.filter(mine))
    out |= reaction_latency(quoting.reactions.filter(mine))
    out |= staleness(here)
    out |= requote_gap(quoting.gaps.filter(mine), fills)
    out["withdrawal_rate"] = withdrawal_rate(quoting.withdrawals.filter(mine))
    out["pick_off_rate"] = pick_off_rate(quoting.picked.filter(mine), span=study.span)
    out["stale_fill_rate"] = (
        missing("fraction", NO_LEADER)
        if quoting.stale is None
        else stale_fill_rate(quoting.stale.filter(mine), span=study.span)
    )
    out |= way_measures(quoting.ways.filter(mine))
    placed, filled, sent = (int(messages[name].sum()) for name in ("placed", "filled", "messages"))
    if placed:
        out["fill_ratio"] = Measure(value=filled / placed, unit="fraction of size", n=messages.height)
    if fills.height:
        out["quote_to_trade"] = Measure(value=sent / fills.height, unit="messages per fill", n=sent)
    return out


def quoted_markets(quoting: Quoting | None, maker: str) -> list[str]:
    """The markets in which a maker's orders rested, that with the longest two-sided presence first."""
    if quoting is None:
        return []
    rows = quoting.buckets.filter(pl.col("maker") == maker).group_by("instrument").agg(pl.col("ns_two_sided").sum())
    return rows.sort("ns_two_sided", "instrument", descending=[True, False])["instrument"].to_list()


def in_base(study: Study, name: str, measure: Measure) -> Measure:
    """A measure in base units of a market, with the name of that base."""
    return named(measure, study.instrument(name).base) if measure.unit == "base" else measure


def uptime_strip(study: Study, quoting: Quoting | None, maker: str, names: list[str]) -> Path | None:
    """Share of each bucket in which the maker was two-sided in its largest market; None where nobody listened."""
    if quoting is None or not names:
        return None
    rows = quoting.buckets.filter((pl.col("maker") == maker) & (pl.col("instrument") == names[0]) & (pl.col("ns") > 0))
    known = {bucket: both / ns for bucket, both, ns in rows.select("bucket", "ns_two_sided", "ns").iter_rows()}
    first, last = study.span
    return Path(
        name=names[0],
        unit="fraction of time",
        times=tuple((first + i) * study.width for i in range(last - first + 1)),
        values=tuple(known.get(first + i) for i in range(last - first + 1)),
    )


def _time(view: View) -> pl.Expr:
    local = [name for name, clock in view.clock.items() if clock == LOCAL]
    return (
        pl.when(pl.col("instrument").is_in(local))
        .then("local_time")
        .otherwise(pl.coalesce("exchange_time", "local_time"))
    )


def _near(study: Study, horizon: int) -> int:
    return min(study.horizons, key=lambda h: abs(h - horizon))


def _joined(windows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Windows of several instruments as windows without overlap."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(windows):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def _leaders(study: Study) -> dict[str, str]:
    """For each market that of another venue in the same base with the narrowest spread: where news shows first."""
    spreads = {
        str(name): float(spread) / float(mid)
        for name, spread, mid in study.integrals.group_by("instrument")
        .agg(pl.col("spread_ns", "twice_mid_ns").sum())
        .iter_rows()
        if mid
    }
    instruments = study.view.instruments
    out = {}
    for name, item in instruments.items():
        rivals = [
            other
            for other in spreads
            if instruments[other].base == item.base and instruments[other].venue != item.venue
        ]
        best = min(rivals, key=lambda other: (spreads[other], other), default=None)
        if (
            best is not None
            and name in spreads
            and spreads[best] < spreads[name]
            and study.view.clock[best] == study.view.clock[name] == EXCHANGE
        ):
            out[name] = best
    return out


def _until_expiry(study: Study, heard: pl.DataFrame) -> pl.DataFrame:
    """When orders were heard and could rest: what has expired is quoted by nobody, and that is no absence."""
    expiries = {name: item.expiry for name, item in study.view.instruments.items() if item.expiry is not None}
    expiry = pl.col("instrument").replace_strict(expiries, default=study.view.until, return_dtype=pl.Int64)
    return heard.with_columns(end=pl.min_horizontal("end", expiry)).filter(pl.col("start") < pl.col("end"))


def _declared(study: Study) -> dict[str, str]:
    """For each market the one that leads it by declaration; options have no leading price of their own."""
    return declared_leaders(_places(study, study.view.quotes["instrument"].unique()))


def _places(study: Study, names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Venue and base of those of some instruments that are no options."""
    wanted = set(names)
    items = study.view.instruments.items()
    return {name: (item.venue, item.base) for name, item in items if item.kind != "option" and name in wanted}


def _led_by(study: Study, own: pl.DataFrame, leader: dict[str, str]) -> pl.DataFrame:
    """Reference prices with those of the leading market, in ticks of the led one, where there is a leader."""
    kept = own.filter(~pl.col("instrument").is_in(list(leader)))
    parts = [kept]
    for name, best in leader.items():
        ratio = unit_price(study.instrument(best)) / unit_price(study.instrument(name))
        parts.append(
            own.filter(pl.col("instrument") == best).select(
                "time", instrument=pl.lit(name), twice_price=(pl.col("twice_price") * ratio).round().cast(pl.Int64)
            )
        )
    return pl.concat([part.select("time", "instrument", "twice_price") for part in parts]).sort(
        "time", maintain_order=True
    )
