"""Who made the Hyperliquid market in 500 blocks of 2025-10-27: shares, fees, the liquidation, the P&L of everyone."""

from decimal import Decimal

import polars as pl
import pytest

from makerscope.metrics.liquidations import liquidated, liquidation_measures
from makerscope.metrics.pnl import marks_of, pnl
from makerscope.metrics.share import concentration, fees_by_token, volume_share
from makerscope.metrics.statements import statements
from makerscope.metrics.view import load
from makerscope.venues import hyperliquid
from tests.recordings import tape_from

NODE = "data/hyperliquid/node_fills_777010829-777011328.jsonl.gz"
MADE = {}


@pytest.fixture
def tape(shared_file, tmp_path_factory):
    path = shared_file(NODE)
    if path not in MADE:
        MADE[path] = tape_from(hyperliquid, [path], tmp_path_factory.mktemp("hyperliquid") / "tape")
    return MADE[path]


def test_the_market_is_made_by_303_makers_with_a_herfindahl_of_three_percent(tape):
    dollars = dict.fromkeys({item.quote for item in tape.instruments.values()}, "USD")  # as the published number was
    shares = volume_share(tape.read("fills"), tape.instruments, at_par=dollars)
    got = concentration(shares)
    assert got["makers"].value == 303
    assert got["herfindahl"].value == pytest.approx(0.03071, abs=5e-6)
    assert shares["share"].sum() == pytest.approx(1.0, abs=1e-12)
    assert sum(shares["notional"]) / 10 ** shares["decimals"][0] == pytest.approx(3_624_641, abs=1)


def test_usdc_fees_are_paid_by_both_sides_and_twelve_tokens_are_never_added(tape):
    rows = {of: fees_by_token(tape.read("fills"), tape.instruments, tape.tokens, of=of) for of in ("maker", "taker")}
    usdc = {of: table.filter(pl.col("token") == "USDC") for of, table in rows.items()}
    paid = {of: sum(map(Decimal, table["paid"])) for of, table in usdc.items()}
    notional = {of: sum(map(Decimal, table["notional"])) for of, table in usdc.items()}
    assert float(1e4 * float(paid["maker"] / notional["maker"])) == pytest.approx(0.136, abs=5e-4)
    assert float(1e4 * float(paid["taker"] / notional["taker"])) == pytest.approx(3.674, abs=5e-4)
    assert len(set(rows["maker"]["token"]) | set(rows["taker"]["token"])) == 12


def test_the_liquidation_on_both_sides_of_the_record_is_one(tape):
    fills = tape.read("fills").with_columns(time=pl.col("exchange_time"))
    rows = liquidated(fills, tape.instruments)
    assert liquidation_measures(rows)["liquidations"].value == 1
    assert rows["instrument"].to_list() == ["hyperliquid:WLFI"]


def test_the_pnl_of_every_account_closes_exactly_without_any_quote(tape):
    view = load(tape)
    accounts = pl.concat([view.fills["maker"], view.fills["taker"]]).drop_nulls().unique().to_list()
    got = pnl(
        view.fills, marks_of(view.quotes), tape.read("marks").with_columns(time=pl.col("exchange_time")),
        instruments=tape.instruments, tokens=tape.tokens, since=view.since, until=view.until, accounts=accounts,
        sources=view.reference, width=5_000_000_000,
    )  # fmt: skip
    assert len(accounts) == 303 + 386 - 75
    assert (got.totals["residual"] == 0).all()
    assert got.totals["spread_capture"].null_count() == got.totals.height
    assert got.buckets["equity_change"].sum() == got.totals["equity_change"].sum()
    flat = got.totals.group_by("instrument").agg(moved=(pl.col("closing") - pl.col("opening")).sum())
    assert (flat["moved"] == 0).all()  # every fill has both its sides
    trading = got.totals.with_columns(gain=pl.col("equity_change") - pl.col("fees"))
    opened = trading.group_by("instrument").agg(
        pl.col("gain").sum(), pl.col("opening").sum(), pl.col("disagreeing").sum()
    )
    assert (opened.filter(pl.col("opening") == 0)["gain"] == 0).all()
    assert any("last trade" in note for note in statements(got, accounts[0])[0].notes)
