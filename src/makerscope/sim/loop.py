# ruff: noqa: ANN001, ANN201 - compiled functions take the types their docstrings say, in order
"""The loop: takes the next event off the agenda and lets it happen, until the end or until the log wants emptying.

It owns the clock, the order of events and the dice. Two events at one time happen in the order of their kind, then of
their serial, so a run is the same sequence on every machine.
"""

import numpy as np

from makerscope.agents.interface import ASK, N_PENDING, N_STREAM, OUT
from makerscope.kernels._jit import inner, kernel
from makerscope.kernels.dice import exponential
from makerscope.kernels.handle import call_part
from makerscope.market.accounts import total_cash
from makerscope.market.chain import gas_of
from makerscope.market.layout import (
    A_FEE,
    A_FLAGS,
    A_INSTRUMENT,
    A_KIND,
    A_LEAD,
    A_PRICE,
    A_PRIVATE,
    A_SIDE,
    A_SIZE,
    A_SLOT,
    A_UNTIL,
    CANCEL_ALL,
    KIND,
    M_ACCOUNT,
    M_DECIDED,
    M_DUE,
    M_FEE,
    M_FLAGS,
    M_GAS,
    M_INSTRUMENT,
    M_KIND,
    M_LINK,
    M_PRICE,
    M_PRIVATE,
    M_SEEN,
    M_SENT,
    M_SERIAL,
    M_SIDE,
    M_SIZE,
    M_SLOT,
    M_UNTIL,
    NONE,
    PLACE,
    TAKE,
)
from makerscope.market.log import LOST, is_filling
from makerscope.market.mempool import sooner
from makerscope.market.news import UNTOLD
from makerscope.market.ordering import due
from makerscope.sim.agenda import BLOCK, MESSAGE, WAKE, add, pop
from makerscope.sim.parts import P_BLOCK, P_DESK, P_OVERHEAR, P_TALK
from makerscope.sim.talk import is_in, judge, next_wake, note_sent
from makerscope.sim.wires import on_its_way
from makerscope.sim.world import (
    C_ACTIONS,
    C_ANSWER,
    C_ASKED,
    C_END,
    C_FREE,
    C_NOW,
    C_PAID_IN,
    C_SERIAL,
    C_WAITING,
    C_WAKES,
    D_ACTIONS,
    D_JITTER,
    D_LEAD_SEND,
    D_MEMPOOL,
    D_SEND,
    D_THINK,
    G_AUDIT,
    G_CONTINUOUS,
)

DONE, EMPTY_LOG, OVERFLOW, NO_ROOM, UNBALANCED, ASKED = 0, 1, 2, 3, 4, 5  # why the loop stopped
MOST_FEE = 1 << 50  # an agent that bids more is taken by this word


@inner
def send_message(world, a, row, now):
    """Put one action of an agent on its way. False: no room for another message."""
    pool, clock, timing = world.mempool, world.clock, world.agents.timing
    m = clock[C_FREE]
    if m == NONE:
        return False
    message = pool.message
    clock[C_FREE] = message[m, M_LINK]
    out = message[m]
    out[M_KIND], out[M_ACCOUNT], out[M_INSTRUMENT], out[M_SIDE] = row[A_KIND], a, row[A_INSTRUMENT], row[A_SIDE]
    out[M_PRICE], out[M_SIZE], out[M_SLOT], out[M_FLAGS] = row[A_PRICE], row[A_SIZE], row[A_SLOT], row[A_FLAGS]
    out[M_FEE] = min(max(row[A_FEE], -MOST_FEE), MOST_FEE)
    out[M_UNTIL], out[M_PRIVATE] = row[A_UNTIL], row[A_PRIVATE]
    out[M_SERIAL] = clock[C_SERIAL]
    clock[C_SERIAL] += 1
    i = row[A_INSTRUMENT]
    to_leader = row[A_KIND] == TAKE and 0 <= i < world.venue.spec.shape[0] and world.venue.spec[i, KIND] == A_LEAD
    out[M_DECIDED] = now
    out[M_SENT] = now + timing[a, D_THINK]
    wire = timing[a, D_LEAD_SEND] if to_leader else timing[a, D_SEND]
    if timing[a, D_JITTER] > 0:
        wire += np.int64(timing[a, D_JITTER] * exponential(world.dice, world.agents.own[a, N_STREAM]))
    out[M_SEEN] = out[M_SENT] + wire
    out[M_DUE] = out[M_SEEN]
    if to_leader:
        return add(world.agenda, out[M_SEEN], MESSAGE, m)
    out[M_SEEN] -= sooner(world.ordering, message, m)
    venue, slot = world.venue, out[M_SLOT]
    held = 0 <= slot < venue.slot_at[a + 1] - venue.slot_at[a] and venue.slot[venue.slot_at[a] + slot] != NONE
    amends = out[M_KIND] == PLACE and held
    out[M_GAS] = gas_of(world.chain, out[M_KIND], amends)
    due(world.ordering, world.chain.state, message, m, amends)
    pool.waiting[clock[C_WAITING]] = m
    clock[C_WAITING] += 1
    return world.rule[G_CONTINUOUS] == 0 or add(world.agenda, out[M_DUE], BLOCK, NONE)


@inner
def wake(world, a):
    """Call an agent and send what it wrote. False: no room. One that is asked outside the loop is in C_ASKED then."""
    world.clock[C_WAKES] += 1
    world.seen[N_PENDING] = 0
    if world.agents.timing[a, D_MEMPOOL] == 1:
        call_part(world.code[P_OVERHEAR], world, a)
    asleep = call_part(world.code[P_TALK], world, a)
    if asleep == ASK:
        world.clock[C_ASKED] = a
        return True
    return send_all(world, a, asleep)


@inner
def send_all(world, a, asleep):
    """Send what an agent wrote, and note when it wants to be called again. False: no room."""
    clock = world.clock
    now = clock[C_NOW]
    if asleep == OUT:  # it is out: all it has in the market goes
        world.rows[0, :] = 0
        world.rows[0, A_KIND] = CANCEL_ALL
        return send_message(world, a, world.rows[0], now)
    n = world.written[0]
    clock[C_ACTIONS] += n
    world.agents.timing[a, D_ACTIONS] += n
    for i in range(n):
        note_sent(world, a, world.rows[i])
        if not send_message(world, a, world.rows[i], now):
            return False
    return add(world.agenda, next_wake(world, a, asleep), WAKE, a)


@inner
def balanced(world):
    """Whether all cash and money on its way sum to what was paid in, and each instrument's positions to 0."""
    accounts = world.venue.accounts
    if total_cash(accounts) + on_its_way(world) != world.clock[C_PAID_IN]:
        return False
    for i in range(accounts.position.shape[1]):
        total = np.int64(0)
        for a in range(accounts.position.shape[0]):
            total += accounts.position[a, i]
        if total != 0:
            return False
    return True


@kernel
def run(world):
    """Let events happen until the end, until the log is half full, or until somebody outside is asked.

    Returns why it stopped. Who is asked writes actions into the world's rows, and C_ANSWER, before the next call.
    """
    clock, agenda = world.clock, world.agenda
    room = world.rows.shape[0]
    if clock[C_ASKED] > 0:
        a = clock[C_ASKED]
        clock[C_ASKED] = 0
        if not send_all(world, a, judge(world, a, clock[C_ANSWER])):
            return NO_ROOM
    while agenda.size[0] > 0:
        if agenda.event[0, 0] > clock[C_END]:
            clock[C_NOW] = clock[C_END]
            return DONE
        if is_filling(world.venue.log):
            return EMPTY_LOG
        if agenda.size[0] + room >= agenda.event.shape[0] or clock[C_WAITING] + room >= world.mempool.waiting.shape[0]:
            return NO_ROOM
        time, kind, who = pop(agenda)
        clock[C_NOW] = time
        if kind == WAKE:
            if is_in(world, who) and not wake(world, who):
                return NO_ROOM
            if clock[C_ASKED] > 0:
                return ASKED
        elif kind == BLOCK:
            call_part(world.code[P_BLOCK], world, who)
        elif kind == MESSAGE:
            call_part(world.code[P_DESK], world, who)
        if world.rule[G_AUDIT] == 1 and not balanced(world):
            return UNBALANCED
        if world.venue.log.count[LOST] > 0 or world.venue.inbox.pool[UNTOLD] > 0:
            return OVERFLOW
    clock[C_NOW] = clock[C_END]
    return DONE
