"""Published worked examples of incentive programs, in the integers of this project."""

import pytest

from makerscope.kernels.scoring import UNIT
from makerscope.programs.powers import largest_remainder
from makerscope.programs.sample_rule import ASK, BID, Kernel, Reducer, SampleRule, sample_score, side_sum, weight
from makerscope.programs.sampling import presence_error

MICRO, NANO = 10**6, 10**9


def test_the_dydx_example_of_depth_over_spread(vectors):
    (case,) = vectors("programs/dydx_v3_qscore.json")
    given = case["inputs"]
    mid = given["mid"]  # ticks of 1 USD, lots of 0.1 BTC
    rule = SampleRule(
        kernel=Kernel.INVERSE,
        limit=given["max_spread_usd"] * UNIT // mid + 1,
        by_value=True,
        num=MICRO,
        den=10,
        min_value=given["min_depth_usd"] * MICRO,
    )
    bids, asks = ([(price, round(10 * size)) for price, size in given[side]] for side in ("bids", "asks"))
    found = {
        "Q_BID": side_sum(rule, BID, bids, 2 * mid)[0] / MICRO,
        "Q_ASK": side_sum(rule, ASK, asks, 2 * mid)[0] / MICRO,
        "Q_MIN": sample_score(rule, 2 * mid, bids, asks) / MICRO,
    }
    assert found == pytest.approx(case["expected"], **case["tolerance"])


def test_the_polymarket_example_of_two_books(vectors):
    for case in vectors("programs/polymarket_liquidity_rewards.json"):
        given = case["inputs"]
        mid = round(1_000 * given["adjusted_midpoint"])  # ticks of 0.1 cent, lots of one share
        rule = SampleRule(
            kernel=Kernel.QUADRATIC,
            reducer=Reducer.SOFTMIN,
            limit=UNIT,
            nearest=0,
            absolute=2 * 10 * given["max_spread_cents"],
            num=NANO,  # a millionth of a share is coarser than the tolerance
            divisor=round(given["c"] * UNIT),
            low=2 * 100,
            high=2 * 900,
        )
        bids, asks = (
            [(mid - side * round(10 * term["spread_c"]), term["size"]) for term in given[name]]
            for side, name in ((BID, "Q_one_terms"), (ASK, "Q_two_terms"))
        )
        found = {
            "Q_one": side_sum(rule, BID, bids, 2 * mid)[0] / NANO,
            "Q_two": side_sum(rule, ASK, asks, 2 * mid)[0] / NANO,
            "Q_min": sample_score(rule, 2 * mid, bids, asks) / NANO,
        }
        want = case["expected"]
        assert {name: found[name] for name in want} == pytest.approx(want, **case["tolerance"]), case["case"]


def test_the_hummingbot_density_at_published_spreads(vectors):
    for case in vectors("programs/hummingbot_miner.json"):
        given, want = case["inputs"], case["expected"]
        if "rho" in want:
            limit = round(given["max_spread"] * UNIT)
            rule = SampleRule(kernel=Kernel.EXPONENTIAL, limit=limit, rate=given["k"] * UNIT * UNIT // limit)
            found = weight(rule, BID, 10**6 - round(10**6 * given["spread"]), 2 * 10**6) / UNIT
            assert found == pytest.approx(want["rho"], **case["tolerance"])


def test_the_hummingbot_pool_is_dealt_out_equally_over_snapshots(vectors):
    (case,) = [case for case in vectors("programs/hummingbot_miner.json") if "pool" in case["inputs"]]
    pool, snapshots = case["inputs"]["pool"] * 10**18, case["inputs"]["snapshots"]
    shares = largest_remainder({f"{n:05}": 1 for n in range(snapshots)}, pool)
    assert sum(shares.values()) == pool
    assert min(shares.values()) / 10**18 == pytest.approx(case["expected"]["per_snapshot"], **case["tolerance"])


def test_the_error_of_sampling_is_the_closed_form(vectors):
    for case in vectors("programs/sampling_error.json"):
        given, want = case["inputs"], case["expected"]
        if "true_uptime" in given:
            found = {"standard_error": presence_error(given["true_uptime"], given["independent_samples"])}
        else:
            share = given["quoted_seconds_per_minute"] / 60
            found = {"mean_score": share, "standard_deviation": presence_error(share, given["samples"])}
        assert found == pytest.approx(want, **case["tolerance"]), case["case"]
