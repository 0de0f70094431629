"""Seeded instants: as defined, within their periods, reproducible, and fair to those who do not know the seed."""

from itertools import pairwise
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sha3 import keccak_256

from makerscope.errors import DomainError, InputError
from makerscope.programs.sampling import (
    check_commitment,
    commitment,
    draws,
    grid_instants,
    independent_instants,
    jackknife_error,
    presence_error,
    sampled_blocks,
    share_error,
    stratified_instants,
)

SECOND = 10**9
MINUTE = 60 * SECOND
SEED = bytes(range(32))
exact = settings(deadline=None, derandomize=True, max_examples=150)
seeds = st.binary(min_size=32, max_size=32)


def drawn(seed, i):
    return int.from_bytes(keccak_256(seed + i.to_bytes(8, "big")).digest()[:8], "big")


@exact
@given(seeds, st.integers(0, 2**62), st.integers(1, 2**56), st.integers(0, 30), st.integers(0, 1000))
def test_stratified_instants_are_as_defined_one_in_each_whole_period(seed, start, period, count, rest):
    found = stratified_instants(seed, start, start + count * period + rest % period, period)
    assert found.tolist() == [start + i * period + (drawn(seed, i) * period >> 64) for i in range(count)]
    assert all(start + i * period <= t < start + (i + 1) * period for i, t in enumerate(found.tolist()))


@exact
@given(seeds, st.integers(0, 2**61), st.integers(0, 2**62), st.integers(0, 40))
def test_independent_instants_are_as_defined_and_ascend(seed, start, span, count):
    found = independent_instants(seed, start, start + span, count).tolist()
    assert found == sorted(start + (drawn(seed, i) * span >> 64) for i in range(count))


@exact
@given(seeds, st.integers(0, 10**9), st.integers(0, 5_000), st.integers(1, 50), st.integers(0, 90))
def test_sampled_blocks_are_as_defined(seed, start, span, low, more):
    want, last, i = [], start, 0
    while last < start + span:
        last += low + drawn(seed, i) % (more + 1)
        want.append(last)
        i += 1
    found = sampled_blocks(seed, start, start + span, low=low, high=low + more).tolist()
    assert found == [block for block in want if block < start + span]
    assert all(low <= after - before <= low + more for before, after in pairwise([start, *found]))


def test_the_same_seed_gives_the_same_instants_and_another_gives_others():
    epoch = (1_700_000_000 * SECOND, 1_700_003_600 * SECOND, MINUTE)
    first = stratified_instants(SEED, *epoch)
    assert first.tolist() == stratified_instants(SEED, *epoch).tolist()
    assert not np.isin(first, stratified_instants(bytes(32), *epoch)).any()


def test_a_seed_is_checked_against_its_commitment():
    published = commitment(SEED)
    check_commitment(SEED, published)
    check_commitment(SEED, "0x" + published[2:].upper())
    with pytest.raises(InputError, match="as published before the epoch"):
        check_commitment(bytes(32), published)


@pytest.mark.parametrize("seed", [b"", bytes(31), bytes(33), "0" * 32, None])
def test_a_seed_of_another_length_is_refused(seed):
    with pytest.raises(InputError, match="want 32 bytes"):
        commitment(seed)


def test_spans_that_cannot_be_are_refused():
    for call in (
        lambda: grid_instants(5, 4, 1),
        lambda: grid_instants(0, 4, 0),
        lambda: grid_instants(-1, 4, 1),
        lambda: independent_instants(SEED, 0, 2**63, 1),
        lambda: independent_instants(SEED, 0, 5, -1),
        lambda: independent_instants(SEED, 0, 5, 10**9),
        lambda: stratified_instants(SEED, 0, MINUTE, 1),
        lambda: sampled_blocks(SEED, 0, 5, low=0, high=1),
        lambda: sampled_blocks(SEED, 0, 5, low=3, high=2),
        lambda: presence_error(1.5, 3),
        lambda: presence_error(0.5, 0),
        lambda: jackknife_error(np.zeros((1, 1)), lambda sums: sums),
    ):
        with pytest.raises(DomainError):
            call()


def score_of_the_minute_mark_gamer(instants):
    return float((instants % MINUTE < SECOND).mean())


def test_whoever_quotes_one_second_a_minute_scores_all_on_a_grid_and_a_sixtieth_by_chance():
    day = 24 * 60 * MINUTE
    assert score_of_the_minute_mark_gamer(grid_instants(0, day, MINUTE)) == 1.0
    error = presence_error(1 / 60, 1440)
    for found in (stratified_instants(SEED, 0, day, MINUTE), independent_instants(SEED, 0, day, 1440)):
        assert found.size == 1440
        assert score_of_the_minute_mark_gamer(found) == pytest.approx(1 / 60, abs=3 * error)
    many = independent_instants(SEED, 0, 200 * day, 200 * 1440)
    assert score_of_the_minute_mark_gamer(many) == pytest.approx(1 / 60, abs=3 * error / sqrt(200))


def test_draws_are_uniform():
    counts = np.bincount((draws(SEED, 0, 64_000) >> np.uint64(58)).astype(np.int64), minlength=64)
    assert ((counts - 1000) ** 2 / 1000).sum() < 103  # chi square, 63 degrees of freedom: 0.1 %


def test_the_jackknife_is_the_closed_form_for_means_and_the_spread_of_shares():
    chance = np.random.default_rng(7)
    scores = chance.exponential((1.0, 3.0), (400, 2))
    mean = jackknife_error(scores, lambda sums: sums / 400)
    assert mean == pytest.approx(scores.std(axis=0, ddof=1) / 20, rel=1e-9)
    epochs = chance.exponential((1.0, 3.0), (2_000, 400, 2)).sum(axis=1)
    true = (epochs[:, 0] / epochs.sum(axis=1)).std()
    assert share_error(scores) == pytest.approx([true, true], rel=0.15)
    assert np.isnan(share_error(np.zeros((5, 2)))).all()


def test_a_dydx_epoch_has_one_instant_in_each_of_its_40320_minutes():
    found = stratified_instants(SEED, 0, 40_320 * MINUTE, MINUTE)
    assert (found // MINUTE).tolist() == list(range(40_320))
