"""The mark price by a venue's rule, from its index, its own book and prices elsewhere; whole ticks in and out.

===================  ==================================================================================================
``INDEX_PRICE``      the index
``MEDIAN``           median of index + average of (mid - index), median of (bid, ask, last), price elsewhere; if exactly
                     one of the three is missing, an average of the second joins the other two (Hyperliquid: 150 s and
                     30 s)
``FAIR_BASIS``       index x (1 + average of price / index - 1), price being the mean of the book's and that elsewhere
                     (Paradex; the weights of its venues are not modelled)
``INDEX_TWAP``       time-weighted index + time-weighted (mid - index), each over a window (Drift's way of averaging)
``BOOK``             median of (bid, ask, last)
===================  ==================================================================================================

Averages are exponential over irregular times: ``n <- n e^(-t/tau) + x t``, ``d <- d e^(-t/tau) + t``, value ``n / d``;
the first value counts as it is. A side that is absent is NONE; what is not known does not move an average.
"""
# ruff: noqa: ANN001, ANN201, ANN202 - a kernel is compiled for the types it is called with, by position

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.elementary import exp
from makerscope.market.layout import PPM

INDEX_PRICE, MEDIAN, FAIR_BASIS, INDEX_TWAP, BOOK = range(5)
KIND, WINDOW, BOOK_WINDOW, CAP, RULE_COLUMNS = 0, 1, 2, 3, 4
TOP, BOTTOM, BOOK_TOP, BOOK_BOTTOM, INDEX_MEAN, PREMIUM_MEAN, MARK_COLUMNS = range(7)
BASIS_AT, BOOK_AT, TWAP_AT = range(3)  # when each average last moved
NEVER = -1
NAN = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRule:
    """How one instrument is marked.

    Args:
        kind: INDEX_PRICE, MEDIAN, FAIR_BASIS, INDEX_TWAP or BOOK.
        window: ns of the average (``tau`` of the exponential ones; a half-life is ``tau ln 2``).
        book_window: ns, ``tau`` of the average of the book's median, for MEDIAN.
        cap: ppm of the index that the mark may be away from it; 0 for no limit.
    """

    kind: int = INDEX_PRICE
    window: int = 150_000_000_000
    book_window: int = 30_000_000_000
    cap: int = 0

    def __post_init__(self) -> None:
        if self.kind not in range(5) or self.window < 1 or self.book_window < 1 or self.cap < 0:
            raise DomainError(f"mark: want a kind of 0 to 4, windows above 0 ns and cap >= 0; got {self}")


class MarkState(NamedTuple):
    """Rules and averages of all instruments.

    ``rules`` float64 ``(I, 4)``; ``sums`` float64 ``(I, 6)``; ``moved`` int64 ``(I, 3)``, ns.
    """

    rules: NDArray[np.float64]
    sums: NDArray[np.float64]
    moved: NDArray[np.int64]


def mark_state(rules: Sequence[MarkRule]) -> MarkState:
    """Nothing is known yet."""
    rows = [(rule.kind, rule.window, rule.book_window, rule.cap) for rule in rules]
    n = len(rows)
    return MarkState(
        np.array(rows, np.float64).reshape(n, RULE_COLUMNS), np.zeros((n, MARK_COLUMNS)), np.full((n, 3), NEVER)
    )


@kernel
def mark(state, i, now, index, bid, ask, last, elsewhere):
    """Move the averages of instrument ``i`` and return its mark, ticks >= 1.

    Prices are ticks, NONE where unknown; the index is known. ``elsewhere``: the perpetual's price on other venues.
    """
    rule, sums, moved = state.rules[i], state.sums[i], state.moved[i]
    two_sided = bid > 0 and ask > 0
    middle = 0.5 * (bid + ask) if two_sided else NAN
    book = _median_of_three(np.float64(bid), np.float64(ask), np.float64(last) if last > 0 else middle)
    book = book if two_sided else NAN
    outside = np.float64(elsewhere) if elsewhere > 0 else NAN
    value = np.float64(index)
    if rule[KIND] == MEDIAN:
        first = value + _averaged(sums, moved, BASIS_AT, TOP, now, middle - value, rule[WINDOW])
        usual = _averaged(sums, moved, BOOK_AT, BOOK_TOP, now, book, rule[BOOK_WINDOW])
        value = _median_of_known(value, first, book, outside, usual)
    elif rule[KIND] == FAIR_BASIS:
        price = book if np.isnan(outside) else outside if np.isnan(book) else 0.5 * (book + outside)
        basis = _averaged(sums, moved, BASIS_AT, TOP, now, price / value - 1.0, rule[WINDOW])
        value = value * (1.0 + basis) if not np.isnan(basis) else value
    elif rule[KIND] == INDEX_TWAP:
        share = min((now - moved[TWAP_AT]) / rule[WINDOW], 1.0) if moved[TWAP_AT] != NEVER else 1.0
        sums[INDEX_MEAN] += (value - sums[INDEX_MEAN]) * share
        sums[PREMIUM_MEAN] += (middle - value - sums[PREMIUM_MEAN]) * share if two_sided else 0.0
        moved[TWAP_AT] = now
        value = sums[INDEX_MEAN] + sums[PREMIUM_MEAN]
    elif rule[KIND] == BOOK:
        value = book if two_sided else value
    if rule[CAP] > 0.0:
        room = index * rule[CAP] / PPM
        value = min(max(value, index - room), index + room)
    return max(np.int64(floor(value + 0.5)), np.int64(1))


@inlined
def _median_of_three(a, b, c):
    return max(min(a, b), min(max(a, b), c))


@kernel
def _median_of_known(index, first, book, outside, usual):
    """Median of those of three prices that are known; of two with the usual one."""
    low, high, known = np.inf, -np.inf, 0
    for one in (first, book, outside):
        if not np.isnan(one):
            low, high = min(low, one), max(high, one)
            known += 1
    if known == 0:
        return index
    if known == 3:
        return _median_of_three(first, book, outside)
    return _median_of_three(low, high, usual) if known == 2 and not np.isnan(usual) else 0.5 * (low + high)


@kernel
def _averaged(sums, moved, clock, top, now, x, tau):
    """Exponential average after seeing ``x`` at ``now``; NaN before anything was seen."""
    if not np.isnan(x):
        t = np.float64(now - moved[clock]) if moved[clock] != NEVER else 1e-9  # the first stands until time passes
        fade = exp(-t / tau, 0.0)
        sums[top] = sums[top] * fade + x * t
        sums[top + 1] = sums[top + 1] * fade + t
        moved[clock] = now
    return sums[top] / sums[top + 1] if sums[top + 1] > 0.0 else NAN
