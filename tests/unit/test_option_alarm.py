"""The withdrawal alarm on a market whose withdrawals are known."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.errors import DomainError
from makerscope.metrics.buckets import add
from makerscope.metrics.option_alarm import (
    KEYS,
    Channel,
    alarm_buckets,
    false_alarms,
    quantile_of_others,
    usual,
    withdrawal_alarm,
)
from makerscope.metrics.option_chain import DAY, DELTA_BUCKET, TENOR_BUCKET

HOUR = DAY // 24


def market(looks: int, *, seed: int = 0, noise: float = 0.08, per_cell: int = 6, every: int = 6) -> pl.DataFrame:
    """An invented market: widths breathe, and are wider after each expiry and at weekends."""
    draw = np.random.default_rng(seed)
    time = np.arange(looks) * every * HOUR + 3 * HOUR
    season = 0.3 * ((time // HOUR - 8) % 24 < 2) + 0.25 * ((time // DAY + 3) % 7 >= 5)
    level = np.exp(draw.normal(0, noise, looks) + season)
    cells = [(t, d) for t in ("1d-1w", "1w-1m", "1m-3m") for d in ("put 10-35", "call 35-65", "call 10-35")]
    rows = pl.DataFrame({"snapshot": time, "level": level}, schema={"snapshot": pl.Int64, "level": pl.Float64}).join(
        pl.DataFrame(cells, schema=["tenor_bucket", "delta_bucket"], orient="row"), how="cross"
    )
    rows = rows.join(pl.DataFrame({"copy": range(per_cell)}), how="cross")
    own = np.exp(draw.normal(0, 0.2, rows.height))
    width = 0.01 * rows["level"].to_numpy() * own * 1000  # USD at a vega of 1000
    return rows.with_columns(
        base=pl.lit("BTC"),
        reason=pl.lit(None, pl.String),
        tenor=pl.lit(0.05),
        bid_usd=pl.Series(500 - width / 2),
        ask_usd=pl.Series(500 + width / 2),
        mark_usd=pl.lit(500.0),
        tick_usd=pl.lit(1.0),
        vega=pl.lit(1000.0),
        forward=pl.lit(40_000.0),
        delta=pl.lit(0.3),
        tenor_bucket=pl.col("tenor_bucket").cast(TENOR_BUCKET),
        delta_bucket=pl.col("delta_bucket").cast(DELTA_BUCKET),
    )


def withdraw(rows: pl.DataFrame, looks, *, share: float, factor: float, seed: int = 9) -> pl.DataFrame:
    """In the looks named, ``share`` of the bids go and widths grow by ``factor``."""
    hit = pl.col("snapshot").is_in(list(looks))
    gone = pl.Series(np.random.default_rng(seed).random(rows.height) < share)
    half = (pl.col("ask_usd") - pl.col("bid_usd")) / 2
    wide = half * pl.when(hit).then(factor).otherwise(1.0)
    mid = (pl.col("ask_usd") + pl.col("bid_usd")) / 2
    return rows.with_columns(bid_usd=pl.when(~(hit & gone)).then(mid - wide), ask_usd=mid + wide)


@pytest.mark.parametrize("count", [1, 6, 15])
def test_a_withdrawal_is_found_and_nothing_else(count):
    rows = market(120)
    looks = np.random.default_rng(2).choice(rows["snapshot"].unique().sort().to_numpy(), count, replace=False)
    out = withdrawal_alarm(alarm_buckets(withdraw(rows, looks, share=0.4, factor=3.0)))
    assert sorted(out.filter("alarm")["snapshot"].to_list()) == sorted(looks.tolist())
    assert out.filter("alarm")["rank"].max() == count
    assert out.filter("alarm")["liquidity"].max() < 0.3
    assert out.filter("alarm")["reason"].str.contains("of the usual liquidity").all()


def test_liquidity_is_what_is_left_of_the_usual():
    rows = market(60, noise=1e-9)
    look = rows["snapshot"][-1]
    out = withdrawal_alarm(alarm_buckets(withdraw(rows, [look], share=0.0, factor=2.0))).sort("snapshot")
    assert out["liquidity"][-1] == pytest.approx(0.5, rel=0.15)
    assert out["width_ratio"][-1] == pytest.approx(2.0, rel=0.15)
    gone = withdrawal_alarm(alarm_buckets(withdraw(rows, [look], share=1.0, factor=1.0))).sort("snapshot")
    assert gone.select("liquidity", "missing", "alarm", "rank").row(-1)[1:] == (1.0, True, 1)
    assert gone["liquidity"][-1] < 0.02


def test_quotes_deep_in_the_money_that_all_go_are_named_by_their_share():
    rows = market(60).with_columns(delta=pl.when(pl.col("copy") < 3).then(0.9).otherwise("delta"))
    look = rows["snapshot"][0]
    lost = (pl.col("snapshot") == look) & (pl.col("copy") < 3)
    out = withdrawal_alarm(alarm_buckets(rows.with_columns(ask_usd=pl.when(~lost).then("ask_usd")))).sort("snapshot")
    assert out["alarm"].to_list() == [True] + [False] * 59
    assert out["reason"][0] == "50% of the options lack a bid or an ask"


def test_the_hours_after_expiry_and_weekends_are_not_withdrawals():
    out = withdrawal_alarm(alarm_buckets(market(224, every=3, noise=0.02)))
    assert not out["alarm"].any()
    # without the season the worst would be exp(-0.55) = 0.58; each season is seen eight times and shrunk by half
    assert out["liquidity"].min() > 0.75


@pytest.mark.parametrize("rate", [0.01, 0.05])
def test_false_alarms_are_no_more_than_stated(rate):
    # 6 quiet markets of 120 looks, without the rule that an alarm must be material
    free = Channel(scale=1e-6, material=0.0)
    alarms = sum(
        int(withdrawal_alarm(alarm_buckets(market(120, seed=s, per_cell=3)), rate=rate, liquidity=free)["alarm"].sum())
        for s in range(6)
    )
    assert alarms <= 720 * rate + 3 * (720 * rate) ** 0.5


def test_few_looks_are_ranked_without_an_alarm():
    out = withdrawal_alarm(alarm_buckets(market(3)))
    assert out["alarm"].to_list() == [False] * 3
    assert out["reason"].unique().to_list() == ["fewer than 4 snapshots: nothing is usual yet"]
    assert out["false_alarm_rate"].null_count() == 3
    assert withdrawal_alarm(alarm_buckets(market(3).clear())).height == 0


def test_four_looks_suffice_for_a_large_withdrawal():
    rows = market(4)
    looks = rows["snapshot"].unique().sort().to_list()
    out = withdrawal_alarm(alarm_buckets(withdraw(rows, [looks[1]], share=0.4, factor=3.0)))
    assert out["alarm"].to_list() == [False, True, False, False]


def test_alarm_buckets_of_parts_add():
    rows = market(10)
    whole = alarm_buckets(rows)
    parts = add([alarm_buckets(rows[:77]), alarm_buckets(rows[77:])], list(KEYS))
    assert parts.select(pl.exclude(pl.Float64)).equals(whole.select(pl.exclude(pl.Float64)))
    for name in ("weight", "weight_quoted", "tight"):
        np.testing.assert_allclose(parts[name].to_numpy(), whole[name].to_numpy(), rtol=1e-12)


def test_a_worthless_option_is_not_expected_to_have_a_bid():
    rows = market(5).with_columns(mark_usd=pl.lit(1.9), bid_usd=pl.lit(None, pl.Float64))
    assert alarm_buckets(rows)["expected"].sum() == 0


def test_a_rate_of_nothing_is_refused():
    with pytest.raises(DomainError, match="rate is 0"):
        withdrawal_alarm(alarm_buckets(market(5)), rate=0.0)


@given(
    st.lists(st.one_of(st.floats(-5, 5), st.just(float("nan"))), min_size=1, max_size=12),
    st.sampled_from([0.0, 0.25, 0.5, 0.75, 0.9, 1.0]),
    st.integers(0, 2**12 - 1),
)
def test_quantiles_of_others_agree_with_their_definition(values, q, mask):
    value = np.array(values)
    calm = np.array([bool(mask >> i & 1) for i in range(len(values))])
    got = quantile_of_others(value, q, calm)
    for i in range(len(values)):
        others = [value[j] for j in range(len(values)) if j != i and calm[j] and not np.isnan(value[j])]
        if np.isnan(value[i]) or not others:
            assert np.isnan(got[i])
        else:
            assert got[i] == pytest.approx(np.quantile(others, q), abs=1e-12)


def test_exponential_scores_have_the_false_alarm_rates_they_say():
    score = np.random.default_rng(4).exponential(1.0, 4000)
    rates = false_alarms(score, Channel(scale=1e-9, material=0.0))
    for stated in (0.1, 0.02, 0.005):
        assert np.mean(rates <= stated) == pytest.approx(stated, rel=0.35)


def test_a_season_seen_often_is_usual_and_one_seen_twice_is_not():
    day = np.arange(70) * DAY + 9 * HOUR  # an hour after each expiry
    time = np.sort(np.concatenate([day, day + 6 * HOUR]))
    value = np.where(np.isin(time, day), 1.0, 0.0)
    often = usual(time, value)[np.isin(time, day)]
    assert np.all(often > 0.6)
    rare = np.concatenate([day[:2], day + 6 * HOUR])
    assert np.all(usual(np.sort(rare), np.isin(np.sort(rare), day).astype(float)) == 0.0)
