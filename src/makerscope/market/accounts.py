# ruff: noqa: ANN001, ANN201, ANN202 - compiled functions take the integers their docstrings name
"""What accounts hold: trades, payments, equity and average cost, in integers that add up to the last unit.

A fill is cash accounting: the buyer's ``cash`` falls by ``price * size * UNIT`` and the position grows by ``size``; the
seller's mirror it. So the sum of cash over all accounts never changes and the positions of an instrument sum to 0.
Equity is ``cash + sum(position * MARK * UNIT)``.

An account in mode ISOLATED has money ring-fenced per instrument. ``collateral`` is a label on part of the account's
cash, not a second purse, so it is no part of any sum: the fenced equity of a position is ``collateral + unrealised
gain``. When a part of the position closes, its share of the fence and its gain return to the free money; a loss
beyond that share stays in the fence. A fence below 0 with no position is what the venue owes the account: an isolated
position can lose no more than was fenced.

``Holdings`` is ``layout.Accounts`` with one more array, a bit for each open position, so that an account with nothing
open costs a few nanoseconds to look at, however many instruments there are. Every function here and in the modules
beside takes either; a tuple without ``held`` is scanned position by position.
"""

from typing import NamedTuple

import numpy as np
from numba.cpython.unsafe.numbers import trailing_zeros  # pyright: ignore[reportMissingImports] - see kernels.book

from makerscope.kernels._jit import kernel, view
from makerscope.market.layout import ISOLATED, MARK, NONE, UNIT, new_accounts
from makerscope.market.shares import share

_WORD = 64
_NOBODY = np.int64(NONE)  # as an argument; a Python constant would compile the function once more for that value


class Holdings(NamedTuple):
    """``layout.Accounts`` and ``held`` ``(A, ceil(I / 64))`` uint64: bit ``i`` says that a position is not 0."""

    cash: np.ndarray
    position: np.ndarray
    cost: np.ndarray
    collateral: np.ndarray
    mode: np.ndarray
    held: np.ndarray


def new_holdings(accounts: int, instruments: int) -> Holdings:
    """Accounts that hold nothing."""
    return Holdings(*new_accounts(accounts, instruments), np.zeros((accounts, -(-instruments // _WORD)), np.uint64))


@kernel
def note_held(held, account, instrument, position):
    """Keep the bit of a position true; nothing to do where ``held`` is None."""
    if held is None:
        return
    word, bit = instrument // _WORD, np.uint64(1) << np.uint64(instrument % _WORD)
    if position != 0:
        held[account, word] |= bit
    else:
        held[account, word] &= ~bit


@kernel
def _next_held(held, positions, account, instrument, other):
    end = positions.shape[1] if other < instrument else other
    if held is None:
        for i in range(instrument, end):
            if positions[account, i] != 0:
                return i
        return other if other >= instrument else NONE
    for word in range(instrument // _WORD, held.shape[1]):
        bits = held[account, word]
        if word == instrument // _WORD:
            bits &= ~np.uint64(0) << np.uint64(instrument % _WORD)
        if bits != np.uint64(0):
            return min(word * _WORD + np.int64(trailing_zeros(bits)), end)  # pyright: ignore[reportCallIssue] - an intrinsic
    return other if other >= instrument else NONE


@view
def _held_of(accounts):
    return getattr(accounts, "held", None)


@kernel
def next_open(accounts, account, instrument):
    """The first instrument from ``instrument`` on in which the account has a position, or NONE.

    A loop best asks in one place (``i = NONE``, then ``i = next_open(accounts, account, i + 1)``): a call is compiled
    in.
    """
    return _next_held(_held_of(accounts), accounts.position, account, instrument, _NOBODY)


@kernel
def next_with(accounts, account, instrument, other):
    """The same, with ``other`` (NONE: no such) as if it were open: for what an account wants after a fill."""
    return _next_held(_held_of(accounts), accounts.position, account, instrument, other)


@kernel
def pay(accounts, payer, payee, amount):
    """Move money; a negative ``amount`` moves it back."""
    accounts.cash[payer] -= amount
    accounts.cash[payee] += amount


@kernel
def total_cash(accounts):
    """The sum of cash over all accounts: the same number for ever."""
    total = 0
    for account in range(accounts.cash.shape[0]):
        total += accounts.cash[account]
    return total


@kernel
def position_value(accounts, spec, state, account, instrument):
    """What the position is worth at the mark; below 0 for a short one."""
    return accounts.position[account, instrument] * state[instrument, MARK] * spec[instrument, UNIT]


@kernel
def unrealised(accounts, spec, state, account, instrument):
    """Gain of the open position against its average cost."""
    worth = accounts.position[account, instrument] * state[instrument, MARK] * spec[instrument, UNIT]
    return worth - accounts.cost[account, instrument]


@kernel
def equity(accounts, spec, state, account):
    """Cash and all positions at the mark."""
    total = accounts.cash[account]
    instrument = _NOBODY
    while True:
        instrument = next_open(accounts, account, instrument + 1)
        if instrument == NONE:
            return total
        total += accounts.position[account, instrument] * state[instrument, MARK] * spec[instrument, UNIT]


@kernel
def fenced_equity(accounts, spec, state, account, instrument):
    """What an isolated position is worth with the money ring-fenced for it."""
    worth = accounts.position[account, instrument] * state[instrument, MARK] * spec[instrument, UNIT]
    return accounts.collateral[account, instrument] + worth - accounts.cost[account, instrument]


@kernel
def free_money(accounts, account):
    """Equity of an isolated account outside its fences; no mark enters it."""
    total = accounts.cash[account]
    instrument = _NOBODY
    while True:
        instrument = next_open(accounts, account, instrument + 1)
        if instrument == NONE:
            return total
        total += accounts.cost[account, instrument] - accounts.collateral[account, instrument]


@kernel
def _release(collateral, account, instrument, closed, held, gain):
    """Hand back the closed share of a fence and its gain; a loss beyond that share stays in the fence."""
    fence = collateral[account, instrument]
    part = fence if closed == held else share(fence, closed, held)
    collateral[account, instrument] = fence - part + min(part + gain, 0)


@kernel
def trade(accounts, spec, account, instrument, side, price, size):
    """One side of a fill: ``side`` is BUY or SELL of this account, ``price`` in ticks, ``size`` in lots (above 0).

    Closing a part takes ``cost * closed / held`` off the cost, rounded half to even; closing all takes all of it. A
    fill larger than the position closes it and opens the rest at ``price``.

    Returns:
        What the closed part gained against its average cost, base units.
    """
    unit = spec[instrument, UNIT]
    held = accounts.position[account, instrument]
    cost = accounts.cost[account, instrument]
    position = held + side * size
    closed = min(size, abs(held)) if held * side < 0 else 0
    gain = 0
    if closed:
        part = cost if closed == abs(held) else share(cost, closed, abs(held))
        gain = -side * closed * price * unit - part
        cost -= part
        if accounts.mode[account] == ISOLATED:
            _release(accounts.collateral, account, instrument, closed, abs(held), gain)
    accounts.cash[account] -= side * size * price * unit
    accounts.position[account, instrument] = position
    accounts.cost[account, instrument] = cost + side * (size - closed) * price * unit
    note_held(_held_of(accounts), account, instrument, position)
    return gain
