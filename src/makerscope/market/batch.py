"""A frequent batch auction: all orders of an interval trade at one price, and who came first decides the last lot only.

The price maximises volume, then leaves the smallest imbalance. What is still open goes to the pressure: buyers left
over take the highest such price, sellers left over the lowest, nobody or both alike the one nearest the reference (of
two, the lower). Whoever is better than the price trades in full; those at it share pro rata, rounded down, and the
remaining lots go one each to whoever came first (lowest serial). One side always trades in full: only one is ever cut.

Source:
    Budish, Cramton and Shim (2015), Quarterly Journal of Economics 130, section VII; tie rules of call auctions.
"""
# ruff: noqa: ANN001, ANN201, ANN202, PLR0917 - a kernel is compiled for the types it is called with, and takes them in order

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError
from makerscope.kernels._jit import kernel
from makerscope.market.layout import BUY, NONE, SELL

_MOST = 1 << 50  # lots of all orders together


@kernel
def _sort_side(price, serial, sides, side, order, at):
    """Write the rows of one side into ``order[at:]``, best price first, then lowest serial; where they end."""
    end = at
    for row in range(price.shape[0]):
        if sides[row] != side:
            continue
        j = end
        while j > at:
            other = order[j - 1]
            better = side * (price[row] - price[other])
            if better < 0 or (better == 0 and serial[row] > serial[other]):
                break
            order[j] = other
            j -= 1
        order[j] = row
        end += 1
    return end


@kernel
def _depth(price, size, rows, side, limit):
    """Lots of ``rows``, best first, that accept ``limit``."""
    lots = 0
    for row in rows:
        if side * (price[row] - limit) < 0:
            break
        lots += size[row]
    return lots


@kernel
def _crossing(price, size, bids, asks):
    """(volume, lowest, highest price at which it trades): match best with best for as long as they cross."""
    b, a, volume, low, high = 0, 0, 0, 0, -1
    left_bid = left_ask = 0
    while True:
        while left_bid == 0 and b < bids.shape[0]:
            left_bid = size[bids[b]]
            b += 1
        while left_ask == 0 and a < asks.shape[0]:
            left_ask = size[asks[a]]
            a += 1
        if left_bid == 0 or left_ask == 0 or price[bids[b - 1]] < price[asks[a - 1]]:
            return volume, low, high
        low, high = price[asks[a - 1]], price[bids[b - 1]]
        lots = min(left_bid, left_ask)
        volume, left_bid, left_ask = volume + lots, left_bid - lots, left_ask - lots


@kernel
def _balanced_price(price, size, bids, asks, low, high, reference):
    """The price of ``low..high`` that the rules choose. Demand less supply only falls as the price rises: bisect."""
    below, above = low - 1, high + 1  # demand exceeds supply at ``below`` and before; not at ``above`` and after
    while above - below > 1:
        middle = below + (above - below) // 2
        if _depth(price, size, bids, 1, middle) > _depth(price, size, asks, -1, middle):
            below = middle
        else:
            above = middle
    first, above = above, high + 1  # now supply exceeds demand at ``above`` and after
    even = first - 1
    while above - even > 1:
        middle = even + (above - even) // 2
        if _depth(price, size, bids, 1, middle) < _depth(price, size, asks, -1, middle):
            above = middle
        else:
            even = middle
    if above > first:  # balanced from ``first`` to ``above - 1``
        return min(max(reference, first), above - 1)
    if first > high or first == low:  # one side is left over at every price
        return high if first > high else low
    buyers = _depth(price, size, bids, 1, below) - _depth(price, size, asks, -1, below)
    sellers = _depth(price, size, asks, -1, above) - _depth(price, size, bids, 1, above)
    if buyers != sellers:
        return below if buyers < sellers else above
    return below if reference <= below else above


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
def _allot(price, size, rows, side, limit, volume, filled):
    """Give ``volume`` lots to ``rows``, best first: in full before ``limit``, pro rata at it."""
    left, start = volume, 0
    while start < rows.shape[0] and side * (price[rows[start]] - limit) > 0:
        filled[rows[start]] = size[rows[start]]
        left -= size[rows[start]]
        start += 1
    end, total = start, 0
    while end < rows.shape[0] and price[rows[end]] == limit:
        total += size[rows[end]]
        end += 1
    share = left
    for i in range(start, end):
        filled[rows[i]] = _portion(size[rows[i]], share, total) if total > 0 else 0
        left -= filled[rows[i]]
    while left > 0:  # at most one lot each: rounding lost less than that
        for i in range(start, end):
            if left > 0 and filled[rows[i]] < size[rows[i]]:
                filled[rows[i]] += 1
                left -= 1


@kernel
def clear(price, size, sides, serial, reference, filled, order):
    """Clear one auction: write into ``filled`` the lots each row trades; (price, volume), (NONE, 0) if nothing crosses.

    All ``(n,)`` int64: limit in ticks, lots (sum below 2^50), BUY or SELL, serial (less came first; resting orders
    count too), ``filled`` out, ``order`` scratch. ``reference`` in ticks settles ties.
    """
    middle = _sort_side(price, serial, sides, BUY, order, 0)
    end = _sort_side(price, serial, sides, SELL, order, middle)
    bids, asks = order[:middle], order[middle:end]
    filled[:] = 0
    volume, low, high = _crossing(price, size, bids, asks)
    if volume == 0:
        return NONE, 0
    at = _balanced_price(price, size, bids, asks, low, high, reference)
    _allot(price, size, bids, 1, at, volume, filled)
    _allot(price, size, asks, -1, at, volume, filled)
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
