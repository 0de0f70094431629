"""The withdrawal alarm: in which looks at an option chain liquidity had left the market.

Two numbers of each snapshot and underlying, both as logarithms or shares, so that they have no scale:

* ``liquidity``: how much of the usual tightness is there. An option quoted on both sides offers ``1 / width``
  (volatility), one that lacks a side offers 0; the weighted mean in a cell of the grid (tenor by delta, 10 to 65 per
  cent) is divided by the cell's median over the other snapshots, and the cells are averaged. Half the quotes gone, or
  all of them twice as wide, is 0.5.
* ``missing``: the share of options that lack a bid or an ask though they are worth at least two ticks.

Each is compared with what is usual at that time, the median of the other snapshots of its season: hours since the last
08:00 UTC expiry, at weekends or not, and then the hour of the week, each shrunk towards what is known without it. The
false-alarm rate of a snapshot is the tail of the other snapshots' scores: their own ranks up to their upper quartile,
then an exponential tail through their 75 % and 90 % quantiles, heavier than what these scores were seen to have. So
that withdrawals do not hide each other, the tail is never taken for heavier than the exponential one through the median
and the 75 % quantile, and snapshots of whose alarm there is no doubt leave the others, until no more join them. The
tail is never taken for lighter than the channel's own either: quotes deep in the money come and go together (in one
look of seven in March 2026 an eighth of a chain lacked a side while the rest was as tight as ever), which the bulk of
the looks does not show. An alarm must also be material.

The constants of ``LIQUIDITY`` and ``MISSING`` were tuned on Deribit's chains of 2025-12, 2026-03 and 2026-04.
"""

from dataclasses import dataclass
from math import log

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.metrics.columns import need
from makerscope.metrics.option_chain import DAY, YEAR

KEYS = ("snapshot", "base", "tenor_bucket", "delta_bucket")
HOUR = 3_600_000_000_000
NARROWEST = 0.001  # volatility; quotes tighter than a tenth of a point count as that
LAST_HOURS = 12  # options so near to expiry have hardly any vega and are left out
WORTH_TICKS = 2  # an option worth less than this cannot be expected to have a bid
MOST = 2.0  # a cell may make up for this many usual ones at most
LEAST = 0.01
FEWEST = 4  # snapshots of an underlying; with fewer nothing is usual
SHRINK = 8  # snapshots worth of belief that a season is like the whole
PASSES = 20
CERTAIN = 0.005  # false-alarm rate below which a material withdrawal no longer counts among the usual looks
RATE = 0.01  # false alarms per snapshot, over all underlyings together
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Channel:
    """What is known of a score before any data: the least scale of its exponential tail, and what is material."""

    scale: float
    material: float


LIQUIDITY = Channel(scale=0.06, material=log(1.5))  # of -ln(liquidity / usual): a third of it gone
MISSING = Channel(scale=0.07, material=0.20)  # of the share missing beyond the usual one


def alarm_buckets(rows: pl.DataFrame) -> pl.DataFrame:
    """Counts and sums of each snapshot, underlying, tenor and delta bucket; buckets of any partition add.

    Args:
        rows: of ``with_snapshots(option_rows(...))``.

    Returns:
        ``snapshot, base, tenor_bucket, delta_bucket``, ``expected`` (options worth two ticks or more) and ``lacking``
        (those of them without a bid or an ask); ``weight`` and ``tight`` (the weight ``vega / (forward sqrt(T))`` of
        options with a delta of 10 to 65 per cent, and its sum over width in volatility), ``weight_quoted``.
    """
    need(
        rows, "rows", *KEYS, "reason", "tenor", "bid_usd", "ask_usd", "mark_usd", "tick_usd", "vega", "forward", "delta"
    )
    two = pl.col("bid_usd").is_not_null() & pl.col("ask_usd").is_not_null()
    width = pl.max_horizontal((pl.col("ask_usd") - pl.col("bid_usd")) / pl.col("vega"), NARROWEST)
    weight = pl.col("vega") / (pl.col("forward") * pl.col("tenor").sqrt())
    core = pl.col("delta").abs().is_between(0.1, 0.65) & (pl.col("vega") > 0)
    core = core.fill_null(value=False)
    worth = (pl.col("mark_usd") >= WORTH_TICKS * pl.col("tick_usd")).fill_null(value=False)
    lasting = pl.col("reason").is_null() & (pl.col("tenor") > LAST_HOURS * HOUR / YEAR)
    return (
        rows.filter(lasting)
        .group_by(KEYS)
        .agg(
            expected=worth.sum().cast(pl.Int64),
            lacking=(worth & ~two).sum().cast(pl.Int64),
            weight=weight.filter(core).sum(),
            weight_quoted=weight.filter(core & two).sum(),
            tight=(weight / width).filter(core & two).sum(),
        )
        .sort(KEYS, nulls_last=True)
    )


def withdrawal_alarm(
    buckets: pl.DataFrame, *, rate: float = RATE, liquidity: Channel = LIQUIDITY, missing: Channel = MISSING
) -> pl.DataFrame:
    """The snapshots of each underlying, how much liquidity each had, and in which of them it had left the market.

    Args:
        buckets: of ``alarm_buckets``, over the whole time that may say what is usual.
        rate: false alarms per snapshot that are accepted, over all underlyings and both numbers together.
        liquidity: what is known beforehand of the score of liquidity.
        missing: likewise of the share of quotes missing.

    Returns:
        One row a snapshot and underlying in order of time: ``snapshot, base``; ``liquidity`` (1 is usual at that time;
        null where no cell can be compared), ``missing`` and ``missing_usual`` (shares of the options expected to be
        quoted), ``width_ratio`` (usual width over the width of what is still quoted, inverted: 2 is twice as wide);
        ``false_alarm_rate`` (how often a usual snapshot looks as bad, over both numbers); ``alarm``; ``rank`` (1 is
        the worst of all); ``reason`` (what left, or why nothing can be said).

    Raises:
        DomainError: ``rate`` is not between 0 and 1.

    Examples:
        ``withdrawal_alarm(alarm_buckets(rows)).filter("alarm").sort("rank")``
    """
    if not 0 < rate < 1:
        raise DomainError(f"rate is {rate}; want more than 0 and less than 1")
    need(buckets, "buckets", *KEYS, "expected", "lacking", "weight", "weight_quoted", "tight")
    parts = buckets.partition_by("base", maintain_order=True) if buckets.height else []
    allowed = rate / max(len(parts), 1)
    out = [_alarm_of(part, allowed, liquidity, missing) for part in parts]
    rows = pl.concat(out, how="vertical") if out else pl.DataFrame(schema=_SCHEMA)
    order = rows.select("false_alarm_rate", "liquidity", row=pl.int_range(pl.len())).sort(
        "false_alarm_rate", "liquidity", nulls_last=True, maintain_order=True
    )
    ranks = order.with_columns(rank=pl.int_range(1, pl.len() + 1)).sort("row")["rank"]
    return rows.with_columns(rank=ranks).sort("snapshot", "base")


_SCHEMA = {
    "snapshot": pl.Int64,
    "base": pl.String,
    "liquidity": pl.Float64,
    "missing": pl.Float64,
    "missing_usual": pl.Float64,
    "width_ratio": pl.Float64,
    "false_alarm_rate": pl.Float64,
    "alarm": pl.Boolean,
    "reason": pl.String,
}


def _alarm_of(part: pl.DataFrame, allowed: float, liquid: Channel, lacking: Channel) -> pl.DataFrame:
    """The rows of one underlying."""
    summed = pl.col("expected", "lacking", "weight", "weight_quoted").sum()
    total = part.group_by("snapshot").agg(summed).sort("snapshot")
    time = total["snapshot"].to_numpy()
    share = _over(total["lacking"].to_numpy(), total["expected"].to_numpy())
    quoted = _over(total["weight_quoted"].to_numpy(), total["weight"].to_numpy())
    offered = _offered(part, time)
    usable = np.full(time.shape[0], time.shape[0] >= FEWEST)
    calm = usable.copy()
    seen = _judge(time, offered, share, calm, (allowed, liquid, lacking))
    for _ in range(PASSES):
        found = calm & (seen.gone | seen.unquoted) & (seen.odds <= CERTAIN)
        if not found.any() or np.count_nonzero(calm & ~found) < FEWEST - 1:
            break
        calm = calm & ~found
        seen = _judge(time, offered, share, calm, (allowed, liquid, lacking))
    odds = np.where(usable, seen.odds, np.nan)
    left = np.exp(-seen.there)
    return pl.DataFrame(
        {
            "snapshot": time,
            "base": [part["base"][0]] * time.shape[0],
            "liquidity": left,
            "missing": share,
            "missing_usual": seen.usual_share,
            "width_ratio": np.where(quoted > 0, quoted / np.where(left > 0, left, np.nan), np.nan),
            "false_alarm_rate": odds,
            "alarm": (seen.gone | seen.unquoted) & usable,
            "reason": _words(odds, seen.gone, seen.unquoted, left, share),
        },
        schema=_SCHEMA,
    ).with_columns(pl.col(pl.Float64).fill_nan(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What one pass says of each snapshot of an underlying."""

    there: Floats
    usual_share: Floats
    odds: Floats
    gone: Flags
    unquoted: Flags


def _judge(
    time: NDArray[np.int64], offered: Floats, share: Floats, calm: Flags, rule: tuple[float, Channel, Channel]
) -> _Seen:
    """One pass: ``rule`` is the false-alarm rate allowed and the two channels."""
    allowed, liquid, lacking = rule
    level = np.log(_there(offered, calm))
    usual_share = np.maximum(usual(time, share, calm), 0.0)
    there, excess = usual(time, level, calm) - level, share - usual_share
    rates = np.array([false_alarms(there, liquid, calm), false_alarms(excess, lacking, calm)])
    known = ~np.isnan(rates)
    odds = np.minimum(1.0, 2 * np.min(np.where(known, rates, 1.0), axis=0))
    return _Seen(
        there=there,
        usual_share=usual_share,
        odds=np.where(known.any(axis=0), odds, np.nan),
        gone=(2 * rates[0] <= allowed) & (there >= liquid.material),
        unquoted=(2 * rates[1] <= allowed) & (excess >= lacking.material),
    )


def _words(odds: Floats, gone: Flags, unquoted: Flags, left: Floats, share: Floats) -> list[str]:
    out = []
    for unknown, less, bare, there, lack in zip(np.isnan(odds), gone, unquoted, left, share, strict=True):
        said = [f"{there:.0%} of the usual liquidity"] if less else []
        said += [f"{lack:.0%} of the options lack a bid or an ask"] if bare else []
        out.append(f"fewer than {FEWEST} snapshots: nothing is usual yet" if unknown else ", ".join(said))
    return out


def _offered(part: pl.DataFrame, time: NDArray[np.int64]) -> Floats:
    """Weighted mean of ``1 / width`` in each snapshot (row) and cell of the grid (column), ``nan`` if it is empty."""
    cells = part.filter((pl.col("weight") > 0) & pl.col("delta_bucket").is_not_null())
    if not cells.height:
        return np.full((time.shape[0], 1), np.nan)
    name = pl.concat_str(pl.col("tenor_bucket", "delta_bucket").cast(pl.String), separator=" ")
    column = cells.select(name.alias("cell"))["cell"].rank("dense").to_numpy() - 1
    out = np.full((time.shape[0], int(column.max()) + 1), np.nan)
    out[np.searchsorted(time, cells["snapshot"].to_numpy()), column] = (cells["tight"] / cells["weight"]).to_numpy()
    return out


def _there(offered: Floats, calm: Flags) -> Floats:
    """Liquidity of each snapshot against its cells' medians over the other calm ones, the cells weighing the same."""
    ratio = np.full_like(offered, np.nan)
    for j in range(offered.shape[1]):
        common = quantile_of_others(offered[:, j], 0.5, calm)
        ratio[:, j] = np.where(common > 0, offered[:, j] / np.where(common > 0, common, 1.0), np.nan)
    known = ~np.isnan(ratio)
    sums = np.where(known, np.minimum(ratio, MOST), 0.0).sum(axis=1)
    return np.maximum(_over(sums, known.sum(axis=1)), LEAST)


def usual(time: NDArray[np.int64], value: Floats, calm: Flags | None = None) -> Floats:
    """What ``value`` usually is at each ``time`` (ns): the median of the others, then of its season, then hour of week.

    A season of ``n`` others moves the answer by ``n / (n + 8)`` of its own median difference; fewer than 3 say nothing.
    Only ``calm`` times count as others.

    Examples:
        >>> day = np.arange(8) * DAY
        >>> usual(day, np.array([1.0, 1, 1, 1, 1, 1, 1, 9])).tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    calm = np.ones(time.shape[0], np.bool_) if calm is None else calm
    hour = time // HOUR
    weekend = (time // DAY + 3) % 7 >= 5  # day 0 was a Thursday
    since = (hour - 8) % 24
    base = quantile_of_others(value, 0.5, calm)
    for season in ((np.searchsorted([2, 5, 10, 16, 20], since, side="right") * 2 + weekend), hour % 168):
        apart = value - base
        for code in np.unique(season):
            here = np.flatnonzero(season == code)
            move = quantile_of_others(apart[here], 0.5, calm[here])
            n = np.count_nonzero(~np.isnan(apart[here]) & calm[here]) - calm[here]
            base[here] += np.where(np.isnan(move) | (n < FEWEST - 1), 0.0, move * n / (n + SHRINK))
    return base


def false_alarms(score: Floats, channel: Channel, calm: Flags | None = None) -> Floats:
    """How often a usual snapshot scores at least as high, judged by the calm others; ``nan`` where none can judge.

    Up to the upper quartile of the others by their ranks; beyond it ``0.25 exp(-(s - q75) / b)`` with
    ``b = (q90 - q75) / ln(2.5)``, at most ``(q75 - q50) / ln(2)`` and at least the channel's own scale.

    Examples:
        >>> score = np.append(np.linspace(0.0, 1.0, 101), 9.0)
        >>> rate = false_alarms(score, Channel(scale=0.2, material=0.0))
        >>> rate[50].round(2), bool(rate[-1] < 1e-9)
        (np.float64(0.5), True)
    """
    calm = np.ones(score.shape[0], np.bool_) if calm is None else calm
    middle, high, higher = (quantile_of_others(score, q, calm) for q in (0.5, 0.75, 0.9))
    judges = np.sort(score[calm & ~np.isnan(score)])
    scale = np.maximum(np.minimum((higher - high) / log(2.5), (high - middle) / log(2)), channel.scale)
    others = judges.shape[0] - calm
    above = judges.shape[0] - np.searchsorted(judges, score, side="left") - calm
    beyond = 0.25 * np.exp(-np.maximum(score - high, 0.0) / scale)
    ranked = np.maximum(above / np.maximum(others, 1), 0.25)
    return np.where(np.isnan(score) | np.isnan(high), np.nan, np.where(score > high, beyond, ranked))


def quantile_of_others(value: Floats, q: float, calm: Flags | None = None) -> Floats:
    """For each value the linear ``q`` quantile of all others that are ``calm``; ``nan`` where there are none.

    Examples:
        >>> quantile_of_others(np.array([1.0, 2.0, 3.0, 10.0]), 0.5).tolist()
        [3.0, 3.0, 2.0, 2.0]
        >>> quantile_of_others(np.array([1.0, 2.0, 3.0, 10.0]), 0.5, np.array([True, True, True, False])).tolist()
        [2.5, 2.0, 1.5, 2.0]
    """
    calm = np.ones(value.shape[0], np.bool_) if calm is None else calm
    out = np.full(value.shape[0], np.nan)
    known = np.flatnonzero(~np.isnan(value) & calm)
    n = known.shape[0]
    order = known[np.argsort(value[known], kind="stable")]
    ordered = value[order]
    if n:
        out[~calm & ~np.isnan(value)] = np.quantile(ordered, q)
    if n < 2:
        return out
    at = q * (n - 2)
    low, part = int(at), at - int(at)
    place = np.arange(n)

    def without(k: int) -> Floats:
        return np.where(place <= k, ordered[min(k + 1, n - 1)], ordered[min(k, n - 1)])

    first = without(low)
    out[order] = first + part * (without(low + 1) - first) if part > 0 else first
    return out


def _over(top: NDArray[np.generic], bottom: NDArray[np.generic]) -> Floats:
    """``top / bottom``, ``nan`` where the bottom is 0."""
    below = bottom.astype(np.float64)
    return np.where(below > 0, top.astype(np.float64) / np.where(below > 0, below, 1.0), np.nan)
