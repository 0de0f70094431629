"""Dealers and their clients in one market: who asks, who trades, and what the informed cost."""

import numpy as np

from makerscope.market.layout import FIRST_AGENT, INDEX, UNIT
from makerscope.sim import world as w
from makerscope.sim.build import build
from tests.agent_files import agent, fills_of, market, run_on

TOP = """
title = "A desk"
hours = 0.5
[venue]
dealers_ms = 200
[chain]
block_ms = 100
[[underlying]]
symbol = "BTC"
spot = 60000
volatility = 0.8
"""
DEALER = agent("rfq-dealer", "dealer", capital_usd=1e7, numbers="{informed = 0, slope = 1}")


def desk(*clients, seed=1, dealer=DEALER):
    built = build(market(dealer, *clients, top=TOP), seed=seed)
    built.world.rule[w.G_AUDIT] = 1
    return run_on(built)


def gained(built):
    """What the dealer's fills are worth at the end, USD."""
    venue = built.world.venue
    rows, unit = fills_of(built, "dealer"), int(venue.spec[0, UNIT])
    sides = np.where(rows[:, 2] == FIRST_AGENT, rows[:, 4], -rows[:, 4])
    return float((sides * (venue.state[0, INDEX] - rows[:, 5]) * rows[:, 6]).sum() * unit / 1e6)


def test_who_would_pay_more_trades_more():
    few, many = (
        len(fills_of(desk(agent("rfq-taker", "client", numbers=f"{{per_hour = 3000, worth_bps = {worth}}}")), "client"))
        for worth in (1, 8)
    )
    assert 0 < few < many / 2


def test_nobody_pays_more_than_the_trade_is_worth():
    built = desk(agent("rfq-taker", "client", numbers="{per_hour = 3000, worth_bps = 0.01, size = 10}"))
    assert len(fills_of(built, "client")) == 0  # the dealer's price is further away
    assert built.world.venue.refused[FIRST_AGENT + 1].sum() > 500


def test_requests_of_those_who_know_cost_a_trusting_dealer():
    innocent = agent("rfq-taker", "client", numbers="{per_hour = 3000, worth_bps = 20, size = 100}")
    knowing = agent(
        "rfq-taker", "client", lead_feed_ms=-60_000, numbers="{per_hour = 3000, informed = 1, edge_bps = 2, size = 100}"
    )
    for seed in range(3):
        assert gained(desk(innocent, seed=seed)) > 0 > gained(desk(knowing, seed=seed))
