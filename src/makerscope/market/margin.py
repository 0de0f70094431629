# ruff: noqa: ANN001, ANN201, ANN202, PLR0917 - compiled functions take the integers their docstrings name
"""How much equity a position wants: maintenance, initial, for one position, an account, and one order more.

Every requirement is base units **to be held against equity**, which counts positions at the mark. Venues that write
``max(15 % S - OTM, 10 % S) + mark`` for a short option hold that against cash; equity already holds the option at
minus its mark, so here the mark is left out, and the two say the same. A long option's premium is spent cash and its
mark stands in equity, so its requirement takes back as much of the mark as the venue does not lend on.

====================  ================================================================================================
perpetual             ``V r_n - d_n`` by the tier of its notional V at the mark; without tiers ``V * IM``, ``V * MM`` of
                      the instruments table; of initial margin the larger of tier and table (the leverage a user chose)
short option          ``max(RATE * S - OTM * otm, FLOOR * S)`` with S the index and otm how far it is out of the money
long option           ``min(LONG_SHARE * mark, LONG_CAP * S)``
cross account         the sum over its positions
isolated position     the same formula against ``accounts.fenced_equity``
portfolio account     ``portfolio_margin``: the worst scenario of each underlying
====================  ================================================================================================

All are rounded up. The numbers are ``Rules``, which ``margin_rules`` makes from a venue's profile.
"""

from typing import NamedTuple

import numpy as np

from makerscope.kernels._jit import kernel
from makerscope.market.accounts import equity, fenced_equity, free_money, next_with
from makerscope.market.layout import (
    AN_OPTION,
    IM,
    INDEX,
    IS_CALL,
    ISOLATED,
    KIND,
    MARK,
    MM,
    NONE,
    PORTFOLIO,
    STRIKE_TICKS,
    UNIT,
)
from makerscope.market.portfolio_margin import portfolio_requirement
from makerscope.market.shares import millionths_up

FROM, TIER_IM, TIER_IM_LESS, TIER_MM, TIER_MM_LESS = range(5)  # columns of ``Rules.tiers``
RATE, OTM, FLOOR, LONG_SHARE, LONG_CAP = range(5)  # columns of ``Rules.option``


class Rules(NamedTuple):
    """A venue's margin and liquidation rules as compiled code reads them. Row 0 maintenance, row 1 initial.

    ``tiers`` ``(T, 5)``: from which notional, rate (ppm) and deduction (base units) of initial and of maintenance
    margin. ``tier_of`` ``(I, 2)``: first tier of an instrument and the one past its last. ``option`` ``(2, 5)`` ppm.
    ``portfolio`` ``(2, 3)`` ppm: share of the worst loss, of a perpetual's notional, of the index per short option.
    ``ladder`` ``(L,)``: see ``liquidation``. ``gain`` ``(I, S)`` float64: what one lot gains in each scenario, base
    units, written by ``portfolio_margin.revalue``. ``work`` ``(U, S)`` float64: room for one account's sums.
    """

    tiers: np.ndarray
    tier_of: np.ndarray
    option: np.ndarray
    portfolio: np.ndarray
    ladder: np.ndarray
    gain: np.ndarray
    work: np.ndarray


@kernel
def _perp_requirement(spec, rules, instrument, notional, initial):
    own = millionths_up(notional, spec[instrument, IM] if initial else spec[instrument, MM])
    first, tier = rules.tier_of[instrument, 0], rules.tier_of[instrument, 1] - 1
    if tier < first:
        return own
    while tier > first and rules.tiers[tier, FROM] > notional:
        tier -= 1
    rate, less = (TIER_IM, TIER_IM_LESS) if initial else (TIER_MM, TIER_MM_LESS)
    wanted = millionths_up(notional, rules.tiers[tier, rate]) - rules.tiers[tier, less]
    return max(own, wanted) if initial else wanted


@kernel
def position_requirement(spec, state, rules, instrument, lots, initial):
    """What ``lots`` of one instrument want by themselves: an isolated position, or one summand of a cross account."""
    size = abs(lots) * spec[instrument, UNIT]
    if spec[instrument, KIND] != AN_OPTION:
        return _perp_requirement(spec, rules, instrument, size * state[instrument, MARK], initial)
    row = 1 if initial else 0
    spot, strike = state[instrument, INDEX], spec[instrument, STRIKE_TICKS]
    if lots > 0:
        lent = millionths_up(size * state[instrument, MARK], rules.option[row, LONG_SHARE])
        return min(lent, millionths_up(size * spot, rules.option[row, LONG_CAP]))
    away = max(strike - spot if spec[instrument, IS_CALL] else spot - strike, 0)
    wanted = millionths_up(size * spot, rules.option[row, RATE]) - millionths_up(size * away, rules.option[row, OTM])
    return max(wanted, millionths_up(size * spot, rules.option[row, FLOOR]))


@kernel
def requirement_with(accounts, spec, state, rules, account, initial, instrument, lots):
    """What the whole account wants, as if it held ``lots`` more of ``instrument`` (NONE, 0: as it is)."""
    if accounts.mode[account] == PORTFOLIO:
        return portfolio_requirement(accounts, spec, state, rules, account, initial, instrument, lots)
    total = 0
    i = NONE
    while True:
        i = next_with(accounts, account, i + 1, instrument)
        if i == NONE:
            return total
        held = accounts.position[account, i] + (lots if i == instrument else 0)
        total += position_requirement(spec, state, rules, i, held, initial)


@kernel
def requirement(accounts, spec, state, rules, account, initial):
    """What the whole account wants, by its mode; for an isolated one the sum over its fences (each stands alone)."""
    return requirement_with(accounts, spec, state, rules, account, initial, NONE, 0)


@kernel
def isolated_requirement(accounts, spec, state, rules, account, instrument, initial):
    """What the fence of one isolated position must be worth; hold it against ``accounts.fenced_equity``."""
    return position_requirement(spec, state, rules, instrument, accounts.position[account, instrument], initial)


@kernel
def order_margin(spec, state, rules, instrument, side, price, size):
    """What an order at rest keeps busy: initial margin of its lots, and what a price worse than the mark loses at once.

    Add it up over an account's open orders for ``allows``.
    """
    loss = max(side * (price - state[instrument, MARK]) * size * spec[instrument, UNIT], 0)
    return loss + position_requirement(spec, state, rules, instrument, side * size, True)


@kernel
def allows(accounts, spec, state, rules, account, instrument, side, price, size, open_orders_margin):
    """Whether equity covers initial margin after the order, were it filled at ``price``, and all open orders' margin.

    An order that only makes a position smaller is always allowed. A price better than the mark earns nothing in
    advance.
    """
    held = accounts.position[account, instrument]
    if held * side < 0 and size <= abs(held):
        return True
    loss = max(side * (price - state[instrument, MARK]) * size * spec[instrument, UNIT], 0)
    if accounts.mode[account] == ISOLATED:
        wanted = position_requirement(spec, state, rules, instrument, held + side * size, True)
        fenced = fenced_equity(accounts, spec, state, account, instrument) if held * side >= 0 else 0
        return free_money(accounts, account) >= max(wanted + loss - fenced, 0) + open_orders_margin
    wanted = requirement_with(accounts, spec, state, rules, account, True, instrument, side * size)
    return equity(accounts, spec, state, account) - loss >= wanted + open_orders_margin


@kernel
def fence(accounts, spec, state, rules, account, instrument):
    """Ring-fence what an isolated position lacks of initial margin, out of free money. Call it after a fill that opens.

    Returns:
        What was moved, base units; 0 for accounts of another mode. Free money may limit it.
    """
    if accounts.mode[account] != ISOLATED or accounts.position[account, instrument] == 0:
        return 0
    wanted = position_requirement(spec, state, rules, instrument, accounts.position[account, instrument], True)
    lacks = wanted - fenced_equity(accounts, spec, state, account, instrument)
    moved = max(min(lacks, free_money(accounts, account)), 0)
    accounts.collateral[account, instrument] += moved
    return moved
