# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say
"""Requests for quote: a taker asks for a price, dealers answer, the best price within the window trades.

An agent becomes a dealer by a BID_RFQ with the price 0. A taker's ASK_RFQ (side, lots, limit or NONE) opens a request,
and every dealer but itself hears of it (news ASKED: side, lots, number of the request; never the limit or who asks). A
dealer answers with a BID_RFQ: the request's number as slot, and a price for all of it. When the window is over the best
price trades, of equals the first, if it is inside the limit and both sides have the margin; else nothing happens.
"""

from makerscope.kernels._jit import inner, part
from makerscope.market.book import SERIALS
from makerscope.market.layout import (
    ASK_RFQ,
    FIRST_AGENT,
    LADDER,
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
    MARK,
    NONE,
    REDUCING,
    TAKE,
    UNIT,
    VOLUME,
)
from makerscope.market.log import PLAIN
from makerscope.market.news import ASKED, FILLED, TOOK, tell
from makerscope.market.ordering import R_WINDOW
from makerscope.market.venue import (
    BAD_PRICE,
    NO_REQUEST,
    NO_ROOM,
    NOT_FILLABLE,
    OK,
    V_MESSAGES,
    V_NOW,
    book_trade,
    flaw,
    keep_reducing,
    may_trade,
    refuse,
)
from makerscope.sim.world import C_NOW, G_HEDGE_SHIFT

# columns of ``World.requests``; Q_CLOSES 0: the row is free. Row 0, column Q_NUMBER: numbers given out so far
Q_CLOSES, Q_NUMBER, Q_ACCOUNT, Q_INSTRUMENT, Q_SIDE, Q_SIZE, Q_LIMIT, Q_PRICE, Q_DEALER, Q_SLOT = range(10)
REQUEST_COLUMNS = 10
REQUEST_ROWS = 257


@inner
def _free_row(requests):
    for row in range(1, requests.shape[0]):
        if requests[row, Q_CLOSES] == 0:
            return row
    return NONE


@inner
def _open(world, m):
    """A taker asks. Returns OK or the reason why not."""
    venue, requests, price = world.venue, world.requests, m[M_PRICE]
    m[M_KIND] = TAKE  # its rules are an aggressor's
    why = flaw(venue, m)
    if why == OK:
        why = may_trade(venue, m, price if price != NONE else venue.state[m[M_INSTRUMENT], MARK])
    row = _free_row(requests)
    if why != OK or row == NONE:
        return why if why != OK else NO_ROOM
    requests[0, Q_NUMBER] += 1
    q = requests[row]
    q[Q_CLOSES], q[Q_NUMBER] = m[M_SEEN] + world.ordering.rule[R_WINDOW], requests[0, Q_NUMBER]
    q[Q_ACCOUNT], q[Q_INSTRUMENT], q[Q_SIDE], q[Q_SIZE] = m[M_ACCOUNT], m[M_INSTRUMENT], m[M_SIDE], m[M_SIZE]
    q[Q_LIMIT], q[Q_PRICE], q[Q_DEALER], q[Q_SLOT] = price, NONE, NONE, m[M_SLOT]
    for a in range(FIRST_AGENT, FIRST_AGENT + world.rule[G_HEDGE_SHIFT]):
        if world.dealers[a] == 1 and a != m[M_ACCOUNT]:
            tell(
                venue.inbox, a, ASKED, m[M_INSTRUMENT], m[M_SIDE], NONE, m[M_SIZE], q[Q_NUMBER], NONE,
                venue.word[V_NOW], 0,
            )  # fmt: skip
    return OK


@inner
def _answer(world, m):
    """A dealer's price for a request."""
    a, price, requests = m[M_ACCOUNT], m[M_PRICE], world.requests
    for row in range(1, requests.shape[0]):
        q = requests[row]
        if q[Q_CLOSES] == 0 or q[Q_NUMBER] != m[M_SLOT] or q[Q_ACCOUNT] == a or m[M_SEEN] >= q[Q_CLOSES]:
            continue
        if price < 1 or price >= world.venue.spec[q[Q_INSTRUMENT], LADDER]:
            return BAD_PRICE
        m[M_INSTRUMENT], m[M_SIDE], m[M_SIZE], m[M_FLAGS] = q[Q_INSTRUMENT], -q[Q_SIDE], q[Q_SIZE], 0
        why = may_trade(world.venue, m, price)
        if why == OK and (q[Q_PRICE] == NONE or q[Q_SIDE] * (price - q[Q_PRICE]) < 0):
            q[Q_PRICE], q[Q_DEALER] = price, a
        return why
    return NO_REQUEST


@inner
def _may(world, nobody, account, instrument, side, size, price):
    """Whether one side of a request still has the margin."""
    nobody[M_ACCOUNT], nobody[M_INSTRUMENT], nobody[M_SIDE], nobody[M_SIZE] = account, instrument, side, size
    found = may_trade(world.venue, nobody, price)
    nobody[M_ACCOUNT] = nobody[M_INSTRUMENT] = nobody[M_SIDE] = nobody[M_SIZE] = 0
    return found


@inner
def _close(world, q):
    """The window is over: trade with the best dealer, or tell the taker that nothing came of it."""
    venue, nobody = world.venue, world.mempool.message[-1]
    taker, i, side, size = q[Q_ACCOUNT], q[Q_INSTRUMENT], q[Q_SIDE], q[Q_SIZE]
    price, dealer, now = q[Q_PRICE], q[Q_DEALER], venue.word[V_NOW]
    inside = price != NONE and (q[Q_LIMIT] == NONE or side * (price - q[Q_LIMIT]) <= 0)
    q[Q_CLOSES] = 0
    if inside and _may(world, nobody, taker, i, side, size, price) == OK:
        if _may(world, nobody, dealer, i, -side, size, price) == OK:
            serial = venue.book.pool[SERIALS]
            venue.book.pool[SERIALS] += 2
            fees = book_trade(venue, i, dealer, taker, -side, price, size, serial, serial + 1, PLAIN)
            worth = price * size * venue.spec[i, UNIT]
            tell(venue.inbox, dealer, FILLED, i, -side, price, size, 0, NONE, now, side * worth - fees[0])
            tell(venue.inbox, taker, TOOK, i, side, price, size, 0, q[Q_SLOT], now, -side * worth - fees[1])
            venue.state[i, LAST] = price
            venue.state[i, VOLUME] += size
            if venue.state[i, REDUCING] > 0:
                keep_reducing(venue, nobody, dealer, i)
                keep_reducing(venue, nobody, taker, i)
            return
    nobody[M_ACCOUNT], nobody[M_INSTRUMENT], nobody[M_SIDE] = taker, i, side
    nobody[M_PRICE], nobody[M_SIZE], nobody[M_SLOT], nobody[M_KIND] = q[Q_LIMIT], size, q[Q_SLOT], ASK_RFQ
    refuse(venue, nobody, NOT_FILLABLE)
    nobody[M_ACCOUNT] = nobody[M_INSTRUMENT] = nobody[M_SIDE] = nobody[M_PRICE] = 0
    nobody[M_SIZE] = nobody[M_SLOT] = nobody[M_KIND] = 0


@part
def deal(world, at):
    """Execute a request or an answer in row ``at``; with NONE, close the requests whose window is over."""
    venue, requests = world.venue, world.requests
    if at == NONE:
        for row in range(1, requests.shape[0]):
            if 0 < requests[row, Q_CLOSES] <= world.clock[C_NOW]:
                _close(world, requests[row])
        return 0
    m = world.mempool.message[at]
    venue.word[V_MESSAGES] += 1
    why = _open(world, m) if m[M_KIND] == ASK_RFQ else _answer(world, m)
    if why != OK:
        refuse(venue, m, why)
    return why
