# ruff: noqa: ANN001, ANN201 - compiled functions take the types their docstrings say
"""The replay's loop: recorded events and own messages and calls, in one order of time, until the feed wants filling.

At one instant what was recorded happens first, then own messages that arrive, then calls of agents: an own order is
never faster than what was recorded at the same time.
"""

import numpy as np

from makerscope.agents.interface import ASK, OUT, V_VOLATILITY
from makerscope.kernels._jit import inner, kernel, part
from makerscope.kernels.dice import exponential
from makerscope.kernels.handle import call_part
from makerscope.market.accounts import equity
from makerscope.market.layout import (
    A_FLAGS,
    A_INSTRUMENT,
    A_KIND,
    A_PRICE,
    A_SIDE,
    A_SIZE,
    A_SLOT,
    CANCEL_ALL,
    FIRST_AGENT,
    M_ACCOUNT,
    M_DECIDED,
    M_DUE,
    M_FLAGS,
    M_INSTRUMENT,
    M_KIND,
    M_LINK,
    M_PRICE,
    M_SEEN,
    M_SENT,
    M_SIDE,
    M_SIZE,
    M_SLOT,
    NO_TIME,
    NONE,
    P_ASK,
    P_BID,
    TRADING,
)
from makerscope.market.log import LOST, T_ACCOUNTS, is_filling, next_row
from makerscope.market.news import UNTOLD
from makerscope.market.venue import V_MESSAGES, V_NOW
from makerscope.sim.agenda import MESSAGE, WAKE, add, pop
from makerscope.sim.replay_market import happen
from makerscope.sim.replay_venue import execute_own
from makerscope.sim.replay_world import (
    C_DUE_EQUITY,
    C_FINAL,
    C_FREE_MESSAGE,
    C_ROW,
    C_ROWS,
    C_SLEEPERS,
    E_TIME,
    G_EQUITY_EVERY,
    OWN_EVENT,
    TALK,
)
from makerscope.sim.talk import (
    _look_at_blocks,  # pyright: ignore[reportPrivateUsage] - what an agent has seen, here before its call too
    is_in,
    next_wake,
    note_sent,
)
from makerscope.sim.world import C_ACTIONS, C_ASKED, C_END, C_NOW, C_WAKES, D_ACTIONS, D_JITTER, D_SEND, D_THINK

STRIDE = 64  # recorded events between two looks at the log
DONE, EMPTY_LOG, MORE, OVERFLOW, NO_ROOM, ASKED = range(6)  # why the loop stopped


@inner
def send_own(world, a, row, now):
    """Put one action of an agent on its way. False: no room for another message."""
    clock, timing, message = world.clock, world.agents.timing, world.mempool.message
    at = clock[C_FREE_MESSAGE]
    if at == NONE:
        return False
    m = message[at]
    clock[C_FREE_MESSAGE] = m[M_LINK]
    m[M_KIND], m[M_ACCOUNT], m[M_INSTRUMENT], m[M_SIDE] = row[A_KIND], a, row[A_INSTRUMENT], row[A_SIDE]
    m[M_PRICE], m[M_SIZE], m[M_SLOT], m[M_FLAGS] = row[A_PRICE], row[A_SIZE], row[A_SLOT], row[A_FLAGS]
    m[M_DECIDED] = now
    m[M_SENT] = now + timing[a, D_THINK]
    wire = timing[a, D_SEND]
    if timing[a, D_JITTER] > 0:
        wire += np.int64(timing[a, D_JITTER] * exponential(world.dice, a - FIRST_AGENT))
    m[M_SEEN] = m[M_DUE] = m[M_SENT] + wire
    return add(world.agenda, m[M_DUE], MESSAGE, at)


@inner
def show_reference(world, a, now):
    """The price that stands for the rest of the world: a recorded middle, as late as the agent sees it."""
    public, path = world.public, world.path
    at = max(_look_at_blocks(world, a, now), 0) % public.time.shape[0]
    for u in range(path.spot.shape[0]):
        i = world.lead[u]
        bid, ask, tick = public.whole[at, i, P_BID], public.whole[at, i, P_ASK], world.venue.real[i, 1]
        if bid > 0 and ask > 0:
            path.spot[u, 0], path.half[u, 0] = 0.5 * float(bid + ask) * tick, 0.5 * float(ask - bid) * tick
        path.variance[u, 0] = public.model[at, i, V_VOLATILITY] ** 2


@inner
def wake_own(world, a):
    """Call an agent, send what it wrote, and note when it wants to be called again. False: no room."""
    clock, timing = world.clock, world.agents.timing
    now = clock[C_NOW]
    clock[C_WAKES] += 1
    show_reference(world, a, now)
    asleep = call_part(world.code[TALK], world, a)
    if asleep == ASK:
        clock[C_ASKED] = a
        return True
    if asleep == OUT:  # it is out: all it has in the market goes
        world.rows[0, :] = 0
        world.rows[0, A_KIND] = CANCEL_ALL
        return send_own(world, a, world.rows[0], now)
    n = world.written[0]
    clock[C_ACTIONS] += n
    timing[a, D_ACTIONS] += n
    for k in range(n):
        note_sent(world, a, world.rows[k])
        if not send_own(world, a, world.rows[k], now):
            return False
    return sleep(world, a, next_wake(world, a, asleep))


@inner
def sleep(world, a, when):
    """Note when an agent is called again: at a time, or when there is something new to see."""
    if when >= NO_TIME:
        world.asleep[a] = 1
        world.clock[C_SLEEPERS] += 1
        return True
    return add(world.agenda, when, WAKE, a)


@inner
def trades_anywhere(world):
    """Whether some market is being recorded now."""
    for i in range(world.venue.state.shape[0]):  # noqa: SIM110 - compiled code has no any()
        if world.venue.state[i, TRADING] == 1:
            return True
    return False


@inner
def write_equity(world):
    """A row of ``accounts`` for every agent, when due. Nobody asks for margin here: it is 0."""
    clock, venue, every = world.clock, world.venue, world.rule[G_EQUITY_EVERY]
    if every == 0 or clock[C_NOW] < clock[C_DUE_EQUITY]:
        return
    clock[C_DUE_EQUITY] = (clock[C_NOW] // every + 1) * every
    log = venue.log
    for a in range(FIRST_AGENT, venue.slot_at.shape[0] - 1):
        row = next_row(log, T_ACCOUNTS, log.accounts.shape[0])
        out = log.accounts
        out[row, 0], out[row, 1], out[row, 3] = clock[C_NOW], a, 0
        out[row, 2] = equity(venue.accounts, venue.spec, venue.state, a)


@part
def own_event(world, _number):
    """The next event of the agenda: a message arrives, or an agent is called. 0: no room."""
    time, kind, who = pop(world.agenda)
    world.clock[C_NOW] = world.venue.word[V_NOW] = time
    if kind == MESSAGE:
        m = world.mempool.message[who]
        world.venue.word[V_MESSAGES] += 1
        execute_own(world, m)
        m[M_LINK] = world.clock[C_FREE_MESSAGE]
        world.clock[C_FREE_MESSAGE] = who
        return 1
    if not is_in(world, who):
        return 1
    if not trades_anywhere(world):  # an outage: it sleeps until the recorder listens again
        return int(sleep(world, who, np.int64(NO_TIME)))
    write_equity(world)
    return int(wake_own(world, who))


@kernel
def run_replay(world):
    """Let events happen until the end, or until the log or the feed wants attention. Returns why it stopped."""
    clock, agenda, feed, log = world.clock, world.agenda, world.feed, world.venue.log
    room, rows, final, end = world.rows.shape[0], clock[C_ROWS], clock[C_FINAL], clock[C_END]
    at = clock[C_ROW]
    while True:
        due = agenda.event[0, 0] if agenda.size[0] > 0 else np.int64(NO_TIME)
        stop = min(at + STRIDE, rows)
        while at < stop and feed[at, E_TIME] <= due:
            happen(world, at)
            at += 1
            if agenda.size[0] > 0:  # what was published may have woken somebody
                due = agenda.event[0, 0]
        clock[C_ROW] = at
        if is_filling(log):
            return EMPTY_LOG
        if log.count[LOST] > 0 or world.venue.inbox.pool[UNTOLD] > 0:
            return OVERFLOW
        if at >= rows and final == 0:
            return MORE
        if at < rows and feed[at, E_TIME] <= due:
            continue
        if due > end:
            return DONE
        if agenda.size[0] + room >= agenda.event.shape[0] or call_part(world.code[OWN_EVENT], world, 0) == 0:
            return NO_ROOM
        if clock[C_ASKED] > 0:
            return ASKED
