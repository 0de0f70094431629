# ruff: noqa: ANN001, ANN201, C901, PLR0911, PLR0912, PLR0915, PLR0917, SIM110 - compiled: plain loops, a branch a key
"""Recorded Binance messages, ``local_ns raw_json`` a line, from bytes to columns of integers.

One row of ``facts`` a line, one row of the level columns a level of a book message. A line that is anything but the
compact JSON Binance sends is marked ``UNREAD`` and left to a full parser, so the scanner is exact or silent. Prices and
sizes become ticks and lots from their digits, never through a float.
"""

import numpy as np

from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.json_scan import (
    CLOSE,
    COMMA,
    LINE_END,
    OPEN,
    QUOTE,
    end_of_scalar,
    end_of_string,
    quoted_places,
    quoted_units,
    whole_number,
)

UNREAD, DEPTH, QUOTES, TRADE, AGGREGATE, SNAPSHOT, STRANGE, BLANK = 0, 1, 2, 3, 4, 5, 6, 7
KIND, START, END, LOCAL, EVENT, TRADED, SYMBOL, FIRST, LAST, BEFORE, ROW0, ROW1 = range(12)
ID, BID, BID_SIZE, ASK, ASK_SIZE = LAST, 7, 9, 10, 11  # of QUOTES, instead of FIRST, BEFORE, ROW0, ROW1
PRICE, SIZE, BUYER_MAKES = 7, 9, 10  # of TRADE and AGGREGATE; their id is ID
FACTS = 12
SHORTEST_LEVEL = 9  # bytes of ["1","0"]
TRUE, FALSE = np.frombuffer(b"true", np.uint8), np.frombuffer(b"false", np.uint8)
BRACE, END_BRACE, COLON, SPACE, AT = 123, 125, 58, 32, 64


@inlined
def same(data, at, text):
    """Whether the bytes of ``text`` stand at ``at`` (``text`` has no line end, so this cannot run past one)."""
    for i in range(text.shape[0]):
        if data[at + i] != text[i]:
            return False
    return True


@kernel
def symbol_of(data, first, end, names, starts, guess):
    """Number of the symbol whose name stands from ``first`` to ``end``, or -1; ``guess`` is tried before the others."""
    for k in range(-1, starts.shape[0] - 1):
        number = guess if k < 0 else k
        if number < 0 or starts[number + 1] - starts[number] != end - first:
            continue
        alike = True
        for i in range(end - first):
            if data[first + i] != names[starts[number] + i]:
                alike = False
                break
        if alike:
            return number
    return -1


@inlined
def level_list(data, at, side, unit, places, out_side, out_price, out_size, row):
    """``(rows, end)`` of a list of ``["price","size"]`` that begins at ``at``; rows -1 where it is not such a list.

    ``unit``: price scale, price step, size scale, size step; a scale of -1 measures decimals into ``places`` instead.
    """
    if data[at] != OPEN:
        return -1, at
    at += 1
    if data[at] == CLOSE:
        return row, at + 1
    while True:
        if data[at] != OPEN or data[at + 1] != QUOTE:
            return -1, at
        if unit[0] >= 0:
            price, at = quoted_units(data, at + 1, unit[0], unit[1])
        else:
            price, at = quoted_places(data, at + 1)
            places[0] = max(places[0], price)
        if price < 0 or data[at] != COMMA or data[at + 1] != QUOTE:
            return -1, at
        if unit[0] >= 0:
            size, at = quoted_units(data, at + 1, unit[2], unit[3])
        else:
            size, at = quoted_places(data, at + 1)
            places[1] = max(places[1], size)
        if size < 0 or data[at] != CLOSE or (unit[0] >= 0 and price == 0):
            return -1, at
        out_side[row], out_price[row], out_size[row] = side, price, size
        row += 1
        at += 1
        if data[at] == COMMA:
            at += 1
        elif data[at] == CLOSE:
            return row, at + 1
        else:
            return -1, at


@inlined
def amount(data, at, scale, step, places, which):
    """A quoted price or size at ``at``, or its decimals where ``scale`` is -1; -1 where it is none."""
    if scale >= 0:
        return quoted_units(data, at, scale, step)[0]
    decimals = quoted_places(data, at)[0]
    places[which] = max(places[which], decimals)
    return np.int64(min(decimals, 1))


@inlined
def stream_kind(data, first, end):
    """What a stream's name promises: ``DEPTH``, ``QUOTES``, ``TRADE``, ``AGGREGATE``, or UNREAD for any other."""
    at = first
    while at < end and data[at] != AT:
        at += 1
    at = at + 1 if at < end else first + 1  # a name without @ is that of a stream of all symbols, such as !bookTicker
    last = at
    while last < end and data[last] != AT:
        last += 1
    n, c = last - at, data[at]
    if n == 5 and c == 100:  # depth; depth5, depth20 are pictures of the top and not changes
        return DEPTH
    if n == 10 and c == 98:  # bookTicker
        return QUOTES
    if n == 5 and c == 116:  # trade
        return TRADE
    if n == 8 and c == 97:  # aggTrade
        return AGGREGATE
    return UNREAD


@inlined
def event_kind(data, first, end):
    """The kind the value of ``e`` names, or UNREAD."""
    n, c = end - first, data[first]
    if n == 11 and c == 100 and data[first + 5] == 85:  # depthUpdate
        return DEPTH
    if n == 10 and c == 98 and data[first + 4] == 84:  # bookTicker
        return QUOTES
    if n == 5 and c == 116 and data[first + 4] == 101:  # trade
        return TRADE
    if n == 8 and c == 97 and data[first + 3] == 84:  # aggTrade
        return AGGREGATE
    return UNREAD


@kernel
def scan(data, stream_text, data_text, names, starts, units, places, only, facts, out_side, out_price, out_size):
    """Scan the lines of a block.

    Args:
        data: uint8, whole lines; the last byte is a line end.
        stream_text: uint8, the bytes ``{"stream":"``.
        data_text: uint8, the bytes ``,"data":{``.
        names: uint8, the known symbols one after another.
        starts: int64 ``(symbols + 1,)``, where each begins.
        units: int64 ``(symbols, 4)``: price scale, price step, size scale, size step; one unit is ``step *
            10^-scale``. A scale of -1 measures how many decimals are used, into ``places``.
        places: int64 ``(symbols, 2)``: decimals of prices and of sizes. Changed.
        only: symbol of a snapshot that names none, or -1.
        facts: int64 ``(lines, FACTS)``. Filled; columns as named above; -1 where the message does not say.
        out_side: int8, filled as are ``out_price`` and ``out_size``; room for a level every 9 bytes.
        out_price: int64.
        out_size: int64.

    Returns:
        ``(lines, levels)``.
    """
    line, row, at, guess = 0, 0, 0, np.int64(-1)
    total = data.shape[0]
    while at < total:
        start, base = at, row
        end = at
        while data[end] != LINE_END:
            end += 1
        for j in range(FACTS):
            facts[line, j] = -1
        facts[line, START], facts[line, END] = start, end
        kind = UNREAD
        blank = True
        for j in range(start, end):
            if data[j] != SPACE and data[j] != 13 and data[j] != 9:
                blank = False
                break
        local, at = whole_number(data, at)
        wrapped, promised = False, -1
        good = local >= 0 and data[at] == SPACE and data[at + 1] == BRACE
        if good and end - at > 12 and same(data, at + 1, stream_text):
            wrapped = True
            first = at + 1 + stream_text.shape[0]
            last = end_of_string(data, first)
            good = last >= 0 and end - last > 9 and same(data, last + 1, data_text)
            if good:
                promised = stream_kind(data, first, last)
                good = promised != UNREAD
                at = last + data_text.shape[0]
        elif good:
            at += 1
        event, symbol, strange = -1, np.int64(-1), False
        e_time, t_time = np.int64(-1), np.int64(-1)
        first_id, last_id, before = np.int64(-1), np.int64(-1), np.int64(-1)
        whole_id, trade_id, sum_id = np.int64(-1), np.int64(-1), np.int64(-1)
        maker, lists = -1, 0
        at_b = at_bs = at_a = at_as = at_p = at_q = -1
        while good:
            at += 1  # past the brace or the comma
            if data[at] != QUOTE:
                good = False
                break
            key = at + 1
            last = end_of_string(data, key)
            if last < 0 or data[last + 1] != COLON:
                good = False
                break
            n, c = last - key, data[key]
            at = last + 2
            quoted = data[at] == QUOTE
            if n == 1 and (c == 69 or c == 84 or c == 85 or c == 117 or c == 116):  # noqa: PLR1714 - E T U u t
                value, at = whole_number(data, at)
                good = value >= 0
                if c == 69:
                    e_time = value
                elif c == 84:
                    t_time = value
                elif c == 85:
                    first_id = value
                elif c == 117:
                    last_id = value
                else:
                    trade_id = value
            elif n == 2 and c == 112 and data[key + 1] == 117:  # pu
                before, at = whole_number(data, at)
                good = before >= 0
            elif n == 12 and c == 108:  # lastUpdateId
                whole_id, at = whole_number(data, at)
                good = whole_id >= 0 and data[key + 4] == 85
            elif quoted and ((n == 1 and c == 115) or (n == 6 and c == 115 and data[key + 1] == 121)):  # s, symbol
                last = end_of_string(data, at + 1)
                good = last >= 0
                if good:
                    symbol = symbol_of(data, at + 1, last, names, starts, guess)
                    strange = symbol < 0
                    good = not strange
                    at = last + 1
            elif n == 1 and c == 101 and quoted:  # e
                last = end_of_string(data, at + 1)
                good = last >= 0
                if good:
                    event = event_kind(data, at + 1, last)
                    good = event != UNREAD
                    at = last + 1
            elif data[at] == OPEN and (c == 97 or c == 98) and (n == 1 or (n == 4 and data[last - 1] == 115)):  # noqa: PLR1714 - a b asks bids
                number = symbol if symbol >= 0 else only
                good = number >= 0 and lists < 2
                if good:
                    got, at = level_list(
                        data,
                        at,
                        1 if c == 98 else -1,
                        units[number],
                        places[number],
                        out_side,
                        out_price,
                        out_size,
                        row,
                    )
                    good = got >= 0
                    row = max(got, row)
                    lists += 1
            elif n == 1 and quoted and (c == 98 or c == 66 or c == 97 or c == 65 or c == 112 or c == 113):  # noqa: PLR1714 - b B a A p q
                if c == 98:
                    at_b = at
                elif c == 66:
                    at_bs = at
                elif c == 97:
                    at_a = at
                elif c == 65:
                    at_as = at
                elif c == 112:
                    at_p = at
                else:
                    at_q = at
                at = end_of_scalar(data, at)
                good = at >= 0
            elif n == 1 and c == 97:  # a of an aggregate trade
                sum_id, at = whole_number(data, at)
                good = sum_id >= 0
            elif n == 1 and c == 109:  # m
                maker = 1 if same(data, at, TRUE) else 0
                good = maker == 1 or same(data, at, FALSE)
                at = at + 5 - maker
            elif n == 1 and c == 88:  # X: anything but MARKET is not a trade of the book
                good = quoted and at + 8 <= end and data[at + 1] == 77 and data[at + 7] == QUOTE
                at = at + 8
            else:
                at = end_of_scalar(data, at)
                good = at >= 0
            if good and data[at] != COMMA:
                good = data[at] == END_BRACE
                break
        if good:
            at += 1
            if wrapped:
                good = data[at] == END_BRACE
                at += 1
            while good and at < end:
                good = data[at] == SPACE or data[at] == 13
                at += 1
        if good and whole_id >= 0 and not wrapped and lists == 2 and event < 0:
            symbol = symbol if symbol >= 0 else only
            if symbol >= 0:
                kind = SNAPSHOT
                facts[line, LAST], facts[line, ROW0], facts[line, ROW1] = whole_id, base, row
        elif good and symbol >= 0:
            event = QUOTES if event < 0 and at_bs >= 0 else event
            unit, place = units[symbol], places[symbol]
            if event == DEPTH and lists == 2 and first_id >= 0 and last_id >= first_id:
                kind = DEPTH
                facts[line, FIRST], facts[line, LAST], facts[line, BEFORE] = first_id, last_id, before
                facts[line, ROW0], facts[line, ROW1] = base, row
            elif event == QUOTES and last_id >= 0 and at_b >= 0 and at_bs >= 0 and at_a >= 0 and at_as >= 0:
                bid = amount(data, at_b, unit[0], unit[1], place, 0)
                bid_size = amount(data, at_bs, unit[2], unit[3], place, 1)
                ask = amount(data, at_a, unit[0], unit[1], place, 0)
                ask_size = amount(data, at_as, unit[2], unit[3], place, 1)
                if bid >= 0 and bid_size >= 0 and ask >= 0 and ask_size >= 0:
                    kind = QUOTES
                    facts[line, ID], facts[line, BID], facts[line, BID_SIZE] = last_id, bid, bid_size
                    facts[line, ASK], facts[line, ASK_SIZE] = ask, ask_size
            elif event in (TRADE, AGGREGATE) and at_p >= 0 and at_q >= 0 and maker >= 0:
                number = trade_id if event == TRADE else sum_id
                price = amount(data, at_p, unit[0], unit[1], place, 0)
                size = amount(data, at_q, unit[2], unit[3], place, 1)
                if (
                    number >= 0
                    and t_time >= 0
                    and ((price > 0 and size > 0) or unit[0] < 0)
                    and price >= 0
                    and size >= 0
                ):
                    kind = event
                    facts[line, ID], facts[line, PRICE], facts[line, SIZE] = number, price, size
                    facts[line, BUYER_MAKES] = maker
            if wrapped and kind != promised:
                kind = UNREAD
        if kind == UNREAD:
            row = base
            kind = STRANGE if strange else (BLANK if blank else UNREAD)
        else:
            guess = symbol
        facts[line, KIND], facts[line, LOCAL], facts[line, EVENT], facts[line, TRADED] = kind, local, e_time, t_time
        facts[line, SYMBOL] = symbol
        line += 1
        at = end + 1
    return line, row
