"""Kyle's auctions against ``vectors/models/kyle.json``."""

import numpy as np
import pytest

from makerscope.errors import DomainError
from makerscope.models.kyle import intensity_in_time, kyle


@pytest.mark.parametrize("n", range(3))
def test_auctions_agree_with_the_vectors(vectors, n):
    case = vectors("models/kyle.json")[n]
    inputs, want = case["inputs"], case["expected"]
    got = kyle(inputs["N"], variance=inputs["Sigma0"], noise=inputs["sigma_u2"])
    np.testing.assert_allclose(got.impact, want["lambdas"], atol=1e-12, rtol=0)
    np.testing.assert_allclose(got.uncertainty, want["Sigma"], atol=1e-12, rtol=0)
    assert got.profit == pytest.approx(want["expected_profit"], abs=1e-12)


@pytest.mark.parametrize(("variance", "noise"), [(4.0, 9.0), (1e-6, 1e8)])
def test_one_auction_is_kyles_closed_form(variance, noise):
    got = kyle(1, variance=variance, noise=noise)
    assert got.impact[0] == pytest.approx(0.5 * (variance / noise) ** 0.5)
    assert got.intensity[0] == pytest.approx((noise / variance) ** 0.5)
    assert got.profit == pytest.approx(0.5 * (variance * noise) ** 0.5)


@pytest.mark.parametrize("auctions", [2, 7, 40])
def test_prices_are_the_mean_of_the_value_and_the_insider_earns_what_noise_loses(auctions):
    """Played out: lambda is the regression of the value on order flow, and the profit is the recursion's."""
    model, draw, days = kyle(auctions), np.random.Generator(np.random.PCG64(5)), 200_000
    band = 4.5 * (auctions / days) ** 0.5  # of a regression on that many days
    value, price, earned = draw.standard_normal(days), np.zeros(days), np.zeros(days)
    for n in range(auctions):
        order = model.intensity[n] * (value - price) / auctions
        flow = order + draw.standard_normal(days) / auctions**0.5
        assert np.mean((value - price) * flow) / np.mean(flow**2) == pytest.approx(model.impact[n], abs=band)
        price += model.impact[n] * flow
        earned += order * (value - price)
        assert np.var(value - price) == pytest.approx(model.uncertainty[n + 1], rel=0.03)
    assert earned.mean() == pytest.approx(model.profit, rel=0.02)


def test_many_auctions_come_near_to_continuous_trading():
    model = kyle(5000)
    assert model.profit == pytest.approx(1.0, abs=0.02)
    assert model.impact[2500] == pytest.approx(1.0, abs=0.02)
    assert model.intensity[2500] == pytest.approx(intensity_in_time(0.5), rel=0.02)


def test_what_is_no_market_is_refused():
    with pytest.raises(DomainError, match="0 auctions"):
        kyle(0)
    with pytest.raises(DomainError, match="noise 0"):
        kyle(2, noise=0)
    with pytest.raises(DomainError, match="time 1"):
        intensity_in_time(1.0)
