"""Makers that solve a model, joined to the hedging engine: nothing of either is lost, and hedges take variance away."""

import numpy as np
import pytest

from makerscope.agents.hedge_news import HEDGES
from makerscope.agents.hedged_glft import HEDGE_WORD
from makerscope.agents.hedged_option_maker import KIND as OPTION_KIND
from makerscope.agents.hedged_option_maker import NUMBERS, OPTION_WORD, VEGA_WORD
from makerscope.agents.option_memory import CERTIFIED
from makerscope.agents.option_numbers import NUMBERS as OPTIONS_OWN
from makerscope.agents.vega_hedging import VEGA_LOTS, VEGA_SENT
from makerscope.market.log import PLACED, REPLACED
from makerscope.sim.build import build
from tests.agent_files import MARKET, account_of, agent, market, run_on
from tests.unit.test_hedging_engine import (
    DEEP,
    HOUR,
    OPTIONISTS,
    OPTIONS,
    PLAIN,
    TAKERS,
    memory,
    outage,
    upper_variance_ratio,
    worth,
)

SHORT = MARKET.replace("hours = 0.01", "hours = 0.02")
NEVER = "band = 1e15, vega_band = 1e15"
OTHER = agent("chain-maker", "other", numbers="{half_vol = 1.2, size = 50}")


def glft(kind, numbers, top=HOUR):
    return market(agent(kind, "maker", hedge_usd=1e6, numbers="{" + numbers + "}"), TAKERS, top=top)


def options(kind, numbers, top=HOUR):
    maker = agent(kind, "maker", hedge_usd=1e6, numbers="{size = 7, limit = 300, " + numbers + "}")
    return market(maker, OTHER, DEEP, OPTIONISTS, top=top.replace("[chain]", PLAIN + "[chain]") + OPTIONS)


def fills(built):
    log = built.world.venue.log
    return log.fills[: log.count[1]]


@pytest.mark.parametrize(
    ("scenario", "word"),
    [
        (glft("hedged-glft", "band = 100, size = 150", SHORT), HEDGE_WORD),
        (options("hedged-option-maker", "band = 20, vega_band = 40, fit_s = 30, band_rule = 1", SHORT), 0),
    ],
    ids=["hedged-glft", "hedged-option-maker"],
)
def test_compiled_and_in_plain_python_it_trades_the_same(scenario, word):
    compiled, plain = (run_on(build(scenario, seed=2, plain=plain)) for plain in (False, True))
    assert memory(compiled)[0][word + HEDGES] > 0
    np.testing.assert_array_equal(fills(compiled), fills(plain))
    np.testing.assert_array_equal(memory(compiled)[0], memory(plain)[0])


def test_one_that_never_hedges_trades_as_the_maker_it_is_made_of():
    pairs = [
        (glft("hedged-glft", "band = 1e15, limit = 1e15"), glft("glft", "size = 100"), HEDGE_WORD),
        (options("hedged-option-maker", NEVER), options("option-maker", "fit_s = 60"), 0),
    ]
    for joined, alone, word in pairs:
        one, other = (run_on(build(scenario, seed=3)) for scenario in (joined, alone))
        assert memory(one)[0][word + HEDGES] == 0
        assert len(fills(one)) > 50
        np.testing.assert_array_equal(fills(one), fills(other))


def test_what_hedges_and_quotes_remember_lies_apart():
    one = run_on(build(options("hedged-option-maker", "band = 20, vega_band = 40"), seed=3))
    alone = run_on(build(options("option-maker", "fit_s = 60"), seed=3))
    assert len(memory(one)[0]) == OPTION_WORD + len(memory(alone)[0])
    assert memory(one)[0][OPTION_WORD + CERTIFIED] == memory(alone)[0][CERTIFIED] == 1
    assert list(NUMBERS)[: len(OPTIONS_OWN)] == list(OPTIONS_OWN)
    assert list(NUMBERS)[-1] == "stuck_share"
    assert OPTION_KIND.numbers["hedge_rest_s"].about == "how long it rests, s"
    assert OPTION_KIND.numbers["rest_s"] == OPTIONS_OWN["rest_s"]


def test_it_hedges_vega_with_the_options_of_others_and_keeps_less_of_it():
    built = run_on(build(options("hedged-option-maker", "band = 50, vega_band = 40, vega_keep = 0.2"), seed=2))
    own = memory(built)[0]
    assert own[VEGA_WORD + VEGA_SENT] > 0
    assert own[VEGA_WORD + VEGA_LOTS] > 0
    loose = run_on(build(options("hedged-option-maker", "band = 50, vega_band = 1e15"), seed=2))
    model, left = built.world.public.model[-1], []
    for world in (built.world, loose.world):
        held = world.venue.accounts.position[account_of(built, "maker")] * world.venue.real[:, 2]
        left.append(abs(held @ model[:, 3]))
    assert left[0] < left[1]


def test_while_it_cannot_hedge_an_option_maker_quotes_a_share_of_its_size_and_then_all_of_it_again():
    top = HOUR + outage("leader-outage", 2, 2)
    numbers = "band = 5, hedge_at = 3, tries = 1, hedge_rest_s = 10, stuck_share = 0.3, vega_band = 1e15"
    built = run_on(build(options("hedged-option-maker", numbers, top), seed=2))
    log = built.world.venue.log
    rows = log.orders[: log.count[0]]
    mine = rows[(rows[:, 1] == account_of(built, "maker")) & np.isin(rows[:, 4], (PLACED, REPLACED))]
    minutes = (mine[:, 0] - built.start) / 60e9
    assert set(mine[(minutes < 2.0), 7]) == {7}
    down = mine[(minutes > 2.2) & (minutes < 4.0), 7]
    assert len(down) > 20
    assert np.mean(down == 2) > 0.5
    assert np.mean(mine[minutes > 4.5, 7] == 7) > 0.95


def test_while_it_cannot_hedge_a_glft_does_not_add_to_its_position():
    top = HOUR + outage("leader-outage", 1, 4)
    held = []
    for band in ("150", "1e15"):
        numbers = f"size = 150, gamma = 1e-4, limit = 100000, tries = 1, rest_s = 60, band = {band}"
        built = run_on(build(glft("hedged-glft", numbers, top), seed=4))
        rows = fills(built)
        when = (rows[:, 0] - built.start) / 60e9
        mine = rows[(rows[:, 2] == account_of(built, "maker")) & (when > 1.2) & (when < 5.0)]
        held.append(np.abs(np.cumsum(mine[:, 4] * mine[:, 6])).max())
    assert held[0] < 0.7 * held[1]


def test_a_hedged_glft_has_less_variance_of_its_result_than_the_same_glft_unhedged():
    top = HOUR.replace("spot = 60000", "spot = 60000\nvolatility = 2.0")
    numbers = "size = 150"
    pair = glft("hedged-glft", numbers + ", band = 150", top), glft("glft", numbers, top)
    results = np.array([[worth(scenario, "maker", seed) for scenario in pair] for seed in range(30)])
    bound, ratio = upper_variance_ratio(*results.T)
    print(f"variance of hedged over unhedged {ratio:.3f}, 97.5 % bound {bound:.3f}; means {results.mean(axis=0)}")
    assert bound < 1.0


def test_a_hedged_option_maker_has_less_variance_of_its_result_than_the_same_one_unhedged():
    top = HOUR.replace("spot = 60000", "spot = 60000\nvolatility = 1.5")
    pair = options("hedged-option-maker", "band = 50", top), options("option-maker", "fit_s = 60", top)
    results = np.array([[worth(scenario, "maker", seed) for scenario in pair] for seed in range(20)])
    bound, ratio = upper_variance_ratio(*results.T)
    print(f"variance of hedged over unhedged {ratio:.3f}, 97.5 % bound {bound:.3f}; means {results.mean(axis=0)}")
    assert bound < 1.0
