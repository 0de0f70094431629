"""Realised variance and its jump-robust and noise-robust kin, from log returns.

All are variances of the window; ``annualised`` makes a volatility of one. Returns come from mids on a grid (5 minutes
is the usual choice): ``changes_of(bars_of(mids, width=...))["log_return"]``. Sums of squared, bipower, minimum and
median products inside a time bucket stand alone and add over any partition: ``variation_buckets``, then
``variation_of``.
"""

from dataclasses import dataclass
from math import ceil, exp, pi, sqrt

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError
from makerscope.metrics.bars import changes_of
from makerscope.metrics.columns import keys_of, vector
from makerscope.metrics.measure import Measure, measured, missing

UNIT = "variance of log price over the window"
YEAR = 365 * 86_400_000_000_000  # ns, calendar year of a market that never closes
BIPOWER = pi / 2
MINIMUM = pi / (pi - 2)
MEDIAN = pi / (6 - 4 * sqrt(3) + pi)
PARZEN_BANDWIDTH = 3.5134  # (12^2 / 0.269)^(1/5), best constant of the Parzen kernel
Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """The realised-variance family of one window."""

    rv: Measure
    bpv: Measure
    jump_share: Measure
    min_rv: Measure
    med_rv: Measure


def annualised(variance: Measure, *, window: int) -> Measure:
    """Volatility a year of 365 days, from the variance of a window of ``window`` ns, as a fraction.

    Examples:
        >>> annualised(Measure(value=0.0004, unit=UNIT), window=YEAR // 365).value.__round__(6)
        0.382099
    """
    unit = "annualised volatility, fraction, year of 365 days"
    if variance.value is None:
        return missing(unit, variance.reason, n=variance.n)
    if window <= 0:
        raise DomainError(f"window is {window} ns; want more than 0")
    if variance.value < 0:
        return missing(unit, "the variance is negative", n=variance.n)
    value, low, high = (
        None if part is None else sqrt(max(part, 0.0) * YEAR / window)
        for part in (variance.value, variance.low, variance.high)
    )
    return Measure(value=value, unit=unit, n=variance.n, low=low, high=high, reason=variance.reason)


def rv(returns: ArrayLike) -> Measure:
    """Realised variance, the sum of squared log returns; 95 % interval from quarticity, in logarithms.

    Source:
        O. Barndorff-Nielsen and N. Shephard (2002), J. Royal Statistical Society B 64, 253-280.

    Examples:
        >>> rv([0.01, -0.02]).value
        0.0005
    """
    return variation_of(_alone(returns)).rv


def bpv(returns: ArrayLike) -> Measure:
    """Bipower variation ``pi/2 * n/(n-1) * sum abs(r_i) abs(r_{i-1})``: variance without jumps.

    Source:
        O. Barndorff-Nielsen and N. Shephard (2004), J. Financial Econometrics 2, 1-37.

    Examples:
        >>> round(bpv([0.01, -0.02]).value, 12)
        0.000628318531
    """
    return variation_of(_alone(returns)).bpv


def jump_share(returns: ArrayLike) -> Measure:
    """Share of the variance that came in jumps, ``max(0, rv - bpv) / rv``.

    Examples:
        >>> round(jump_share([0.0001, 0.02, 0.0001, -0.0001]).value, 3)
        0.979
    """
    return variation_of(_alone(returns)).jump_share


def min_rv(returns: ArrayLike) -> Measure:
    """``pi/(pi-2) * n/(n-1) * sum min(abs(r_i), abs(r_{i-1}))^2``.

    Source:
        T. Andersen, D. Dobrev and E. Schaumburg (2012), J. Econometrics 169, 75-93.

    Examples:
        >>> round(min_rv([0.01, -0.02]).value / 0.01**2, 6)  # 2 pi / (pi - 2)
        5.503877
    """
    return variation_of(_alone(returns)).min_rv


def med_rv(returns: ArrayLike) -> Measure:
    """``pi/(6-4 sqrt(3)+pi) * n/(n-2) * sum median(three neighbours)^2``.

    Source:
        T. Andersen, D. Dobrev and E. Schaumburg (2012), J. Econometrics 169, 75-93.

    Examples:
        >>> round(med_rv([0.01, -0.03, 0.02]).value / 0.02**2, 6)  # 3 pi / (6 - 4 sqrt(3) + pi)
        4.258075
    """
    return variation_of(_alone(returns)).med_rv


def realized_kernel(returns: ArrayLike, *, bandwidth: int | None = None) -> Measure:
    """Variance robust to noise: ``g_0 + 2 sum_{h=1..H} k(h/(H+1)) g_h`` with the Parzen kernel ``k``.

    Args:
        returns: log returns of the finest grid or of each tick, shape ``(n,)``.
        bandwidth: H; at most n - 1 is used. Default ``parzen_bandwidth``; 0 is the realised variance.

    Returns:
        Variance of the window, >= 0.

    Raises:
        DomainError: ``bandwidth`` is negative or a return is not finite.

    Source:
        O. Barndorff-Nielsen, P. Hansen, A. Lunde and N. Shephard (2009), Econometrics Journal 12, C1-C32, with the
        argument ``h/(H+1)`` as orderflow-metrics has it.

    Examples:
        >>> round(realized_kernel([0.01, -0.01, 0.01], bandwidth=1).value, 12)
        0.0002
    """
    r = _finite(returns)
    n = r.shape[0]
    if not n:
        return missing(UNIT, "no returns")
    H = parzen_bandwidth(r) if bandwidth is None else bandwidth
    if H < 0:
        raise DomainError(f"bandwidth is {H}; want at least 0")
    total = float(r @ r)
    for h in range(1, min(H, n - 1) + 1):
        total += 2.0 * parzen(h / (H + 1)) * float(r[h:] @ r[:-h])
    return Measure(value=max(total, 0.0), unit=UNIT, n=n, reason=f"bandwidth {H}")


def parzen(x: float) -> float:
    """The Parzen weight at ``x`` >= 0: 1 at 0, 0 from 1 on.

    Examples:
        >>> parzen(0.5), parzen(1.0)
        (0.25, 0.0)
    """
    if x <= 0.5:
        return 1 - 6 * x * x + 6 * x * x * x
    return 2 * (1 - x) ** 3 if x < 1 else 0.0


def parzen_bandwidth(returns: ArrayLike, *, sparse: int | None = None) -> int:
    """Bandwidth ``3.5134 * xi^(4/5) * n^(3/5)``, rounded up; ``xi^2`` is noise variance over integrated variance.

    Noise variance is ``rv / 2n``; integrated variance the mean over all starts of the variance on a grid ``sparse``
    times coarser.

    Args:
        returns: log returns, shape ``(n,)``.
        sparse: default ``sqrt(n)`` rounded up.

    Source:
        Barndorff-Nielsen, Hansen, Lunde and Shephard (2009), section 2.2.

    Examples:
        >>> parzen_bandwidth([0.01, -0.01] * 50), parzen_bandwidth([0.0, 0.0])
        (99, 0)
    """
    r = _finite(returns)
    n = r.shape[0]
    dense = float(r @ r)
    if n < 2 or dense == 0.0:
        return 0
    step = ceil(sqrt(n)) if sparse is None else sparse
    path = np.concatenate([[0.0], np.cumsum(r)])
    coarse = path[step:] - path[:-step]
    integrated = float(coarse @ coarse) / step
    if integrated <= 0.0:
        return n - 1
    xi2 = dense / (2 * n) / integrated
    return min(ceil(PARZEN_BANDWIDTH * xi2**0.4 * n**0.6), n - 1)


def variation_buckets(bars: pl.DataFrame, *, per: int, max_gap: int = 0) -> pl.DataFrame:
    """Sums that make the realised-variance family, in buckets of ``per`` bars. Rows of any partition add.

    A return belongs to the bucket of the bar it ends in. Products need neighbours in one bucket without a gap between.

    Args:
        bars: of ``bars_of``; the bars of parts that share a bucket are merged first.
        per: bars in a bucket.
        max_gap: as in ``changes_of``.

    Returns:
        ``[instrument,] bucket``, ``n, squares, quartics``, ``pairs, bipower, minima``, ``triples, medians``.

    Examples:
        >>> bars = pl.DataFrame({"bucket": [0, 1, 2], "open": [1.0, 1.1, 1.2], "close": [1.0, 1.1, 1.2]})
        >>> variation_buckets(bars, per=3).select("n", "pairs", "triples").row(0)
        (3, 2, 1)
    """
    if per < 1:
        raise DomainError(f"per is {per}; want at least 1 bar")
    rows = changes_of(bars, max_gap=max_gap).with_columns(bucket=pl.col("bucket").floordiv(per))
    keys = keys_of(rows)
    r = pl.col("log_return").abs()
    r1, r2 = r.shift(1).over(keys), r.shift(2).over(keys)
    near = pl.col("joined")
    pair = near & r1.is_not_null()
    triple = pair & near.shift(1).over(keys) & r2.is_not_null()
    low, high = pl.min_horizontal(r, r1), pl.max_horizontal(r, r1)
    middle = pl.max_horizontal(low, pl.min_horizontal(high, r2))
    return (
        rows.with_columns(
            pair=pair.fill_null(value=False),
            triple=triple.fill_null(value=False),
            product=r * r1,
            least=low * low,
            median=middle * middle,
        )
        .group_by(keys)
        .agg(
            n=pl.len().cast(pl.Int64),
            squares=(r * r).sum(),
            quartics=(r**4).sum(),
            pairs=pl.col("pair").sum().cast(pl.Int64),
            bipower=pl.col("product").filter("pair").sum(),
            minima=pl.col("least").filter("pair").sum(),
            triples=pl.col("triple").sum().cast(pl.Int64),
            medians=pl.col("median").filter("triple").sum(),
        )
        .sort(keys)
    )


def variation_of(buckets: pl.DataFrame) -> Variation:
    """The realised-variance family of the time all ``buckets`` (of ``variation_buckets``) span together.

    The factors ``n/(n-1)`` and ``n/(n-2)`` of one window become returns over pairs and over triples.
    """
    total = {name: float(buckets[name].sum()) for name in buckets.columns if name not in ("instrument", "bucket")}
    n = int(total["n"])
    bipower = _scaled(BIPOWER * total["bipower"], n, total["pairs"], "pairs of neighbouring returns")
    square = total["squares"]
    if not n:
        realised = missing(UNIT, "no returns")
    elif square == 0.0:
        realised = Measure(value=0.0, unit=UNIT, n=n)
    else:
        half = Z95 * sqrt(2 / 3 * total["quartics"]) / square
        realised = Measure(value=square, unit=UNIT, n=n, low=square * exp(-half), high=square * exp(half))
    share_unit = "fraction of variance"
    if bipower.value is None or square == 0.0:
        share = missing(share_unit, bipower.reason or "the price did not move", n=n)
    else:
        share = Measure(value=max(0.0, square - bipower.value) / square, unit=share_unit, n=n)
    return Variation(
        rv=realised,
        bpv=bipower,
        jump_share=share,
        min_rv=_scaled(MINIMUM * total["minima"], n, total["pairs"], "pairs of neighbouring returns"),
        med_rv=_scaled(MEDIAN * total["medians"], n, total["triples"], "triples of neighbouring returns"),
    )


def _scaled(value: float, n: int, terms: float, what: str) -> Measure:
    if terms == 0:
        return missing(UNIT, f"no {what}", n=n)
    return measured(value * n / terms, UNIT, n=n, undefined="a return is not finite")


def _finite(returns: ArrayLike) -> NDArray[np.float64]:
    r = vector(returns)
    if not np.all(np.isfinite(r)):
        raise DomainError("a return is not finite; want log returns of positive prices")
    return r


def _alone(returns: ArrayLike) -> pl.DataFrame:
    """One window of returns without gaps as a single bucket."""
    r = np.abs(_finite(returns))
    pairs, triples = np.minimum(r[1:], r[:-1]), np.empty(0)
    if r.shape[0] >= 3:
        triples = np.median(np.lib.stride_tricks.sliding_window_view(r, 3), axis=1)
    return pl.DataFrame(
        {
            "n": [r.shape[0]],
            "squares": [float(r @ r)],
            "quartics": [float((r * r) @ (r * r))],
            "pairs": [pairs.shape[0]],
            "bipower": [float(r[1:] @ r[:-1])],
            "minima": [float(pairs @ pairs)],
            "triples": [triples.shape[0]],
            "medians": [float(triples @ triples)],
        }
    )
