# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say
"""Drift's auction of a taker: its limit moves over some blocks; makers' just-in-time offers meet it beside the book.

The limit starts at the index (never worse than the taker's own) and ends at the taker's own limit; without one at the
index and half a per cent. Offers flagged JIT come first in a block, rest for that block only, and never take. What is
left when the auction ends lapses (TAKE) or rests (PLACE). Dealers (``sim.dealers``) hear of an auction when it opens:
side and lots, request number 0.
"""

from makerscope.kernels._jit import inner, part
from makerscope.market.book import SERIALS
from makerscope.market.layout import (
    FILL_OR_KILL,
    FIRST_AGENT,
    INDEX,
    LADDER,
    M_ACCOUNT,
    M_CLASS,
    M_FLAGS,
    M_INSTRUMENT,
    M_KIND,
    M_ORDER,
    M_PRICE,
    M_RANK,
    M_SIDE,
    M_SIZE,
    M_START,
    MARK,
    NONE,
    PLACE,
    TAKE,
)
from makerscope.market.log import PLAIN
from makerscope.market.mempool import auction_price, auction_runs
from makerscope.market.news import ASKED, tell
from makerscope.market.venue import (
    OK,
    V_HEIGHT,
    V_MESSAGES,
    V_NOW,
    flaw,
    may_trade,
    refuse,
    take_from_book,
    withdraw_offers,
    would_fill,
)
from makerscope.sim.execution import execute_plainly
from makerscope.sim.world import G_HEDGE_SHIFT

REACH = 200  # without a limit a taker pays up to one part in so many beyond the index


@inner
def _open(world, m):
    """The first block of an auction: where its limit starts and ends."""
    venue, i, side = world.venue, m[M_INSTRUMENT], m[M_SIDE]
    index = venue.state[i, INDEX] if venue.state[i, INDEX] > 0 else venue.state[i, MARK]
    if m[M_PRICE] == NONE:
        m[M_PRICE] = min(max(index + side * (index // REACH), 1), venue.spec[i, LADDER] - 1)
    m[M_START] = min(index, m[M_PRICE]) if side > 0 else max(index, m[M_PRICE])
    m[M_ORDER] = venue.book.pool[SERIALS]
    venue.book.pool[SERIALS] += 1
    venue.word[V_MESSAGES] += 1
    for a in range(FIRST_AGENT, FIRST_AGENT + world.rule[G_HEDGE_SHIFT]):
        if world.dealers[a] == 1 and a != m[M_ACCOUNT]:
            tell(venue.inbox, a, ASKED, i, side, NONE, m[M_SIZE], 0, NONE, venue.word[V_NOW], 0)


@inner
def _bid_on(world, at):
    """One block of a running auction. Returns OK or the reason why it ended unfilled."""
    venue, m, state = world.venue, world.mempool.message[at], world.chain.state
    a, i, side = m[M_ACCOUNT], m[M_INSTRUMENT], m[M_SIDE]
    why = flaw(venue, m)
    if why == OK and m[M_RANK] == venue.word[V_HEIGHT]:
        _open(world, m)
    if why != OK:
        return why
    limit = auction_price(world.ordering, state, world.mempool.message, at, m[M_START])
    why = may_trade(venue, m, limit)
    whole = m[M_FLAGS] & FILL_OR_KILL == 0 or would_fill(venue, m, limit) >= m[M_SIZE]
    if why == OK and whole:
        m[M_SIZE] = take_from_book(venue, m, a, i, side, limit, m[M_SIZE], m[M_ORDER], PLAIN)
    return why


@part
def execute_in_auction(world, at):
    """Execute one message of a venue that auctions takers: a taker may come back in the next block."""
    m = world.mempool.message[at]
    if m[M_CLASS] != 2 or (m[M_KIND] != PLACE and m[M_KIND] != TAKE):  # takers, see ``ordering``
        return execute_plainly(world, at)
    why = _bid_on(world, at)
    if why != OK:
        refuse(world.venue, m, why)
        m[M_KIND] = NONE
    elif m[M_SIZE] == 0:
        m[M_KIND] = NONE
    elif m[M_KIND] == PLACE and not auction_runs(world.ordering, world.chain.state, world.mempool.message, at):
        return execute_plainly(world, at)
    return why


@part
def close_auctions(world, _number):
    """The end of a block: offers that were for this block only go."""
    venue = world.venue
    withdraw_offers(venue, world.mempool.message[-1], FIRST_AGENT, venue.slot_at.shape[0] - 1)
    return 0
