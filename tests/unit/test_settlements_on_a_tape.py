"""Settlements, forced transfers and money moved outside fills, as a tape holds them."""

import polars as pl
import pytest

from makerscope.metrics.view import load, made, traded, transfers_of
from makerscope.tape.check import check_tape
from tests.tapes import START, fills, write_tape

NOBODY = {"maker": [None, "maker"], "liquidated": ["taker", None]}


def moved(**changes):
    row = {"exchange_time": START, "account": "maker", "instrument": None, "kind": "gas", "amount": -5, "token": "USDC"}
    return pl.DataFrame([row | changes], schema_overrides={"instrument": pl.String})


def test_an_option_that_expires_worthless_is_settled_at_nothing_and_that_is_no_trade(tmp_path):
    rows = fills([0, 0], price=[0, 1000], purpose=["settlement", None], maker=[None, "maker"])
    tape = write_tape(tmp_path / "tape", fills=rows)
    assert check_tape(tape.path).problems == ()
    assert tape.read("trades")["serial"].to_list() == [1]
    assert tape.read("fills")["sweep"].to_list() == [None, 1]
    view = load(tape)
    assert (view.fills.height, traded(view.fills).height) == (2, 1)


def test_a_position_moved_by_force_is_no_part_of_the_order_that_traded_beside_it(tmp_path):
    rows = fills([0, 0], purpose=["transfer", None], taker="taker", **NOBODY)
    tape = write_tape(tmp_path / "tape", fills=rows)
    assert check_tape(tape.path).problems == ()
    assert tape.read("trades").select("serial", "fills").rows() == [(1, 1)]


def test_a_tape_of_settlements_alone_has_no_trades(tmp_path):
    rows = fills([0], price=[0], purpose=["settlement"], maker=pl.Series([None], dtype=pl.String))
    tape = write_tape(tmp_path / "tape", fills=rows)
    assert check_tape(tape.path).problems == ()
    assert not tape.has("trades")


def test_hedges_against_a_venue_outside_are_trades_but_nobodys_making(tmp_path):
    tape = write_tape(tmp_path / "tape", fills=fills([0, 1], maker=[None, "maker"], purpose=["hedge", None]))
    view = load(tape)
    assert (traded(view.fills).height, made(view.fills).height) == (2, 1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"price": [0]}, "price is not positive"),
        ({"price": [-1], "purpose": ["settlement"], "maker": pl.Series([None], dtype=pl.String)}, "price is negative"),
        ({"purpose": ["settlement"]}, "a settlement or forced transfer names a maker"),
        ({"purpose": ["gift"]}, "purpose is not one of quote, hedge, settlement, transfer"),
    ],
)
def test_the_check_names_a_fill_that_cannot_be(tmp_path, changes, said):
    tape = write_tape(tmp_path / "tape", fills=fills([0], **changes))
    assert said in {problem.what for problem in check_tape(tape.path).problems}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, None),
        ({"kind": "gift"}, "kind is not one of gas"),
        ({"account": ""}, "account has no name"),
        ({"token": "GOLD"}, "token is not in the table tokens"),
        ({"kind": "deposit"}, "a deposit is negative"),
        ({"instrument": "test:ETH"}, "instrument is not in the table instruments"),
    ],
)
def test_the_check_names_a_transfer_that_cannot_be(tmp_path, changes, said):
    tape = write_tape(tmp_path / "tape", fills=fills([0]), transfers=moved(**changes))
    found = [problem.what for problem in check_tape(tape.path).problems]
    assert found == [] if said is None else [what for what in found if what.startswith(said)] == found != []


def test_money_of_no_instrument_is_left_out_where_only_some_are_measured(tmp_path):
    tape = write_tape(tmp_path / "tape", fills=fills([0]), transfers=moved())
    assert transfers_of(load(tape)).height == 1
