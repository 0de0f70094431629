"""A chain's clock, the room in its blocks, its base fee, and everybody else's traffic.

Others want gas too. Where gas is auctioned they outbid a message with a smaller tip (``room_for``); where the first
come is the first served they stand before it in the queue, and ``state[C_WAIT]`` says for how long. Others are elastic:
half of them leave when the base fee reaches ``K_WILLING``. A congestion episode multiplies what they want.

A venue without blocks (matching off chain) has ``K_INTERVAL`` 0: it "makes a block" whenever a message is due.

One block of the loop: ``next_block_time``, ``start_block``, ``ordering.arrange``, execution, ``finish_block``.
Time is ns; a dice is an integer from 0 to ``DICE - 1`` that the loop draws; nothing here draws or keeps time.
"""
# ruff: noqa: ANN001, ANN201 - a kernel is compiled for the types it is called with

from typing import NamedTuple

import numpy as np

from makerscope.kernels._jit import kernel
from makerscope.market.gas import backlog_fee, data_fee, gas_money, next_base_fee, share_of, tip_of
from makerscope.market.layout import KINDS, PPM

DICE = 1 << 30  # sides of the dice that jitter takes
NO_LIMIT = 1 << 60  # gas: the room of a block where K_CAPACITY is 0

# ``rules``: what does not change in a run
K_INTERVAL, K_JITTER, K_FINALITY, K_CAPACITY, K_TARGET, K_FEE_MODEL, K_FEE_FLOOR, K_DENOMINATOR = range(8)
K_TOLERANCE, K_INERTIA, K_DEMAND, K_WILLING, K_TIP, K_AUCTIONED, K_COIN_PRICE = range(8, 15)
K_L1_BASE_FEE, K_BLOB_BASE_FEE, K_BASE_SCALAR, K_BLOB_SCALAR = range(15, 19)
RULE_COLUMNS = 20
NO_FEE, EIP_1559, BACKLOG = 0, 1, 2  # K_FEE_MODEL

# ``state``: what changes with each block; ordering reads it too
C_TIME, C_HEIGHT, C_BASE_FEE, C_ROOM, C_OTHERS, C_TIP, C_BACKLOG, C_WAIT, C_ORACLE, C_ORPHANED = range(10)
C_QUEUE = 10
CHAIN_COLUMNS = 12

REPLACE = (
    0  # row of ``gas`` and ``size`` for a PLACE on a slot that holds an order; the other rows are kinds of message
)
ACTION_KINDS = KINDS


class Chain(NamedTuple):
    """A chain: what it is, what is scheduled to happen to it, and where it stands. All int64.

    ``state`` ``(CHAIN_COLUMNS,)``, ``rules`` ``(RULE_COLUMNS,)``. ``halts`` ``(h, 2)``: no block from start to before
    end, sorted by start. ``episodes`` ``(e, 3)``: from, to, and what others' demand is multiplied by, in ppm.
    ``reorgs`` ``(r, 2)``: at this height, how many blocks (it and those before) turn out orphaned. ``gas``, ``size``
    ``(ACTION_KINDS,)``: gas and compressed bytes of an action by kind of message, row ``REPLACE`` for a modify.
    """

    state: np.ndarray
    rules: np.ndarray
    halts: np.ndarray
    episodes: np.ndarray
    reorgs: np.ndarray
    gas: np.ndarray
    size: np.ndarray


def new_chain(
    rules: np.ndarray,
    *,
    time: int = 0,
    base_fee: int = 0,
    halts: list[tuple[int, int]] | None = None,
    episodes: list[tuple[int, int, int]] | None = None,
    reorgs: list[tuple[int, int]] | None = None,
    gas: np.ndarray | None = None,
    size: np.ndarray | None = None,
) -> Chain:
    """A chain before its first block.

    Args:
        rules: what it is, by the ``K_`` columns; shape ``(RULE_COLUMNS,)``.
        time: ns of the start; the first block comes one interval later.
        base_fee: wei per gas of the first block.
        halts: (start, end) in ns, end not included.
        episodes: (start, end, ppm) of congestion: demand of others times ppm / 10^6.
        reorgs: (height, depth): the block at that height and ``depth - 1`` before it turn out orphaned.
        gas: gas per action, shape ``(ACTION_KINDS,)``; 1 each when absent, so that capacity counts actions.
        size: compressed bytes per action for the data fee; 0 each when absent.

    Examples:
        >>> from makerscope.market.layout import NO_TIME
        >>> rules = np.zeros(RULE_COLUMNS, np.int64)
        >>> rules[[K_INTERVAL, K_CAPACITY]] = 70_000_000, 14_000
        >>> chain = new_chain(rules)
        >>> next_block_time(chain, 0, NO_TIME)
        70000000
    """
    state = np.zeros(CHAIN_COLUMNS, np.int64)
    state[C_TIME], state[C_BASE_FEE], state[C_TIP] = time, base_fee, rules[K_TIP]
    state[C_ROOM] = rules[K_CAPACITY]
    return Chain(
        state=state,
        rules=np.asarray(rules, np.int64),
        halts=np.array(sorted(halts or []), np.int64).reshape(-1, 2),
        episodes=np.array(episodes or [], np.int64).reshape(-1, 3),
        reorgs=np.array(reorgs or [], np.int64).reshape(-1, 2),
        gas=np.ones(ACTION_KINDS, np.int64) if gas is None else np.asarray(gas, np.int64),
        size=np.zeros(ACTION_KINDS, np.int64) if size is None else np.asarray(size, np.int64),
    )


@kernel
def next_block_time(chain, dice, earliest):
    """When the next block comes (ns): one interval after the last, give or take the jitter, and not inside a halt.

    ``dice`` spreads it evenly over the interval plus or minus ``K_JITTER``. A venue without blocks acts when the
    earliest waiting message is due (``earliest``, ``NO_TIME`` if none waits).
    """
    last, interval, jitter = chain.state[C_TIME], chain.rules[K_INTERVAL], chain.rules[K_JITTER]
    if interval == 0:
        time = max(last, earliest)
    else:
        time = max(last + interval + (2 * dice - DICE + 1) * jitter // DICE, last + 1)
    for h in range(chain.halts.shape[0]):
        if chain.halts[h, 0] <= time < chain.halts[h, 1]:
            time = chain.halts[h, 1]
    return time


@kernel
def orphaned(chain, height):
    """1 if the block at ``height`` is going to be orphaned by a scheduled reorg, else 0."""
    for r in range(chain.reorgs.shape[0]):
        last = chain.reorgs[r, 0]
        if last - chain.reorgs[r, 1] < height <= last:
            return 1
    return 0


@kernel
def demand_at(chain, now, base_fee):
    """Gas that others want in a block at ``now``, at this base fee."""
    rules = chain.rules
    gas = rules[K_DEMAND]
    for e in range(chain.episodes.shape[0]):
        if chain.episodes[e, 0] <= now < chain.episodes[e, 1]:
            gas = share_of(gas, chain.episodes[e, 2], PPM)
    if rules[K_WILLING] > 0:
        gas = share_of(gas, rules[K_WILLING] * PPM // (rules[K_WILLING] + base_fee), PPM)
    return gas


@kernel
def start_block(chain, now):
    """Open the block at ``now``: height, room, what others want. Nothing executes in a block that will be orphaned."""
    state, rules = chain.state, chain.rules
    state[C_TIME] = now
    state[C_HEIGHT] += 1
    state[C_TIP] = rules[K_TIP]
    state[C_OTHERS] = demand_at(chain, now, state[C_BASE_FEE])
    state[C_ORPHANED] = orphaned(chain, state[C_HEIGHT]) if chain.reorgs.shape[0] else 0
    state[C_ROOM] = 0 if state[C_ORPHANED] else rules[K_CAPACITY] or NO_LIMIT


@kernel
def room_for(state, tip):
    """Gas left in this block for a message with this tip once everyone who bids more has been served.

    Half of the others tip more than ``C_TIP``: their share above ``tip`` is ``C_TIP / (C_TIP + tip)``.
    """
    others = state[C_OTHERS]
    if others == 0:
        return state[C_ROOM]
    scale = state[C_TIP]
    above = share_of(others, scale * PPM // (scale + tip), PPM) if scale > 0 else 0
    return state[C_ROOM] - above


@kernel
def finish_block(chain, used):
    """Close the block in which our messages used ``used`` gas: others take the rest, the base fee moves, the queue too.

    Where gas is auctioned nobody queues by time, so nothing is carried over: whoever tips more than a message has been
    served already, and whoever tips less never comes before it.
    """
    state, rules = chain.state, chain.rules
    if state[C_ORPHANED]:  # this block never was: what it held goes into a later one
        return
    wanted = state[C_OTHERS] + state[C_QUEUE]
    taken = max(min(state[C_ROOM] - used, wanted), 0)
    if not rules[K_AUCTIONED] and rules[K_CAPACITY] > 0:
        state[C_QUEUE] = wanted - taken
        state[C_WAIT] = state[C_QUEUE] // rules[K_CAPACITY] * rules[K_INTERVAL]  # whole blocks that others fill
    if rules[K_FEE_MODEL] == EIP_1559:
        floor, steps = rules[K_FEE_FLOOR], rules[K_DENOMINATOR]
        state[C_BASE_FEE] = next_base_fee(state[C_BASE_FEE], used + taken, rules[K_TARGET], steps, floor)
    elif rules[K_FEE_MODEL] == BACKLOG:
        state[C_BACKLOG] = max(state[C_BACKLOG] + used + taken - rules[K_TARGET], 0)
        state[C_BASE_FEE] = backlog_fee(rules[K_FEE_FLOOR], state[C_BACKLOG], rules[K_TOLERANCE], rules[K_INERTIA])


@kernel
def gas_of(chain, kind, replaces):
    """Gas of an action by its kind of message; that of a modify where it replaces an order or is no known kind."""
    return chain.gas[REPLACE] if replaces or not 0 < kind < ACTION_KINDS else chain.gas[kind]


@kernel
def message_cost(chain, kind, gas, fee):
    """Settlement base units that a message pays in this block for its gas and for its data on the chain below."""
    rules, base_fee = chain.rules, chain.state[C_BASE_FEE]
    if rules[K_COIN_PRICE] == 0:
        return 0
    cost = gas_money(gas, base_fee + max(tip_of(fee, base_fee), 0), rules[K_COIN_PRICE])
    if rules[K_BASE_SCALAR] + rules[K_BLOB_SCALAR] > 0:
        l1, blob = rules[K_L1_BASE_FEE], rules[K_BLOB_BASE_FEE]
        wei = data_fee(
            chain.size[kind if 0 < kind < ACTION_KINDS else REPLACE],
            l1,
            blob,
            rules[K_BASE_SCALAR],
            rules[K_BLOB_SCALAR],
        )
        cost += gas_money(wei, 1, rules[K_COIN_PRICE])
    return cost
