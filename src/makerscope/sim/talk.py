# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say, in order
"""The border between the loop and an agent: what it hears, its call, and what becomes of what it wrote."""

import numpy as np

from makerscope.agents.interface import (
    ASK,
    AT_KNOWN,
    AT_MARGIN,
    AT_MODEL,
    AT_POSITION,
    AT_PUBLIC,
    AT_WEAK,
    K_INSTRUMENT,
    K_PRICE,
    K_SENT_PRICE,
    K_SENT_SIZE,
    K_SIDE,
    K_SIZE,
    KNOWN_COLUMNS,
    MARGIN_COLUMNS,
    MODEL_COLUMNS,
    N_BLOCK,
    N_BLOCK_TIME,
    N_CASH,
    N_ME,
    N_NEWS,
    N_NOW,
    N_SLOTS,
    OUT,
    R_ASK,
    R_BID,
    R_SPOT,
    R_VARIANCE,
    RETURNED_GARBAGE,
    TOO_SLOW,
    WEAK_ROOM,
    call_step,
)
from makerscope.kernels._jit import inlined, inner, kernel, part
from makerscope.market.layout import (
    A_FLAGS,
    A_INSTRUMENT,
    A_KIND,
    A_PRICE,
    A_SIDE,
    A_SIZE,
    A_SLOT,
    A_UNTIL,
    CANCEL,
    CANCEL_ALL,
    FORCED,
    JIT,
    MARK,
    NONE,
    PLACE,
    PUBLIC_COLUMNS,
    TAKE,
    TRANSFER,
    UNIT,
)
from makerscope.market.leader import last_shown
from makerscope.market.news import (
    FILLED,
    NEWS_COLUMNS,
    REFUSED,
    TOOK,
    W_CASH,
    W_INSTRUMENT,
    W_KIND,
    W_LEFT,
    W_PRICE,
    W_SIDE,
    W_SIZE,
    W_SLOT,
    first_note,
    forget,
)
from makerscope.market.venue import NO_BUDGET
from makerscope.sim.world import (
    C_HEIGHT,
    C_NEXT_BLOCK,
    C_NOW,
    D_BLOCK,
    D_EVERY,
    D_FEED,
    D_GARBAGE,
    D_LEAD_FEED,
    D_OUT,
    D_OUT_AT,
    D_WATCH,
    G_START,
    G_STEP,
    IN,
)

MOST_NS = 1 << 60  # an agent that wants to sleep longer returned garbage
MOST_MONEY = float(1 << 61)  # base units that one order may be worth: more does not exist


@kernel
def hear(world, a, until):
    """Give an agent its notes up to ``until``: its slots, position and cash change; returns how many there were."""
    inbox, agents, n = world.venue.inbox, world.agents, 0
    base, slots = world.venue.slot_at[a], world.venue.slot_at[a + 1] - world.venue.slot_at[a]
    while n < world.news.shape[0]:
        note = first_note(inbox, a, until)
        if note == NONE:
            break
        for column in range(NEWS_COLUMNS):
            world.news[n, column] = inbox.note[note, column]
        w = world.news[n]
        kind, slot = w[W_KIND], w[W_SLOT]
        known = agents.known
        if kind == FILLED or kind == TOOK:
            agents.position[a, w[W_INSTRUMENT]] += w[W_SIDE] * w[W_SIZE]
            agents.cash[a] += w[W_CASH]
        # news of an order that the agent has replaced since says nothing about the one it sent
        if 0 <= slot < slots and kind != TOOK and w[W_PRICE] == known[base + slot, K_SENT_PRICE]:
            known[base + slot, K_SIZE] = w[W_LEFT] if kind == FILLED else 0
        elif kind == REFUSED and 0 <= slot < slots and w[W_SIZE] == 0 and w[W_LEFT] == NO_BUDGET:
            known[base + slot, K_SIZE] = 1  # a cancel that nobody executed: something still rests there
        forget(inbox, a)
        n += 1
    return n


@inlined
def _look_at_blocks(world, a, now):
    """The last block the agent has seen by now; NONE if what it has seen is no longer kept."""
    timing, public = world.agents.timing, world.public
    feed, seen, room = timing[a, D_FEED], timing[a, D_BLOCK], public.time.shape[0]
    last = world.clock[C_HEIGHT]
    seen = max(seen, last - room + 1)
    while seen < last and public.time[(seen + 1) % room] + feed <= now:
        seen += 1
    timing[a, D_BLOCK] = seen
    return seen if seen == 0 or public.time[seen % room] + feed <= now else np.int64(NONE)


@inlined
def _look_at_leader(world, a, now):
    """Spot, variance, bid and ask of the leading venue as the agent's feed shows them; in an outage the last ones."""
    path, rule, out = world.path, world.rule, world.reference
    heard = last_shown(world.path.down, now - world.agents.timing[a, D_LEAD_FEED])
    at = (heard - rule[G_START]) // rule[G_STEP]
    at = min(max(at, 0), path.spot.shape[1] - 1)
    for u in range(path.spot.shape[0]):
        spot, half = path.spot[u, at], path.half[u, at]
        out[u, R_SPOT], out[u, R_VARIANCE], out[u, R_BID], out[u, R_ASK] = (
            spot,
            path.variance[u, at],
            spot - half,
            spot + half,
        )


@inlined
def _is_garbage(world, row):
    """Whether an action is one that nobody can have meant. What the venue merely refuses is none."""
    kind, i, spec = row[A_KIND], row[A_INSTRUMENT], world.venue.spec
    if kind < PLACE or kind > TRANSFER or row[A_UNTIL] < 0:
        return True
    if kind != PLACE and kind != TAKE:
        return False
    if i < 0 or i >= spec.shape[0] or (row[A_SIDE] != 1 and row[A_SIDE] != -1):
        return True
    if row[A_SIZE] <= 0 or row[A_PRICE] < NONE or row[A_FLAGS] < 0 or row[A_FLAGS] >= 2 * JIT or row[A_FLAGS] & FORCED:
        return True
    return float(max(row[A_PRICE], world.venue.state[i, MARK], 1)) * row[A_SIZE] * spec[i, UNIT] > MOST_MONEY


@inner
def judge(world, a, asleep):
    """What an agent returned, if that and what it wrote make sense; else it is out, and this is OUT."""
    count, timing, why, row = world.written[0], world.agents.timing, np.int64(IN), np.int64(0)
    if OUT - TOO_SLOW <= asleep < OUT:
        why = OUT - asleep
    elif asleep < 0 or asleep > MOST_NS or count < 0 or count > world.rows.shape[0]:
        why = np.int64(RETURNED_GARBAGE)
    else:
        while row < count and not _is_garbage(world, world.rows[row]):
            row += 1
        if row < count:
            why = np.int64(RETURNED_GARBAGE)
            timing[a, D_GARBAGE] = row + 1
    if why == IN:
        return asleep
    timing[a, D_OUT], timing[a, D_OUT_AT] = why, world.clock[C_NOW]
    world.written[0] = 0
    return np.int64(OUT)


@part
def ask_agent(world, a):
    """Call an agent. Returns how long it wants to sleep in ns (0: until it sees a block), OUT if it is out, or ASK."""
    now, agents, seen = world.clock[C_NOW], world.agents, world.seen
    world.written[0] = 0
    block = _look_at_blocks(world, a, now)
    if block == NONE:  # more blocks than are kept within its feed: rather than see the future it is called later
        return np.int64(agents.timing[a, D_FEED])
    room = world.public.time.shape[0]
    at = block % room
    heard = hear(world, a, now - agents.timing[a, D_FEED])
    _look_at_leader(world, a, now)
    instruments = world.public.whole.shape[1]
    base = world.venue.slot_at[a]
    seen[N_NOW], seen[N_BLOCK], seen[N_BLOCK_TIME], seen[N_ME] = now, block, world.public.time[at], a
    seen[N_CASH], seen[N_NEWS], seen[N_SLOTS] = agents.cash[a], heard, world.venue.slot_at[a + 1] - base
    seen[AT_PUBLIC] = world.public.whole.ctypes.data + 8 * at * instruments * PUBLIC_COLUMNS
    seen[AT_MODEL] = world.public.model.ctypes.data + 8 * at * instruments * MODEL_COLUMNS
    seen[AT_POSITION] = agents.position.ctypes.data + 8 * a * instruments
    seen[AT_KNOWN] = agents.known.ctypes.data + 8 * base * KNOWN_COLUMNS
    seen[AT_WEAK] = world.public.weak.ctypes.data + 8 * at * WEAK_ROOM
    watch = at * world.public.watched.shape[0] + agents.timing[a, D_WATCH]
    seen[AT_MARGIN] = world.public.margin.ctypes.data + 8 * watch * MARGIN_COLUMNS
    asleep = call_step(agents.address[a], agents.own[a].ctypes.data, seen.ctypes.data, world.act.ctypes.data)
    return asleep if asleep == ASK else judge(world, a, asleep)


@inlined
def next_wake(world, a, asleep):
    """When an agent is called again."""
    timing, now = world.agents.timing, world.clock[C_NOW]
    if asleep > 0:
        return now + asleep
    if timing[a, D_EVERY] > 0:
        return now + timing[a, D_EVERY]
    seen, room = timing[a, D_BLOCK], world.public.time.shape[0]
    if seen < world.clock[C_HEIGHT]:
        return max(now + 1, world.public.time[(seen + 1) % room] + timing[a, D_FEED])
    return max(now + 1, world.clock[C_NEXT_BLOCK] + timing[a, D_FEED])


@inlined
def is_in(world, a):
    """Whether an agent still takes part."""
    return world.agents.timing[a, D_OUT] == IN


@inlined
def note_sent(world, a, row):
    """Remember in the agent's own slots what it just sent."""
    base, slots = world.venue.slot_at[a], world.venue.slot_at[a + 1] - world.venue.slot_at[a]
    known, slot, kind = world.agents.known, row[A_SLOT], row[A_KIND]
    if kind == CANCEL_ALL:
        for s in range(base, base + slots):
            known[s, K_SENT_SIZE] = 0
            known[s, K_SIZE] = 0
        return
    if slot < 0 or slot >= slots:
        return
    if kind == PLACE:
        known[base + slot, K_PRICE], known[base + slot, K_SIZE] = row[A_PRICE], row[A_SIZE]
        known[base + slot, K_SENT_PRICE], known[base + slot, K_SENT_SIZE] = row[A_PRICE], row[A_SIZE]
        known[base + slot, K_INSTRUMENT], known[base + slot, K_SIDE] = row[A_INSTRUMENT], row[A_SIDE]
    elif kind == CANCEL:
        known[base + slot, K_SIZE] = 0
        known[base + slot, K_SENT_SIZE] = 0
