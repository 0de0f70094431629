"""Margin, liquidation cascades and deleveraging against published and derived numbers."""

import numpy as np
import pytest

from makerscope.market import layout
from makerscope.market.accounts import equity, new_holdings, total_cash, trade
from makerscope.market.deleverage import in_order_of, take_in_order
from makerscope.market.haircut import haircut
from makerscope.market.liquidation import (
    HEALTHY,
    bankruptcy_price,
    first_to_close,
    lots_to_close,
    restored,
    standing,
)
from makerscope.market.liquidation_price import liquidation_price
from makerscope.market.margin import requirement
from makerscope.market.margin_profile import margin_profile
from makerscope.market.margin_rules import margin_rules, scenario_grid
from makerscope.market.portfolio_margin import option_value, portfolio_requirement, revalue, shocked_volatility, term
from makerscope.market.settlement import window_mark
from tests.worlds import instruments, world


@pytest.fixture
def case(vectors):
    cases = {entry["case"]: entry for entry in vectors("models/margin.json")}
    return lambda name: cases[name]


def test_the_scenarios_of_derives_portfolio_margin_give_the_published_gains(case):
    vector = case("derive-pm1-call-spread")
    given, expected = vector["inputs"], vector["expected"]
    dollar = 10**6  # price ticks are dollars, lots whole contracts
    spec, state = instruments(
        1, [(round(o["strike"]), True, 10**18) for o in given["options"]], unit=dollar, index=round(given["S"])
    )
    profile = margin_profile("derive_pm1")
    rules, grid = margin_rules(profile, spec, ["ETH"], units_per_usd=dollar), scenario_grid(profile, 3)
    grid.volatility[1:] = [o["iv"] for o in given["options"]]
    grid.years[1:] = [o["days"] / 365 for o in given["options"]]
    revalue(spec, state, grid, rules.gain)
    lots = np.array([given["perp"], *(o["qty"] for o in given["options"])])
    gains = lots @ rules.gain / dollar
    table = {(round(s.spot, 6), s.vol): gain for s, gain in zip(profile.scenarios, gains, strict=True)}
    assert len(table) == len(expected["scenario_pnl"]) == 23
    for row in expected["scenario_pnl"]:
        assert table[round(row["spot"], 6), row["vol"]] == pytest.approx(row["pnl"], rel=0, abs=1e-6)
    worst = min(table, key=table.get)
    assert worst == (expected["worst"]["spot"], expected["worst"]["vol"])
    base = sum(
        o["qty"] * option_value(given["S"], o["strike"], o["iv"], o["days"] / 365, True) for o in given["options"]
    )
    assert base == pytest.approx(expected["base_value"], abs=1e-6)

    accounts = new_holdings(5, 3)
    accounts.mode[4] = layout.PORTFOLIO
    state[0, layout.MARK] = state[0, layout.INDEX]
    for instrument, held in enumerate(lots.astype(int)):
        trade(accounts, spec, 4, instrument, np.sign(held), 1, abs(held))
    maintenance = requirement(accounts, spec, state, rules, 4, False) / dollar
    initial = portfolio_requirement(accounts, spec, state, rules, 4, True, layout.NONE, 0) / dollar
    assert maintenance == pytest.approx(-expected["worst"]["pnl"] + expected["contingency"], abs=1e-6 + 1 / dollar)
    assert initial == pytest.approx(-1.25 * expected["worst"]["pnl"] + expected["contingency"], abs=1e-6 + 1 / dollar)


def test_the_multipliers_of_volatility_are_derives(case):
    vector = case("derive-pm1-vol-multipliers")
    shock = scenario_grid(margin_profile("derive_pm1"), 1).shock
    for days, up, down in zip(
        vector["inputs"]["days"], vector["expected"]["up"], vector["expected"]["down"], strict=True
    ):
        assert shocked_volatility(shock, 1.0, days / 365, 1) == pytest.approx(up, abs=1e-9)
        assert shocked_volatility(shock, 1.0, days / 365, -1) == pytest.approx(down, abs=1e-9)
        assert shocked_volatility(shock, 0.7, days / 365, 0) == 0.7


def test_deribits_example_of_a_shock_is_reproduced(case):
    vector = case("deribit-vol-shock-example")
    shock = scenario_grid(margin_profile("deribit"), 1).shock
    assert shock[2] == vector["inputs"]["exponent"]
    found = vector["inputs"]["shock"] * term.py_func(shock, vector["inputs"]["days"] / 365)
    assert found == pytest.approx(vector["expected"]["shock"], abs=5e-5)


def test_the_liquidation_price_is_the_published_one(case):
    vector = case("liquidation-price-linear")
    given = vector["inputs"]
    for side, name in ((1, "long"), (-1, "short")):
        price = liquidation_price(given["entry"], side * given["qty"], given["margin"], given["mmr"])
        assert price == pytest.approx(vector["expected"][name], rel=1e-12)


def cascade(shock, density, impact, *, each, offset, accounts=4500, scale=40_000):
    """A shock of the price, then forced orders of our own liquidation rules into a book of linear impact.

    ``density`` lots per price unit hold long positions that are liquidated at evenly spaced prices; a price unit is
    ``scale`` ticks, a lot is held by ``each`` accounts. Each forced lot is bought at the mark and moves it ``impact``.
    """
    start, margin = 10_000_000, 400_000  # so much that nobody is bankrupt before the book has taken the order
    gap, push = scale / (density * each), impact * scale / each
    assert push == round(push)
    holdings, spec, state, rules = world(accounts + layout.FIRST_AGENT + 1, cash=0, index=start, im=margin, mm=margin)
    buyer = accounts + layout.FIRST_AGENT
    traders = range(layout.FIRST_AGENT, buyer)
    for k, account in enumerate(traders, 1):
        at = start - round(gap * (k - offset))
        trade(holdings, spec, account, 0, 1, start, 1)
        trade(holdings, spec, buyer, 0, -1, start, 1)
        maintenance = -(-at * 1000 * margin // 10**6)
        holdings.cash[account] = maintenance - 1 - at * 1000  # below maintenance from this tick on
    holdings.cash[buyer] += 10**15
    before = total_cash(holdings)
    state[0, layout.MARK] = start - round(shock * scale)
    closed = 0
    while True:
        account = layout.FIRST_AGENT + closed
        if account == buyer or standing(holdings, spec, state, rules, account) == HEALTHY:
            break
        instrument = first_to_close(holdings, spec, state, rules, account)
        size = lots_to_close(holdings, spec, state, rules, account, instrument, 0)
        mark = state[0, layout.MARK]
        assert mark >= bankruptcy_price(holdings, spec, state, account, instrument)
        trade(holdings, spec, account, instrument, -1, mark, size)
        trade(holdings, spec, buyer, instrument, 1, mark, size)
        assert restored.py_func(rules.ladder, equity(holdings, spec, state, account), 0)
        state[0, layout.MARK] -= round(push) * size
        closed += size
    assert all(standing(holdings, spec, state, rules, account) == HEALTHY for account in traders[closed : closed + 50])
    assert total_cash(holdings) == before
    assert not holdings.position.sum(axis=0).any()
    return (start - state[0, layout.MARK]) / scale, closed == accounts


def test_a_cascade_of_our_own_liquidations_multiplies_the_shock_as_the_law_says(case):
    for name in ("cascade-1", "cascade-2"):
        given, expected = case(name)["inputs"], case(name)["expected"]
        drop, runaway = cascade(**given, each=10, offset=0.9)
        print(name, drop)
        assert drop == pytest.approx(expected["total_drop"], rel=1e-9)
        assert drop == pytest.approx(given["shock"] / (1 - given["density"] * given["impact"]), rel=1e-9)
        assert runaway == expected["runaway"]


def test_a_cascade_at_the_critical_density_runs_away(case):
    given = case("cascade-runaway")["inputs"]
    for accounts in (600, 1200):
        drop, runaway = cascade(**given, each=10, offset=0.9, accounts=accounts)
        assert runaway == case("cascade-runaway")["expected"]["runaway"]
        assert drop == pytest.approx(given["shock"] + accounts / 10 * given["impact"])


@pytest.mark.parametrize("each", [1, 2, 5, 10])
def test_a_coarser_crowd_misses_the_law_by_no_more_than_a_liquidation(each):
    drop, _runaway = cascade(10, 5.0, 0.1, each=each, offset=0.0, accounts=1100)
    assert abs(drop - 20) <= 0.1 / each / (1 - 0.5) + 1e-9


def test_a_deficit_is_allocated_as_the_vector_says(case):
    vector = case("adl-allocation")
    given, expected = vector["inputs"], vector["expected"]
    cents = 100
    gain = np.array([0, *given["pnl"]], np.int64) * cents  # account 0 is the insurance fund, which is empty
    cut = np.zeros(5, np.int64)
    left = haircut(round(given["deficit"] * cents), np.concatenate([[0], gain[1:]]), gain, cut)
    assert left == 0
    assert (cut[1:] / cents).tolist() == expected["prorata"]

    score = np.array([0.0, *np.multiply(given["rank_return"], given["leverage"])])
    order, taken = np.arange(1, 5), np.zeros(5, np.int64)
    in_order_of(score, order, 4)
    assert take_in_order(round(given["deficit"] * cents), gain, order, 4, taken) == 0
    by_account = dict(zip(order.tolist(), (taken / cents).tolist(), strict=False))
    assert [by_account[account] for account in range(1, 5)] == expected["queue"]


def test_the_mark_in_the_settlement_window_is_derives_example(case):
    vector = case("expiry-twap-mark")
    given = vector["inputs"]
    mark = window_mark(
        given["twap_so_far"] * 100, given["forward"] * 100, given["elapsed_min"] * 60, given["window_min"] * 60
    )
    assert mark / 100 == pytest.approx(vector["expected"]["mark"], abs=0.005)


def test_a_ten_lot_bid_filled_in_three_parts_is_a_position_of_ten(vectors):
    vector = next(c for c in vectors("models/accounting.json") if c["case"] == "partial-fills-sum-to-position")
    holdings, spec, _state, _rules = world(6)
    for size in vector["inputs"]["fills"]:
        trade(holdings, spec, 4, 0, layout.BUY, 100, size)
        trade(holdings, spec, 5, 0, layout.SELL, 100, size)
    assert holdings.position[4, 0] == vector["expected"]["position"]
    assert holdings.cost[4, 0] == 10 * 100 * 1000
    assert holdings.cash[4] == 10**12 - 10 * 100 * 1000
