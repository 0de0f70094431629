"""From a source and its own agents to the arrays of a replay."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from makerscope.agents import interface
from makerscope.errors import InputError
from makerscope.kernels import book as levels
from makerscope.kernels.dice import streams
from makerscope.kernels.handle import Opened, opened
from makerscope.market.accounts import Holdings, new_holdings
from makerscope.market.layout import (
    ACTION_COLUMNS,
    FIRST_AGENT,
    LADDER,
    LAST,
    LOT_STEP,
    M_LINK,
    MAKER_FEE,
    MESSAGE_COLUMNS,
    NONE,
    PUBLIC_COLUMNS,
    SPEC_COLUMNS,
    STATE_COLUMNS,
    TAKER_FEE,
    UNDERLYING,
    UNIT,
)
from makerscope.market.log import new_log
from makerscope.market.margin_profile import margin_profile
from makerscope.market.margin_rules import margin_rules
from makerscope.market.news import NEWS_COLUMNS, new_inbox
from makerscope.market.venue import MARGIN_COLUMNS, REASONS
from makerscope.sim import replay_world as r
from makerscope.sim import world as w
from makerscope.sim.agenda import new_agenda
from makerscope.sim.build import agents_of
from makerscope.sim.cast import Cast
from makerscope.sim.python_agent import PythonStep, seat
from makerscope.sim.replay_parts import PARTS, addresses
from makerscope.sim.replay_queue import MODELS, QueueModel
from makerscope.tape.events import Instrument

MS, SECOND = 10**6, 10**9
FAR = 1 << 14  # levels a side that a book holds outside its window
SEEN_ROWS = 1 << 16  # rows of what everyone may see, over all instruments
MOST_DECIMALS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is not recorded: the queue model, fees (bps), how often equity is written (s), whether quotes are."""

    queue: QueueModel
    maker_fee_bps: float
    taker_fee_bps: float
    equity_s: float = 60.0
    quotes: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A replay ready to run.

    ``decimals``: of the money; ``factor``: by which recorded money is multiplied for it. ``steps``: the agents that
    are plain Python, by account. ``keep``: memory that the arrays only point to.
    """

    world: r.Replay
    handle: Opened
    decimals: int
    factor: int
    steps: dict[int, PythonStep]
    keep: list[object] = field(repr=False)


def money_of(instruments: Sequence[Instrument], decimals: int) -> tuple[list[int], int]:
    """Base units of a tick times a lot of each instrument, and the decimals of money that make all of them whole.

    Raises:
        InputError: no sensible money makes them whole.
    """
    values = [Decimal(item.tick_size) * Decimal(item.lot_size) * Decimal(item.multiplier) for item in instruments]
    for places in range(decimals, MOST_DECIMALS + 1):
        units = [value * 10**places for value in values]
        if all(unit == int(unit) and unit >= 1 for unit in units):
            return [int(unit) for unit in units], places
    raise InputError(
        instruments[0].instrument, f"a tick times a lot is {values[0]}", f"at most {MOST_DECIMALS} decimals"
    )


def stage(
    instruments: Sequence[Instrument], cast: tuple[Cast, ...], terms: Terms, span: tuple[int, int], seed: int,
    decimals: int = 6, *, dearest: int = 1 << 21, room: int = 1 << 17, feed: int = 1 << 18,
) -> Staged:  # fmt: skip
    """Lay out a replay.

    Args:
        instruments: recorded markets, linear, settled in one token.
        cast: own agents.
        terms: queue model and fees.
        span: first and last ns.
        seed: of the agents' dice.
        decimals: of the token, at least.
        dearest: ticks that no price will reach.
        room: rows of each buffer of the log.
        feed: rows of recorded events at a time.
    """
    units, places = money_of(instruments, decimals)
    count, accounts = len(instruments), FIRST_AGENT + len(cast)
    keep: list[object] = []
    slots = [item.kind.slots(item.numbers, count) for item in cast]
    books = [levels.new_book(FAR) for _ in instruments]
    tables = [opened(each) for each in books]
    keep += tables
    desk = _desk(instruments, units, cast, slots, terms, room, 10**places, dearest)
    dice = streams(seed, [f"agent {item.name}" for item in cast])
    actions = max([64, *(2 * each for each in slots)])
    messages = max(1 << 12, 64 * sum(slots)) + actions
    rows, taken = np.zeros((actions, ACTION_COLUMNS), np.int64), np.zeros(1, np.int64)
    reference, news = np.zeros((count, interface.REFERENCE_COLUMNS)), np.zeros((256, NEWS_COLUMNS), np.int64)
    pending = np.zeros((1, interface.PENDING_COLUMNS), np.int64)
    blank = np.zeros((count, 1))
    agents = agents_of(cast, accounts, count, desk, dice, 0, keep)  # pyright: ignore[reportArgumentType] - reads no more
    seen = np.zeros(interface.SEEN_WORDS, np.int64)
    seen[interface.N_INSTRUMENTS] = seen[interface.N_UNDERLYINGS] = count
    seen[interface.N_ACCOUNTS] = accounts
    for place, array in (
        (interface.AT_SPEC, desk.spec), (interface.AT_REAL, desk.real), (interface.AT_REFERENCE, reference),
        (interface.AT_NEWS, news), (interface.AT_PENDING, pending),
    ):  # fmt: skip
        seen[place] = array.ctypes.data
    seen_rows = max(SEEN_ROWS // count, 1024)
    world = r.Replay(
        venue=desk, own=_own(count, sum(slots) + 64), book=books[0],
        books=np.array([each.address for each in tables], np.int64), top=np.zeros((2 * count, 2), np.int64),
        feed=np.zeros((feed, r.EVENT_COLUMNS), np.int64), agents=agents,
        public=w.Public(
            np.full((seen_rows, count, PUBLIC_COLUMNS), NONE, np.int64),
            np.zeros((seen_rows, count, interface.MODEL_COLUMNS)), np.zeros(seen_rows, np.int64),
            np.full((seen_rows, interface.WEAK_ROOM), NONE, np.int64),
            np.full((seen_rows, 1, interface.MARGIN_COLUMNS), NONE, np.int64), np.full(1, NONE, np.int64),
        ),
        path=w.Path(blank, blank.copy(), blank.copy(), np.zeros((0, 2), np.int64)), mempool=_pool(messages),
        agenda=new_agenda(messages + 2 * len(cast) + 16), dice=dice, clock=_clock(span, len(cast)),
        rule=_rule(cast, terms, span[0]), seen=seen,
        act=np.array([rows.ctypes.data, len(rows), taken.ctypes.data, 0], np.int64), rows=rows, written=taken,
        news=news,
        reference=reference, pending=pending, lead=np.arange(count),
        asleep=np.ones(accounts, np.int64), model=np.array([terms.queue.n]),
        realised=np.zeros((count, 3)),
        got=np.zeros(accounts, np.int64), code=np.zeros(len(PARTS), np.int64),
    )  # fmt: skip
    factor = 10 ** (places - decimals)
    handle = opened(world)
    world.code[:] = addresses(handle.kind)
    plain = [FIRST_AGENT + n for n, item in enumerate(cast) if item.kind.entry is None]
    steps = {a: seat(world, a, cast[a - FIRST_AGENT]) for a in plain}  # pyright: ignore[reportArgumentType]
    return Staged(world=world, handle=handle, decimals=places, factor=factor, steps=steps, keep=keep)


def _desk(
    instruments: Sequence[Instrument], units: list[int], cast: tuple[Cast, ...], slots: list[int], terms: Terms,
    room: int, money: int, dearest: int,
) -> r.Desk:  # fmt: skip
    count, accounts = len(instruments), FIRST_AGENT + len(cast)
    spec, state = np.zeros((count, SPEC_COLUMNS), np.int64), np.zeros((count, STATE_COLUMNS), np.int64)
    spec[:, UNDERLYING], spec[:, UNIT], spec[:, LOT_STEP], spec[:, LADDER] = np.arange(count), units, 1, dearest
    spec[:, MAKER_FEE], spec[:, TAKER_FEE] = round(terms.maker_fee_bps * 100), round(terms.taker_fee_bps * 100)
    state[:, LAST] = NONE
    real = np.zeros((count, 3))
    for i, item in enumerate(instruments):
        real[i] = 0.0, float(item.tick_size), float(item.lot_size) * float(item.multiplier)
    holdings: Holdings = new_holdings(accounts, count)
    names = [item.instrument for item in instruments]
    rules = margin_rules(margin_profile("plain"), spec, names, units_per_usd=money)  # no fill asks for margin
    slot_at = np.zeros(accounts + 1, np.int64)
    slot_at[FIRST_AGENT + 1 :] = np.cumsum(slots)
    for n, item in enumerate(cast):
        holdings.cash[FIRST_AGENT + n] = round(item.table.capital_usd * money)
    return r.Desk(
        spec=spec, real=real, state=state, accounts=holdings, rules=rules,
        slot=np.full(max(sum(slots), 1), NONE, np.int64),
        slot_at=slot_at, margin=np.zeros((accounts, MARGIN_COLUMNS), np.int64),
        refused=np.zeros((accounts, len(REASONS)), np.int64),
        inbox=new_inbox(accounts, max(1 << 16, 8 * sum(slots))), log=new_log(room), word=np.zeros(8, np.int64),
    )  # fmt: skip


def _own(count: int, orders: int) -> r.Own:
    order = np.zeros((orders, r.QUEUE_COLUMNS), np.int64)
    order[:, r.Q_NEXT] = np.arange(1, orders + 1)
    order[-1, r.Q_NEXT] = NONE
    head, cells = np.full(2 * count, NONE, np.int64), np.zeros((2 * count, r.FILTER), np.int64)
    return r.Own(order, np.zeros(orders), head, cells, np.zeros((4096, 4), np.int64), np.zeros(4, np.int64))


def _pool(messages: int) -> r.Pool:
    """Room for messages; the last row is nobody's, for what the venue does by itself."""
    message = np.zeros((messages + 1, MESSAGE_COLUMNS), np.int64)
    message[:, M_LINK] = np.arange(1, messages + 2)
    message[messages - 1 :, M_LINK] = NONE
    return r.Pool(message)


def _clock(span: tuple[int, int], agents: int) -> NDArray[np.int64]:
    clock = np.zeros(r.CLOCK_WORDS, np.int64)
    clock[w.C_NOW], clock[w.C_END], clock[w.C_NEXT_BLOCK] = span[0], span[1], 1 << 62
    clock[r.C_SLEEPERS] = agents  # everybody is called when both sides of a market are first seen
    return clock


def _rule(cast: tuple[Cast, ...], terms: Terms, start: int) -> NDArray[np.int64]:
    rule = np.zeros(r.RULE_WORDS, np.int64)
    rule[w.G_START], rule[w.G_STEP] = start, 1
    rule[r.G_MODEL], rule[r.G_LOG_QUOTES] = MODELS[terms.queue.kind], terms.quotes
    rule[r.G_EQUITY_EVERY] = round(terms.equity_s * SECOND)
    rule[r.G_SLOWEST] = max(round(item.table.feed_ms * MS) for item in cast)
    return rule
