"""Laws of hedging: of the band that costs make, and of the zone in which a dealer waits for clients."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from makerscope.errors import DomainError
from makerscope.models.hedging_band import whalley_wilmott_half_band
from makerscope.models.internalisation import Dealer, internalisation_zone
from tests.reference.internalisation import slow_zone

PLAIN = Dealer(flow=0.1, decay=1.0, size=1.0, volatility=1.0, risk_aversion=0.01, cost=2.0, slippage=1.0)
dealers = st.builds(
    Dealer,
    flow=st.floats(0.02, 2.0),
    decay=st.floats(0.3, 3.0),
    size=st.floats(0.2, 3.0),
    volatility=st.floats(0.3, 2.0),
    risk_aversion=st.floats(0.002, 0.05),
    cost=st.floats(0.0, 4.0),
    slippage=st.floats(0.1, 5.0),
    most=st.just(40),
)
positive = st.floats(1e-6, 1e6)


@given(positive, positive, positive, positive, st.floats(1.01, 50.0))
def test_a_band_grows_with_the_cube_root_of_the_cost_and_of_the_spot(k, S, gamma, aversion, times):
    once = whalley_wilmott_half_band(k, S, gamma, aversion)
    assert whalley_wilmott_half_band(k * times, S, gamma, aversion) == pytest.approx(once * times ** (1 / 3), rel=1e-12)
    assert whalley_wilmott_half_band(k, S * times, gamma, aversion) == pytest.approx(once * times ** (1 / 3), rel=1e-12)
    assert whalley_wilmott_half_band(k, S, gamma, aversion * times) < once
    assert whalley_wilmott_half_band(k, S, -gamma, aversion) == once


def test_a_book_without_curvature_or_a_market_without_cost_has_no_band():
    assert whalley_wilmott_half_band(0.0, 100.0, 1.0, 1.0) == 0.0
    assert whalley_wilmott_half_band([0.1, 0.2], 100.0, 0.0, 1.0).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("wrong", [(-0.1, 1, 1, 1), (0.1, 0, 1, 1), (0.1, 1, 1, 0), (0.1, 1, np.nan, 1)])
def test_a_band_outside_its_domain_is_refused(wrong):
    with pytest.raises(DomainError, match="half band"):
        whalley_wilmott_half_band(*wrong)


@given(dealers)
def test_nothing_is_hedged_inside_the_zone_and_more_the_further_outside(dealer):
    zone = internalisation_zone(dealer)
    inside = np.abs(zone.inventory) < zone.threshold
    assert (zone.rate[inside] == 0.0).all()
    outside = zone.inventory > zone.threshold
    assert (zone.rate[outside] < 0.0).all()
    assert (np.diff(zone.rate[outside]) < 0.0).all()
    assert zone.rate == pytest.approx(-zone.rate[::-1], rel=1e-6, abs=1e-9)
    assert zone.rate_at(0.99 * min(zone.threshold, dealer.size * dealer.most)) == 0.0


@given(dealers, st.floats(1.1, 3.0))
def test_the_zone_grows_with_the_cost_of_a_hedge_and_with_the_flow_of_clients(dealer, times):
    here = internalisation_zone(dealer).threshold
    assume(here > 0.0)
    assert internalisation_zone(replace(dealer, cost=dealer.cost * times)).threshold >= here
    assert internalisation_zone(replace(dealer, flow=dealer.flow * times)).threshold >= here * (1 - 1e-9)
    assert internalisation_zone(replace(dealer, risk_aversion=dealer.risk_aversion * times)).threshold <= here * (
        1 + 1e-9
    )


@given(dealers)
def test_the_solution_obeys_the_equation_it_is_the_solution_of(dealer):
    zone = internalisation_zone(dealer)
    q, z, theta, kappa = zone.inventory, dealer.size, zone.value, dealer.decay
    slope = np.diff(theta) / z
    seen = np.abs(q[1:-1]) < 20 * z  # further out quotes may stand at their bound
    up, down = slope[1:], -slope[:-1]
    flow = z * dealer.flow / kappa * np.exp(-1.0) * (np.exp(kappa * up) + np.exp(kappa * down))
    gain = sum(np.maximum(each - dealer.cost, 0.0) ** 2 for each in (up, down)) / (4 * dealer.slippage)
    total = flow + gain - dealer.risk_aversion * dealer.volatility**2 * q[1:-1] ** 2 / 2
    held = seen & (np.abs(kappa * up) < 25) & (np.abs(kappa * down) < 25)
    scale = np.abs(flow) + gain + dealer.risk_aversion * dealer.volatility**2 * q[1:-1] ** 2
    assert (np.abs(total - zone.gain)[held] <= 1e-7 * (scale[held] + abs(zone.gain))).all()


@pytest.mark.parametrize("impact", [0.0, 0.02])
def test_policy_iteration_and_brute_force_agree(impact):
    dealer = replace(PLAIN, most=6, cost=0.8, flow=0.3, risk_aversion=0.05, impact=impact)
    zone = internalisation_zone(dealer)
    q, slope, rate = slow_zone(dealer, seconds=120.0, dt=0.1)
    assert zone.inventory.tolist() == q.tolist()
    assert np.diff(zone.value) == pytest.approx(slope, abs=2e-3)
    assert zone.rate == pytest.approx(rate, abs=2e-3)
    assert (zone.rate != 0).any()


def test_hedging_moves_the_price_so_impact_widens_the_zone():
    thresholds = [internalisation_zone(replace(PLAIN, impact=k)).threshold for k in (0.0, 0.01, 0.05)]
    assert thresholds == sorted(thresholds)
    assert thresholds[0] < thresholds[-1]


@pytest.mark.parametrize("wrong", [{"flow": 0.0}, {"cost": -1.0}, {"most": 1}, {"slippage": 0.0}, {"decay": np.inf}])
def test_a_dealer_outside_the_models_domain_is_refused(wrong):
    with pytest.raises(DomainError, match="dealer"):
        replace(PLAIN, **wrong)


def test_an_impact_that_makes_pushing_the_price_a_gain_is_refused():
    with pytest.raises(DomainError, match="impact"):
        internalisation_zone(replace(PLAIN, impact=0.5))
