# ruff: noqa: ANN001, ANN201, ANN202 - compiled functions take the integers their docstrings name
"""Auto-deleveraging: winners are closed against a bankrupt position in the venue's order; or the loss is shared.

=====================  ================================================================================================
BY_PRICE_AND_SIZE      Hyperliquid: (mark / entry) (notional / account value) for longs, entry / mark for shorts
BY_RETURN              gain / cost, times leverage: notional / account value
``adl_round``          dYdX: the solvent accounts of the other side, from one that the caller draws
=====================  ================================================================================================

A rank is a float64 of a few exact operations, the same on every machine; of equals the lower account comes first.
Lots and money are integers: closing is an ordinary trade of two accounts at one price (the previous mark, or the
bankruptcy price), so nothing is lost. ``haircut`` and ``socialise`` are the alternatives that close nobody.

Source:
    Hyperliquid and dYdX documents; knowledge/models.md 5.4. That shorts use entry / mark is an inference.
"""

from makerscope.kernels._jit import inlined, kernel
from makerscope.market.accounts import equity, fenced_equity, pay, position_value
from makerscope.market.layout import ISOLATED
from makerscope.market.margin import NOTHING
from makerscope.market.shares import apportion

BY_PRICE_AND_SIZE, BY_RETURN, AT_RANDOM = 0, 1, 2  # column RANKING of ``rules.ladder``
DRAWS = 1 << 30  # what ``adl_round`` takes is below this


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
def _worth(accounts, spec, state, account, instrument):
    """What stands behind a position: its fence, or the whole account."""
    if accounts.mode[account] == ISOLATED:
        return fenced_equity(accounts, spec, state, account, instrument)
    return equity(accounts, spec, state, account)


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
        worth = _worth(accounts, spec, state, account, instrument)
        if worth > 0:
            value = position_value(accounts, spec, state, account, instrument)
            score[account] = adl_score(ranking, value, accounts.cost[account, instrument], worth)
            order[count] = account
            count += 1
    in_order_of(score, order, count)
    return count


@inlined
def _turn_round(order, first, end):
    while first < end - 1:
        end -= 1
        order[first], order[end] = order[end], order[first]
        first += 1


@kernel
def adl_round(accounts, spec, state, instrument, side, draw, order):
    """Queue the solvent accounts whose position is on ``side`` by number, from one that is drawn on and round.

    ``draw`` is from 0 to ``DRAWS - 1``; each of them is as likely to be the first. Returns how many are queued.
    """
    count = NOTHING
    for account in range(accounts.cash.shape[0]):
        if accounts.position[account, instrument] * side > 0:
            if _worth(accounts, spec, state, account, instrument) > 0:
                order[count] = account
                count += 1
    first = draw * count // DRAWS
    _turn_round(order, 0, first)
    _turn_round(order, first, count)
    _turn_round(order, 0, count)
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
