# ruff: noqa: ANN001, ANN201 - compiled functions take the types their docstrings say, in order
"""What quoting agents share: a fair value, ticks on the right side, and to send only what changes."""

from makerscope.agents.interface import K_INSTRUMENT, K_SENT_PRICE, K_SIDE, K_SIZE, R_SPOT, cancel, place
from makerscope.kernels._jit import inlined
from makerscope.market.layout import A_LEAD, A_PERP, KIND, NONE, UNDERLYING


@inlined
def fair_ticks(seen, instrument):
    """The leader's spot in ticks of a perpetual."""
    return seen.reference[seen.spec[instrument, UNDERLYING], R_SPOT] / seen.real[instrument, 1]


@inlined
def lead_of(seen, instrument):
    """The leading venue's instrument on the same underlying, or NONE."""
    for i in range(seen.spec.shape[0] - 1, -1, -1):
        if seen.spec[i, KIND] == A_LEAD and seen.spec[i, UNDERLYING] == seen.spec[instrument, UNDERLYING]:
            return i
    return NONE


@inlined
def perpetual_of(seen, u):
    """The first perpetual on an underlying."""
    for i in range(seen.spec.shape[0]):
        if seen.spec[i, KIND] == A_PERP and seen.spec[i, UNDERLYING] == u:
            return i
    return u


@inlined
def own_price(seen, instrument, side, price):
    """Whether an own order of that side and price rests in a market, as far as the agent knows."""
    known = seen.known
    for s in range(known.shape[0]):
        here = known[s, K_INSTRUMENT] == instrument and known[s, K_SIDE] == side and known[s, K_SENT_PRICE] == price
        if here and known[s, K_SIZE] > 0:
            return True
    return False


@inlined
def floor_ticks(value):
    """The tick at or below a value."""
    ticks = int(value)
    return ticks - 1 if value < ticks else ticks


@inlined
def ceil_ticks(value):
    """The tick at or above a value."""
    ticks = int(value)
    return ticks + 1 if value > ticks else ticks


@inlined
def outward_ticks(value, side):
    """The tick at or beyond a value for who trades on ``side``: above for a buyer, below for a seller, at least 1."""
    return max(1, ceil_ticks(value) if side > 0 else floor_ticks(value))


@inlined
def inward_ticks(value, side):
    """The tick at or within a value for who trades on ``side``: below for a buyer, above for a seller."""
    return floor_ticks(value) if side > 0 else ceil_ticks(value)


@inlined
def requote(seen, act, instrument, side, price, size, slot, tolerance, least):
    """Have ``size`` lots at ``price`` in a slot; a size of 0 cancels. Returns whether something was sent.

    Nothing is sent while the order there is less than ``tolerance`` ticks away and holds at least ``least`` lots.
    """
    if slot < 0 or slot >= seen.known.shape[0]:
        return False
    resting = seen.known[slot, K_SIZE]
    if size <= 0 or price < 1:
        if resting > 0:
            return cancel(act, slot)
        return False
    if resting >= least and resting > 0 and abs(seen.known[slot, K_SENT_PRICE] - price) < tolerance:
        return False
    return place(act, instrument, side, price, size, slot)
