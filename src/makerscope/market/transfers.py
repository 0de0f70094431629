"""Money between the simulated venue and the hedge venue: it leaves at once and arrives late, and none is lost.

``leader.transfer_due`` says when. What is on its way is a small table: it belongs to nobody's cash
until ``transfer_take`` hands it out, so money is conserved if the table is counted in.
"""
# ruff: noqa: ANN001, ANN201 - a kernel is compiled for the types it is called with

import numpy as np
from numpy.typing import NDArray

from makerscope.kernels._jit import kernel
from makerscope.market.layout import NO_TIME, NONE

TRANSFER_DUE, TRANSFER_ACCOUNT, TRANSFER_AMOUNT = range(3)


def transfers_table(rows: int = 256) -> NDArray[np.int64]:
    """Money on its way, int64 ``(rows, 3)``: due, account, amount (base units, + to the hedge venue)."""
    table = np.zeros((rows, 3), np.int64)
    table[:, TRANSFER_DUE] = NO_TIME
    return table


@kernel
def transfer_send(table, due, account, amount):
    """Put money on its way; False if the table is full, and then it stays where it is."""
    for i in range(table.shape[0]):
        if table[i, TRANSFER_DUE] == NO_TIME:
            table[i, TRANSFER_DUE], table[i, TRANSFER_ACCOUNT], table[i, TRANSFER_AMOUNT] = due, account, amount
            return True
    return False


@kernel
def transfer_take(table, now):
    """The earliest transfer that is due, taken off the table: account and amount; NONE, 0 if there is none."""
    best = -1
    for i in range(table.shape[0]):
        if table[i, TRANSFER_DUE] <= now and (best < 0 or table[i, TRANSFER_DUE] < table[best, TRANSFER_DUE]):
            best = i
    if best < 0:
        return np.int64(NONE), np.int64(0)
    account, amount = table[best, TRANSFER_ACCOUNT], table[best, TRANSFER_AMOUNT]
    table[best, TRANSFER_DUE], table[best, TRANSFER_AMOUNT] = NO_TIME, 0
    return account, amount
