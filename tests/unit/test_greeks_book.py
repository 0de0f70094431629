"""Greeks attribution from the tables of a tape: fills of options and hedges, chain rows, settlements."""

import polars as pl
import pytest

from makerscope.errors import SchemaError
from makerscope.metrics.greeks_book import greeks_pnl
from makerscope.metrics.greeks_pnl import LEGS
from makerscope.tape.events import Instrument, Token

DAY = 86_400 * 10**9
FACTS = {"venue": "v", "base": "BTC", "facts": "test", "multiplier": "1"}
INSTRUMENTS = {
    "v:C": Instrument(instrument="v:C", symbol="C", kind="option", quote="BTC", settle="BTC", inverse=False,
                      tick_size="0.0001", lot_size="0.1", strike="100000", expiry=20 * DAY, is_call=True, **FACTS),
    "v:P": Instrument(instrument="v:P", symbol="P", kind="option", quote="BTC", settle="BTC", inverse=False,
                      tick_size="0.0001", lot_size="0.1", strike="90000", expiry=50 * DAY, is_call=False, **FACTS),
    "v:F": Instrument(instrument="v:F", symbol="F", kind="perp", quote="USD", settle="BTC", inverse=True,
                      tick_size="0.5", lot_size="10", **FACTS),
}  # fmt: skip
TOKENS = {"BTC": Token(token="BTC", decimals=8)}
NO_FUNDING = pl.DataFrame(schema={"time": pl.Int64, "instrument": pl.String, "funding": pl.Int64})
SETTLED = pl.DataFrame({"base": ["BTC"], "expiry": [20 * DAY], "price": [104_000.0]})


def fills_of(*rows):
    return pl.DataFrame(
        [
            {"time": time, "serial": at, "instrument": name, "maker": "m", "taker": "t", "side": side, "price": price,
             "size": size, "maker_fee": fee, "maker_fee_token": "BTC", "taker_fee": 0, "taker_fee_token": "BTC",
             "maker_position": None, "taker_position": None, "liquidated": None, "purpose": None}
            for at, (time, name, side, price, size, fee) in enumerate(rows)
        ],
        schema_overrides={"maker_position": pl.Int64, "taker_position": pl.Int64, "liquidated": pl.String,
                          "purpose": pl.String},
    )  # fmt: skip


def row(time, name, forward, mark, volatility, *, reason=None):
    item = INSTRUMENTS[name]
    return {"time": time, "instrument": name, "base": "BTC", "expiry": item.expiry, "strike": float(item.strike),
            "coin_premium": True, "forward": forward, "mark_coin": mark, "mark_usd": None,
            "mark_volatility": volatility, "reason": reason}  # fmt: skip


CHAIN = pl.DataFrame(
    [
        row(0, "v:C", 100_000.0, 0.0560, 0.60),
        row(0, "v:P", 100_500.0, 0.0478, 0.65),
        row(10 * DAY, "v:C", 102_000.0, 0.0485, 0.58),
        row(10 * DAY, "v:P", 102_600.0, 0.0314, 0.63),
        row(11 * DAY, "v:C", 102_000.0, None, 0.58),
        row(12 * DAY, "v:C", 102_000.0, 0.0410, 0.58, reason="duplicate"),
    ],
    schema_overrides={"reason": pl.String, "mark_usd": pl.Float64},
)
MARKS = pl.DataFrame({"time": [0, 10 * DAY, 20 * DAY], "instrument": "v:F", "twice_price": [400_000, 408_000, 416_000]})
FILLS = fills_of(
    (DAY, "v:C", -1, 565, 10, 3000),  # sold one BTC of calls at 0.0565
    (DAY, "v:F", 1, 200_000, 5_000, 500),  # bought 50,000 USD at 100,000
    (2 * DAY, "v:P", 1, 477, 20, 0),  # bought two BTC of puts at 0.0477
    (21 * DAY, "v:C", -1, 1, 10, 0),  # after the expiry
)


def run(fills=FILLS, chain=CHAIN, settlements=SETTLED, **options):
    return greeks_pnl(
        fills, chain, MARKS, NO_FUNDING, instruments=INSTRUMENTS, tokens=TOKENS, since=0, until=30 * DAY,
        settlements=settlements, **options,
    )  # fmt: skip


def test_a_book_in_coin_adds_by_hand():
    book = run()
    unit = 10 ** book.decimals["BTC"]
    pairs = {row["instrument"]: row for row in book.pnl.pairs.iter_rows(named=True)}
    payoff = 4_000 / 104_000
    assert pairs["v:C"]["equity_change"] / unit == pytest.approx(0.0565 - payoff - 3000e-8, abs=1e-7)
    assert pairs["v:C"]["edge_at_trade"] / unit == pytest.approx(0.0005, abs=1e-12)
    assert pairs["v:C"]["fees"] / unit == pytest.approx(-3000e-8, abs=1e-12)
    assert (pairs["v:C"]["settled"], pairs["v:C"]["closing"]) == (-10, 0)
    assert pairs["v:P"]["equity_change"] / unit == pytest.approx(2 * (0.0314 - 0.0477), abs=1e-12)
    assert pairs["v:P"]["edge_at_trade"] / unit == pytest.approx(2 * 0.0001, abs=1e-12)
    coins = 50_000 * (1 / 100_000 - 1 / 104_000)
    assert pairs["v:F"]["hedging"] / unit == pytest.approx(coins, abs=1e-10)
    assert pairs["v:F"]["fees"] / unit == pytest.approx(-500e-8, abs=1e-12)
    total = book.pnl.totals.row(0, named=True)
    assert sum(total[leg] for leg in LEGS) == total["equity_change"] == sum(p["equity_change"] for p in pairs.values())
    assert (book.unusable_marks, book.late_fills, book.unsettled) == (2, 1, ())


def test_the_legs_explain_most_of_a_coin_option():
    book = run()
    put = book.pnl.pairs.filter(pl.col("instrument") == "v:P").row(0, named=True)
    unit = 10 ** book.decimals["BTC"]
    slope = -90_000 * 0.3676 / 100_500**2  # of the premium in coin: K N(-d2) / F^2
    assert put["delta"] / unit == pytest.approx(2 * 2_100 * slope, rel=1e-3)
    assert put["vega"] < 0
    assert put["theta"] < 0
    assert abs(put["residual"]) < 0.1 * abs(put["equity_change"])


def test_an_option_nobody_knows_the_settlement_of_keeps_its_last_mark_and_is_named():
    book = run(settlements=None)
    assert book.unsettled == ("v:C",)
    call = book.pnl.pairs.filter(pl.col("instrument") == "v:C").row(0, named=True)
    assert (call["settled"], call["closing"]) == (0, -10)
    assert call["equity_change"] / 10 ** book.decimals["BTC"] == pytest.approx(0.0565 - 0.0485 - 3000e-8, abs=1e-9)


def test_an_option_without_any_mark_is_marked_at_its_fills_and_counted():
    book = run(chain=CHAIN.filter(pl.col("instrument") != "v:P"))
    put = book.pnl.pairs.filter(pl.col("instrument") == "v:P").row(0, named=True)
    assert (put["unmarked"], put["equity_change"], put["edge_at_trade"]) == (1, 0, 0)


def test_cells_name_tenor_and_delta_of_the_chain():
    cells = run().pnl.by("tenor_bucket", "delta_bucket", "token")
    assert ("1w-1m", "call 35-65") in set(cells.select("tenor_bucket", "delta_bucket").rows())
    assert ("1m-3m", "put 10-35") in set(cells.select("tenor_bucket", "delta_bucket").rows())


def test_sticky_delta_takes_the_slope_of_neighbouring_strikes():
    more = INSTRUMENTS | {
        "v:Q": Instrument(instrument="v:Q", symbol="Q", kind="option", quote="BTC", settle="BTC", inverse=False,
                          tick_size="0.0001", lot_size="0.1", strike="110000", expiry=50 * DAY, is_call=True, **FACTS)
    }  # fmt: skip
    beside = CHAIN.filter(pl.col("instrument") == "v:P").with_columns(
        instrument=pl.lit("v:Q"), strike=pl.lit(110_000.0), mark_volatility=pl.col("mark_volatility") - 0.1
    )
    fills = pl.concat([FILLS, fills_of((2 * DAY, "v:Q", 1, 299, 1, 0))])
    found = {
        sticky: greeks_pnl(
            fills, pl.concat([CHAIN, beside]).sort("time", maintain_order=True), MARKS, NO_FUNDING, instruments=more,
            tokens=TOKENS, since=0, until=30 * DAY, settlements=SETTLED, sticky=sticky,
        ).pnl.pairs.filter(pl.col("instrument") == "v:P").row(0, named=True)
        for sticky in ("strike", "delta")
    }  # fmt: skip
    assert found["delta"]["vega"] < found["strike"]["vega"] < 0  # the forward carried part of the fall at the strike up
    moved = {name: found["delta"][name] - found["strike"][name] for name in ("vega", "vanna", "equity_change")}
    assert abs(moved["vega"] + moved["vanna"]) <= 2
    assert moved["equity_change"] == 0


def test_a_table_without_a_column_is_named():
    with pytest.raises(SchemaError, match="mark_volatility"):
        run(chain=CHAIN.drop("mark_volatility"))
