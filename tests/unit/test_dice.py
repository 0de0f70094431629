"""Random streams: the published generator, the stated laws, the same bits everywhere, and paired seeds."""

import hashlib
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from makerscope.errors import DomainError
from makerscope.kernels import dice as roll
from makerscope.kernels._jit import kernel
from makerscope.kernels.dice import split_mix, streams

DRAWS = 200_000
SEEDS = (1, 2, 3)
XOSHIRO = [  # the authors' C program, state {1, 2, 3, 4}; the same list is in the Rust crate rand_xoshiro
    41943041,
    58720359,
    3588806011781223,
    3591011842654386,
    9228616714210784205,
    9973669472204895162,
    14011001112246962877,
    12406186145184390807,
    15849039046786891736,
    10450023813501588000,
]


@kernel
def many_bits(dice, k, out):
    for i in range(out.shape[0]):
        out[i] = roll.next_bits(dice, k)


@kernel
def many_uniforms(dice, k, out):
    for i in range(out.shape[0]):
        out[i] = roll.uniform(dice, k)


@kernel
def many_below(dice, k, n, out):
    for i in range(out.shape[0]):
        out[i] = roll.below(dice, k, n)


@kernel
def many_exponentials(dice, k, out):
    for i in range(out.shape[0]):
        out[i] = roll.exponential(dice, k)


@kernel
def many_counts(dice, k, mean, out):
    for i in range(out.shape[0]):
        out[i] = roll.poisson(dice, k, mean)


@kernel
def many_trials(dice, k, p, out):
    for i in range(out.shape[0]):
        out[i] = roll.geometric(dice, k, p)


def drawn(fill, *more, seed, kind=np.float64, size=DRAWS):
    out = np.empty(size, kind)
    fill(streams(seed, ["test"]), 0, *more, out)
    return out


def slow_xoshiro(state, n):
    mask, rows = (1 << 64) - 1, []

    def rotated(x, by):
        return ((x << by) | (x >> (64 - by))) & mask

    s = list(state)
    for _ in range(n):
        rows.append((rotated((s[0] + s[3]) & mask, 23) + s[0]) & mask)
        t = (s[1] << 17) & mask
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotated(s[3], 45)
    return rows


def test_the_generator_gives_the_published_numbers():
    out = np.empty(10, np.uint64)
    many_bits(np.array([[1, 2, 3, 4]], np.uint64), 0, out)
    assert out.tolist() == XOSHIRO


def test_the_seeds_are_the_published_splitmix():
    state, got = 1234567, []
    for _ in range(5):  # the list of the Java library's and of Rosetta Code's SplitMix64, seed 1234567
        state = (state + roll.GOLDEN) & roll.MASK
        got.append(split_mix(state))
    want = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821]
    assert got == want


@given(st.lists(st.integers(0, 2**64 - 1), min_size=4, max_size=4))
def test_any_state_moves_as_in_plain_python(state):
    out = np.empty(20, np.uint64)
    many_bits(np.array([state], np.uint64), 0, out)
    assert out.tolist() == slow_xoshiro(state, 20)


@given(st.integers(0, 2**64 - 1), st.lists(st.one_of(st.text(), st.integers(0, 2**64 - 1)), unique=True, max_size=6))
def test_a_stream_depends_on_the_seed_and_its_own_name_alone(seed, names):
    whole = streams(seed, names)
    assert all((streams(seed, [name])[0] == row).all() for name, row in zip(names, whole, strict=True))
    assert len({tuple(row) for row in whole.tolist()}) == len(names)


def test_streams_and_neighbouring_seeds_are_not_correlated():
    first = drawn(many_uniforms, seed=7)
    other = np.empty(DRAWS)
    for dice in (streams(8, ["test"]), streams(7, ["tesu"]), streams(7, [0]), streams(7, [1])):
        many_uniforms(dice, 0, other)
        assert abs(np.corrcoef(first, other)[0, 1]) < 4 / math.sqrt(DRAWS)


def test_one_stream_leaves_the_others_alone():
    dice = streams(3, ["a", "b"])
    before = dice[1].copy()
    many_uniforms(dice, 0, np.empty(100))
    assert (dice[1] == before).all()


def test_bad_seeds_and_names_are_refused_by_what_they_are():
    with pytest.raises(DomainError, match="seed -1"):
        streams(-1, ["a"])
    with pytest.raises(DomainError, match="'a' is there twice"):
        streams(1, ["a", "b", "a"])
    with pytest.raises(DomainError, match="stream -4"):
        streams(1, [-4])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_continuous_laws_pass_kolmogorov_and_smirnov(seed):
    normals = np.empty(DRAWS)
    roll.fill_normals(streams(seed, ["n"]), 0, normals)
    for sample, law in (
        (drawn(many_uniforms, seed=seed), stats.uniform()),
        (drawn(many_exponentials, seed=seed), stats.expon()),
        (normals, stats.norm()),
    ):
        assert stats.kstest(sample, law.cdf).pvalue > 1e-3
        assert sample.mean() == pytest.approx(law.mean(), abs=4 * law.std() / math.sqrt(DRAWS))
        spread = law.std() * math.sqrt((law.stats("k") + 2) / DRAWS)
        assert sample.std() == pytest.approx(law.std(), abs=4 * spread)
    assert np.corrcoef(normals[1:], normals[:-1])[0, 1] == pytest.approx(0, abs=4 / math.sqrt(DRAWS))


def test_the_normal_is_the_inverse_distribution_of_its_bits():
    dice = streams(5, ["n"])
    bits, normals = np.empty(DRAWS, np.uint64), np.empty(DRAWS)
    many_bits(dice.copy(), 0, bits)
    roll.fill_normals(dice, 0, normals)
    upper = bits >= 2**63
    tail = (np.where(upper, ~bits, bits) >> np.uint64(12)).astype(float) + 0.5
    want = np.where(upper, -1.0, 1.0) * stats.norm.ppf(tail * 2.0**-52)
    np.testing.assert_allclose(normals, want, rtol=4e-15, atol=1e-16)


def test_the_farthest_bits_give_finite_numbers():
    for bits, want in ((0, stats.norm.ppf(2.0**-53)), (2**64 - 1, -stats.norm.ppf(2.0**-53))):
        state = state_giving(bits)
        out = np.empty(1)
        roll.fill_normals(state.copy(), 0, out)
        assert out[0] == pytest.approx(want, rel=1e-14)
        many_exponentials(state.copy(), 0, out)
        assert out[0] == pytest.approx(0.0 if bits == 0 else 53 * math.log(2), abs=1e-13)
        many_uniforms(state.copy(), 0, out)
        assert out[0] == (0.0 if bits == 0 else 1 - 2.0**-53)
        for mean in (1e-3, 1.0, 11.9):
            count = np.empty(1, np.int64)
            many_counts(state.copy(), 0, mean, count)
            assert 0 <= count[0] < 60


def state_giving(bits):
    """A state whose next output is ``bits``: with s0 = 0 the output is s3 turned by 23."""
    turned = ((bits >> 23) | (bits << 41)) & roll.MASK
    return np.array([[0, 11, 13, turned]], np.uint64)


@pytest.mark.parametrize("n", [1, 2, 6, 1000])
def test_every_integer_below_is_equally_likely(n):
    sample = drawn(many_below, n, seed=n, kind=np.int64)
    counts = np.bincount(sample, minlength=n)
    assert counts.size == n
    if n > 1:
        assert stats.chisquare(counts).pvalue > 1e-3


def test_a_large_range_has_no_bias_toward_its_low_part():
    n = 3 << 61  # 2^64 mod n is large: taking the remainder would favour the low third by a half
    sample = drawn(many_below, n, seed=9, kind=np.int64)
    thirds = np.bincount((sample // (1 << 61)).astype(int), minlength=3)
    assert stats.chisquare(thirds).pvalue > 1e-3


@pytest.mark.parametrize("mean", [0.01, 0.7, 5.0, 11.99, 12.0, 40.0, 1e4])
def test_counts_are_poisson(mean):
    sample = drawn(many_counts, mean, seed=4, kind=np.int64)
    law = stats.poisson(mean)
    assert fits(sample, law)
    assert sample.mean() == pytest.approx(mean, abs=4 * math.sqrt(mean / DRAWS))


@pytest.mark.parametrize("p", [1e-12, 0.003, 0.4, 0.999, 1.0])
def test_trials_are_geometric(p):
    sample = drawn(many_trials, p, seed=6, kind=np.int64)
    assert sample.min() >= 1
    if 1e-9 < p < 1.0:  # scipy cannot tell the law of p = 1
        assert fits(sample, stats.geom(p))
    assert sample.mean() == pytest.approx(1 / p, abs=4 * math.sqrt((1 - p) / DRAWS) / p)


def fits(sample, law):
    """Chi-square of a sample of whole numbers against a law, in cells of at least 20 expected."""
    edges = [-1, *sorted({int(law.ppf(q)) for q in np.linspace(0.01, 0.99, 40)}), np.inf]
    chances = np.diff(law.cdf(edges))
    counts = np.array([((sample > low) & (sample <= high)).sum() for low, high in itertools.pairwise(edges)])
    kept = chances * sample.size >= 20
    if kept.sum() < 2:
        return bool(counts[~kept].sum() <= 60)
    rest = max(1.0 - chances[kept].sum(), 0.0) * sample.size
    expected = np.append(chances[kept] * sample.size, rest)[: kept.sum() + (rest >= 5)]
    seen = np.append(counts[kept], counts[~kept].sum())[: expected.size]
    return stats.chisquare(seen, expected * seen.sum() / expected.sum()).pvalue > 1e-3


def test_arguments_without_a_law_give_zero():
    out = np.empty(3, np.int64)
    for mean in (0.0, -1.0, math.nan):
        many_counts(streams(1, ["a"]), 0, mean, out)
        assert not out.any()
    for p in (0.0, -0.1, 1.1, math.nan):
        many_trials(streams(1, ["a"]), 0, p, out)
        assert not out.any()
    many_below(streams(1, ["a"]), 0, 0, out)
    assert not out.any()


def test_the_bits_are_the_same_on_every_machine():
    digest = hashlib.sha256()
    dice = streams(20260809, ["price", "agent 1", 3])
    for k in range(3):
        for fill, more in ((many_uniforms, ()), (many_exponentials, ()), (many_counts, (3.3,)), (many_counts, (77.0,))):
            out = np.empty(20_000)
            fill(dice, k, *more, out)
            digest.update(out.astype("<f8").tobytes())
        out = np.empty(20_000)
        roll.fill_normals(dice, k, out)
        digest.update(out.astype("<f8").tobytes())
    assert digest.hexdigest()[:16] == "a844071075f1f9fe"
