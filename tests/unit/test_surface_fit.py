"""Fits of chains by hand: what is refused and why, what too few quotes give, stale quotes, live recalibration."""

import numpy as np
import pytest

from makerscope.errors import DomainError
from makerscope.pricing.fit import fit_slice, fit_surface
from makerscope.pricing.surface import surface_of, total_variance
from makerscope.pricing.svi import RawSvi, numbers
from makerscope.pricing.svi import total_variance as slice_variance

SMILE = RawSvi(0.01, 0.2, -0.3, 0.02, 0.2)
K = np.linspace(-0.6, 0.6, 21)
MID = np.sqrt(slice_variance(SMILE, K) / 0.25)


def quotes(half=0.005):
    return MID - half, MID + half


def test_every_bad_quote_is_refused_with_its_reason_and_the_others_are_fitted():
    k = np.concatenate((K, [0.0, 0.1, 0.2, 0.3, np.nan, 0.05]))
    bid = np.concatenate((MID - 0.005, [0.3, np.nan, 0.5, -0.1, 0.5, np.nan]))
    ask = np.concatenate((MID + 0.005, [0.9, 0.5, 0.4, 0.2, 0.6, np.nan]))
    fit = fit_slice(k, bid, ask, 0.25)
    assert fit.reasons[21:] == ("duplicate", "no bid", "crossed", "not positive", "log-moneyness unknown", "no bid")
    assert fit.used.sum() == 21
    assert fit.rmse < 1e-6


def test_an_expired_chain_is_refused_whole():
    fit = fit_slice(K, *quotes(), -0.01)
    assert fit.kind == "none"
    assert fit.refused == {"expired": 21}
    assert fit.slice_ is fit.rmse is None


@pytest.mark.parametrize(("count", "kind"), [(1, "flat"), (2, "flat"), (3, "hyperbola"), (4, "hyperbola"), (5, "svi")])
def test_fewer_quotes_give_a_simpler_slice(count, kind):
    fit = fit_slice(K[::5][:count], MID[::5][:count] - 0.005, MID[::5][:count] + 0.005, 0.25)
    assert fit.kind == kind
    assert fit.used.sum() == count
    assert fit.rmse < 0.1
    if kind == "hyperbola":
        assert np.all(slice_variance(fit.slice_, np.linspace(-5, 5, 101)) > 0)


def test_a_stale_quote_is_named_and_does_not_bend_the_smile():
    for place in (0, 4, 10, 20):
        bid, ask = quotes()
        bid[place] += 0.12
        ask[place] += 0.12
        fit = fit_slice(K, bid, ask, 0.25)
        assert [i for i, reason in enumerate(fit.reasons) if reason == "stale"] == [place]
        assert np.abs(np.sqrt(slice_variance(fit.slice_, K) / 0.25) - MID).max() < 1e-3


def test_a_wide_quote_is_weak_but_not_stale():
    bid, ask = quotes()
    bid[10], ask[10] = MID[10] - 0.05, MID[10] + 0.25
    fit = fit_slice(K, bid, ask, 0.25)
    assert fit.refused == {}
    assert np.abs(np.sqrt(slice_variance(fit.slice_, K) / 0.25) - MID).max() < 0.01


def test_a_tight_quote_counts_for_more():
    half, mid = np.full(21, 0.05), MID + np.where(np.arange(21) % 2, 0.03, 0.0)
    half[::2] = 0.002
    fit = fit_slice(K, mid - half, mid + half, 0.25)
    error = np.abs(np.sqrt(slice_variance(fit.slice_, K) / 0.25) - mid)
    assert error[::2].max() < 0.1 * error[1::2].min()


def test_live_recalibration_from_the_slice_before_finds_the_same_fit():
    rng = np.random.default_rng(5)
    mid = MID + 0.003 * rng.standard_normal(21)
    before = fit_slice(K, mid - 0.005, mid + 0.005, 0.25)
    cold = fit_slice(K, 1.02 * mid - 0.005, 1.02 * mid + 0.005, 0.25)
    warm = fit_slice(K, 1.02 * mid - 0.005, 1.02 * mid + 0.005, 0.25, start=before.slice_)
    assert warm.rmse == pytest.approx(cold.rmse, rel=1e-4)
    moved = RawSvi(2.0, 1.5, 0.9, 0.6, 0.001)
    assert fit_slice(K, mid - 0.005, mid + 0.005, 0.25, start=moved).rmse == pytest.approx(before.rmse, rel=1e-3)


def test_a_surface_keeps_what_can_be_fitted_and_counts_the_rest():
    when = np.concatenate((np.full(21, 0.25), np.full(2, 0.5), np.full(3, -0.1), [np.nan]))
    k = np.concatenate((K, [0.0, 0.1], [0.0, 0.1, 0.2], [0.0]))
    mid = np.concatenate((MID, np.full(6, 0.9)))
    bid = mid - 0.005
    bid[21:23] = np.nan
    done = fit_surface(when, k, bid, mid + 0.005)
    assert done.surface.expiries.tolist() == [0.25]
    assert done.refused == {"expired": 4, "no bid": 2}
    assert done.used == 21
    assert [fit.kind for fit in done.fits] == ["none", "svi", "none", "none"]
    again = fit_surface(when, k, bid, mid + 0.005, start=done.surface)
    np.testing.assert_allclose(total_variance(again.surface, K, 0.25), total_variance(done.surface, K, 0.25), rtol=1e-5)


def test_shapes_and_surfaces_that_are_none_are_errors():
    with pytest.raises(DomainError):
        fit_slice(K, MID, MID[:-1], 0.25)
    with pytest.raises(DomainError):
        fit_surface([0.1], K, MID, MID)
    with pytest.raises(DomainError):
        surface_of([0.1, 0.1], [SMILE, SMILE])
    with pytest.raises(DomainError):
        surface_of([], [])
    with pytest.raises(DomainError):
        RawSvi(-1.0, 0.1, 0.0, 0.0, 0.1)
    assert numbers(SMILE).tolist() == [0.01, 0.2, -0.3, 0.02, 0.2]
