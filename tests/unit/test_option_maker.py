"""How the option maker behaves: its surface, its limits, its protection, and which messages it sends first."""

import numpy as np
import pytest

from makerscope.agents import option_memory as m
from makerscope.agents.interface import K_PRICE, K_SENT_PRICE, K_SIZE, R_SPOT, V_VOLATILITY
from makerscope.agents.live_surface import is_free
from makerscope.kernels import chain_quotes as c
from makerscope.market.layout import (
    A_INSTRUMENT,
    A_KIND,
    A_SIDE,
    A_SLOT,
    CANCEL,
    P_ASK,
    P_ASK_SIZE,
    P_BID,
    P_BID_SIZE,
    PLACE,
)
from makerscope.market.venue import FROZEN, MMP_TRIPPED
from makerscope.pricing.arbitrage import certify
from makerscope.pricing.black import black76_price
from makerscope.pricing.surface import surface_of
from makerscope.pricing.svi import RawSvi
from makerscope.sim.build import build
from tests.agent_calls import Caller
from tests.agent_files import MARKET, account_of, agent, fills_of, market, run_on

TOP = MARKET.replace("[chain]\nblock_ms = 100", '[venue]\nmargin = "plain"\noption_maker_fee_bps = 3\n'
    'option_taker_fee_bps = 3\n[chain]\nblock_ms = 1000')  # fmt: skip
TOP += '[[option]]\nunderlying = "BTC"\ndays = [2, 10, 40]\nstrikes = 9\nstep = 2000\ntick = 5\nlot = 0.1\n'
SERIES = 54
TAKER = agent("noise", "taker", capital_usd=1e8, numbers="{first = 1, last = 54, per_hour = 6000, slippage_bps = 500}")
VOGT = (-0.0410, 0.1331, 0.3060, 0.3586, 0.4153)
IN_USE, CANDIDATE = 0, 1


def settled(*extra, taker=TAKER, hours=0.01, **numbers):
    """A market of one option maker after some blocks."""
    words = ", ".join(f"{key} = {value}" for key, value in numbers.items())
    maker = agent("option-maker", "maker", capital_usd=1e9, numbers=f"{{{words}}}")
    scenario = market(maker, taker, *extra, top=TOP.replace("hours = 0.01", f"hours = {hours}"))
    return run_on(build(scenario, seed=5))


def board_of(call):
    room = (len(call.whole) - m.HEAD - 1) // 6
    return call.reals[m.REAL_HEAD : m.REAL_HEAD + c.BOARD_ROWS * room].reshape(c.BOARD_ROWS, room)[:, :SERIES]


def instruments_of(call):
    return call.whole[m.HEAD : m.HEAD + SERIES]


def spot_of(call):
    return float(call.world.reference[0, R_SPOT])


def landed(call, rows):
    """As if every message of a call had been executed at once."""
    for row in rows:
        call.known[row[A_SLOT], [K_SENT_PRICE, K_SIZE]] = row[3], row[4] if row[A_KIND] == PLACE else 0


def test_its_surface_is_that_of_the_venue():
    call = Caller(settled())
    board, model = board_of(call), call.model[instruments_of(call)]
    own = board[c.TOTAL] / board[c.ROOT]
    assert call.whole[m.CERTIFIED] == 1
    assert np.abs(own - model[:, V_VOLATILITY]).max() < 0.004
    assert (board[c.BID] < board[c.ASK]).all()


def test_a_surface_with_an_arbitrage_is_not_used_and_the_last_certified_one_stays():
    call = Caller(settled(fit_s=1))
    call(later=2.0)
    good, fits, kept = board_of(call)[c.LEVEL : c.CURVE + 1].copy(), call.whole[m.FITS], call.whole[m.KEPT]
    near = instruments_of(call)[: SERIES // 3]
    call.model[near, V_VOLATILITY] *= 4.0  # total variance now falls with expiry
    call(later=2.0)
    assert (call.whole[m.FITS], call.whole[m.KEPT]) == (fits + 1, kept + 1)
    np.testing.assert_array_equal(board_of(call)[c.LEVEL : c.CURVE + 1], good)
    call.model[near, V_VOLATILITY] /= 4.0
    call(later=2.0)
    assert call.whole[m.KEPT] == kept + 1


@pytest.mark.parametrize("book", [0, 1])
def test_it_fits_the_two_sided_quotes_of_others_if_told_to_and_never_its_own(book):
    call = Caller(settled(book=book, fit_s=1))
    own, spot = instruments_of(call), spot_of(call)
    call(spot=spot, later=2.0)
    before = (board_of(call)[c.TOTAL] / board_of(call)[c.ROOT]).copy()
    board = board_of(call)
    dearer = black76_price(
        board[c.FORWARD], board[c.STRIKE], before + 0.04, board[c.ROOT] ** 2, is_call=board[c.CALL] > 0
    )
    tick = 1.0 / board[c.PER_TICK]
    call.public[own, P_BID], call.public[own, P_ASK] = np.floor(dearer / tick) - 1, np.ceil(dearer / tick) + 1
    call.public[own, P_BID_SIZE] = call.public[own, P_ASK_SIZE] = 10
    call(spot=spot, later=2.0)
    near = np.abs(board[c.LOG_STRIKE] - np.log(spot)) < 0.08
    moved = (board[c.TOTAL] / board[c.ROOT] - before)[near]
    assert call.whole[m.KEPT] == 0
    if book == 1:
        assert (moved > 0.025).all()
        call.known[: 2 * SERIES, K_SIZE] = 10
        call.known[: 2 * SERIES : 2, K_PRICE] = call.public[own, P_BID]
        call.known[1 : 2 * SERIES : 2, K_PRICE] = call.public[own, P_ASK]
        call(spot=spot, later=2.0)
        moved = (board[c.TOTAL] / board[c.ROOT] - before)[near]
    assert np.abs(moved).max() < 0.005


def slices_with(*rows, reach=2.0):
    out = np.zeros((len(rows), m.SLICE_COLUMNS))
    for row, numbers in zip(out, rows, strict=True):
        row[:5], row[m.SEEN_SLICE], row[m.REACH] = numbers, 1.0, reach
    return out


def test_vogts_butterfly_and_crossed_expiries_are_refused():
    grid, flat = np.zeros(m.GRID), (0.04, 0.1, -0.3, 0.0, 0.2)
    assert not is_free(slices_with(VOGT), 1, grid)
    assert is_free(slices_with(flat), 1, grid)
    assert is_free(slices_with(flat, (0.08, 0.1, -0.3, 0.0, 0.2)), 2, grid)
    assert not is_free(slices_with((0.08, 0.1, -0.3, 0.0, 0.2), flat), 2, grid)


def test_the_certificate_agrees_with_the_exhaustive_one_where_both_look():
    rng, grid, seen = np.random.default_rng(8), np.zeros(m.GRID), []
    for _ in range(60):
        a, b, rho, place, sigma = rng.uniform([0.0, 0.02, -0.9, -0.2, 0.02], [0.05, 0.6, 0.9, 0.2, 0.4])
        one = (a + 0.005, b, rho, place, sigma)
        two = tuple(np.array(one) * [1.0 + rng.uniform(-0.1, 1.0), rng.uniform(0.8, 1.4), 1.0, 1.0, 1.0])
        found = certify(surface_of([0.1, 0.2], [RawSvi(*map(float, one)), RawSvi(*map(float, two))])).violations
        # of the slices themselves, not of what lies between or beyond them, as far as the maker looks
        bad = [v for v in found if v.low < 2.0 and v.high > -2.0 and v.expiry in {0.1, 0.2} and v.size > 1e-9]
        seen.append((is_free(slices_with(one, two), 2, grid), not bad))
    quick, slow = np.array(seen).T
    np.testing.assert_array_equal(quick, slow)
    assert 5 < quick.sum() < 55


@pytest.mark.parametrize("sticky", [0.0, 1.0])
def test_between_fits_a_volatility_stays_with_the_strike_or_with_the_moneyness(sticky):
    call = Caller(settled(sticky=sticky, fit_s=1e5))
    spot = spot_of(call)
    call(spot=spot)
    before = (board_of(call)[c.TOTAL] / board_of(call)[c.ROOT]).copy()
    call(spot=spot * 1.03)
    after = board_of(call)[c.TOTAL] / board_of(call)[c.ROOT]
    if sticky == 1.0:
        np.testing.assert_allclose(after, before, rtol=1e-12)
    else:
        assert np.abs(after - before).max() > 0.003
        logs = board_of(call)[c.LOG_STRIKE, :18:2]
        moved = np.interp(logs[1:-1] - np.log(1.03), logs, before[:18:2])
        np.testing.assert_allclose(after[2:16:2], moved, atol=0.004)


def test_a_position_at_the_limit_or_too_much_vega_leaves_one_side():
    call = Caller(settled(limit=50, vega_limit=1e6))
    call.known[:, K_SIZE] = 0
    call.position[:] = 0
    held = instruments_of(call)[[7, 20]]
    call.position[held] = 50, -50
    rows = call()
    sides = {i: sorted(rows[rows[:, A_INSTRUMENT] == i, A_SIDE]) for i in held}
    assert [sides[i] for i in held] == [[-1], [1]]
    call.known[:, K_SIZE] = 0
    call.position[held] = 0
    call.position[instruments_of(call)] = 20
    vega = abs(call.reals[m.NET_VEGA])
    call()
    assert abs(call.reals[m.NET_VEGA]) > vega


def test_beyond_its_vega_limit_it_only_sells():
    call = Caller(settled(limit=1000, vega_limit=100))
    call.known[:, K_SIZE] = 0
    call.position[instruments_of(call)] = 5
    rows = call()
    assert call.reals[m.NET_VEGA] * 0.01 > 100
    assert len(rows) > 20
    assert (rows[:, A_SIDE] == -1).all()


def test_a_budget_is_kept_and_quotes_through_the_fair_value_come_first_by_what_they_lose():
    call = Caller(settled(budget=8, fit_s=1e5))
    for _ in range(40):
        landed(call, call())
    spot, known = spot_of(call), call.known
    rows = call(spot=spot * 1.01)
    assert len(rows) == 8
    board = board_of(call)
    fair = board[c.PRICE] * board[c.PER_TICK]
    slots = np.arange(2 * SERIES)
    side = 1 - 2 * (slots % 2)
    loss = side * (known[:, K_SENT_PRICE][: 2 * SERIES] - fair[slots // 2]) * 5.0 * board[c.UNITS, slots // 2]
    loss[known[: 2 * SERIES, K_SIZE] == 0] = -1.0
    worst = np.sort(loss)[::-1][:8]
    assert worst[0] > 0
    through = min(8, int((loss > 0).sum()))
    np.testing.assert_allclose(loss[rows[:through, A_SLOT]], worst[:through])


def test_without_a_budget_it_sends_what_is_due_and_nothing_twice():
    call = Caller(settled(fit_s=1e5))
    landed(call, call())
    assert len(call()) == 0
    assert 20 < len(call(spot=spot_of(call) * 1.004)) <= 2 * SERIES


def test_it_does_not_quote_a_series_that_is_about_to_expire():
    call = Caller(settled(stop_minutes=5 * 24 * 60))
    near = instruments_of(call)[: SERIES // 3]
    call.known[:, K_SIZE] = 0
    rows = call()
    assert not np.isin(rows[:, A_INSTRUMENT], near).any()
    call.known[0, K_SIZE] = 10
    assert (call()[:, [A_KIND, A_SLOT]] == [CANCEL, 0]).all(axis=1).any()


def test_it_leaves_the_market_when_too_much_vega_is_filled_at_once():
    built = settled(hours=0.05, pull_vega=60, pull_s=5, rest_s=20)
    fills, orders = fills_of(built, "maker"), built.world.venue.log.orders[: built.world.venue.log.count[0]]
    mine = orders[orders[:, 1] == account_of(built, "maker")]
    free = settled(hours=0.05)
    assert 0 < len(fills) < 0.5 * len(fills_of(free, "maker"))
    gaps = np.diff(np.unique(mine[np.isin(mine[:, 4], (0, 1)), 0]))
    assert (gaps >= 19 * 10**9).sum() > 3, "it stays away for its time"


def test_frozen_by_the_venue_it_stays_away_instead_of_asking_again():
    maker = agent("option-maker", "maker", capital_usd=1e9, protect_s=2.0, protect_lots=60, frozen_s=10.0,
                  numbers="{rest_s = 10}")  # fmt: skip
    built = run_on(build(market(maker, TAKER, top=TOP.replace("hours = 0.01", "hours = 0.05")), seed=5))
    account = account_of(built, "maker")
    trips = built.world.venue.protection[account, MMP_TRIPPED]
    assert trips > 2
    assert built.world.venue.refused[account, FROZEN] <= 3 * 2 * SERIES * trips  # some decisions before it hears of it


def test_its_forecast_of_realised_volatility_is_that_of_the_path():
    top = TOP.replace("spot = 60000", "spot = 60000\nvolatility = 0.9\nvol_of_vol = 0").replace("0.01", "0.5")
    maker = agent("option-maker", "maker", capital_usd=1e9, numbers="{memory_hours = 0.1}")
    call = Caller(run_on(build(market(maker, TAKER, top=top), seed=5)))
    forecast = (call.reals[m.SQUARES] / call.reals[m.YEARS]) ** 0.5
    assert forecast == pytest.approx(0.9, rel=0.2)
