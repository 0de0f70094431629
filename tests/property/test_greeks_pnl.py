"""Greeks attribution of random books: exact, as defined, additive; linear and coin premiums, options and hedges."""

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from makerscope.errors import AccountingError, DomainError
from makerscope.metrics.greeks_arrays import Contracts, Payments, States, Trades
from makerscope.metrics.greeks_pnl import LEGS, TAYLOR, greeks_attribution
from tests.reference.greeks_pnl import greeks, slow_attribution

DAY = 86_400 * 10**9
SINCE, UNTIL = 10 * DAY, 60 * DAY
CONTRACTS = (  # name, token, option, strike, expiry, call, coin, unit
    ("C", "USD", True, 100.0, 100 * DAY, True, False, 1e6),
    ("P", "USD", True, 90.0, 40 * DAY, False, False, 1e6),  # settles inside the period
    ("I", "BTC", True, 110.0, 70 * DAY, False, True, 1e10),
    ("F", "USD", False, np.nan, 0, False, False, 1e4),
)
FIELDS = ("name", "token", "option", "strike", "expiry", "is_call", "coin", "unit")


def contracts_of(rows=CONTRACTS):
    columns = dict(zip(FIELDS, zip(*rows, strict=True), strict=True))
    return Contracts(
        **{name: list(column) if name in {"name", "token"} else np.array(column) for name, column in columns.items()}
    )


def arrays(kind, rows, names):
    columns = {name: [row[name] for row in rows] for name in names}
    ints = {"contract", "time", "value", "lots", "fee", "paid"}
    return kind(**{
        name: column if name == "account" else np.array(column, np.int64 if name in ints else np.float64)
        for name, column in columns.items()
    })  # fmt: skip


@st.composite
def books(draw):
    states, fills, payments = [], [], []
    for at, (_, _, option, _, expiry, _, _, unit) in enumerate(CONTRACTS):
        last = min(UNTIL + DAY, expiry) if option else UNTIL + DAY
        times = draw(st.lists(st.integers(0, last - 1), max_size=8, unique=True))
        states += [
            {
                "contract": at, "time": time, "value": draw(st.integers(0, int(20 * unit))),
                "forward": draw(st.floats(60, 160)), "volatility": draw(st.floats(0.1, 2.0)),
                "rate": draw(st.sampled_from((0.0, 0.05, -0.02))), "slope": draw(st.floats(-0.5, 0.5)),
            }
            for time in sorted(times)
        ]  # fmt: skip
        if option and expiry < UNTIL and draw(st.booleans()):
            states.append({
                "contract": at, "time": expiry, "value": draw(st.integers(0, int(20 * unit))), "forward": 95.0,
                "volatility": np.nan, "rate": 0.0, "slope": 0.0,
            })  # fmt: skip
        end = min(UNTIL, expiry) if option else UNTIL
        marked = [SINCE, *(time for time in times if SINCE <= time < end)]
        fills += [
            {
                "account": draw(st.sampled_from(("ann", "bob"))), "contract": at,
                "time": draw(st.integers(SINCE, end - 1) | st.sampled_from(marked)), "lots": draw(st.integers(-50, 50)),
                "value": draw(st.integers(0, int(20 * unit))), "fee": draw(st.integers(-1000, 1000)),
            }
            for _ in range(draw(st.integers(0, 6)))
        ]  # fmt: skip
        if not option:
            paid_at = draw(st.lists(st.integers(0, UNTIL + DAY) | st.sampled_from(marked), max_size=4))
            payments += [{"contract": at, "time": t, "paid": draw(st.integers(-1000, 1000))} for t in paid_at]
    opening = {("ann", at): draw(st.integers(-20, 20)) for at in range(len(CONTRACTS))}
    fills.sort(key=lambda row: row["time"])
    return states, fills, payments, opening


def run(book, **options):
    states, fills, payments, opening = book
    return greeks_attribution(
        contracts_of(),
        arrays(States, states, ("contract", "time", "value", "forward", "volatility", "rate", "slope")),
        arrays(Trades, fills, ("account", "contract", "time", "lots", "value", "fee")),
        payments=arrays(Payments, payments, ("contract", "time", "paid")),
        **{"opening": opening, "since": SINCE, "until": UNTIL} | options,
    )


@example(  # the only mark lies behind the period: it says nothing about what was held at its beginning
    (
        [{"contract": 0, "time": UNTIL, "value": 1, "forward": 60.0, "volatility": 1.0, "rate": 0.0, "slope": 0.0}],
        [{"account": "ann", "contract": 0, "time": SINCE, "lots": 0, "value": 0, "fee": 0}],
        [],
        {("ann", at): int(at == 0) for at in range(len(CONTRACTS))},
    ),
    "strike",
)
@settings(max_examples=60)
@given(books(), st.sampled_from(("strike", "delta")))
def test_legs_are_as_defined_and_add_to_the_change_of_equity(book, sticky):
    states, fills, payments, opening = book
    pairs = run(book, sticky=sticky).pairs
    for row in pairs.iter_rows(named=True):
        at = [item[0] for item in CONTRACTS].index(row["instrument"])
        _, _, option, strike, expiry, call, coin, unit = CONTRACTS[at]
        contract = {
            "option": option, "strike": strike, "expiry": expiry, "sign": 1 if call else -1, "coin": coin, "unit": unit
        }  # fmt: skip
        legs, equity, closing = slow_attribution(
            contract,
            sorted((s for s in states if s["contract"] == at), key=lambda s: s["time"]),
            [f for f in fills if f["contract"] == at and f["account"] == row["account"]],
            sorted((p for p in payments if p["contract"] == at), key=lambda p: p["time"]),
            opening=opening.get((row["account"], at), 0),
            since=SINCE,
            until=UNTIL,
            sticky=sticky,
        )
        assert (row["equity_change"], row["closing"]) == (equity, closing)
        assert sum(row[leg] for leg in LEGS) == equity
        for name, want in legs.items():
            exact = 0 if name not in TAYLOR else row["intervals"] + 1e-9 * abs(want)
            assert abs(row[name] - want) <= exact, name


@settings(max_examples=40)
@given(books(), st.integers(1, 20))
def test_cells_of_any_partition_add_to_the_same_integers(book, days):
    whole, cut = run(book), run(book, width=days * DAY)
    assert cut.pairs.equals(whole.pairs)
    assert cut.by("account", "token").select("account", *LEGS).equals(whole.totals.select("account", *LEGS))
    by_cell = cut.by("token", "tenor_bucket", "delta_bucket")
    for token in ("USD", "BTC"):
        want = whole.totals.filter(pl.col("token") == token)["equity_change"].sum()
        assert by_cell.filter(pl.col("token") == token)["equity_change"].sum() == want


@settings(max_examples=40)
@given(books())
def test_sticky_delta_moves_money_between_vega_and_vanna_alone(book):
    strike, delta = run(book), run(book, sticky="delta")
    joined = strike.pairs.join(delta.pairs, on=["account", "instrument"], suffix="_other")
    for name in ("delta", "gamma", "theta", "rho", "volga", "edge_at_trade", "hedging", "funding", "fees",
                 "equity_change"):  # fmt: skip
        assert joined[name].to_list() == joined[f"{name}_other"].to_list()
    for row in joined.iter_rows(named=True):
        moved = row["vega"] + row["vanna"] - row["vega_other"] - row["vanna_other"]
        assert abs(moved) <= 2 * row["intervals"]


@pytest.mark.parametrize("coin", [False, True])
@pytest.mark.parametrize("sign", [1, -1])
def test_greeks_of_the_definition_are_the_slopes_of_the_price(sign, coin):
    mp = pytest.importorskip("mpmath")
    mp.mp.dps = 50

    def price(F, v, t, r):
        T = mp.mpf("0.25") - t
        s = v * mp.sqrt(T)
        d1 = mp.log(F / 95) / s + s / 2
        value = mp.exp(-r * T) * sign * (F * mp.ncdf(sign * d1) - 95 * mp.ncdf(sign * (d1 - s)))
        return value / F if coin else value

    at = (mp.mpf(100), mp.mpf("0.7"), mp.mpf(0), mp.mpf("0.03"))
    orders = ((1, 0, 0, 0), (2, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (1, 1, 0, 0), (0, 2, 0, 0))
    want = [float(mp.diff(price, at, order)) for order in orders]
    assert greeks(100.0, 95.0, 0.7, 0.25, 0.03, sign, coin) == pytest.approx(want, rel=1e-12)


def test_money_that_would_not_fit_is_refused_before_it_is_added():
    book = ([{"contract": 0, "time": 11 * DAY, "value": 2**61, "forward": 100.0, "volatility": 0.5, "rate": 0.0,
              "slope": 0.0}], [], [], {("ann", 0): 9})  # fmt: skip
    with pytest.raises(AccountingError, match="64 bits"):
        run(book)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time": 9 * DAY}, "outside the period"),
        ({"time": 40 * DAY, "contract": 1}, "after the expiry"),
        ({"contract": 7}, "not among"),
    ],
)
def test_a_trade_that_cannot_be_is_refused(change, message):
    fill = {"account": "ann", "contract": 0, "time": 11 * DAY, "lots": 1, "value": 5, "fee": 0}
    with pytest.raises(DomainError, match=message):
        run(([], [fill | change], [], {}))


def test_an_opening_position_in_nothing_is_refused():
    with pytest.raises(DomainError, match="opening"):
        run(([], [], [], {("ann", 9): 1}))
