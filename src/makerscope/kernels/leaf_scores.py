"""The scores of many samples from the orders they hold, each by the rule of its market."""
# ruff: noqa: ANN001, ANN201, ANN202, PLR0917 - compiled functions take the types their docstrings say, in order

import numpy as np

from makerscope.kernels._jit import inner, kernel
from makerscope.kernels.scoring import LARGEST, MAX_PRICE, ORDERS, nearest_orders, reduce_sides, side_sum


@inner
def _possible(prices, sizes, start, end):
    """Whether these can be the orders of a side."""
    if end - start > ORDERS:
        return False
    for i in range(start, end):  # noqa: SIM110 - compiled without a generator
        if not (0 <= prices[i] <= MAX_PRICE and 0 <= sizes[i] <= LARGEST):
            return False
    return True


@kernel
def leaf_scores(rules, market, reference, bid_prices, bid_sizes, bid_ends, ask_prices, ask_sizes, ask_ends, out):
    """Score of each sample into ``out``; -1 where it has none: no such market, no such orders, or too large.

    Args:
        rules: int64 ``(markets, 32)``, rows as ``scoring`` takes them; none that looks at a best price.
        market: int64 ``(n,)``.
        reference: int64 ``(n,)``, twice a price, ticks.
        bid_prices: int64, ticks, sample after sample.
        bid_sizes: int64, lots.
        bid_ends: int64 ``(n + 1,)``: where the bids of each sample begin.
        ask_prices: int64, ticks.
        ask_sizes: int64, lots.
        ask_ends: int64 ``(n + 1,)``.
        out: int64 ``(n,)``.
    """
    chosen = np.empty(ORDERS, np.int64)
    for i in range(len(market)):
        out[i] = -1
        first, last, ask_first, ask_last = bid_ends[i], bid_ends[i + 1], ask_ends[i], ask_ends[i + 1]
        if not (
            0 <= market[i] < len(rules)
            and 0 < reference[i] <= 2 * MAX_PRICE
            and _possible(bid_prices, bid_sizes, first, last)
            and _possible(ask_prices, ask_sizes, ask_first, ask_last)
        ):
            continue
        rule = rules[market[i]]
        count = nearest_orders(1, bid_prices, bid_sizes, first, last, chosen)
        bid, bid_value = side_sum(rule, 1, bid_prices, bid_sizes, chosen, count, reference[i], 0)
        count = nearest_orders(-1, ask_prices, ask_sizes, ask_first, ask_last, chosen)
        ask, ask_value = side_sum(rule, -1, ask_prices, ask_sizes, chosen, count, reference[i], 0)
        out[i] = reduce_sides(rule, bid, ask, bid_value, ask_value, reference[i])
