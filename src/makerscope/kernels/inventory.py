"""How long it takes a position to fall to half of a local extreme."""
# ruff: noqa: ANN001, ANN201 - a kernel is compiled for the types it is called with

from makerscope.kernels._jit import kernel


@kernel
def half_waits(time, size, waits):
    """For each local extreme of ``size`` (>= 0) that is halved later: the ns until then; returns how many."""
    found = 0
    n = size.shape[0]
    for k in range(1, n - 1):
        if not (size[k] > size[k - 1] and size[k] > size[k + 1]):
            continue
        j = k + 1
        while j < n and 2 * size[j] > size[k]:
            j += 1
        if j < n:
            waits[found] = time[j] - time[k]
            found += 1
    return found
