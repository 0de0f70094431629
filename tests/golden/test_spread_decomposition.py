"""Spreads and markouts of single fills against ``vectors/measures/spread_decomposition.json``."""

import polars as pl
import pytest

from makerscope.metrics.markout import markout_buckets, with_mids

SCALE = 10_000  # ticks per unit of price, so that the prices of the vectors are whole ticks
H = 1_000_000_000


def test_every_case_of_the_decomposition_is_reproduced(vectors):
    cases = vectors("measures/spread_decomposition.json")
    assert cases
    for case in cases:
        given, want, tolerance = case["inputs"], case["expected"], case["tolerance"]["abs"]
        price, mid, later = (round(given[name] * SCALE) for name in ("price", "mid", "mid_later"))
        quotes = pl.DataFrame(
            {"time": [0, 2 * H], "instrument": ["a", "a"], "bid": [mid - 1, later - 1], "ask": [mid + 1, later + 1]}
        )
        fills = pl.DataFrame(
            {
                "time": [H],
                "instrument": ["a"],
                "maker": ["m"],
                "side": [given["maker_side"]],
                "price": [price],
                "size": [1],
            }
        )
        row = markout_buckets(with_mids(fills, quotes, horizons=[H], max_age=10 * H), horizons=[H], width=H).row(
            0, named=True
        )
        half = {name: row[name] / 2 / SCALE for name in ("capture", "markout", "price_move")}
        got = {
            "half_effective_spread": half["capture"],
            "full_effective_spread": 2 * half["capture"],
            "half_realized_spread": half["markout"],
            "full_realized_spread": 2 * half["markout"],
            "half_price_impact": -half["price_move"],
            "full_price_impact": -2 * half["price_move"],
            "markout": half["markout"],
            "price_move": half["price_move"],
            "markout_bps": 1e4 * row["markout"] / row["twice_mid_lots"],
        }
        for name, value in got.items():
            assert value == pytest.approx(want[name], abs=tolerance), (case["case"], name)
