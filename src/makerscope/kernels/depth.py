"""Depth near the mid and the cost of walking a book, over arrays of book states.

A state is one row of ``bid, bid_size, ask, ask_size``: int64 ``(n,)`` ticks and lots, best level first; size 0 means
that there is no such level. The mid is kept doubled, ``twice_mid = bid + ask``. A level lies within ``x`` bps when
``|2 * price - twice_mid| * 10000 <= twice_mid * x``: integers, so that a level exactly on the edge is inside.
"""
# ruff: noqa: ANN001, PLR0917 - a kernel is compiled for the types it is called with, and takes arrays in order

import numpy as np

from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.timeweight import add_product

TWO_SIDED, ONE_SIDED, CROSSED = 0, 1, 2
# Words of one band in a row of integrals: 128-bit integrals take two words, low word first.
BID_LOTS, ASK_LOTS, LEAST_LOTS, BID_CASH, ASK_CASH, LEAST_CASH, BID_CUT, ASK_CUT = 0, 2, 4, 6, 8, 10, 12, 13
WIDTH = 14
HEAD = 3  # words before the bands: ns two-sided, one-sided, crossed


@inlined
def state_of(bid, bid_size, ask, ask_size):  # noqa: ANN201
    """Whether a state has both sides, lacks one, or is locked or crossed."""
    if bid_size[0] <= 0 or ask_size[0] <= 0:
        return ONE_SIDED
    return CROSSED if bid[0] >= ask[0] else TWO_SIDED


@inlined
def side_depth(sign, price, size, twice_mid, bands, whole, seen, lots, cash, cut):  # noqa: ANN201
    """Lots and cash (price times size) of one side within each band, and where the view ends inside the band.

    ``sign`` is +1 for bids, -1 for asks; ``bands`` rise. ``cut`` is 1 where the next tick behind the end of the view
    would still be inside: then more may rest there than is seen. The view ends at the price ``seen``, or where that is
    0 at the last visible level. ``whole``: a side that shows fewer levels than there is room for is known to have no
    more.
    """
    levels = price.shape[0]
    full = size[levels - 1] > 0
    j, sum_lots, sum_cash = 0, 0, 0
    for k in range(bands.shape[0]):
        edge = twice_mid * bands[k]
        while j < levels and size[j] > 0 and sign * (twice_mid - 2 * price[j]) * 10_000 <= edge:
            sum_lots += size[j]
            sum_cash += size[j] * price[j]
            j += 1
        lots[k], cash[k] = sum_lots, sum_cash
        limit = 0
        if seen > 0:
            limit = sign * max(sign * seen, sign * price[levels - 1]) if full else seen
        elif j > 0 and (j == levels or size[j] <= 0) and (full or not whole):
            limit = price[j - 1]
        behind = limit - sign
        cut[k] = limit > 0 and behind > 0 and sign * (twice_mid - 2 * behind) * 10_000 <= edge


@kernel
def depth_of_states(bid, bid_size, ask, ask_size, bands, whole, seen, state, lots, cash, cut):  # noqa: ANN201
    """Depth of every state: ``lots``, ``cash`` int64 and ``cut`` bool ``(m, 2, bands)``, bids first; ``state`` int8."""
    for i in range(bid.shape[0]):
        state[i] = state_of(bid[i], bid_size[i], ask[i], ask_size[i])
        if state[i] == TWO_SIDED:
            mid = bid[i, 0] + ask[i, 0]
            side_depth(1, bid[i], bid_size[i], mid, bands, whole, seen[i, 0], lots[i, 0], cash[i, 0], cut[i, 0])
            side_depth(-1, ask[i], ask_size[i], mid, bands, whole, seen[i, 1], lots[i, 1], cash[i, 1], cut[i, 1])


@kernel
def count_pieces(time, until, width):  # noqa: ANN201
    """Rows that ``integrate_depth`` writes: the distinct buckets that states ``[time, until)`` touch."""
    rows, last, seen = 0, 0, False
    for i in range(time.shape[0]):
        if until[i] <= time[i]:
            continue
        first, end = time[i] // width, (until[i] - 1) // width
        rows += end - first + 1
        if seen and first == last:
            rows -= 1
        last, seen = end, True
    return rows


@kernel
def integrate_depth(time, until, bid, bid_size, ask, ask_size, bands, whole, seen, width, bucket, sums):  # noqa: ANN201
    """Depth times the ns for which it stood, by bucket of time.

    Args:
        time: int64 ``(m,)`` ns, in order: when each state began.
        until: int64 ``(m,)`` ns: when it ended, at most the next ``time``; not after ``time`` if it does not count.
        bid: int64 ``(m, n)`` ticks, see above.
        bid_size: lots.
        ask: ticks.
        ask_size: lots.
        bands: int64 bps, rising.
        whole: see ``side_depth``.
        seen: int64 ``(m, 2)`` ticks, bids and asks: see ``side_depth``.
        width: ns of a bucket.
        bucket: int64 ``(rows,)``, filled with floor(time / width); ``rows`` from ``count_pieces``.
        sums: int64 ``(rows, HEAD + WIDTH * bands)``, zeros; filled.
    """
    k = bands.shape[0]
    lots, cash = np.zeros((2, k), np.int64), np.zeros((2, k), np.int64)
    cut = np.zeros((2, k), np.bool_)
    row = -1
    for i in range(time.shape[0]):
        if until[i] <= time[i]:
            continue
        state = state_of(bid[i], bid_size[i], ask[i], ask_size[i])
        if state == TWO_SIDED:
            mid = bid[i, 0] + ask[i, 0]
            side_depth(1, bid[i], bid_size[i], mid, bands, whole, seen[i, 0], lots[0], cash[0], cut[0])
            side_depth(-1, ask[i], ask_size[i], mid, bands, whole, seen[i, 1], lots[1], cash[1], cut[1])
        start = time[i]
        while start < until[i]:
            place = start // width
            end = min(until[i], (place + 1) * width)
            if row < 0 or bucket[row] != place:
                row += 1
                bucket[row] = place
            sums[row, state] += end - start
            if state == TWO_SIDED:
                add_state(sums[row], end - start, lots, cash, cut)
            start = end


@inlined
def add_state(words, ns, lots, cash, cut):  # noqa: ANN201
    """Add one state that stood for ``ns`` to a row of integrals."""
    for k in range(lots.shape[1]):
        at = HEAD + WIDTH * k
        add_product(words, at + BID_LOTS, lots[0, k], ns)
        add_product(words, at + ASK_LOTS, lots[1, k], ns)
        add_product(words, at + LEAST_LOTS, min(lots[0, k], lots[1, k]), ns)
        add_product(words, at + BID_CASH, cash[0, k], ns)
        add_product(words, at + ASK_CASH, cash[1, k], ns)
        add_product(words, at + LEAST_CASH, min(cash[0, k], cash[1, k]), ns)
        words[at + BID_CUT] += ns * cut[0, k]
        words[at + ASK_CUT] += ns * cut[1, k]


@kernel
def walk_lots(price, size, want, cash, filled):  # noqa: ANN201
    """Take ``want`` lots from one side of each state: int64 ``(m,)`` ``cash`` (ticks * lots) and ``filled`` lots."""
    for i in range(price.shape[0]):
        left, paid = want, 0
        for j in range(price.shape[1]):
            take = min(left, size[i, j])
            if take <= 0:
                break
            left -= take
            paid += take * price[i, j]
        cash[i], filled[i] = paid, want - left


@kernel
def walk_cash(price, size, want, lots, spent):  # noqa: ANN201
    """Trade ``want`` cash (ticks * lots) against one side of each state, the last level in part.

    Fills float64 ``(m,)`` ``lots`` traded, and int64 ``(m,)`` ``spent`` cash, less than ``want`` where the side is too
    thin.
    """
    for i in range(price.shape[0]):
        left, got = want, 0.0
        for j in range(price.shape[1]):
            if size[i, j] <= 0 or left <= 0:
                break
            worth = size[i, j] * price[i, j]
            if worth <= left:
                got += size[i, j]
                left -= worth
            else:
                got += left / price[i, j]
                left = 0
        lots[i], spent[i] = got, want - left
