# ruff: noqa: ANN001, ANN201 - compiled functions take the types their docstrings say, in order
"""What adversaries share: what a gain is worth as a bid for priority, what rivals bid, and orders that carry a bid."""

from makerscope.agents.interface import Y_ACCOUNT, Y_FEE, Y_INSTRUMENT, Y_KIND, Y_SIDE, place
from makerscope.kernels._jit import inlined, kernel
from makerscope.market.layout import A_FEE, A_FLAGS, A_PRIVATE, TAKE

RATE = 1e8  # parts of a fee that is a rate of what was traded, as on Hyperliquid
MOST_BID = 1e15  # units: a loop that takes 62 bits must not overflow


@inlined
def usd_of(seen, instrument, ticks, lots):
    """USD that ``lots`` gain or lose when the price moves by ``ticks``."""
    return ticks * lots * seen.real[instrument, 1] * seen.real[instrument, 2]


@inlined
def bid_of(gain, traded, per_usd):
    """The bid that spends ``gain`` USD on one trade of ``traded`` USD, in the venue's unit of fee.

    ``per_usd``: units of fee for which a trade costs one USD more (wei per gas where gas is auctioned); 0 where the fee
    is a rate of what was traded, in parts of 10^8. Never below 0.
    """
    bid = gain * per_usd if per_usd > 0.0 else gain / max(traded, 1e-9) * RATE
    return int(min(max(bid, 0.0), MOST_BID))


@kernel
def highest_rival(seen, instrument, side, nobody):
    """Highest bid among others' trades on this side that wait, as far as they are heard of; -1: there is none.

    ``nobody``: an account that does not count, NONE if all do.
    """
    most = -1
    for n in range(seen.pending.shape[0]):
        row = seen.pending[n]
        if row[Y_KIND] == TAKE and row[Y_INSTRUMENT] == instrument and row[Y_SIDE] == side and row[Y_ACCOUNT] != nobody:
            most = max(most, row[Y_FEE])
    return most


@inlined
def place_bidding(act, instrument, side, price, size, slot, flags, fee):
    """``place`` with flags of its own and a bid for priority."""
    n = act.count[0]
    sent = place(act, instrument, side, price, size, slot)
    if sent:
        act.rows[n, A_FLAGS], act.rows[n, A_FEE] = flags, fee
    return sent


@inlined
def in_private(act, wanted):
    """Send the action that was written last to the block's maker only, if ``wanted`` is not 0."""
    if wanted != 0.0 and act.count[0] > 0:
        act.rows[act.count[0] - 1, A_PRIVATE] = 1
