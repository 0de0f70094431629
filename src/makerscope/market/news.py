# ruff: noqa: ANN001, ANN201 - compiled functions take the types their docstrings say, in order
"""What the venue tells each account about its own orders, on its way to an agent that hears it later."""

from typing import NamedTuple

import numpy as np

from makerscope.kernels._jit import inlined, kernel
from makerscope.market.layout import FIRST_AGENT, NONE

FILLED, TOOK, GONE, REFUSED, ARRIVED, ASKED = 1, 2, 3, 4, 5, 6
W_KIND, W_INSTRUMENT, W_SIDE, W_PRICE, W_SIZE, W_LEFT, W_SLOT, W_TIME, W_CASH, W_NEXT = range(10)
NEWS_COLUMNS = 10
FREE, USED, UNTOLD = 0, 1, 2  # of ``pool``


class Inbox(NamedTuple):
    """Notes in a pool ``(Q, 10)``, one queue an account: ``ends`` ``(A, 2)`` first and last note; ``pool`` ``(3,)``.

    FILLED: an own resting order traded ``size`` lots and ``left`` remain. TOOK: an own aggressor order traded. GONE:
    an own order left the book unasked or as asked. REFUSED: ``left`` is the reason. ARRIVED: money came in
    (``side`` +1: at the leading venue), ``size`` base units. ASKED: somebody wants to trade ``size`` lots on ``side``
    and takes dealers' prices; ``left`` is the number of the request.  ``cash``: what the account received.
    """

    note: np.ndarray
    ends: np.ndarray
    pool: np.ndarray


def new_inbox(accounts: int, room: int) -> Inbox:
    """Empty queues."""
    note = np.zeros((room, NEWS_COLUMNS), np.int64)
    note[:, W_NEXT] = np.arange(1, room + 1)
    note[-1, W_NEXT] = NONE
    return Inbox(note, np.full((accounts, 2), NONE, np.int64), np.zeros(3, np.int64))


@kernel
def tell(inbox, account, kind, instrument, side, price, size, left, slot, now, cash):
    """Queue a note for an account; the venue's own do not listen.

    Where no note is free it is counted as untold, which ends the run.
    """
    if account < FIRST_AGENT:
        return
    note, ends = inbox.note, inbox.ends
    n = inbox.pool[FREE]
    if n == NONE:
        inbox.pool[UNTOLD] += 1
        return
    inbox.pool[FREE] = note[n, W_NEXT]
    inbox.pool[USED] += 1
    note[n, W_KIND], note[n, W_INSTRUMENT], note[n, W_SIDE], note[n, W_PRICE] = kind, instrument, side, price
    note[n, W_SIZE], note[n, W_LEFT], note[n, W_SLOT], note[n, W_TIME] = size, left, slot, now
    note[n, W_CASH], note[n, W_NEXT] = cash, NONE
    if ends[account, 0] == NONE:
        ends[account, 0] = n
    else:
        note[ends[account, 1], W_NEXT] = n
    ends[account, 1] = n


@inlined
def first_note(inbox, account, until):
    """The oldest note of an account that was written at ``until`` or before, or NONE."""
    n = inbox.ends[account, 0]
    if n != NONE and inbox.note[n, W_TIME] > until:
        return np.int64(NONE)
    return n


@inlined
def forget(inbox, account):
    """Take the oldest note of an account off its queue."""
    n = inbox.ends[account, 0]
    inbox.ends[account, 0] = inbox.note[n, W_NEXT]
    inbox.note[n, W_NEXT] = inbox.pool[FREE]
    inbox.pool[FREE] = n
    inbox.pool[USED] -= 1
