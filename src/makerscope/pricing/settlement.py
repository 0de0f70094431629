"""Options that settle on the average of the index over the last minutes, not on its last price.

Deribit, Derive and Paradex settle on the mean A of the index over the last ``W`` = 30 minutes. Seen from time T before
the end, of which tau = min(T, W) lie in the window, the part ``1 - w = tau / W`` of A is still open:

    A = w TWAP + (1 - w) R        R the mean over the tau still to come, whose forward is F

So a call on A is ``1 - w`` calls on R with strike ``(K - w TWAP) / (1 - w)``, and R has the variance of a price that
moves for ``T_eff`` years:

    before the window   T_eff = T - 2 W / 3
    inside it           T_eff = T / 3

because the mean of a Brownian path over tau has a third of its variance. (For a lognormal index the variance is larger
by the factor 1 + sigma^2 tau / 12, which is 1.00002 at a volatility of 200 %.) The delta is ``1 - w`` times the delta
of that call: it decays to zero while the average fills. Where the strike of the rest is negative, the option is
certain: a call is worth ``w TWAP + (1 - w) F - K``.

Units as in ``pricing.black``. The index is taken to be watched without a pause; 300 samples have a variance
0.5 % larger.

Source:
    Derive help centre, settlement example; Deribit, "Index price and settlement". Variance of an average: A. Kemna and
    A. Vorst (1990), J. Banking and Finance 14, 113-129. The split is exact; the third is derived from the integral of
    ((tau - u) / tau)^2 over the window.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from makerscope.errors import DomainError
from makerscope.pricing.black import Floats, Greeks, black76_greeks

WINDOW = 30.0 / (365 * 24 * 60)  # years
FURTHEST = 1e200  # times the forward: no index rises so far in half an hour


class Remainder(NamedTuple):
    """What is still open of an averaged settlement: ``weight`` options of ``strike`` and ``expiry`` on the rest."""

    weight: Floats  # 1 - w, no unit
    strike: Floats  # of the rest, quote currency; may be negative; not a number where nothing is open
    expiry: Floats  # T_eff, years
    known: Floats  # w TWAP, quote currency


def settlement_mark(
    forward: ArrayLike, expiry: ArrayLike, average_so_far: ArrayLike, *, window: float = WINDOW
) -> Floats:
    """Expected settlement price: ``w TWAP + (1 - w) F``, and F before the window.

    Args:
        forward: F, quote currency.
        expiry: years of 365 days to the end of the window.
        average_so_far: mean of the index since the window began, quote currency; not looked at before it.
        window: length of the window in years.

    Raises:
        DomainError: the expiry is negative, or the average is missing inside the window.

    Examples:
        Ten of thirty minutes at 1950, then 1975 is expected.

        >>> float(settlement_mark(1975.0, WINDOW * 20 / 30, 1950.0).round(4))
        1966.6667
    """
    rest = remainder(np.float64(0.0), expiry, average_so_far, window=window)
    return rest.known + rest.weight * np.asarray(forward, np.float64)


def remainder(
    strike: ArrayLike, expiry: ArrayLike, average_so_far: ArrayLike = np.nan, *, window: float = WINDOW
) -> Remainder:
    """The open part of an averaged settlement; arguments as in ``settlement_mark``.

    Raises:
        DomainError: the expiry is negative, or the average is missing inside the window.

    Examples:
        >>> rest = remainder(2000.0, WINDOW / 2, 1990.0)
        >>> float(rest.weight), float(rest.strike), float(rest.expiry / WINDOW)
        (0.5, 2010.0, 0.16666666666666666)
    """
    K, T, seen = (np.asarray(value, np.float64) for value in (strike, expiry, average_so_far))
    if not window > 0.0 or not (T >= 0.0).all():
        raise DomainError(f"window is {window} and the least expiry {T.min()}; want a window above 0, expiry 0 or more")
    weight = np.minimum(T / window, 1.0)
    running = weight < 1.0
    if not (np.where(running, seen, 1.0) > 0.0).all():
        raise DomainError("average_so_far is missing or not positive inside the window; want the mean of the index")
    known = np.where(running, (1.0 - weight) * np.where(running, seen, 0.0), 0.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # the last instants of a window
        rest = np.where(weight > 0.0, (K - known) / weight, np.nan)
    return Remainder(weight, rest, np.where(running, T / 3.0, T - 2.0 / 3.0 * window), known)


def settled_greeks(
    forward: ArrayLike,
    strike: ArrayLike,
    volatility: ArrayLike,
    expiry: ArrayLike,
    average_so_far: ArrayLike = np.nan,
    *,
    is_call: ArrayLike,
    window: float = WINDOW,
) -> Greeks:
    """Price and Greeks of an option on the average, before and inside the window.

    Theta is the change with time while F stays and the average goes on filling at F, to the order of the volatility
    of the rest.

    Args:
        forward: F, quote currency per unit. Arguments broadcast.
        strike: K, quote currency per unit.
        volatility: annualised, as a fraction.
        expiry: years of 365 days to the end of the window.
        average_so_far: mean of the index since the window began; not looked at before it.
        is_call: True for a call.
        window: length of the window in years.

    Raises:
        DomainError: as in ``black76_price`` and ``remainder``.

    Examples:
        The delta at the money falls with the part of the average that is open.

        >>> left = np.array([60.0, 30.0, 15.0, 3.0]) / (365 * 24 * 60)
        >>> settled_greeks(100.0, 100.0, 0.6, left, 100.0, is_call=True).delta.round(4)
        array([0.501 , 0.5005, 0.2502, 0.05  ])
    """
    F, K, sigma, T, seen, call = np.broadcast_arrays(forward, strike, volatility, expiry, average_so_far, is_call)
    if not (K > 0.0).all():
        raise DomainError(f"the least strike is {K.min()}; want finite numbers above 0")
    rest = remainder(K, T, seen, window=window)
    # beyond either end it is certain which way the option ends, whatever the rest does
    open_part = (rest.strike > 0.0) & (rest.strike < FURTHEST * F)
    parts = black76_greeks(
        F, np.where(open_part, rest.strike, F), sigma, np.where(open_part, rest.expiry, 0.0), is_call=call
    )
    mark = rest.known + rest.weight * F
    sure = np.maximum(np.where(call, mark - K, K - mark), 0.0)  # the rest can no longer cross its strike
    price = np.where(open_part, rest.weight * parts.price, sure)
    _price, delta, gamma, vega, theta, _rho, vanna, volga = (
        np.where(open_part, rest.weight * part, 0.0) for part in parts
    )
    exercised = np.where(call, mark > K, mark < K)
    delta = np.where(~open_part & exercised, np.where(call, rest.weight, -rest.weight), delta)
    return Greeks(price, delta, gamma, vega, theta, -T * price, vanna, volga)
