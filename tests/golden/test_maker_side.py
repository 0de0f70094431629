"""Published cases of uptime and of hold-value P&L, read from the shared vectors."""

import polars as pl
import pytest

from makerscope.metrics.pnl import pnl
from makerscope.metrics.quoting import presence, presence_measures
from makerscope.tape.events import Instrument, Token

SECOND = 1_000_000_000
NO_MARKS = pl.DataFrame(schema={"time": pl.Int64, "instrument": pl.String, "twice_price": pl.Int64})
NO_FUNDING = pl.DataFrame(schema={"time": pl.Int64, "instrument": pl.String, "funding": pl.Int64})


def test_two_sided_uptime_is_simultaneous_and_not_the_mean_of_sides(vectors):
    for case in vectors("measures/uptime.json"):
        given, want = case["inputs"], case["expected"]
        rows = [
            {"instrument": "x", "maker": "m", "side": side, "price": 100 - side, "size": 1, "start": a, "end": b}
            for side, orders in ((1, given["bid_orders_s"]), (-1, given["ask_orders_s"]))
            for a, b in orders
        ]  # fmt: skip
        lives = pl.DataFrame(rows).with_columns(pl.col("start", "end") * SECOND, born=pl.col("start") * SECOND)
        heard = pl.DataFrame({"instrument": ["x"], "start": [0], "end": [given["period_s"] * SECOND]})
        got = presence_measures(presence(lives, NO_MARKS, heard, width=3600 * SECOND).buckets, unit_size=1.0)
        for name in ("bid_uptime", "ask_uptime", "two_sided_uptime"):
            assert got[name].value == pytest.approx(want[name], abs=case["tolerance"]["abs"])
        sides = (got["bid_uptime"].value + got["ask_uptime"].value) / 2
        assert sides == pytest.approx(want["mean_of_sides_published_by_venue"], abs=case["tolerance"]["abs"])


def test_the_pnl_of_a_spot_pair_is_what_holding_would_not_have_made(vectors):
    for case in vectors("measures/hummingbot_trade_pnl.json"):
        given = case["inputs"]
        bought = sum(t["amount"] * (1 if t["side"] == "BUY" else -1) for t in given["trades"])
        hbot = Instrument(
            instrument="h:HBOT-USDT", venue="h", symbol="HBOT-USDT", kind="spot", base="HBOT", quote="USDT",
            settle="USDT", inverse=False, tick_size="0.1", lot_size="1", multiplier="1", facts="test",
        )  # fmt: skip
        fills = pl.DataFrame([
            {
                "time": 10 + k, "serial": k, "instrument": hbot.instrument, "maker": "us", "taker": None,
                "side": 1 if t["side"] == "BUY" else -1, "price": t["price"] * 10, "size": t["amount"],
                "maker_fee": 0, "maker_fee_token": "USDT", "taker_fee": None, "taker_fee_token": None,
                "maker_position": given["current_base"] - bought if k == 0 else None, "taker_position": None,
                "liquidated": None, "purpose": None,
            }
            for k, t in enumerate(given["trades"])
        ], schema_overrides={"taker": pl.String, "taker_fee_token": pl.String})  # fmt: skip
        twice = round(given["current_price"] * 20)
        marks = pl.DataFrame({"time": [0], "instrument": [hbot.instrument], "twice_price": [twice]})
        row = pnl(
            fills, marks, NO_FUNDING, instruments={hbot.instrument: hbot},
            tokens={"USDT": Token(token="USDT", decimals=6)}, since=0, until=100,
        ).totals.row(0, named=True)  # fmt: skip
        assert row["equity_change"] / 10 ** row["decimals"] == pytest.approx(
            case["expected"]["trade_pnl"], abs=case["tolerance"]["abs"]
        )
        assert row["closing"] == given["current_base"]
