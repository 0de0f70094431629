"""Laws of the quoting models: limits, symmetries, what theory says must hold whatever the numbers."""

from math import exp, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.errors import DomainError
from makerscope.models.avellaneda_stoikov import avellaneda_stoikov_quotes, simulated_table
from makerscope.models.cartea_jaimungal import cartea_jaimungal_quotes
from makerscope.models.glft import glft_asymptotic, glft_quotes
from makerscope.models.glosten_milgrom import belief_after, glosten_milgrom_quotes
from makerscope.models.ho_stoll import ho_stoll_fees
from makerscope.models.inventory_quotes import inventories, solve
from tests.reference.inventory_ladder import log_values, lowest

BOUNDS = st.integers(1, 40)
NUMBERS = st.fixed_dictionaries({
    "sigma": st.floats(0.05, 3.0), "A": st.floats(0.05, 20.0), "k": st.floats(0.05, 3.0),
    "gamma": st.floats(1e-4, 0.5),
})  # fmt: skip
DRIFTS = st.floats(-0.5, 0.5)


def glft_ladder(numbers, bound, drift=0.0):
    q, (sigma, A, k, gamma) = inventories(bound), (numbers[name] for name in ("sigma", "A", "k", "gamma"))
    eta = A * exp(-(1 + k / gamma) * np.log1p(gamma / k))
    return k * gamma * sigma**2 / 2 * q**2 - k * drift * q, eta, np.log1p(gamma / k) / gamma


@given(NUMBERS, BOUNDS, DRIFTS)
def test_stationary_quotes_come_from_the_lowest_eigenvector(numbers, bound, drift):
    diagonal, eta, constant = glft_ladder(numbers, bound, drift)
    value, vector = lowest(diagonal, eta)
    got = glft_quotes(**numbers, bound=bound, drift=drift)
    assert got.growth == pytest.approx(value, rel=1e-12, abs=1e-12 * (abs(diagonal).max() + eta))
    sure = vector > 1e-5  # dense algebra knows a component only as well as the largest one
    keep = sure[1:] & sure[:-1]
    want = -np.diff(np.log(np.maximum(vector, 1e-5)))[keep] / numbers["k"]
    np.testing.assert_allclose((got.bid[:-1] - constant)[keep], want, atol=1e-8 / numbers["k"])


@given(NUMBERS, BOUNDS, DRIFTS)
def test_a_stationary_quote_solves_its_own_equation_at_every_inventory(numbers, bound, drift):
    diagonal, eta, constant = glft_ladder(numbers, bound, drift)
    got, k = glft_quotes(**numbers, bound=bound, drift=drift), numbers["k"]
    up, down = np.exp(-k * (got.bid - constant)), np.exp(-k * (got.ask - constant))  # v_(q+1) / v_q, v_(q-1) / v_q
    left = diagonal - eta * (up + down)
    np.testing.assert_allclose(left, got.growth, rtol=1e-9, atol=1e-11 * (np.abs(diagonal).max() + eta))


@settings(max_examples=15)
@given(NUMBERS, st.integers(1, 6), DRIFTS, st.floats(0.01, 3.0), st.floats(0.0, 0.1))
def test_finite_horizon_quotes_obey_the_differential_equation(numbers, bound, drift, horizon, impact):
    diagonal, eta, constant = glft_ladder(numbers, bound, drift)
    k, terminal = numbers["k"], -0.5 * numbers["k"] * impact * inventories(bound) ** 2
    want = -np.diff(log_values(diagonal, eta * exp(-0.5 * k * impact), terminal, horizon)) / k
    got = glft_quotes(**numbers, bound=bound, drift=drift, horizon=horizon, impact=impact)
    np.testing.assert_allclose(got.bid[:-1] - constant - 0.5 * impact, want, atol=1e-7)


@given(NUMBERS, BOUNDS, DRIFTS, st.one_of(st.just(np.inf), st.floats(0.1, 50.0)))
def test_what_a_long_maker_bids_a_short_one_asks_in_the_opposite_drift(numbers, bound, drift, horizon):
    if horizon < np.inf:
        bound = min(bound, 10)
    one, other = (glft_quotes(**numbers, bound=bound, drift=d, horizon=horizon) for d in (drift, -drift))
    np.testing.assert_allclose(one.bid, other.ask[::-1], atol=1e-8)


@given(NUMBERS, BOUNDS)
def test_the_more_it_holds_the_lower_it_quotes_and_a_round_trip_never_loses(numbers, bound):
    got = glft_quotes(**numbers, bound=bound)
    assert (np.diff(got.bid[:-1]) > -1e-9).all()
    assert (np.diff(got.ask[1:]) < 1e-9).all()
    half = np.log1p(numbers["gamma"] / numbers["k"]) / numbers["gamma"]
    np.testing.assert_allclose(got.bid[:-1] + got.ask[1:], 2 * half, rtol=1e-9)  # in at q, out at q + 1


@given(NUMBERS, BOUNDS)
def test_a_long_horizon_is_stationary(numbers, bound):
    bound = min(bound, 8)
    for_ever = glft_quotes(**numbers, bound=bound)
    diagonal, eta, _ = glft_ladder(numbers, bound)
    gap = eta * (np.pi / (2 * bound + 2)) ** 2  # no smaller than the distance to the next eigenvalue
    got = glft_quotes(**numbers, bound=bound, horizon=min(40.0 / gap, 1e6 / (diagonal.max() + eta)))
    np.testing.assert_allclose(got.bid, for_ever.bid, atol=1e-6)


@given(NUMBERS, st.floats(0.0, 1.0))
def test_an_adverse_move_after_fills_widens_by_itself_and_thins_the_fills(numbers, adverse):
    with_it = glft_quotes(**numbers, bound=10, impact=2 * adverse)
    thinned = glft_quotes(**numbers | {"A": numbers["A"] * exp(-numbers["k"] * adverse)}, bound=10)
    np.testing.assert_allclose(with_it.bid, thinned.bid + adverse, rtol=1e-9)


@given(NUMBERS, DRIFTS)
def test_small_risk_aversion_at_a_fixed_penalty_is_cartea_jaimungal(numbers, drift):
    sigma, A, k, gamma = (numbers[name] for name in ("sigma", "A", "k", "gamma"))
    penalty = gamma * sigma**2 / 2
    tiny = 1e-7 * k
    one = glft_quotes(sigma=sqrt(2 * penalty / tiny), A=A, k=k, gamma=tiny, bound=10, drift=drift)
    other = cartea_jaimungal_quotes(A=A, k=k, phi=penalty, bound=10, drift=drift)
    np.testing.assert_allclose(one.bid, other.bid, atol=1e-5)
    np.testing.assert_allclose(one.ask, other.ask, atol=1e-5)


def test_the_asymptotic_form_is_near_at_small_inventory_and_wrong_at_large():
    numbers = {"sigma": 1.0, "A": 0.2, "k": 0.3, "gamma": 0.01}
    exact, rough = glft_quotes(**numbers, bound=30), glft_asymptotic(np.array([0, 10]), **numbers)
    assert abs(exact.at(0)[1] - rough[1][0]) < 0.01
    assert abs(exact.at(10)[1] - rough[1][1]) > 0.2
    drifted = glft_quotes(**numbers | {"sigma": 0.3, "A": 0.9}, bound=30, drift=1e-4, impact=0.2)
    near = glft_asymptotic(np.array([0, 3]), **numbers | {"sigma": 0.3, "A": 0.9}, drift=1e-4, impact=0.2)
    np.testing.assert_allclose([drifted.at(0)[0], drifted.at(3)[0]], near[0], atol=0.005)


@given(st.floats(0.1, 5.0), st.floats(0.0, 1.0), st.floats(0.1, 5.0), st.floats(0.0, 10.0))
def test_the_total_spread_of_ho_stoll_does_not_depend_on_inventory(sigma, risk, size, horizon):
    given_ = {"alpha": 10.0, "beta": 4.0, "sigma": sigma, "risk": risk, "size": size, "horizon": horizon}
    totals = [sum(ho_stoll_fees(inventory=inventory, **given_)) for inventory in (-7.0, 0.0, 3.0)]
    np.testing.assert_allclose(totals, 10.0 / 4.0 + sigma**2 * risk * size * horizon, rtol=1e-12)
    bids = [ho_stoll_fees(inventory=inventory, **given_)[0] for inventory in (-7.0, 0.0, 3.0)]
    assert bids == sorted(bids)  # the longer, the less it pays


@pytest.mark.parametrize("mu", [0.1, 0.5])
def test_a_glosten_milgrom_maker_neither_gains_nor_loses_on_either_side(mu):
    rng, gains = np.random.Generator(np.random.PCG64(5)), {1: [], -1: []}
    high, low = 101.0, 99.0
    for _ in range(4_000):
        p, value = 0.5, high if rng.random() < 0.5 else low
        for _ in range(6):
            bid, ask = glosten_milgrom_quotes(p=p, mu=mu, high=high, low=low)
            informed = rng.random() < mu
            side = (1 if value == high else -1) if informed else (1 if rng.random() < 0.5 else -1)
            gains[side].append(ask - value if side > 0 else value - bid)
            p = belief_after(p=p, mu=mu, side=side)
    for gain in gains.values():
        assert abs(np.mean(gain)) < 3 * np.std(gain) / sqrt(len(gain))
        assert np.std(gain) > 0.1


@given(st.floats(0.01, 0.99), st.floats(0.0, 0.9))
def test_a_purchase_adds_as_much_to_the_log_odds_as_a_sale_takes(p, mu):
    there = belief_after(p=p, mu=mu, side=1)
    assert belief_after(p=there, mu=mu, side=-1) == pytest.approx(p, abs=1e-12)
    bid, ask = glosten_milgrom_quotes(p=p, mu=mu, high=1.0, low=0.0)
    assert (bid, ask) == (pytest.approx(belief_after(p=p, mu=mu, side=-1)), pytest.approx(there))


@given(st.floats(-20, 20), st.floats(0.1, 3.0), st.floats(1e-3, 1.0), st.floats(0.1, 5.0), st.floats(0.0, 2.0))
def test_avellaneda_stoikov_quotes_lie_around_the_reservation_price(q, sigma, gamma, k, left):
    bid, ask = avellaneda_stoikov_quotes(mid=100.0, inventory=q, sigma=sigma, gamma=gamma, k=k, left=left)
    assert (bid + ask) / 2 == pytest.approx(100.0 - q * gamma * sigma**2 * left)
    assert ask - bid == pytest.approx(gamma * sigma**2 * left + 2 / gamma * np.log(1 + gamma / k))


@pytest.mark.parametrize("wrong", [{"gamma": 0.0}, {"gamma": -1.0}, {"k": 0.0}, {"A": np.nan}, {"sigma": -1.0}])
def test_numbers_outside_the_domain_are_refused_by_name(wrong):
    numbers = {"sigma": 0.3, "A": 0.9, "k": 0.3, "gamma": 0.01} | wrong
    with pytest.raises(DomainError, match=f"want {next(iter(wrong))} > 0"):
        glft_quotes(**numbers, bound=5)
    with pytest.raises(DomainError):
        simulated_table(**{"gamma": 0.1, "sigma": 2.0, "A": 1.0, "k": 1.5} | wrong, inventory=True, order="fill-first")


def test_a_bound_or_a_horizon_that_makes_no_sense_is_refused():
    numbers = {"sigma": 0.3, "A": 0.9, "k": 0.3, "gamma": 0.01}
    with pytest.raises(DomainError, match="bound from 1"):
        glft_quotes(**numbers, bound=0)
    with pytest.raises(DomainError, match="horizon of 0 or more"):
        glft_quotes(**numbers, bound=5, horizon=-1.0)
    with pytest.raises(DomainError, match="inventory from -5 to 5"):
        glft_quotes(**numbers, bound=5).at(6)
    with pytest.raises(DomainError, match="that a double can hold"):
        glft_quotes(**numbers | {"sigma": 1e6, "A": 1e-300}, bound=50, horizon=1.0)
    with pytest.raises(DomainError, match="phi, alpha and adverse"):
        cartea_jaimungal_quotes(A=1.0, k=1.0, phi=-1.0, bound=5)
    flat = solve(np.zeros(11), np.zeros(11), eta=1.0, k=1.0, constant=1.0, horizon=0.0)
    np.testing.assert_array_equal(flat.bid[:-1], np.ones(10))
