# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say, in order
"""The recorded market, event by event: its books, trades, marks and outages, and what everyone may see of them when."""

import numpy as np

from makerscope.agents.interface import V_VOLATILITY
from makerscope.kernels._jit import inlined, inner, part
from makerscope.kernels.book import (
    CENTRE,
    DRIFT,
    OUTSIDE,
    WINDOW,
    best_key,
    empty_side,
    move_window,
    put_centre,
    set_far,
    set_near,
)
from makerscope.kernels.elementary import exp, log
from makerscope.kernels.handle import call_part
from makerscope.kernels.handle_at import handle_at
from makerscope.market.funding import pay_funding
from makerscope.market.layout import (
    FIRST_AGENT,
    FUNDING,
    INDEX,
    LAST,
    MARK,
    NONE,
    P_ASK,
    P_ASK_SIZE,
    P_BID,
    P_BID_SIZE,
    P_FUNDING,
    P_INDEX,
    P_LAST,
    P_MARK,
    P_TRADING,
    P_VOLUME,
    TRADING,
    VOLUME,
)
from makerscope.market.log import NO_FUNDING, T_MARKS, T_QUOTES, next_row
from makerscope.market.venue import V_NOW
from makerscope.sim.agenda import WAKE, add
from makerscope.sim.replay_fill import compare_shown, expire_market, has_own, remember_shown
from makerscope.sim.replay_orders import LOWEST, shown
from makerscope.sim.replay_world import (
    C_BEFORE,
    C_CHANGED,
    C_FULL,
    C_GIVEN,
    C_INSIDE,
    C_SEEN,
    C_SKIPPED,
    C_SLEEPERS,
    CHANGED,
    E_INSTRUMENT,
    E_PRICE,
    E_SEEN,
    E_SERIAL,
    E_SIDE,
    E_SIZE,
    E_TIME,
    E_WHAT,
    FILTER,
    FIRST,
    G_LOG_QUOTES,
    G_SLOWEST,
    HAS_MARKS,
    HIT,
    LAST_ROW,
    LEVEL,
    MARKED,
    PAUSE,
    Q_KEY,
    RARE,
    RESUME,
    T_KEY,
    T_SIZE,
    TOP,
    TRADE,
    WHAT,
)
from makerscope.sim.world import C_HEIGHT, C_NOW, D_FEED

HALF_LIFE = 1800.0 * 1e9  # ns, of the variance that agents hear
YEAR = 365.0 * 86400.0 * 1e9
LN2 = 0.6931471805599453
SECOND = 1_000_000_000


@inlined
def put_level(world, book, row, key, size):
    """Set a level; one beyond the room outside the window is left out and counted."""
    at = key - book.state[LOWEST + row]
    if 0 <= at < WINDOW:
        set_near(book, row, at, size)
    elif size == 0 or book.state[OUTSIDE + row] < book.far_key.shape[1]:
        set_far(book, row, key, size)
    else:
        world.clock[C_FULL] += 1


@inner
def find_top(world, book, r):
    """Look up the best level of a side anew, and keep the window around it."""
    found, key = best_key(book, r & 1)
    world.top[r, T_KEY] = key
    world.top[r, T_SIZE] = shown(book, r & 1, key) if found else 0
    if found and abs(abs(key) - book.state[CENTRE]) > DRIFT:
        move_window(book, abs(key))


@part
def new_top(world, r):
    """The best level of a side went, or a better one came."""
    find_top(world, handle_at(world.book, world.books[r >> 1]), r)
    return 0


@inlined
def _level(world, at, i, side, price, size):
    """One level of a change: the book, own orders at it, and the best price. Returns whether the best level changed."""
    book, r, key, top = handle_at(world.book, world.books[i]), 2 * i + (side < 0), price * side, world.top
    if world.own.filter[r, key & (FILTER - 1)] > 0:
        world.clock[C_BEFORE] = shown(book, r & 1, key)
        put_level(world, book, r & 1, key, size)
        if world.clock[C_BEFORE] != size:
            call_part(world.code[CHANGED], world, at)
    else:
        put_level(world, book, r & 1, key, size)
    if top[r, T_SIZE] > 0:
        if key < top[r, T_KEY]:
            return False
        if size > 0 and key == top[r, T_KEY]:
            top[r, T_SIZE] = size
            return True
    elif size == 0:
        return False
    call_part(world.code[TOP], world, r)
    return True


@inner
def snapshot_row(world, book, i, r, key, size, what):
    """One level of a snapshot; own orders are looked at when all of it is there."""
    if what & FIRST:
        if has_own(world.own):
            remember_shown(world, book, i)
        empty_side(book, 0)
        empty_side(book, 1)
        put_centre(book, abs(key))
    if size > 0:
        put_level(world, book, r & 1, key, size)
    if what & LAST_ROW:
        find_top(world, book, 2 * i)
        find_top(world, book, 2 * i + 1)
        if has_own(world.own):
            compare_shown(world, book, i)


@inlined
def _aggressor(world, i, side, price):
    """The side of a trade; where it was not recorded, by the touch (0: cannot be told)."""
    if side != 0:
        return side
    top = world.top
    if top[2 * i, T_SIZE] > 0 and price <= top[2 * i, T_KEY]:
        return np.int64(-1)
    if top[2 * i + 1, T_SIZE] > 0 and price >= -top[2 * i + 1, T_KEY]:
        return np.int64(1)
    return np.int64(0)


@inlined
def _trade(world, at, i, side, price, size):
    """A recorded trade: an aggressor that sells meets bids, one that buys meets asks."""
    state = world.venue.state
    state[i, LAST] = price
    state[i, VOLUME] += size
    if state[i, TRADING] == 0:
        return
    side = _aggressor(world, i, side, price)
    head = world.own.head[2 * i + (side > 0)]
    if side != 0 and head != NONE and world.own.order[head, Q_KEY] >= -side * price:
        world.clock[C_GIVEN] = side
        call_part(world.code[HIT], world, at)


@inner
def mark_row(world, i, mark, index, funding):
    """The venue's mark, index and funding; a tape that has none of them is marked at the middle."""
    venue, log = world.venue, world.venue.log
    state = venue.state
    if mark > 0:
        state[i, MARK] = mark
    if index > 0:
        state[i, INDEX] = index
    if funding != NO_FUNDING:
        pay_funding(venue.accounts, state, i, funding, world.got)
    row = next_row(log, T_MARKS, log.marks.shape[0])
    out = log.marks
    out[row, 0], out[row, 1], out[row, 2], out[row, 3], out[row, 4] = world.clock[C_NOW], i, mark, index, funding


@inner
def trading(world, i, on):
    """The recorder begins or ceases to listen to a market."""
    world.venue.state[i, TRADING] = on
    if on == 0:
        expire_market(world, i)


@inlined
def _realised(world, i, now, mid):
    """Variance a year of the middle, an average that forgets half in half an hour; looked at once a second."""
    known = world.realised
    since = now - np.int64(known[i, 2])
    if known[i, 1] <= 0.0:
        known[i, 1], known[i, 2] = mid, float(now)
    elif since >= SECOND:
        move, keep = log(mid / known[i, 1]), exp(-LN2 * float(since) / HALF_LIFE, 0.0)
        known[i, 0] = keep * known[i, 0] + (1.0 - keep) * move * move * YEAR / float(since)
        known[i, 1], known[i, 2] = mid, float(now)


@inner
def wake_sleepers(world, when):
    """Whoever waits for something new is called when it sees this."""
    timing, asleep = world.agents.timing, world.asleep
    for a in range(FIRST_AGENT, asleep.shape[0]):
        if asleep[a] == 1:
            asleep[a] = 0
            add(world.agenda, max(when + timing[a, D_FEED], world.clock[C_NOW]), WAKE, a)
    world.clock[C_SLEEPERS] = 0


@inner
def publish(world, i):
    """One instrument changed: a new row of what everyone may see, from when the recorder saw it."""
    clock, public, state, top = world.clock, world.public, world.venue.state, world.top
    room, now, b = public.time.shape[0], clock[C_NOW], 2 * i
    before = clock[C_HEIGHT] % room
    at = (clock[C_HEIGHT] + 1) % room
    if clock[C_HEIGHT] >= room and public.time[at] + world.rule[G_SLOWEST] > now:
        clock[C_SKIPPED] += 1  # nobody has seen the oldest row yet: what is new has to wait, nobody sees the future
        return
    for j in range(public.whole.shape[1]):
        for column in range(public.whole.shape[2]):
            public.whole[at, j, column] = public.whole[before, j, column]
        public.model[at, j, V_VOLATILITY] = public.model[before, j, V_VOLATILITY]
    row = public.whole[at, i]
    bid, ask = top[b, T_SIZE] > 0, top[b + 1, T_SIZE] > 0
    row[P_BID], row[P_BID_SIZE] = (top[b, T_KEY], top[b, T_SIZE]) if bid else (np.int64(NONE), np.int64(0))
    row[P_ASK], row[P_ASK_SIZE] = (-top[b + 1, T_KEY], top[b + 1, T_SIZE]) if ask else (np.int64(NONE), np.int64(0))
    if bid and ask:
        if state[i, HAS_MARKS] == 0:  # no marks were recorded
            state[i, MARK] = state[i, INDEX] = (row[P_BID] + row[P_ASK]) // 2
        _realised(world, i, now, 0.5 * float(row[P_BID] + row[P_ASK]))
        public.model[at, i, V_VOLATILITY] = np.sqrt(world.realised[i, 0])
    row[P_LAST], row[P_MARK], row[P_INDEX] = state[i, LAST], state[i, MARK], state[i, INDEX]
    row[P_VOLUME], row[P_FUNDING], row[P_TRADING] = state[i, VOLUME], state[i, FUNDING], state[i, TRADING]
    clock[C_HEIGHT] += 1
    public.time[at] = clock[C_SEEN]
    if clock[C_SLEEPERS] > 0 and bid and ask and state[i, TRADING] == 1:
        wake_sleepers(world, clock[C_SEEN])
    if world.rule[G_LOG_QUOTES] == 1:
        log_quote(world, i, before, at)


@inner
def log_quote(world, i, before, at):
    """A row of ``quotes`` where the best prices or their sizes changed."""
    public, log = world.public, world.venue.log
    now, then = public.whole[at, i], public.whole[before, i]
    if (
        now[P_BID] == then[P_BID]
        and now[P_ASK] == then[P_ASK]
        and now[P_BID_SIZE] == then[P_BID_SIZE]
        and now[P_ASK_SIZE] == then[P_ASK_SIZE]
    ):
        return
    row = next_row(log, T_QUOTES, log.quotes.shape[0])
    out = log.quotes
    out[row, 0], out[row, 1], out[row, 6] = world.clock[C_NOW], i, world.clock[C_HEIGHT]
    out[row, 2], out[row, 3], out[row, 4], out[row, 5] = now[P_BID], now[P_BID_SIZE], now[P_ASK], now[P_ASK_SIZE]


@inlined
def happen(world, at):
    """Let one recorded event, a row of the feed, happen."""
    clock, row = world.clock, world.feed[at]
    what, i, side = row[E_WHAT], row[E_INSTRUMENT], row[E_SIDE]
    clock[C_NOW] = row[E_TIME]
    clock[C_SEEN] = max(clock[C_SEEN], row[E_SEEN])
    kind = what & WHAT
    if kind == LEVEL and clock[C_INSIDE] + (what & FIRST) == 0:
        if _level(world, at, i, side, row[E_PRICE], row[E_SIZE]):
            clock[C_CHANGED] = 1
    elif kind == TRADE:
        _trade(world, at, i, side, row[E_PRICE], row[E_SIZE])
        clock[C_CHANGED] = 1
    else:
        call_part(world.code[RARE], world, at)
    if what & LAST_ROW and clock[C_CHANGED] == 1:
        clock[C_CHANGED] = 0
        publish(world, i)


@part
def rare(world, at):
    """Rows of snapshots, marks, and the borders of outages."""
    clock, row = world.clock, world.feed[at]
    what, i, side = row[E_WHAT], row[E_INSTRUMENT], row[E_SIDE]
    kind = what & WHAT
    world.venue.word[V_NOW] = clock[C_NOW]
    if kind == LEVEL:
        clock[C_INSIDE] = 0 if what & LAST_ROW else 1
        book = handle_at(world.book, world.books[i])
        snapshot_row(world, book, i, 2 * i + (side < 0), row[E_PRICE] * side, row[E_SIZE], what)
    elif kind == MARKED:
        mark_row(world, i, row[E_PRICE], row[E_SIZE], row[E_SERIAL])
    elif kind == RESUME:
        trading(world, i, 1)
    elif kind == PAUSE:
        trading(world, i, 0)
    clock[C_CHANGED] = 1
    return 0
