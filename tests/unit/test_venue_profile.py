"""Venue profiles: every shipped one is whole and dated, and whatever is wrong in one is refused by its key."""

import contextlib
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.errors import InputError
from makerscope.market import chain as chains
from makerscope.market import ordering, venue_facts, venue_profile, venue_rules
from makerscope.market.budgets import BY_BUCKET, BY_VOLUME, BY_WINDOW, L_KIND, L_PER
from makerscope.market.layout import M_DUE, NO_TIME, PLACE, TAKE
from makerscope.market.venue_profile import profile_names
from tests.market_messages import MS, arranged, messages_of

MONEY = 10**6
SECTIONS = ("clock", "ordering", "gas", "budget", "orders", "fees", "latency")
FOLDER = Path(venue_profile.__file__).parent / "profiles"


def load(name, **how):
    return venue_profile.venue_profile(name, **how)


@pytest.fixture
def changed(tmp_path):
    """The Hyperliquid profile with one text replaced by another, as a user's file."""

    def write(old, new):
        text = (FOLDER / "hyperliquid.toml").read_text()
        assert old in text
        path = tmp_path / "mine.toml"
        path.write_text(text.replace(old, new, 1))
        return str(path)

    return write


def test_the_venues_of_the_issue_have_profiles():
    wanted = "hyperliquid dydx derive deribit paradex drift gmx synthetix vega arbitrum base ethereum lighter aevo"
    assert set(wanted.split()) <= set(profile_names())


@pytest.mark.parametrize("name", profile_names())
def test_each_section_says_since_when_from_where_and_how_sure(name):
    profile = load(name)
    for section in SECTIONS:
        facts = getattr(profile, section).facts
        assert facts.valid_from[:2] == "20"
        assert facts.source
        assert facts.status
        for key in facts.assumed:
            assert getattr(getattr(profile, section), key) is not None
        for key, reason in facts.unknown.items():
            assert not getattr(getattr(profile, section), key)
            assert len(reason) > 4


@pytest.mark.parametrize("name", profile_names())
def test_each_profile_makes_a_chain_that_runs(name):
    profile = load(name)
    chain = venue_rules.chain_of(profile, money=MONEY, time=1_000 * MS)
    policy = venue_rules.ordering_of(profile, accounts=6)
    table = messages_of([{"kind": k, "seen": 1_001 * MS, "gas": chains.gas_of(chain, k, 0)} for k in (PLACE, TAKE)])
    done, waiting = [], [0, 1]
    for m in waiting:
        ordering.due(policy, chain.state, table, m, 0)
    while waiting:
        now = chains.next_block_time(chain, chains.DICE // 2, table[waiting, M_DUE].min())
        chains.start_block(chain, now)
        chain.state[chains.C_ORACLE] = now
        got = arranged(policy, chain, table, waiting)
        done += got
        waiting = [m for m in waiting if m not in got]
        chains.finish_block(chain, 0)
        assert chain.state[chains.C_HEIGHT] < 50
    assert sorted(done) == [0, 1]


def test_an_L1_a_rollup_and_an_app_chain_differ_by_the_name_of_the_profile():  # noqa: N802 - a proper name
    costs, times = [], []
    for name in ("ethereum", "arbitrum", "hyperliquid"):
        chain = venue_rules.chain_of(load(name), money=MONEY)
        costs.append(chains.message_cost(chain, PLACE, int(chains.gas_of(chain, PLACE, 1)), 0) / MONEY)
        times.append(chains.next_block_time(chain, 0, NO_TIME) // MS)
    assert times == [12_000, 250, 70]
    assert costs == [pytest.approx(0.44, abs=0.01), pytest.approx(0.0017, abs=0.0001), 0]


def test_a_budget_follows_from_the_profile():
    kinds = {n: int(venue_rules.limits_of(load(n), money=MONEY)[L_KIND]) for n in ("hyperliquid", "dydx", "deribit")}
    assert kinds == {"hyperliquid": BY_VOLUME, "dydx": BY_WINDOW, "deribit": BY_BUCKET}
    assert venue_rules.limits_of(load("hyperliquid"), money=MONEY)[L_PER] == MONEY


def test_speed_tiers_are_given_by_name():
    made = venue_rules.ordering_of(load("paradex"), accounts=7, tiers={5: "retail"})
    assert made.delays[made.tier[5]].tolist() == [0, 0, 300 * MS]
    assert made.delays[made.tier[6]].tolist() == [0, 0, 0]
    with pytest.raises(InputError, match=r"tier.*'vip'.*api, retail"):
        venue_rules.ordering_of(load("paradex"), accounts=7, tiers={5: "vip"})


def test_the_latest_facts_of_the_day_count(changed):
    more = '[[clock]]\nvalid_from = "2027-01-01"\nsource = "s"\nstatus = "t"\n'
    more += "interval_ns = 50_000_000\njitter_ns = 0\nfinality_blocks = 1\n\n[[clock]]"
    path = changed("[[clock]]", more)
    assert load(path).clock.interval_ns == 50 * MS
    assert load(path, at="2026-12-31").clock.interval_ns == 70 * MS
    with pytest.raises(InputError, match=r"clock.*nothing is known as of 2020-01-01; want 2026-01-01 or later"):
        load(path, at="2020-01-01")


def test_what_a_scenario_changes_is_neither_assumed_nor_unknown():
    profile = load("derive", changes={"latency": {"median_ns": 5}, "clock": {"jitter_ns": 7}})
    assert profile.latency.median_ns == 5
    assert profile.latency.facts.unknown == {}
    assert profile.clock.facts.assumed == ("finality_blocks",)


def test_an_unknown_number_the_simulation_needs_is_refused_with_its_reason():
    profile = load("aevo")
    with pytest.raises(
        InputError, match=r"aevo: maker_ppm: is unknown \(not found\); want a number set by the scenario"
    ):
        venue_rules.known(profile.fees, "maker_ppm", profile.name)


BAD = [
    ("interval_ns = 70_000_000", "interval = 70_000_000", r"clock\.interval: there is no such key; want one of"),
    ("interval_ns = 70_000_000", "", r"clock\.interval_ns: is missing"),
    ("interval_ns = 70_000_000", "interval_ns = -1", r"clock\.interval_ns: is -1; want a whole number, at least 0"),
    ("interval_ns = 70_000_000", "interval_ns = true", r"clock\.interval_ns: is True; want a whole number"),
    ("interval_ns = 70_000_000", "interval_ns = 0.07", r"clock\.interval_ns: is 0.07; want a whole number"),
    ("interval_ns = 70_000_000", f"interval_ns = {2**61}", r"clock\.interval_ns: is"),
    ('policy = "class-sort-fee"', 'policy = "lottery"', r"ordering\.policy: is 'lottery'; want one of class-sort"),
    ('kind = "app-chain"', 'kind = "moon"', r"kind: is 'moon'; want one of L1"),
    ("[[clock]]", "[[clok]]", r"\[clok\]: there is no such section; want one of clock"),
    ("[[clock]]", "[clock]", r"\[\[clock\]\]: is missing or no array"),
    ('valid_from = "2026-01-01"', 'valid_from = "lately"', r"valid_from: is 'lately'; want a day"),
    ('valid_from = "2026-01-01"', "valid_from = 2026-01-01", r"valid_from: is .*; want a text"),
    ('assumed = ["jitter_ns"', 'assumed = ["jiter_ns"', r"clock\.assumed: is .*; want a list of keys"),
    ("[orders.unknown]\n", "[orders.unknown]\nbatch = 3\n", r"orders\.unknown: is .*; want a table of reasons"),
    ("  [0, 150, 450],", "  [0, 150],", r"fees\.tiers: is .*; want rows of 3 whole numbers"),
    ('time_in_force = ["GTC"', 'time_in_force = [1, "GTC"', r"orders\.time_in_force: is .*; want a list of words"),
    ("[[clock]]", "[[clock", "is not TOML"),
]


@pytest.mark.parametrize(("old", "new", "message"), BAD, ids=[bad[1][:30] for bad in BAD])
def test_a_wrong_profile_is_refused_by_its_key(changed, old, new, message):
    with pytest.raises(InputError, match=message):
        load(changed(old, new))


def test_a_venue_without_profile_is_refused_with_the_list_of_those_that_have_one():
    with pytest.raises(InputError, match=r"there is no 'mtgox'; want one of aevo, arbitrum"):
        load("mtgox")
    with pytest.raises(InputError, match="cannot be read"):
        load("no/such/file.toml")


def test_a_change_is_checked_like_the_file():
    with pytest.raises(InputError, match=r"clock\.speed: there is no such key"):
        load("vega", changes={"clock": {"speed": 1}})
    with pytest.raises(InputError, match=r"\[sky\]: there is no such section"):
        load("vega", changes={"sky": {}})
    with pytest.raises(InputError, match=r"ordering\.tiers\.vip: is"):
        load("vega", changes={"ordering": {"tiers": {"vip": {"maker_ns": 1}}}})


keys = st.sampled_from(sorted({f.name for c in venue_facts.SECTIONS.values() for f in fields(c)}))
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(SECTIONS), st.one_of(junk, st.dictionaries(keys, junk, max_size=3)))
def test_whatever_a_scenario_changes_is_taken_or_refused_in_words(section, change):
    with contextlib.suppress(InputError):
        profile = load("hyperliquid", changes={section: change})
        assert isinstance(venue_rules.chain_of(profile, money=MONEY).rules, np.ndarray)
        assert isinstance(venue_rules.limits_of(profile, money=MONEY), np.ndarray)
