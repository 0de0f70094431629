"""A surface: one SVI slice per expiry, and total variance at any strike and expiry between and beyond them.

Between two expiries total variance is linear in time at the same log-moneyness, so that it never falls where the
slices do not cross. Before the first it goes to 0 in proportion to time: where the first slice allows no butterfly,
neither does this (``g`` of ``share * w`` is a concave function of ``share``, not negative at 0 and at 1). After the
last it rises by the same amount at each strike, at the rate of the last expiry at the money.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from makerscope.errors import DomainError
from makerscope.kernels import svi as kernels
from makerscope.pricing.svi import Floats, RawSvi, numbers


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Slices by expiry.

    Args:
        expiries: years of 365 days, float64 ``(n,)``, ascending, above 0.
        parameters: float64 ``(n, 5)``: a, b, rho, m, sigma of each slice.
    """

    expiries: Floats
    parameters: Floats

    def __post_init__(self) -> None:
        if self.parameters.shape != (self.expiries.size, 5) or self.expiries.size == 0:
            raise DomainError(f"want five parameters for each of {self.expiries.size} expiries, at least one")
        if not (self.expiries[0] > 0.0 and np.all(np.diff(self.expiries) > 0.0)):
            raise DomainError("want expiries above 0 and ascending")


def surface_of(expiries: ArrayLike, slices: list[RawSvi]) -> Surface:
    """A surface of checked slices, in any order of expiry.

    Raises:
        DomainError: no slice, an expiry twice or not positive, another number of expiries than of slices.

    Examples:
        >>> flat = [RawSvi(0.01, 0.0, 0.0, 0.0, 1.0), RawSvi(0.04, 0.0, 0.0, 0.0, 1.0)]
        >>> volatility(surface_of([0.25, 1.0], flat), 0.1, [0.25, 0.625, 1.0]).round(6)
        array([0.2, 0.2, 0.2])
    """
    when = np.asarray(expiries, np.float64)
    if when.size != len(slices) or not slices:
        raise DomainError(f"{when.size} expiries and {len(slices)} slices, want as many, at least one")
    order = np.argsort(when)
    return Surface(when[order], np.array([numbers(slices[i]) for i in order]))


def slice_at(surface: Surface, index: int) -> RawSvi:
    """One slice as checked parameters."""
    return RawSvi(*surface.parameters[index].tolist())


def total_variance(surface: Surface, k: ArrayLike, expiry: ArrayLike) -> Floats:
    """Total variance at log-moneyness (of that expiry's own forward) and expiry; both broadcast.

    Args:
        surface: slices by expiry.
        k: log(strike / forward).
        expiry: years of 365 days, >= 0.

    Returns:
        Volatility squared times expiry, no unit.

    Raises:
        DomainError: an expiry is negative, or a number is not finite.

    Examples:
        >>> two = surface_of([0.25, 1.0], [RawSvi(0.01, 0.0, 0.0, 0.0, 1.0), RawSvi(0.05, 0.1, 0.0, 0.0, 0.1)])
        >>> total_variance(two, 0.0, [0.125, 0.25, 0.625, 1.0, 2.0]).round(6)
        array([0.005, 0.01 , 0.035, 0.06 , 0.12 ])
    """
    places, when = np.broadcast_arrays(np.asarray(k, np.float64), np.asarray(expiry, np.float64))
    if not (np.all(np.isfinite(places)) and np.all(np.isfinite(when)) and np.all(when >= 0.0)):
        raise DomainError("want finite log-moneyness and expiries not below 0")
    shape, places, when = places.shape, np.array(places).ravel(), when.ravel()
    last = surface.expiries.size - 1
    later = np.searchsorted(surface.expiries, when, side="left")
    above, below = np.minimum(later, last), np.clip(later - 1, 0, last)
    high, low = _at(surface, places, above), _at(surface, places, below)
    start, end = surface.expiries[below], surface.expiries[above]
    share = np.divide(when - start, end - start, out=np.ones_like(when), where=end > start)
    between = low + share * (high - low)
    before = high * when / surface.expiries[0]
    at_money = _at(surface, np.zeros(1), np.array([last]))[0]
    after = high + at_money * (when / surface.expiries[-1] - 1.0)
    return np.where(later == 0, before, np.where(later > last, after, between)).reshape(shape)


def volatility(surface: Surface, k: ArrayLike, expiry: ArrayLike) -> Floats:
    """Annualised volatility at log-moneyness and expiry; both broadcast.

    Raises:
        DomainError: an expiry is not positive, or a number is not finite.
    """
    when = np.asarray(expiry, np.float64)
    if not np.all(when > 0.0):
        raise DomainError("want expiries above 0")
    return np.sqrt(total_variance(surface, k, when) / when)


def volatility_of_strike(surface: Surface, strike: ArrayLike, forward: ArrayLike, expiry: ArrayLike) -> Floats:
    """Annualised volatility of a strike, given the forward of its expiry; all broadcast.

    Raises:
        DomainError: strike, forward or expiry not positive.

    Examples:
        >>> one = surface_of([1.0], [RawSvi(0.04, 0.0, 0.0, 0.0, 1.0)])
        >>> float(volatility_of_strike(one, 120.0, 100.0, 0.5).round(12))
        0.2
    """
    K, F = np.asarray(strike, np.float64), np.asarray(forward, np.float64)
    if not (np.all(K > 0.0) and np.all(F > 0.0)):
        raise DomainError("want strikes and forwards above 0")
    return volatility(surface, np.log(K / F), expiry)


def _at(surface: Surface, k: Floats, row: np.ndarray) -> Floats:
    out = np.empty(k.size)
    kernels.total_variance(k, surface.parameters, row, out)
    return out
