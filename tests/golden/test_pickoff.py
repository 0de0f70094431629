"""Who is picked off under which ordering: two messages through the simulated chain against the derived law."""

import numpy as np
import pytest

from makerscope.errors import DomainError
from makerscope.market import chain as chains
from makerscope.market import latency_models, ordering
from makerscope.market.layout import CANCEL, FIRST_AGENT, TAKE
from tests.market_messages import LATE, MS, arranged, chain_of, messages_of

BOUNDARIES = 1_000


@pytest.fixture
def cases(vectors):
    """(inputs, expected) of the vectors whose name begins so."""
    rows = vectors("models/latency.json")
    return lambda start: [(row["inputs"], row["expected"]) for row in rows if row["case"].startswith(start)]


def picked_off(name, lag, block=100 * MS, bump=0, **numbers):
    """Share of evenly spread block boundaries at which the taker executes before the cancel ``lag`` ns behind it."""
    delays = np.array([[0, 0, bump]])
    policy = ordering.new_ordering(ordering.POLICIES[name], accounts=FIRST_AGENT + 2, delays=delays, **numbers)
    hits = 0
    for i in range(BOUNDARIES):
        table = messages_of(
            [{"kind": TAKE, "seen": LATE}, {"kind": CANCEL, "account": FIRST_AGENT + 1, "seen": LATE + lag}]
        )
        chain = chain_of(interval=block, time=LATE - block + (2 * i + 1) * block // (2 * BOUNDARIES))
        done, waiting = [], [0, 1]
        while len(done) < 2:
            chains.start_block(chain, chains.next_block_time(chain, 0, 0))
            chain.state[chains.C_ORACLE] = chain.state[chains.C_TIME]
            done += arranged(policy, chain, table, waiting)
            waiting = [m for m in (0, 1) if m not in done]
        hits += done[0] == 0
    return hits / BOUNDARIES


@pytest.mark.parametrize("name", ["class-sort", "batch"])
def test_cancels_first_lose_the_share_of_a_block_they_are_late(name, cases):
    for inputs, want in cases("cancel-first-pickoff"):
        lag, block = (round(inputs[k] * 1e9) for k in ("maker_lag_s", "block_s"))
        assert picked_off(name, lag, block) == pytest.approx(want["pickoff_probability"], abs=1.0 / BOUNDARIES)
        law = latency_models.pickoff_probability(inputs["maker_lag_s"], policy="cancel-first", block=inputs["block_s"])
        assert law == pytest.approx(want["pickoff_probability"], rel=0, abs=1e-12)


@pytest.mark.parametrize("lag", [0, 5, 20, 60, 99, 150])
def test_cancels_first_follow_the_law_at_every_lag(lag):
    want = latency_models.pickoff_probability(lag / 1e3, policy="cancel-first", block=0.1)
    assert picked_off("class-sort", lag * MS) == pytest.approx(want, abs=1.0 / BOUNDARIES)


@pytest.mark.parametrize("name", ["first-come", "short-term", "timeboost"])
@pytest.mark.parametrize("lag", [1, 20 * MS, 150 * MS])
def test_first_come_first_served_always_loses_the_race(name, lag):
    assert picked_off(name, lag) == 1.0
    assert latency_models.pickoff_probability(lag / 1e9, policy="first-come") == 1.0


@pytest.mark.parametrize(("lag", "want"), [(20, 0.0), (299, 0.0), (301, 1.0), (400, 1.0)])
def test_a_speed_bump_for_takers_saves_whoever_is_less_late(lag, want):
    assert picked_off("first-come", lag * MS, bump=300 * MS) == want
    assert latency_models.pickoff_probability(lag / 1e3, policy="first-come", bump=0.3) == want


def test_a_speed_bump_and_cancels_first_add_up():
    want = latency_models.pickoff_probability(0.32, policy="cancel-first", block=0.1, bump=0.3)
    assert picked_off("class-sort", 320 * MS, bump=300 * MS) == pytest.approx(want, abs=1.0 / BOUNDARIES)


def test_takers_held_back_two_blocks_give_two_blocks_more():
    assert picked_off("delayed-takers", 200 * MS, blocks=2) == 0.0
    assert picked_off("delayed-takers", 220 * MS, blocks=2) == pytest.approx(0.2, abs=1.0 / BOUNDARIES)


def test_the_express_account_overtakes_a_cancel_that_came_first():
    assert picked_off("timeboost", -150 * MS, express=FIRST_AGENT, express_delay=200 * MS) == 1.0
    assert picked_off("timeboost", -250 * MS, express=FIRST_AGENT, express_delay=200 * MS) == 0.0
    assert picked_off("timeboost", -150 * MS, express=-1, express_delay=200 * MS) == 0.0


def test_the_sniping_equilibrium_is_the_published_one(cases):
    for i, want in cases("bcs"):
        half, prize = latency_models.sniping_equilibrium(i["lambda_invest"], i["lambda_jump"], i["mean_J"])
        assert half == pytest.approx(want["half_spread"], rel=0, abs=1e-10)
        assert prize == pytest.approx(want["prize_per_time"], rel=0, abs=1e-10)


def test_the_cost_of_latency_by_programme_and_by_formula(cases):
    for i, want in cases("moallemi"):
        formula = latency_models.latency_cost_formula(i["sigma"], i["delta"], i["latency"])
        programme = latency_models.latency_cost(i["sigma"], i["delta"], i["mu"], i["T"], i["latency"])
        assert formula == pytest.approx(want["latency_cost_formula"], rel=1e-6)
        assert programme == pytest.approx(want["latency_cost_dp"], rel=1e-9)


@pytest.mark.parametrize(
    "call",
    [
        lambda: latency_models.pickoff_probability(1, policy="lottery"),
        lambda: latency_models.pickoff_probability(1, policy="first-come", bump=-1),
        lambda: latency_models.sniping_equilibrium(0, 1, 1),
        lambda: latency_models.latency_cost_formula(0.01, 0.05, 100),
        lambda: latency_models.latency_cost_formula(0, 0.05, 1),
        lambda: latency_models.latency_cost(0.01, 0.05, 0.2, 1, 2),
    ],
)
def test_numbers_outside_a_formula_are_refused(call):
    with pytest.raises(DomainError):
        call()
