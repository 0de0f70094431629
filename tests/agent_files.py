"""Scenarios and files of agents for tests of the simulated market."""

from pathlib import Path

from makerscope.sim import world as w
from makerscope.sim.loop import DONE, EMPTY_LOG, run
from makerscope.sim.run import simulate
from makerscope.sim.scenario import read_scenario, scenario_of

MARKET = """
title = "A small market"
hours = 0.01
[chain]
block_ms = 100
[[underlying]]
symbol = "BTC"
spot = 60000
"""
OTHERS = """
[[agent]]
kind = "grid"
name = "grid"
[[agent]]
kind = "symmetric"
name = "symmetric"
feed_ms = 200
[[agent]]
kind = "noise"
name = "noise"
count = 3
numbers = {per_hour = 6000}
"""
TOP = """
from makerscope.agents.interface import agent_kernel, cancel_all, place, take
from makerscope.agents.quoting import ceil_ticks, fair_ticks, floor_ticks
NUMBERS = {"half_bps": 5.0, "size": 100.0}
SLOTS = 2
SECONDS = 0.2
"""


def agent(kind, name, **keys):
    """A table of a scenario."""
    lines = [f'kind = "{kind}"', f'name = "{name}"', *(f"{key} = {value}" for key, value in keys.items())]
    return "[[agent]]\n" + "\n".join(lines) + "\n"


def market(*agents, top=MARKET):
    return scenario_of((top + "".join(agents)).encode(), "test")


def with_file(folder, text, *agents, top=MARKET + OTHERS):
    """A scenario in a folder, beside a file of agents."""
    Path(folder / "my_agent.py").write_text(TOP + text)
    Path(folder / "scenario.toml").write_text(top + "".join(agents))
    return read_scenario(folder / "scenario.toml")


def play(scenario, folder, name="tape", **keys):
    """The world at the end, and its tape."""
    from makerscope.tape.read import Tape

    built = simulate(scenario, folder / name, audit=True, **keys)
    return built, Tape.open(folder / name)


def run_on(built):
    """Run a world to its end without a tape."""
    while (status := run(built.handle)) == EMPTY_LOG:
        built.world.venue.log.count[:] = 0
    assert status == DONE
    return built


def account_of(built, name):
    return built.accounts.index(name)


def fills_of(built, name):
    """Rows of the log for one agent, as maker or taker (of a world whose log was never emptied)."""
    log = built.world.venue.log
    rows = log.fills[: log.count[1]]
    a = account_of(built, name)
    return rows[(rows[:, 2] == a) | (rows[:, 3] == a)]


IN = w.IN
