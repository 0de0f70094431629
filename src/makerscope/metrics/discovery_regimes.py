"""Price discovery apart for calm and wild times: the same shares and leads, from the stretches of each regime alone.

A regime is a set of spans of time. Sums of ``metrics.vecm`` and ``metrics.leadlag`` are made span by span, so that no
step and no pair of ticks reaches from one regime into another, and are added.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.metrics.columns import need
from makerscope.metrics.discovery import Discovery, discovery_of
from makerscope.metrics.leadlag import LeadLag, add_sums, lead_lag_of, sums_of
from makerscope.metrics.measure import Measure, measured
from makerscope.metrics.vecm import MAX_LAGS, add_moments, moments_of, price_grid

CALM, BETWEEN, CRISIS = "calm", "between", "crisis"
YEAR_NS = 365 * 86_400 * 10**9
Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """What two markets did in one regime.

    Args:
        name: of the regime.
        seconds: of time in it, s.
        volatility: of the second market, annualised, fraction.
        shares: information, component and leadership shares, first market first.
        lead: > 0 the first market leads.
        touch_ratio: mean money at the best prices of the first market over that of the second.
    """

    name: str
    seconds: float
    volatility: Measure
    shares: Discovery
    lead: LeadLag
    touch_ratio: Measure


def volatility_regimes(
    mids: pl.DataFrame, *, width: int, step: int, calm: float = 0.5, crisis: float = 0.2
) -> dict[str, Spans]:
    """Blocks of ``width`` ns by the realised variance of one market: the calmest half, the wildest fifth, the rest.

    Args:
        mids: ``time`` (ns, in order) and ``mid``.
        width: ns of a block; blocks side by side in one regime become one span.
        step: ns of the returns that variance is made of.
        calm: share of the blocks that are calm.
        crisis: share of the blocks that are crisis.

    Raises:
        DomainError: widths or shares make no sense, or fewer than 10 blocks fit.

    Examples:
        >>> time = np.arange(200) * 10
        >>> price = 100.0 + np.where(time >= 1500, 1.0, 0.01) * (np.arange(200) % 2)
        >>> found = volatility_regimes(pl.DataFrame({"time": time, "mid": price}), width=100, step=10)
        >>> found["crisis"]
        ((1600, 2000),)
    """
    if not (0 < step <= width and calm > 0 and crisis > 0 and calm + crisis <= 1):
        raise DomainError(f"width {width}, step {step}, calm {calm}, crisis {crisis}; want step <= width, shares of 1")
    grid = price_grid([mids], step=step, max_age=1 << 60)
    time, price = grid["time"].to_numpy(), grid["p0"].to_numpy()
    place = time[1:] // width
    variance = (
        pl.DataFrame({"block": place, "square": np.diff(price) ** 2}).group_by("block").agg(pl.col("square").sum())
    )
    rows = variance.sort("block").with_columns(rank=pl.col("square").rank("ordinal"))
    n = rows.height
    if n < 10:
        raise DomainError(f"{n} blocks of {width / 1e9:g} s; want at least 10")
    kind = np.where(
        rows["rank"].to_numpy() <= round(calm * n), CALM,
        np.where(rows["rank"].to_numpy() > n - round(crisis * n), CRISIS, BETWEEN),
    )  # fmt: skip
    block = rows["block"].to_numpy()
    return {name: _joined(block[kind == name], width) for name in (CALM, BETWEEN, CRISIS) if np.any(kind == name)}


def _joined(block: NDArray[np.int64], width: int) -> Spans:
    """Blocks side by side as one span."""
    cuts = np.flatnonzero(np.diff(block) > 1) + 1
    return tuple((int(part[0]) * width, (int(part[-1]) + 1) * width) for part in np.split(block, cuts))


def window_regimes(window: Spans, whole: tuple[int, int]) -> dict[str, Spans]:
    """Crisis inside the given spans, calm outside of them.

    Examples:
        >>> window_regimes(((20, 30),), (0, 100))
        {'calm': ((0, 20), (30, 100)), 'crisis': ((20, 30),)}
    """
    edges = [whole[0], *(edge for span in sorted(window) for edge in span), whole[1]]
    outside = tuple((a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a)
    return {CALM: outside, CRISIS: tuple(sorted(window))}


def discovery_by_regime(
    series: Sequence[pl.DataFrame],
    names: Sequence[str],
    regimes: Mapping[str, Spans],
    *,
    step: int,
    lags: NDArray[np.int64],
    max_age: int,
    max_lags: int = MAX_LAGS,
) -> list[Regime]:
    """Shares, leads and depth of two markets in each regime.

    Args:
        series: of each market ``time`` (ns, one clock, in order), ``mid`` and ``touch`` (money at the best prices).
        names: of the markets, the one asked about first.
        regimes: spans of each.
        step: ns of the grid of the shares.
        lags: ns, of the lead-lag curve.
        max_age: ns; an older price is none.
        max_lags: most lagged changes of the model; AIC chooses.

    Raises:
        DomainError: there are not two markets.
    """
    if len(series) != 2 or len(names) != 2:
        raise DomainError(f"{len(series)} series, {len(names)} names; want two markets")
    for part in series:
        need(part, "prices", "time", "mid", "touch")
    grid = price_grid(series, step=step, max_age=max_age)
    sizes = grid.select("time")
    for i, part in enumerate(series):
        sizes = sizes.join_asof(part.select("time", pl.col("touch").alias(f"t{i}")), on="time", check_sortedness=False)
    out: list[Regime] = []
    for name, spans in regimes.items():
        inside = [_within(grid, span) for span in spans]
        moments = add_moments([moments_of(part, step=step, lags=max_lags) for part in inside if part.height > 1])
        sums = add_sums([sums_of(_within(series[0], s), _within(series[1], s), lags, block=None) for s in spans])
        touch = pl.concat([_within(sizes, span) for span in spans]).drop_nulls()
        out.append(Regime(
            name=name, seconds=sum(b - a for a, b in spans) / 1e9, volatility=_volatility(inside, step),
            shares=discovery_of(moments, names), lead=lead_lag_of(sums), touch_ratio=_ratio(touch),
        ))  # fmt: skip
    return out


def _within(rows: pl.DataFrame, span: tuple[int, int]) -> pl.DataFrame:
    return rows.filter((pl.col("time") >= span[0]) & (pl.col("time") < span[1]))


def _volatility(parts: Sequence[pl.DataFrame], step: int) -> Measure:
    squares = np.concatenate([np.diff(part["p1"].fill_null(np.nan).to_numpy()) ** 2 for part in parts])
    known = squares[np.isfinite(squares)]
    value = float(np.sqrt(known.mean() * YEAR_NS / step)) if known.size else np.nan
    return measured(value, "annualised, fraction", n=known.size, undefined="no steps with a price")


def _ratio(touch: pl.DataFrame) -> Measure:
    above, below = (float(touch[name].to_numpy().sum()) for name in ("t0", "t1"))
    value = above / below if below > 0 else np.nan
    return measured(value, "ratio of money at the best prices", n=touch.height, undefined="no sizes are known")
