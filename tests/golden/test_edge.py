"""EDGE against the numbers its authors publish (eguidotti/bidask, MIT)."""

import math

import polars as pl
import pytest
from bidask import edge as published_edge

from makerscope.metrics.edge import edge

COLUMNS = ("open", "high", "low", "close")


@pytest.fixture
def ohlc(shared_file):
    return pl.read_csv(shared_file("vectors/measures/edge_ohlc.csv")).rename(str.lower)


@pytest.mark.parametrize(
    "name", ["full_file", "first_10_rows_signed", "degenerate_three_rows", "file_with_missing_bars"]
)
def test_edge_equals_the_published_spread(name, vectors, ohlc):
    case = next(c for c in vectors("measures/edge_spread.json") if c["case"] == name)
    inputs = case["inputs"]
    if inputs.get("csv", "edge_ohlc.csv") != "edge_ohlc.csv":
        pytest.skip(f"the input {inputs['csv']} is not given; missing bars are compared with bidask below")
    bars = pl.DataFrame({c: inputs[c] for c in COLUMNS}) if "open" in inputs else ohlc
    if inputs.get("rows") == "0:10":
        bars = bars[:10]
    got = edge(bars, sign=inputs["sign"]).value
    if case["expected"]["edge"] is None:
        assert got is None
    else:
        assert got == pytest.approx(case["expected"]["edge"], rel=case["tolerance"]["rel"])


@pytest.mark.parametrize("seed", range(6))
def test_edge_with_missing_prices_equals_the_package_of_its_authors(ohlc, seed):
    bars = ohlc.sample(400, seed=seed, with_replacement=False)
    holes = [pl.Series(pl.int_range(bars.height, eager=True).shuffle(seed=seed + i)) % 7 == 0 for i in range(4)]
    bars = bars.with_columns(
        pl.when(hole).then(None).otherwise(bars[name]).alias(name) for name, hole in zip(COLUMNS, holes, strict=True)
    )
    want = published_edge(*(bars[name].fill_null(math.nan).to_numpy() for name in COLUMNS), sign=True)
    assert edge(bars, sign=True).value == pytest.approx(want, rel=1e-10)
