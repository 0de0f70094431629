"""What surrounds the agents of a scenario: prices, oracle, chain, the leading venue, and what happens when."""

from dataclasses import dataclass

import numpy as np

from makerscope.errors import InputError
from makerscope.kernels.dice import streams
from makerscope.market.chain import K_CAPACITY, K_DEMAND, K_INTERVAL, K_JITTER, RULE_COLUMNS, Chain, new_chain
from makerscope.market.funding_rule import funding_rule
from makerscope.market.leader import Leader, leader_plan
from makerscope.market.layout import PPM
from makerscope.market.mark import BOOK, FAIR_BASIS, INDEX_PRICE, INDEX_TWAP, MEDIAN, MarkRule, MarkState, mark_state
from makerscope.market.oracle import FROZEN, SILENT, Episode, Oracle, oracle_plan, oracle_state
from makerscope.market.ordering import POLICIES, Ordering, new_ordering
from makerscope.market.reference import PricePath, reference_path, stream_names
from makerscope.market.reference_terms import NormalJumps, Shock, Underlying, flash_crash, plan_of
from makerscope.sim.markets import DECIMALS, Market
from makerscope.sim.scenario import EpisodeTable, Scenario, UnderlyingTable
from makerscope.sim.world import Desk, Oracles

MS, SECOND, MINUTE, DAY = 10**6, 10**9, 60 * 10**9, 86400 * 10**9
MARKS = {"index": INDEX_PRICE, "median": MEDIAN, "fair-basis": FAIR_BASIS, "twap": INDEX_TWAP, "book": BOOK}
EPISODES = ("crash", "volatility", "congestion", "oracle-frozen", "oracle-silent", "halt", "leader-outage")
WINDOW = 30 * MINUTE  # of the settlement average


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a scenario and its profile come to. ``fees`` ppm: maker, taker, option rate and cap; ``funding``: X_*; ``interval`` ns of
    a block, 0 without blocks; ``half_spread``: the leader's, fraction.
    """

    fees: tuple[int, int, int, int]
    funding: tuple[int, ...]
    interval: int
    jitter: int
    policy: str
    capacity: int
    others: int
    ttl: bool
    half_spread: float
    shocks: tuple[Shock, ...]
    halts: tuple[tuple[int, int], ...]
    congestion: tuple[tuple[int, int, int], ...]
    oracle: tuple[Episode, ...]
    outages: tuple[tuple[int, int], ...]


def terms_of(scenario: Scenario, start: int, end: int) -> Terms:
    """Put the profile, the scenario's own tables and its episodes together.

    Raises:
        InputError: an episode or policy is not known, or an episode lies outside the scenario.
    """
    chain = scenario.chain
    policy = chain.policy or "class-sort"
    if policy not in POLICIES:
        raise InputError("chain.policy", f"is {policy!r}", "one of " + ", ".join(POLICIES))
    if scenario.venue.mark not in MARKS:
        raise InputError("venue.mark", f"is {scenario.venue.mark!r}", "one of " + ", ".join(MARKS))
    if scenario.venue.bankruptcy not in {"adl", "haircut"}:
        raise InputError("venue.bankruptcy", f"is {scenario.venue.bankruptcy!r}", "adl or haircut")
    rule = funding_rule(scenario.venue.funding or "hyperliquid")
    funding = (rule.interval, rule.sample, rule.interest, rule.clamp, rule.cap, rule.basis, WINDOW)
    shocks: list[Shock] = []
    spans: dict[str, list[EpisodeTable]] = {name: [] for name in EPISODES}
    for n, item in enumerate(scenario.episode):
        where = f"episode {n + 1}"
        if item.kind not in EPISODES:
            raise InputError(f"{where}: kind", f"is {item.kind!r}", "one of " + ", ".join(EPISODES))
        if start + round(item.after_minutes * MINUTE) >= end:
            raise InputError(
                f"{where}: after_minutes", f"is {item.after_minutes:g}, after the end", "a time before the end"
            )
        spans[item.kind].append(item)
        shocks += _shocks(scenario, item, start, where)
    return Terms(
        fees=_fees(scenario), funding=funding, interval=round((70.0 if chain.block_ms is None else chain.block_ms) * MS),
        jitter=round((chain.jitter_ms or 0.0) * MS), policy=policy, capacity=chain.capacity or 0,
        others=chain.others or 0, ttl=bool(chain.ttl), half_spread=scenario.leader.half_spread_bps * 1e-4,
        shocks=tuple(shocks), halts=tuple(_span(item, start) for item in spans["halt"]),
        congestion=tuple((*_span(item, start), round(item.times * PPM)) for item in spans["congestion"]),
        oracle=tuple(
            Episode(start=_span(item, start)[0], end=_span(item, start)[1], kind=kind)
            for name, kind in (("oracle-frozen", FROZEN), ("oracle-silent", SILENT))
            for item in spans[name]
        ),
        outages=tuple(_span(item, start) for item in spans["leader-outage"]),
    )  # fmt: skip


def _fees(scenario: Scenario) -> tuple[int, int, int, int]:
    venue = scenario.venue
    maker = 1.5 if venue.maker_fee_bps is None else venue.maker_fee_bps
    taker = 4.5 if venue.taker_fee_bps is None else venue.taker_fee_bps
    return round(maker * 100), round(taker * 100), 300, 125_000


def _span(item: EpisodeTable, start: int) -> tuple[int, int]:
    first = start + round(item.after_minutes * MINUTE)
    return first, first + round(item.minutes * MINUTE)


def _shocks(scenario: Scenario, item: EpisodeTable, start: int, where: str) -> list[Shock]:
    """What an episode does to the price, on one underlying or on all."""
    symbols = [one.symbol for one in scenario.underlying]
    if item.underlying is not None and item.underlying not in symbols:
        raise InputError(f"{where}: underlying", f"is {item.underlying!r}", "one of " + ", ".join(symbols))
    first, last = _span(item, start)
    out: list[Shock] = []
    for u, symbol in enumerate(symbols):
        if item.underlying not in {None, symbol}:
            continue
        if item.kind == "crash":
            over = round(item.over_minutes * MINUTE)
            out += flash_crash(
                underlying=u, start=first, fall=item.fall, within=last - first, recovery=item.recovery, over=over
            )
        if item.kind == "volatility":
            out.append(Shock(underlying=u, start=first, end=last, volatility=item.times))
    return out


def path_of(scenario: Scenario, seed: int, start: int, end: int, shocks: tuple[Shock, ...] = ()) -> PricePath:
    """The reference price of every underlying on the grid, from start to end."""
    step = round(scenario.grid_ms * MS)
    n = len(scenario.underlying)
    correlation = [[1.0 if i == j else scenario.correlation for j in range(n)] for i in range(n)]
    plan = plan_of([_price(item) for item in scenario.underlying], step=step, correlation=correlation, shocks=shocks)
    dice = streams(seed, stream_names([item.symbol for item in scenario.underlying]))
    return reference_path(plan, (end - start) // step + 2, dice, begin=start)


def _price(item: UnderlyingTable) -> Underlying:
    jumps = item.jumps
    return Underlying(
        name=item.symbol, spot=item.spot, v0=item.volatility**2, theta=item.volatility**2, kappa=item.reversion,
        xi=item.vol_of_vol, rho=item.skew, drift=item.drift,
        jumps=None if jumps is None else NormalJumps(rate=jumps.per_day * 365, mean=jumps.mean, deviation=jumps.size),
    )  # fmt: skip


def chain_of(scenario: Scenario, accounts: int, start: int, terms: Terms) -> tuple[Chain, Ordering]:
    """The chain before its first block, and its ordering policy."""
    rules = np.zeros(RULE_COLUMNS, np.int64)
    rules[[K_INTERVAL, K_JITTER, K_CAPACITY, K_DEMAND]] = terms.interval, terms.jitter, terms.capacity, terms.others
    delay = round(scenario.chain.taker_delay_ms * MS)
    ordering = new_ordering(POLICIES[terms.policy], accounts=accounts, delays=np.array([[0, 0, delay]], np.int64))
    return new_chain(rules, time=start, halts=list(terms.halts), episodes=list(terms.congestion)), ordering


def oracles_of(scenario: Scenario, path: PricePath, start: int, terms: Terms) -> Oracles:
    """One oracle for each underlying, all by one rule."""
    table = scenario.oracle
    oracle = Oracle(
        period=round(table.period_s * SECOND), weights=tuple(table.sources), error=table.error_bps * 1e-4,
        deviation=round(table.deviation_bps * 100), heartbeat=round(table.heartbeat_s * SECOND),
        delay=round(table.delay_ms * MS), memory=60 * SECOND, episodes=terms.oracle,
    )  # fmt: skip
    plans = [oracle_plan(oracle, tick=item.tick) for item in scenario.underlying]
    states = [oracle_state(plan, float(path.spot[u, 0]), start) for u, plan in enumerate(plans)]
    stacked = [np.stack([state[place] for state in states]) for place in range(5)]
    ticks = np.array([plan.tick for plan in plans])
    return Oracles(plans[0].numbers, plans[0].sources, plans[0].episodes, ticks, *stacked)


def marking_of(scenario: Scenario, markets: tuple[Market, ...]) -> MarkState:
    """The mark rule of every instrument."""
    return mark_state([MarkRule(kind=MARKS[scenario.venue.mark])] * len(markets))


def desk_of(scenario: Scenario, start: int, terms: Terms) -> Desk:
    """The leading venue of each underlying."""
    table, plans = scenario.leader, []
    for item in scenario.underlying:
        depth = table.depth_usd / (item.spot * item.lot)
        leader = Leader(
            tick=item.tick, unit=round(item.tick * item.lot * 10**DECIMALS), shown=max(round(depth / 10), 1), depth=depth,
            impact=table.impact_bps * 100, half_life=round(table.half_life_s * SECOND),
            half_spread=table.half_spread_bps * 100, nerves=table.nerves, taker_fee=round(table.taker_fee_bps * 100),
            outages=terms.outages,
        )  # fmt: skip
        plans.append(leader_plan(leader))
    n = len(plans)
    return Desk(
        np.stack([plan.floats for plan in plans]), np.stack([plan.numbers for plan in plans]), plans[0].outages,
        np.zeros((n, 1)), np.full((n, 1), start, np.int64),
    )  # fmt: skip
