"""From a scenario to the arrays of a world: who stands where, with what, and what is on the agenda at the start."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from makerscope.agents import interface
from makerscope.agents.kind import words
from makerscope.kernels.dice import streams
from makerscope.kernels.handle import Opened, opened
from makerscope.market.accounts import new_holdings
from makerscope.market.book import FILL_COLUMNS, new_book
from makerscope.market.layout import (
    A_LEAD,
    ACTION_COLUMNS,
    AN_OPTION,
    EXPIRY,
    FIRST_AGENT,
    INSURANCE,
    KIND,
    LADDER,
    LAST,
    M_LINK,
    MESSAGE_COLUMNS,
    NONE,
    PPM,
    PUBLIC_COLUMNS,
    STATE_COLUMNS,
    TRADING,
)
from makerscope.market.log import new_log
from makerscope.market.margin_rules import margin_rules, scenario_grid, with_perp_rates
from makerscope.market.news import NEWS_COLUMNS, new_inbox
from makerscope.market.ordering import R_POLICY
from makerscope.market.transfers import transfers_table
from makerscope.market.venue import MARGIN_COLUMNS, REASONS, V_UNLOGGED, Venue
from makerscope.sim import world as w
from makerscope.sim.agenda import BLOCK, WAKE, Agenda, add, new_agenda
from makerscope.sim.bankruptcy import WAYS
from makerscope.sim.batch_auction import BATCH_ROWS
from makerscope.sim.cast import MODES, Cast, cast_of
from makerscope.sim.dealers import REQUEST_COLUMNS, REQUEST_ROWS
from makerscope.sim.fee_tiers import DAY, rates_of
from makerscope.sim.hybrid import seat_flows
from makerscope.sim.markets import DECIMALS, Market, instant, list_markets, market_rows
from makerscope.sim.parts import WHERE, addresses
from makerscope.sim.python_agent import PythonStep, seat
from makerscope.sim.scenario import Scenario
from makerscope.sim.surfaces import surfaces_of
from makerscope.sim.surroundings import (
    budgets_of,
    chain_of,
    desk_of,
    half_spreads,
    marking_of,
    oracles_of,
    path_of,
)
from makerscope.sim.terms import Terms, terms_of

MS, SECOND, HOUR = 10**6, 10**9, 3600 * 10**9
MONEY = 10**DECIMALS
NOT_AGENTS = ("insurance", "fees", "gas", "backstop", "leader")
ROOM_FOR_ACTIONS = 64
MOST_SEEN_BLOCKS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A world ready to run, with what the tape needs to name things.

    ``handle``: the world as compiled code takes it. ``steps``: the agents that are plain Python, by account. ``keep``:
    memory that the world only points to.
    """

    world: w.World
    handle: Opened
    scenario: Scenario
    markets: tuple[Market, ...]
    cast: tuple[Cast, ...]
    terms: Terms
    start: int
    end: int
    steps: dict[int, PythonStep]
    keep: list[object] = field(repr=False)

    @property
    def accounts(self) -> list[str | None]:
        """Names by account: the venue's own, the agents, and the agents again at the leading venue."""
        names = [item.name for item in self.cast]
        return [*NOT_AGENTS, *names, *names]


def build(scenario: Scenario, *, seed: int, room: int = 1 << 17, plain: bool = False) -> Built:
    """Lay out a scenario.

    Args:
        scenario: of ``read_scenario``.
        seed: of all dice; agents and prices have dice of their own, named by their names.
        room: rows of each buffer of the log.
        plain: run the steps of all agents as plain Python, which is slower, never different.

    Raises:
        InputError: a key asks for what cannot be; the key is named.
    """
    start = instant("start", scenario.start)
    end = start + round(scenario.hours * HOUR)
    markets = list_markets(scenario, start)
    cast = cast_of(scenario, len(markets))
    terms = terms_of(scenario, start, end)
    keep: list[object] = []
    world = _world(scenario, seed, (start, end), markets, cast, terms, room, keep)
    keep += seat_flows(world, cast, start, end)
    handle = opened(world)
    addresses(handle.kind, world.code, keep, int(world.ordering.rule[R_POLICY]))
    steps = {
        FIRST_AGENT + n: seat(world, FIRST_AGENT + n, item, plain=plain)
        for n, item in enumerate(cast)
        if plain or item.kind.entry is None
    }
    return Built(
        world=world, handle=handle, scenario=scenario, markets=markets, cast=cast, terms=terms, start=start, end=end,
        steps=steps,
        keep=keep,
    )  # fmt: skip


def _world(
    scenario: Scenario, seed: int, span: tuple[int, int], markets: tuple[Market, ...], cast: tuple[Cast, ...],
    terms: Terms, room: int, keep: list[object],
) -> w.World:  # fmt: skip
    start, end = span
    prices = [item.symbol for item in scenario.underlying]
    accounts, instruments = FIRST_AGENT + 2 * len(cast), len(markets)
    path, desk = path_of(scenario, seed, start, end, terms.shocks), desk_of(scenario, start, terms)
    venue = _venue(scenario, markets, cast, terms, accounts, room)
    venue.word[V_UNLOGGED] = not scenario.record.orders
    names = ["loop", *(f"oracle {name}" for name in prices), *(f"surface {name}" for name in prices)]
    dice = streams(seed, [*names, *(f"agent {item.name}" for item in cast)])
    first_dice = len(names)
    chain, ordering = chain_of(scenario, cast, accounts, start, terms)
    public = _public(cast, instruments, terms)
    actions = max([ROOM_FOR_ACTIONS, *(2 * item.kind.slots(item.numbers, instruments) for item in cast)])
    rows, count = np.zeros((actions, ACTION_COLUMNS), np.int64), np.zeros(1, np.int64)
    messages = max(1 << 14, 4 * sum(item.kind.slots(item.numbers, instruments) + 4 for item in cast)) + actions
    mempool = _mempool(messages)
    clock = np.zeros(w.CLOCK_WORDS, np.int64)
    rule = _rule(scenario, start, len(cast), terms)
    rule[w.G_OPTIONS] = any(market.kind == "option" for market in markets)
    rule[w.G_GRID_EVERY] = SECOND if any(item.table.margin == "portfolio" for item in cast) else 0
    clock[w.C_NOW], clock[w.C_END], clock[w.C_FREE] = start, end, 0
    expiries = venue.spec[(venue.spec[:, KIND] == AN_OPTION), EXPIRY]
    clock[w.C_NEXT_EXPIRY] = expiries.min() if len(expiries) else 0
    clock[[w.C_DUE_MARKS, w.C_DUE_BOOK, w.C_DUE_CHAIN, w.C_DUE_ACCOUNTS]] = start
    clock[w.C_DUE_FUNDING] = (start // max(terms.funding[0], 1) + 1) * max(terms.funding[0], 1)
    clock[w.C_PAID_IN] = venue.accounts.cash.sum()
    agents = agents_of(cast, accounts, instruments, venue, dice, first_dice, keep)
    pending = np.zeros((interface.PENDING_ROOM, interface.PENDING_COLUMNS), np.int64)
    reference = np.zeros((len(prices), interface.REFERENCE_COLUMNS))
    news = np.zeros((256, NEWS_COLUMNS), np.int64)
    act = np.array([rows.ctypes.data, len(rows), count.ctypes.data, 0], np.int64)
    seen = np.zeros(interface.SEEN_WORDS, np.int64)
    seen[interface.N_INSTRUMENTS], seen[interface.N_UNDERLYINGS] = instruments, len(prices)
    seen[interface.N_ACCOUNTS] = accounts
    for place, array in (
        (interface.AT_SPEC, venue.spec), (interface.AT_REAL, venue.real), (interface.AT_REFERENCE, reference),
        (interface.AT_NEWS, news), (interface.AT_PENDING, pending),
    ):  # fmt: skip
        seen[place] = array.ctypes.data
    budget = budgets_of(cast, accounts, instruments, terms)
    for a in range(FIRST_AGENT, FIRST_AGENT + len(cast)):
        rates_of(budget.tiers, budget.days, venue.margin, a)
    clock[w.C_DUE_FEES] = (start // DAY + 1) * DAY
    agenda = _agenda(cast, start, clock, chain.rules, messages)
    levels = max(scenario.record.book_depth, 1)
    batched = messages + len(venue.book.order) + 1 if terms.profile.ordering.policy == "batch" else 1
    return w.World(
        venue=venue, chain=chain, ordering=ordering, agents=agents, public=public,
        path=w.Path(path.spot, path.variance, half_spreads(scenario, path), desk.outages),
        oracle=oracles_of(scenario, path, start, terms), marking=marking_of(markets, terms),
        surface=surfaces_of(scenario, markets, path, start),
        grid=scenario_grid(terms.margin, instruments), desk=desk,
        budget=budget, mempool=mempool, agenda=agenda, dice=dice,
        clock=clock, rule=rule, seen=seen, act=act, rows=rows, written=count, news=news, reference=reference,
        pending=pending,
        scratch=np.zeros((2, levels), np.int64), index_ticks=np.zeros(len(prices), np.int64),
        terms=np.array(terms.funding, np.int64), carry=np.zeros(instruments, np.int64),
        twap=np.zeros((len(prices), 2), np.int64), got=np.zeros(accounts, np.int64),
        forced=np.zeros((accounts, 4), np.int64), score=np.zeros(accounts), queue=np.zeros(accounts, np.int64),
        worth=np.zeros(accounts, np.int64), gain=np.zeros(accounts, np.int64), cut=np.zeros(accounts, np.int64),
        code=np.zeros(len(WHERE), np.int64), transit=transfers_table(),
        batch=np.zeros((BATCH_ROWS, batched), np.int64),
        requests=np.zeros((REQUEST_ROWS, REQUEST_COLUMNS), np.int64), dealers=np.zeros(accounts, np.int64),
    )  # fmt: skip


def _venue(
    scenario: Scenario, markets: tuple[Market, ...], cast: tuple[Cast, ...], terms: Terms, accounts: int, room: int,
) -> Venue:  # fmt: skip
    spec, real = market_rows(scenario, markets, terms.fees, terms.self_trade)
    profile = terms.margin
    prices, chosen = [item.symbol for item in scenario.underlying], scenario.venue.initial_margin
    spec = with_perp_rates(profile, spec, prices, chosen=None if chosen is None else round(chosen * PPM))
    slots = [item.kind.slots(item.numbers, len(markets)) for item in cast]
    slot_at = np.zeros(accounts + 1, np.int64)
    slot_at[FIRST_AGENT + 1 : FIRST_AGENT + 1 + len(cast)] = np.cumsum(slots)
    slot_at[FIRST_AGENT + 1 + len(cast) :] = sum(slots)
    state = np.zeros((len(markets), STATE_COLUMNS), np.int64)
    state[:, TRADING], state[:, LAST] = spec[:, KIND] != A_LEAD, NONE
    holdings = new_holdings(accounts, len(markets))
    holdings.cash[INSURANCE] = round(scenario.venue.insurance_usd * MONEY)
    checked, protection = np.zeros(accounts, np.int64), np.zeros((accounts, 8), np.int64)
    for n, item in enumerate(cast):
        a, table = FIRST_AGENT + n, item.table
        holdings.cash[a] = round(table.capital_usd * MONEY)
        holdings.cash[a + len(cast)] = round(table.hedge_usd * MONEY)
        holdings.mode[a], checked[a] = MODES[table.margin], table.margin != "none"
        protection[a, :3] = round(table.protect_s * SECOND), round(table.frozen_s * SECOND), table.protect_lots
    return Venue(
        spec=spec, real=real, state=state, book=new_book(tuple(int(n) for n in spec[:, LADDER]), sum(slots) + 64),
        accounts=holdings, rules=margin_rules(profile, spec, prices, units_per_usd=MONEY),
        slot=np.full(max(sum(slots), 1), NONE, np.int64), slot_at=slot_at, checked=checked,
        margin=np.zeros((accounts, MARGIN_COLUMNS), np.int64), protection=protection,
        refused=np.zeros((accounts, len(REASONS)), np.int64), inbox=new_inbox(accounts, max(1 << 16, 8 * sum(slots))),
        log=new_log(room), word=np.zeros(8, np.int64),
        fills=np.zeros((max(1024, 2 * sum(slots) + 2), FILL_COLUMNS), np.int64),
    )  # fmt: skip


def _mempool(messages: int) -> w.Mempool:
    """Room for messages; the last row is nobody's, for what the venue does by itself."""
    message = np.zeros((messages + 1, MESSAGE_COLUMNS), np.int64)
    message[:, M_LINK] = np.arange(1, messages + 2)
    message[messages - 1 :, M_LINK] = NONE
    return w.Mempool(
        message, np.zeros(messages, np.int64), np.zeros(messages, np.int64), np.zeros((3, messages), np.int64)
    )


def _public(cast: tuple[Cast, ...], instruments: int, terms: Terms) -> w.Public:
    """As many of the last blocks as the slowest feed needs."""
    slowest = max(item.table.feed_ms for item in cast) * MS
    blocks = min(8 + 2 * int(slowest // max(terms.interval, 1)), MOST_SEEN_BLOCKS)
    whole = np.full((blocks, instruments, PUBLIC_COLUMNS), NONE, np.int64)
    weak = np.full((blocks, interface.WEAK_ROOM), NONE, np.int64)
    model = np.zeros((blocks, instruments, interface.MODEL_COLUMNS))
    watched = np.array([NONE, *(FIRST_AGENT + n for n, item in enumerate(cast) if item.kind.margin)], np.int64)
    margin = np.full((blocks, len(watched), interface.MARGIN_COLUMNS), NONE, np.int64)
    return w.Public(whole, model, np.zeros(blocks, np.int64), weak, margin, watched)


def _rule(scenario: Scenario, start: int, agents: int, terms: Terms) -> NDArray[np.int64]:
    rule, record = np.zeros(w.RULE_WORDS, np.int64), scenario.record
    rule[w.G_START], rule[w.G_STEP] = start, round(scenario.grid_ms * MS)
    rule[w.G_CONTINUOUS], rule[w.G_BEAT] = terms.interval == 0, 100 * MS
    rule[w.G_ORDER_BLOCKS] = terms.order_blocks
    for place, every in (
        (w.G_MARKS_EVERY, record.marks_s), (w.G_BOOK_EVERY, record.book_s), (w.G_CHAIN_EVERY, record.chain_s),
        (w.G_ACCOUNTS_EVERY, record.accounts_s),
    ):  # fmt: skip
        rule[place] = round(every * SECOND)
    rule[w.G_BOOK_DEPTH], rule[w.G_QUOTES] = record.book_depth, record.quotes
    rule[w.G_HEDGE_SHIFT], rule[w.G_KEEPERS] = agents, scenario.venue.keepers
    rule[w.G_BANKRUPTCY] = WAYS[scenario.venue.bankruptcy]
    return rule


def agents_of(
    cast: tuple[Cast, ...], accounts: int, instruments: int, venue: Venue, dice: NDArray[np.uint64], first_dice: int,
    keep: list[object],
) -> w.Agents:  # fmt: skip
    """Every agent's own memory, latencies, and what it knows at the start."""
    timing, own = np.zeros((accounts, w.TIMING_COLUMNS), np.int64), np.zeros((accounts, interface.SELF_WORDS), np.int64)
    address, cash = np.zeros(accounts, np.int64), np.zeros(accounts, np.int64)
    for n, item in enumerate(cast):
        a, table = FIRST_AGENT + n, item.table
        params = np.array(list(item.numbers.values()) or [0.0])
        reals = np.zeros(words(item.kind.reals, instruments))
        whole = np.zeros(words(item.kind.whole, instruments), np.int64)
        keep += [params, reals, whole, item.kind.entry]
        address[a] = 0 if item.kind.entry is None else item.kind.entry.address
        cash[a] = venue.accounts.cash[a]
        roll = dice[first_dice + n : first_dice + n + 1]
        own[a] = (
            params.ctypes.data, len(params), reals.ctypes.data, len(reals), whole.ctypes.data, len(whole),
            roll.ctypes.data, first_dice + n,
        )  # fmt: skip
        for place, ms in (
            (w.D_FEED, table.feed_ms), (w.D_LEAD_FEED, table.lead_feed_ms), (w.D_SEND, table.send_ms),
            (w.D_LEAD_SEND, table.lead_send_ms), (w.D_JITTER, table.jitter_ms), (w.D_THINK, table.think_ms),
            (w.D_EVERY, table.every_ms),
        ):  # fmt: skip
            timing[a, place] = round(ms * MS)
        timing[a, w.D_WATCH] = item.kind.margin * (1 + sum(one.kind.margin for one in cast[:n]))
        timing[a, w.D_MEMPOOL] = item.kind.mempool
    known = np.zeros((len(venue.slot), interface.KNOWN_COLUMNS), np.int64)
    return w.Agents(address, own, timing, known, np.zeros((accounts, instruments), np.int64), cash)


def _agenda(
    cast: tuple[Cast, ...], start: int, clock: NDArray[np.int64], rules: NDArray[np.int64], messages: int
) -> Agenda:
    """The first block, and everybody's first call: one microsecond apart, in the order of the scenario."""
    agenda = new_agenda(messages + 2 * len(cast) + 16)
    first = start + max(int(rules[0]), MS)
    clock[w.C_NEXT_BLOCK] = first
    add(agenda, start, BLOCK, 0)
    for n in range(len(cast)):
        add(agenda, start + 1000 * (n + 1), WAKE, FIRST_AGENT + n)
    return agenda
