"""One pass over the fills and funding of each (account, instrument), in order of time, cut at bucket borders.

``value`` below is what one lot is worth at a price, an integer: the doubled price itself for linear instruments, a
rounded constant over it for inverse ones (see ``metrics.pnl``). Positions are lots, > 0 long. All sums are int64. They
may wrap on the way, but what is written is right as long as it fits, which the caller has made sure of.
"""
# ruff: noqa: ANN001, PLR0917 - a kernel is compiled for the types it is called with, and takes arrays in order

import numpy as np

from makerscope.kernels._jit import kernel

QUOTED, HEDGED, FORCED, SETTLED = 0, 1, 2, 3  # kinds of a fill, and the columns of what it captured
ADVERSE, MOVE, FUNDING, FEES, EQUITY, CASH, FILLS, POSITION, TURNOVER, WIDTH = 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
_NEVER = np.iinfo(np.int64).max


@kernel
def attribute(  # noqa: ANN201, C901, PLR0915 - one loop over events, compiled as one
    first,  # first fill of each pair, shape (pairs + 1,)
    market,  # instrument of each pair
    opening,  # lots held before its first fill
    time,  # ns of each fill, in order within a pair
    lots,  # what the account bought, < 0 sold
    price,  # value at the fill's price
    mark,  # value at the mark before the fill
    later,  # value at the mark one horizon later
    kind,  # QUOTED, HEDGED, FORCED or SETTLED
    fee,  # base units of the settle token paid
    border,  # ns, shape (buckets + 1,)
    border_mark,  # value at each border, shape (instruments, buckets + 1)
    funding_first,  # first funding of each instrument, shape (instruments + 1,)
    funding_time,  # ns, in order within an instrument
    funding_rate,  # base units each long lot pays
    pair_of,  # out, shape (rows,)
    bucket_of,  # out, shape (rows,)
    sums,  # out, zeros, shape (rows, WIDTH)
):
    """Write one row for each pair and bucket in which it traded or held a position; returns the number of rows.

    With ``sums`` of no rows it only counts. Funding is paid on the lots held by fills strictly before it.
    """
    write = sums.shape[0] > 0
    row = 0
    for pair in range(opening.shape[0]):
        m = market[pair]
        i, end = first[pair], first[pair + 1]
        f, f_end = funding_first[m], funding_first[m + 1]
        position = opening[pair]
        for bucket in range(border.shape[0] - 1):
            stop = border[bucket + 1]
            if position == 0 and (i == end or time[i] >= stop):
                if i == end:
                    break
                continue
            value = border_mark[m, bucket]
            before = position * value
            cash = base = 0
            while True:
                fill_at = time[i] if i < end and time[i] < stop else _NEVER
                while f < f_end and funding_time[f] < border[bucket]:
                    f += 1
                funding_at = funding_time[f] if f < f_end and funding_time[f] < stop else _NEVER
                if fill_at == _NEVER and funding_at == _NEVER:
                    break
                if funding_at <= fill_at:
                    paid = position * funding_rate[f]
                    base -= paid
                    f += 1
                    if write:
                        sums[row, FUNDING] -= paid
                    continue
                if write:
                    q = lots[i]
                    sums[row, kind[i]] += q * (mark[i] - price[i])
                    sums[row, ADVERSE] += q * (later[i] - mark[i])
                    sums[row, MOVE] += position * (mark[i] - value)
                    sums[row, FEES] -= fee[i]
                    sums[row, FILLS] += 1
                    sums[row, TURNOVER] += abs(q * price[i])
                    cash -= q * price[i]
                    base -= fee[i]
                    value = mark[i]
                position += lots[i]
                i += 1
            if write:
                after = border_mark[m, bucket + 1]
                sums[row, MOVE] += position * (after - value)
                sums[row, EQUITY] = cash + position * after - before
                sums[row, CASH] = base
                sums[row, POSITION] = position
                pair_of[row] = pair
                bucket_of[row] = bucket
            row += 1
    return row
