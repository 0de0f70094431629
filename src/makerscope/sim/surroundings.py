"""What surrounds the agents of a scenario: prices, oracle, chain, budgets, the leading venue."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import InputError
from makerscope.kernels.dice import streams
from makerscope.market.budgets import L_RATE, new_budgets
from makerscope.market.chain import Chain
from makerscope.market.layout import FIRST_AGENT, NONE
from makerscope.market.leader import Leader, leader_plan, leader_quotes
from makerscope.market.mark import MarkState, mark_state
from makerscope.market.oracle import oracle_plan, oracle_state
from makerscope.market.ordering import R_WINDOW, TAKERS, Ordering
from makerscope.market.reference import PricePath, reference_path, stream_names
from makerscope.market.reference_terms import YEAR_NS, NormalJumps, Shock, Underlying, plan_of
from makerscope.market.venue_rules import chain_of as chain_of_profile
from makerscope.market.venue_rules import limits_of, ordering_of
from makerscope.sim.cast import Cast, quotes
from makerscope.sim.episodes import macro_shocks
from makerscope.sim.hybrid import with_recorded
from makerscope.sim.markets import DECIMALS, Market
from makerscope.sim.scenario import Scenario, UnderlyingTable
from makerscope.sim.terms import Terms
from makerscope.sim.world import Budgets, Desk, Oracles

MS, SECOND, MINUTE = 10**6, 10**9, 60 * 10**9
MONEY = 10**DECIMALS


def path_of(scenario: Scenario, seed: int, start: int, end: int, shocks: tuple[Shock, ...] = ()) -> PricePath:
    """The reference price of every underlying on the grid, from start to end."""
    step = round(scenario.grid_ms * MS)
    n = len(scenario.underlying)
    correlation = [[1.0 if i == j else scenario.correlation for j in range(n)] for i in range(n)]
    all_shocks = (*shocks, *macro_shocks(scenario, seed, start))
    plan = plan_of(
        [_price(item) for item in scenario.underlying], step=step, correlation=correlation, shocks=all_shocks
    )
    dice = streams(seed, stream_names([item.symbol for item in scenario.underlying]))
    return with_recorded(scenario, reference_path(plan, (end - start) // step + 2, dice, begin=start))


def _price(item: UnderlyingTable) -> Underlying:
    jumps = item.jumps
    return Underlying(
        name=item.symbol, spot=item.spot, v0=item.volatility**2, theta=item.volatility**2, kappa=item.reversion,
        xi=item.vol_of_vol, rho=item.skew, drift=item.drift,
        jumps=None if jumps is None else NormalJumps(rate=jumps.per_day * 365, mean=jumps.mean, deviation=jumps.size),
    )  # fmt: skip


def chain_of(
    scenario: Scenario, cast: tuple[Cast, ...], accounts: int, start: int, terms: Terms
) -> tuple[Chain, Ordering]:
    """The venue's chain before its first block, and its ordering policy.

    Raises:
        InputError: the express lane belongs to nobody who takes part, or there is no such tier.
    """
    express, names = NONE, [item.name for item in cast]
    if scenario.chain.express is not None:
        if scenario.chain.express not in names:
            raise InputError("chain.express", f"is {scenario.chain.express!r}", "the name of an agent")
        express = FIRST_AGENT + names.index(scenario.chain.express)
    tiers = {FIRST_AGENT + n: item.table.tier for n, item in enumerate(cast) if item.table.tier is not None}
    ordering = ordering_of(terms.profile, accounts=accounts, tiers=tiers, express=express)
    ordering.delays[:, TAKERS] += round(scenario.chain.taker_delay_ms * MS)
    ordering.rule[R_WINDOW] = round(scenario.venue.dealers_ms * MS)
    scheduled = {
        "halts": list(terms.happens.halts), "episodes": list(terms.happens.congestion), "reorgs": list(terms.reorgs),
    }  # fmt: skip
    return chain_of_profile(terms.profile, money=MONEY, time=start, **scheduled), ordering


def budgets_of(cast: tuple[Cast, ...], accounts: int, instruments: int, terms: Terms) -> Budgets:
    """What every account may send; where the venue gives makers a rate of their own, quoting agents have it."""
    limits = limits_of(terms.profile, money=MONEY)
    mine = np.tile(limits, (accounts, 1))
    for n, item in enumerate(cast):
        if terms.profile.budget.maker_rate_per_s and quotes(item.kind, item.numbers, instruments):
            mine[FIRST_AGENT + n, L_RATE] = terms.profile.budget.maker_rate_per_s
    window = terms.profile.fees.volume_days or 1
    days = np.zeros((accounts, window), np.int64)
    for n, item in enumerate(cast):
        each, rest = divmod(round(item.table.volume_usd * MONEY), window)
        days[FIRST_AGENT + n] = each
        days[FIRST_AGENT + n, 0] += rest
    noughts = np.zeros((2, accounts), np.int64)
    return Budgets(mine, new_budgets(limits, accounts), noughts[0], noughts[1], days, terms.fee_tiers)


def oracles_of(scenario: Scenario, path: PricePath, start: int, terms: Terms) -> Oracles:
    """One oracle for each underlying, all by one rule."""
    plans = [oracle_plan(terms.oracle, tick=item.tick) for item in scenario.underlying]
    states = [oracle_state(plan, float(path.spot[u, 0]), start) for u, plan in enumerate(plans)]
    stacked = [np.stack([state[place] for state in states]) for place in range(5)]
    ticks = np.array([plan.tick for plan in plans])
    return Oracles(plans[0].numbers, plans[0].sources, plans[0].episodes, ticks, *stacked)


def marking_of(markets: tuple[Market, ...], terms: Terms) -> MarkState:
    """The mark rule of every instrument."""
    return mark_state([terms.mark] * len(markets))


def leaders_of(scenario: Scenario, terms: Terms) -> list[Leader]:
    """The leading venue of each underlying."""
    table, found = scenario.leader, []
    for item in scenario.underlying:
        depth = table.depth_usd / (item.spot * item.lot)
        found.append(Leader(
            tick=item.tick, unit=round(item.tick * item.lot * MONEY), shown=max(round(depth / 10), 1), depth=depth,
            impact=table.impact_bps * 100, half_life=round(table.half_life_s * SECOND),
            half_spread=table.half_spread_bps * 100, nerves=table.nerves, taker_fee=round(table.taker_fee_bps * 100),
            outages=terms.happens.outages, transfer=round(table.transfer_minutes * MINUTE),
            closures=terms.happens.closures,
        ))  # fmt: skip
    return found


def desk_of(scenario: Scenario, start: int, terms: Terms) -> Desk:
    """The leading venue as the loop trades with it."""
    plans = [leader_plan(leader) for leader in leaders_of(scenario, terms)]
    n = len(plans)
    return Desk(
        np.stack([plan.floats for plan in plans]), np.stack([plan.numbers for plan in plans]), plans[0].outages,
        np.zeros((n, 1)), np.full((n, 1), start, np.int64),
    )  # fmt: skip


def half_spreads(scenario: Scenario, path: PricePath) -> NDArray[np.float64]:
    """The leader's half spread at every step of the path, quote currency; the same that ``leader_quote`` shows."""
    table = scenario.leader
    share = table.half_spread_bps * 1e-4 + table.nerves * np.sqrt(path.variance * (SECOND / YEAR_NS))
    return np.ascontiguousarray(share * path.spot)


def quotes_of_leader(scenario: Scenario, markets: tuple[Market, ...], path: PricePath, terms: Terms) -> pl.DataFrame:
    """Rows of ``quotes`` in order of time: what the leading venue shows, but for what the agents' own hedges move."""
    names = [market.name for market in markets if market.lead]
    rows = [
        leader_quotes(leader, path, instrument=name, price=u)
        for u, (leader, name) in enumerate(zip(leaders_of(scenario, terms), names, strict=True))
    ]
    return pl.concat(rows).drop("serial").sort("exchange_time", "instrument", maintain_order=True)
