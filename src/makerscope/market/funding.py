# ruff: noqa: ANN001, ANN201 - compiled functions take the integers their docstrings name
"""Funding of perpetuals: premium samples, the venues' rate, what a lot pays, and who pays it.

Rates are parts per 10^15 (``RATE``), so that a second's part of an eight-hour rate still has seven digits. One
formula serves the venues that clamp and those with a dead band (interest 0):

    F = P + clamp(I - P, -c, +c), between -cap and +cap          P mean premium, I interest, on a basis of ``basis`` ns

An interval of ``elapsed`` ns pays ``F * elapsed / basis`` of the value of a lot at the index: hourly an eighth of an
eight-hour rate, or continuously a bit each block. What a lot pays is whole base units, so that what all accounts pay
sums to 0 because positions do; the fraction is carried to the next interval and never lost.

Source:
    Hyperliquid, dYdX, Deribit and Paradex documents; parameters in ``profiles/funding.toml``.
"""

from makerscope.kernels._jit import kernel
from makerscope.market.layout import FUNDING, INDEX, ISOLATED, NONE, PREMIUM_COUNT, PREMIUM_SUM, UNIT
from makerscope.market.shares import floor_share, share

RATE = 10**15


@kernel
def impact_premium(bid, ask, index):
    """``(max(bid - index, 0) - max(index - ask, 0)) / index``, parts per 10^15, of impact prices (NONE: absent)."""
    if index <= 0:
        return 0
    above = bid - index if bid != NONE and bid > index else 0
    below = index - ask if ask != NONE and ask < index else 0
    return share(above - below, RATE, index)


@kernel
def sample_premium(state, instrument, bid, ask):
    """Add one sample to the interval's sum."""
    state[instrument, PREMIUM_SUM] += impact_premium(bid, ask, state[instrument, INDEX])
    state[instrument, PREMIUM_COUNT] += 1


@kernel
def take_premium(state, instrument):
    """Mean premium of the interval, 0 without samples; begins the next interval."""
    count = state[instrument, PREMIUM_COUNT]
    mean = share(state[instrument, PREMIUM_SUM], 1, count) if count > 0 else 0
    state[instrument, PREMIUM_SUM] = state[instrument, PREMIUM_COUNT] = 0
    return mean


@kernel
def funding_rate(premium, interest, clamp, cap):
    """The venue's rate on its own basis, parts per 10^15; what longs pay shorts where it is above 0."""
    rate = premium + min(max(interest - premium, -clamp), clamp)
    return min(max(rate, -cap), cap)


@kernel
def amount_per_lot(spec, state, instrument, rate, elapsed, basis, carry):
    """What each long lot pays for ``elapsed`` of ``basis`` (ns) at ``rate``, at the index.

    Returns:
        Base units, and the fraction to hand over as ``carry`` next time (parts per 10^15 of a unit, 0 at first).
    """
    due = share(rate, elapsed, basis)
    value = state[instrument, INDEX] * spec[instrument, UNIT]
    amount, rest = floor_share(value, abs(due), RATE)
    if due < 0:
        amount, rest = (-amount - 1, RATE - rest) if rest > 0 else (-amount, 0)
    rest += carry
    return (amount + 1, rest - RATE) if rest >= RATE else (amount, rest)


@kernel
def pay_funding(accounts, state, instrument, amount, got):
    """Each long lot pays ``amount`` base units (below 0: receives), each short lot the reverse; fences move with it.

    ``got`` is filled with what each account received where it has room for all of them, else it is left alone.
    The sum over accounts is 0, exactly, because positions sum to 0. ``state`` keeps the amount under FUNDING.
    """
    write = got.shape[0] == accounts.cash.shape[0]
    for account in range(accounts.cash.shape[0]):
        received = -accounts.position[account, instrument] * amount
        accounts.cash[account] += received
        if received != 0 and accounts.mode[account] == ISOLATED:
            accounts.collateral[account, instrument] += received
        if write:
            got[account] = received
    state[instrument, FUNDING] = amount
