"""Lead-lag, information shares and flow on five minutes of three Binance venues, on the recorder's clock."""

import gzip
import json

import polars as pl
import pytest

from makerscope.metrics.bars import bars_of, changes_of
from makerscope.metrics.discovery import discovery
from makerscope.metrics.flow import flow_buckets, kyle_lambda
from makerscope.metrics.leadlag import lag_grid, lead_lag
from makerscope.metrics.signing import sign_trades
from makerscope.metrics.volatility import annualised, realized_kernel, rv
from makerscope.metrics.vpin import vpin_signed

MS = 1_000_000
SECOND = 1000 * MS
FILES = {
    "usdm": "data/binance/usdm/btcusdt_20240808.gz",
    "spot": "data/binance/spot/btcusdt_20240808.gz",
    "cm": "data/binance/cm/btcusd_perp_20240808.gz",
}


def read(path):
    """Quotes and trades of one file: local time, message."""
    quotes, trades = [], []
    with gzip.open(path, "rt") as lines:
        for line in lines:
            local, raw = line.split(" ", 1)
            head = raw[:80]
            if "bookTicker" in head:
                data = json.loads(raw)["data"]
                quotes.append((int(local), float(data["b"]), float(data["a"])))
            elif "@trade" in head:
                data = json.loads(raw)["data"]
                trades.append((int(local), -1 if data["m"] else 1, float(data["p"]), float(data["q"])))
    book = pl.DataFrame(quotes, schema=["time", "bid", "ask"], orient="row")
    return (
        book.with_columns(mid=(pl.col("bid") + pl.col("ask")) / 2),
        pl.DataFrame(trades, schema=["time", "aggressor", "price", "size"], orient="row"),
    )


_READ = {}


@pytest.fixture
def market(shared_file):
    def get(name):
        if name not in _READ:
            _READ[name] = read(shared_file(FILES[name]))
        return _READ[name]

    return get


def test_the_coin_margined_perpetual_lags_the_others(market):
    usdm, spot, cm = (market(name)[0] for name in ("usdm", "spot", "cm"))
    found = lead_lag(usdm, cm, lag_grid(1000 * MS, 10 * MS))
    assert 10 * MS <= found.lead_lag_ns.low <= found.lead_lag_ns.value <= 100 * MS
    assert found.llr.low > 1
    assert found.peak.value > 0.5
    mirrored = lead_lag(cm, usdm, lag_grid(1000 * MS, 10 * MS))
    assert mirrored.lead_lag_ns.value == -found.lead_lag_ns.value
    assert spot.height == 28_040


def test_usdm_against_spot_peaks_within_a_step_of_lag_zero(market):
    found = lead_lag(market("usdm")[0], market("spot")[0], lag_grid(1000 * MS, 10 * MS))
    assert abs(found.lead_lag_ns.value) <= 10 * MS
    assert found.lead_lag_ns.low <= 0 <= found.lead_lag_ns.high


def test_the_perpetual_margined_in_dollars_makes_the_price(market):
    usdm, cm = market("usdm")[0], market("cm")[0]
    found = discovery([usdm, cm], ["usdm", "cm"], step=10 * MS)
    assert found.information_share[0].low > 0.5
    assert sum(part.value for part in found.information_share) == pytest.approx(1)
    assert found.information_leadership_share[0].value > 0.5
    coarse = discovery([usdm, cm], ["usdm", "cm"], step=SECOND)
    assert coarse.width.value > 3 * found.width.value  # a coarse grid cannot tell them apart


@pytest.mark.parametrize("rule", ["lee_ready", "ellis_michaely_ohara", "chakrabarty_li_nguyen_van_ness"])
def test_inferred_sides_mostly_agree_with_the_recorded_ones(market, rule):
    book, trades = market("usdm")
    inferred = sign_trades(trades.drop("aggressor"), book, rule=rule)["aggressor"]
    assert (inferred == trades["aggressor"]).mean() > 0.85
    assert (inferred == 0).mean() < 0.01


def test_buying_lifts_the_price_and_the_kernel_is_below_the_noise(market):
    book, trades = market("usdm")
    flow, bars = flow_buckets(trades, width=5 * SECOND), bars_of(book, width=5 * SECOND)
    assert kyle_lambda(flow, bars).low > 0
    ticks = changes_of(bars_of(book, width=100 * MS))["log_return"]
    vol = annualised(realized_kernel(ticks), window=book["time"][-1] - book["time"][0])
    assert 0.1 < vol.value < 2
    assert annualised(rv(ticks), window=book["time"][-1] - book["time"][0]).value == pytest.approx(vol.value, rel=0.5)
    toxicity = vpin_signed(trades, window=10)
    assert toxicity.floor.value < toxicity.average.value < 1
