# ruff: noqa: ANN001, ANN201 - compiled functions take the integers their docstrings name
"""Expiry: the average of the index over the window, the mark inside it, and every position closed at one price.

In the settlement window the mark is ``w TWAP + (1 - w) forward`` with w the part of the window that has passed. At
expiry all options of one underlying and expiry settle against one and the same average, so two legs of a spread never
settle at two prices (nautechsystems/nautilus_trader#4966). An option settles at its payoff. All prices are ticks.

Source:
    Deribit, Derive and Paradex documents: TWAP over the last 30 minutes before 08:00 UTC; ``pricing.settlement`` has
    the option on the average.
"""

from makerscope.kernels._jit import kernel
from makerscope.market.accounts import trade
from makerscope.market.layout import (
    AN_OPTION,
    BUY,
    EXPIRY,
    IS_CALL,
    KIND,
    MARK,
    OPEN_INTEREST,
    SELL,
    SETTLED,
    STRIKE_TICKS,
    TRADING,
    UNDERLYING,
)
from makerscope.market.shares import share


@kernel
def average_ticks(total, samples):
    """The mean of so many index samples, rounded half to even."""
    return share(total, 1, samples)


@kernel
def window_mark(average_so_far, forward, elapsed, window):
    """Mark in the settlement window, ticks, rounded half to even; the forward before it and the average at its end."""
    passed = min(max(elapsed, 0), window)
    return forward + share(average_so_far - forward, passed, window)


@kernel
def payoff_ticks(spec, instrument, index_ticks):
    """What an instrument settles at: an option's payoff, otherwise the index itself."""
    if spec[instrument, KIND] != AN_OPTION:
        return index_ticks
    strike = spec[instrument, STRIKE_TICKS]
    return max(index_ticks - strike if spec[instrument, IS_CALL] else strike - index_ticks, 0)


@kernel
def settle(accounts, spec, state, instrument, settlement_ticks):
    """Close every position of one instrument at one price and stop its trading. The sum of cash stays what it is.

    A fence that the settlement took below 0 stays so: ``liquidation.settle_fence`` asks insurance for it.

    Returns:
        Lots that were open, counted once.
    """
    closed = 0
    for account in range(accounts.cash.shape[0]):
        held = accounts.position[account, instrument]
        if held != 0:
            trade(accounts, spec, account, instrument, SELL if held > 0 else BUY, settlement_ticks, abs(held))
            closed += max(held, 0)
    state[instrument, MARK] = settlement_ticks
    state[instrument, OPEN_INTEREST] = state[instrument, TRADING] = 0
    state[instrument, SETTLED] = 1
    return closed


@kernel
def settle_expiry(accounts, spec, state, underlying, expiry, index_ticks):
    """Settle all that expires then on that underlying, each at its payoff against the one average ``index_ticks``.

    Returns:
        How many instruments were settled.
    """
    settled = 0
    for instrument in range(spec.shape[0]):
        same = spec[instrument, UNDERLYING] == underlying and spec[instrument, EXPIRY] == expiry
        if same and expiry > 0 and not state[instrument, SETTLED]:
            settle(accounts, spec, state, instrument, payoff_ticks(spec, instrument, index_ticks))
            settled += 1
    return settled
