# ruff: noqa: ANN001, ANN201, ANN202 - compiled functions take the integers their docstrings name
"""Auto-deleveraging: winners are closed against a bankrupt position in the venue's order; or the loss is shared.

=====================  ================================================================================================
BY_PRICE_AND_SIZE      Hyperliquid: (mark / entry) (notional / account value) for longs, entry / mark for shorts
BY_RETURN              gain / cost, times leverage: notional / account value
``adl_round``          dYdX: any accounts of the other side, from a place that the caller draws
=====================  ================================================================================================

A rank is a float64 of a few exact operations, the same on every machine; of equals the lower account comes first.
Lots and money are integers: closing is an ordinary trade of two accounts at one price (the previous mark, or the
bankruptcy price), so nothing is lost. ``haircut`` is the alternative that closes nobody.

Source:
    Hyperliquid and dYdX documents; knowledge/models.md 5.4. That shorts use entry / mark is an inference.
"""

from makerscope.kernels._jit import inlined, kernel
from makerscope.market.accounts import equity, fenced_equity, pay, position_value
from makerscope.market.layout import ISOLATED
from makerscope.market.liquidation import transfer
from makerscope.market.margin import NOTHING
from makerscope.market.shares import apportion

BY_PRICE_AND_SIZE, BY_RETURN = 0, 1


@kernel
def adl_score(ranking, value, cost, worth):
    """Rank of a position worth ``value`` that cost ``cost`` (both signed) in an account worth ``worth`` (above 0)."""
    leverage = abs(value) / worth
    if ranking == BY_RETURN:
        return (value - cost) / max(abs(cost), 1) * leverage
    if value > 0:
        return value / max(cost, 1) * leverage
    return -cost / max(-value, 1) * leverage


@inlined
def _before(score, a, b):
    return score[a] > score[b] or (score[a] == score[b] and a < b)


@kernel
def in_order_of(score, order, count):
    """Sort the first ``count`` accounts of ``order`` by falling ``score[account]``, equals by number."""
    for k in range(1, count):
        account = order[k]
        place = k
        while place > 0 and _before(score, account, order[place - 1]):
            order[place] = order[place - 1]
            place -= 1
        order[place] = account


@kernel
def adl_queue(accounts, spec, state, instrument, side, ranking, score, order):
    """Queue the solvent accounts whose position is on ``side`` (BUY: long), the first to be closed first.

    ``score`` float64 and ``order`` int64 have room for all accounts.

    Returns:
        How many are queued.
    """
    count = NOTHING  # a literal would compile ``in_order_of`` twice
    for account in range(accounts.cash.shape[0]):
        if accounts.position[account, instrument] * side <= 0:
            continue
        if accounts.mode[account] == ISOLATED:
            worth = fenced_equity(accounts, spec, state, account, instrument)
        else:
            worth = equity(accounts, spec, state, account)
        if worth > 0:
            value = position_value(accounts, spec, state, account, instrument)
            score[account] = adl_score(ranking, value, accounts.cost[account, instrument], worth)
            order[count] = account
            count += 1
    in_order_of(score, order, count)
    return count


@kernel
def adl_round(accounts, instrument, side, first, order):
    """Queue the accounts whose position is on ``side``, from account ``first`` on and round; returns how many."""
    count = 0
    everyone = accounts.cash.shape[0]
    for step in range(everyone):
        account = (first + step) % everyone
        if accounts.position[account, instrument] * side > 0:
            order[count] = account
            count += 1
    return count


@kernel
def take_in_order(total, limit, order, count, taken):
    """Take ``total`` from ``order``, each as much as its ``limit[account]``; ``taken[k]`` belongs to ``order[k]``.

    Returns:
        What is left over.
    """
    left = total
    for k in range(count):
        taken[k] = min(left, limit[order[k]])
        left -= taken[k]
    return left


@kernel
def deleverage(accounts, spec, account, instrument, price, order, count, taken):
    """Close the position of ``account`` at ``price`` against the queue, whole positions first.

    All in the queue hold the other side; ``taken[k]`` is filled with the lots of ``order[k]``. Stands for what no order
    in the book would take.

    Returns:
        Lots that found nobody.
    """
    left = abs(accounts.position[account, instrument])
    for k in range(count):
        other = order[k]
        taken[k] = min(left, abs(accounts.position[other, instrument]))
        if taken[k] > 0:
            transfer(accounts, spec, account, other, instrument, price, taken[k])
            left -= taken[k]
    return left


@kernel
def socialise(accounts, account, missing, weights, parts):
    """Share a loss: accounts pay ``missing`` to ``account`` by ``weights`` ``(A,)``, none more than its weight.

    Weights are base units, such as gains or equities; ``parts`` ``(A,)`` is filled with what each paid.

    Returns:
        What the weights do not cover.
    """
    whole = 0
    for other in range(weights.shape[0]):
        whole += max(weights[other], 0)
    paid = min(missing, whole)
    apportion(paid, weights, parts)
    for other in range(weights.shape[0]):
        pay(accounts, other, account, parts[other])
    return missing - paid
