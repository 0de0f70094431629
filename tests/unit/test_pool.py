"""Pool formulas and bars: numbers done by hand, and a simulation that pays what the formulas say."""

from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from makerscope.errors import DomainError, InputError
from makerscope.metrics.amm import (
    arbitrage_share,
    capital_efficiency,
    impermanent_loss,
    lp_edge,
    lvr_rate,
    range_leverage,
    range_lvr,
    range_value,
    rebalancing_loss,
)
from makerscope.metrics.buckets import add
from makerscope.metrics.pool import PoolFacts, pool_bars, pool_buckets, pool_facts, pool_measures, price_of_tick
from makerscope.tape.events import Token
from makerscope.tape.read import Tape
from makerscope.tape.write import TapeWriter
from tests.tapes import START, perp

MINUTE = 60_000_000_000
FACTS = PoolFacts(instrument="x", decimals0=6, decimals1=18, fee=Decimal("0.0005"))


def bars(ticks, in0=None, liquidity=None, times=None):
    n = len(ticks)
    raw = pl.Decimal(38, 0)
    return pl.DataFrame(
        {
            "exchange_time": [START + at * MINUTE for at in (times or range(n))],
            "local_time": [None] * n,
            "in_amount0": in0 or [0] * n,
            "in_amount1": [0] * n,
            "close_tick": ticks,
            "liquidity": liquidity or [10**18] * n,
        },
        schema_overrides={"local_time": pl.Int64, "in_amount0": raw, "in_amount1": raw, "liquidity": raw},
    )


def test_a_higher_tick_is_a_lower_price():
    low, high = price_of_tick([201_328, 201_329], FACTS)
    assert low / high == pytest.approx(1.0001, rel=1e-12)
    assert low == pytest.approx(1e12 / 1.0001**201_328, rel=1e-9)


def test_the_loss_of_a_move_is_rebalancing_minus_the_pool():
    L, low, high, p0, p1 = 1000.0, 1800.0, 2200.0, 2000.0, 2100.0
    held = L * (1 / np.sqrt(p0) - 1 / np.sqrt(high))
    pool = range_value(p1, low, high, L) - range_value(p0, low, high, L)
    assert rebalancing_loss(p0, p1, L) == pytest.approx(held * (p1 - p0) - pool, rel=1e-10)


def test_arbitrage_in_small_steps_takes_what_the_rate_says():
    rng = np.random.Generator(np.random.PCG64(7))
    L, sigma, steps, paths = 1000.0, 0.02, 500, 400
    moves = rng.normal(-(sigma**2) / 2 / steps, sigma / steps**0.5, (paths, steps))
    price = 2000.0 * np.exp(np.concatenate([np.zeros((paths, 1)), np.cumsum(moves, axis=1)], axis=1))
    base = L * (1 / np.sqrt(price) - 1 / np.sqrt(4000.0))
    rebalanced = (base[:, :-1] * np.diff(price, axis=1)).sum(axis=1)  # trades at the market price
    pool = range_value(price[:, -1], 1000.0, 4000.0, L) - range_value(price[:, 0], 1000.0, 4000.0, L)
    lost = (rebalanced - pool).mean()
    want = range_lvr(2000.0, 1000.0, 4000.0, L, sigma)
    error = (rebalanced - pool).std() / paths**0.5
    assert lost == pytest.approx(float(want), abs=4 * error)
    assert error < 0.01 * want


def test_outside_its_range_a_position_loses_nothing():
    assert range_lvr([1700.0, 2300.0], 1800.0, 2200.0, 1000.0, 0.5).tolist() == [0.0, 0.0]
    assert range_leverage([1700.0], 1800.0, 2200.0).tolist() == [0.0]


def test_the_full_range_is_the_constant_product_pool():
    assert range_value(100.0, 0.0, np.inf, 10.0) == 200.0
    assert range_lvr(100.0, 0.0, np.inf, 10.0, 0.05) / 200.0 == pytest.approx(0.05**2 / 8)
    assert range_lvr(100.0, 0.0, np.inf, 10.0, 0.05) == lvr_rate(100.0, 0.05, -10 / (2 * 1000.0))


def test_capital_efficiency_is_the_leverage_at_the_geometric_middle():
    assert capital_efficiency(90.0, 110.0) == pytest.approx(float(range_leverage((90.0 * 110.0) ** 0.5, 90.0, 110.0)))


def test_wrong_arguments_are_refused():
    for call in (
        lambda: impermanent_loss(0.0),
        lambda: range_value(1.0, 2.0, 1.0, 1.0),
        lambda: arbitrage_share(0.1, 0.0),
        lambda: arbitrage_share(0.1, 0.1, blocks="never"),
        lambda: lvr_rate(1.0, -0.1, 1.0),
        lambda: PoolFacts(instrument="x", decimals0=6, decimals1=18, fee=Decimal(1)),
        lambda: pool_buckets(pool_bars(bars([1]), FACTS), FACTS, width=0),
    ):
        with pytest.raises(DomainError):
            call()


def test_fees_are_the_fee_share_of_what_came_in():
    got = pool_bars(bars([201_328], in0=[4_000_000_000]), FACTS)
    assert got["volume"].to_list() == [4000.0]
    assert got["fees"].to_list() == [2.0]
    assert got["liquidity"].to_list() == [10**18 / 10**12]
    assert got["log_return"].to_list() == [None]


def test_a_move_over_an_outage_is_not_measured():
    got = pool_bars(bars([0, 10, 20], times=[0, 1, 30]), PoolFacts(instrument="x", decimals0=0, decimals1=0))
    assert got["gap"].to_list() == [None, MINUTE, None]
    assert got["lvr"].null_count() == 2
    assert got["log_return"][1] == pytest.approx(-10 * np.log(1.0001))


def test_the_measures_are_ratios_of_sums():
    table = bars([201_328 + 5 * (at % 2) for at in range(241)], in0=[10**9] * 241)
    out = pool_measures(pool_buckets(pool_bars(table, FACTS), FACTS, width=MINUTE))
    price = price_of_tick([201_328, 201_333], FACTS)
    loss = 1e6 * (120 * rebalancing_loss(price[0], price[1], 1.0) + 120 * rebalancing_loss(price[1], price[0], 1.0))
    assert out["lvr"].value == pytest.approx(float(loss), rel=1e-12)
    assert out["fees"].value == pytest.approx(241 * 0.5)
    assert out["lp_edge"].value == pytest.approx(float(lp_edge(241 * 0.5, loss)), rel=1e-9)
    assert out["realised_volatility"].value == pytest.approx(5 * np.log(1.0001) * (365 * 1440) ** 0.5, rel=1e-9)
    assert out["fees_over_lvr"].low <= out["fees_over_lvr"].value <= out["fees_over_lvr"].high
    bps = out["fee_bps_per_day"].value - out["lvr_bps_per_day"].value
    assert out["lp_edge_bps_per_day"].value == pytest.approx(bps, rel=1e-9)


def test_without_a_fee_what_needs_it_is_missing_and_the_rest_is_not():
    facts = PoolFacts(instrument="x", decimals0=6, decimals1=18)
    out = pool_measures(pool_buckets(pool_bars(bars([1, 2, 3]), facts), facts, width=MINUTE))
    assert {name for name, item in out.items() if item.value is None} == {
        "fees", "fees_over_lvr", "fee_bps_per_day", "lp_edge", "lp_edge_bps_per_day",
    }  # fmt: skip
    assert out["fees"].reason == "the pool's fee is unknown"


def test_one_bar_says_nothing_about_moves():
    out = pool_measures(pool_buckets(pool_bars(bars([1]), FACTS), FACTS, width=MINUTE))
    assert all(item.value is None for item in out.values())


def test_buckets_of_any_partition_add():
    table = bars([201_328 + (7 * at) % 13 for at in range(60)], in0=[at * 10**8 for at in range(60)])
    whole = pool_buckets(pool_bars(table, FACTS), FACTS, width=10 * MINUTE)
    for cut in (1, 17, 59):
        first = table["exchange_time"][cut]
        parts = [
            pool_buckets(pool_bars(table.slice(cut - 1), FACTS), FACTS, width=10 * MINUTE, first=first),
            pool_buckets(pool_bars(table.head(cut), FACTS), FACTS, width=10 * MINUTE),
        ]
        sums = add(parts, ["instrument", "bucket"])
        for name in whole.columns:
            if whole.schema[name].is_float():
                np.testing.assert_allclose(sums[name], whole[name], rtol=1e-12)
            else:
                assert sums[name].to_list() == whole[name].to_list()


def test_facts_come_from_the_tokens_of_the_tape(tmp_path):
    pool = perp("pool", kind="pool", base="WETH", quote="USDC", settle="USDC")
    with TapeWriter(tmp_path / "t", source="test") as tape:
        tape.add_instrument(pool)
        tape.add_token(Token(token="USDC", decimals=6))
        tape.add_token(Token(token="WETH", decimals=18))
    facts = pool_facts(Tape.open(tmp_path / "t"), "test:pool", fee=Decimal("0.003"))
    assert (facts.decimals0, facts.decimals1, facts.fee) == (6, 18, Decimal("0.003"))
    with pytest.raises(InputError, match="not on this tape"):
        pool_facts(Tape.open(tmp_path / "t"), "test:other")
