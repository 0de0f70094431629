"""The state of an instrument's quotes at a given instant.

A quote is the state of its instrument until the next quote of that instrument. All quotes of a feed lie in one
array in order of time, with the instrument as a small code. Prices are integer ticks, times integer ns.
An absent bid is the largest integer of its type and an absent ask the smallest, so that a quote without a side
never passes ``bid < ask``, as a locked or crossed one does not.
"""
# ruff: noqa: ANN001, PLR0917 - a kernel is compiled for the types it is called with, and takes arrays in order

import numpy as np

from makerscope.kernels._jit import kernel

MISSING = np.iinfo(np.int64).min
OK, PAST_END, STALE = 0, 1, 2


@kernel
def mids_at(  # noqa: ANN201
    quote_time,
    quote_code,
    bid,
    ask,
    fill_time,
    fill_code,
    shift,
    max_age,
    ends,
    twice_mid,
    why,
):
    """The doubled mid ``shift`` ns after each fill: of the last quote at or before that instant.

    Args:
        quote_time: int64 ``(n,)``, ns, ascending.
        quote_code: unsigned ``(n,)``, instrument of each quote, below ``len(ends)``.
        bid: integers ``(n,)``, ticks; the largest integer where absent.
        ask: integers ``(n,)``, ticks; the smallest integer where absent.
        fill_time: int64 ``(m,)``, ns, ascending.
        fill_code: unsigned ``(m,)``, instrument of each fill.
        shift: ns after the fill; -1 is strictly before it.
        max_age: ns, the oldest a quote may be at that instant.
        ends: int64, ns, end of the data of each instrument.
        twice_mid: int64 ``(m,)``, out; ``MISSING`` where there is none.
        why: int8 ``(m,)``, out; ``OK``, ``PAST_END`` (the instant lies after the data) or ``STALE``.
    """
    last = np.full(ends.shape[0], -1, np.int64)
    at = 0
    for i in range(fill_time.shape[0]):
        due = fill_time[i] + shift
        while at < quote_time.shape[0] and quote_time[at] <= due:
            last[quote_code[at]] = at
            at += 1
        j = last[fill_code[i]]
        twice_mid[i] = MISSING
        why[i] = STALE
        if due > ends[fill_code[i]]:
            why[i] = PAST_END
        elif j >= 0 and due - quote_time[j] <= max_age and bid[j] < ask[j]:
            why[i] = OK
            twice_mid[i] = np.int64(bid[j]) + np.int64(ask[j])
