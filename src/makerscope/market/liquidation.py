# ruff: noqa: ANN001, ANN201 - compiled functions take the integers their docstrings name
"""Liquidation: how an account stands, what is closed next, at which price, and who takes over what is left.

``rules.ladder`` holds the venue's numbers: how much of a position the first and the later steps close, above which
notional it is done in steps at all, the pause between them, the share of maintenance margin below which the backstop
vault takes over, when an account counts as restored, the penalty, the limit of forced orders and who is deleveraged.
Forced orders are ordinary orders with a limit at the bankruptcy price or dYdX's fillable price, so they go through the
very same book; this module only says which.

===============  =====================================================================================================
HEALTHY          equity covers maintenance margin
LIQUIDATABLE     it does not: forced orders to the book
TO_BACKSTOP      equity is below ``BACKSTOP`` of maintenance margin: the vault takes all positions and the money left
BANKRUPT         equity is below 0: what insurance does not cover is left to ``deleverage`` or ``haircut``
===============  =====================================================================================================

An isolated account is judged position by position (``isolated_standing``); its other money is out of reach.

Source:
    Hyperliquid and Paradex documents, see ``profiles/margin``; dYdX protocol documents on fillable price.
"""

from makerscope.kernels._jit import inlined, kernel
from makerscope.market.accounts import equity, fenced_equity, next_open, pay, trade, unrealised
from makerscope.market.layout import BUY, INSURANCE, ISOLATED, LOT_STEP, MARK, NONE, PPM, SELL, UNIT
from makerscope.market.margin import MAINTENANCE, NOTHING, isolated_requirement, position_requirement, requirement
from makerscope.market.shares import millionths, millionths_up, share

HEALTHY, LIQUIDATABLE, TO_BACKSTOP, BANKRUPT = 0, 1, 2, 3
FIRST, LATER, ABOVE, PAUSE, BACKSTOP_SHARE, RESTORED, PENALTY_NOTIONAL, PENALTY_MARGIN = range(8)  # of ``rules.ladder``
LIMIT, SPREAD, RANKING = range(8, 11)
LADDER_COLUMNS = 11
AT_BANKRUPTCY, FILLABLE = 0, 1  # LIMIT


@kernel
def standing_of(ladder, worth, maintenance):
    """How an account or an isolated position of that equity and maintenance margin stands."""
    if worth >= maintenance:
        return HEALTHY
    if worth < 0:
        return BANKRUPT
    return TO_BACKSTOP if worth < millionths(maintenance, ladder[BACKSTOP_SHARE]) else LIQUIDATABLE


@kernel
def standing(accounts, spec, state, rules, account):
    """How a cross or portfolio account stands. One without positions is HEALTHY, or BANKRUPT with cash below 0."""
    if next_open(accounts, account, NOTHING) == NONE:
        return HEALTHY if accounts.cash[account] >= 0 else BANKRUPT
    wanted = requirement(accounts, spec, state, rules, account, MAINTENANCE)
    return standing_of(rules.ladder, equity(accounts, spec, state, account), wanted)


@kernel
def isolated_standing(accounts, spec, state, rules, account, instrument):
    """How one isolated position stands."""
    wanted = isolated_requirement(accounts, spec, state, rules, account, instrument, MAINTENANCE)
    return standing_of(rules.ladder, fenced_equity(accounts, spec, state, account, instrument), wanted)


@inlined
def restored(ladder, worth, maintenance):
    """Whether forced closing may end: maintenance is at most ``RESTORED`` of equity."""
    return maintenance <= millionths(worth, ladder[RESTORED])


@kernel
def first_to_close(accounts, spec, state, rules, account):
    """The instrument of the largest maintenance margin by itself (the lowest number of equals), or NONE."""
    best, largest = NONE, -1
    instrument = NONE
    while True:
        instrument = next_open(accounts, account, instrument + 1)
        if instrument == NONE:
            break
        lots = accounts.position[account, instrument]
        wanted = position_requirement(spec, state, rules, instrument, lots, MAINTENANCE)
        if wanted > largest:
            best, largest = instrument, wanted
    return best


@kernel
def lots_to_close(accounts, spec, state, rules, account, instrument, step):
    """How many lots forced step number ``step`` (from 0) closes; whole lot steps, rounded up, never more than all."""
    held = abs(accounts.position[account, instrument])
    if held * state[instrument, MARK] * spec[instrument, UNIT] <= rules.ladder[ABOVE]:
        return held
    part = millionths_up(held, rules.ladder[FIRST] if step == 0 else rules.ladder[LATER])
    lot_step = max(spec[instrument, LOT_STEP], 1)
    return min(-(-part // lot_step) * lot_step, held)


@kernel
def bankruptcy_price(accounts, spec, state, account, instrument):
    """Ticks at which closing this position leaves equity (an isolated one's: its fence) at 0 or just above; at least 1.

    It is the limit of a forced order: no fill at it or better can cost anyone else money. The other positions of a
    cross account stay at their marks.
    """
    held = accounts.position[account, instrument]
    if held == 0:
        return state[instrument, MARK]
    if accounts.mode[account] == ISOLATED:
        worth = fenced_equity(accounts, spec, state, account, instrument)
    else:
        worth = equity(accounts, spec, state, account)
    per_tick = abs(held) * spec[instrument, UNIT]
    room = worth // per_tick  # whole ticks against the account that its equity pays for
    return max(state[instrument, MARK] - room if held > 0 else state[instrument, MARK] + room, 1)


@kernel
def fillable_price(state, instrument, held, worth, maintenance, rate, adjust):
    """Limit of a forced order on dYdX: ``P (1 -+ SMMR * MMF * BA * (1 - Q))`` with Q = worth / maintenance.

    ``rate`` is MMF and ``adjust`` SMMR * BA, both ppm.

    ``worth`` above 0 and at most ``maintenance``. The further below maintenance, the worse the price a liquidator may
    take.
    """
    mark = state[instrument, MARK]
    move = millionths(millionths(mark, rate), adjust)
    move = share(move, maintenance - max(min(worth, maintenance), 0), max(maintenance, 1))
    return max(mark - move if held > 0 else mark + move, 1)


@kernel
def forced_limit(accounts, spec, state, rules, account, instrument):
    """Ticks up to which the venue closes this position through the book, by its own rule (column LIMIT)."""
    if rules.ladder[LIMIT] == AT_BANKRUPTCY:
        return bankruptcy_price(accounts, spec, state, account, instrument)
    if accounts.mode[account] == ISOLATED:
        worth = fenced_equity(accounts, spec, state, account, instrument)
        wanted = isolated_requirement(accounts, spec, state, rules, account, instrument, MAINTENANCE)
    else:
        worth = equity(accounts, spec, state, account)
        wanted = requirement(accounts, spec, state, rules, account, MAINTENANCE)
    held = accounts.position[account, instrument]
    own = position_requirement(spec, state, rules, instrument, held, MAINTENANCE)
    rate = share(own, PPM, max(abs(held) * state[instrument, MARK] * spec[instrument, UNIT], 1))
    return fillable_price(state, instrument, held, worth, wanted, rate, rules.ladder[SPREAD])


@kernel
def penalty(spec, state, rules, instrument, price, size):
    """What a forced fill of ``size`` lots at ``price`` costs beside the fee; below 0: a short position was closed.

    Pay it to INSURANCE, never more than equity.
    """
    by_notional = millionths(price * abs(size) * spec[instrument, UNIT], rules.ladder[PENALTY_NOTIONAL])
    wanted = position_requirement(spec, state, rules, instrument, size, MAINTENANCE)
    return by_notional + millionths(wanted, rules.ladder[PENALTY_MARGIN])


@kernel
def transfer(accounts, spec, account, other, instrument, price, size):
    """Move ``size`` lots of a position to another account at ``price``, as a trade between the two."""
    side = SELL if accounts.position[account, instrument] > 0 else BUY
    trade(accounts, spec, account, instrument, side, price, size)
    trade(accounts, spec, other, instrument, -side, price, size)


@kernel
def cover(accounts, account, missing):
    """Insurance pays ``missing`` to the account as far as it has cash.

    Returns:
        Shortfall: what it could not pay.
    """
    paid = max(min(missing, accounts.cash[INSURANCE]), 0)
    pay(accounts, INSURANCE, account, paid)
    return max(missing, 0) - paid


@kernel
def settle_fence(accounts, account, instrument):
    """Insurance pays what a closed isolated position lost beyond its fence.

    Returns:
        Shortfall: what it could not pay; ``collateral`` stays that far below 0.
    """
    missing = max(-accounts.collateral[account, instrument], 0)
    shortfall = cover(accounts, account, missing)
    if missing > 0:
        accounts.collateral[account, instrument] = -shortfall
    return shortfall


@kernel
def gain_of(accounts, spec, state, account):
    """Unrealised gain of all positions of an account, base units."""
    total = 0
    instrument = NONE
    while True:
        instrument = next_open(accounts, account, instrument + 1)
        if instrument == NONE:
            break
        total += unrealised(accounts, spec, state, account, instrument)
    return total
