"""Where the price is made: information share, component share and leadership of markets in one asset.

Information shares depend on the order of the markets where their shocks correlate: low, high and the mean over orders
are reported, and a wide band means the grid is too coarse to tell. They hold transitory effects as well; read them
together with the component shares and the leadership. The model is that of ``metrics.vecm``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError
from makerscope.metrics.measure import Measure, measured, missing
from makerscope.metrics.vecm import MAX_LAGS, Matrix, Moments, Vecm, fit_vecm, moments_of, price_grid, resampled

SECOND = 1_000_000_000
MOST_MARKETS = 6  # orderings grow as the factorial
SHARE = "fraction of price discovery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Information shares over all orderings and component shares, each of shape ``(k,)``; NaN where undefined."""

    low: Matrix
    high: Matrix
    middle: Matrix
    component: Matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Shares of each market, in the order given. Leadership is for two markets only.

    Args:
        markets: their names.
        information_share: mean over orderings (of two markets: the midpoint), with a 95 % interval of resampled blocks.
        information_share_low: least over orderings; the bound itself, not an interval.
        information_share_high: most over orderings.
        component_share: Gonzalo-Granger; outside 0..1 where a market moves away from the other.
        information_leadership_share: ILS.
        information_leadership_share_squared: ILIS.
        width: largest distance of high from low: above about 0.5 the shares say little.
        vecm: the model, None where none could be fitted.
    """

    markets: tuple[str, ...]
    information_share: tuple[Measure, ...]
    information_share_low: tuple[Measure, ...]
    information_share_high: tuple[Measure, ...]
    component_share: tuple[Measure, ...]
    information_leadership_share: tuple[Measure, ...]
    information_leadership_share_squared: tuple[Measure, ...]
    width: Measure
    vecm: Vecm | None


def information_shares(psi: ArrayLike, omega: ArrayLike) -> Shares:
    """Hasbrouck's information shares over all orderings, and component shares.

    ``IS_j = ([psi F]_j)^2 / (psi omega psi')`` with ``F`` the Cholesky factor of ``omega`` in an ordering of the
    markets: the first in the order takes what shocks have in common.

    Args:
        psi: weights of the common price, any scale; for two markets ``(alpha_2, -alpha_1)``. Shape ``(k,)``.
        omega: covariance of the shocks, shape ``(k, k)``; may be singular.

    Raises:
        DomainError: shapes do not fit, or there are more than 6 markets.

    Source:
        J. Hasbrouck (1995), J. Finance 50, 1175-1199; J. Gonzalo and C. Granger (1995), J. Business and Economic
        Statistics 13, 27-35.

    Examples:
        >>> shares = information_shares([0.8, 0.0], [[1.0, 0.0], [0.0, 2.0]])
        >>> shares.middle.tolist(), shares.component.tolist()
        ([1.0, 0.0], [1.0, 0.0])
    """
    row, cov = np.asarray(psi, dtype=np.float64), np.asarray(omega, dtype=np.float64)
    k = row.shape[0] if row.ndim == 1 else 0
    if not 2 <= k <= MOST_MARKETS or cov.shape != (k, k):
        raise DomainError(f"psi {row.shape}, omega {cov.shape}; want (k,) and (k, k) with 2 <= k <= {MOST_MARKETS}")
    total, weight = float(row @ cov @ row), float(row.sum())
    component = row / weight if weight != 0 else np.full(k, np.nan)
    if not total > 0:
        none = np.full(k, np.nan)
        return Shares(low=none, high=none, middle=none, component=component)
    orders = []
    for order in permutations(range(k)):
        place = list(order)
        share = np.empty(k)
        share[place] = (row[place] @ _factor(cov[np.ix_(place, place)])) ** 2 / total
        orders.append(share)
    table = np.array(orders)
    return Shares(low=table.min(axis=0), high=table.max(axis=0), middle=table.mean(axis=0), component=component)


def leadership(information: ArrayLike, component: ArrayLike, *, squared: bool = False) -> NDArray[np.float64]:
    """Information leadership shares of two markets: speed of discovery, freed of noise. NaN where undefined.

    ``IL_1 = abs(IS_1 CS_2 / (IS_2 CS_1))``, ``ILS_1 = IL_1 / (IL_1 + 1 / IL_1)``; ``squared`` (ILIS) with ``IL_1^2``.

    Source:
        B. Yan and E. Zivot (2010), J. Financial Markets 13, 1-19; T. Putnins (2013), J. Empirical Finance 23, 68-83.

    Examples:
        >>> leadership([2 / 3, 1 / 3], [0.8, 0.2]).round(12).tolist()
        [0.2, 0.8]
    """
    share, part = np.asarray(information, dtype=np.float64), np.asarray(component, dtype=np.float64)
    power = 4 if squared else 2
    first, second = (
        abs(share[0] * part[1]) ** power,
        abs(share[1] * part[0]) ** power,
    )  # IL_1^2 : 1 over one denominator
    if not first + second > 0:
        return np.array([np.nan, np.nan])
    return np.array([first, second]) / (first + second)


def discovery(
    series: Sequence[pl.DataFrame],
    names: Sequence[str],
    *,
    step: int = SECOND,
    max_age: int = 5 * SECOND,
    max_lags: int = MAX_LAGS,
    price: str = "mid",
) -> Discovery:
    """Price-discovery shares of markets in one asset.

    Args:
        series: ``time`` (ns, one clock for all) and ``price`` of each market in order of time, one unit of price.
        names: of the markets.
        step: ns of the grid. Finer than the venues' reaction, or the bounds grow wide; stale prices bias shares down.
        max_age: ns; a price older than this breaks the sample.
        max_lags: most lagged changes; AIC chooses.
        price: name of the price column.

    Raises:
        DomainError: fewer than 2 markets, or as many names as series are not given.

    Examples:
        >>> walk = np.exp(np.cumsum(np.random.default_rng(0).normal(0, 1e-4, 3000)))
        >>> time = np.arange(3000) * SECOND
        >>> noise = np.exp(np.random.default_rng(1).normal(0, 1e-4, 3000))
        >>> leader = pl.DataFrame({"time": time, "mid": walk})
        >>> follower = pl.DataFrame({"time": time, "mid": np.roll(walk, 1) * noise})
        >>> found = discovery([leader[1:], follower[1:]], ["leader", "follower"])
        >>> found.component_share[0].value > 0.9
        True
    """
    if len(series) != len(names) or not 2 <= len(series) <= MOST_MARKETS:
        raise DomainError(f"{len(series)} series, {len(names)} names; want 2 to {MOST_MARKETS} of each")
    grid = price_grid(series, step=step, max_age=max_age, price=price)
    return discovery_of(moments_of(grid, step=step, lags=max_lags), names)


def discovery_of(moments: Moments, names: Sequence[str]) -> Discovery:
    """Shares from added moments; see ``discovery``."""
    vecm = fit_vecm(moments)
    k = moments.markets
    if vecm is None:
        reason = "too few steps with all prices known" if moments.products.sum() == 0 else "prices do not move apart"
        nothing = tuple(missing(SHARE, reason) for _ in range(k))
        return Discovery(
            markets=tuple(names), information_share=nothing, information_share_low=nothing,
            information_share_high=nothing, component_share=nothing, information_leadership_share=nothing,
            information_leadership_share_squared=nothing, width=missing(SHARE, reason), vecm=None,
        )  # fmt: skip
    shares = information_shares(vecm.psi, vecm.omega)
    drawn = [information_shares(fit.psi, fit.omega) for fit in resampled(moments, vecm.lags)]
    ils, ilis = (
        leadership(shares.middle, shares.component, squared=power) if k == 2 else np.full(k, np.nan)
        for power in (False, True)
    )
    lead = "leadership is defined for two markets" if k != 2 else "a share is 0 in both markets"
    none = "the common price does not move"

    def measures(values: Matrix, draws: list[Matrix], undefined: str = none) -> tuple[Measure, ...]:
        return tuple(_with_interval(values[i], [d[i] for d in draws], vecm.n, undefined) for i in range(k))

    return Discovery(
        markets=tuple(names),
        information_share=measures(shares.middle, [draw.middle for draw in drawn]),
        information_share_low=measures(shares.low, []),
        information_share_high=measures(shares.high, []),
        component_share=measures(shares.component, [draw.component for draw in drawn]),
        information_leadership_share=measures(ils, [], lead),
        information_leadership_share_squared=measures(ilis, [], lead),
        width=measured(float(np.max(shares.high - shares.low)), SHARE, n=vecm.n, undefined=none),
        vecm=vecm,
    )


def _with_interval(value: float, draws: list[float], n: int, undefined: str) -> Measure:
    known = [draw for draw in draws if np.isfinite(draw)]
    if not np.isfinite(value) or not known or len(known) < 0.95 * len(draws):
        return measured(value, SHARE, n=n, undefined=undefined)
    low, high = np.quantile(known, (0.025, 0.975))
    return Measure(value=float(value), unit=SHARE, n=n, low=float(low), high=float(high))


def _factor(cov: Matrix) -> Matrix:
    """Lower Cholesky factor; a market without shocks of its own has a column of zeros, so a singular matrix is fine."""
    k = cov.shape[0]
    F = np.zeros((k, k))
    for j in range(k):
        rest = cov[j:, j] - F[j:, :j] @ F[j, :j]
        if rest[0] > 1e-14 * cov[j, j]:
            F[j:, j] = rest / np.sqrt(rest[0])
    return F
