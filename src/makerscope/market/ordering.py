"""Which waiting messages execute in a block, and in what order: the rule that differs most between venues.

========================  =============================================================================================
``CLASS_SORT``            Hyperliquid: (1) no GTC/IOC, which includes post-only, (2) cancels, (3) GTC/IOC; by arrival
``CLASS_SORT_FEE``        the same; takers who pay enough go before others of their 70 ms bucket, the highest fee first
``FIRST_COME``            a sequencer or a matching engine: by arrival (FIFO)
``PRIORITY_FEE``          gas auction: by tip
``TIMEBOOST``             by arrival; everybody but the express account arrives 200 ms late
``BATCH``                 a batch auction: cancels, then orders, whose sequence decides nothing but the last lot
``SHORT_TERM``            dYdX: by arrival at this block's proposer, until a height; a cancel has no priority
``DELAYED_TAKERS``        Vega: cancels, post-only, then takers and every amend, held back n blocks
``AUCTION``               Drift: makers first; a taker's limit moves over n blocks (``mempool``)
``COMMIT``                GMX, Synthetix: an order executes with the first oracle price after a delay; cancels at once
========================  =============================================================================================

All but the order is common: a message waits until ``M_DUE``, until it can pay the base fee, and until there is room.
Each policy also takes speed bumps: ``delays[tier, 0..2]`` ns for makers, cancels, takers of an account of that tier.
Ties go by ``M_SEEN``, then ``M_SERIAL``. Forced messages are the chain's own: no bump, no fee, no queue.
A modify (PLACE on a slot that holds an order) takes the class of its new order.
"""
# ruff: noqa: ANN001, ANN201, ANN202 - a kernel is compiled for the types it is called with, in order
# ruff: noqa: FURB136 - plain comparisons compile faster than ``in``, ``min`` and ``max``

from typing import NamedTuple

import numpy as np

from makerscope.kernels._jit import inlined, kernel
from makerscope.market import chain as _chain
from makerscope.market import layout
from makerscope.market.gas import tip_of
from makerscope.market.layout import (
    M_ACCOUNT,
    M_CLASS,
    M_DUE,
    M_FEE,
    M_FLAGS,
    M_GAS,
    M_KIND,
    M_RANK,
    M_SEEN,
    M_SERIAL,
    M_UNTIL,
)
from makerscope.market.message_sort import sort_messages

CLASS_SORT, CLASS_SORT_FEE, FIRST_COME, PRIORITY_FEE, TIMEBOOST = 0, 1, 2, 3, 4
BATCH, SHORT_TERM, DELAYED_TAKERS, AUCTION, COMMIT = 5, 6, 7, 8, 9
POLICIES = {
    "class-sort": CLASS_SORT,
    "class-sort-fee": CLASS_SORT_FEE,
    "first-come": FIRST_COME,
    "priority-fee": PRIORITY_FEE,
    "timeboost": TIMEBOOST,
    "batch": BATCH,
    "short-term": SHORT_TERM,
    "delayed-takers": DELAYED_TAKERS,
    "auction": AUCTION,
    "commit": COMMIT,
}

R_POLICY, R_EXPRESS, R_EXPRESS_DELAY, R_BUCKET, R_SORT_FEE, R_FEE_UNIT, R_SOONER, R_FEE_CAP = range(8)
R_BLOCKS, R_EXPIRY, R_PRICE_DELAY, R_GOSSIP, R_HIDDEN = range(8, 13)
R_SKEW_SCALE, R_IMPACT_COST, R_IMPACT_GAIN, R_IMPACT_POWER, R_WINDOW = range(
    13, 18
)  # of a pool; of a request for quote
ORDERING_COLUMNS = 20
MAKERS, CANCELS, TAKERS = 0, 1, 2  # columns of ``delays``

_SPAN = 1 << 57  # ns to both sides of now (4.5 years), and the largest tip, that a key can hold
_WIDEST = 2 * _SPAN - 1
_HELD = -2 * _SPAN


class Ordering(NamedTuple):
    """An ordering policy as data. All int64.

    ``rule`` ``(ORDERING_COLUMNS,)`` by the ``R_`` columns; ``delays`` ``(tiers, 3)`` ns added to the arrival of makers,
    cancels, takers; ``tier`` ``(A,)`` the tier of each account.
    """

    rule: np.ndarray
    delays: np.ndarray
    tier: np.ndarray


def new_ordering(policy: int, *, accounts: int, delays: np.ndarray | None = None, **numbers: int) -> Ordering:
    """An ordering policy; all accounts in tier 0.

    Args:
        policy: one of ``POLICIES``.
        accounts: how many accounts there are.
        delays: ns of speed bump for makers, cancels, takers; shape ``(tiers, 3)``; none when absent.
        numbers: the policy's own, 0 when absent. TIMEBOOST: ``express`` account (-1 none), ``express_delay`` ns of all
            others. CLASS_SORT_FEE: ``bucket`` ns, ``sort_fee`` from which fees sort, ``fee_unit`` of fee that buys
            ``sooner`` ns, at most ``fee_cap``. DELAYED_TAKERS and AUCTION: ``blocks``. COMMIT: ``price_delay`` ns,
            ``expiry`` ns, and how the pool prices (``pool_price``): ``skew_scale``, or ``impact_cost``, ``impact_gain``
            and ``impact_power``. SHORT_TERM: ``gossip`` ns within which a message has reached every proposer,
            ``blocks`` an order may live. Any: ``hidden`` 1 where nobody sees waiting messages; ``window`` ns in which
            dealers may answer a request for quote (0: the venue has none).

    Examples:
        >>> new_ordering(FIRST_COME, accounts=5).rule[R_POLICY]
        np.int64(2)
    """
    rule = np.zeros(ORDERING_COLUMNS, np.int64)
    rule[R_POLICY], rule[R_EXPRESS] = policy, layout.NONE
    columns = ("express", "express_delay", "bucket", "sort_fee", "fee_unit", "sooner", "fee_cap")
    columns += ("blocks", "expiry", "price_delay", "gossip", "hidden")
    columns += ("skew_scale", "impact_cost", "impact_gain", "impact_power", "window")
    for name, value in numbers.items():
        rule[1 + columns.index(name)] = value
    return Ordering(
        rule=rule,
        delays=np.zeros((1, 3), np.int64) if delays is None else np.asarray(delays, np.int64).reshape(-1, 3),
        tier=np.zeros(accounts, np.int64),
    )


@kernel
def is_taker(kind, flags):
    """True for what may trade at once: TAKE, LIQUIDATE, and a PLACE without POST_ONLY that is no JIT offer."""
    if kind == layout.PLACE:
        return flags & (layout.POST_ONLY | layout.JIT) == 0
    return kind == layout.TAKE or kind == layout.LIQUIDATE


@kernel
def is_cancel(kind):
    """True for CANCEL and CANCEL_ALL."""
    return kind == layout.CANCEL or kind == layout.CANCEL_ALL


@inlined
def _class_of(policy, taker, cancel, amends):
    if policy <= CLASS_SORT_FEE:
        return 3 if taker else 2 if cancel else 1
    if policy == DELAYED_TAKERS:
        return 1 if cancel else 3 if taker or amends else 2
    if policy == AUCTION:
        return 2 if taker else 1
    if policy == BATCH:
        return 1 if cancel else 2
    return 0


@kernel
def due(ordering, state, messages, m, amends):
    """Write ``M_CLASS``, ``M_RANK`` and ``M_DUE`` of message ``m``, which has just reached the venue at ``M_SEEN``.

    ``amends``: 1 if it is a PLACE on a slot that holds an order, else 0. ``M_DUE`` is the earliest time it can execute:
    arrival, speed bump, and the queue of others before it (``state[C_WAIT]``).
    """
    rule = ordering.rule
    policy, kind = rule[R_POLICY], messages[m, M_KIND]
    forced = messages[m, M_FLAGS] & layout.FORCED
    taker, cancel = is_taker(kind, messages[m, M_FLAGS]), is_cancel(kind)
    time = messages[m, M_SEEN]
    wait = 0
    if not forced:
        account = messages[m, M_ACCOUNT]
        time += ordering.delays[ordering.tier[account], TAKERS if taker else CANCELS if cancel else MAKERS]
        if policy == TIMEBOOST and account != rule[R_EXPRESS]:
            time += rule[R_EXPRESS_DELAY]
        wait = state[_chain.C_WAIT]
    messages[m, M_CLASS] = _class_of(policy, taker, cancel, amends)
    messages[m, M_RANK] = layout.NONE if policy == DELAYED_TAKERS or policy == AUCTION else time
    messages[m, M_DUE] = time + wait


@kernel
def _heard(rule, seen, serial, height):
    """When (ns) the proposer of this block hears of a message: evenly from ``M_SEEN`` to R_GOSSIP later, by a hash."""
    x = serial * 0x1E3779B97F4A7C15 + height * 0x3F58476D1CE4E5B9
    x = (x ^ ((x >> 29) & 0x7FFFFFFFF)) * 0x14D049BB133111EB
    return seen + (((x >> 33) & 0x3FFFFFFF) * rule[R_GOSSIP] >> 30)


@kernel
def _rank(rule, state, messages, m, fee):
    """What orders a message inside its class, 0 about now and less is earlier; ``_HELD`` if it must wait all the same.

    A message's first block is stamped into ``M_RANK`` where a taker's delay or auction is counted in blocks.
    """
    policy, height, now = rule[R_POLICY], state[_chain.C_HEIGHT], state[_chain.C_TIME]
    stamp = messages[m, M_RANK]
    free = messages[m, M_FLAGS] & layout.FORCED != 0
    if policy == PRIORITY_FEE:
        return -_SPAN if free else -tip_of(fee, state[_chain.C_BASE_FEE])
    if policy >= DELAYED_TAKERS:
        if policy == COMMIT:
            late = not free and not is_cancel(messages[m, M_KIND])
            soon = state[_chain.C_ORACLE] < messages[m, M_SEEN] + rule[R_PRICE_DELAY]
            return _HELD if late and soon else stamp - now
        if stamp < 0:
            stamp = messages[m, M_RANK] = height
        late = not free and policy == DELAYED_TAKERS and messages[m, M_CLASS] == 3
        return _HELD if late and height < stamp + rule[R_BLOCKS] else messages[m, M_SEEN] - now
    if policy == SHORT_TERM and rule[R_GOSSIP] > 0:
        stamp = _heard(rule, messages[m, M_SEEN], messages[m, M_SERIAL], height)
        return _HELD if stamp > now else stamp - now
    if policy == CLASS_SORT_FEE and fee >= rule[R_SORT_FEE] and messages[m, M_CLASS] == 3:
        return stamp - stamp % rule[R_BUCKET] - now
    return stamp - now


@kernel
def _take_room(rule, state, messages, order, n):
    """Keep the first messages of ``order[:n]`` that fit into the block; how many.

    An auction skips what does not fit and looks further; everywhere else the first that does not fit ends the block.
    """
    auction = rule[R_POLICY] == PRIORITY_FEE
    room, used, kept = state[_chain.C_ROOM], 0, 0
    for i in range(n):
        m = order[i]
        gas = messages[m, M_GAS]
        if auction:
            room = _chain.room_for(state, tip_of(messages[m, M_FEE], state[_chain.C_BASE_FEE]))
        if used + gas > room and not messages[m, M_FLAGS] & layout.FORCED:
            if auction:
                continue
            break
        order[kept] = m
        used += gas
        kept += 1
    return kept


@kernel
def arrange(ordering, state, messages, waiting, n, order, scratch):
    """Write into ``order`` which of ``waiting[:n]`` execute in the block that ``start_block`` has opened; how many.

    Args:
        ordering: the policy.
        state: the chain's (time, height, base fee, room, others, oracle time are read).
        messages: ``(M, 20)``; only ``M_RANK`` is written (a message's first block, by DELAYED_TAKERS and AUCTION).
        waiting: rows of ``messages`` in the mempool, in any order. Whatever is not in ``order[:result]`` goes on
            waiting; ``mempool.lapsed`` tells what can be dropped.
        n: how many of them.
        order: out, at least ``n`` long: rows in order of execution.
        scratch: ``(message_sort.SCRATCH_ROWS, n)`` or wider, to sort in.
    """
    if n == 0 or state[_chain.C_ROOM] == 0:
        return 0
    rule, keys = ordering.rule, scratch[0]
    now, height, base_fee = state[_chain.C_TIME], state[_chain.C_HEIGHT], state[_chain.C_BASE_FEE]
    found = 0
    for w in range(n):
        m = waiting[w]
        fee, until = messages[m, M_FEE], messages[m, M_UNTIL]
        if messages[m, M_DUE] > now or 0 < until < height or tip_of(fee, base_fee) < 0:
            continue
        rank = _rank(rule, state, messages, m, fee) + _SPAN
        if rank < 0:
            continue
        keys[found] = (messages[m, M_CLASS] << 58) + (rank if rank < _WIDEST else _WIDEST)
        order[found] = m
        found += 1
    sort_messages(messages, order, scratch, found, rule[R_POLICY] == CLASS_SORT_FEE)
    return _take_room(rule, state, messages, order, found)
