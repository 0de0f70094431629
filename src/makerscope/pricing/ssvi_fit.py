"""SSVI and eSSVI fitted to a chain: few numbers for a whole surface, where single expiries have too few quotes for SVI.

The error is that of ``pricing.fit``: fitted volatility minus mid, in half widths, Huberised. Walls that the model
needs are built into the parameters: ``theta`` rises from expiry to expiry, and no slice allows a butterfly. SSVI with
one ``rho``,
``0 <= gamma <= 1/2`` and ``eta (1 + |rho|) <= 2`` has no arbitrage at all (Gatheral and Jacquier, corollary 4.1 and
remark 4.4). eSSVI also needs ``|rho2 psi2 - rho1 psi1| <= psi2 - psi1``, held here together with ``phi2 <= phi1``,
which was enough in every case tried; ``pricing.arbitrage.certify`` decides.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import least_squares

from makerscope.errors import DomainError
from makerscope.pricing.fit import HUBER, NARROWEST, quote_faults
from makerscope.pricing.ssvi import power_law, ssvi_slice, ssvi_variance
from makerscope.pricing.surface import Surface
from makerscope.pricing.svi import Floats, numbers

_RHO = 0.999
_ROUNDS = {False: 200, True: 40}  # most evaluations; eSSVI starts near and has many parameters


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SsviFit:
    """A fitted SSVI or eSSVI surface.

    Args:
        expiries: years of 365 days, ascending, ``(n,)``.
        theta: total variance at the money of each expiry, ``(n,)``.
        rho: tilt of each expiry, ``(n,)``; all the same in SSVI.
        phi: curvature of each expiry, ``(n,)``.
        power: eta and gamma of SSVI's power law; None for eSSVI.
        surface: the slices as raw SVI, exactly.
        used: count of the quotes fitted.
        refused: count of the others by reason.
        rmse: root mean square of fitted volatility minus mid, annualised.
        inner: the optimiser's own numbers, to start from at the next moment.
    """

    expiries: Floats
    theta: Floats
    rho: Floats
    phi: Floats
    power: tuple[float, float] | None
    surface: Surface
    used: int
    refused: dict[str, int]
    rmse: float
    inner: Floats


def fit_ssvi(
    expiry: ArrayLike,
    k: ArrayLike,
    bid: ArrayLike,
    ask: ArrayLike,
    *,
    extended: bool = False,
    start: SsviFit | None = None,
) -> SsviFit:
    """Fit SSVI with a power law, or eSSVI, to the two-sided quotes of a chain.

    Args:
        expiry: years of 365 days of each quote, ``(n,)``.
        k: log(strike / forward of that expiry), ``(n,)``.
        bid: volatility of the bid, ``(n,)``; NaN where there is none.
        ask: volatility of the ask, ``(n,)``.
        extended: eSSVI: each expiry has its own tilt and curvature.
        start: the fit of a moment before, with as many expiries and the same model; else a cold start.

    Raises:
        DomainError: the arrays differ in length, or no quote can be used.

    Examples:
        >>> k, when = np.tile(np.linspace(-0.4, 0.4, 9), 2), np.repeat([0.25, 0.5], 9)
        >>> theta = np.where(when < 0.3, 0.09, 0.2)
        >>> mid = np.sqrt(ssvi_variance(k, theta, -0.3, power_law(theta, 1.0, 0.4)) / when)
        >>> fit = fit_ssvi(when, k, mid - 0.01, mid + 0.01)
        >>> fit.theta.round(4), fit.rho.round(3), round(fit.rmse, 5)
        (array([0.09, 0.2 ]), array([-0.3, -0.3]), 0.0)
    """
    when, places, low, high = (np.atleast_1d(np.asarray(x, np.float64)) for x in (expiry, k, bid, ask))
    if not when.shape == places.shape == low.shape == high.shape or when.ndim != 1:
        raise DomainError("expiry, k, bid and ask differ in length")
    faults = np.full(when.size, "", dtype="U24")
    for one in np.unique(when):
        own = np.isnan(when) if np.isnan(one) else when == one
        faults[own] = quote_faults(places[own], low[own], high[own], float(one))
    names, counts = np.unique(faults[faults != ""], return_counts=True)
    kept = faults == ""
    if not kept.any():
        raise DomainError(f"no quote can be used: {dict(zip(names.tolist(), counts.tolist(), strict=True))}")
    when, places, mid, half = when[kept], places[kept], 0.5 * (low + high)[kept], 0.5 * (high - low)[kept]
    half = np.maximum(half, max(NARROWEST, 0.25 * float(np.median(half))))
    expiries, index = np.unique(when, return_inverse=True)
    count = expiries.size

    def error(inner: Floats, unpacked: Callable[[Floats, int], tuple[Floats, Floats, Floats]]) -> Floats:
        theta, rho, phi = unpacked(inner, count)
        w = ssvi_variance(places, theta[index], rho[index], phi[index])
        return (np.sqrt(np.maximum(w, 1e-12) / when) - mid) / half

    def best(first: Floats, unpacked: Callable[[Floats, int], tuple[Floats, Floats, Floats]], rounds: int) -> Floats:
        return least_squares(error, first, args=(unpacked,), loss="huber", f_scale=HUBER, max_nfev=rounds).x

    unpacked = _extended if extended else _powered
    size = 3 * count if extended else count + 3
    if start is not None and start.inner.size == size and (start.power is None) == extended:
        inner = best(start.inner, unpacked, _ROUNDS[extended])
    else:  # eSSVI starts from SSVI, of which it is an extension
        inner = best(_first(expiries, index, places, mid), _powered, _ROUNDS[False])
        if extended:
            inner = best(_packed(*_powered(inner, count)), _extended, _ROUNDS[True])
    theta, rho, phi = unpacked(inner, count)
    rows = [numbers(ssvi_slice(*one)) for one in zip(theta.tolist(), rho.tolist(), phi.tolist(), strict=True)]
    return SsviFit(
        expiries=expiries,
        theta=theta,
        rho=rho,
        phi=phi,
        power=None if extended else _power(inner, float(rho[0])),
        surface=Surface(expiries, np.array(rows)),
        used=int(kept.sum()),
        refused=dict(zip(names.tolist(), counts.tolist(), strict=True)),
        rmse=float(np.sqrt(np.mean((error(inner, unpacked) * half) ** 2))),
        inner=inner,
    )


def _first(expiries: Floats, index: np.ndarray, k: Floats, mid: Floats) -> Floats:
    """A start: theta from the quotes nearest the money, a usual tilt and curvature."""
    theta = np.empty(expiries.size)
    for i in range(expiries.size):
        own = np.flatnonzero(index == i)
        theta[i] = mid[own[np.argmin(np.abs(k[own]))]] ** 2 * expiries[i]
    return np.concatenate([np.log(np.diff(theta, prepend=0.0).clip(1e-3 * theta)), [-0.2, 0.0, 1.0]])


def _squash(x: float | Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -40.0, 40.0)))


def _power(inner: Floats, rho: float) -> tuple[float, float]:
    return float(2.0 / (1.0 + abs(rho)) * _squash(inner[-2])), float(0.5 * _squash(inner[-1]))


def _powered(inner: Floats, count: int) -> tuple[Floats, Floats, Floats]:
    """Rising theta, one rho, and a power law within the bounds of the theorem."""
    theta = np.cumsum(np.exp(np.clip(inner[:count], -40.0, 10.0)))
    rho = _RHO * np.tanh(inner[count])
    return theta, np.full(count, rho), power_law(theta, *_power(inner, float(rho)))


def _room(theta: float, tilt: float, before: tuple[float, float, float]) -> tuple[float, float]:
    """Lowest and highest ``psi`` of a slice of this tilt after one with those ``phi, rho, psi``."""
    phi, rho, psi = before
    lean = 1.0 + abs(tilt)
    top = min(3.999 / lean, math.sqrt(4.0 * theta / lean), phi * theta)
    return psi * max((1.0 + rho) / (1.0 + tilt), (1.0 - rho) / (1.0 - tilt)), top


def _extended(inner: Floats, count: int) -> tuple[Floats, Floats, Floats]:
    """Slice after slice: theta rises, phi does not, psi rises by at least the move of rho psi, no butterfly.

    The wings' condition says that ``psi (1 + rho)`` and ``psi (1 - rho)`` rise, so that each tilt has a lowest
    ``psi``; the highest comes from ``phi`` and the butterfly condition. Where they cross the tilt moves towards that
    of the slice before.
    """
    theta = np.cumsum(np.exp(np.clip(inner[:count], -40.0, 10.0)))
    rho, psi, before = np.empty(count), np.empty(count), (math.inf, 0.0, 0.0)
    for i in range(count):
        tilt = _RHO * math.tanh(inner[count + i])
        bottom, top = _room(theta[i], tilt, before)
        while bottom > top and abs(tilt - before[1]) > 1e-12:
            tilt = 0.5 * (tilt + before[1])
            bottom, top = _room(theta[i], tilt, before)
        rho[i], psi[i] = tilt, bottom + max(top - bottom, 0.0) * float(_squash(inner[2 * count + i]))
        before = psi[i] / theta[i], rho[i], psi[i]
    return theta, rho, psi / theta


def _packed(theta: Floats, rho: Floats, phi: Floats) -> Floats:
    """The inner numbers of ``_extended`` for given slices, as near as its walls allow."""
    psi, before, share = theta * phi, (math.inf, 0.0, 0.0), np.empty(theta.size)
    for i in range(theta.size):
        bottom, top = _room(theta[i], rho[i], before)
        share[i] = np.clip((psi[i] - bottom) / max(top - bottom, 1e-300), 1e-3, 1.0 - 1e-3)
        before = phi[i], rho[i], psi[i]
    return np.concatenate([np.log(np.diff(theta, prepend=0.0)), np.arctanh(rho / _RHO), np.log(share / (1.0 - share))])
