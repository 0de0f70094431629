"""Laws of slices and surfaces, over random ones."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from makerscope.errors import DomainError
from makerscope.kernels import svi as kernels
from makerscope.pricing.arbitrage import certify
from makerscope.pricing.fit import fit_slice, fit_surface
from makerscope.pricing.repair import repaired
from makerscope.pricing.ssvi import butterfly_condition, ssvi_slice, ssvi_variance
from makerscope.pricing.surface import surface_of, total_variance, volatility
from makerscope.pricing.svi import (
    RawSvi,
    density,
    durrleman,
    from_jump_wings,
    lowest_variance,
    numbers,
    to_jump_wings,
    variance_and_slopes,
)
from makerscope.pricing.svi import total_variance as slice_variance

part = st.floats(0.0, 1.0)


@st.composite
def slices(draw):
    """A positive smile of a day to a year, in units of its own standard deviation."""
    deviation = draw(st.floats(0.02, 1.0))
    rho, b = draw(st.floats(-0.9, 0.9)), draw(st.floats(0.02, 1.0)) * deviation
    m, sigma = draw(st.floats(-0.5, 0.5)) * deviation, draw(st.floats(0.1, 2.0)) * deviation
    lowest = draw(st.floats(0.05, 1.0)) * deviation**2
    return RawSvi(lowest - b * sigma * math.sqrt(1.0 - rho**2), b, rho, m, sigma)


@st.composite
def surfaces(draw):
    several = draw(st.lists(slices(), min_size=1, max_size=4))
    return surface_of(0.1 * np.arange(1, len(several) + 1), several)


@given(slices(), st.floats(0.01, 3.0))
def test_jump_wings_there_and_back(slice_, expiry):
    wings = to_jump_wings(slice_, expiry)
    assume(wings.v > wings.v_tilde * (1 + 1e-6))  # lowest at the money: any sigma has these jump-wings
    again = from_jump_wings(wings, expiry)
    k = np.linspace(-2.0, 2.0, 41)
    np.testing.assert_allclose(slice_variance(again, k), slice_variance(slice_, k), rtol=1e-6)


@given(slices(), st.floats(-2.0, 2.0))
def test_slopes_are_the_differences_of_the_variance(slice_, k):
    h = 1e-4 * slice_.sigma
    low, mid, high = slice_variance(slice_, np.array([k - h, k, k + h]))
    _, slope, bend = variance_and_slopes(slice_, k)
    assert slope == pytest.approx((high - low) / (2 * h), rel=1e-5, abs=1e-7)
    assert bend == pytest.approx((high - 2 * mid + low) / h**2, rel=1e-3, abs=1e-3 * slice_.b / slice_.sigma)


@given(slices(), st.floats(-3.0, 3.0))
def test_kernel_and_array_forms_agree(slice_, k):
    out, jets = np.empty(1), np.empty((1, 3))
    row = numbers(slice_)
    kernels.total_variance(np.array([k]), row[None, :], np.zeros(1, np.int64), out)
    kernels.mixture(np.array([k]), row, row, 0.3, 0.0, jets)
    want = [float(x) for x in variance_and_slopes(slice_, k)]
    assert out[0] == pytest.approx(want[0], rel=1e-12)
    assert jets[0] == pytest.approx(want, rel=1e-12)


@given(slices())
def test_lowest_variance_is_the_lowest(slice_):
    k = slice_.m + slice_.sigma * np.sinh(np.linspace(-8, 8, 4001))
    assert slice_variance(slice_, k).min() >= lowest_variance(slice_) * (1 - 1e-9)
    assert slice_variance(slice_, k).min() == pytest.approx(lowest_variance(slice_), rel=0.05)


@given(slices())
def test_the_density_is_the_second_derivative_of_the_call(slice_):
    k = math.sqrt(float(slice_variance(slice_, 0.0))) * np.array([-1.0, -0.3, 0.2, 0.8])
    h = 1e-3 * min(slice_.sigma, math.sqrt(lowest_variance(slice_)))

    def call(K):
        s = np.sqrt(slice_variance(slice_, np.log(K)))
        d = -np.log(K) / s + 0.5 * s
        cdf = np.vectorize(lambda x: 0.5 * math.erfc(-x / math.sqrt(2.0)))
        return cdf(d) - K * cdf(d - s)

    K = np.exp(k)
    bend = (call(K + h * K) - 2 * call(K) + call(K - h * K)) / (h * K) ** 2
    np.testing.assert_allclose(density(slice_, k), bend * K, rtol=2e-3, atol=2e-3)


@settings(max_examples=40)
@given(surfaces())
def test_the_certificate_agrees_with_a_dense_search(surface):
    certificate = certify(surface)
    k = np.linspace(-20.0, 20.0, 100_001)
    rows = [RawSvi(*row) for row in surface.parameters.tolist()]
    bends = [float(durrleman(row, k).min()) for row in rows]
    gaps = [float((slice_variance(rows[i + 1], k) - slice_variance(rows[i], k)).min()) for i in range(len(rows) - 1)]
    assert certificate.least_g <= min(bends) + 1e-9
    for i, expiry in enumerate(surface.expiries.tolist()):
        own = [one for one in certificate.violations if one.expiry == expiry]
        if bends[i] < 0.0:
            worst = max(one.size for one in own if one.kind in {"butterfly", "wing"})
            assert worst >= -bends[i] - 1e-6
        if i and gaps[i - 1] < 0.0:
            assert [one for one in own if one.kind in {"calendar", "wing"}]
        for one in own:
            if one.kind == "butterfly":
                assert durrleman(rows[i], one.k) == pytest.approx(-one.size, rel=1e-6, abs=1e-9)
            if one.kind == "calendar":
                gap = slice_variance(rows[i], one.k) - slice_variance(rows[i - 1], one.k)
                assert gap == pytest.approx(-one.size, rel=1e-6, abs=1e-12)


@settings(max_examples=8)
@given(surfaces())
def test_a_repaired_surface_is_free_by_a_dense_search(surface):
    done = repaired(surface)
    assert done.certificate.free
    k = np.linspace(-8.0, 8.0, 40_001)
    rows = [RawSvi(*row) for row in done.surface.parameters.tolist()]
    assert all(durrleman(row, k).min() >= 0.0 for row in rows)
    for low, high in pairwise(rows):
        assert np.all(slice_variance(high, k) >= slice_variance(low, k))
    assert done.how in {"kept", "nearest"}
    if done.how == "kept":
        assert done.surface is surface


@given(surfaces(), st.floats(-1.0, 1.0), part, part)
def test_total_variance_between_slices_never_falls_where_the_slices_do_not(surface, k, one, two):
    ends = total_variance(surface, k, surface.expiries)
    when = np.sort([one, two]) * 2.0 * surface.expiries[-1]
    w = total_variance(surface, k, when)
    assert np.all(w >= 0.0)
    if np.all(np.diff(ends) >= 0.0):
        assert w[1] >= w[0] - 1e-15
    np.testing.assert_allclose(
        ends, [slice_variance(RawSvi(*row), k) for row in surface.parameters.tolist()], rtol=1e-12
    )
    if when[0] > 0.0:
        np.testing.assert_allclose(volatility(surface, k, when) ** 2 * when, w, rtol=1e-12)


@given(slices(), st.floats(0.01, 1.0))
def test_before_the_first_expiry_no_butterfly_appears(slice_, share):
    k = np.linspace(-8.0, 8.0, 8001)
    w, slope, bend = (share * x for x in variance_and_slopes(slice_, k))
    g = (1 - k * slope / (2 * w)) ** 2 - slope**2 / 4 * (1 / w + 0.25) + bend / 2
    if durrleman(slice_, k).min() >= 0.0:
        assert g.min() >= -1e-12


@settings(max_examples=50)
@given(slices(), st.floats(0.05, 1.0), st.integers(6, 40))
def test_a_slice_is_found_again_from_its_own_volatilities(slice_, expiry, count):
    deviation = math.sqrt(float(slice_variance(slice_, 0.0)))
    k = np.linspace(-2.5, 2.5, count) * deviation
    mid = np.sqrt(slice_variance(slice_, k) / expiry)
    fit = fit_slice(k, mid - 0.002, mid + 0.002, expiry)
    if max(slice_.b * (1 - slice_.rho), slice_.b * (1 + slice_.rho)) < 1.98:
        assert fit.rmse < 2e-4 * max(1.0, float(mid.max())), (fit.rmse, fit.slice_)
    assert fit.used.all()


@given(slices(), st.permutations(range(12)))
def test_the_order_of_quotes_does_not_matter(slice_, order):
    k = np.linspace(-2.0, 2.0, 12) * math.sqrt(float(slice_variance(slice_, 0.0)))
    mid = np.sqrt(slice_variance(slice_, k)) + 0.002 * np.cos(40 * np.arange(12))
    one = fit_slice(k, mid - 0.005, mid + 0.005, 1.0)
    two = fit_slice(k[order], (mid - 0.005)[order], (mid + 0.005)[order], 1.0)
    assert two.rmse == pytest.approx(one.rmse, rel=1e-3, abs=1e-7)


@given(st.floats(0.001, 2.0), st.floats(-0.95, 0.95), st.floats(0.05, 20.0), st.floats(-3.0, 3.0))
def test_ssvi_is_svi_and_its_condition_suffices(theta, rho, phi, k):
    slice_ = ssvi_slice(theta, rho, phi)
    assert float(slice_variance(slice_, k)) == pytest.approx(float(ssvi_variance(k, theta, rho, phi)), rel=1e-9)
    if butterfly_condition(theta, rho, phi):
        assert durrleman(slice_, np.linspace(-5, 5, 2001)).min() >= -1e-9


numbers_of_any_kind = st.floats() | st.sampled_from([0.0, -1.0, 1e308, math.nan, math.inf, 0.5, 0.6])


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.1, 0.5, 0.0, -1.0, math.nan]), *[numbers_of_any_kind] * 3), min_size=1, max_size=12
    )
)
def test_any_quotes_give_a_fit_or_reasons_and_no_crash(rows):
    when, k, bid, ask = np.array(rows).T
    with np.errstate(all="ignore"):
        done = fit_surface(when, k, bid, ask)
    assert done.used + sum(done.refused.values()) == len(rows)
    assert (done.surface is None) == (done.used == 0)
    for fit in done.fits:
        if fit.slice_ is not None:
            assert np.isfinite(numbers(fit.slice_)).all()
            assert lowest_variance(fit.slice_) > 0.0


@given(slices(), st.floats(max_value=0.0) | st.just(math.nan))
def test_a_time_that_is_no_time_is_an_error(slice_, expiry):
    with pytest.raises(DomainError):
        volatility(surface_of([1.0], [slice_]), 0.0, expiry)
