# ruff: noqa: ANN001, ANN201 - compiled functions take the integers their docstrings name
"""What a fill costs, in base units, by the rates of the instruments table.

A perpetual pays parts per million of its notional. An option pays parts per million of the underlying's notional at
the index, at most ``FEE_CAP`` parts per million of the premium (0: no cap). A negative rate is a rebate and is never
capped. Rounded half up, once, at the end. ``market.fee_schedules`` says where the rates come from.
"""

from makerscope.kernels._jit import inlined, kernel
from makerscope.market.layout import A_PERP, AN_OPTION, FEE_CAP, INDEX, KIND, MAKER_FEE, TAKER_FEE, UNIT
from makerscope.market.shares import millionths


@inlined
def index_notional(spec, state, instrument, size):
    """``size`` lots of the underlying at the index; the index is kept in the instrument's own ticks."""
    return state[instrument, INDEX] * size * spec[instrument, UNIT]


@kernel
def fee(spec, state, instrument, price, size, is_maker, off=0):
    """Fee of ``size`` lots at ``price`` ticks, base units; below 0 it is paid out.

    ``off``: ppm that the account's volume adds to the rate of a perpetual. Pay it with
    ``accounts.pay(accounts, account, FEES, fee)``.
    """
    rate = spec[instrument, MAKER_FEE] if is_maker else spec[instrument, TAKER_FEE]
    if spec[instrument, KIND] == A_PERP:
        rate += off
    value = price * size * spec[instrument, UNIT]
    if spec[instrument, KIND] != AN_OPTION:
        return millionths(value, rate)
    owed = millionths(index_notional(spec, state, instrument, size), rate)
    cap = spec[instrument, FEE_CAP]
    return min(owed, millionths(value, cap)) if cap > 0 else owed
