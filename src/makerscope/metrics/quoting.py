"""Presence of makers in the book, from their order lives: uptime, own spread, depth, staleness.

Time counts while the recorder listened to the channel ``orders``. An order qualifies when it is large enough, close
enough to the reference (both bounds included) and old enough; the rules in use belong in every report. Two-sided uptime
is time with a qualifying bid and a qualifying ask at the same instant, never the mean of the two sides. A maker is
stale while one of its quotes lies on the wrong side of the reference: the fair price is outside its spread.

Everything is summed in integers by (instrument, maker, bucket), so any measure is a ratio of sums over buckets.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.kernels import quoting as kernels
from makerscope.metrics.buckets import ratio_measure
from makerscope.metrics.measure import Measure, missing
from makerscope.metrics.order_life import NO_ORDERS, PAIR

Ints = NDArray[np.int64]
_NS = {
    "ns": kernels.ELIGIBLE,
    "ns_bid": kernels.BID,
    "ns_ask": kernels.ASK,
    "ns_two_sided": kernels.TWO,
    "ns_unknown": kernels.UNKNOWN,
    "ns_stress": kernels.STRESSED,
    "ns_stress_two_sided": kernels.TWO_STRESSED,
    "ns_stale": kernels.STALE,
    "stale_episodes": kernels.EPISODES,
}
_INTEGRALS = {
    "spread_ns": kernels.SPREAD,
    "twice_mid_ns": kernels.MID,
    "bid_lots_ns": kernels.BID_DEPTH,
    "ask_lots_ns": kernels.ASK_DEPTH,
}
_KEYS = {"instrument": pl.String, "maker": pl.String}
_NO_BUCKETS = pl.DataFrame(
    schema=_KEYS | {"bucket": pl.Int64} | dict.fromkeys(_NS, pl.Int64) | dict.fromkeys(_INTEGRALS, pl.Int128)
)
_NO_GAPS = pl.DataFrame(schema=_KEYS | {"start": pl.Int64, "end": pl.Int64, "closed": pl.Boolean})


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualifying:
    """Which orders count: at least ``min_size`` lots, within ``max_distance`` bps, resting for ``min_rest`` ns."""

    min_size: int = 1
    max_distance: float | None = None
    min_rest: int = 0

    def __post_init__(self) -> None:
        """Refuse rules that no order or every order would meet by accident."""
        if self.min_size < 1 or self.min_rest < 0 or (self.max_distance is not None and not self.max_distance >= 0):
            raise DomainError(f"rules are {self}; want min_size >= 1, max_distance >= 0, min_rest >= 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """``buckets``: sums by instrument, maker and bucket. ``gaps``: losses of two-sided presence, ns, by pair."""

    buckets: pl.DataFrame
    gaps: pl.DataFrame


def listened(sessions: pl.DataFrame, lives: pl.DataFrame, *, until: int) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """When orders were heard: sessions of the channel ``orders``; where there are none, the span of the orders.

    Args:
        sessions: ``instrument, channel, start, end`` (ns).
        lives: of ``order_life.intervals``.
        until: end of the data, ns.

    Returns:
        ``instrument, start, end`` in order, and the instruments whose span had to be used.
    """
    heard = sessions.filter(pl.col("channel") == "orders").select("instrument", pl.col("start", "end").cast(pl.Int64))
    lacking = lives.filter(~pl.col("instrument").is_in(heard["instrument"].unique().implode()))
    spans = lacking.group_by("instrument").agg(pl.col("start").min()).with_columns(end=pl.lit(until, dtype=pl.Int64))
    out = pl.concat([heard, spans.select("instrument", "start", "end")]).sort("instrument", "start")
    return out, tuple(spans["instrument"].sort())


def presence(
    lives: pl.DataFrame,
    reference: pl.DataFrame,
    heard: pl.DataFrame,
    *,
    width: int,
    rules: Qualifying | None = None,
    stress: Sequence[tuple[int, int]] = (),
) -> Presence:
    """Presence of every maker on every instrument.

    Args:
        lives: of ``order_life.intervals``.
        reference: ``time, instrument, twice_price`` (ticks) in order of time: for distances and staleness. One from
            before a session is not used in it; without any, distance cannot be judged and the time is not eligible.
        heard: ``instrument, start, end`` (ns), of ``listened``.
        width: of a bucket, ns.
        rules: which orders qualify; default all.
        stress: windows ``(start, end)`` in ns for uptime in stress.

    Returns:
        Buckets: ``instrument, maker, bucket``, ns (``ns`` eligible, ``ns_bid``, ``ns_ask``, ``ns_two_sided``,
        ``ns_unknown`` without reference, ``ns_stress``, ``ns_stress_two_sided``, ``ns_stale``), ``stale_episodes``, and
        as Int128 ``spread_ns``, ``twice_mid_ns`` (of the maker's own quotes, ticks * ns, over two-sided time),
        ``bid_lots_ns``, ``ask_lots_ns``. Gaps: ``instrument, maker, start, end, closed``.

    Examples:
        >>> lives = pl.DataFrame({"instrument": "a", "maker": "m", "side": [1, -1], "price": [9, 12], "size": [5, 5],
        ...     "start": [0, 4], "end": [10, 8], "born": [0, 4]})
        >>> none = pl.DataFrame(schema={"time": pl.Int64, "instrument": pl.String, "twice_price": pl.Int64})
        >>> heard = pl.DataFrame({"instrument": ["a"], "start": [0], "end": [20]})
        >>> presence(lives, none, heard, width=100).buckets.select("ns", "ns_bid", "ns_ask", "ns_two_sided").row(0)
        (20, 10, 4, 4)
    """
    if width <= 0:
        raise DomainError(f"width is {width} ns; want a positive number")
    rules = rules or Qualifying()
    names = sorted(set(heard["instrument"]) & set(lives["instrument"]))
    if not names:
        return Presence(buckets=_NO_BUCKETS, gaps=_NO_GAPS)
    kept = (
        lives.filter(pl.col("size") >= rules.min_size, pl.col("instrument").is_in(names))
        .with_columns(enter=pl.max_horizontal("start", pl.col("born") + rules.min_rest))
        .filter(pl.col("enter") < pl.col("end"))
        .sort(*PAIR, "enter")
    )
    pairs = lives.filter(pl.col("instrument").is_in(names)).select(PAIR).unique().sort(PAIR)
    counts = pairs.join(kept.group_by(PAIR).len(), on=PAIR, how="left", maintain_order="left")["len"].fill_null(0)
    market = pairs["instrument"].cast(pl.String).cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int64)
    segments = [_segments(heard.filter(pl.col("instrument") == name), width, stress) for name in names]
    rows = np.array([item["row"][-1] + 1 for item in segments], np.int64)[market]
    base = np.concatenate([[0], np.cumsum(rows)]).astype(np.int64)
    words = np.zeros((int(base[-1]), kernels.WIDTH), np.int64)
    gaps, found = kernels.presence(
        _starts(counts.to_numpy()), market, base,
        *(kept[name].cast(pl.Int64).to_numpy() for name in ("enter", "end", "side", "price", "size")),
        *by_instrument(reference, names),
        _starts(np.array([len(item["row"]) for item in segments])),
        *(np.concatenate([item[name] for item in segments]) for name in ("start", "end", "session", "row", "stress")),
        -1 if rules.max_distance is None else round(rules.max_distance * 100), words.reshape(-1),
    )  # fmt: skip
    first = np.array([item["first_bucket"][0] for item in segments], np.int64)[market]
    at = np.arange(len(words)) - np.repeat(base[:-1], rows) + np.repeat(first, rows)
    buckets = pairs[np.repeat(np.arange(len(rows)), rows)].with_columns(
        pl.Series("bucket", at.astype(np.int64)),
        *(pl.Series(name, words[:, place]) for name, place in _NS.items()),
        *(_int128(name, words[:, place], words[:, place + 1]) for name, place in _INTEGRALS.items()),
    )
    gaps = gaps.reshape(-1, 4)[:found]
    lost = pairs[gaps[:, 0]].with_columns(
        pl.Series("start", gaps[:, 1]), pl.Series("end", gaps[:, 2]), pl.Series("closed", gaps[:, 3] == 1)
    )
    return Presence(buckets=buckets, gaps=lost)


def presence_measures(
    rows: pl.DataFrame, *, unit_size: float, block: int = 1, span: tuple[int, int] | None = None
) -> dict[str, Measure]:
    """Uptime, spread and depth from presence buckets.

    Args:
        rows: of ``Presence.buckets``, of one maker on one instrument.
        unit_size: base units of one lot.
        block: buckets in a bootstrap block.
        span: first and last bucket of the data.

    Returns:
        ``bid_uptime, ask_uptime, two_sided_uptime, uptime_in_stress`` (of eligible time); ``twa_full_spread`` (bps) and
        ``twa_full_spread_ticks`` over two-sided time; ``twa_depth_bid``, ``twa_depth_ask`` over all eligible time, and
        both ``_when_up`` over the time that side was there, which overstates.
    """
    seconds = int(rows["ns"].sum()) // 1_000_000_000 if rows.height else 0

    def share(column: str, of: str, unit: str, undefined: str, scale: float = 1.0) -> Measure:
        if not rows.height:
            return missing(unit, NO_ORDERS)
        return ratio_measure(
            rows, column, of, unit=unit, n=seconds, undefined=undefined, scale=scale, block=block, span=span
        )

    up, away, alone = "fraction of time", "no eligible time", "never two-sided"
    return {
        "bid_uptime": share("ns_bid", "ns", up, away),
        "ask_uptime": share("ns_ask", "ns", up, away),
        "two_sided_uptime": share("ns_two_sided", "ns", up, away),
        "uptime_in_stress": share("ns_stress_two_sided", "ns_stress", up, "no stress window was declared or heard"),
        "twa_full_spread": share("spread_ns", "twice_mid_ns", "bps", alone, 2e4),
        "twa_full_spread_ticks": share("spread_ns", "ns_two_sided", "ticks", alone),
        **{
            f"twa_depth_{side}{when}": share(f"{side}_lots_ns", of, "base", f"never a qualifying {side}", unit_size)
            for side in ("bid", "ask")
            for when, of in (("", "ns"), ("_when_up", f"ns_{side}"))
        },
    }


def maker_share_of_depth(rows: pl.DataFrame, everyone: pl.DataFrame) -> Measure:
    """Time-weighted share of one maker in the qualifying size of all makers on the tape, both sides together.

    Args:
        rows: presence buckets of the maker on one instrument.
        everyone: presence buckets of all makers on it, under the same rules.
    """
    if not everyone.height:
        return missing("fraction", NO_ORDERS)
    own, total = (int((table["bid_lots_ns"] + table["ask_lots_ns"]).sum() or 0) for table in (rows, everyone))
    seconds = int(rows["ns"].sum()) // 1_000_000_000 if rows.height else 0
    if not total:
        return missing("fraction", "no qualifying orders", n=seconds)
    return Measure(value=own / total, unit="fraction", n=seconds, reason="of the makers on this tape")


def staleness(rows: pl.DataFrame) -> dict[str, Measure]:
    """How long the fair price stayed outside the maker's own quotes before it moved them.

    Args:
        rows: presence buckets of one maker on one instrument, made against a fair price that is not its own quotes.

    Returns:
        ``staleness``: mean ns of an episode; ``stale_share``: of eligible time.
    """
    if not rows.height:
        return {"staleness": missing("ns", NO_ORDERS), "stale_share": missing("fraction of time", NO_ORDERS)}
    time, episodes, ns = (int(rows[name].sum()) for name in ("ns_stale", "stale_episodes", "ns"))
    length = Measure(value=time / episodes, unit="ns", n=episodes) if episodes else missing("ns", "never stale")
    if not ns:
        return {"staleness": length, "stale_share": missing("fraction of time", "no eligible time")}
    return {
        "staleness": length,
        "stale_share": Measure(value=time / ns, unit="fraction of time", n=ns // 1_000_000_000),
    }


def by_instrument(reference: pl.DataFrame, names: Sequence[str]) -> tuple[Ints, Ints, Ints]:
    """First row of each instrument, times and doubled prices, instruments in the order of ``names``."""
    rows = reference.filter(pl.col("instrument").is_in(list(names)), pl.col("twice_price") > 0)
    rows = rows.with_columns(pl.col("instrument").cast(pl.String).cast(pl.Enum(list(names)))).sort(
        "instrument", maintain_order=True
    )
    counts = dict(rows.group_by("instrument").len().iter_rows())
    starts = _starts(np.array([counts.get(name, 0) for name in names]))
    return starts, rows["time"].cast(pl.Int64).to_numpy(), rows["twice_price"].cast(pl.Int64).to_numpy()


def _segments(sessions: pl.DataFrame, width: int, stress: Sequence[tuple[int, int]]) -> dict[str, np.ndarray]:
    """Sessions of one instrument cut at bucket borders and at the bounds of stress windows."""
    start, end = sessions["start"].to_numpy(), sessions["end"].to_numpy()
    low, high = int(start.min()), int(end.max())
    inner = np.arange(low // width + 1, -(-high // width)) * width
    bounds = np.array([time for window in stress for time in window if low < time < high], np.int64)
    cuts = np.unique(np.concatenate([start, end, inner, bounds]))
    left, right = cuts[:-1], cuts[1:]
    session = np.searchsorted(start, left, "right") - 1
    inside = right <= end[session]
    left, right, session = left[inside], right[inside], session[inside]
    stressed = np.zeros(len(left), bool)
    for since, until in stress:
        stressed |= (left >= since) & (right <= until)
    bucket = left // width
    return {
        "start": left, "end": right, "session": start[session], "row": bucket - low // width, "stress": stressed,
        "first_bucket": np.array([low // width]),
    }  # fmt: skip


def _starts(counts: np.ndarray) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _int128(name: str, low: Ints, high: Ints) -> pl.Series:
    words = pl.DataFrame({"low": np.ascontiguousarray(low).view(np.uint64), "high": high})
    return words.select((pl.col("high").cast(pl.Int128) * 2**64 + pl.col("low").cast(pl.Int128)).alias(name))[name]
