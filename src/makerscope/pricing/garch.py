"""A GARCH-type forecast by the package ``arch``, apart from the rest so that only its users load it."""

from math import nan

import numpy as np
from arch import arch_model
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError

FEWEST = 100


def garch_forecast(returns: ArrayLike, *, horizon: int = 1) -> float:
    """Mean variance of the next ``horizon`` periods by a GJR-GARCH(1,1) with Student-t errors and no mean.

    Args:
        returns: log returns of equal periods, oldest first, shape ``(n,)``.
        horizon: periods ahead.

    Returns:
        Variance per period, or ``nan`` with fewer than 100 returns, returns that do not move, or a fit that did not
        converge to a finite, positive forecast.

    Raises:
        DomainError: a return is not finite or the horizon is not positive.

    Source:
        L. Glosten, R. Jagannathan and D. Runkle (1993), J. Finance 48, 1779-1801, as fitted by K. Sheppard's arch.

    Examples:
        >>> import numpy as np
        >>> r = np.random.default_rng(1).normal(0, 0.02, 300)
        >>> bool(abs(garch_forecast(r) ** 0.5 - 0.02) < 0.002)
        True
    """
    r = np.ascontiguousarray(returns, np.float64)
    if r.ndim != 1 or not np.all(np.isfinite(r)) or horizon < 1:
        raise DomainError("returns are not one row of finite numbers, or the horizon is not positive")
    scale = float(np.std(r))
    if r.shape[0] < FEWEST or scale == 0.0:
        return nan
    model = arch_model(r / scale, mean="Zero", vol="GARCH", p=1, o=1, q=1, dist="t", rescale=False)
    fit = model.fit(disp="off", show_warning=False)
    if fit.convergence_flag != 0:
        return nan
    path: NDArray[np.float64] = np.asarray(fit.forecast(horizon=horizon, reindex=False).variance, np.float64)[-1]
    value = float(path.mean()) * scale**2
    return value if np.isfinite(value) and value > 0 else nan


def garch_out_of_sample(
    returns: ArrayLike, *, horizon: int = 1, first: int = FEWEST, last: int | None = None
) -> NDArray[np.float64]:
    """What ``garch_forecast`` said before each period it is judged on, given the past alone and fitted anew each time.

    Stands beside the columns of ``forecast.out_of_sample`` with the same ``horizon`` and ``first``, where each period
    has one return; some 10 ms a period.

    Args:
        returns: log returns of the periods, shape ``(n,)``.
        horizon: periods ahead.
        first: periods of history before the first forecast.
        last: longest history given, default all.

    Returns:
        Shape ``(n - first - horizon + 1,)``, ``nan`` where no fit was had.
    """
    r = np.ascontiguousarray(returns, np.float64)
    if first < 1 or horizon < 1:
        raise DomainError(f"first is {first} and horizon {horizon}; want at least 1 period each")
    starts = range(first, max(r.shape[0] - horizon + 1, first))
    return np.array([garch_forecast(r[max(t - last, 0) if last else 0 : t], horizon=horizon) for t in starts])
