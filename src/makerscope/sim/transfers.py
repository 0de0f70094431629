# ruff: noqa: ANN001, ANN201 - compiled functions take the types their docstrings say, in order
"""Rows for money that moves outside fills, their fees and funding."""

from makerscope.kernels._jit import inlined
from makerscope.market.log import T_TRANSFERS, next_row
from makerscope.market.venue import V_HEIGHT, V_NOW


@inlined
def log_transfer(venue, account, instrument, kind, amount):
    """A row of ``transfers``; ``amount`` is what the account received, and nothing is no row."""
    if amount == 0:
        return
    log = venue.log
    row = next_row(log, T_TRANSFERS, log.transfers.shape[0])
    out = log.transfers
    out[row, 0], out[row, 1], out[row, 2] = venue.word[V_NOW], account, instrument
    out[row, 3], out[row, 4], out[row, 5] = kind, amount, venue.word[V_HEIGHT]
