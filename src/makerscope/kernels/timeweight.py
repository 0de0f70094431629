"""Time integrals of quotes, exact for any length of time.

A spread of 10^6 ticks over a day of ns is 8.6e19, more than an int64 holds. So an integral is a 128-bit integer:
two int64 words, low word first, to which 64 x 64 bit products are added with carry. Integers add in any order, so
any split of the tape gives the same bits.

Time is cut into segments: the stretches of an instrument's sessions between bucket borders. Each segment has a row
of ``WIDTH`` int64 words: ns by state of the quote (``TWO_SIDED``, ``ONE_SIDED``, ``CROSSED``, ``UNKNOWN``), ns in which
a resting side has no known size, then the 128-bit integrals of spread, doubled mid, bid size and ask size.
"""
# ruff: noqa: ANN001, PLR0917 - a kernel is compiled for the types it is called with, and takes arrays in order

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from makerscope.kernels._jit import kernel

TWO_SIDED, ONE_SIDED, CROSSED, UNKNOWN, UNSIZED = 0, 1, 2, 3, 4
SPREAD, MID, BID_SIZE, ASK_SIZE = 6, 8, 10, 12  # first of the two words
WIDTH = 16  # two cache lines


def _add_product(_context, words, at, x, y):  # noqa: ARG001 - the types are named in the signature
    """Add ``x * y`` to the 128-bit integer at ``words[at:at + 2]``. Not checked: ``at`` is in range."""

    def emit(context, builder, signature, args):  # noqa: ANN202
        array = context.make_array(signature.args[0])(context, builder, args[0])
        wide = ir.IntType(128)
        word = builder.gep(array.data, [args[1]])
        cell = builder.bitcast(word, wide.as_pointer())
        product = builder.mul(builder.sext(args[2], wide), builder.sext(args[3], wide))
        builder.store(builder.add(builder.load(cell, align=8), product), cell, align=8)
        return context.get_dummy_value()

    return types.void(words, types.intp, types.int64, types.int64), emit


add_product: Any = intrinsic(_add_product)


@kernel
def integrate_quotes(  # noqa: ANN201, C901
    time,
    code,
    bid,
    ask,
    bid_size,
    ask_size,
    first,
    start,
    end,
    joined,
    sums,
):
    """Add up what each quote was, times how long it was so, over the segments of its instrument.

    A quote lives until the next of its instrument, or the end of its session. It is unknown before the first quote of
    a session. A size is integrated where its side rests in a book that is not crossed. Quotes outside every segment
    are left out.

    Args:
        time: int64 ``(n,)``, ns, ascending.
        code: unsigned ``(n,)``, instrument.
        bid: integers ``(n,)``, ticks; the largest integer where absent.
        ask: integers ``(n,)``, ticks; the smallest integer where absent.
        bid_size: integers ``(n,)``, lots; negative where unknown.
        ask_size: integers ``(n,)``, lots; negative where unknown.
        first: int64 ``(instruments + 1,)``, where each instrument's segments start.
        start: int64 ``(segments,)``, ns, ascending within an instrument, no overlap.
        end: int64 ``(segments,)``, ns, excluded.
        joined: bool ``(segments,)``, whether the segment before is the same session, so that its quote lives on.
        sums: int64 ``(segments * WIDTH,)``, zero on entry, out.

    Returns:
        Quotes left out.
    """
    no_bid, no_ask = np.iinfo(bid.dtype).max, np.iinfo(ask.dtype).min
    instruments = first.shape[0] - 1
    segment = first[:-1].copy()
    since = np.zeros(instruments, np.int64)
    state = np.full(instruments, UNKNOWN, np.int64)
    value = np.zeros((instruments, 5), np.int64)  # spread, doubled mid, bid size, ask size, unsized
    for c in range(instruments):
        if first[c] < first[c + 1]:
            since[c] = start[first[c]]
    left_out = 0
    for i in range(time.shape[0] + instruments):
        closing = i >= time.shape[0]
        c = i - time.shape[0] if closing else np.int64(code[i])
        now = np.int64(2**63 - 1) if closing else time[i]
        s = segment[c]
        while s < first[c + 1] and now >= end[s]:
            _add(sums, s * WIDTH, state[c], value[c], end[s] - since[c])
            s += 1
            if s < first[c + 1]:
                since[c] = start[s]
            if s == first[c + 1] or not joined[s]:
                state[c] = UNKNOWN
                value[c] = 0
        segment[c] = s
        if closing:
            continue
        if s == first[c + 1] or now < start[s]:
            left_out += 1
            continue
        _add(sums, s * WIDTH, state[c], value[c], now - since[c])
        since[c] = now
        value[c] = 0
        has_bid, has_ask = bid[i] != no_bid, ask[i] != no_ask
        if bid[i] < ask[i]:
            state[c] = TWO_SIDED
            value[c, 0] = np.int64(ask[i]) - np.int64(bid[i])
            value[c, 1] = np.int64(ask[i]) + np.int64(bid[i])
        else:
            state[c] = CROSSED if has_bid and has_ask else ONE_SIDED
        if state[c] != CROSSED:
            value[c, 2] = max(np.int64(bid_size[i]), 0) if has_bid else 0
            value[c, 3] = max(np.int64(ask_size[i]), 0) if has_ask else 0
            value[c, 4] = (has_bid and bid_size[i] < 0) or (has_ask and ask_size[i] < 0)
    return left_out


@kernel
def _add(sums, row, state, value, lasted):  # noqa: ANN202
    sums[row + state] += lasted
    sums[row + UNSIZED] += lasted * value[4]
    add_product(sums, row + SPREAD, value[0], lasted)
    add_product(sums, row + MID, value[1], lasted)
    add_product(sums, row + BID_SIZE, value[2], lasted)
    add_product(sums, row + ASK_SIZE, value[3], lasted)
