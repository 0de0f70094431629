"""The P&L of an option desk by Greek in a report: exact, by bucket, and silent where there is no option."""

from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest

from makerscope.metrics.greeks_book import greeks_pnl
from makerscope.metrics.greeks_pnl import LEGS
from makerscope.metrics.option_chain import option_rows
from makerscope.metrics.pnl import marks_of
from makerscope.metrics.view import load
from makerscope.report.build import build
from makerscope.report.greeks_card import funding_of
from makerscope.report.html import html_of
from makerscope.report.pages import document_of
from makerscope.report.scorecard import from_json, to_json
from makerscope.report.terminal import text_of
from makerscope.tape.read import Tape
from tests.option_book import FIRST, HOUR, PERP, average_of, path, write_book
from tests.tapes import fills, write_tape


@pytest.fixture(scope="module")
def tape(tmp_path_factory):
    return write_book(tmp_path_factory.mktemp("book") / "tape")


@pytest.fixture(scope="module")
def card(tape):
    return build(tape)


@pytest.fixture(scope="module")
def book(card):
    (found,) = next(maker for maker in card.makers if maker.maker == "desk").greeks
    return found


def equity_of(tape: Tape) -> Fraction:
    """Cash and positions of the desk at the last marks and at what expired options pay, in coin, by hand."""
    marks = {row["instrument"]: Fraction(str(row["mark"])) for row in tape.read("chain").iter_rows(named=True)}
    average = Fraction(average_of(path(), FIRST))
    for name, item in tape.instruments.items():
        if item.expiry == FIRST:
            gain = (average - int(item.strike)) * (1 if item.is_call else -1)
            marks[name] = max(gain, Fraction(0)) / average
    quote = tape.read("quotes").row(-1, named=True)
    perp = Fraction(quote["bid"] + quote["ask"], 4)
    total = Fraction(0)
    for row in tape.read("fills").iter_rows(named=True):
        desk_buys = row["side"] if row["maker"] == "desk" else -row["side"]
        if row["instrument"] == PERP:
            total += desk_buys * row["size"] * 10 * (2 / Fraction(row["price"]) - 1 / perp)
            total -= Fraction(row["taker_fee"], 10**8)
        else:
            worth = marks[row["instrument"]] - Fraction(row["price"], 10_000)
            total += Fraction(desk_buys * row["size"], 10) * worth - Fraction(row["maker_fee"], 10**8)
    return total


def test_the_legs_add_to_the_net_and_the_net_is_cash_and_marks_by_hand(tape, book):
    assert [leg.name for leg in book.legs] == list(LEGS)
    assert sum(Decimal(leg.amount) for leg in book.legs) == Decimal(book.equity_change)
    lots = tape.read("fills")["size"].sum()
    bound = 2 * lots * 0.5 * 10.0**-book.decimals  # the worth of a lot is rounded at each fill and at the last mark
    assert 0 < bound < 1e-8
    assert float(book.equity_change) == pytest.approx(float(equity_of(tape)), abs=bound)


def test_buckets_add_to_the_legs(book):
    for leg in book.legs:
        assert sum(cell.values[leg.name] for cell in book.cells) == pytest.approx(leg.value, abs=1e-12)
    assert sum(Decimal(cell.equity_change) for cell in book.cells) == Decimal(book.equity_change)
    assert {cell.tenor for cell in book.cells} == {"<=1d", "1d-1w", "1w-1m", "1m-3m", None}


def test_sticky_delta_moves_money_between_vega_and_vanna_alone(book):
    legs = {leg.name: Decimal(leg.amount) for leg in book.legs}
    other = {name: Decimal(amount) for name, amount in book.sticky_delta.items()}
    assert other["vega"] != legs["vega"]
    assert abs(other["vega"] + other["vanna"] - legs["vega"] - legs["vanna"]) < Decimal("1e-10")


def test_little_is_left_to_the_residual_and_the_edge_is_what_was_quoted(tape, book):
    assert book.residual_share < 0.01
    legs = {leg.name: leg.value for leg in book.legs}
    sold = tape.read("fills").filter(maker="desk")["size"].sum()
    assert legs["edge_at_trade"] == pytest.approx(sold * 0.1 * 0.0005, rel=0.05)  # five ticks from the mark


def test_page_and_terminal_show_the_waterfall_the_residual_and_both_conventions(card, book):
    page, words = html_of(document_of(card)), text_of(document_of(card), full=True)
    for text in (page, words):
        assert "P&amp;L of options by Greek, BTC" in text or "P&L of options by Greek, BTC" in text
        assert book.residual in text
        assert book.sticky_delta["vanna"] in text
        assert "Edge at trade" in text
    assert from_json(to_json(card)) == card


def test_the_greeks_of_an_averaged_settlement_explain_its_last_half_hour(tape):
    half_hour = FIRST - 30 * 60 * 10**9
    view = load(tape, since=half_hour, until=FIRST + 1)
    rows = option_rows(tape)
    index = rows.group_by("time", "base").agg(price=pl.col("index").median())
    left = {}
    for window in (30 * 60 * 10**9, 0):
        found = greeks_pnl(
            load(tape).fills.with_columns(time=pl.lit(half_hour)).filter(pl.col("instrument") != PERP), rows,
            marks_of(view.quotes), funding_of(view), instruments=tape.instruments, tokens=tape.tokens,
            since=half_hour, until=FIRST, accounts=["desk"], index=index,
            windows={name: window for name, item in tape.instruments.items() if item.expiry == FIRST},
        )  # fmt: skip
        assert found.unaveraged == 0
        near = found.pnl.pairs.filter(pl.col("instrument").str.contains("20JAN26"))
        left[window] = [abs(x) for x in near["residual"].to_list()]
    assert sum(left[30 * 60 * 10**9]) < 0.1 * sum(left[0])


def test_an_average_that_the_tape_does_not_hold_leaves_the_last_mark_and_says_so(tape, tmp_path):
    folder = write_book(tmp_path / "tape", looks=(FIRST - pl.col("exchange_time")) % HOUR == 0).path
    (book,) = next(maker for maker in build(Tape.open(folder)).makers if maker.maker == "desk").greeks
    assert any("settled at" in note and "the last mark stands" in note for note in book.notes)


def test_the_last_minute_of_an_average_is_explained_by_what_was_open(tape):
    last = FIRST - 60 * 10**9
    index = option_rows(tape).group_by("time", "base").agg(price=pl.col("index").median())
    found = greeks_pnl(
        load(tape).fills.with_columns(time=pl.lit(last + 1)).filter(pl.col("instrument").str.contains("20JAN26")),
        option_rows(tape), tape.read("quotes").select("instrument", time=pl.lit(0), twice_price=pl.lit(0)).head(0),
        funding_of(load(tape)), instruments=tape.instruments, tokens=tape.tokens, since=last + 1, until=FIRST + 1,
        accounts=["desk"], index=index, windows=dict.fromkeys(tape.instruments, 30 * 60 * 10 ** 9),
    )  # fmt: skip
    assert found.unsettled == ()
    for row in found.pnl.pairs.iter_rows(named=True):
        moved = row["equity_change"] - row["edge_at_trade"] - row["fees"]
        rounding = abs(row["settled"]) * 0.1 * 1e-6 * 10 ** found.decimals["BTC"]  # of the last mark
        assert abs(row["residual"]) <= 0.01 * abs(moved) + rounding


def test_who_trades_no_option_has_no_greeks(card, tmp_path):
    assert next(maker for maker in card.makers if maker.maker == "other").greeks == ()
    (maker,) = build(write_tape(tmp_path / "tape", fills=fills([1])), force=True).makers
    assert maker.greeks == ()


def test_without_a_chain_the_page_says_what_is_missing(tmp_path):
    card = build(write_book(tmp_path / "tape", chain=False), force=True)
    (book,) = next(maker for maker in card.makers if maker.maker == "desk").greeks
    assert "no option chain on this tape" in book.reason
    assert "P&amp;L by Greek" in html_of(document_of(card))


def test_edges_of_two_windows_add_to_those_of_the_whole(tape, book):
    cut = FIRST - 5 * 86_400 * 10**9
    parts = [build(tape, since=a, until=b) for a, b in ((None, cut), (cut, None))]
    books = [next(maker for maker in part.makers if maker.maker == "desk").greeks[0] for part in parts]
    edges = [sum(leg.value for leg in one.legs if leg.name == "edge_at_trade") for one in books]
    assert sum(edges) == pytest.approx(next(leg.value for leg in book.legs if leg.name == "edge_at_trade"), abs=1e-12)
