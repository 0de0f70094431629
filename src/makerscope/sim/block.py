# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say, in order
"""One block: prices, messages in the policy's order, money that falls due, risk, and what everyone may see of it."""

import numpy as np

from makerscope.kernels._jit import inlined, kernel, part
from makerscope.kernels.dice import below
from makerscope.kernels.handle import call_part
from makerscope.market.accounts import equity, pay
from makerscope.market.book import best, resting_at_best
from makerscope.market.budgets import BY_WINDOW, L_KIND, spend
from makerscope.market.budgets import NO_BUDGET as UNLIMITED
from makerscope.market.chain import C_BASE_FEE as B_FEE
from makerscope.market.chain import C_HEIGHT as B_HEIGHT
from makerscope.market.chain import DICE, finish_block, message_cost, next_block_time, start_block
from makerscope.market.layout import (
    A_LEAD,
    FIRST_AGENT,
    FORCED,
    FUNDING,
    GAS_SINK,
    INDEX,
    KIND,
    LAST,
    M_ACCOUNT,
    M_FEE,
    M_FLAGS,
    M_GAS,
    M_INSTRUMENT,
    M_KIND,
    M_LINK,
    M_RANK,
    M_SIDE,
    M_UNTIL,
    MARK,
    NO_TIME,
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
    PLACE,
    TRADING,
    TRANSFER,
    UNIT,
    VOLUME,
)
from makerscope.market.log import GAS, T_BLOCKS, T_FILLS, T_QUOTES, next_row
from makerscope.market.mempool import auction_runs, lapsed
from makerscope.market.ordering import AUCTION, R_POLICY, R_WINDOW, SHORT_TERM, arrange
from makerscope.market.venue import NO_BUDGET, NO_MONEY, TOO_LATE, V_FILLS, V_HEIGHT, V_NOW, expire_orders, refuse
from makerscope.sim.agenda import BLOCK, add
from makerscope.sim.parts import P_CLOSE, P_DEALERS, P_DUES, P_EXECUTE, P_PRICES, P_RISK, P_STATEMENTS, P_WATCH
from makerscope.sim.transfers import log_transfer
from makerscope.sim.world import (
    C_EXECUTED,
    C_FREE,
    C_HEIGHT,
    C_LAST_BLOCK,
    C_NEXT_BLOCK,
    C_NOW,
    C_WAITING,
    D_OUT,
    G_BEAT,
    G_CONTINUOUS,
    G_ORDER_BLOCKS,
    G_QUOTES,
    G_TTL,
    IN,
)


@inlined
def _charge_gas(world, m):
    """What a message pays for being in this block, whatever becomes of it. False: its sender is not worth that much.

    Money that comes in from the leading venue is sent by that venue, and who is out takes orders back: both are free.
    """
    cost, a = message_cost(world.chain, m[M_KIND], m[M_GAS], m[M_FEE]), m[M_ACCOUNT]
    if cost == 0:
        return True
    accounts = world.venue.accounts
    if accounts.cash[a] < cost and equity(accounts, world.venue.spec, world.venue.state, a) < cost:
        return (m[M_KIND] == TRANSFER and m[M_SIDE] < 0) or world.agents.timing[a, D_OUT] != IN
    pay(world.venue.accounts, m[M_ACCOUNT], GAS_SINK, cost)
    log_transfer(
        world.venue,
        m[M_ACCOUNT],
        m[M_INSTRUMENT] if 0 <= m[M_INSTRUMENT] < world.venue.spec.shape[0] else NONE,
        GAS,
        -cost,
    )
    return True


@inlined
def goes_on(world, m):
    """Whether a message has executed in an earlier block already."""
    return world.ordering.rule[R_POLICY] == AUCTION and 0 <= m[M_RANK] < world.clock[C_HEIGHT]


@inlined
def _may_act(world, m):
    """Take a message off its sender's budget. False: nothing is left of it.

    Forced messages and who is out need none.
    """
    a, budget, clock = m[M_ACCOUNT], world.budget, world.clock
    kind = budget.limit[a, L_KIND]
    if kind == UNLIMITED or m[M_FLAGS] & FORCED != 0 or world.agents.timing[a, D_OUT] != IN:
        return True
    when = clock[C_HEIGHT] if kind == BY_WINDOW else clock[C_NOW]
    return spend(budget.spent, budget.limit[a], a, m[M_KIND], when, budget.traded[a])


@inlined
def _limit_life(world, m):
    """No order rests longer than the venue allows; orders with a last block are looked at in each from now on."""
    most = world.rule[G_ORDER_BLOCKS]
    if m[M_KIND] != PLACE:
        return
    last = world.clock[C_HEIGHT] + most
    capped = m[M_UNTIL] > last and world.ordering.rule[R_POLICY] != SHORT_TERM  # which refuses what lives too long
    if most > 0 and (m[M_UNTIL] == 0 or capped):
        m[M_UNTIL] = last
    if m[M_UNTIL] > 0:
        world.rule[G_TTL] = 1


@inlined
def _count_traded(world, first):
    """Add what this block traded, from row ``first`` of the fills on, to what each account has ever traded."""
    fills, traded, spec = world.venue.log.fills, world.budget.traded, world.venue.spec
    for row in range(first, world.venue.log.count[T_FILLS]):
        maker, taker = fills[row, 2], fills[row, 3]
        if maker != NONE:
            worth = fills[row, 5] * fills[row, 6] * spec[fills[row, 1], UNIT]
            traded[maker] += worth
            traded[taker] += worth


@kernel
def _run_messages(world):
    """Execute what the policy lets into this block, in its order; returns gas used and messages executed."""
    pool, clock, venue = world.mempool, world.clock, world.venue
    n = clock[C_WAITING]
    chosen = arrange(world.ordering, world.chain.state, pool.message, pool.waiting, n, pool.order, pool.scratch)
    used = np.int64(0)
    for k in range(chosen):
        m = pool.message[pool.order[k]]
        if m[M_KIND] == NONE:  # taken back by a message before it
            continue
        first = not goes_on(world, m)
        if first:  # a taker's auction pays and takes room in its first block
            if not _charge_gas(world, m):
                refuse(venue, m, NO_MONEY)
                m[M_KIND] = NONE
                continue
            used += m[M_GAS]
        if first and not _may_act(world, m):
            refuse(venue, m, NO_BUDGET)
            m[M_KIND] = NONE
            continue
        _limit_life(world, m)
        call_part(world.code[P_EXECUTE], world, pool.order[k])
        if not auction_runs(world.ordering, world.chain.state, pool.message, pool.order[k]):
            m[M_KIND] = NONE
    kept = 0
    for w in range(n):
        at = pool.waiting[w]
        m = pool.message[at]
        if m[M_KIND] != NONE and lapsed(world.ordering, world.chain.state, pool.message, at):
            refuse(venue, m, TOO_LATE)
            m[M_KIND] = NONE
        if m[M_KIND] == NONE:
            m[M_LINK] = clock[C_FREE]
            clock[C_FREE] = at
        else:
            pool.waiting[kept] = at
            kept += 1
    clock[C_WAITING] = kept
    clock[C_EXECUTED] += chosen
    if world.code[P_CLOSE] != 0:
        call_part(world.code[P_CLOSE], world, chosen)
    if world.ordering.rule[R_WINDOW] > 0:
        call_part(world.code[P_DEALERS], world, NONE)
    return used, chosen


@kernel
def publish(world):
    """Write what everyone may see of this block, and a row of ``quotes`` for each book whose best prices changed."""
    venue, public, clock = world.venue, world.public, world.clock
    at = clock[C_HEIGHT] % public.time.shape[0]
    before = (clock[C_HEIGHT] - 1) % public.time.shape[0]
    public.time[at] = clock[C_NOW]
    state, log = venue.state, venue.log
    for i in range(state.shape[0]):
        now, then = public.whole[at, i], public.whole[before, i]
        if venue.spec[i, KIND] == A_LEAD:
            continue
        now[P_BID], now[P_ASK] = best(venue.book, i, 1), best(venue.book, i, -1)
        now[P_BID_SIZE], now[P_ASK_SIZE] = resting_at_best(venue.book, i, 1), resting_at_best(venue.book, i, -1)
        now[P_LAST], now[P_MARK], now[P_INDEX] = state[i, LAST], state[i, MARK], state[i, INDEX]
        now[P_VOLUME], now[P_FUNDING], now[P_TRADING] = state[i, VOLUME], state[i, FUNDING], state[i, TRADING]
        changed = (
            now[P_BID] != then[P_BID]
            or now[P_ASK] != then[P_ASK]
            or now[P_BID_SIZE] != then[P_BID_SIZE]
            or now[P_ASK_SIZE] != then[P_ASK_SIZE]
        )
        if changed and world.rule[G_QUOTES] == 1:
            row = next_row(log, T_QUOTES, log.quotes.shape[0])
            out = log.quotes
            out[row, 0], out[row, 1], out[row, 6] = clock[C_NOW], i, clock[C_HEIGHT]
            out[row, 2], out[row, 3], out[row, 4], out[row, 5] = (
                now[P_BID],
                now[P_BID_SIZE],
                now[P_ASK],
                now[P_ASK_SIZE],
            )


@part
def run_block(world, who):
    """Make the block that is due now, and put the next one on the agenda.

    A venue that matches without blocks has one for each message that falls due (``who`` is NONE then) and one each
    heartbeat.
    """
    clock, chain, venue = world.clock, world.chain, world.venue
    now = clock[C_NOW]
    start_block(chain, now)
    clock[C_HEIGHT] = chain.state[B_HEIGHT]
    clock[C_LAST_BLOCK] = now
    venue.word[V_NOW], venue.word[V_HEIGHT] = now, clock[C_HEIGHT]
    beat = who != NONE
    if beat:
        call_part(world.code[P_PRICES], world, 0)
    else:
        model, room = world.public.model, world.public.time.shape[0]
        model[clock[C_HEIGHT] % room] = model[(clock[C_HEIGHT] - 1) % room]
    if world.rule[G_TTL] == 1:
        expire_orders(venue, world.mempool.message[-1], FIRST_AGENT, venue.slot_at.shape[0] - 1)
    fills, row_of_fills = venue.word[V_FILLS], venue.log.count[T_FILLS]
    used, executed = _run_messages(world)
    if beat or venue.word[V_FILLS] > fills:
        call_part(world.code[P_RISK], world, 0)
    else:
        weak, room = world.public.weak, world.public.time.shape[0]
        weak[clock[C_HEIGHT] % room] = weak[(clock[C_HEIGHT] - 1) % room]
    if beat:  # what is due is paid on what the forced trades left, as the tape dates it
        call_part(world.code[P_DUES], world, 0)
    _count_traded(world, row_of_fills)
    publish(world)
    if world.public.watched.shape[0] > 1:
        call_part(world.code[P_WATCH], world, np.int64(beat or venue.word[V_FILLS] > fills))
    if beat:
        call_part(world.code[P_STATEMENTS], world, 0)
        log = venue.log
        row = next_row(log, T_BLOCKS, log.blocks.shape[0])
        out = log.blocks
        out[row, 0], out[row, 1], out[row, 2] = now, clock[C_HEIGHT], chain.state[B_FEE]
        out[row, 3], out[row, 4], out[row, 5] = used, executed, clock[C_WAITING]
    finish_block(chain, used)
    if beat:
        roll = below(world.dice, 0, DICE)
        if world.rule[G_CONTINUOUS] == 1:
            clock[C_NEXT_BLOCK] = now + world.rule[G_BEAT]
        else:
            clock[C_NEXT_BLOCK] = next_block_time(chain, roll, NO_TIME)
        add(world.agenda, clock[C_NEXT_BLOCK], BLOCK, 0)
    return executed
