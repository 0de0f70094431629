"""The Gymnasium environment: it keeps the rules of Gymnasium, one seed is one market, and its rewards add up."""

import subprocess
import sys

import numpy as np
import pytest

from makerscope.errors import DomainError, InputError
from makerscope.sim.gym import TRY, MarketEnv
from makerscope.sim.scenario import scenario_of
from tests.agent_files import OTHERS, agent, market

gymnasium = pytest.importorskip("gymnasium")


def environment(hours="0.003"):
    return MarketEnv(scenario_of(TRY.replace("hours = 0.05", f"hours = {hours}").encode(), "test"))


def episode(seed, hours="0.01"):
    market, dice = environment(hours), np.random.default_rng(5)
    observation, info = market.reset(seed=seed)
    rows, over = [], False
    while not over:
        action = dice.uniform(-1, 1, market.action_space.shape)
        observation, reward, terminated, truncated, info = market.step(action)
        rows.append((*observation.tolist(), reward, *info.values()))
        over = terminated or truncated
    return np.array(rows), info


def test_gymnasiums_own_check_passes():
    from gymnasium.utils.env_checker import check_env

    check_env(environment(), skip_render_check=True)


def test_one_seed_is_one_market():
    one, same, other = episode(7)[0], episode(7)[0], episode(8)[0]
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_rewards_are_the_change_of_equity_and_their_parts_add_up():
    rows, last = episode(3, hours="0.05")
    rewards, names = rows[:, -len(last) - 1], list(last)
    parts = {name: rows[:, n - len(names)] for n, name in enumerate(names)}
    assert parts["fills"].sum() > 20
    assert rewards.sum() == pytest.approx(last["equity"] - 1e6, abs=1e-6)
    total = parts["edge"] + parts["inventory"] + parts["fees"] + parts["other"]
    np.testing.assert_allclose(total, rewards, atol=1e-9)
    np.testing.assert_allclose(parts["other"], 0.0, atol=1e-6)  # no funding falls due here, and there is no gas
    assert parts["fees"].sum() < 0


def test_no_quotes_no_reward():
    market = environment()
    market.reset(seed=1)
    for _ in range(5):
        assert market.step(-np.ones(market.action_space.shape))[1] == 0.0


def test_an_action_that_is_none_is_refused():
    market = environment()
    market.reset(seed=1)
    with pytest.raises(DomainError, match="finite numbers"):
        market.step(np.full(market.action_space.shape, np.nan))
    with pytest.raises(DomainError, match="finite numbers"):
        market.step(np.zeros(3))


def test_a_market_without_one_player_is_refused():
    with pytest.raises(InputError, match=r"agent\.kind: 0 agents are external; want exactly one"):
        MarketEnv(market(OTHERS))
    with pytest.raises(InputError, match="2 agents are external"):
        MarketEnv(market(agent("external", "me", count=2)))


def test_without_gymnasium_the_class_can_be_imported_and_says_what_is_missing():
    lines = "import sys; sys.modules['gymnasium'] = None\nfrom makerscope.sim.gym import MarketEnv\n"
    lines += "try: MarketEnv('x')\nexcept Exception as error: print(type(error).__name__, error)"
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "MakerscopeError makerscope.sim.gym needs gymnasium; pip install gymnasium"
