"""Laws of captures and markouts: the identity on every sum, and buckets that add in any order and partition."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from makerscope.metrics.buckets import add, bootstrap_ratio
from makerscope.metrics.markout import KEYS, SUMS, markout_buckets, with_mids

HORIZONS = (2, 7, 40)


@st.composite
def markets(draw):
    n, k = draw(st.integers(1, 60)), draw(st.integers(1, 40))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.Generator(np.random.PCG64(seed))
    bid = 1000 + np.cumsum(rng.integers(-3, 4, n))
    quotes = pl.DataFrame(
        {
            "time": np.sort(rng.integers(0, 200, n)),
            "instrument": rng.choice(["a", "b"], n),
            "bid": bid,
            "ask": bid + rng.integers(0, 6, n),
        }
    )
    fills = pl.DataFrame(
        {
            "time": np.sort(rng.integers(0, 220, k)),
            "instrument": rng.choice(["a", "b"], k),
            "maker": rng.choice(["x", "y", "z"], k),
            "side": rng.choice([-1, 1], k),
            "price": 1000 + rng.integers(-8, 9, k),
            "size": rng.integers(1, 50, k),
        }
    )
    return quotes, fills


@given(markets())
def test_markout_is_capture_plus_price_move_in_every_bucket(market):
    quotes, fills = market
    table = markout_buckets(with_mids(fills, quotes, horizons=HORIZONS, max_age=50), horizons=HORIZONS, width=10)
    assert (table["markout"] == table["capture"] + table["price_move"]).all()


@given(markets())
def test_every_fill_is_counted_once_at_every_horizon(market):
    quotes, fills = market
    table = markout_buckets(with_mids(fills, quotes, horizons=HORIZONS, max_age=50), horizons=HORIZONS, width=10)
    counted = table.group_by("horizon").agg(total=(pl.col("fills") + pl.col("past_end") + pl.col("stale")).sum())
    assert set(counted["total"]) == {fills.height}


@given(markets(), st.lists(st.integers(0, 4), min_size=40, max_size=40), st.randoms(use_true_random=False))
def test_any_partition_in_any_order_adds_to_the_same_bits(market, part_of, random):
    quotes, fills = market
    whole = markout_buckets(with_mids(fills, quotes, horizons=HORIZONS, max_age=50), horizons=HORIZONS, width=10)
    labels = pl.Series(part_of[: fills.height])
    parts = [fills.filter(labels == label) for label in sorted(set(labels))]
    random.shuffle(parts)
    tables = [
        markout_buckets(with_mids(part, quotes, horizons=HORIZONS, max_age=50), horizons=HORIZONS, width=10)
        for part in parts
    ]
    added = add(tables, KEYS)
    assert added.select(*KEYS, *SUMS).equals(whole.select(*KEYS, *SUMS))


@given(markets())
def test_agrees_with_the_definition_fill_by_fill(market):
    quotes, fills = market
    table = markout_buckets(with_mids(fills, quotes, horizons=[7], max_age=50), horizons=[7], width=10**6)
    want = 0
    for fill in fills.iter_rows(named=True):
        mine = [q for q in quotes.iter_rows(named=True) if q["instrument"] == fill["instrument"]]
        end = mine[-1]["time"] if mine else None

        def mid(known, at):
            if not known or at - known[-1]["time"] > 50 or known[-1]["bid"] >= known[-1]["ask"]:
                return None
            return known[-1]["bid"] + known[-1]["ask"]

        before = mid([q for q in mine if q["time"] < fill["time"]], fill["time"])
        due = fill["time"] + 7
        after = None if end is None or due > end else mid([q for q in mine if q["time"] <= due], due)
        if before is not None and after is not None:
            want += fill["side"] * (after - 2 * fill["price"]) * fill["size"]
    assert table["markout"].sum() == want


@given(st.lists(st.floats(0.1, 10), min_size=40, max_size=80), st.integers(1, 4))
def test_an_interval_of_a_constant_ratio_is_that_ratio(weights, block):
    bottom = np.array(weights)
    low, high = bootstrap_ratio(3 * bottom, bottom, block=block)
    np.testing.assert_allclose([low, high], 3, rtol=1e-12)


def test_the_interval_covers_the_mean_about_as_often_as_it_says():
    rng = np.random.Generator(np.random.PCG64(1))
    hits = 0
    for _ in range(200):
        top = rng.normal(1, 2, 240)
        low, high = bootstrap_ratio(top, np.ones(240), block=4, draws=299)
        hits += low <= 1 <= high
    assert 175 <= hits <= 200  # 95 % of 200, less what a block bootstrap of 60 blocks loses


def test_the_same_seed_gives_the_same_interval_and_thin_data_none():
    top, bottom = np.arange(100.0), np.full(100, 7.0)
    assert bootstrap_ratio(top, bottom, block=5) == bootstrap_ratio(top, bottom, block=5)
    assert bootstrap_ratio(top[:30], bottom[:30], block=5) is None
