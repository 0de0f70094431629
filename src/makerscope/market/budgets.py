"""How many actions an account may send: the price of an action where gas costs nothing.

===============  ======================================================================================================
``BY_VOLUME``    Hyperliquid: one action per unit of money traded, and a buffer; past it one per period; cancels have
                 more: ``min(L + extra, L * multiple)``, L being the buffer and what was traded
``BY_WINDOW``    dYdX: so many actions, cancels too, within the last n blocks
``BY_BUCKET``    Deribit: a token bucket, so many per second and a burst
===============  ======================================================================================================

``state`` is ``(A, width)`` int64, one row an account: ``new_budgets`` makes it. A refused action costs nothing.
"""
# ruff: noqa: ANN001, ANN201 - a kernel is compiled for the types it is called with, and takes them in order

import numpy as np

from makerscope.kernels._jit import kernel
from makerscope.market.layout import CANCEL, CANCEL_ALL

NO_BUDGET, BY_VOLUME, BY_WINDOW, BY_BUCKET = 0, 1, 2, 3
L_KIND, L_BUFFER, L_PER, L_PERIOD, L_EXTRA, L_MULTIPLE, L_LIMIT, L_WINDOW, L_BURST, L_RATE = range(10)
LIMIT_COLUMNS = 12
U_USED, U_LAST, U_WINDOW = 0, 1, 2  # columns of ``state``; from U_WINDOW on one per block of the window
SECOND = 1_000_000_000


def new_budgets(limits: np.ndarray, accounts: int) -> np.ndarray:
    """The budgets of all accounts, nothing spent; shape ``(accounts, U_WINDOW + blocks of the window)``.

    Args:
        limits: by the ``L_`` columns, shape ``(LIMIT_COLUMNS,)``.
        accounts: how many.

    Examples:
        >>> limits = np.zeros(LIMIT_COLUMNS, np.int64)
        >>> limits[[L_KIND, L_LIMIT, L_WINDOW]] = BY_WINDOW, 2, 5
        >>> budgets = new_budgets(limits, 1)
        >>> [bool(spend(budgets, limits, 0, 1, height, 0)) for height in (7, 7, 11, 12)]
        [True, True, False, True]
    """
    state = np.zeros((accounts, U_WINDOW + int(limits[L_WINDOW])), np.int64)
    if limits[L_KIND] == BY_BUCKET:
        state[:, U_USED] = limits[L_BURST] * SECOND
    if limits[L_KIND] == BY_VOLUME:
        state[:, U_LAST] = -limits[L_PERIOD]
    return state


@kernel
def spend(state, limits, account, kind, now, traded):
    """Take one action of ``kind`` from the account's budget: True if it may be sent.

    ``now`` is ns, but the height of the block for BY_WINDOW; it never falls. ``traded`` is all the account has ever
    traded, in settlement base units.
    """
    mine = state[account]
    if limits[L_KIND] == BY_VOLUME:
        limit = limits[L_BUFFER] + traded // limits[L_PER]
        if kind == CANCEL or kind == CANCEL_ALL:
            limit = min(limit + limits[L_EXTRA], limit * limits[L_MULTIPLE])
        if mine[U_USED] >= limit:
            if now - mine[U_LAST] < limits[L_PERIOD]:
                return False
            mine[U_LAST] = now
        mine[U_USED] += 1
    elif limits[L_KIND] == BY_WINDOW:
        window = limits[L_WINDOW]
        for height in range(max(mine[U_LAST] + 1, now - window + 1), now + 1):
            mine[U_USED] -= mine[U_WINDOW + height % window]
            mine[U_WINDOW + height % window] = 0
        mine[U_LAST] = now
        if mine[U_USED] >= limits[L_LIMIT]:
            return False
        mine[U_USED] += 1
        mine[U_WINDOW + now % window] += 1
    elif limits[L_KIND] == BY_BUCKET:
        full = limits[L_BURST] * SECOND
        idle = min(now - mine[U_LAST], full)  # more would overflow, and fills it anyway
        level = min(mine[U_USED] + idle * limits[L_RATE], full)
        mine[U_USED], mine[U_LAST] = level, now
        if level < SECOND:
            return False
        mine[U_USED] = level - SECOND
    return True
