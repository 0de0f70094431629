# ruff: noqa: ANN001, ANN201, ANN202 - compiled functions take the integers their docstrings name
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

from makerscope.kernels._jit import inlined, kernel
from makerscope.market.accounts import equity, fenced_equity, free_money, next_open, next_with
from makerscope.market.layout import (
    AN_OPTION,
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

# arguments of compiled functions: a Python constant would compile each function once more for that very value
NOBODY, NOTHING, INITIAL, MAINTENANCE = np.int64(NONE), np.int64(0), np.bool_(True), np.bool_(False)

FROM, TIER_IM, TIER_IM_LESS, TIER_MM, TIER_MM_LESS = range(5)  # columns of ``Rules.tiers``
RATE, OTM, FLOOR, LONG_SHARE, LONG_CAP = range(5)  # columns of ``Rules.option``


class Rules(NamedTuple):
    """A venue's margin and liquidation rules as compiled code reads them. Row 0 maintenance, row 1 initial.

    ``tiers`` ``(T, 5)``: from which notional, rate (ppm) and deduction (base units) of initial and of maintenance
    margin; row 0 is all 0 and nobody's. ``tier_of`` ``(I, 2)``: first tier of an instrument and the one past its
    last. ``option`` ``(2, 5)`` ppm. ``portfolio`` ``(2, 3)`` ppm: share of the worst loss, of a perpetual's notional,
    of the index per short option. ``ladder`` ``(L,)``: see ``liquidation``. ``gain`` ``(I, S)`` float64: what one lot
    gains in each scenario, base units, written by ``portfolio_margin.revalue``. ``work`` ``(U, S)`` float64: room for
    one account's sums.
    """

    tiers: np.ndarray
    tier_of: np.ndarray
    option: np.ndarray
    portfolio: np.ndarray
    ladder: np.ndarray
    gain: np.ndarray
    work: np.ndarray


@inlined
def _tier_at(tiers, first, end, notional):
    """The tier that a notional falls into; row 0, which wants nothing, where there are none."""
    tier = end - 1
    while tier > first and tiers[tier, FROM] > notional:
        tier -= 1
    return max(tier, 0)


@inlined
def _option_margin(spot, away, value, short, rate, otm, floor, long_share, long_cap):
    if short:
        return max(millionths_up(spot, rate) - millionths_up(away, otm), millionths_up(spot, floor))
    return min(millionths_up(value, long_share), millionths_up(spot, long_cap))


@inlined
def _perp_margin(value, own, rate, less, initial):
    tiered = millionths_up(value, rate) - less
    return max(millionths_up(value, own), tiered) if initial or rate == 0 else tiered


@inlined
def _wanted(spec, state, rules, instrument, lots, initial):
    row = np.int64(initial)
    size = abs(lots) * spec[instrument, UNIT]
    value = size * state[instrument, MARK]
    if spec[instrument, KIND] == AN_OPTION:
        spot, rates = state[instrument, INDEX], rules.option
        away = max((spec[instrument, STRIKE_TICKS] - spot) * (2 * spec[instrument, IS_CALL] - 1), 0)
        return _option_margin(
            size * spot, size * away, value, lots < 0, rates[row, RATE], rates[row, OTM], rates[row, FLOOR],
            rates[row, LONG_SHARE], rates[row, LONG_CAP],
        )  # fmt: skip
    tier = _tier_at(rules.tiers, rules.tier_of[instrument, 0], rules.tier_of[instrument, 1], value)
    rate, less = rules.tiers[tier, TIER_MM - 2 * row], rules.tiers[tier, TIER_MM_LESS - 2 * row]
    return _perp_margin(value, spec[instrument, MM - row], rate, less, initial)


@kernel
def position_requirement(spec, state, rules, instrument, lots, initial):
    """What ``lots`` of one instrument want by themselves: an isolated position, or one summand of a cross account."""
    return _wanted(spec, state, rules, instrument, lots, initial)


@kernel
def _cross_requirement(accounts, spec, state, rules, account, initial, instrument, lots):
    total = 0
    i = NOBODY
    while True:
        i = next_with(accounts, account, i + 1, instrument)
        if i == NONE:
            return total
        held = accounts.position[account, i] + lots * (i == instrument)
        total += _wanted(spec, state, rules, i, held, initial)


@kernel
def glance(accounts, spec, state, rules, account, initial):
    """Equity of a cross account, and an amount that its requirement does not exceed: much cheaper than the latter.

    Options count as if none were out of the money and a long one's index lent nothing; perpetuals as they are.
    """
    rates, row, total, most = rules.option, np.int64(initial), accounts.cash[account], np.int64(0)
    short, long, i = np.int64(0), np.int64(0), NOBODY
    while True:
        i = next_open(accounts, account, i + 1)
        if i == NONE:
            break
        lots = accounts.position[account, i]
        units = lots * spec[i, UNIT]
        worth = units * state[i, MARK]
        total += worth
        if spec[i, KIND] != AN_OPTION:
            most += _wanted(spec, state, rules, i, lots, initial)
            continue
        most += 1  # each is rounded up
        if lots > 0:
            long += worth
        else:
            short -= units * state[i, INDEX]
    most += millionths_up(short, max(rates[row, RATE], rates[row, FLOOR])) + millionths_up(long, rates[row, LONG_SHARE])
    return total, most


@kernel
def requirement_with(accounts, spec, state, rules, account, initial, instrument, lots):
    """What the whole account wants, as if it held ``lots`` more of ``instrument`` (NONE, 0: as it is)."""
    if accounts.mode[account] == PORTFOLIO:
        return portfolio_requirement(accounts, spec, state, rules, account, initial, instrument, lots)
    return _cross_requirement(accounts, spec, state, rules, account, initial, instrument, lots)


@kernel
def requirement(accounts, spec, state, rules, account, initial):
    """What the whole account wants, by its mode; for an isolated one the sum over its fences (each stands alone)."""
    return requirement_with(accounts, spec, state, rules, account, initial, NOBODY, NOTHING)


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
    return loss + position_requirement(spec, state, rules, instrument, side * size, INITIAL)


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
        wanted = position_requirement(spec, state, rules, instrument, held + side * size, INITIAL)
        fenced = fenced_equity(accounts, spec, state, account, instrument) if held * side >= 0 else 0
        return free_money(accounts, account) >= max(wanted + loss - fenced, 0) + open_orders_margin
    wanted = requirement_with(accounts, spec, state, rules, account, INITIAL, instrument, side * size)
    return equity(accounts, spec, state, account) - loss >= wanted + open_orders_margin


@kernel
def fence(accounts, spec, state, rules, account, instrument):
    """Ring-fence what an isolated position lacks of initial margin, out of free money. Call it after a fill that opens.

    Returns:
        What was moved, base units; 0 for accounts of another mode. Free money may limit it.
    """
    if accounts.mode[account] != ISOLATED or accounts.position[account, instrument] == 0:
        return 0
    wanted = position_requirement(spec, state, rules, instrument, accounts.position[account, instrument], INITIAL)
    lacks = wanted - fenced_equity(accounts, spec, state, account, instrument)
    moved = max(min(lacks, free_money(accounts, account)), 0)
    accounts.collateral[account, instrument] += moved
    return moved
