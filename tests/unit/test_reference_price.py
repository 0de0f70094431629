"""The simulated price against closed forms: Heston, Merton, Kou; its shocks, its correlation, its bits."""

import hashlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.errors import DomainError
from makerscope.kernels._jit import kernel
from makerscope.kernels.dice import exponential, streams
from makerscope.market.reference import JUMP_WAIT, JUMPS, STATE, advance, reference_path, start, stream_names
from makerscope.market.reference_terms import (
    JUMP_RATE,
    YEAR_NS,
    NormalJumps,
    Shock,
    TwoSidedJumps,
    Underlying,
    flash_crash,
    mixing,
    plan_of,
)
from makerscope.pricing.black import black76_price
from makerscope.pricing.heston import Heston, expected_variance, heston_price, log_characteristic

HOUR = 3600 * 10**9
WEAK = Heston(v0=0.3, kappa=4.0, theta=0.25, xi=1.0, rho=-0.5)  # Feller's condition holds
WILD = Heston(v0=0.5, kappa=6.0, theta=0.4, xi=4.0, rho=-0.7)  # it fails by far: variance often touches 0
PATHS = 40_000


@kernel
def at_the_end(plan, first, steps, dice, begin, out):  # noqa: PLR0917
    """Spot, variance and number of jumps after ``steps`` steps of many paths, rows of ``out``."""
    spot, variance = np.empty((1, steps)), np.empty((1, steps))
    for p in range(out.shape[0]):
        state = first.copy()
        if state[0, JUMP_WAIT] > 0.0:
            state[0, JUMP_WAIT] = exponential(dice, 2) / plan.constants[0, JUMP_RATE]
        at = advance(plan, state, begin, dice, 0, spot, variance)
        out[p, 2] = state[0, JUMPS]
        advance(plan, state, at, dice, 0, spot[:, :1], variance[:, :1])
        out[p, 0], out[p, 1] = spot[0, 0], variance[0, 0]


def ends(underlying, years, steps, *, seed=1, paths=PATHS, shocks=()):
    plan = plan_of([underlying], step=round(years * YEAR_NS / steps), shocks=shocks)
    out = np.empty((paths, 3))
    dice = streams(seed, stream_names([underlying.name]))
    at_the_end(plan, start(plan, dice), steps, dice, 0, out)
    return out


def price_of(model, **more):
    numbers = {name: getattr(model, name) for name in ("v0", "kappa", "theta", "xi", "rho")}
    return Underlying(name="BTC", spot=100.0, **numbers, **more)


def near(sample, want, *, width=4.0):
    error = sample.std(ddof=1) / math.sqrt(sample.size)
    print(f"{sample.mean():.6g} against {want:.6g}, {(sample.mean() - want) / error:+.2f} standard errors")
    return abs(sample.mean() - want) <= width * error


@pytest.mark.parametrize("steps", [4, 64])
@pytest.mark.parametrize("model", [WEAK, WILD], ids=["weak", "wild"])
def test_variance_and_log_return_have_the_moments_of_heston(model, steps):
    years = 0.25
    spot, variance, _ = ends(price_of(model), years, steps).T
    fade = math.exp(-model.kappa * years)
    mean = model.theta + (model.v0 - model.theta) * fade
    spread = model.xi**2 / model.kappa * (model.v0 * fade * (1 - fade) + model.theta * (1 - fade) ** 2 / 2)
    assert near(variance, mean)
    assert near((variance - mean) ** 2, spread, width=5.0)
    assert variance.min() >= 0.0

    h = 1e-3  # the second derivative of the logarithm of the characteristic function is minus the variance
    up, down = log_characteristic(model, np.array([h, -h], np.complex128), years)
    moved = np.log(spot / 100.0)
    first, second = ((up - down) / (2j * h)).real, -((up + down) / h**2).real
    assert near(moved, -expected_variance(model, years) / 2)
    assert first == pytest.approx(-expected_variance(model, years) / 2, rel=1e-4)
    if steps == 64:
        assert near((moved - first) ** 2, second, width=5.0)


@pytest.mark.parametrize("model", [WEAK, WILD], ids=["weak", "wild"])
def test_the_price_is_a_martingale_and_options_cost_what_heston_says(model):
    years = 0.5
    spot = ends(price_of(model), years, 64, seed=3)[:, 0]
    assert near(spot, 100.0)
    strikes = np.array([60.0, 80.0, 100.0, 120.0, 150.0])
    want = heston_price(100.0, strikes, years, model)
    for strike, price in zip(strikes, want, strict=True):
        gain = np.maximum(spot - strike, 0.0)
        beta = np.cov(gain, spot)[0, 1] / spot.var(ddof=1)  # the spot itself, of known mean, takes most noise away
        assert near(gain - beta * (spot - 100.0), price)


def test_jumps_of_normal_size_cost_what_merton_says():
    jumps, years, vol = NormalJumps(rate=12.0, mean=-0.04, deviation=0.06), 0.5, 0.4
    one = Underlying(name="BTC", spot=100.0, v0=vol**2, theta=vol**2, jumps=jumps)
    spot, _, count = ends(one, years, 8, seed=5).T
    assert near(count, 6.0)
    assert near((count - 6.0) ** 2, 6.0)
    assert near(spot, 100.0)
    growth = math.exp(-0.04 + 0.06**2 / 2)
    for strike in (80.0, 100.0, 120.0):
        price = 0.0
        for n in range(60):  # Black's price given n jumps
            chance = math.exp(-6.0) * 6.0**n / math.factorial(n)
            forward = 100.0 * math.exp(-6.0 * (growth - 1.0)) * growth**n
            total = math.sqrt((vol**2 * years + n * 0.06**2) / years)
            price += chance * float(black76_price(forward, strike, total, years, is_call=True))
        assert near(np.maximum(spot - strike, 0.0), price)


def test_two_sided_jumps_have_the_moments_of_kou():
    jumps = TwoSidedJumps(rate=20.0, up_chance=0.3, up_mean=0.05, down_mean=0.1)
    spot, _, count = ends(Underlying(name="BTC", spot=100.0, v0=0.0, theta=0.0, jumps=jumps), 0.5, 8, seed=6).T
    assert near(count, 10.0)
    assert near(spot, 100.0)
    growth = 0.3 / 0.95 + 0.7 / 1.1 - 1.0
    moved = np.log(spot / 100.0)
    assert near(moved, 10.0 * (0.3 * 0.05 - 0.7 * 0.1 - growth))
    assert near((moved - moved.mean()) ** 2, 10.0 * 2.0 * (0.3 * 0.05**2 + 0.7 * 0.1**2))


def test_drift_is_the_expected_rate_of_return():
    spot = ends(price_of(WEAK, drift=0.8, jumps=NormalJumps(rate=5.0, mean=0.1, deviation=0.1)), 0.25, 8).T[0]
    assert near(spot, 100.0 * math.exp(0.2))


def test_prices_have_the_correlation_that_was_asked_for_whatever_their_skew():
    steep = {"v0": 0.4, "theta": 0.4, "kappa": 5.0, "xi": 1.5}
    rho = (-0.8, 0.3, 0.0)
    names = ["BTC", "ETH", "SOL"]
    prices = [Underlying(name=name, spot=10.0, rho=r, **steep) for name, r in zip(names, rho, strict=True)]
    want = np.array([[1.0, 0.8, 0.5], [0.8, 1.0, -0.1], [0.5, -0.1, 1.0]])
    plan = plan_of(prices, step=10**9, correlation=want)
    path = reference_path(plan, 60_000, streams(2, stream_names(names)))
    moved = np.diff(np.log(path.spot))
    error = 4 / math.sqrt(60_000)
    np.testing.assert_allclose(np.corrcoef(moved), want, atol=error)
    changed = np.diff(path.variance)
    for i in range(3):
        assert np.corrcoef(moved[i], changed[i])[0, 1] == pytest.approx(rho[i], abs=error)


def test_another_price_does_not_change_the_first():
    one, two = price_of(WEAK), Underlying(name="ETH", spot=5.0, v0=0.5, theta=0.5)
    alone = reference_path(plan_of([one], step=HOUR), 50, streams(4, stream_names(["BTC"])))
    plan = plan_of([one, two], step=HOUR, correlation=[[1.0, 0.7], [0.7, 1.0]])
    both = reference_path(plan, 50, streams(4, stream_names(["BTC", "ETH"])))
    np.testing.assert_array_equal(alone.spot[0], both.spot[0])
    assert both.heard.all()
    assert both.end == 50 * HOUR


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(0, 5))
def test_chunks_make_the_same_bits_as_the_whole(chunks, seed):
    jumps = NormalJumps(rate=20000.0, mean=0.0, deviation=0.01)
    shocks = flash_crash(start=5 * HOUR + 7, fall=0.3, within=3 * HOUR, recovery=0.5, over=HOUR)
    plan = plan_of([price_of(WILD, jumps=jumps)], step=HOUR, shocks=shocks)
    whole = reference_path(plan, sum(chunks), streams(seed, stream_names(["BTC"])), begin=3)
    dice = streams(seed, stream_names(["BTC"]))
    state, at, parts = start(plan, dice, 0), 3, []
    for size in chunks:
        spot, variance = np.empty((1, size)), np.empty((1, size))
        at = advance(plan, state, at, dice, 0, spot, variance)
        parts.append((spot, variance))
    np.testing.assert_array_equal(np.concatenate([spot for spot, _ in parts], axis=1), whole.spot)
    np.testing.assert_array_equal(np.concatenate([v for _, v in parts], axis=1), whole.variance)
    assert at == whole.end
    assert state.shape == (1, STATE)


def test_a_flash_crash_falls_and_recovers_as_told():
    still = Underlying(name="BTC", spot=1000.0, v0=0.0, theta=0.0)
    second = 10**9
    shocks = flash_crash(start=10 * second, fall=0.2, within=4 * second, recovery=0.75, over=8 * second)
    plan = plan_of([still], step=second, shocks=shocks)
    spot = reference_path(plan, 30, streams(1, stream_names(["BTC"]))).spot[0]
    np.testing.assert_allclose(spot[:11], 1000.0, rtol=1e-14)
    np.testing.assert_allclose(spot[12], 1000.0 * math.sqrt(0.8), rtol=1e-14)
    np.testing.assert_allclose(spot[14], 800.0, rtol=1e-14)
    np.testing.assert_allclose(spot[22:], 950.0, rtol=1e-14)


def test_a_shock_between_two_points_of_the_grid_moves_the_price_whole():
    still = Underlying(name="BTC", spot=1000.0, v0=0.0, theta=0.0)
    plan = plan_of([still], step=100, shocks=[Shock(underlying=0, start=130, end=140, log_move=0.5)])
    spot = reference_path(plan, 4, streams(1, stream_names(["BTC"]))).spot[0]
    np.testing.assert_allclose(spot, 1000.0 * np.exp([0.0, 0.0, 0.5, 0.5]), rtol=1e-14)


def test_a_shock_leaves_the_dice_of_the_rest_of_the_path_alone():
    shocks = flash_crash(start=5 * HOUR, fall=0.4, within=HOUR)
    calm = reference_path(plan_of([price_of(WEAK)], step=HOUR), 40, streams(8, stream_names(["BTC"])))
    crash = reference_path(plan_of([price_of(WEAK)], step=HOUR, shocks=shocks), 40, streams(8, stream_names(["BTC"])))
    apart = np.log(crash.spot[0] / calm.spot[0])
    np.testing.assert_allclose(apart[:6], 0.0, atol=1e-12)
    np.testing.assert_allclose(apart[6:], math.log(0.6), rtol=1e-12)
    np.testing.assert_array_equal(crash.variance, calm.variance)


def test_an_episode_multiplies_volatility_while_it_lasts():
    begin, end = 20_000 * 10**9, 40_000 * 10**9
    plan = plan_of([price_of(WEAK)], step=10**9, shocks=[Shock(underlying=0, start=begin, end=end, volatility=3.0)])
    path = reference_path(plan, 60_000, streams(9, stream_names(["BTC"])))
    calm = reference_path(plan_of([price_of(WEAK)], step=10**9), 60_000, streams(9, stream_names(["BTC"])))
    ratio = np.diff(np.log(path.spot[0])) / np.diff(np.log(calm.spot[0]))
    np.testing.assert_allclose(np.median(ratio[20_000:40_000]), 3.0, rtol=1e-4)
    np.testing.assert_allclose(path.variance[0, 20_000:40_000], 9.0 * calm.variance[0, 20_000:40_000])
    np.testing.assert_array_equal(path.variance[0, :20_000], calm.variance[0, :20_000])
    spot = ends(price_of(WILD), 0.25, 8, shocks=[Shock(underlying=0, start=0, end=YEAR_NS, volatility=1.5)])[:, 0]
    assert near(spot, 100.0)


def test_the_realised_variance_of_a_fine_path_is_the_variance_it_was_given():
    plan = plan_of([price_of(WILD)], step=10**8)
    path = reference_path(plan, 200_000, streams(10, stream_names(["BTC"])))
    realised = (np.diff(np.log(path.spot[0])) ** 2).sum()
    given_variance = path.variance[0, :-1].sum() * 10**8 / YEAR_NS
    assert realised == pytest.approx(given_variance, rel=4 * math.sqrt(2 / 200_000))


def test_the_path_is_the_same_bits_on_every_machine():
    jumps = TwoSidedJumps(rate=500.0, up_chance=0.4, up_mean=0.01, down_mean=0.02)
    prices = [price_of(WILD, jumps=jumps), Underlying(name="ETH", spot=2000.0, v0=0.6, theta=0.5, xi=1.0, rho=-0.3)]
    shocks = flash_crash(start=900 * HOUR, fall=0.3, within=HOUR, recovery=0.6, over=HOUR)
    plan = plan_of(prices, step=HOUR, correlation=[[1.0, 0.6], [0.6, 1.0]], shocks=shocks)
    path = reference_path(plan, 5000, streams(20260809, stream_names(["BTC", "ETH"])))
    found = hashlib.sha256(path.spot.astype("<f8").tobytes() + path.variance.astype("<f8").tobytes()).hexdigest()[:16]
    assert found == "e31396421fe6d9e6"


def test_impossible_prices_are_refused():
    with pytest.raises(DomainError, match="kappa > 0"):
        Underlying(name="BTC", spot=1.0, v0=0.1, theta=0.1, kappa=0.0)
    with pytest.raises(DomainError, match="fall < 1"):
        flash_crash(start=0, fall=1.0, within=1)
    with pytest.raises(DomainError, match="end after start"):
        Shock(underlying=0, start=5, end=5)
    with pytest.raises(DomainError, match="a shock is for price 1"):
        plan_of([price_of(WEAK)], step=1, shocks=[Shock(underlying=1, start=0, end=1)])
    with pytest.raises(DomainError, match="positive semidefinite"):
        mixing([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    with pytest.raises(DomainError, match="symmetric"):
        mixing([[1.0, 0.9], [0.8, 1.0]])
    with pytest.raises(DomainError, match="3 streams each"):
        reference_path(plan_of([price_of(WEAK)], step=1), 5, streams(1, ["a"]))


def test_a_perfect_correlation_is_one_price_twice():
    pair = [Underlying(name=name, spot=7.0, v0=0.3, theta=0.3) for name in ("A", "B")]
    plan = plan_of(pair, step=HOUR, correlation=[[1.0, 1.0], [1.0, 1.0]])
    path = reference_path(plan, 20, streams(1, stream_names(["A", "B"])))
    np.testing.assert_array_equal(path.spot[0], path.spot[1])
