"""The moving surface: never an arbitrage, level and slope from the variance process, stickiness, exact Black prices."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.errors import DomainError
from makerscope.kernels.dice import streams
from makerscope.market.reference_terms import YEAR_NS
from makerscope.market.surface_dynamics import (
    DELTA,
    NOW_ETA,
    NOW_RHO,
    PRICE,
    ROOT,
    SURFACE_STATE,
    VEGA,
    VOLATILITY,
    SurfaceTerms,
    expiry_slices,
    option_board,
    option_marks,
    raw_svi,
    surface_plan,
    surface_start,
    surface_step,
)
from makerscope.pricing.arbitrage import certify
from makerscope.pricing.black import black76_greeks, black76_price
from makerscope.pricing.heston import Heston, expected_variance
from makerscope.pricing.surface import Surface, total_variance

DAY = 86_400 * 10**9
HOUR = 3600 * 10**9
EXPIRIES = np.array([1, 2, 7, 14, 30, 60, 90, 180, 365], np.int64) * DAY


def surface_of_state(plan, state, spot, now, expiries=EXPIRIES):
    slices = np.empty((expiries.size, 5))
    expiry_slices(plan, state, spot, now, expiries, slices)
    return Surface(slices[:, ROOT] ** 2, raw_svi(slices, state[NOW_RHO]))


def priced(plan, state, strike, expiry, *, spot, now=0, is_call=True, tick=0.01):
    strike = np.atleast_1d(np.asarray(strike, float))
    whole = np.broadcast_to(np.asarray(expiry), strike.shape)
    board = option_board(
        strike=strike, expiry=whole, is_call=np.broadcast_to(np.asarray(is_call), strike.shape), tick=tick
    )
    out, ticks = np.empty((4, strike.size)), np.empty(strike.size, np.int64)
    option_marks(plan, state, board, spot, now, out, ticks)
    return out, ticks


@settings(max_examples=40)
@given(
    st.floats(0.01, 2.0),
    st.floats(0.5, 30.0),
    st.floats(-0.9, 0.9),
    st.floats(0.05, 1.0),
    st.floats(0.0, 4.0),
    st.integers(0, 10**6),
)
def test_no_surface_the_dynamics_reach_has_an_arbitrage(level, speed, rho, share, variance, seed):  # noqa: PLR0917
    terms = SurfaceTerms(
        level=level, speed=speed, rho=rho, eta=2.0 * share / (1.0 + abs(rho)), stickiness=1.5,
        near_noise=0.3, far_noise=0.2, rho_noise=0.3, eta_noise=0.5,
    )  # fmt: skip
    plan, dice = surface_plan(terms), streams(seed, ["surface"])
    rng = np.random.Generator(np.random.PCG64(seed))
    state, spot = surface_start(plan, 100.0, variance), 100.0
    for _ in range(20):
        spot *= math.exp(0.1 * rng.standard_normal())
        surface_step(plan, state, spot, variance * rng.exponential(), DAY, dice, 0)
    assert state[NOW_ETA] * (1 + abs(state[NOW_RHO])) <= 2.0 + 1e-12
    found = certify(surface_of_state(plan, state, spot, 0))
    sizes = [one.size for one in found.violations]
    assert not sizes or max(sizes) < 1e-9, found.violations


def test_the_level_at_the_money_is_the_variance_heston_expects():
    plan = surface_plan(SurfaceTerms(level=0.4, speed=6.0, premium=0.1))
    state = surface_start(plan, 100.0, 0.25)
    surface = surface_of_state(plan, state, 100.0, 0)
    model = Heston(v0=0.25 * 1.1**2, kappa=6.0, theta=0.4, xi=1.0, rho=0.0)
    want = [expected_variance(model, years) for years in surface.expiries]
    np.testing.assert_allclose(total_variance(surface, 0.0, surface.expiries), want, rtol=1e-13)


def test_a_jump_of_variance_lifts_short_expiries_more_than_long_ones():
    plan = surface_plan(SurfaceTerms(level=0.3, speed=8.0))
    calm, wild = (surface_start(plan, 100.0, v) for v in (0.3, 1.2))
    lifted = priced(plan, wild, [100.0] * 9, EXPIRIES, spot=100.0)[0][VOLATILITY]
    lifted /= priced(plan, calm, [100.0] * 9, EXPIRIES, spot=100.0)[0][VOLATILITY]
    assert (np.diff(lifted) < 0).all()
    assert lifted[0] == pytest.approx(2.0, rel=0.02)


@pytest.mark.parametrize("carry", [0.0, 0.1])
def test_sticky_strike_keeps_the_volatility_of_a_strike_and_sticky_delta_that_of_a_moneyness(carry):
    tenor, move = 30 * DAY, 1e-4
    strike = 100.0 * math.exp(carry * 30 / 365)
    for stickiness in (0.0, 1.0):
        plan = surface_plan(SurfaceTerms(level=0.5, rho=-0.4, stickiness=stickiness, tenor=30 / 365, carry=carry))
        state, dice = surface_start(plan, 100.0, 0.4), streams(1, ["surface"])
        before = priced(plan, state, [strike, strike * 0.9], tenor, spot=100.0)[0][VOLATILITY]
        spot = 100.0 * math.exp(move)
        surface_step(plan, state, spot, 0.4, 0, dice, 0)
        strikes = [strike, strike * 0.9] if stickiness else [strike * spot / 100, strike * 0.9 * spot / 100]
        after = priced(plan, state, strikes, tenor, spot=spot)[0][VOLATILITY]
        skew = abs(before[1] - before[0]) / 0.105
        assert abs(after[0] - before[0]) < 2e-3 * skew * move
        if not stickiness:
            np.testing.assert_allclose(after, before, rtol=1e-12)


def test_what_stuck_fades():
    plan = surface_plan(SurfaceTerms(level=0.4, speed=1.0, rho=-0.5, stickiness=1.0, half_life=1 / 365))
    state, dice = surface_start(plan, 100.0, 0.4), streams(1, ["surface"])
    surface_step(plan, state, 90.0, 0.4, 0, dice, 0)
    first = state[0]
    surface_step(plan, state, 90.0, 0.4, DAY, dice, 0)
    assert first > 0.0
    assert state[0] == pytest.approx(first / 2, rel=1e-9)


def test_noises_have_their_spread_and_half_life_however_often_they_move():
    terms = SurfaceTerms(level=0.4, near_noise=0.2, far_noise=0.1, rho_noise=0.1, eta_noise=0.3, half_life=2 / 365)
    plan, dice = surface_plan(terms), streams(2, ["surface"])
    found = {}
    for step in (HOUR, 12 * HOUR):
        state, rows = surface_start(plan, 100.0, 0.4), []
        for _ in range(60 * 48 * DAY // step // 2):
            surface_step(plan, state, 100.0, 0.4, step, dice, 0)
            rows.append(state[1:5].copy())
        found[step] = np.array(rows)
    for step, rows in found.items():
        back = 2 * DAY // step
        np.testing.assert_allclose(rows.std(axis=0), terms.noises, rtol=0.12)
        assert np.corrcoef(rows[back:, 0], rows[:-back, 0])[0, 1] == pytest.approx(0.5, abs=0.1)


def test_prices_and_greeks_are_blacks_at_the_volatility_of_the_surface():
    plan = surface_plan(SurfaceTerms(level=0.4, rho=-0.3, carry=0.05))
    state = surface_start(plan, 100.0, 0.3)
    rng = np.random.Generator(np.random.PCG64(1))
    n, now = 400, 5 * HOUR
    strike, expiry = rng.uniform(50, 200, n), rng.choice(EXPIRIES, n)
    is_call = rng.random(n) < 0.5
    out, ticks = priced(plan, state, strike, expiry, spot=100.0, now=now, is_call=is_call, tick=0.05)
    years = (expiry - now) / YEAR_NS
    forward = 100.0 * np.exp(0.05 * years)
    surface = surface_of_state(plan, state, 100.0, now)
    want = np.sqrt(total_variance(surface, np.log(strike / forward), years) / years)
    np.testing.assert_allclose(out[VOLATILITY], want, rtol=1e-12)
    price = black76_price(forward, strike, want, years, is_call=is_call)
    np.testing.assert_allclose(out[PRICE], price, atol=1e-11)
    greeks = black76_greeks(forward, strike, want, years, is_call=is_call)
    np.testing.assert_allclose(out[DELTA], greeks.delta, atol=1e-12)
    np.testing.assert_allclose(out[VEGA], greeks.vega, atol=1e-10)
    assert ticks.tolist() == np.floor(out[PRICE] / 0.05 + 0.5).astype(int).tolist()


def test_an_expired_series_is_worth_its_payoff():
    plan = surface_plan(SurfaceTerms(level=0.4))
    state = surface_start(plan, 110.0, 0.3)
    out, ticks = priced(
        plan, state, [100.0, 110.0, 120.0] * 2, DAY, spot=110.0, now=2 * DAY, is_call=[True] * 3 + [False] * 3
    )
    assert out[PRICE].tolist() == [10.0, 0.0, 0.0, 0.0, 0.0, 10.0]
    assert out[DELTA][[0, 2, 3, 5]].tolist() == [1.0, 0.0, 0.0, -1.0]
    assert np.isnan(out[VOLATILITY]).all()
    assert (out[VEGA] == 0.0).all()
    assert ticks.tolist() == [1000, 0, 0, 0, 0, 1000]


def test_a_market_without_variance_still_has_prices():
    plan = surface_plan(SurfaceTerms(level=1e-12))
    state = surface_start(plan, 100.0, 0.0)
    out, _ = priced(plan, state, [90.0, 110.0], 1, spot=100.0)
    np.testing.assert_allclose(out[PRICE], [10.0, 0.0], atol=1e-9)
    assert state.shape == (SURFACE_STATE,)


def test_impossible_surfaces_are_refused():
    for wrong in ({"level": 0.0}, {"rho": 0.96}, {"eta": 1.9, "rho": -0.5}, {"near_noise": -0.1}, {"carry": math.nan}):
        with pytest.raises(DomainError, match="want"):
            SurfaceTerms(**({"level": 0.4} | wrong))
    with pytest.raises(DomainError, match="disagree"):
        option_board(strike=[1.0], expiry=[1, 2], is_call=[True], tick=0.1)
    with pytest.raises(DomainError, match="above 0"):
        option_board(strike=[0.0], expiry=[1], is_call=[True], tick=0.1)
