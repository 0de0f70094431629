"""A frequent batch auction: all orders of an interval trade at one price, and who came first decides the last lot only.

The price maximises volume, then leaves the smallest imbalance. What is still open goes to the pressure: buyers left
over take the highest such price, sellers left over the lowest, nobody or both alike the one nearest the reference (of
two, the lower). Whoever is better than the price trades in full; those at it share pro rata, rounded down, and the
remaining lots go one each to whoever came first (lowest serial). One side always trades in full: only one is ever cut.

Source:
    Budish, Cramton and Shim (2015), Quarterly Journal of Economics 130, section VII; tie rules of call auctions.
"""
# ruff: noqa: ANN001, ANN201, ANN202 - a kernel is compiled for the types it is called with, and takes them in order

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError
from makerscope.kernels._jit import kernel
from makerscope.market.layout import BUY, NONE

_MOST = 1 << 50  # lots of all orders together


@kernel
def _sort(price, serial, sides, order):
    """Write all rows into ``order``: bids, then asks, each best price first, then lowest serial; how many are bids."""
    bids = 0
    for row in range(price.shape[0]):
        side, j = sides[row], row
        bids += side == BUY
        while j > 0:
            other = order[j - 1]
            better = side * (price[row] - price[other]) if side == sides[other] else side
            if better < 0 or (better == 0 and serial[row] > serial[other]):
                break
            order[j] = other
            j -= 1
        order[j] = row
    return bids


@kernel
def _excess(price, size, order, middle, at):
    """Demand less supply at a price, lots; only falls as the price rises."""
    lots = 0
    for i in range(middle):
        if price[order[i]] >= at:
            lots += size[order[i]]
    for i in range(middle, order.shape[0]):
        if price[order[i]] <= at:
            lots -= size[order[i]]
    return lots


@kernel
def _crossing(price, size, order, middle):
    """(volume, lowest, highest price at which it trades): match best with best for as long as they cross."""
    b, a, volume, low, high = 0, middle, 0, 0, -1
    left_bid = left_ask = 0
    while True:
        while left_bid == 0 and b < middle:
            left_bid = size[order[b]]
            b += 1
        while left_ask == 0 and a < order.shape[0]:
            left_ask = size[order[a]]
            a += 1
        if left_bid == 0 or left_ask == 0 or price[order[b - 1]] < price[order[a - 1]]:
            return volume, low, high
        low, high = price[order[a - 1]], price[order[b - 1]]
        lots = min(left_bid, left_ask)
        volume, left_bid, left_ask = volume + lots, left_bid - lots, left_ask - lots


@kernel
def _balanced_price(price, size, order, middle, low, high, reference):
    """The price of ``low..high`` that the rules choose, by two bisections of the excess.

    Up to ``buying`` buyers are left over, from there to ``even`` nobody, beyond it sellers.
    """
    buying = even = low - 1
    for bound in range(0, -2, -1):
        below, above = even, high + 1
        while above - below > 1:
            at = below + (above - below) // 2
            if _excess(price, size, order, middle, at) > bound:
                below = at
            else:
                above = at
        buying, even = even if bound else below, below
    if even > buying:
        return min(max(reference, buying + 1), even)
    if buying == high or buying < low:  # the same side is left over at every price
        return high if buying == high else low
    nearer = _excess(price, size, order, middle, buying) + _excess(price, size, order, middle, buying + 1)
    if nearer != 0:  # so many more buyers are left over below than sellers above
        return buying if nearer < 0 else buying + 1
    return buying if reference <= buying else buying + 1


@kernel
def _portion(x, part, whole):
    """The exact floor of ``x * part / whole``, ``part <= whole < 2^50``: a float guess, put right by wrapped int64."""
    guess = int(float(x) * part / whole)
    rest = x * part - guess * whole
    while rest < 0:
        guess, rest = guess - 1, rest + whole
    while rest >= whole:
        guess, rest = guess + 1, rest - whole
    return guess


@kernel
def _allot(price, size, order, middle, limit, volume, filled) -> None:
    """Give ``volume`` lots to each side: in full to who is better than ``limit``, pro rata to who is at it."""
    share_bid = share_ask = volume
    total_bid = total_ask = 0
    for i in range(order.shape[0]):
        row = order[i]
        gain = limit - price[row] if i >= middle else price[row] - limit
        filled[row] = size[row] if gain > 0 else 0
        if i < middle:
            share_bid, total_bid = share_bid - filled[row], total_bid + (size[row] if gain == 0 else 0)
        else:
            share_ask, total_ask = share_ask - filled[row], total_ask + (size[row] if gain == 0 else 0)
    left_bid, left_ask = share_bid, share_ask
    for turn in range(2):  # the parts rounded down, then at most one lot each: rounding lost less than that
        for i in range(order.shape[0]):
            row = order[i]
            if price[row] != limit or size[row] == 0:
                continue
            if turn == 0:
                lots = _portion(
                    size[row], share_bid if i < middle else share_ask, total_bid if i < middle else total_ask
                )
            else:
                lots = 1 if (left_bid if i < middle else left_ask) > 0 and filled[row] < size[row] else 0
            filled[row] += lots
            left_bid -= lots if i < middle else 0
            left_ask -= lots if i >= middle else 0


@kernel
def clear(price, size, sides, serial, reference, filled, order):
    """Clear one auction: write into ``filled`` the lots each row trades; (price, volume), (NONE, 0) if nothing crosses.

    All ``(n,)`` int64: limit in ticks, lots (sum below 2^50), BUY or SELL, serial (less came first; resting orders
    count too), ``filled`` out, ``order`` scratch. ``reference`` in ticks settles ties.
    """
    middle = _sort(price, serial, sides, order)
    volume, low, high = _crossing(price, size, order, middle)
    if volume == 0:
        for row in range(filled.shape[0]):
            filled[row] = 0
        return NONE, 0
    at = _balanced_price(price, size, order, middle, low, high, reference)
    _allot(price, size, order, middle, at, volume, filled)
    return at, volume


def clear_batch(
    price: ArrayLike, size: ArrayLike, side: ArrayLike, serial: ArrayLike, *, reference: int
) -> tuple[int | None, NDArray[np.int64]]:
    """The uniform price of a batch auction and what each order trades.

    Args:
        price: limits in ticks, shape ``(n,)``.
        size: lots, at least 0, shape ``(n,)``.
        side: 1 to buy, -1 to sell, shape ``(n,)``.
        serial: less came first, shape ``(n,)``; decides only who gets the lots that rounding leaves.
        reference: ticks; of prices that are equally good the nearest is taken.

    Returns:
        (price in ticks or None if nothing crosses, lots each order trades).

    Raises:
        DomainError: a size is negative, the sum too large, or a side is neither 1 nor -1.

    Examples:
        >>> price, lots = clear_batch([102, 100, 99], [4, 6, 5], [1, 1, -1], [1, 2, 3], reference=100)
        >>> price, lots.tolist()
        (100, [4, 1, 5])
    """
    limits, lots, sides, serials = (np.asarray(x, np.int64).reshape(-1) for x in (price, size, side, serial))
    if lots.min(initial=0) < 0 or lots.astype(float).sum() >= _MOST or (np.abs(sides) != 1).any():
        raise DomainError("want sizes >= 0 that sum to less than 2^50 lots, and sides 1 or -1")
    filled, order = np.zeros_like(lots), np.zeros_like(lots)
    at, volume = clear(limits, lots, sides, serials, reference, filled, order)
    return (int(at) if volume else None), filled
