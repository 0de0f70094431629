"""The largest few of many numbers, in order, without moving the others."""
# ruff: noqa: ANN001, ANN201, ANN202 - a kernel is compiled for what calls it

from makerscope.kernels._jit import inlined, kernel


@inlined
def _sink(scores, heap, at, count):
    """Let the place at ``at`` go down until both below it are larger: the least of the heap is on top."""
    held = heap[at]
    while True:
        below = 2 * at + 1
        if below >= count:
            break
        if below + 1 < count and scores[heap[below + 1]] < scores[heap[below]]:
            below += 1
        if scores[held] <= scores[heap[below]]:
            break
        heap[at] = heap[below]
        at = below
    heap[at] = held


@kernel
def rank_most(scores, n, most, ranked):
    """Places of the at most ``most`` largest of the first ``n`` scores that are not below 0, largest first.

    Args:
        scores: float64 ``(n or more,)``; below 0: never taken. Of equal ones any may be.
        n: how many are looked at.
        most: how many are wanted.
        ranked: int64, room for ``min(n, most)``: filled.

    Returns:
        How many were found.
    """
    count, most = 0, min(most, n)
    for i in range(n):
        if not scores[i] >= 0.0:
            continue
        if count < most:
            ranked[count] = i
            count += 1
            if count == most:
                for at in range(most // 2 - 1, -1, -1):
                    _sink(scores, ranked, at, count)
        elif most > 0 and scores[i] > scores[ranked[0]]:
            ranked[0] = i
            _sink(scores, ranked, 0, count)
    if count < most:
        for at in range(count // 2 - 1, -1, -1):
            _sink(scores, ranked, at, count)
    for last in range(count - 1, 0, -1):
        ranked[0], ranked[last] = ranked[last], ranked[0]
        _sink(scores, ranked, 0, last)
    return count
