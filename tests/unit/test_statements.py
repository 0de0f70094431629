"""Statements on the demo tape: one a token, legs that add up, notes that say what is not known."""

import polars as pl
import pytest

from makerscope.metrics.pnl import HORIZON, LEGS, marks_of, pnl
from makerscope.metrics.statements import path, statements
from makerscope.metrics.view import LAST_TRADE, load
from makerscope.tape.demo import write_demo
from makerscope.tape.demo_market import MAKERS
from makerscope.tape.read import Tape

MINUTE = 60_000_000_000


@pytest.fixture(scope="module")
def tape(tmp_path_factory):
    return Tape.open(write_demo(tmp_path_factory.mktemp("demo") / "tape", hours=0.6))


def result(tape, **options):
    view = load(tape)
    marks = tape.read("marks").with_columns(time=pl.col("exchange_time"))
    given = {"instruments": view.instruments, "tokens": tape.tokens, "since": view.since, "until": view.until}
    return pnl(view.fills, marks_of(view.quotes), marks, **given | {"width": MINUTE} | options)


@pytest.fixture(scope="module")
def earned(tape):
    return result(tape)


def test_every_maker_of_the_demo_closes_exactly_in_each_token(tape, earned):
    assert set(earned.totals["account"]) == {maker.name for maker in MAKERS}
    for maker in MAKERS:
        for statement in statements(earned, maker.name):
            assert statement.residual == 0
            assert sum(value for value in statement.legs.values() if value is not None) == statement.equity_change
    assert earned.buckets["residual"].abs().sum() == 0


def test_fees_in_a_second_token_are_a_statement_of_their_own(tape, earned):
    settled, other = statements(earned, "fairweather")
    assert (settled.token, tuple(settled.legs), settled.legs["fees"]) == ("USDC", LEGS, 0)
    paid = tape.read("fills").filter(pl.col("maker") == "fairweather")["maker_fee"].sum()
    assert (other.token, other.decimals, other.legs) == ("DEMO", 8, {"fees": -paid})
    assert statements(earned, "swift")[0].legs["fees"] > 0  # a rebate


def test_a_hedging_maker_has_slippage_and_the_others_do_not(earned):
    slip = {maker.name: statements(earned, maker.name)[0].legs["hedge_slippage"] for maker in MAKERS}
    assert slip.pop("bidder") < 0
    assert set(slip.values()) == {0}


def test_the_slow_maker_is_run_over_and_the_fast_one_is_not(earned):
    slow, fast = (statements(earned, name)[0] for name in ("sluggish", "swift"))
    assert slow.legs["adverse_selection"] < -slow.legs["spread_capture"]
    assert fast.legs["adverse_selection"] + fast.legs["spread_capture"] > 0


def test_the_path_ends_at_the_change_of_equity_and_the_closing_position(earned):
    row = earned.totals.filter(pl.col("account") == "steady", pl.col("instrument") == "demo:ETH").row(0, named=True)
    got = path(earned, "steady", "demo:ETH", width=MINUTE)
    assert got["equity"][-1] == row["equity_change"]
    assert got["position"][-1] == row["closing"]
    assert got["time"].is_sorted()


def test_what_is_not_known_is_said(tape):
    blind = result(tape, sources=dict.fromkeys(tape.instruments, LAST_TRADE), horizon=None)
    (statement,) = statements(blind, "swift")
    assert statement.legs["spread_capture"] is None
    assert statement.legs["adverse_selection"] is None
    assert statement.marked_at == (LAST_TRADE,)
    said = " ".join(statement.notes)
    assert "marked at the last trade" in said
    assert "no horizon" in said
    assert statements(result(tape), "swift")[0].notes == ()
    assert HORIZON == 10_000_000_000


def test_amounts_are_exact_decimals(earned):
    statement = statements(earned, "swift")[0]
    assert statement.amount(-1_500_000) == "-1.5"
