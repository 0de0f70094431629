# ruff: noqa: ANN001, ANN201 - compiled functions take the types their docstrings say
"""Leaves of a scanner of compact JSON bytes: each reads one value and says where it ended.

They know only what machines write: no white space between tokens, no escapes in strings, no exponents. Where the
bytes are anything else they answer -1 and the caller hands the line to a full JSON parser. The last byte of ``data``
must be a line end (10); no leaf reads past a line end.
"""

import numpy as np

from makerscope.kernels._jit import inlined

QUOTE, COMMA, POINT, OPEN, CLOSE, LINE_END, BACKSLASH = 34, 44, 46, 91, 93, 10, 92
MOST_DIGITS = 18  # decimal digits that fit an int64 whatever they are


@inlined
def whole_number(data, at):
    """``(value, end)`` of an unsigned integer that fits an int64 and begins at ``at``; -1 where there is none."""
    value, first = np.int64(0), at
    while 48 <= data[at] <= 57 and at - first < MOST_DIGITS + 1:
        value = value * 10 + (data[at] - 48)
        at += 1
    if at == first or value < 0 or 48 <= data[at] <= 57 or (data[first] == 48 and at - first > 1):
        return np.int64(-1), at
    return value, at


@inlined
def end_of_string(data, at):
    """Where the closing quote of a string stands whose text begins at ``at``; -1 for an escape or an open end."""
    while data[at] != QUOTE:
        if data[at] == BACKSLASH or data[at] < 32:
            return -1
        at += 1
    return at


@inlined
def quoted_units(data, at, scale, step):
    """``(value, end)`` of a quoted unsigned decimal as whole multiples of ``step * 10^-scale``.

    ``at`` is the opening quote, ``end`` is behind the closing one. The value is -1 where the text is no such number,
    is finer than the unit, or has more than 18 digits.
    """
    at += 1
    value, first = np.int64(0), at
    while 48 <= data[at] <= 57 and at - first < MOST_DIGITS:
        value = value * 10 + (data[at] - 48)
        at += 1
    fine = at > first and at - first + scale <= MOST_DIGITS
    left = scale
    if data[at] == POINT:
        at += 1
        first = at
        while 48 <= data[at] <= 57:
            if left > 0:
                value = value * 10 + (data[at] - 48)
                left -= 1
            elif data[at] != 48:
                fine = False
            at += 1
        fine = fine and at > first
    if not fine or data[at] != QUOTE:
        return np.int64(-1), at
    while left > 0:
        value *= 10
        left -= 1
    if step > 1:
        if value % step != 0:
            return np.int64(-1), at
        value //= step
    return value, at + 1


@inlined
def quoted_places(data, at):
    """``(decimals, end)`` of a quoted unsigned decimal, zeros at the end not counted; -1 where it is none."""
    at += 1
    first, last = at, 0
    while 48 <= data[at] <= 57:
        at += 1
    digits = at - first
    if data[at] == POINT:
        at += 1
        first = at
        while 48 <= data[at] <= 57:
            at += 1
            if data[at - 1] != 48:
                last = at - first
    if digits == 0 or data[at] != QUOTE:
        return -1, at
    return last, at + 1


@inlined
def end_of_scalar(data, at):
    """Where a string, number, ``true``, ``false`` or ``null`` at ``at`` ends; -1 where nothing of the kind stands."""
    c = data[at]
    if c == QUOTE:
        end = end_of_string(data, at + 1)
        return end + 1 if end >= 0 else -1
    first = at
    while (43 <= c <= 57 and c != COMMA) or 97 <= c <= 122 or c == 69:
        at += 1
        c = data[at]
    return at if at > first else -1
