"""Implied against realised variance on markets whose answer is known."""

import numpy as np
import polars as pl
import pytest

from makerscope.errors import DomainError
from makerscope.metrics.option_chain import DAY, YEAR
from makerscope.metrics.option_smile import smiles
from makerscope.metrics.variance_premium import (
    HORIZON,
    implied_terms,
    implied_variance,
    index_prices,
    realised_variance,
    variance_premium,
)
from tests.golden.test_model_free import black


def chain(volatility=0.6, days=(20, 40), *, F=40_000.0, step=500.0, reach=0.8, coin=True) -> pl.DataFrame:
    """A flat smile: every strike quoted on both sides, a thousandth of the price apart."""
    parts = []
    for day in days:
        K = np.arange(F * (1 - reach), F * (1 + 3 * reach), step)
        for call in (True, False):
            price = black(F, K, day / 365, volatility, call)
            s = volatility * np.sqrt(day / 365)
            parts.append(
                pl.DataFrame({"strike": K, "bid_usd": price * 0.9995, "ask_usd": price * 1.0005}).with_columns(
                    is_call=pl.lit(call), tenor=pl.lit(day / 365), expiry=pl.lit(day * DAY), index=pl.lit(F - 1),
                    delta=pl.Series(np.clip(0.5 - np.log(K / F) / s / 4, 0.01, 0.99) - (not call)),
                )
            )  # fmt: skip
    return pl.concat(parts).with_columns(
        snapshot=pl.lit(0, pl.Int64),
        base=pl.lit("BTC"),
        coin_premium=pl.lit(coin),
        forward=pl.lit(F),
        bid_coin=pl.col("bid_usd") / F,
        ask_coin=pl.col("ask_usd") / F,
        mark_volatility=pl.lit(volatility),
        reason=pl.lit(None, pl.String),
    )


@pytest.mark.parametrize("coin", [True, False])
def test_the_implied_variance_of_a_flat_chain_is_its_own(coin):
    terms = implied_terms(chain(coin=coin))
    assert terms["forward"].to_list() == pytest.approx([40_000.0] * 2, rel=1e-6)
    out = implied_variance(terms).row(0, named=True)
    assert out["implied"] == pytest.approx(0.36, rel=2e-3)
    assert (out["source"], out["reason"]) == ("model-free", None)


def test_only_the_expiries_beside_the_horizon_are_needed():
    rows = chain(days=(5, 12, 20, 40, 60, 90))
    few = implied_terms(rows, near=HORIZON, beside=1)
    assert (few["tenor"] * 365).round(6).to_list() == [20.0, 40.0]
    assert implied_variance(few).equals(implied_variance(implied_terms(rows)))


def test_where_the_strip_is_too_narrow_the_at_the_money_variance_stands_in():
    rows = chain(reach=0.06, step=200.0)
    terms = implied_terms(rows)
    assert implied_variance(terms)["implied"].to_list() == [None]
    out = implied_variance(terms, smiles(rows)).row(0, named=True)
    assert (out["source"], out["implied"]) == ("at the money", pytest.approx(0.36))


def test_expiries_on_one_side_of_the_horizon_give_no_variance_and_the_reason():
    out = implied_variance(implied_terms(chain(days=(10, 20)))).row(0, named=True)
    assert out["implied"] is None
    assert out["reason"] == "no expiry with a variance lies after 30 days"


def walk(days: int, per_day: int, volatility: float, seed: int = 1) -> pl.DataFrame:
    n = days * per_day
    steps = np.random.default_rng(seed).normal(0, volatility / np.sqrt(365 * per_day), n)
    return pl.DataFrame(
        {"time": np.arange(n + 1) * (DAY // per_day), "price": 100 * np.exp(np.cumsum(np.r_[0.0, steps]))}
    ).with_columns(base=pl.lit("BTC"))


def test_realised_variance_is_that_of_the_same_time_ahead_or_behind():
    prices = pl.concat([walk(30, 288, 0.4), walk(30, 288, 0.8, 2).with_columns(pl.col("time") + 30 * DAY + 1)])
    times = pl.DataFrame({"snapshot": [30 * DAY], "base": ["BTC"]})
    after, before = (realised_variance(prices, times, ahead=side).row(0, named=True) for side in (True, False))
    assert before["realised"] == pytest.approx(0.16, rel=0.05)
    assert after["realised"] == pytest.approx(0.64, rel=0.15)  # one step joins two unrelated walks
    assert before["covered"] == pytest.approx(1.0, abs=1e-3)


def test_a_horizon_that_is_not_covered_has_no_realised_variance():
    prices = walk(20, 24, 0.5)
    times = pl.DataFrame({"snapshot": [0, 10 * DAY], "base": ["BTC", "ETH"]})
    out = realised_variance(prices, times)
    assert out["realised"].to_list() == [None, None]
    assert out["covered"].to_list() == pytest.approx([20 / 30, 0.0])


def test_a_gap_takes_its_time_along():
    prices = walk(30, 24, 0.5)
    holed = prices.filter(~pl.col("time").is_between(10 * DAY, 12 * DAY, closed="none"))
    times = pl.DataFrame({"snapshot": [0], "base": ["BTC"]})
    out = realised_variance(holed, times, gap=DAY).row(0, named=True)
    assert out["covered"] == pytest.approx(28 / 30)
    kept = prices.filter((pl.col("time") <= 10 * DAY) | (pl.col("time") >= 12 * DAY))
    squares = np.diff(np.log(kept["price"].to_numpy())) ** 2
    squares = squares[np.diff(kept["time"].to_numpy()) <= DAY]
    assert out["realised"] == pytest.approx(squares.sum() * YEAR / (28 * DAY), rel=1e-12)


def test_the_premium_is_in_variance_and_the_divergence_in_volatility():
    draw = np.random.default_rng(3)
    realised = np.full(400, 0.25)
    out = variance_premium((0.5 + 0.04 + draw.normal(0, 0.01, 400)) ** 2, realised, lags=1)
    assert out.divergence.value == pytest.approx(4.0, abs=0.15)
    assert out.premium.value == pytest.approx(0.54**2 - 0.25, abs=2e-3)
    assert out.divergence_size.value**2 == pytest.approx(4.0**2 + 1.0, rel=0.05)
    assert out.spread.value == pytest.approx(1.0, rel=0.1)
    assert out.divergence.low < 4.0 < out.divergence.high


def test_intervals_widen_where_neighbours_share_their_time():
    draw = np.random.default_rng(4)
    smooth = np.convolve(draw.normal(0, 0.02, 630), np.ones(30) / 30, mode="valid")
    implied, realised = np.full(smooth.shape[0], 0.25), (0.5 + smooth) ** 2
    alone, together = (variance_premium(implied, realised, lags=lags).divergence for lags in (0, 30))
    assert together.high - together.low > 1.3 * (alone.high - alone.low)


def test_too_few_snapshots_have_a_value_without_an_interval_or_a_reason():
    few = variance_premium(np.array([0.3, np.nan]), np.array([0.2, 0.2]), lags=4)
    assert (few.premium.n, few.premium.low, few.spread.value) == (1, None, None)
    none = variance_premium(np.array([np.nan]), np.array([0.2]), lags=4)
    assert none.divergence_size.reason.startswith("no snapshot has both")
    with pytest.raises(DomainError, match="negative"):
        variance_premium(np.array([-0.1]), np.array([0.1]), lags=0)
    with pytest.raises(DomainError, match="lags"):
        variance_premium(np.array([0.1]), np.array([0.1]), lags=-1)


def test_the_index_of_a_chain_is_one_price_a_snapshot():
    assert index_prices(chain()).rows() == [(0, "BTC", 39_999.0)]
    assert HORIZON == 30 * DAY
