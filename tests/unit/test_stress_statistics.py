"""Intervals of the stress lab against distributions whose truth is known, and the helpers that find a trough."""

import numpy as np
import pytest
from scipy import stats

from makerscope.errors import DomainError
from makerscope.lab.crisis import half_back, smoothed
from makerscope.lab.measures import drawdown
from makerscope.lab.statistics import difference, estimate, newcombe, wilson

RUNS = 2000


def test_students_interval_holds_the_truth_as_often_as_it_says():
    dice = np.random.Generator(np.random.PCG64(1))
    hits = sum(
        found.low <= 3.0 <= found.high for found in (estimate(row.tolist()) for row in dice.normal(3, 2, (RUNS, 8)))
    )
    assert hits == pytest.approx(0.95 * RUNS, abs=4 * np.sqrt(RUNS * 0.95 * 0.05))


def test_students_interval_is_scipys():
    values = [1.0, 4.0, 2.5, 8.0, -1.0]
    found, theirs = estimate(values), stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high))


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 20), (50, 100), (7, 7), (1, 1)])
def test_wilsons_interval_is_scipys(k, n):
    theirs = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
    assert wilson(k, n) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@pytest.mark.parametrize("p", [0.05, 0.5, 0.9])
def test_wilsons_interval_holds_the_truth_about_as_often_as_it_says(p):
    n = 40
    k = np.arange(n + 1)
    inside = np.array([wilson(int(each), n)[0] <= p <= wilson(int(each), n)[1] for each in k])
    assert 0.92 <= stats.binom.pmf(k, n, p)[inside].sum() <= 0.985


def test_the_interval_of_paired_shares_is_that_of_the_paper_and_holds_the_truth():
    pairs = [(1.0, 1.0)] * 36 + [(1.0, 0.0)] * 12 + [(0.0, 1.0)] * 2
    assert newcombe(pairs) == pytest.approx((0.0569, 0.3404), abs=5e-5)
    dice = np.random.Generator(np.random.PCG64(2))
    hits = 0
    for _ in range(RUNS):
        base = dice.random(30) < 0.6
        mine = base & (dice.random(30) < 0.75)
        low, high = newcombe(list(zip(mine.astype(float).tolist(), base.astype(float).tolist(), strict=True)))
        hits += low <= -0.15 <= high
    assert 0.93 * RUNS <= hits <= 0.99 * RUNS


def test_pairs_see_what_unpaired_runs_do_not():
    """A common shock of each seed is ten times the difference; in pairs it is gone."""
    dice = np.random.Generator(np.random.PCG64(3))
    common = dice.normal(0, 10, 25)
    base, mine = common + dice.normal(0, 0.5, 25), common + 1 + dice.normal(0, 0.5, 25)
    found = difference(mine.tolist(), base.tolist())
    assert 0.5 < found.low < 1 < found.high < 1.5
    assert estimate(mine.tolist()).low < estimate(base.tolist()).high


def test_a_pair_with_an_unknown_is_left_out_whole():
    found = difference([1.0, None, 5.0, 2.0], [0.0, 1.0, None, 3.0])
    assert (found.n, found.of, found.mean) == (2, 4, 0.0)
    assert difference([None], [1.0]).mean is None
    with pytest.raises(DomainError, match="2 values are paired with 1"):
        difference([1.0, 2.0], [1.0])


def test_one_run_has_a_mean_and_no_interval():
    found = estimate([4.0])
    assert (found.mean, found.low, found.high) == (4.0, None, None)
    assert estimate([1.0], share=True).low == pytest.approx(0.2065, abs=1e-4)


def test_a_trough_and_its_recovery_are_found_where_they_were_put():
    times = np.arange(100.0)
    depth = np.where(times < 20, 100.0, np.minimum(100.0, 10 + 3 * (times - 20)))
    worst, back, fine = half_back(times, 100.0 - depth, 100.0, 20)
    assert (worst, back, fine) == (20, 15.0, True)
    flat = half_back(times, np.full(100, 5.0), 100.0, 20)
    assert flat[1:] == (None, True)
    gone = half_back(times, np.where(times < 20, 0.0, 90.0), 100.0, 20)
    assert gone[1:] == (None, False)


def test_smoothing_is_a_mean_of_what_is_known():
    values = np.array([1.0, np.nan, 3.0, 8.0])
    slow = [np.nanmean(values[max(0, i - 1) : i + 1]) for i in range(4)]
    assert smoothed(values, 2).tolist() == pytest.approx(slow)


def test_drawdown_is_the_largest_of_all_falls():
    dice = np.random.Generator(np.random.PCG64(4))
    for _ in range(50):
        walk = np.cumsum(dice.normal(size=60))
        slow = max(walk[i] - walk[j] for i in range(60) for j in range(i, 60))
        fall, top, low, _ = drawdown(walk)
        assert fall == pytest.approx(slow)
        assert walk[top] - walk[low] == pytest.approx(slow)
