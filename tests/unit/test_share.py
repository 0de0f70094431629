"""Shares, concentration, fees by token, liquidations: numbers done by hand."""

import polars as pl
import pytest

from makerscope.metrics.liquidations import liquidated, liquidation_measures
from makerscope.metrics.share import concentration, fees_by_token, volume_share
from makerscope.tape.events import Instrument, Token


def instrument(symbol, tick="1", *, quote="USD", settle="USDC", inverse=False, multiplier="1"):
    return Instrument(
        instrument=f"v:{symbol}", venue="v", symbol=symbol, kind="perp", base="B", quote=quote, settle=settle,
        inverse=inverse, tick_size=tick, lot_size="0.1", multiplier=multiplier, facts="test",
    )  # fmt: skip


INSTRUMENTS = {
    item.instrument: item
    for item in (
        instrument("A"), instrument("B", "0.005"), instrument("E", quote="EUR"),
        instrument("I", inverse=True, multiplier="100", settle="B"),
    )
}  # fmt: skip
TOKENS = {
    "USDC": Token(token="USDC", decimals=6),
    "HYPE": Token(token="HYPE", decimals=8),
    "B": Token(token="B", decimals=8),
}
FILL = {
    "time": 0, "serial": 0, "instrument": "v:A", "maker": "m", "taker": "t", "side": 1, "price": 100, "size": 10,
    "maker_fee": 0, "maker_fee_token": "USDC", "liquidated": None,
}  # fmt: skip


def fills(*changes):
    rows = [{**FILL, "serial": k, **change} for k, change in enumerate(changes)]
    return pl.DataFrame(rows, schema_overrides={"liquidated": pl.String, "maker": pl.String})


def test_notionals_of_different_ticks_add_exactly_and_currencies_do_not_add():
    got = volume_share(fills({}, {"instrument": "v:B", "price": 3, "maker": "n"}, {"instrument": "v:E"}), INSTRUMENTS)
    assert got.select("quote", "maker", "notional", "decimals").rows() == [
        ("EUR", "m", 1000, 1),
        ("USD", "m", 1_000_000, 4),
        ("USD", "n", 150, 4),
    ]
    assert got.filter(pl.col("quote") == "USD")["share"].sum() == pytest.approx(1.0, abs=1e-15)


def test_an_inverse_contract_counts_its_face_value_at_any_price():
    got = volume_share(fills({"instrument": "v:I", "price": 7, "size": 3}), INSTRUMENTS).row(0, named=True)
    assert got["notional"] == 30 * 10 ** got["decimals"]  # 3 lots of 0.1 contracts of 100


def test_a_share_in_each_instrument_adds_up_to_one_there():
    got = volume_share(fills({}, {"maker": "n", "size": 30}, {"instrument": "v:B"}), INSTRUMENTS, by_instrument=True)
    assert got.select("instrument", "maker", "share").rows() == [
        ("v:A", "n", 0.75),
        ("v:A", "m", 0.25),
        ("v:B", "m", 1.0),
    ]


def test_concentration_is_one_for_a_monopoly_and_unknown_when_makers_are():
    alone = concentration(volume_share(fills({}), INSTRUMENTS))
    assert (alone["herfindahl"].value, alone["effective_makers"].value) == (1.0, 1.0)
    blind = concentration(volume_share(fills({"maker": None}), INSTRUMENTS))
    assert blind["herfindahl"].value is None
    assert "does not name" in blind["herfindahl"].reason
    assert concentration(volume_share(fills({}), INSTRUMENTS).clear())["makers"].reason == "no fills"


def test_fees_of_two_tokens_are_two_rows_and_bps_use_their_own_fills_only():
    got = fees_by_token(
        fills(
            {"maker_fee": 20_000}, {"maker_fee": -5_000}, {"maker_fee": 0}, {"maker_fee": None},
            {"maker_fee": 123_450_000, "maker_fee_token": "HYPE", "size": 1000},
        ),
        INSTRUMENTS, TOKENS,
    )  # fmt: skip
    usdc, hype = got.rows(named=True)
    assert (usdc["token"], usdc["paid"], usdc["fills"], usdc["rebates"], usdc["free"]) == ("USDC", "0.015", 3, 1, 1)
    assert usdc["notional"] == "300"
    assert usdc["bps"] == pytest.approx(0.5, rel=1e-15)
    assert (hype["paid"], hype["notional"], hype["bps"]) == ("1.2345", "10000", None)


def test_a_liquidation_of_many_fills_is_one_and_its_slippage_is_the_accounts_loss():
    rows = liquidated(
        fills(
            {"liquidated": "t", "price": 99, "size": 4}, {"liquidated": "t", "price": 97, "maker": "n", "size": 6},
            {}, {"liquidated": "m", "time": 5, "side": -1},
        ).with_columns(twice_mid=pl.lit(200)),
        INSTRUMENTS,
    )  # fmt: skip
    assert rows.select("account", "side", "lots", "fills", "makers").rows() == [
        ("t", -1, 10, 2, 2),
        ("m", -1, 10, 1, 1),
    ]
    got = liquidation_measures(rows.filter(pl.col("account") == "t"))
    assert got["liquidations"].value == 1.0
    assert got["liquidation_slippage"].value == pytest.approx(-1e4 * (1 * 4 + 3 * 6) / (100 * 10))
    assert liquidation_measures(liquidated(fills({}), INSTRUMENTS))["liquidation_slippage"].reason == "no liquidations"
