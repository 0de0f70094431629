# ruff: noqa: ANN001, ANN202, ANN201, PLR0917 - compiled functions take the types their docstrings say, in order
"""The border between the loop and an agent: what it hears, its call, and what becomes of what it wrote."""

import numpy as np

from makerscope.agents.interface import (
    AT_MODEL,
    AT_POSITION,
    AT_PUBLIC,
    AT_KNOWN,
    K_INSTRUMENT,
    K_PRICE,
    K_SENT_PRICE,
    K_SENT_SIZE,
    K_SIDE,
    K_SIZE,
    KNOWN_COLUMNS,
    N_BLOCK,
    N_BLOCK_TIME,
    N_CASH,
    N_ME,
    N_NEWS,
    N_NOW,
    N_SLOTS,
    MODEL_COLUMNS,
    R_ASK,
    R_BID,
    R_SPOT,
    R_VARIANCE,
    call_step,
)
from makerscope.kernels._jit import inlined, kernel, part
from makerscope.market.layout import (
    A_INSTRUMENT,
    A_KIND,
    A_PRICE,
    A_SIDE,
    A_SIZE,
    A_SLOT,
    CANCEL,
    CANCEL_ALL,
    NONE,
    PLACE,
    PUBLIC_COLUMNS,
)
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
    D_LEAD_FEED,
    D_OUT,
    G_START,
    G_STEP,
    IN,
    RAISED,
    RETURNED_GARBAGE,
)

MOST_NS = 1 << 50  # an agent that wants to sleep longer returned garbage


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
        forget(inbox, a)
        n += 1
    return n


@inlined
def _look_at_blocks(world, a, now):
    """The last block the agent has seen by now."""
    timing, public = world.agents.timing, world.public
    feed, seen, room = timing[a, D_FEED], timing[a, D_BLOCK], public.time.shape[0]
    last = world.clock[C_HEIGHT]
    seen = max(seen, last - room + 1)
    while seen < last and public.time[(seen + 1) % room] + feed <= now:
        seen += 1
    timing[a, D_BLOCK] = seen
    return seen


@inlined
def _look_at_leader(world, a, now):
    """Spot, variance, bid and ask of the leading venue as the agent's feed shows them."""
    path, rule, out = world.path, world.rule, world.reference
    at = (now - world.agents.timing[a, D_LEAD_FEED] - rule[G_START]) // rule[G_STEP]
    at = min(max(at, 0), path.spot.shape[1] - 1)
    for u in range(path.spot.shape[0]):
        spot, half = path.spot[u, at], path.half[u, at]
        out[u, R_SPOT], out[u, R_VARIANCE], out[u, R_BID], out[u, R_ASK] = (
            spot,
            path.variance[u, at],
            spot - half,
            spot + half,
        )


@part
def ask_agent(world, a):
    """Call an agent. Returns how long it wants to sleep in ns (0: until it sees the next block), or below 0: it is out."""
    now, agents, seen = world.clock[C_NOW], world.agents, world.seen
    block = _look_at_blocks(world, a, now)
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
    world.written[0] = 0
    asleep = call_step(agents.address[a], agents.own[a].ctypes.data, seen.ctypes.data, world.act.ctypes.data)
    if asleep < 0 or asleep > MOST_NS or world.written[0] < 0 or world.written[0] > world.rows.shape[0]:
        agents.timing[a, D_OUT] = RAISED if asleep == -RAISED else RETURNED_GARBAGE if asleep > -RAISED else -asleep
        world.written[0] = 0
        return np.int64(-1)
    return asleep


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
