"""Exact decimal text to integers, over the bytes of an Arrow string column.

A price such as ``61800.20`` becomes the integer ``value * 10^scale`` without passing through a float. Accepted:
an optional sign, digits with at most one point, an optional exponent (``1e-05``). Anything else answers a status.
"""

import numpy as np

from makerscope.kernels._jit import kernel

OK, NOT_A_NUMBER, TOO_FINE, TOO_LARGE = 0, 1, 2, 3
LIMIT = 922337203685477580  # (2^63 - 1) // 10


@kernel
def parse_decimals(data, offsets, scale, out, status):  # noqa: ANN001, ANN201, C901, PLR0912, PLR0915
    """Write ``text_i * 10^scale`` into ``out[i]`` and what went wrong into ``status[i]``.

    Args:
        data: uint8, all texts one after another.
        offsets: int64 ``(n + 1,)``, where each text starts.
        scale: decimals kept; a text with more significant decimals is ``TOO_FINE``.
        out: int64 ``(n,)``.
        status: uint8 ``(n,)``.
    """
    for i in range(out.shape[0]):
        at, end = offsets[i], offsets[i + 1]
        out[i] = 0
        negative = False
        if at < end and (data[at] == 45 or data[at] == 43):
            negative = data[at] == 45
            at += 1
        value, digits, decimals, point, state = np.int64(0), 0, 0, False, OK
        while at < end:
            c = data[at]
            if 48 <= c <= 57:
                digits += 1
                if value > LIMIT or (value == LIMIT and c > 55):
                    state = TOO_LARGE
                    break
                value = value * 10 + (c - 48)
                if point:
                    decimals += 1
            elif c == 46 and not point:
                point = True
            else:
                break
            at += 1
        exponent = 0
        if state == OK and at < end and digits > 0 and (data[at] == 101 or data[at] == 69):
            at += 1
            down = False
            if at < end and (data[at] == 45 or data[at] == 43):
                down = data[at] == 45
                at += 1
            seen = at < end
            while at < end and 48 <= data[at] <= 57 and exponent < 1000:
                exponent = exponent * 10 + (data[at] - 48)
                at += 1
            if not seen:
                state = NOT_A_NUMBER
            if down:
                exponent = -exponent
        if state == OK and (digits == 0 or at < end):
            state = NOT_A_NUMBER
        shift = scale + exponent - decimals
        if state == OK and value != 0:
            while shift < 0 and value % 10 == 0:
                value //= 10
                shift += 1
            if shift < 0:
                state = TOO_FINE
            while state == OK and shift > 0:
                if value > LIMIT:
                    state = TOO_LARGE
                else:
                    value *= 10
                    shift -= 1
        status[i] = state
        if state == OK:
            out[i] = -value if negative else value


@kernel
def count_decimals(data, offsets):  # noqa: ANN001, ANN201, C901, PLR0912
    """The most significant decimals any text has (``0.0500`` has two). Texts that are no number count 0."""
    most = 0
    for i in range(offsets.shape[0] - 1):
        at, end = offsets[i], offsets[i + 1]
        decimals, last, point, exponent, at_exponent = 0, 0, False, 0, False
        down = False
        leading = True  # no digit other than 0 before the point of a text such as 1500e-2
        trailing_zeros = 0
        while at < end:
            c = data[at]
            if at_exponent:
                if c == 45:
                    down = True
                elif 48 <= c <= 57:
                    exponent = min(exponent * 10 + (c - 48), 1000)
            elif c == 46:
                point = True
            elif c == 101 or c == 69:  # noqa: PLR1714 - the compiler wants plain comparisons
                at_exponent = True
            elif 48 <= c <= 57:
                if point:
                    decimals += 1
                    if c != 48:
                        last = decimals
                else:
                    trailing_zeros = trailing_zeros + 1 if c == 48 else 0
                    if c != 48:
                        leading = False
            at += 1
        if at_exponent:
            significant = last if last > 0 else (0 if leading else -trailing_zeros)
            last = significant + exponent if down else significant - exponent
        most = max(most, last)
    return most
