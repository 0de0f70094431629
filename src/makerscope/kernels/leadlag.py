"""Covariance of two series that tick at different times, at a shift in time, in one pass over both."""

from makerscope.kernels._jit import kernel


@kernel
def hayashi_yoshida(tx, x, ty, y, lags, block, out):  # noqa: ANN001, ANN201, PLR0917
    """Add ``dX_i * dY_j`` over all intervals that meet, ``Y`` moved back by each lag, to the block of interval ``i``.

    The ``dY_j`` whose intervals meet one of ``X`` are neighbours, so their sum is a difference of two values of ``Y``:
    the first at or after the end of the interval, and the last at or before its start.

    Args:
        tx: int64 ``(n,)``, times of ``X``, strictly increasing.
        x: float64 ``(n,)``.
        ty: int64 ``(m,)``, times of ``Y``, strictly increasing, ``m >= 1``.
        y: float64 ``(m,)``.
        lags: int64 ``(k,)``; at a lag > 0 ``X`` is compared with later ``Y``.
        block: int64 ``(n,)``, where interval ``(tx[i-1], tx[i]]`` counts.
        out: float64 ``(k, blocks)``, added to.
    """
    m = ty.shape[0]
    for k in range(lags.shape[0]):
        lag = lags[k]
        before, after = 0, 0
        for i in range(1, tx.shape[0]):
            start, end = tx[i - 1] + lag, tx[i] + lag
            while before + 1 < m and ty[before + 1] <= start:
                before += 1
            while after + 1 < m and ty[after] < end:
                after += 1
            out[k, block[i]] += (x[i] - x[i - 1]) * (y[after] - y[before])
