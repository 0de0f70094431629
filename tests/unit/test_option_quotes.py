"""Widths, coverage, stale marks and smiles of an option chain, by hand."""

import numpy as np
import polars as pl
import pytest
from scipy.optimize import brentq
from scipy.special import ndtr

from makerscope.errors import DomainError
from makerscope.metrics.buckets import add
from makerscope.metrics.option_chain import DELTA_BUCKET, TENOR_BUCKET
from makerscope.metrics.option_quotes import (
    KEYS,
    grid_coverage,
    near_the_money,
    quote_buckets,
    quote_columns,
    quote_grid,
    quote_measures,
    width_medians,
)
from makerscope.metrics.option_smile import smiles, term_structure


def quotes(n: int = 1, **columns) -> pl.DataFrame:
    base = {
        "snapshot": [0] * n,
        "base": ["BTC"] * n,
        "instrument": [f"x{i}" for i in range(n)],
        "tenor_bucket": ["1w-1m"] * n,
        "delta_bucket": ["call 35-65"] * n,
        "bid_usd": [400.0] * n,
        "ask_usd": [480.0] * n,
        "mark_usd": [440.0] * n,
        "tick_usd": [4.0] * n,
        "vega": [4000.0] * n,
        "forward": [40_000.0] * n,
        "mark_volatility": [0.5] * n,
        "reason": [None] * n,
    }
    kinds = {"tenor_bucket": TENOR_BUCKET, "delta_bucket": DELTA_BUCKET, "reason": pl.String}
    kinds |= dict.fromkeys(("bid_usd", "ask_usd", "mark_usd", "vega"), pl.Float64)
    return pl.DataFrame(base | columns, schema_overrides=kinds)


def test_a_width_is_measured_in_volatility_points_and_in_bps_of_the_underlying():
    row = quote_columns(quotes()).to_dicts()[0]
    assert (row["full_width_points"], row["full_width_bps"]) == pytest.approx((2.0, 20.0))
    assert (row["stale_mark"], row["stale_ticks"]) == (False, 0.0)


def test_where_a_tick_is_worth_more_than_five_points_there_is_no_width_in_points():
    row = quote_columns(quotes(vega=[79.0])).to_dicts()[0]
    assert row["full_width_points"] is None
    assert row["full_width_bps"] == pytest.approx(20.0)


def test_a_mark_outside_its_quotes_is_stale_by_that_many_ticks():
    rows = quotes(5, mark_usd=[390.0, 400.0, 484.0, 500.0, None], bid_usd=[400.0, 400.0, 400.0, None, 400.0])
    out = quote_columns(rows)
    assert out["stale_mark"].to_list() == [True, False, True, True, None]
    assert out["stale_ticks"].to_list() == [2.5, 0.0, 1.0, 5.0, None]


def test_the_quote_error_is_the_distance_of_the_mid_from_the_surface():
    out = quote_columns(quotes(2).with_columns(fit=pl.Series([0.495, 0.55])))
    assert out["quote_error"].to_list() == pytest.approx([0.5, -5.0])
    assert out["fit_inside"].to_list() == [True, False]


def test_coverage_counts_listed_quotes_and_their_vega():
    rows = quotes(4, bid_usd=[None, 400.0, 400.0, 400.0], ask_usd=[480.0, None, 480.0, 480.0])
    rows = rows.with_columns(vega=pl.Series([1000.0, 1000.0, 4000.0, 4000.0]))
    rows = rows.with_columns(reason=pl.Series([None, None, None, "crossed"], dtype=pl.String))
    found = quote_measures(quote_buckets(rows))
    values = {
        name: found[name].value for name in ("coverage", "coverage_vega", "no_bid", "no_ask", "full_width_points")
    }
    assert values == pytest.approx(
        {"coverage": 0.25, "coverage_vega": 0.4, "no_bid": 0.25, "no_ask": 0.25, "full_width_points": 2.0}
    )
    assert found["quote_error"].reason == "no surface was fitted"


def test_duplicates_and_expired_options_are_not_listed():
    rows = quotes(3).with_columns(reason=pl.Series([None, "duplicate", "expired"]))
    assert quote_buckets(rows)["listed"].to_list() == [1]


def test_buckets_of_any_partition_add_to_those_of_the_whole():
    draw = np.random.default_rng(3)
    n = 200
    rows = quotes(n, snapshot=draw.integers(0, 5, n), vega=draw.integers(50, 4000, n).astype(float)).with_columns(
        bid_usd=pl.Series(draw.choice([None, 400.0, 396.0], n).tolist(), dtype=pl.Float64),
        delta_bucket=pl.Series(draw.choice(["call <10", "put >65", None], n).tolist(), dtype=DELTA_BUCKET),
    )
    whole = quote_buckets(rows)
    parts = add([quote_buckets(rows[:70]), quote_buckets(rows[70:])], list(KEYS))
    assert parts.select(pl.exclude(pl.Float64)).equals(whole.select(pl.exclude(pl.Float64)))
    floats = [name for name, kind in whole.schema.items() if kind == pl.Float64]
    np.testing.assert_allclose(parts.select(floats).to_numpy(), whole.select(floats).to_numpy(), rtol=1e-12)
    assert near_the_money(whole)["delta_bucket"].unique().to_list() == ["call <10"]


def test_the_grid_has_a_row_for_each_cell_and_counts_the_cells_with_a_quote():
    rows = quotes(3, delta_bucket=["call <10", "call 35-65", "call 35-65"], bid_usd=[None, 400.0, 440.0])
    grid = quote_grid(quote_buckets(rows))
    assert grid.select("delta_bucket", "listed", "coverage").rows() == [("call 35-65", 2, 1.0), ("call <10", 1, 0.0)]
    assert grid["full_width_points"].to_list() == [1.5, None]
    assert grid_coverage(quote_buckets(rows)).row(0) == ("BTC", 2, 1, 0.5)
    assert width_medians(rows).row(0) == ("BTC", "1w-1m", "call 35-65", 2, 1.5, 15.0)


def test_an_empty_table_has_measures_with_reasons():
    found = quote_measures(quote_buckets(quotes().clear()))
    assert all(measure.value is None and measure.reason for measure in found.values())


def chain(volatility, F=100.0, T=0.25):
    K = np.arange(60.0, 160.0, 2.5)
    calls = np.repeat([True, False], len(K))
    K = np.tile(K, 2)
    v = volatility(np.log(K / F))
    d1 = np.log(F / K) / (v * np.sqrt(T)) + v * np.sqrt(T) / 2
    delta = np.where(calls, ndtr(d1), ndtr(d1) - 1)
    return pl.DataFrame({"strike": K, "is_call": calls, "mark_volatility": v, "delta": delta}).with_columns(
        snapshot=pl.lit(0, pl.Int64), base=pl.lit("BTC"), expiry=pl.lit(9, pl.Int64), tenor=pl.lit(T),
        forward=pl.lit(F),
        reason=pl.lit(None, pl.String),
    )  # fmt: skip


def test_a_flat_smile_has_no_skew_and_no_butterfly():
    row = smiles(chain(lambda k: 0.6 + 0 * k)).to_dicts()[0]
    assert (row["at_the_money"], row["risk_reversal"], row["butterfly"]) == pytest.approx((0.6, 0, 0), abs=1e-9)


def test_a_skewed_smile_has_the_risk_reversal_of_its_wings():
    row = smiles(chain(lambda k: 0.6 - 0.2 * k)).to_dicts()[0]

    def wing(delta):
        def gap(k):
            s = (0.6 - 0.2 * k) * 0.5
            return ndtr(-k / s + s / 2) - delta

        return 0.6 - 0.2 * brentq(gap, -0.45, 0.45)

    assert row["at_the_money"] == pytest.approx(0.6, abs=1e-9)
    assert row["risk_reversal"] == pytest.approx(100 * (wing(0.25) - wing(0.75)), rel=2e-3)
    assert row["butterfly"] == pytest.approx(50 * (wing(0.25) + wing(0.75)) - 60, abs=0.01)
    assert row["slope"] == pytest.approx(-20, rel=1e-6)


def test_a_smile_whose_strikes_do_not_reach_has_no_wings():
    rows = chain(lambda k: 0.6 + 0 * k).filter(pl.col("strike").is_between(95, 105))
    row = smiles(rows).to_dicts()[0]
    assert (row["at_the_money"], row["risk_reversal"], row["butterfly"]) == (pytest.approx(0.6), None, None)
    assert smiles(rows.filter(pl.col("strike") > 101)).to_dicts()[0]["at_the_money"] is None
    assert smiles(rows.clear()).height == 0
    with pytest.raises(DomainError, match=r"wing is 0\.5"):
        smiles(rows, wing=0.5)


def test_total_variance_that_falls_has_no_forward_volatility():
    smile = pl.DataFrame({"tenor": [0.1, 0.2], "at_the_money": [0.6, 0.4], "expiry": [1, 2]}).with_columns(
        snapshot=pl.lit(0), base=pl.lit("BTC")
    )
    assert term_structure(smile).select("forward_volatility", "falls").rows() == [(None, False), (None, True)]
