# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say
"""Commit now, execute at the first oracle price after a delay, against the venue's pool: GMX and Synthetix.

The pool is the account BACKSTOP. Nothing rests, so a post-only order is refused; any other order is a taker's, and the
price of the commitment's first later look of the oracle, with the pool's premium, either is within its limit or the
order is refused. A cancel takes back a commitment of its slot that still waits.
"""

from makerscope.kernels._jit import inner, part
from makerscope.market.book import SERIALS
from makerscope.market.layout import (
    A_PERP,
    BACKSTOP,
    CANCEL,
    CANCEL_ALL,
    KIND,
    LAST,
    M_ACCOUNT,
    M_FLAGS,
    M_INSTRUMENT,
    M_KIND,
    M_PRICE,
    M_SEEN,
    M_SIDE,
    M_SIZE,
    M_SLOT,
    NONE,
    PLACE,
    POST_ONLY,
    TAKE,
    UNDERLYING,
    UNIT,
    VOLUME,
)
from makerscope.market.log import PLAIN
from makerscope.market.news import TOOK, tell
from makerscope.market.oracle import OraclePlan, OracleState, pull_price
from makerscope.market.ordering import R_IMPACT_COST, R_IMPACT_GAIN, R_IMPACT_POWER, R_SKEW_SCALE
from makerscope.market.pool_price import impact_price, skew_price
from makerscope.market.venue import (
    NO_PRICE,
    NO_QUOTES,
    NOT_FILLABLE,
    NOT_TRADING,
    NOTHING_THERE,
    OK,
    V_MESSAGES,
    V_NOW,
    book_trade,
    flaw,
    may_trade,
    refuse,
)
from makerscope.sim.execution import execute_plainly
from makerscope.sim.world import C_NOW, C_WAITING

USD = 1e6  # base units


@inner
def pool_price(world, i, side, size, index):
    """What the pool asks for ``size`` lots at this oracle price, ticks."""
    rule, venue = world.ordering.rule, world.venue
    value = index * venue.spec[i, UNIT] / USD
    skew = -venue.accounts.position[BACKSTOP, i]
    if rule[R_SKEW_SCALE] > 0:
        return skew_price(index, side, size, skew, value, float(rule[R_SKEW_SCALE]))
    if rule[R_IMPACT_POWER] > 0:
        return impact_price(
            index, side, size, skew, value, rule[R_IMPACT_COST], rule[R_IMPACT_GAIN], rule[R_IMPACT_POWER]
        )
    return index


@inner
def committed_price(world, u, committed):
    """The first oracle price of an underlying after a commitment, ticks; below 0 if there is none."""
    oracle = world.oracle
    plan = OraclePlan(oracle.numbers, oracle.sources, oracle.episodes, oracle.tick[u])
    state = OracleState(oracle.state[u], oracle.errors[u], oracle.read[u], oracle.history[u], oracle.way[u])
    return pull_price(plan, state, committed, world.clock[C_NOW])


@inner
def _take_back(world, m):
    """Let the waiting commitments of a slot, or all of an account, lapse."""
    pool, found = world.mempool, NOTHING_THERE
    for w in range(world.clock[C_WAITING]):
        other = pool.message[pool.waiting[w]]
        mine = other[M_ACCOUNT] == m[M_ACCOUNT] and (other[M_KIND] == TAKE or other[M_KIND] == PLACE)
        if mine and (m[M_KIND] == CANCEL_ALL or other[M_SLOT] == m[M_SLOT]):
            other[M_KIND] = NONE
            found = OK
    return found


@inner
def _deal(world, m):
    """Trade a commitment against the pool. Returns OK or the reason why not."""
    venue = world.venue
    a, i, side = m[M_ACCOUNT], m[M_INSTRUMENT], m[M_SIDE]
    why, size = flaw(venue, m), m[M_SIZE]  # in this order
    if why != OK:
        return why
    if venue.spec[i, KIND] != A_PERP:
        return NOT_TRADING
    index = committed_price(world, venue.spec[i, UNDERLYING], m[M_SEEN])
    if index < 1:
        return NO_PRICE
    price = pool_price(world, i, side, size, index)
    if m[M_PRICE] != NONE and side * (price - m[M_PRICE]) > 0:
        return NOT_FILLABLE
    why = may_trade(venue, m, price)
    if why != OK:
        return why
    book, state = venue.book, venue.state
    serial = book.pool[SERIALS]
    book.pool[SERIALS] += 2
    _none, fee = book_trade(venue, i, BACKSTOP, a, -side, price, size, serial + 1, serial, PLAIN)
    state[i, LAST] = price
    state[i, VOLUME] += size
    worth = price * size * venue.spec[i, UNIT]
    tell(venue.inbox, a, TOOK, i, side, price, size, 0, 0, venue.word[V_NOW], -side * worth - fee)
    return OK


@part
def execute_commitment(world, at):
    """Execute one message of a venue whose other side is a pool."""
    venue, m = world.venue, world.mempool.message[at]
    kind = m[M_KIND]
    if kind == CANCEL or kind == CANCEL_ALL:
        why = _take_back(world, m)
    elif kind == PLACE and m[M_FLAGS] & POST_ONLY:
        why = NO_QUOTES
    elif kind == PLACE or kind == TAKE:
        why = _deal(world, m)
    else:
        return execute_plainly(world, at)
    venue.word[V_MESSAGES] += 1
    if why != OK:
        refuse(venue, m, why)
    return why
