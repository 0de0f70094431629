"""A vector error correction model of prices of one asset, fitted from sums of products that add.

Log prices of ``k`` markets on a common grid, with the known cointegration ``p_1 - p_j``. The sums are kept by block of
time (``Moments``): blocks add, lags are chosen and models fitted from the sum, and resampled blocks give intervals.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.metrics.columns import need

MAX_LAGS = 10  # as R ifrogs pdshare
BLOCKS = 60
FEWEST_BLOCKS = 8
DRAWS = 199
SINGULAR = 1e-11  # smallest share of variance that a regressor must have of its own

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vecm:
    """A fitted model ``dp_t = alpha beta' p_{t-1} + c + sum G_i dp_{t-i} + e_t`` of ``k`` markets.

    Args:
        alpha: speeds of adjustment to ``p_1 - p_j``, shape ``(k, k - 1)``.
        omega: covariance of ``e``, shape ``(k, k)``.
        psi: long-run effect of a shock in each market on the common price, shape ``(k,)``.
        lags: lagged changes in the model.
        aic: of the lags chosen, on the sample of the longest.
        n: steps fitted.
    """

    alpha: Matrix
    omega: Matrix
    psi: Matrix
    lags: int
    aic: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Sums of products of ``[dp_t, p_1 - p_j at t-1, 1, dp_{t-1}, ..., dp_{t-lags}]`` by block of time.

    Args:
        markets: k.
        lags: longest lag held.
        products: shape ``(blocks, d, d)``, ``d = k + (k - 1) + 1 + k * lags``.
    """

    markets: int
    lags: int
    products: Matrix


def price_grid(series: Sequence[pl.DataFrame], *, step: int, max_age: int, price: str = "mid") -> pl.DataFrame:
    """Log prices of several markets on a common grid: the last known at or before each time.

    Args:
        series: ``time`` (ns, one clock) and ``price`` of each market, in order of time.
        step: ns.
        max_age: ns; an older price is no price.
        price: name of the price column.

    Returns:
        ``time, p0, p1, ...`` from where all have begun to where the first ends; null where a price is too old.

    Raises:
        DomainError: ``step`` is not positive.

    Examples:
        >>> first = pl.DataFrame({"time": [0, 12], "mid": [1.0, 1.0]})
        >>> second = pl.DataFrame({"time": [5, 30], "mid": [1.0, 1.0]})
        >>> price_grid([first, second], step=5, max_age=5).rows()
        [(5, 0.0, 0.0), (10, None, 0.0)]
    """
    if step <= 0:
        raise DomainError(f"step is {step} ns; want more than 0")
    parts = []
    for frame in series:
        need(frame, "prices", "time", price)
        value = pl.col(price).cast(pl.Float64)
        rows = frame.select(pl.col("time").cast(pl.Int64), value.alias("price"))
        parts.append(rows.filter(pl.col("price") > 0).sort("time", maintain_order=True))
    if any(not part.height for part in parts):
        return pl.DataFrame(schema={"time": pl.Int64} | {f"p{i}": pl.Float64 for i in range(len(parts))})
    begin, end = max(part["time"][0] for part in parts), min(part["time"][-1] for part in parts)
    grid = pl.DataFrame({"time": np.arange(-(-begin // step) * step, end + 1, step, dtype=np.int64)})
    for i, part in enumerate(parts):
        log = part.select("time", pl.col("price").log().alias(f"p{i}"))
        grid = grid.join_asof(log, on="time", strategy="backward", tolerance=max_age, check_sortedness=False)
    return grid


def moments_of(grid: pl.DataFrame, *, step: int, lags: int = MAX_LAGS, block: int | None = None) -> Moments:
    """Sums of products over the steps of ``price_grid`` whose prices, lags included, are all known.

    Args:
        grid: of ``price_grid``.
        step: ns between its rows.
        lags: most lagged changes any model will use.
        block: ns of a block; default the span over 60, at least ten times the lags.
    """
    columns = [name for name in grid.columns if name != "time"]
    k, time = len(columns), grid["time"].to_numpy()
    p = np.column_stack([grid[name].fill_null(np.nan).to_numpy() for name in columns])
    d = 2 * k + k * lags
    n = p.shape[0] - lags - 1
    if n < 1:
        return Moments(markets=k, lags=lags, products=np.zeros((0, d, d)))
    dp = np.diff(p, axis=0)
    gap = p[lags:-1, :1] - p[lags:-1, 1:]
    shifted = [dp[lags - i : dp.shape[0] - i] for i in range(1, lags + 1)]
    Z = np.column_stack([dp[lags:], gap, np.ones(n), *shifted])
    known = np.all(np.isfinite(Z), axis=1)
    width = block if block is not None else max((int(time[-1]) - int(time[0])) // BLOCKS + 1, 10 * (lags + 1) * step)
    place = (time[lags + 1 :] - time[0]) // width
    products = [Z[known & (place == at)] for at in range(int(place[-1]) + 1)]
    return Moments(markets=k, lags=lags, products=np.array([rows.T @ rows for rows in products]))


def add_moments(parts: Iterable[Moments]) -> Moments:
    """The moments of several stretches of time: their blocks side by side."""
    kept = list(parts)
    if not kept or any((part.markets, part.lags) != (kept[0].markets, kept[0].lags) for part in kept):
        raise DomainError("the parts are none or differ in markets or lags; want one model")
    products = np.concatenate([part.products for part in kept])
    return Moments(markets=kept[0].markets, lags=kept[0].lags, products=products)


def fit_vecm(moments: Moments, *, lags: int | None = None) -> Vecm | None:
    """The model by least squares; ``lags`` by AIC where None. None where it cannot be fitted.

    A constant is in each equation: two venues may differ by a lasting basis.

    Examples:
        >>> shock = np.random.default_rng(0).normal(size=(2, 5000))
        >>> leader = np.cumsum(shock[0])
        >>> grid = pl.DataFrame({"time": range(5000), "p0": leader, "p1": np.roll(leader, 1) + shock[1]})
        >>> moments = moments_of(grid[1:], step=1, lags=2)
        >>> fit_vecm(moments, lags=0).alpha.round(1).ravel().tolist()  # the second market adjusts at once
        [0.0, 1.0]
    """
    total = moments.products.sum(axis=0)
    choices = range(moments.lags + 1) if lags is None else [lags]
    if any(choice > moments.lags for choice in choices):
        raise DomainError(f"lags is {lags}; the moments hold {moments.lags}")
    fits = [fit for choice in choices if (fit := _fit(total, moments.markets, choice)) is not None]
    return min(fits, key=lambda fit: fit.aic, default=None)


def resampled(moments: Moments, lags: int) -> list[Vecm]:
    """Models of ``DRAWS`` resamples of the blocks; none from too few blocks. One seed: one answer."""
    blocks = moments.products.shape[0]
    if blocks < FEWEST_BLOCKS:
        return []
    weights = np.random.Generator(np.random.PCG64(0)).multinomial(blocks, np.full(blocks, 1 / blocks), size=DRAWS)
    totals = np.tensordot(weights.astype(np.float64), moments.products, axes=1)
    return [fit for total in totals if (fit := _fit(total, moments.markets, lags)) is not None]


def _fit(total: Matrix, k: int, lags: int) -> Vecm | None:
    """Least squares from sums of products, regressors scaled to one length. None where they are collinear."""
    right = slice(k, 2 * k + k * lags)
    n, regressors = round(float(total[2 * k - 1, 2 * k - 1])), k + k * lags
    if n <= regressors + k:
        return None
    sxx, sxy, syy = total[right, right], total[right, :k], total[:k, :k]
    length = np.sqrt(np.diag(sxx))
    if np.any(length == 0):
        return None
    scaled = sxx / np.outer(length, length)
    if np.linalg.eigvalsh(scaled)[0] < SINGULAR:
        return None
    B = np.linalg.solve(scaled, sxy / length[:, None]) / length[:, None]
    omega = (syy - sxy.T @ B) / n
    omega = (omega + omega.T) / 2
    sign, log_det = np.linalg.slogdet(omega)
    aic = float(log_det) + 2 * k * regressors / n if sign > 0 else -np.inf
    alpha = B[: k - 1].T
    gamma = np.eye(k) - sum((B[k + k * i : 2 * k + k * i].T for i in range(lags)), np.zeros((k, k)))
    across = _perpendicular(alpha)
    weight = float(across @ gamma @ np.ones(k))
    if weight == 0 or not np.isfinite(weight):
        return None
    return Vecm(alpha=alpha, omega=omega, psi=across / weight, lags=lags, aic=aic, n=n)


def _perpendicular(alpha: Matrix) -> Matrix:
    """The direction that no adjustment moves, shape ``(k,)``."""
    if alpha.shape == (2, 1):
        return np.array([alpha[1, 0], -alpha[0, 0]])
    return np.linalg.svd(alpha)[0][:, -1]
