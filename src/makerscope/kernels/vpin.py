"""Pour a sequence of volumes into buckets of equal volume."""

from makerscope.kernels._jit import kernel

TINY = 1e-9  # of a bucket: what rounding may leave over


@kernel
def fill_buckets(volume, buy, size, bought, sold, last):  # noqa: ANN001, ANN201, PLR0917
    """Fill buckets of ``size`` in order; a row that crosses an edge is split. Returns how many are full.

    Args:
        volume: float64 ``(n,)``, >= 0.
        buy: float64 ``(n,)``, share of each volume that was bought.
        size: volume of a bucket, > 0.
        bought: float64 ``(m,)``, out: bought in each bucket. ``m`` is at least ``sum(volume) / size + 1``.
        sold: float64 ``(m,)``, out: sold in each bucket.
        last: int64 ``(m,)``, out: the row that filled the bucket.
    """
    full, room = 0, size
    edge = TINY * size
    for i in range(volume.shape[0]):
        left = volume[i]
        while left >= room - edge and full < last.shape[0] - 1:
            take = min(left, room)
            bought[full] += take * buy[i]
            sold[full] += take * (1.0 - buy[i])
            last[full] = i
            left -= take
            room = size
            full += 1
            if full < last.shape[0]:
                bought[full] = 0.0
                sold[full] = 0.0
        if left > 0.0:
            bought[full] += left * buy[i]
            sold[full] += left * (1.0 - buy[i])
            room -= left
    return full
