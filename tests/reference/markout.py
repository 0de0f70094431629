"""Slow twins of the tick kernels: the definitions in plain Python, one row at a time, with unbounded integers.

A quote is ``(time, instrument, bid, ask, bid_size, ask_size)``, a fill ``(time, instrument, price, size, side,
group)``;
``None`` is an absent side or an unknown size. Nothing here is sorted, cut or merged: each answer looks at all quotes.
"""

from itertools import pairwise


def state(quotes, instrument, instant, max_age, *, strictly):
    """The last quote of an instrument at (or strictly before) an instant, if it is at most ``max_age`` old."""
    before = [
        quote
        for quote in quotes
        if quote[1] == instrument and (quote[0] < instant if strictly else quote[0] <= instant)
    ]
    return before[-1] if before and instant - before[-1][0] <= max_age else None


def twice_mid(quotes, instrument, instant, max_age, *, strictly=False):
    """Bid plus ask of that quote, or None without a quote that has both sides and does not lock or cross."""
    quote = state(quotes, instrument, instant, max_age, strictly=strictly)
    if quote is None or quote[2] is None or quote[3] is None or quote[2] >= quote[3]:
        return None
    return quote[2] + quote[3]


def markout_sums(quotes, fills, horizons, max_age, ends):
    """Per (group, horizon): n, no_mid, past_end, stale, lots, mid, effective, markout and price move times lots."""
    sums = {}
    for time, instrument, price, size, side, group in fills:
        mid = twice_mid(quotes, instrument, time, max_age, strictly=True)
        for horizon in horizons:
            row = sums.setdefault((group, horizon), [0] * 9)
            later = twice_mid(quotes, instrument, time + horizon, max_age)
            if mid is None:
                row[1] += 1
            elif time + horizon > ends[instrument]:
                row[2] += 1
            elif later is None:
                row[3] += 1
            else:
                row[0] += 1
                row[4] += size
                row[5] += mid * size
                row[6] += -side * (2 * price - mid) * size  # the aggressor's sign times trade less mid
                row[7] += side * (later - 2 * price) * size
                row[8] += side * (later - mid) * size
    return sums


def integrals(quotes, sessions, width):
    """Per (instrument, bucket): ns two-sided, one-sided, crossed, unknown, unsized; integrals of spread, mid, sizes.

    Time is cut at every quote, bucket border and session border, and each piece is looked at alone.
    """
    sums = {}
    for instrument, start, end in sessions:
        mine = [quote for quote in quotes if quote[1] == instrument and start <= quote[0] < end]
        borders = range(start // width * width, end + width, width)
        cuts = sorted({start, end, *(quote[0] for quote in mine), *(cut for cut in borders if start < cut < end)})
        for since, until in pairwise(cuts):
            row = sums.setdefault((instrument, since // width), [0] * 9)
            known = [quote for quote in mine if quote[0] <= since]
            _add_piece(row, known[-1] if known else None, until - since)
    return sums


def _add_piece(row, quote, lasted):
    if quote is None:
        row[3] += lasted
        return
    _, _, bid, ask, bid_size, ask_size = quote
    if bid is not None and ask is not None and bid >= ask:
        row[2] += lasted
        return
    if bid is None or ask is None:
        row[1] += lasted
    else:
        row[0] += lasted
        row[5] += (ask - bid) * lasted
        row[6] += (ask + bid) * lasted
    row[4] += lasted * ((bid is not None and bid_size is None) or (ask is not None and ask_size is None))
    row[7] += lasted * (bid_size or 0) * (bid is not None)
    row[8] += lasted * (ask_size or 0) * (ask is not None)
