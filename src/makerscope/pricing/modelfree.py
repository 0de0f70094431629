"""Model-free implied variance: what a strip of out-of-the-money options says without a model (the VIX method).

Prices are per unit of underlying, in quote currency; strikes likewise; time in years of 365 days; variance is
annualised. ``nan`` or a bid of 0 stands for a quote that is absent. Options whose premium is paid in the underlying
(coin) are converted first, by the forward of their own expiry: ``quote_prices``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, exp, log, nan, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError

THIRTY_DAYS = 30 / 365  # years
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFree:
    """The model-free variance of one expiry, and how far its strip may be trusted.

    ``variance`` is None where there is none, and ``reason`` says why. ``low_sd`` and ``high_sd`` are the first and the
    last strike used, in standard deviations ``ln(K / F) / sqrt(variance * T)``: what lies outside them is missing, so
    the variance is low by it. ``gap_sd`` is the widest step between neighbouring strikes of the strip in the same unit.
    ``cut`` is the share of the variance that a flat smile would have outside the strip (not added to ``variance``).
    """

    variance: float | None
    expiry: float
    forward: float | None = None
    K0: float | None = None
    strikes: int = 0
    low: float | None = None
    high: float | None = None
    low_sd: float | None = None
    high_sd: float | None = None
    gap_sd: float | None = None
    cut: float | None = None
    reason: str = ""


def parity_forward(
    strike: ArrayLike, call: ArrayLike, put: ArrayLike, *, expiry: float = 0.0, rate: float = 0.0, coin: bool = False
) -> float:
    """Forward from the strike K* with the smallest ``abs(C - P)``: ``K* + e^{rT} (C - P)``, signed.

    Args:
        strike: K, quote currency, shape ``(n,)``.
        call: price of the call, ``nan`` where unknown.
        put: price of the put.
        expiry: T, years.
        rate: r, annual, continuous.
        coin: prices are paid in the underlying, undiscounted: then ``C - P = 1 - K/F`` and ``F = K* / (1 - (C - P))``.

    Returns:
        F, or ``nan`` where no strike has both prices.

    Source:
        Cboe Volatility Index methodology.

    Examples:
        >>> parity_forward([90.0, 100.0], [12.0, 4.0], [1.0, 6.0])
        98.0
        >>> parity_forward([100.0], [0.05], [0.25], coin=True).__round__(9)
        83.333333333
    """
    K, C, P = _columns(strike=strike, call=call, put=put)
    apart = np.abs(C - P)
    if np.isnan(apart).all():
        return nan
    at = int(np.nanargmin(apart))
    signed = float(C[at] - P[at])
    if coin:
        return float(K[at]) / (1 - signed) if signed < 1 else nan
    return float(K[at]) + exp(rate * expiry) * signed


def quote_prices(price_coin: ArrayLike, forward: float) -> Floats:
    """Premiums in coin as quote currency, by the forward of the same expiry.

    Examples:
        >>> quote_prices([0.01, 0.0], 50_000.0)
        array([500.,   0.])
    """
    if not forward > 0:
        raise DomainError(f"forward is {forward}; want more than 0")
    return np.asarray(price_coin, np.float64) * forward


def model_free_variance(
    strike: ArrayLike,
    call_bid: ArrayLike,
    call_ask: ArrayLike,
    put_bid: ArrayLike,
    put_ask: ArrayLike,
    *,
    expiry: float,
    rate: float = 0.0,
    forward: float | None = None,
    coin: bool = False,
) -> ModelFree:
    """``(2/T) sum dK/K^2 e^{rT} Q(K) - (1/T) (F/K0 - 1)^2`` of one expiry, ``Q`` the mid out of the money.

    K0 is the first strike at or below F; there Q is the mean of call and put. From K0 outwards a strike without a bid
    is left out, and after two such strikes in a row the wing ends. dK is half the distance of the neighbours in the
    strip, and the whole distance at its ends.

    Args:
        strike: K, rising, shape ``(n,)``.
        call_bid: 0 or ``nan`` where there is none, as in the next three.
        call_ask: likewise; a bid without an ask has no mid and counts as no quote.
        put_bid: likewise.
        put_ask: likewise.
        expiry: T, years, > 0.
        rate: r, annual, continuous; 0 for prices that are not discounted.
        forward: F, default from put-call parity of the mids.
        coin: premiums are in the underlying; they are converted by F first (``rate`` must be 0).

    Raises:
        DomainError: strikes do not rise or are not positive, lengths differ, T is not positive, a price is negative.

    Source:
        Cboe Volatility Index methodology; M. Britten-Jones and A. Neuberger (2000), J. Finance 55, 839-866.

    Examples:
        >>> out = model_free_variance([90.0, 100.0, 110.0], [12, 4.0, 1], [13, 4.5, 2], [1, 3.0, 11], [2, 3.5, 12],
        ...                           expiry=0.1)
        >>> out.forward, out.K0, out.strikes, round(out.variance, 4)
        (101.0, 100.0, 3, 0.1358)
    """
    if not expiry > 0:
        raise DomainError(f"expiry is {expiry} years; want more than 0")
    if coin and rate:
        raise DomainError("premiums in coin are not discounted; want rate 0")
    columns = _columns(strike=strike, call_bid=call_bid, call_ask=call_ask, put_bid=put_bid, put_ask=put_ask)
    K = columns[0]
    if not (np.all(K > 0) and np.all(np.diff(K) > 0)):
        raise DomainError("strikes do not rise or are not positive; want 0 < K[0] < K[1] < ...")
    call, put = _mids(columns[1], columns[2]), _mids(columns[3], columns[4])
    F = parity_forward(K, call, put, expiry=expiry, rate=rate, coin=coin) if forward is None else forward
    if not F > 0:
        return ModelFree(variance=None, expiry=expiry, reason="no strike has both a call and a put")
    if coin:
        call, put = quote_prices(call, F), quote_prices(put, F)
    place = int(np.searchsorted(K, F, side="right")) - 1
    if place < 0:
        return ModelFree(variance=None, expiry=expiry, forward=F, reason="no strike lies at or below the forward")
    used = _strip(call, put, place)
    if used.shape[0] < 3:
        why = f"{used.shape[0]} strikes have a quote; want at least 3"
        return ModelFree(variance=None, expiry=expiry, forward=F, K0=float(K[place]), strikes=len(used), reason=why)
    k = K[used]
    Q = np.where(used < place, put[used], call[used])
    Q = np.where(used == place, _middle(call[place], put[place]), Q)
    variance = 2 / expiry * exp(rate * expiry) * float(np.sum(_steps(k) / k**2 * Q)) - (F / K[place] - 1) ** 2 / expiry
    return _answer(float(variance), expiry, float(F), float(K[place]), k)


def _answer(variance: float, expiry: float, F: float, K0: float, k: Floats) -> ModelFree:
    reason = ""
    scale = sqrt(variance * expiry) if variance > 0 else nan
    if not variance > 0:
        reason = "the strip gives no positive variance"
    elif not k[0] < F < k[-1]:
        reason = "one wing only: the variance is a lower bound"
    known = variance > 0
    return ModelFree(
        variance=variance if known else None,
        expiry=expiry,
        forward=F,
        K0=K0,
        strikes=k.shape[0],
        low=float(k[0]),
        high=float(k[-1]),
        low_sd=log(k[0] / F) / scale if known else None,
        high_sd=log(k[-1] / F) / scale if known else None,
        gap_sd=float(np.max(np.diff(np.log(k)))) / scale if known else None,
        cut=outside_share(log(k[0] / F) / scale, log(k[-1] / F) / scale) if known else None,
        reason=reason,
    )


def outside_share(low_sd: float, high_sd: float) -> float:
    """Share of a flat smile's variance in options beyond ``low_sd`` and ``high_sd`` standard deviations.

    ``(1 + z^2) N(-z) - z n(z)`` for each side, from the normal limit of the out-of-the-money price; 1 at most.

    Examples:
        >>> round(outside_share(-1.5, 1.5), 4), round(outside_share(-3.0, 3.0), 6)
        (0.0457, 0.000407)
    """
    sides = (max(-low_sd, 0.0), max(high_sd, 0.0))
    return min(1.0, sum((1 + z * z) * erfc(z / sqrt(2)) / 2 - z * exp(-z * z / 2) / sqrt(2 * pi) for z in sides))


def thirty_day_variance(
    terms: Sequence[ModelFree], *, horizon: float = THIRTY_DAYS, shortest: float = 1 / 365
) -> tuple[float | None, str]:
    """Variance to ``horizon``, linear in total variance between the two expiries around it.

    ``[T1 v1 (T2 - T) + T2 v2 (T - T1)] / (T2 - T1) / T``, as the VIX does in minutes. Its root times 100 is the index.

    Args:
        terms: of any expiries; those without a variance are left out.
        horizon: T, years.
        shortest: expiries nearer than this many years are left out.

    Returns:
        The annualised variance and "", or None and the reason. It is never extrapolated.

    Examples:
        >>> terms = [ModelFree(variance=v, expiry=T) for v, T in ((0.25, 20 / 365), (0.36, 40 / 365))]
        >>> round(thirty_day_variance(terms)[0], 6)
        0.323333
    """
    known = sorted((item.expiry, item.variance) for item in terms if item.variance is not None)
    known = [(T, v) for T, v in known if shortest <= T]
    near = [item for item in known if item[0] <= horizon]
    far = [item for item in known if item[0] > horizon]
    if near and near[-1][0] == horizon:
        return near[-1][1], ""
    if not near or not far:
        side = "before" if not near else "after"
        return None, f"no expiry with a variance lies {side} {horizon * 365:.0f} days"
    (T1, v1), (T2, v2) = near[-1], far[0]
    return (T1 * v1 * (T2 - horizon) + T2 * v2 * (horizon - T1)) / (T2 - T1) / horizon, ""


def _strip(call: Floats, put: Floats, place: int) -> NDArray[np.int64]:
    """Places of the strikes in the strip, rising: K0, and each wing until two strikes in a row have no quote."""
    low = _wing(put[:place][::-1])
    high = _wing(call[place + 1 :])
    centre = [] if np.isnan(call[place]) and np.isnan(put[place]) else [place]
    return np.concatenate([place - 1 - low[::-1], np.array(centre, np.int64), place + 1 + high]).astype(np.int64)


def _wing(mid: Floats) -> NDArray[np.int64]:
    """Places with a quote, outwards, before the first two in a row without."""
    none = np.isnan(mid)
    pairs = np.flatnonzero(none[1:] & none[:-1])
    end = int(pairs[0]) if pairs.shape[0] else mid.shape[0]
    return np.flatnonzero(~none[:end])


def _steps(k: Floats) -> Floats:
    """Half the distance between the neighbours of each strike, the whole step at the ends."""
    return np.concatenate([[k[1] - k[0]], (k[2:] - k[:-2]) / 2, [k[-1] - k[-2]]])


def _mids(bid: Floats, ask: Floats) -> Floats:
    """Mids where a bid above 0 and an ask stand, else ``nan``."""
    if np.any(bid < 0) or np.any(ask < 0):
        raise DomainError("a price is negative; want 0 or more")
    return np.where((bid > 0) & (ask >= bid), (bid + ask) / 2, nan)


def _middle(call: float, put: float) -> float:
    """The mean of call and put at K0, or the one that is quoted."""
    return float(np.nanmean([call, put])) if not (np.isnan(call) and np.isnan(put)) else nan


def _columns(**values: ArrayLike) -> list[Floats]:
    out = [np.ascontiguousarray(value, np.float64) for value in values.values()]
    if any(column.shape != out[0].shape or column.ndim != 1 for column in out):
        shapes = ", ".join(f"{name} {column.shape}" for name, column in zip(values, out, strict=True))
        raise DomainError(f"shapes are {shapes}; want one dimension and equal lengths")
    return out
