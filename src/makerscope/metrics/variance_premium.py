"""Implied against realised variance: the variance risk premium, and how far quotes drift from the market they price.

Everything is variance a year of 365 days until a divergence is named, which is in volatility points. Implied variance
at a snapshot is model-free where the strip of the chain allows it, else at the money, and the row says which. Both legs
span the same time: an implied variance for 30 days stands beside what was realised in those same 30 days.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.metrics.columns import need
from makerscope.metrics.measure import Measure, missing
from makerscope.metrics.option_chain import DAY, YEAR
from makerscope.pricing.forecast import standard_error
from makerscope.pricing.modelfree import ModelFree, model_free_variance, thirty_day_variance

Floats = NDArray[np.float64]
HORIZON = 30 * DAY
COVERED = 0.9  # share of the horizon that prices must cover for a realised variance
NARROWEST = 1.5  # standard deviations a strip must reach on both sides to count as model-free
Z95 = 1.959963984540054
UNIT = "variance a year of 365 days"
POINTS = "volatility points"
_TERMS = {
    "snapshot": pl.Int64,
    "base": pl.String,
    "expiry": pl.Int64,
    "tenor": pl.Float64,
    "variance": pl.Float64,
    "forward": pl.Float64,
    "strikes": pl.Int64,
    "low_sd": pl.Float64,
    "high_sd": pl.Float64,
    "gap_sd": pl.Float64,
    "cut": pl.Float64,
    "reason": pl.String,
}


def implied_terms(rows: pl.DataFrame, *, near: int | None = None, beside: int = 3) -> pl.DataFrame:
    """Model-free variance of each snapshot, underlying and expiry, with the range its strip covers.

    Args:
        rows: of ``with_snapshots(option_rows(...))``; rows with a ``reason`` are left out.
        near: ns; only the ``beside`` expiries on each side of this time ahead, default all of them.
        beside: see ``near``.

    Returns:
        ``snapshot, base, expiry, tenor, variance`` (null with a ``reason``), ``forward`` (from parity), ``strikes``,
        ``low_sd, high_sd`` (range covered, standard deviations), ``gap_sd`` (widest step between strikes),
        ``cut`` (share of the variance that a flat smile would have outside the strip).
    """
    need(
        rows, "rows", "snapshot", "base", "expiry", "tenor", "strike", "is_call", "coin_premium", "bid_coin", "bid_usd"
    )
    price = {side: pl.when("coin_premium").then(f"{side}_coin").otherwise(f"{side}_usd") for side in ("bid", "ask")}
    good = rows.filter(pl.col("reason").is_null()).with_columns(**price)
    if near is not None:
        before = pl.col("expiry") <= pl.col("snapshot") + near
        away = (pl.col("expiry") - pl.col("snapshot") - near).abs()
        good = good.filter(away.rank("dense").over("snapshot", "base", before) <= beside)
    keys = ["snapshot", "base", "expiry", "strike"]
    table = (
        good.group_by(keys)
        .agg(
            tenor=pl.col("tenor").mean(),
            coin=pl.col("coin_premium").first(),
            **{
                f"{kind}_{side}": pl.col(side).filter(pl.col("is_call") == call).last()
                for kind, call in (("call", True), ("put", False))
                for side in ("bid", "ask")
            },
        )
        .sort(keys)
    )
    starts = np.flatnonzero(table.select(pl.struct(keys[:3]).is_first_distinct()).to_series().to_numpy())
    ends = np.append(starts, table.height)[1:]
    heads = table[starts.tolist()].select("snapshot", "base", "expiry", "tenor", "coin").rows()
    columns = [
        table[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        for name in ("strike", "call_bid", "call_ask", "put_bid", "put_ask")
    ]
    out = []
    for (snapshot, base, expiry, tenor, coin), low, high in zip(heads, starts.tolist(), ends.tolist(), strict=True):
        found = model_free_variance(*(column[low:high] for column in columns), expiry=tenor, coin=coin)
        limits = (found.low_sd, found.high_sd, found.gap_sd, found.cut, found.reason)
        out.append((snapshot, base, expiry, tenor, found.variance, found.forward, found.strikes, *limits))
    return pl.DataFrame(out, schema=_TERMS, orient="row")


def implied_variance(terms: pl.DataFrame, smile: pl.DataFrame | None = None, *, horizon: int = HORIZON) -> pl.DataFrame:
    """Implied variance over ``horizon`` of each snapshot and underlying.

    Args:
        terms: of ``implied_terms``. An expiry counts where its strip reaches 1.5 standard deviations on both sides.
        smile: of ``option_smile.smiles``: at the money, where no two such expiries lie around the horizon.
        horizon: ns.

    Returns:
        ``snapshot, base, implied`` (variance a year, null with a ``reason``), ``source`` (``model-free``,
        ``at the money``), ``low_sd, high_sd`` (the narrower ranges of the strips around the horizon), ``cut``.
    """
    if horizon <= 0:
        raise DomainError(f"horizon is {horizon} ns; want more than 0")
    wide = (
        terms.filter(pl.col("variance").is_not_null())
        .filter((pl.col("low_sd") <= -NARROWEST) & (pl.col("high_sd") >= NARROWEST))
        .select("snapshot", "base", "tenor", "variance", "low_sd", "high_sd", "cut")
        .rows_by_key(["snapshot", "base"])
    )
    money = {}
    if smile is not None:
        known = smile.filter(pl.col("at_the_money").is_not_null())
        money = known.select("snapshot", "base", "tenor", pl.col("at_the_money") ** 2).rows_by_key(["snapshot", "base"])
    out = []
    for key in terms.select("snapshot", "base").unique(maintain_order=True).rows():
        strips = wide.get(key, [])
        value, why = _at([row[:2] for row in strips], horizon / YEAR)
        source = "model-free"
        if value is None and smile is not None:
            value, _ = _at(money.get(key, []), horizon / YEAR)
            source = "at the money"
        found = value is not None
        before = [row[2:] for row in strips if row[0] <= horizon / YEAR][-1:]
        used = before + [row[2:] for row in strips if row[0] > horizon / YEAR][:1]
        columns = tuple(zip(*used, strict=True))  # the narrower range of the two, and the larger part cut off
        limits = (max(columns[0]), min(columns[1]), max(columns[2])) if columns else (None, None, None)
        out.append((*key, value, source if found else None, *limits, None if found else why))
    schema = {"snapshot": pl.Int64, "base": pl.String, "implied": pl.Float64, "source": pl.String}
    schema |= {"low_sd": pl.Float64, "high_sd": pl.Float64, "cut": pl.Float64, "reason": pl.String}
    return pl.DataFrame(out, schema=schema, orient="row").sort("snapshot", "base")


def _at(points: list[tuple[float, float]], horizon: float) -> tuple[float | None, str]:
    return thirty_day_variance([ModelFree(variance=v, expiry=T) for T, v in points], horizon=horizon)


def realised_variance(
    prices: pl.DataFrame, times: pl.DataFrame, *, horizon: int = HORIZON, ahead: bool = True, gap: int = DAY
) -> pl.DataFrame:
    """Variance realised over ``horizon`` after (or before) each time, from log returns of prices, a year of 365 days.

    A return over a gap of more than ``gap`` is left out with its time, and the sum is divided by the time it covers.

    Args:
        prices: ``time`` (ns), ``base``, ``price`` (of the underlying: an index or a mid), in order of time.
        times: ``snapshot`` (ns), ``base``.
        horizon: ns.
        ahead: the time after the snapshot (for ``vrp_ex_post``), else the time before it.
        gap: ns, longest step between two prices that counts.

    Returns:
        ``times`` with ``realised`` (null where less than 90 % of the horizon is covered), ``returns`` (number),
        ``covered`` (share of the horizon).

    Examples:
        >>> prices = pl.DataFrame({"time": [0, DAY, 2 * DAY], "base": ["BTC"] * 3, "price": [100.0, 101.0, 100.0]})
        >>> times = pl.DataFrame({"snapshot": [0], "base": ["BTC"]})
        >>> out = realised_variance(prices, times, horizon=2 * DAY)
        >>> out.select(pl.col("realised").round(6), "returns", "covered").row(0)
        (0.036138, 2, 1.0)
    """
    need(prices, "prices", "time", "base", "price")
    need(times, "times", "snapshot", "base")
    if horizon <= 0 or gap <= 0:
        raise DomainError(f"horizon is {horizon} ns and gap {gap} ns; want more than 0")
    parts = []
    for (base,), asked in times.group_by("base", maintain_order=True):
        own = prices.filter((pl.col("base") == base) & (pl.col("price") > 0)).unique("time", keep="last").sort("time")
        time, price = own["time"].to_numpy(), own["price"].to_numpy()
        step = np.diff(time)
        good = step <= gap
        squares = np.concatenate([[0.0], np.cumsum(np.where(good, np.diff(np.log(price)) ** 2, 0.0))])
        length = np.concatenate([[0.0], np.cumsum(np.where(good, step, 0.0))])
        counts = np.concatenate([[0], np.cumsum(good)])
        at = asked["snapshot"].to_numpy()
        start, end = (at, at + horizon) if ahead else (at - horizon, at)
        # the first price at or after the start, the last at or before the end
        i = np.minimum(np.searchsorted(time, start, side="left"), max(time.shape[0] - 1, 0))
        j = np.maximum(np.searchsorted(time, end, side="right") - 1, i)
        span = length[j] - length[i] if time.shape[0] else np.zeros(at.shape[0])
        total = squares[j] - squares[i] if time.shape[0] else np.zeros(at.shape[0])
        known = span >= COVERED * horizon
        value = np.where(known, total / np.where(span > 0, span, 1.0) * YEAR, np.nan)
        parts.append(
            asked.with_columns(
                realised=pl.Series(value).fill_nan(None),
                returns=pl.Series(counts[j] - counts[i] if time.shape[0] else np.zeros(at.shape[0], np.int64)),
                covered=pl.Series(span / horizon),
            )
        )
    empty = times.head(0).with_columns(
        realised=pl.lit(None, pl.Float64), returns=pl.lit(None, pl.Int64), covered=pl.lit(None, pl.Float64)
    )
    return pl.concat([empty, *parts], how="vertical_relaxed").sort("snapshot", "base")


@dataclass(frozen=True, slots=True, kw_only=True)
class Premium:
    """Implied less realised: the premium in variance, and the divergence in volatility points with its size."""

    premium: Measure
    divergence: Measure
    divergence_size: Measure
    spread: Measure


def variance_premium(implied: Floats, realised: Floats, *, lags: int) -> Premium:
    """The variance risk premium and the divergence of implied from realised volatility over matching times.

    ``vrp_ex_post`` where ``realised`` is that of the same time as ``implied`` looks at, ``vrp_ex_ante`` where it is a
    forecast or what was realised before. Above 0 sellers of variance were paid.

    Args:
        implied: variance a year, shape ``(n,)``, ``nan`` where unknown.
        realised: likewise, over the matching time, same day count.
        lags: snapshots over which neighbours share their time (horizon over the step between snapshots); the intervals
            know it (Newey-West).

    Returns:
        ``premium`` (mean of implied less realised variance); ``divergence`` (mean of implied less realised volatility,
        points: how quotes stand to the market); ``divergence_size`` (its root mean square: how well they are aligned,
        0 is perfect); ``spread`` (standard deviation of the divergence: what is left when the mean premium is taken
        off). With 95 % intervals where at least 8 snapshots and twice the lags are known.

    Raises:
        DomainError: lengths differ, a variance is negative, or ``lags`` is.

    Examples:
        >>> out = variance_premium(np.array([0.25, 0.36]), np.array([0.16, 0.36]), lags=1)
        >>> round(out.premium.value, 6), round(out.divergence.value, 6), round(out.divergence_size.value, 6)
        (0.045, 5.0, 7.071068)
    """
    v, r = np.asarray(implied, np.float64), np.asarray(realised, np.float64)
    if v.shape != r.shape or v.ndim != 1 or lags < 0:
        raise DomainError(
            f"shapes are {v.shape} and {r.shape}, lags {lags}; want one dimension, equal lengths, lags >= 0"
        )
    known = np.isfinite(v) & np.isfinite(r)
    v, r = v[known], r[known]
    n = v.shape[0]
    if n and (v.min() < 0 or r.min() < 0):
        raise DomainError("a variance is negative; want 0 or more")
    if not n:
        why = "no snapshot has both an implied and a realised variance over the same time"
        return Premium(
            premium=missing(UNIT, why),
            divergence=missing(POINTS, why),
            divergence_size=missing(POINTS, why),
            spread=missing(POINTS, why),
        )
    apart = 100 * (np.sqrt(v) - np.sqrt(r))
    squares = _mean(apart**2, POINTS, lags)
    size = Measure(
        value=sqrt(squares.value or 0.0),
        unit=POINTS,
        n=n,
        low=None if squares.low is None else sqrt(max(squares.low, 0.0)),
        high=None if squares.high is None else sqrt(squares.high),
        reason=squares.reason,
    )
    if n < 2:
        spread = missing(POINTS, "one snapshot has no spread", n=n)
    else:
        spread = Measure(value=float(np.std(apart, ddof=1)), unit=POINTS, n=n)
    return Premium(
        premium=_mean(v - r, UNIT, lags), divergence=_mean(apart, POINTS, lags), divergence_size=size, spread=spread
    )


def _mean(values: Floats, unit: str, lags: int) -> Measure:
    """The mean with a 95 % interval that knows that ``lags`` neighbours move together."""
    n, mean = values.shape[0], float(values.mean())
    error = standard_error(values, lags=lags) if n >= 2 * lags else None
    if error is None:
        return Measure(value=mean, unit=unit, n=n, reason="no interval: too few independent snapshots")
    return Measure(value=mean, unit=unit, n=n, low=mean - Z95 * error, high=mean + Z95 * error)


def index_prices(rows: pl.DataFrame) -> pl.DataFrame:
    """The index of each snapshot and underlying as prices, for a tape that holds nothing but chains.

    Snapshots hours apart sample the path thinly: the variance is right on average, its error large (``2/n`` of its
    square). A tape with trades or a book gives better prices.

    Examples:
        >>> rows = pl.DataFrame({"snapshot": [5, 5], "base": ["BTC"] * 2, "index": [100.0, 102.0]})
        >>> index_prices(rows).row(0)
        (5, 'BTC', 101.0)
    """
    need(rows, "rows", "snapshot", "base", "index")
    return (
        rows.group_by(time="snapshot", base="base")
        .agg(price=pl.col("index").median())
        .drop_nulls()
        .sort("time", "base")
    )
