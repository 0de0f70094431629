"""What an AMM pool earned and lost, from its bars: price path, volume, fees, loss-versus-rebalancing, providers' edge.

Token0 is the quote and token1 the base, so the price is ``10^(decimals1 - decimals0) / 1.0001^tick`` quote per base: a
higher tick is a lower price. The reference price is the pool's own close: inside the fee's no-trade band the pool does
not follow the market, so LVR measured this way is a lower estimate of LVR against a market elsewhere. Liquidity is that
in range at the end of a bar.

Fees and losses are of all liquidity in range. A narrower position earns and loses more per value by the same factor
(``amm.range_leverage``), so fees over LVR does not depend on the range.
"""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError, InputError
from makerscope.metrics.amm import lp_edge, rebalancing_loss
from makerscope.metrics.buckets import bootstrap_ratio, dense
from makerscope.metrics.columns import need
from makerscope.metrics.measure import Measure, measured, missing
from makerscope.tape.read import Tape

DAY = 86_400_000_000_000
YEAR_DAYS = 365
TICK = 1.0001
LONGEST_GAP = 150_000_000_000  # ns between bars beyond which a move is not measured: the recorder was away
BLOCK = 10  # buckets resampled together
KEYS = ("instrument", "bucket")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFacts:
    """What bars do not say.

    Args:
        instrument: name of the pool.
        decimals0: of token0, the quote.
        decimals1: of token1, the base.
        fee: share of the incoming amount, such as ``Decimal("0.0005")``; None if unknown.
    """

    instrument: str
    decimals0: int
    decimals1: int
    fee: Decimal | None = None

    def __post_init__(self) -> None:
        """Refuse facts that no pool has."""
        if not (0 <= self.decimals0 <= 38 and 0 <= self.decimals1 <= 38):
            raise DomainError(f"decimals are {self.decimals0} and {self.decimals1}; want 0 to 38")
        if self.fee is not None and not 0 <= self.fee < 1:
            raise DomainError(f"fee is {self.fee}; want a share from 0 to below 1")


def pool_facts(tape: Tape, instrument: str, *, fee: Decimal | None = None) -> PoolFacts:
    """Facts of a pool on a tape: its quote is token0, its base token1.

    Raises:
        InputError: the tape does not know the pool or the decimals of its tokens.
    """
    item = tape.instruments.get(instrument)
    if item is None:
        raise InputError(instrument, "is not on this tape", ", ".join(list(tape.instruments)[:5]))
    lacking = [name for name in (item.quote, item.base) if name not in tape.tokens]
    if lacking:
        raise InputError(instrument, f"decimals of {', '.join(lacking)} are unknown", "a pool with a profile")
    return PoolFacts(
        instrument=instrument,
        decimals0=tape.tokens[item.quote].decimals,
        decimals1=tape.tokens[item.base].decimals,
        fee=fee,
    )


def price_of_tick(tick: ArrayLike, facts: PoolFacts) -> NDArray[np.float64]:
    """Quote (token0) per base (token1) at a tick.

    Examples:
        >>> facts = PoolFacts(instrument="x", decimals0=6, decimals1=18)
        >>> float(price_of_tick(201_328, facts).round(2))
        1806.65
    """
    exponent = np.log(10.0) * (facts.decimals1 - facts.decimals0) - np.asarray(tick, np.float64) * np.log(TICK)
    return np.asarray(np.exp(exponent))


def pool_bars(events: pl.DataFrame, facts: PoolFacts) -> pl.DataFrame:
    """Each bar with its price, its move since the bar before, volume, fees and loss.

    Args:
        events: rows of the table ``pool_events`` in order of time, one pool. A partition must begin with the bar before
            it, for its first move.
        facts: decimals and fee of the pool.

    Returns:
        ``time`` (ns); ``price`` at the close; ``liquidity`` in sqrt(base * quote); ``full_value``: 2 * L * sqrt(price),
        what that liquidity would be worth over the full range (quote); ``gap`` ns since the bar before, null for the
        first bar and after an outage, as are the move's ``log_return``, ``lvr`` (quote, at the liquidity of
        the bar before), ``lvr_per_liquidity``; ``volume`` (quote, incoming amounts with fee); ``fees`` (quote) and
        ``fees_per_liquidity``, null where the fee is unknown.
    """
    need(events, "pool_events", "exchange_time", "local_time", "in_amount0", "in_amount1", "close_tick", "liquidity")
    now = pl.coalesce("exchange_time", "local_time")
    raw = events.select(time=now, tick="close_tick", in0="in_amount0", in1="in_amount1", raw_liquidity="liquidity")
    if not raw["time"].is_sorted():
        raise InputError("table 'pool_events'", "rows are not in order of time", "rows in order of time")
    scale = 10.0 ** ((facts.decimals0 + facts.decimals1) / 2)
    bars = raw.select(
        "time",
        price=pl.Series(price_of_tick(raw["tick"].to_numpy(), facts)),
        liquidity=pl.col("raw_liquidity").cast(pl.Float64) / scale,
        in0=pl.col("in0").cast(pl.Float64) / 10.0**facts.decimals0,
        in1=pl.col("in1").cast(pl.Float64) / 10.0**facts.decimals1,
    ).with_columns(
        full_value=2 * pl.col("liquidity") * pl.col("price").sqrt(),
        volume=pl.col("in0") + pl.col("in1") * pl.col("price"),
        gap=pl.col("time").diff(),
    )
    bars = bars.with_columns(gap=pl.when(pl.col("gap").is_between(1, LONGEST_GAP)).then("gap"))
    price, held = bars["price"].to_numpy(), bars["liquidity"].to_numpy()
    before = np.concatenate([price[:1], price[:-1]])
    held_before = np.concatenate([held[:1], held[:-1]])
    unit_loss = rebalancing_loss(before, price, 1.0) if price.size else np.zeros(0)
    fee = float(facts.fee) if facts.fee is not None else None
    return bars.with_columns(
        pl.when(pl.col("gap").is_not_null()).then(pl.Series(values)).alias(name)
        for name, values in (
            ("log_return", np.log(price / before)),
            ("lvr", unit_loss * held_before),
            ("lvr_per_liquidity", unit_loss),
        )
    ).select(
        "time", "price", "liquidity", "full_value", "gap", "log_return", "lvr", "lvr_per_liquidity", "volume",
        fees=pl.col("volume") * fee,
        fees_per_liquidity=pl.when(pl.col("liquidity") > 0).then(pl.col("volume") * fee / pl.col("liquidity")),
    )  # fmt: skip


def pool_buckets(bars: pl.DataFrame, facts: PoolFacts, *, width: int, first: int | None = None) -> pl.DataFrame:
    """Sums of the bars in each bucket of time; they add over any partition.

    Args:
        bars: from ``pool_bars``.
        facts: of the pool.
        width: ns of a bucket.
        first: ns; bars before it only serve as the bar before.

    Returns:
        ``instrument``, ``bucket`` = floor(time / width); ``bars``, ``moves`` (bars with a bar before), ``ns`` (time the
        moves took); ``variance`` (sum of squared log returns), ``volume``, ``fees``, ``lvr`` (quote),
        ``fees_per_liquidity``, ``lvr_per_liquidity``, ``value_ns`` (full-range value * ns). Fees are 0 in sum where the
        fee is unknown: ``fee_known`` counts the bars in which it was.
    """
    if width <= 0:
        raise DomainError(f"width is {width} ns; want a positive number")
    kept = bars if first is None else bars.filter(pl.col("time") >= first)
    return (
        kept.group_by(bucket=pl.col("time").floordiv(width))
        .agg(
            bars=pl.len().cast(pl.Int64),
            moves=pl.col("gap").count().cast(pl.Int64),
            fee_known=pl.col("fees").count().cast(pl.Int64),
            ns=pl.col("gap").sum(),
            variance=(pl.col("log_return") ** 2).sum(),
            volume=pl.col("volume").sum(),
            fees=pl.col("fees").cast(pl.Float64).sum(),
            lvr=pl.col("lvr").sum(),
            fees_per_liquidity=pl.col("fees_per_liquidity").cast(pl.Float64).sum(),
            lvr_per_liquidity=pl.col("lvr_per_liquidity").sum(),
            value_ns=(pl.col("full_value") * pl.col("gap")).sum(),
        )
        .select(pl.lit(facts.instrument).alias("instrument"), pl.all())
        .sort(*KEYS)
    )


def pool_measures(buckets: pl.DataFrame) -> dict[str, Measure]:
    """Measures of one pool from its buckets: ratios of sums, with intervals from a block bootstrap over buckets.

    Returns:
        ``volume``, ``fees``, ``lvr``, ``lp_edge`` (quote currency, all liquidity in range); ``realised_volatility``
        (annualised fraction); ``fees_over_lvr`` (above 1 the providers gain); ``fee_bps_per_day``, ``lvr_bps_per_day``,
        ``lp_edge_bps_per_day`` of full-range value.
    """
    units = {
        "volume": "quote currency",
        "fees": "quote currency",
        "lvr": "quote currency",
        "lp_edge": "quote currency",
        "realised_volatility": "annualised fraction",
        "fees_over_lvr": "ratio",
        "fee_bps_per_day": "bps of full-range value per day",
        "lvr_bps_per_day": "bps of full-range value per day",
        "lp_edge_bps_per_day": "bps of full-range value per day",
    }
    sums = buckets.select(pl.exclude(*KEYS).sum()).row(0, named=True) if buckets.height else None
    if sums is None or not sums["moves"]:
        return {
            name: missing(unit, "fewer than two bars without an outage between them") for name, unit in units.items()
        }
    edge = float(lp_edge(sums["fees"], sums["lvr"]))
    n, days = sums["moves"], sums["ns"] / DAY
    out = {name: measured(sums[name], units[name], n=n, undefined="not finite") for name in ("volume", "fees", "lvr")}
    out["lp_edge"] = measured(edge, units["lp_edge"], n=n, undefined="not finite")
    annual = sums["variance"] / days * YEAR_DAYS
    out["realised_volatility"] = measured(annual**0.5, units["realised_volatility"], n=n, undefined="no time passed")
    series = dense(
        buckets, ["fees", "lvr", "value_ns"], int(buckets["bucket"][0]), int(buckets["bucket"][-1])
    )  # all of one pool
    series["edge"] = series["fees"] - series["lvr"]
    value_days = series["value_ns"] / DAY
    out["fees_over_lvr"] = _ratio(series["fees"], series["lvr"], units["fees_over_lvr"], n, "the price never moved")
    for name, top in (("fee", "fees"), ("lvr", "lvr"), ("lp_edge", "edge")):
        key = f"{name}_bps_per_day"
        out[key] = _ratio(1e4 * series[top], value_days, units[key], n, "no liquidity in range")
    if sums["fee_known"] < sums["bars"]:
        why = "the pool's fee is unknown"
        out |= {name: missing(unit, why, n=n) for name, unit in units.items() if "fee" in name or "edge" in name}
    return {name: out[name] for name in units}


def _ratio(top: NDArray[np.float64], bottom: NDArray[np.float64], unit: str, n: int, undefined: str) -> Measure:
    if not bottom.sum() > 0:
        return missing(unit, undefined, n=n)
    low, high = bootstrap_ratio(top, bottom, block=BLOCK) or (None, None)
    return Measure(value=float(top.sum() / bottom.sum()), unit=unit, n=n, low=low, high=high)
