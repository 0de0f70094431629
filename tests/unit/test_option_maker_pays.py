"""In the closed loop: the option maker against makers of constant width, in the same worlds one after the other.

A seed is one world: the same prices, volatilities and clients, whoever makes the market. Clients are of nine sorts,
each with its own reservation price, so that fewer trade the wider a quote is; volatility moves and so does its surface.
``python -m tests.unit.test_option_maker_pays`` prints the table of ``docs/agents.md``.
"""

import numpy as np
import pytest

from makerscope.market.log import T_ACCOUNTS
from makerscope.sim.build import build
from makerscope.sim.loop import DONE, EMPTY_LOG, run
from makerscope.sim.scenario import scenario_of

SEEDS = range(1, 17)
T_975 = 2.131  # Student, 15 degrees of freedom
RESERVATIONS = (0.1, 0.3, 0.5, 0.7, 0.9, 1.2, 1.6, 2.2, 3.0)
WORLD = """
title = "Options whose volatility moves"
hours = 2
grid_ms = 1000
[venue]
margin = "plain"
budget = {kind = "none"}
option_maker_fee_bps = 0
option_taker_fee_bps = 0
[chain]
block_ms = 1000
[[underlying]]
symbol = "BTC"
spot = 60000
vol_of_vol = 2
[surface]
noise = 0.05
[[option]]
underlying = "BTC"
days = [2, 9, 30]
strikes = 7
step = 2000
tick = 5
lot = 0.1
[record]
orders = false
quotes = false
book_s = 0
marks_s = 0
chain_s = 0
accounts_s = 60
"""
FLOW = "per_hour = 60, size = 5, buy = 0.5, call = 0.5, delta = 0.35, delta_width = 0.3, days = 9, days_width = 1.5"
LEANING = "half_vol = 0.8, vega_skew = 3, vega_limit = 5000, delta_skew_bps = 20, delta_limit = 5"


def equity(kind, numbers, seed):
    """USD of the maker, once a minute."""
    text = (
        WORLD
        + f'[[agent]]\nkind = "{kind}"\nname = "maker"\nmargin = "none"\ncapital_usd = 1e7\nnumbers = {{{numbers}}}\n'
    )
    for n, points in enumerate(RESERVATIONS):
        text += f'[[agent]]\nkind = "option-flow"\nname = "flow-{n}"\nmargin = "none"\ncapital_usd = 1e8\n'
        text += f"numbers = {{{FLOW}, tries = 1, reservation_vol = {points}}}\n"
    built, seen = build(scenario_of(text.encode(), "pays"), seed=seed, room=1 << 16), []
    log = built.world.venue.log
    while True:
        status = run(built.handle)
        rows = log.accounts[: log.count[T_ACCOUNTS]]
        seen.append(rows[rows[:, 1] == 5, 2].copy())  # the first agent
        log.count[:] = 0
        if status == DONE:
            return np.concatenate(seen) / 1e6
        assert status == EMPTY_LOG


def results(kind, numbers=""):
    """P&L of each world, and what it earned for a unit of the risk it ran (the root of its squared moves)."""
    paths = [equity(kind, numbers, seed) for seed in SEEDS]
    gain = np.array([path[-1] - path[0] for path in paths])
    risk = np.array([np.sqrt(np.sum(np.diff(path) ** 2)) for path in paths])
    return gain, gain / risk


@pytest.fixture(scope="module")
def option_maker():
    return results("option-maker")


def interval(better, worse):
    """95 % interval of the mean difference of paired worlds."""
    gap = better - worse
    half = T_975 * gap.std(ddof=1) / len(gap) ** 0.5
    return gap.mean() - half, gap.mean() + half


@pytest.mark.parametrize("half_vol", [0.5, 0.8, 1.1])
def test_the_option_maker_beats_constant_width_for_the_risk_it_runs(option_maker, half_vol):
    gain, ratio = results("chain-maker", f"half_vol = {half_vol}")
    low, high = interval(option_maker[1], ratio)
    assert low > 0, f"half width {half_vol}: {low:.2f} to {high:.2f}"
    assert option_maker[0].std(ddof=1) < 0.75 * gain.std(ddof=1)


def test_it_leans_less_and_runs_more_risk_where_it_is_less_averse(option_maker):
    _, bold = results("option-maker", "gamma = 1e-6")
    assert interval(option_maker[1], bold)[0] > 0


def main():
    """Print what each maker earned and risked."""
    best = results("option-maker")
    print("maker, mean P&L USD, its deviation, P&L over risk, 95 % interval of the option maker's advantage in that")
    rows = [("option-maker", "", best)]
    rows += [("option-maker", f"budget = {n}", results("option-maker", f"budget = {n}")) for n in (20, 5)]
    widths = [f"half_vol = {half}" for half in (0.3, 0.5, 0.8, 1.1)]
    rows += [("chain-maker", numbers, results("chain-maker", numbers)) for numbers in [*widths, LEANING]]
    for kind, numbers, (gain, ratio) in rows:
        low, high = interval(best[1], ratio)
        print(f"{kind} {numbers}: {gain.mean():.0f} {gain.std(ddof=1):.0f} {ratio.mean():.2f} {low:.2f} to {high:.2f}")


if __name__ == "__main__":
    main()
