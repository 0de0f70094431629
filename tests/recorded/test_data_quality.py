"""The quality gate, the check of a tape, depth and pool measures on real recordings."""

import csv
import gzip
from decimal import Decimal

import orderflow_metrics
import polars as pl
import pytest

from makerscope.metrics.book import levels_after_each
from makerscope.metrics.cost import round_trip_cost
from makerscope.metrics.depth import depth_buckets, depth_within, mean_depth
from makerscope.metrics.pool import pool_bars, pool_buckets, pool_facts, pool_measures
from makerscope.metrics.quality import assess
from makerscope.metrics.states import book_states, deep_states
from makerscope.tape.check import check_tape
from makerscope.venues.registry import import_recordings

SECOND = 1_000_000_000
POOL = "data/uniswap_v3/polygon-0x45dda9cb7c25131df268515131f647d726f50608-2023-08-17.minute.csv.gz"
BTC = "hyperliquid:BTC"


@pytest.fixture
def hyperliquid(shared_file, tmp_path):
    files = [shared_file(f"data/hyperliquid/btc_20250903_{kind}.csv.gz") for kind in ("trades", "prices", "orderbooks")]
    return import_recordings(files, tmp_path / "tape")


def sessions_of(tape, instrument):
    rows = tape.read("sessions", instrument=instrument).filter(pl.col("channel") == "book")
    start, end = (pl.coalesce(f"{side}_exchange", f"{side}_local") for side in ("start", "end"))
    return rows.select(start=start, end=end)


def test_the_outage_of_3_september_is_named_and_the_recording_usable(hyperliquid):
    quality = assess(hyperliquid)
    outages = next(check for check in quality.checks if check.name == "outages")
    assert quality.verdict == "usable"
    assert outages.outcome == "warn"
    assert outages.value > 250 / 550
    assert check_tape(hyperliquid.path).sound


def test_sells_taken_out_of_a_recording_make_it_unusable(shared_file, tmp_path):
    source = shared_file("data/hyperliquid/btc_20250903_trades.csv.gz")
    kept = tmp_path / "btc_20250903_trades.csv"
    with gzip.open(source, "rt") as rows:
        lines = [line for at, line in enumerate(rows) if at == 0 or ",buy," in line]
    assert len(lines) > 100
    kept.write_text("".join(lines))
    quality = assess(import_recordings([kept], tmp_path / "tape"))
    assert quality.verdict == "not usable"
    assert quality.failing == (BTC,)


def test_depth_and_round_trips_agree_with_another_package_on_a_real_book(hyperliquid):
    instrument = hyperliquid.instruments[BTC]
    tick, lot = Decimal(instrument.tick_size), Decimal(instrument.lot_size)
    states = book_states(levels_after_each(hyperliquid.read("book", instrument=BTC), 20))
    ours, costs = depth_within(states, [1, 2]), round_trip_cost(states, 100_000)
    for at in range(0, states.time.shape[0], 40):
        bids, asks = (
            [(float(int(p) * tick), float(int(q) * lot)) for p, q in zip(price[at], size[at], strict=True) if q]
            for price, size in ((states.bid, states.bid_size), (states.ask, states.ask_size))
        )
        for band in (1, 2):
            theirs = orderflow_metrics.depth_within(_levels(bids), _levels(asks), band)
            row = ours.filter((pl.col("time") == int(states.time[at])) & (pl.col("band") == band)).row(0, named=True)
            assert row["bid_lots"] * float(lot) == pytest.approx(theirs.bid_depth, rel=1e-9)
            assert row["ask_lots"] * float(lot) == pytest.approx(theirs.ask_depth, rel=1e-9)
        if costs["full_cost_bps"][at] is not None:
            cost = orderflow_metrics.cost_of_round_trip(_levels(bids), _levels(asks), float(100_000 * lot))
            assert costs["full_cost_bps"][at] == pytest.approx(cost.round_trip_bps, abs=1e-6)


def _levels(pairs):
    return [orderflow_metrics.Level(price=price, size=size) for price, size in pairs]


def test_an_outage_is_in_no_depth_and_twenty_levels_are_a_lower_bound(hyperliquid):
    states = book_states(levels_after_each(hyperliquid.read("book", instrument=BTC), 20))
    sessions = sessions_of(hyperliquid, BTC)
    table = mean_depth(depth_buckets(states, sessions, instrument=BTC, width=SECOND))
    listened = int((sessions["end"] - sessions["start"]).sum())
    assert table["ns"].max() <= listened < 300 * SECOND
    assert table.filter(pl.col("band") == 50).select("bid_cut", "ask_cut").row(0) == (1.0, 1.0)
    assert (table["bid_cash"].diff().drop_nulls() >= 0).all()


def test_the_depth_of_a_rebuilt_book_ends_where_its_snapshot_ended(shared_file, tmp_path):
    tape = import_recordings([shared_file("data/binance/cm/btcusd_perp_20240808.gz")], tmp_path / "tape")
    (name,) = tape.instruments
    states = deep_states(tape.read("book", instrument=name))
    table = mean_depth(depth_buckets(states, sessions_of(tape, name), instrument=name, width=SECOND))
    cut = dict(table.select("band", "ask_cut").iter_rows())
    assert cut[50] == 0.0
    assert cut[200] == 1.0
    assert check_tape(tape.path).sound
    clocks = next(check for check in assess(tape).checks if check.name == "clocks in quotes")
    assert "the recorder's clock is behind" in clocks.text
    assert clocks.value == pytest.approx(-1.258, abs=0.02)


def test_a_pool_earns_its_fee_on_what_came_in(shared_file, tmp_path):
    source = shared_file(POOL)
    tape = import_recordings([source], tmp_path / "tape")
    (name,) = tape.instruments
    facts = pool_facts(tape, name, fee=Decimal("0.0005"))
    bars = pool_bars(tape.read("pool_events"), facts)
    measures = pool_measures(pool_buckets(bars, facts, width=60 * SECOND))
    with gzip.open(source, "rt") as rows:
        table = list(csv.DictReader(rows))
    low, high = (10**12 / 1.0001 ** int(row) for row in (max(_ticks(table)), min(_ticks(table))))
    assert low < bars["price"].min() * 1.001
    assert bars["price"].max() < high * 1.001
    kept = [
        row
        for row in table
        if int(row["lowestTick"]) <= min(int(row["openTick"]), int(row["closeTick"]))
        and max(int(row["openTick"]), int(row["closeTick"])) <= int(row["highestTick"])
    ]
    volume = sum(
        int(row["inAmount0"]) / 1e6 + int(row["inAmount1"]) / 1e18 * 1e12 / 1.0001 ** int(row["closeTick"])
        for row in kept
    )
    assert bars.height == len(kept)
    assert measures["volume"].value == pytest.approx(volume, rel=1e-9)
    assert measures["fees"].value == pytest.approx(0.0005 * volume, rel=1e-9)
    assert measures["lvr"].value > measures["fees"].value  # a day with a fall of a tenth
    assert 0.5 < measures["realised_volatility"].value < 2.0


def _ticks(table):
    return [int(row["closeTick"]) for row in table]
