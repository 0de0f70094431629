"""The P&L identity on random tapes: exact, as defined, zero-sum in a closed market, additive over buckets."""

from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.errors import AccountingError
from makerscope.metrics.flows import CAPITAL
from makerscope.metrics.pnl import LEGS, pnl
from makerscope.metrics.view import LAST_TRADE
from makerscope.tape.events import TRANSFERS, Instrument, Token
from tests.reference.pnl import slow_pnl

SINCE, UNTIL = 100, 400
FACTS = {"venue": "v", "kind": "perp", "base": "B", "quote": "USD", "facts": "test"}
UNITS = (("LIN", "USDC", False, "0.5", "0.001", "1"), ("ODD", "USDC", False, "0.00005", "0.03", "10"),
         ("INV", "BTC", True, "0.1", "1", "100"))  # fmt: skip
INSTRUMENTS = {
    f"v:{symbol}": Instrument(
        instrument=f"v:{symbol}", symbol=symbol, settle=settle, inverse=inverse, tick_size=tick, lot_size=lot,
        multiplier=multiplier, **FACTS,
    )
    for symbol, settle, inverse, tick, lot, multiplier in UNITS
}  # fmt: skip
TOKENS = {name: Token(token=name, decimals=decimals) for name, decimals in (("USDC", 6), ("BTC", 8), ("HYPE", 8))}
ACCOUNTS = ("ann", "bob", "cyd")
FILL = {
    "time": pl.Int64, "serial": pl.Int64, "instrument": pl.String, "maker": pl.String, "taker": pl.String,
    "side": pl.Int8,
    "price": pl.Int64, "size": pl.Int64, "maker_fee": pl.Int64, "maker_fee_token": pl.String, "taker_fee": pl.Int64,
    "taker_fee_token": pl.String, "maker_position": pl.Int64, "taker_position": pl.Int64, "liquidated": pl.String,
    "purpose": pl.String,
}  # fmt: skip


@st.composite
def markets(draw):
    opening = {(a, i): draw(st.integers(-40, 40)) for a in ACCOUNTS for i in INSTRUMENTS}
    held = dict(opening)
    rows = []
    for serial, time in enumerate(sorted(draw(st.lists(st.integers(SINCE, UNTIL - 1), max_size=24)))):
        maker, taker = draw(st.permutations(ACCOUNTS))[:2]
        instrument, side = draw(st.sampled_from(sorted(INSTRUMENTS))), draw(st.sampled_from((1, -1)))
        size = draw(st.integers(1, 60))
        rows.append({
            "time": time, "serial": serial, "instrument": instrument, "maker": maker, "taker": taker, "side": side,
            "price": draw(st.integers(900, 1100)), "size": size,
            "maker_fee": draw(st.integers(-500, 500)), "maker_fee_token": draw(st.sampled_from(sorted(TOKENS))),
            "taker_fee": draw(st.integers(-500, 500)), "taker_fee_token": draw(st.sampled_from(sorted(TOKENS))),
            "maker_position": held[maker, instrument], "taker_position": held[taker, instrument],
            "liquidated": draw(st.sampled_from((None, None, None, maker, taker))),
            "purpose": draw(st.sampled_from((None, "quote", "hedge", "settlement"))),
        })  # fmt: skip
        held[maker, instrument] += side * size
        held[taker, instrument] -= side * size
    ticks = st.tuples(st.integers(0, UNTIL + 50), st.sampled_from(sorted(INSTRUMENTS)), st.integers(1800, 2200))
    marks = sorted(
        draw(st.lists(ticks, max_size=25)) + [(draw(st.integers(0, 350)), i, 2000) for i in INSTRUMENTS],
        key=lambda m: m[0],
    )
    paid = st.tuples(st.integers(SINCE - 20, UNTIL + 20), st.sampled_from(sorted(INSTRUMENTS)), st.integers(-300, 300))
    funding = sorted(draw(st.lists(paid, max_size=8)), key=lambda f: f[0])
    return opening, rows, marks, funding


@st.composite
def moved(draw):
    """Transfers of money: of a settle token, of no instrument or of one."""
    row = st.tuples(
        st.integers(SINCE - 20, UNTIL + 20), st.sampled_from(ACCOUNTS), st.sampled_from((None, *sorted(INSTRUMENTS))),
        st.sampled_from(TRANSFERS), st.integers(1, 900), st.sampled_from(sorted(TOKENS)),
    )  # fmt: skip
    return [(*one[:4], one[4] if one[3] == "deposit" else -one[4], one[5]) for one in draw(st.lists(row, max_size=12))]


def tables(rows, marks, funding):
    return (
        pl.DataFrame(rows, schema=FILL),
        pl.DataFrame(marks, schema={"time": pl.Int64, "instrument": pl.String, "twice_price": pl.Int64}, orient="row"),
        pl.DataFrame(funding, schema={"time": pl.Int64, "instrument": pl.String, "funding": pl.Int64}, orient="row"),
    )


FLOW = {"time": pl.Int64, "account": pl.String, "instrument": pl.String, "kind": pl.String, "amount": pl.Int64,
        "token": pl.String}  # fmt: skip


def run(rows, marks, funding, **options):
    given_options = {
        "since": SINCE, "until": UNTIL, "horizon": 30, "accounts": ACCOUNTS, "transfers": pl.DataFrame(schema=FLOW),
    } | options  # fmt: skip
    return pnl(*tables(rows, marks, funding), instruments=INSTRUMENTS, tokens=TOKENS, **given_options)


@settings(max_examples=50)
@given(markets(), moved())
def test_agrees_with_the_definition_to_the_last_unit(market, flows):
    opening, rows, marks, funding = market
    totals = run(rows, marks, funding, transfers=pl.DataFrame(flows, orient="row", schema=FLOW)).totals
    traded = pl.col("fills") > 0
    paired = {row[:3] for row in totals.filter(traded).select("account", "instrument", "token").iter_rows()}
    alone = [row for row in flows if (row[1], row[2], row[5]) not in paired]
    inside = sum(amount for at, _, _, kind, amount, _ in alone if SINCE <= at < UNTIL and kind not in CAPITAL)
    rest = totals.filter(~traded)
    assert rest["residual"].abs().sum() == 0
    assert _base_units(rest) == inside
    for got in totals.filter(traded).iter_rows(named=True):
        instrument = INSTRUMENTS[got["instrument"]]
        legs, change, closing = slow_pnl(
            [row for row in rows if row["instrument"] == got["instrument"]],
            [(at, twice) for at, name, twice in marks if name == got["instrument"]],
            [{"time": at, "funding": rate} for at, name, rate in funding if name == got["instrument"]],
            instrument=instrument, decimals=TOKENS[instrument.settle].decimals, account=got["account"],
            opening=opening[got["account"], got["instrument"]], since=SINCE, until=UNTIL, horizon=30,
            transfers=[(at, kind, amount) for at, who, name, kind, amount, token in flows
                       if (who, name, token) == (got["account"], got["instrument"], got["token"])],
        )  # fmt: skip
        unit = Fraction(1, 10 ** got["decimals"])
        assert {leg: got[leg] * unit for leg in LEGS} == legs
        assert got["equity_change"] * unit == change == sum(legs.values())
        assert got["residual"] == 0
        assert got["closing"] == closing
        assert got["opening_known"]
        assert got["disagreeing"] == 0


def _base_units(totals):
    """The change of equity of rows, each in base units of its own token, added up."""
    return sum(
        int(change) // 10 ** (decimals - TOKENS[token].decimals)
        for change, decimals, token in totals.select("equity_change", "decimals", "token").iter_rows()
    )


def test_legs_that_the_tape_cannot_tell_are_unknown_and_not_zero():
    fill = {
        "time": SINCE, "serial": 0, "instrument": min(INSTRUMENTS), "maker": "ann", "taker": "bob", "side": 1,
        "price": 1000, "size": 1, "maker_fee": 0, "maker_fee_token": "USDC", "taker_fee": 0, "taker_fee_token": "USDC",
        "maker_position": 0, "taker_position": 0, "liquidated": None, "purpose": None,
    }  # fmt: skip
    marks, _, _ = tables([], [(0, fill["instrument"], 2000)], [])[1], None, None
    given = {"instruments": INSTRUMENTS, "tokens": TOKENS, "since": SINCE, "until": UNTIL}
    blind = pnl(pl.DataFrame([fill], schema=FILL), marks, None, **given).totals.row(0, named=True)
    assert [blind[leg] for leg in ("funding", "gas", "transfers", "incentives")] == [None] * 4
    assert blind["residual"] == 0
    told = pnl(
        pl.DataFrame([fill], schema=FILL), marks, tables([], [], [])[2], **given,
        transfers=pl.DataFrame({"time": [SINCE], "account": "bob", "instrument": None, "kind": "gas", "amount": -1,
                                "token": "USDC"}),
    ).totals.row(0, named=True)  # fmt: skip
    assert [told[leg] for leg in ("funding", "gas", "transfers", "incentives")] == [0] * 4


@settings(max_examples=50)
@given(markets(), st.sampled_from((7, 60, 100, 1000)), st.sampled_from((None, 30)))
def test_buckets_of_any_width_add_to_the_same_integers(market, width, horizon):
    _, rows, marks, funding = market
    result = run(rows, marks, funding, width=width, horizon=horizon)
    columns = [*LEGS, "equity_change", "residual", "turnover", "fills"]
    if horizon is None:
        assert result.totals["adverse_selection"].null_count() == result.totals.height
        columns.remove("adverse_selection")
    pair = ["account", "instrument"]
    summed = {row[:2]: row[2:] for row in result.buckets.group_by(pair).agg(pl.col(columns).sum()).iter_rows()}
    for row in result.totals.select(*pair, *columns).iter_rows():
        assert summed.get(row[:2], (0,) * len(columns)) == row[2:]
    last = {
        row[:2]: row[2]
        for row in result.buckets.sort("bucket")
        .group_by(pair, maintain_order=True)
        .agg(pl.col("position").last())
        .iter_rows()
    }
    for account, instrument, closing in result.totals.select(*pair, "closing").iter_rows():
        assert last.get((account, instrument), 0) == closing or closing == 0


@settings(max_examples=50)
@given(markets())
def test_in_a_closed_market_trading_gains_and_losses_cancel(market):
    opening, rows, marks, _ = market
    together = run(rows, marks, []).totals
    flat = {i for i in INSTRUMENTS if not any(size for (a, name), size in opening.items() if name == i)}
    trading = ("spread_capture", "hedge_slippage", "liquidation", "settlement")
    for (name,), pairs in together.partition_by("instrument", as_dict=True).items():
        assert sum(pairs[leg].sum() for leg in trading) == 0
        assert pairs["adverse_selection"].sum() == 0
        if name in flat:
            assert pairs["equity_change"].sum() == pairs["fees"].sum()


@settings(max_examples=50)
@given(markets())
def test_without_quotes_the_spread_is_not_measured_and_the_identity_still_closes(market):
    _, rows, marks, funding = market
    marked = run(rows, marks, funding)
    blind = run(rows, marks, funding, sources=dict.fromkeys(INSTRUMENTS, LAST_TRADE))
    assert blind.totals["spread_capture"].null_count() == blind.totals.height
    assert (blind.totals["residual"] == 0).all()
    assert blind.totals["equity_change"].to_list() == marked.totals["equity_change"].to_list()
    none = run(rows, [], funding)
    assert (none.totals["residual"] == 0).all()
    assert set(none.totals["marked_at"]) <= {LAST_TRADE}


@settings(max_examples=50)
@given(markets(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(market, shuffle):
    _, rows, marks, funding = market
    mixed = rows.copy()
    shuffle.shuffle(mixed)
    assert run(mixed, marks, funding, width=50).totals.equals(run(rows, marks, funding, width=50).totals)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(-20, 20))
def test_partial_fills_add_up_to_the_order(sizes, start):
    """Conformance: a released backtester loses partial fills (a 10-lot order filled 4 + 4 + 2 ends at 2)."""
    held, rows = start, []
    for serial, size in enumerate(sizes):
        rows.append({
            "time": 150 + serial, "serial": serial, "instrument": "v:LIN", "maker": "ann", "taker": "bob", "side": 1,
            "price": 1000, "size": size, "maker_position": held,
        })  # fmt: skip
        held += size
    got = run(rows, [(0, "v:LIN", 2000)], [], accounts=["ann"]).totals.row(0, named=True)
    assert (got["opening"], got["closing"], got["fills"]) == (start, start + sum(sizes), len(sizes))


def test_partial_fills_of_the_published_case_end_at_the_whole_order(vectors):
    case = next(case for case in vectors("models/accounting.json") if case["case"] == "partial-fills-sum-to-position")
    rows = [
        {
            "time": 150,
            "serial": k,
            "instrument": "v:LIN",
            "maker": "ann",
            "taker": "bob",
            "side": 1,
            "price": 1000,
            "size": size,
        }
        for k, size in enumerate(case["inputs"]["fills"])
    ]
    assert run(rows, [], [], accounts=["ann"]).totals["closing"].to_list() == [case["expected"]["position"]]


def test_a_position_that_cannot_be_held_in_64_bits_is_refused_by_name():
    rows = [
        {
            "time": 150,
            "serial": 0,
            "instrument": "v:LIN",
            "maker": "ann",
            "taker": "bob",
            "side": 1,
            "price": 10**10,
            "size": 10**9,
        }
    ]
    with pytest.raises(AccountingError, match="ann on v:LIN"):
        run(rows, [], [], accounts=["ann"])


def test_the_venues_order_of_fills_in_a_block_does_not_shift_the_opening_position():
    """Three fills of one instant listed in another order than they happened: most of the tape decides."""
    rows = [
        {"time": t, "serial": k, "instrument": "v:LIN", "maker": "ann", "taker": "bob", "side": 1, "price": 1000,
         "size": 5, "maker_position": held}
        for k, (t, held) in enumerate([(110, 15), (110, 10), (110, 20), (120, 25), (130, 30), (140, 35)])
    ]  # fmt: skip
    got = run(rows, [], [], accounts=["ann"]).totals.row(0, named=True)
    assert (got["opening"], got["closing"], got["disagreeing"]) == (10, 40, 2)


def test_no_fills_make_an_empty_result():
    assert run([], [], []).totals.height == 0
    assert run([], [], [], width=10).buckets.height == 0
