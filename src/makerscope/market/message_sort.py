"""Messages in order of a key: short runs by insertion, then merged. What comes nearly sorted costs little.

``scratch`` has ``SCRATCH_ROWS`` rows: the keys, and room for the left half of a merge (keys and rows).
"""
# ruff: noqa: ANN001, ANN202 - a kernel is compiled for the types it is called with, in order

from makerscope.kernels._jit import inlined, kernel
from makerscope.market.layout import M_FEE, M_SEEN, M_SERIAL

SCRATCH_ROWS = 3
_RUN = 12  # so many are sorted by insertion


@kernel
def _ties(messages, a, b, by_fee):
    """True if message ``a`` comes before ``b`` though their keys are the same."""
    if by_fee and messages[a, M_FEE] != messages[b, M_FEE]:
        return messages[a, M_FEE] > messages[b, M_FEE]
    if messages[a, M_SEEN] != messages[b, M_SEEN]:
        return messages[a, M_SEEN] < messages[b, M_SEEN]
    return messages[a, M_SERIAL] < messages[b, M_SERIAL]


@inlined
def _before(messages, key_a, a, key_b, b, by_fee):
    return key_a < key_b or (key_a == key_b and _ties(messages, a, b, by_fee))


@kernel
def _sort_runs(messages, order, keys, n, by_fee):
    """Sort each run of ``_RUN`` by insertion."""
    for start in range(0, n, _RUN):
        for i in range(start + 1, min(start + _RUN, n)):
            key, m = keys[i], order[i]
            j = i
            while j > start and _before(messages, key, m, keys[j - 1], order[j - 1], by_fee):
                keys[j], order[j] = keys[j - 1], order[j - 1]
                j -= 1
            keys[j], order[j] = key, m


@kernel
def _merge(messages, order, scratch, n, by_fee):
    """Merge sorted runs of ``_RUN``, neighbours first, until one is left. A pair in order already is left alone."""
    keys, left_keys, left = scratch[0], scratch[1], scratch[2]
    width = _RUN
    while width < n:
        for start in range(0, n - width, 2 * width):
            middle, end = start + width, min(start + 2 * width, n)
            if not _before(messages, keys[middle], order[middle], keys[middle - 1], order[middle - 1], by_fee):
                continue
            for i in range(width):
                left_keys[i], left[i] = keys[start + i], order[start + i]
            i, j, k = 0, middle, start
            while i < width:
                if j < end and _before(messages, keys[j], order[j], left_keys[i], left[i], by_fee):
                    keys[k], order[k] = keys[j], order[j]
                    j += 1
                else:
                    keys[k], order[k] = left_keys[i], left[i]
                    i += 1
                k += 1
        width *= 2


@kernel
def sort_messages(messages, order, scratch, n, by_fee) -> None:
    """Sort the rows of ``messages`` in ``order[:n]`` by ``scratch[0, :n]``, least first; the keys move along.

    Ties go by the higher ``M_FEE`` if ``by_fee``, then by ``M_SEEN``, then by ``M_SERIAL``. Nothing is allocated.
    """
    _sort_runs(messages, order, scratch[0], n, by_fee)
    if n > _RUN:
        _merge(messages, order, scratch, n, by_fee)
