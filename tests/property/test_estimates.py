"""Estimates of a maker against worlds whose truth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.errors import DomainError
from makerscope.kernels.estimates import CELLS, FIRST, PER_DECAY, cell_of
from makerscope.models.estimates import cell_middles, intensity_of, variance_on_a_clock


def record(A, k, *, spells, length, seed):
    """Spells of a quote that rests at random distances, and how often it was hit in each."""
    rng = np.random.Generator(np.random.PCG64(seed))
    distance = rng.uniform(0.0, 3.0 / k, spells)
    return distance, np.full(spells, length), rng.poisson(A * np.exp(-k * distance) * length).astype(float)


@pytest.mark.parametrize(("A", "k"), [(0.2, 0.3), (3.0, 1.5), (0.05, 0.1)])
def test_the_intensity_of_a_simulated_market_is_found_from_a_wrong_prior(A, k):
    found = []
    for seed in range(20):
        distance, exposure, filled = record(A, k, spells=3_000, length=2.0 / A, seed=seed)
        found.append(intensity_of(distance, exposure, filled, A=3 * A, k=1.7 * k, prior=30.0 / A))
    error = np.array(found) / (A, k) - 1
    spread = error.std(axis=0)
    assert (spread < 0.06).all()
    assert (np.abs(error.mean(axis=0)) < 0.02 + 3 * spread / np.sqrt(20)).all()  # 0.02: a prior, and cells


@given(st.floats(0.05, 5.0), st.floats(0.05, 5.0), st.integers(0, 100))
def test_no_other_intensity_explains_a_record_better(A, k, seed):
    distance, exposure, filled = record(A, k, spells=200, length=2.0 / A, seed=seed)
    best = intensity_of(distance, exposure, filled, A=A, k=k, prior=0.0)
    width = 1.0 / (PER_DECAY * k)
    middle = cell_middles(k)[[cell_of(away, width) for away in distance]]

    def likelihood(A, k):
        return (filled * (np.log(A) - k * middle) - A * np.exp(-k * middle) * exposure).sum()

    top = likelihood(*best)
    for da, dk in ((1.01, 1.0), (0.99, 1.0), (1.0, 1.01), (1.0, 0.99), (1.02, 1.01)):
        assert likelihood(best.A * da, best.k * dk) <= top + 1e-9 * abs(top)


def test_without_a_record_the_prior_is_what_is_known_and_nothing_filled_is_no_intensity():
    none = np.zeros(0)
    found = intensity_of(none, none, none, A=0.4, k=2.0, prior=100.0)
    assert found == (pytest.approx(0.4), pytest.approx(2.0, rel=1e-6))
    assert intensity_of(np.ones(1), np.ones(1), np.zeros(1), A=0.4, k=2.0, prior=0.0).A == 0.0


@given(st.floats(-50, 50), st.floats(0.01, 10))
def test_a_distance_falls_into_the_cell_that_holds_it_or_into_the_last(distance, width):
    cell = cell_of(distance, width)
    at = distance / width - FIRST
    assert 0 <= cell < CELLS
    if 0 <= at < CELLS:
        assert cell <= at < cell + 1


def test_variance_follows_a_change_of_volatility_and_keeps_its_level():
    rng = np.random.Generator(np.random.PCG64(3))
    price = np.cumsum(rng.normal(0, np.r_[np.full(4_000, 0.5), np.full(4_000, 2.0)]) * np.sqrt(0.5))
    calm = variance_on_a_clock(price[:4_000], start=9.0, elapsed=0.5, half_life=200.0)
    wild = variance_on_a_clock(price, start=9.0, elapsed=0.5, half_life=200.0)
    assert calm == pytest.approx(0.25, rel=0.2)
    assert wild == pytest.approx(4.0, rel=0.2)


def test_what_is_no_record_is_refused():
    one = np.ones(1)
    with pytest.raises(DomainError, match="want k > 0"):
        intensity_of(one, one, one, A=1.0, k=-1.0, prior=0.0)
    with pytest.raises(DomainError, match="one length"):
        intensity_of(one, np.ones(2), one, A=1.0, k=1.0, prior=0.0)
    with pytest.raises(DomainError, match="exposures and fills"):
        intensity_of(one, -one, one, A=1.0, k=1.0, prior=0.0)
    with pytest.raises(DomainError, match="want half_life > 0"):
        variance_on_a_clock(one, start=1.0, elapsed=1.0, half_life=0.0)
