"""What theory ranks is ranked alike in the closed loop: paired seeds, P&L from the simulator's own books."""

from functools import cache

import numpy as np
import pytest

from makerscope.market.layout import FIRST_AGENT, MARK, UNIT
from tests.quoting_play import interval, played

SEEDS = range(8)
T_7 = 2.365  # Student's t of 7 degrees of freedom, 97.5 %
GAMMA = 0.01  # of every maker here, 1/USD
SPREAD = "half_bps = 3.33, tolerance_bps = 0.5"  # what a maker without fear of risk quotes to these takers: 1 / k
KNOWING = """
[[agent]]
kind = "knowing"
name = "knowing"
count = {count}
capital_usd = 1e9
feed_ms = 1
lead_feed_ms = -5000
send_ms = 1
numbers = {{per_hour = 400}}
"""


@cache
def results(kind, numbers="", count=0, volatility=0.6):
    """By seed: P&L in USD, mean over standard deviation of its changes in 10 s, and their certainty equivalent in USD.

    The certainty equivalent is mean less gamma / 2 times variance: what the models maximise.
    """
    out = []
    for seed in SEEDS:
        rest = KNOWING.format(count=count) if count else ""
        equity, tables, built = played(kind, numbers, seed=seed, hours=0.45, rest=rest, volatility=volatility)
        change = np.diff(equity)
        out.append((gained(tables, built), change.mean() / change.std(), change.mean() - GAMMA / 2 * change.var()))
    return np.array(out)


def gained(tables, built):
    """P&L of the maker: what it is worth more than it brought, which its fills add up to, residual 0."""
    venue, rows = built.world.venue, tables["fills"]
    unit, mark = int(venue.spec[0, UNIT]), int(venue.state[0, MARK])
    mine = rows["maker"] == FIRST_AGENT
    edge = int((rows["side"][mine] * rows["size"][mine] * (mark - rows["price"][mine])).sum()) * unit
    worth = int(venue.accounts.cash[FIRST_AGENT]) + int(venue.accounts.position[FIRST_AGENT, 0]) * mark * unit
    brought = round(built.cast[0].table.capital_usd * 10**6)
    assert worth - brought - edge == 0  # no fees here, and no funding before the hour is full
    assert edge != 0
    return edge / 1e6


def test_glft_beats_a_symmetric_maker_on_risk_adjusted_pnl():
    exact, control = results("glft"), results("symmetric", SPREAD)
    for measure in (1, 2):
        assert interval(exact[:, measure], control[:, measure], T_7)[0] > 0


@pytest.mark.parametrize("kind", ["avellaneda-stoikov", "cartea-jaimungal"])
def test_every_model_that_leans_against_its_position_beats_the_one_that_does_not(kind):
    assert interval(results(kind)[:, 2], results("symmetric", SPREAD)[:, 2], T_7)[0] > 0


SURE = "prior_minutes = 1e6, arrivals = 20, adverse = {share}"  # decay is known; what the informed cost is learnt


def gap(count, measure=0):
    """By seed, what asking for the measured adverse move brings, with so many informed."""
    one, other = (results("glft", SURE.format(share=share), count, 2.0)[:, measure] for share in (1, 0))
    return one - other


def test_the_adverse_selection_term_pays_among_informed_takers_and_more_so_the_more_there_are():
    few, many = gap(3), gap(8)
    nobody = np.zeros(len(SEEDS))
    for gaps in (few, many):
        assert interval(gaps, nobody, T_7)[0] > 0
    assert interval(many, few, T_7)[0] > 0


def test_where_nobody_is_informed_the_adverse_selection_term_costs_next_to_nothing():
    low, high = interval(gap(0), np.zeros(len(SEEDS)), T_7)
    assert low < 0 < high or abs(low) < 20
    assert low > -0.1 * results("glft", SURE.format(share=0), 0, 2.0)[:, 0].mean()
