# ruff: noqa: ANN001, ANN201 - compiled functions take the integers their docstrings name
"""Expiry: the average of the index over the window, the forward inside it, and what an instrument settles at.

In the settlement window options are marked on ``w TWAP + (1 - w) forward`` with w the part of it that has passed. At
expiry all options of one underlying and expiry settle against one and the same average, so two legs of a spread never
settle at two prices (nautechsystems/nautilus_trader#4966). An option settles at its payoff. All prices are ticks.

Source:
    Deribit, Derive and Paradex documents: TWAP over the last 30 minutes before 08:00 UTC; ``pricing.settlement`` has
    the option on the average.
"""

from makerscope.kernels._jit import kernel
from makerscope.market.layout import AN_OPTION, IS_CALL, KIND, STRIKE_TICKS
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
