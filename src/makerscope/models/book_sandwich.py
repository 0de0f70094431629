"""The best sandwich of one order on an order book: buy ahead up to the victim's limit, and be what it finds there.

A book has no curve that a victim could push. So the attacker takes the best levels first and offers what it
bought again below the next level that is left, at most at the victim's limit; what the victim leaves, it sells at
``exit_price``.
Written for a victim that buys; for one that sells, turn the sign of prices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from makerscope.errors import DomainError

Level = tuple[float, float]  # price, size


@dataclass(frozen=True, slots=True, kw_only=True)
class BookSandwich:
    """An attack: lots bought ahead, the price they are offered at, lots the victim takes of them, and the profit."""

    bought: float
    offered_at: float
    sold: float
    profit: float


def walk(levels: Sequence[Level], size: float) -> float:
    """What the first ``size`` lots of a book cost; the whole book if it holds less.

    Examples:
        >>> walk([(100.0, 2.0), (101.0, 5.0)], 3.0)
        301.0
    """
    cost = 0.0
    for price, resting in levels:
        taken = min(size, resting)
        cost += taken * price
        size -= taken
    return cost


def sold_to(levels: Sequence[Level], bought: float, offer: float, victim: float) -> float:
    """Lots that the victim takes of an offer of ``bought`` lots: first comes what is left at its price or below."""
    before = max(sum(size for price, size in levels if price <= offer) - bought, 0.0)
    return max(min(bought, victim - before), 0.0)


def book_sandwich(
    asks: Sequence[Level], victim: float, limit: float, *, exit_price: float, tick: float, fee: float = 0.0
) -> BookSandwich:
    """The sandwich of a buyer of ``victim`` lots at ``limit`` or better that earns most; nothing where none does.

    Args:
        asks: (price, size) from the best on.
        victim: lots of the victim.
        limit: the highest price it pays.
        exit_price: at which what is left can be sold; at most the best ask.
        tick: smallest step of prices: the offer stands so far before the next level.
        fee: of the attacker, a fraction of what it buys and of what it sells.

    Returns:
        The profit is never above ``victim (limit - best ask)``: all of it is paid by the victim, within its limit.

    Raises:
        DomainError: prices or sizes are not positive, levels are not in order, or the exit is above the best ask.

    Source:
        Derived: at a given offer the profit is linear between the ends of levels, so that those ends are enough.

    Examples:
        >>> book = [(100.0, 5.0), (101.0, 5.0), (104.0, 50.0)]
        >>> book_sandwich(book, 10.0, 103.0, exit_price=99.0, tick=1.0)
        BookSandwich(bought=10.0, offered_at=103.0, sold=10.0, profit=25.0)
    """
    _check(asks, victim, limit, exit_price, tick, fee)
    inside = [level for level in asks if level[0] <= limit]
    ends = [0.0, *accumulate(size for _, size in inside)]
    best = BookSandwich(bought=0.0, offered_at=limit, sold=0.0, profit=0.0)
    later = [price - tick for price, _ in asks[1:] if price - tick <= limit]
    for offer in dict.fromkeys([*later, limit]):
        below = sum(size for price, size in inside if price <= offer)
        for bought in {end for end in (*ends, victim, below - victim) if 0.0 < end <= ends[-1]}:
            sold = sold_to(asks, bought, offer, victim)
            paid = walk(inside, bought) * (1.0 + fee)
            profit = (sold * offer + (bought - sold) * exit_price) * (1.0 - fee) - paid
            if profit > best.profit:
                best = BookSandwich(bought=bought, offered_at=offer, sold=sold, profit=profit)
    return best


def _check(  # noqa: PLR0917 - what the public function got
    asks: Sequence[Level], victim: float, limit: float, exit_price: float, tick: float, fee: float
) -> None:
    if not all(price > 0.0 and size > 0.0 for price, size in asks) or not asks:
        raise DomainError("want at least one level, prices and sizes above 0")
    if any(after[0] <= before[0] for before, after in pairwise(asks)):
        raise DomainError("want levels from the best price on, each price once")
    if not (victim > 0.0 and limit > 0.0 and tick > 0.0 and 0.0 <= fee < 1.0):
        raise DomainError(
            f"want a victim, limit and tick above 0 and a fee in [0, 1); got {victim}, {limit}, {tick}, {fee}"
        )
    if not exit_price <= asks[0][0]:
        raise DomainError(f"want an exit at or below the best ask, {asks[0][0]}; got {exit_price}")
