"""A scenario's keys: each wrong one is named in one line, as it is written in TOML."""

import pytest

from makerscope.errors import InputError
from makerscope.market.layout import FIRST_AGENT
from makerscope.sim.cast import cast_of
from makerscope.sim.keys import keys_of
from makerscope.sim.markets import list_markets, market_rows
from makerscope.sim.scenario import Scenario, scenario_of
from makerscope.sim.shipped import find_scenario, scenario_names
from makerscope.sim.surroundings import budgets_of, chain_of
from makerscope.sim.terms import terms_of

START = 1_767_616_200 * 10**9
HOUR = 3600 * 10**9
GOOD = """
title = "x"
hours = 1
[[underlying]]
symbol = "BTC"
spot = 60000
[[agent]]
kind = "noise"
name = "noise"
[[agent]]
kind = "grid"
name = "grid"
"""


def laid_out(text: str) -> None:
    """All that is checked before anything is compiled."""
    scenario = scenario_of(text.encode(), "x.toml")
    markets = list_markets(scenario, START)
    cast = cast_of(scenario, len(markets))
    terms = terms_of(scenario, START, START + HOUR)
    market_rows(scenario, markets, terms.fees, terms.self_trade)
    chain_of(scenario, cast, FIRST_AGENT + 2 * len(cast), START, terms)


def line_of(text: str) -> str:
    with pytest.raises(InputError) as error:
        laid_out(text)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_the_scenario_that_the_wrong_ones_are_made_of_is_right():
    laid_out(GOOD)


WRONG = {
    "an unknown key": (GOOD + "levles = 3", "x.toml: agent 2 (grid): levles: is not known; want one of kind, name"),
    "an unknown number of an agent": (
        GOOD + "numbers = { levle = 3 }",
        "agent 2 (grid): numbers.levle: is not known; want levels?",
    ),
    "a number of an agent out of bounds": (
        GOOD + "numbers = { levels = 0 }",
        "agent 2 (grid): numbers.levels: is 0; want 1 to 200 (quotes a side)",
    ),
    "a text for a number": (GOOD + "feed_ms = 'soon'", "agent 2 (grid): feed_ms: is 'soon'; want a number at least 0"),
    "a number that is none": (GOOD.replace("60000", "nan"), "underlying 1 (BTC): spot: is nan; want a number above 0"),
    "a missing key": (GOOD.replace("hours = 1", ""), "x.toml: hours: is missing; want a number above 0"),
    "negative capital": (GOOD + "capital_usd = -1", "agent 2 (grid): capital_usd: is -1; want a number at least 0"),
    "negative margin": (
        GOOD + "[venue]\ninitial_margin = -0.1",
        "venue.initial_margin: is -0.1; want a number above 0",
    ),
    "margins that are crossed": (
        GOOD + "[venue]\ninitial_margin = 0.01\nmaintenance_margin = 0.02",
        "venue.maintenance_margin: is 0.02; want at most the initial margin, 0.01",
    ),
    "no makers": (GOOD.replace('kind = "grid"', 'kind = "noise"'), "agent: nobody quotes; want at least one maker"),
    "no agents": (
        GOOD.split("[[agent]]", 1)[0],
        "x.toml: agent: is missing; want at least one [[agent]] (who takes part)",
    ),
    "an option past expiry": (
        GOOD + '[[option]]\nunderlying = "BTC"\nstep = 500\nexpiries = ["2025-01-05T08:00:00Z"]',
        "option 1 (BTC): expiries: has 2025-01-05T08:00:00Z, which is past at the start; want a time after the start",
    ),
    "an option on nothing": (
        GOOD + '[[option]]\nunderlying = "ETH"\nstep = 50\ndays = [1]',
        "option 1 (ETH): underlying: is 'ETH'; want one of BTC",
    ),
    "a name used twice": (GOOD.replace('name = "noise"', 'name = "grid"'), "agent: name: 'grid' is used twice"),
    "a numbered name used twice": (
        GOOD + 'count = 2\n[[agent]]\nkind = "noise"\nname = "grid-1"',
        "agent: name: 'grid-1' is used twice",
    ),
    "bounds that are crossed": (
        GOOD.replace("[[agent]]", '[[underlying]]\nsymbol = "ETH"\nspot = 3000\n[[agent]]', 1)
        + '[[agent]]\nkind = "noise"\nname = "n"\nnumbers = { first = 1, last = 0 }',
        "agent 3 (n): numbers.first: is 1; want at most last, 0",
    ),
    "a market that does not exist": (
        GOOD + "numbers = { market = 1 }",
        "agent 2 (grid): numbers.market: is 1; want an instrument that is there: 0 to 0",
    ),
    "an episode after the end": (
        GOOD + '[[episode]]\nkind = "halt"\nafter_minutes = 59\nminutes = 5',
        "episode 1 (halt): minutes: ends it after 64 minutes; want an end within the 60",
    ),
    "an unknown episode": (
        GOOD + '[[episode]]\nkind = "meteor"\nafter_minutes = 1\nminutes = 5',
        "episode 1 (meteor): kind: is 'meteor'; want one of crash",
    ),
    "a congestion of nobody": (
        GOOD + '[[episode]]\nkind = "congestion"\nafter_minutes = 1\nminutes = 5',
        "chain.others: is 0 and an episode is congestion",
    ),
    "an unknown profile": (
        GOOD.replace("hours", 'profile = "binance"\nhours'),
        "profile: there is no 'binance'; want one of aevo",
    ),
    "a fee that nobody knows": (
        GOOD.replace("hours", 'profile = "ethereum"\nhours'),
        "venue.maker_fee_bps: is missing; profile ethereum does not know it (the venue's affair); want a number of bps",
    ),
    "an unknown policy": (GOOD + '[chain]\npolicy = "lifo"', "chain.policy: is 'lifo'; want one of class-sort"),
    "an express lane of nobody": (
        GOOD + '[chain]\nexpress = "ghost"',
        "chain.express: is 'ghost'; want the name of an agent",
    ),
    "two underlyings of one symbol": (
        GOOD.replace("[[agent]]", '[[underlying]]\nsymbol = "BTC"\nspot = 1\n[[agent]]', 1),
        "underlying: 'BTC' is named twice",
    ),
    "a tick times a lot that is not whole": (
        GOOD.replace("spot = 60000", "spot = 60000\ntick = 0.0005\nlot = 0.001"),
        "tick and lot of hyperliquid:BTC: are 0.0005 and 0.001",
    ),
    "a kind that is not there": (
        GOOD.replace('kind = "grid"', 'kind = "gird"'),
        "agent 2 (grid): kind: is 'gird'; want one of symmetric",
    ),
    "a margin mode that is not there": (
        GOOD + 'margin = "none of it"',
        "agent 2 (grid): margin: is 'none of it'; want one of cross",
    ),
    "options that the venue has no margin for": (
        GOOD
        + "[venue]\noption_maker_fee_bps = 3\noption_taker_fee_bps = 3\n"
        + '[[option]]\nunderlying = "BTC"\nstep = 500\ndays = [1]',
        "venue.margin: is 'hyperliquid', which has no rules for options",
    ),
    "no TOML": ("title = ", "x.toml: is no TOML"),
}


@pytest.mark.parametrize("what", WRONG)
def test_one_line_names_the_key_what_it_is_and_what_was_wanted_for(what):
    text, line = WRONG[what]
    assert line in line_of(text)


COMMON = """
{profile}
title = "one market, three chains"
hours = 1
venue.maker_fee_bps = 1
venue.taker_fee_bps = 5
[[underlying]]
symbol = "BTC"
spot = 60000
[[agent]]
kind = "grid"
name = "grid"
"""


def test_an_l1_a_rollup_and_an_app_chain_differ_by_one_line_of_a_scenario():
    found = {}
    for name in ("ethereum", "arbitrum", "hyperliquid"):
        scenario = scenario_of(COMMON.format(profile=f'profile = "{name}"').encode(), "x.toml")
        found[name] = terms_of(scenario, START, START + HOUR)
    assert [terms.profile.kind for terms in found.values()] == ["L1", "rollup", "app-chain"]
    assert [terms.interval for terms in found.values()] == [12 * 10**9, 250 * 10**6, 70 * 10**6]
    policies = [terms.profile.ordering.policy for terms in found.values()]
    assert policies == ["priority-fee", "timeboost", "class-sort-fee"]


def test_a_scenarios_own_keys_stand_above_the_profiles():
    text = GOOD + (
        "[chain]\nblock_ms = 500\ncapacity = 10\n[oracle]\nperiod_s = 7\n"
        "[venue]\nmaker_fee_bps = -0.5\nfunding_hours = 8\n"
        'mark = "index"\nmark_cap_bps = 100\ninitial_margin = 0.1\n'
        "[venue.gas]\ncoin_usd = 5\n[venue.budget]\nbuffer = 3"
    )
    terms = terms_of(scenario_of(text.encode(), "x.toml"), START, START + HOUR)
    profile = terms.profile
    assert (profile.clock.interval_ns, profile.gas.capacity, profile.gas.coin_price_usd) == (5 * 10**8, 10, 5)
    assert (profile.budget.buffer, profile.budget.kind) == (3, "volume")
    assert (terms.fees[:2], terms.funding[0]) == ((-50, 450), 8 * HOUR)
    assert (terms.oracle.period, terms.mark.kind, terms.mark.cap) == (7 * 10**9, 0, 10_000)
    assert (terms.margin.perp_initial_ppm, terms.margin.perp_maintenance_ppm) == (100_000, 50_000)


def test_a_policy_brings_the_numbers_of_the_venue_that_has_it():
    text = GOOD + '[chain]\npolicy = "auction"'
    assert terms_of(scenario_of(text.encode(), "x.toml"), START, START + HOUR).profile.ordering.blocks == 10


def test_what_a_profile_does_not_say_is_assumed_in_words():
    text = COMMON.format(profile='profile = "arbitrum"')
    assumed = terms_of(scenario_of(text.encode(), "x.toml"), START, START + HOUR).assumed
    assert [line.split(":")[0] for line in assumed] == ["prices", "self-trades", "margin", "funding"]


def test_makers_have_the_makers_rate_where_the_venue_gives_one():
    text = GOOD.replace("hours", 'profile = "derive"\nhours')
    scenario = scenario_of(text.encode(), "x.toml")
    cast = cast_of(scenario, 2)
    limits = budgets_of(cast, FIRST_AGENT + 4, 2, terms_of(scenario, START, START + HOUR)).limit
    assert limits[FIRST_AGENT : FIRST_AGENT + 2, 9].tolist() == [5, 500]


@pytest.mark.parametrize("name", scenario_names())
def test_every_shipped_scenario_can_be_laid_out_and_says_what_to_look_at(name):
    scenario = find_scenario(name)
    start, hour = START, HOUR
    terms_of(scenario, start, start + round(scenario.hours * hour))
    assert len(scenario.about) > 100


def test_every_key_is_explained():
    rows = list(keys_of(Scenario))
    assert len(rows) > 100
    assert [key for key, wants, meaning, _ in rows if not wants or not meaning] == []


def test_an_unknown_name_of_a_scenario_says_which_there_are():
    with pytest.raises(InputError, match=r"there is no 'calm'; want a TOML file, or one of .*calm-day"):
        find_scenario("calm")
