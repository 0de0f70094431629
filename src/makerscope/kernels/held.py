"""Of the quality before a move, what is still there while it is looked at again, as shares of what all still show."""
# ruff: noqa: ANN001, ANN201, PLR0917 - compiled functions take the types their callers give

import numpy as np

from makerscope.kernels._jit import kernel
from makerscope.kernels.muldiv import muldiv
from makerscope.kernels.wide import add_product

UNIT = 10**12
_MOST = np.iinfo(np.int64).max


@kernel
def held_through(
    before,  # (moves, makers): sample scores before each move
    after,  # (looks, makers): sample scores at looks after it
    move,  # (looks,): the move each look belongs to
    long,  # (looks,): ns for which it stands
    shared,  # whether shares (pico) are summed up, else scores
    low,  # total up to which a look pays nothing
    high,  # total from which it is paid in full; 0: always in full
    words,  # out, zeros, (2 * makers,): 128-bit sums, low word first
):
    """Fill ``words`` with the sum over looks of ``long`` times the held score, or its share; -1 where all overflow."""
    makers = before.shape[1]
    held = np.zeros(makers, np.int64)
    for k in range(after.shape[0]):
        total = 0
        for m in range(makers):
            held[m] = min(before[move[k], m], after[k, m])
            if held[m] > _MOST - total:
                return -1
            total += held[m]
        if total == 0:
            continue
        paid = UNIT
        if high > 0 and total < high:
            paid = muldiv(total - low, UNIT, high - low) if total > low else 0
        for m in range(makers):
            if held[m] > 0:
                add_product(words, 2 * m, muldiv(held[m], paid, total) if shared else held[m], long[k])
    return 0
