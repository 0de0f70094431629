# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say, in order
"""A frequent batch auction: whatever a block brings and whatever rests trades at one price at its end.

While the block's messages execute, orders only enter: a PLACE rests, even across the other side, and a TAKE is noted.
Then every instrument clears at the price of ``market.batch``. In a pair the order that came first is the maker and pays
the maker's fee. In an auction nobody runs into a quote, so post-only means nothing; fill-or-kill is refused, as what
will be filled is not known when an order comes. An aggressor without a limit may move the price by one in a hundred.
What is left of a PLACE rests, what is left of a TAKE is gone. Of two orders of one account that could meet, the later
one leaves before the auction (the earlier, or both, where the venue's rule on self-trades says so).
"""

from makerscope.kernels._jit import inlined, inner, part
from makerscope.market.batch import clear
from makerscope.market.book import BEST, BITS_AT, HEAD, LADDER_SIZE, LEVEL_AT, SERIALS, best, next_below
from makerscope.market.layout import (
    A_LEAD,
    BUY,
    EXPIRE_BOTH,
    EXPIRE_MAKER,
    FILL_OR_KILL,
    INDEX,
    KIND,
    LADDER,
    LAST,
    M_ACCOUNT,
    M_FLAGS,
    M_INSTRUMENT,
    M_KIND,
    M_ORDER,
    M_PRICE,
    M_SIDE,
    M_SIZE,
    MARK,
    NONE,
    O_ACCOUNT,
    O_FLAGS,
    O_NEXT,
    O_PRICE,
    O_SERIAL,
    O_SIZE,
    REDUCE_ONLY,
    REDUCING,
    SELL,
    STP,
    TAKE,
    UNIT,
    VOLUME,
)
from makerscope.market.log import CANCELLED, PLAIN
from makerscope.market.news import TOOK, tell
from makerscope.market.venue import (
    NOT_FILLABLE,
    OK,
    V_BATCH,
    V_MESSAGES,
    V_NOW,
    book_trade,
    drop_order,
    fill_resting,
    flaw,
    keep_reducing,
    may_trade,
    protect,
    refuse,
)
from makerscope.sim.execution import execute_plainly

# rows of ``World.batch``: what ``clear`` reads and writes; B_ORDER the resting order or NONE; B_TAKERS: how many
# aggressors came, then their messages
B_PRICE, B_SIZE, B_SIDE, B_SERIAL, B_FILLED, B_RANK, B_ORDER, B_ACCOUNT, B_TRADED, B_TAKERS = range(10)
BATCH_ROWS = 10
COLLAR = 100  # an aggressor without a limit reaches one part in so many beyond the mark


@inner
def _note_taker(world, at):
    """Keep an aggressor for the end of the block. Returns OK or the reason why not."""
    venue, m, takers = world.venue, world.mempool.message[at], world.batch[B_TAKERS]
    venue.word[V_MESSAGES] += 1
    why = flaw(venue, m)
    if why == OK and m[M_FLAGS] & FILL_OR_KILL:
        why = NOT_FILLABLE
    if why != OK:
        return why
    i, side = m[M_INSTRUMENT], m[M_SIDE]
    if m[M_PRICE] == NONE:
        mark = venue.state[i, MARK]
        m[M_PRICE] = min(max(mark + side * (mark // COLLAR), 1), venue.spec[i, LADDER] - 1)
    why = may_trade(venue, m, m[M_PRICE])
    if why == OK:
        m[M_ORDER] = venue.book.pool[SERIALS]
        venue.book.pool[SERIALS] += 1
        takers[0] += 1
        takers[takers[0]] = at
    return why


@part
def enter_auction(world, at):
    """Execute one message of a venue that clears at the end of each block."""
    m = world.mempool.message[at]
    if m[M_KIND] != TAKE:
        world.venue.word[V_BATCH] = 1
        return execute_plainly(world, at)
    why = _note_taker(world, at)
    if why != OK:
        refuse(world.venue, m, why)
    return why


@inlined
def _enter(batch, n, price, size, side, serial, order, account):
    batch[B_PRICE, n], batch[B_SIZE, n], batch[B_SIDE, n], batch[B_SERIAL, n] = price, size, side, serial
    batch[B_ORDER, n], batch[B_ACCOUNT, n] = order, account


@inner
def _gather_side(world, i, side, worst, n):
    """Enter the resting orders of a side that somebody could meet, best first; how many are entered."""
    book, batch = world.venue.book, world.batch
    r = 2 * i + (side < 0)
    base, ladder, key = book.row[r, BITS_AT], book.row[r, LADDER_SIZE], book.row[r, BEST]
    while key >= 0:
        if side * ((key if side > 0 else ladder - 1 - key) - worst) < 0:
            break
        o = book.level[book.row[r, LEVEL_AT] + key, HEAD]
        while o != NONE:
            line = book.order[o]
            _enter(batch, n, line[O_PRICE], line[O_SIZE], side, line[O_SERIAL], o, line[O_ACCOUNT])
            n += 1
            o = line[O_NEXT]
        key = next_below(book.bits, base, ladder, key)
    return n


@inner
def _to_reduce(world, m, n):
    """Lots of an aggressor that may only reduce: what the first ``n`` orders of its side leave, if they may add."""
    batch, order, a, side = world.batch, world.venue.book.order, m[M_ACCOUNT], m[M_SIDE]
    room = -side * world.venue.accounts.position[a, m[M_INSTRUMENT]]
    for row in range(n):
        o = batch[B_ORDER, row]
        yields = o != NONE and order[o, O_FLAGS] & REDUCE_ONLY != 0  # see ``_keep_to_positions``
        if batch[B_ACCOUNT, row] == a and batch[B_SIDE, row] == side and not yields:
            room -= batch[B_SIZE, row]
    return min(m[M_SIZE], max(room, 0))


@inner
def _gather(world, i):
    """Enter everything of one instrument that could trade; how many orders, 0 if nothing crosses."""
    batch, message = world.batch, world.mempool.message
    takers = batch[B_TAKERS]
    highest, lowest = best(world.venue.book, i, BUY), best(world.venue.book, i, SELL)
    lowest = lowest if lowest != NONE else world.venue.spec[i, LADDER]
    for k in range(takers[0]):
        m = message[takers[1 + k]]
        if m[M_INSTRUMENT] == i and m[M_SIDE] > 0:
            highest = max(highest, m[M_PRICE])
        elif m[M_INSTRUMENT] == i:
            lowest = min(lowest, m[M_PRICE])
    if highest < lowest:
        return 0
    n = _gather_side(world, i, BUY, lowest, 0)
    n = _gather_side(world, i, SELL, highest, n)
    for k in range(takers[0]):
        m = message[takers[1 + k]]
        if m[M_INSTRUMENT] == i:
            size = _to_reduce(world, m, n) if m[M_FLAGS] & REDUCE_ONLY else m[M_SIZE]
            _enter(batch, n, m[M_PRICE], size, m[M_SIDE], m[M_ORDER], NONE, m[M_ACCOUNT])
            n += 1
    return n


@inner
def _leave(world, n):
    """Take an order out before the auction: its account stands on the other side too."""
    batch = world.batch
    batch[B_SIZE, n] = 0
    if batch[B_ORDER, n] != NONE:
        drop_order(world.venue, world.mempool.message[-1], batch[B_ORDER, n], CANCELLED)
        batch[B_ORDER, n] = NONE


@inner
def _part_from_self(world, i, n):
    """Nobody trades with itself: of two own orders that could meet, one leaves or both do."""
    batch, rule, lowest = world.batch, world.venue.spec[i, STP], world.got
    for row in range(n):
        lowest[batch[B_ACCOUNT, row]] = world.venue.spec[i, LADDER]
    for row in range(n):
        if batch[B_SIDE, row] == SELL:
            a = batch[B_ACCOUNT, row]
            lowest[a] = min(lowest[a], batch[B_PRICE, row])
    for bid in range(n):
        if batch[B_SIDE, bid] == SELL or batch[B_PRICE, bid] < lowest[batch[B_ACCOUNT, bid]]:
            continue
        for ask in range(n):
            mine = batch[B_SIDE, ask] == SELL and batch[B_ACCOUNT, ask] == batch[B_ACCOUNT, bid]
            if (
                not mine
                or batch[B_PRICE, ask] > batch[B_PRICE, bid]
                or batch[B_SIZE, ask] == 0
                or batch[B_SIZE, bid] == 0
            ):
                continue
            bid_is_later = batch[B_SERIAL, bid] > batch[B_SERIAL, ask]
            if rule == EXPIRE_BOTH or bid_is_later == (rule != EXPIRE_MAKER):
                _leave(world, bid)
            if rule == EXPIRE_BOTH or bid_is_later == (rule == EXPIRE_MAKER):
                _leave(world, ask)


@inner
def _keep_to_positions(world, i, n):
    """Of an order that may only reduce, no more enters than the account's other orders of that side leave to reduce."""
    batch, order, held = world.batch, world.venue.book.order, world.venue.accounts.position
    for row in range(n):
        o, a, side = batch[B_ORDER, row], batch[B_ACCOUNT, row], batch[B_SIDE, row]
        if o == NONE or order[o, O_FLAGS] & REDUCE_ONLY == 0:
            continue
        room = max(-side * held[a, i], 0)
        for other in range(n):
            if other != row and batch[B_ACCOUNT, other] == a and batch[B_SIDE, other] == side:
                room -= batch[B_SIZE, other]
        batch[B_SIZE, row] = min(batch[B_SIZE, row], max(room, 0))


@inner
def _settle_one(world, i, row, price, lots, fee):
    """Tell one side of a pair what it traded, and take it off its order."""
    venue, batch, nobody = world.venue, world.batch, world.mempool.message[-1]
    side = batch[B_SIDE, row]
    got = -side * price * lots * venue.spec[i, UNIT] - fee
    if batch[B_ORDER, row] != NONE:
        fill_resting(venue, nobody, batch[B_ORDER, row], lots, got)
    else:
        left = batch[B_SIZE, row] - lots
        tell(venue.inbox, batch[B_ACCOUNT, row], TOOK, i, side, price, lots, left, 0, venue.word[V_NOW], got)
    batch[B_FILLED, row] -= lots
    batch[B_SIZE, row] -= lots


@inner
def _settle(world, i, n, price):
    """Pair buyers and sellers of an auction, each best first, and book what each pair trades."""
    batch = world.batch
    bids = 0
    for row in range(n):
        bids += batch[B_SIDE, row] == BUY
    b, a = 0, bids
    while b < bids and a < n:
        buyer, seller = batch[B_RANK, b], batch[B_RANK, a]
        lots = min(batch[B_FILLED, buyer], batch[B_FILLED, seller])
        if lots > 0:
            first = buyer if batch[B_SERIAL, buyer] < batch[B_SERIAL, seller] else seller
            other = seller if first == buyer else buyer
            fees = book_trade(
                world.venue, i, batch[B_ACCOUNT, first], batch[B_ACCOUNT, other], batch[B_SIDE, first], price, lots,
                batch[B_SERIAL, first], batch[B_SERIAL, other], PLAIN,
            )  # fmt: skip
            _settle_one(world, i, first, price, lots, fees[0])
            _settle_one(world, i, other, price, lots, fees[1])
        b += batch[B_FILLED, buyer] == 0
        a += batch[B_FILLED, seller] == 0


@inner
def _clear_one(world, i):
    """The auction of one instrument."""
    batch, state = world.batch, world.venue.state
    n = _gather(world, i)
    if n == 0:
        return
    _part_from_self(world, i, n)
    if state[i, REDUCING] > 0:
        _keep_to_positions(world, i, n)
    reference = state[i, INDEX] if state[i, INDEX] > 0 else state[i, MARK]
    price, volume = clear(
        batch[B_PRICE][:n], batch[B_SIZE][:n], batch[B_SIDE][:n], batch[B_SERIAL][:n], reference, batch[B_FILLED][:n],
        batch[B_RANK][:n],
    )  # fmt: skip
    if volume == 0:
        return
    for row in range(n):
        batch[B_TRADED, row] = batch[B_FILLED, row] if batch[B_ORDER, row] != NONE else 0
    _settle(world, i, n, price)
    state[i, LAST] = price
    state[i, VOLUME] += volume
    for row in range(n):  # only now: protection may pull orders that were in this auction
        if batch[B_TRADED, row] > 0:
            protect(world.venue, batch[B_ACCOUNT, row], batch[B_TRADED, row], world.mempool.message[-1])
    if state[i, REDUCING] > 0:
        for row in range(n):
            keep_reducing(world.venue, world.mempool.message[-1], batch[B_ACCOUNT, row], i)


@part
def clear_auctions(world, _number):
    """The end of a block: every instrument clears."""
    spec, takers = world.venue.spec, world.batch[B_TAKERS]
    for i in range(spec.shape[0]):
        if spec[i, KIND] != A_LEAD:
            _clear_one(world, i)
    takers[0] = 0
    return 0
