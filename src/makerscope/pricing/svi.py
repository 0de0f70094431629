"""Raw SVI and its jump-wings form: total variance of one expiry, its arbitrage function and its density.

Everywhere: ``k`` is log(strike / forward), total variance ``w`` is volatility squared times expiry in years of 365
    days.

Source: J. Gatheral, A. Jacquier (2014), Arbitrage-free SVI volatility surfaces, Quantitative Finance 14, 59-71.
"""

import math
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RawSvi:
    """``w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2))``, positive everywhere.

    Args:
        a: level, total variance; may be negative as long as the lowest variance is positive.
        b: half the sum of the slopes of the wings, >= 0.
        rho: tilt, from -1 to 1.
        m: where the smile turns, log-moneyness.
        sigma: how round the turn is, log-moneyness, > 0.
    """

    a: float
    b: float
    rho: float
    m: float
    sigma: float

    def __post_init__(self) -> None:
        numbers = astuple(self)
        if not all(math.isfinite(number) for number in numbers):
            raise DomainError(f"want five finite numbers; got {self}")
        if self.b < 0.0 or not -1.0 <= self.rho <= 1.0 or self.sigma <= 0.0:
            raise DomainError(f"want b >= 0, -1 <= rho <= 1, sigma > 0; got {self}")
        if not lowest_variance(self) > 0.0:
            raise DomainError(f"the lowest total variance is {lowest_variance(self):.3g}, want above 0; got {self}")


@dataclass(frozen=True, slots=True)
class JumpWings:
    """The same slice in numbers a trader reads, all per year where a variance: Gatheral's jump-wings.

    Args:
        v: variance at the money, per year.
        psi: skew at the money, d volatility / dk times the square root of expiry.
        p: slope of the left wing over the square root of the total variance at the money.
        c: slope of the right wing, likewise.
        v_tilde: lowest variance, per year.
    """

    v: float
    psi: float
    p: float
    c: float
    v_tilde: float


def numbers(slice_: RawSvi) -> Floats:
    """The five parameters as float64 ``(5,)``, in the order of the fields."""
    return np.array(astuple(slice_))


def lowest_variance(slice_: RawSvi) -> float:
    """Lowest total variance over all strikes.

    Examples:
        >>> lowest_variance(RawSvi(0.04, 0.0, 0.0, 0.0, 1.0))
        0.04
    """
    return slice_.a + slice_.b * slice_.sigma * math.sqrt(1.0 - slice_.rho**2)


def wing_slopes(slice_: RawSvi) -> tuple[float, float]:
    """Slopes of total variance far left and far right, both >= 0; Lee's bound is 2.

    Examples:
        >>> wing_slopes(RawSvi(0.04, 0.5, -0.5, 0.0, 0.1))
        (0.75, 0.25)
    """
    return slice_.b * (1.0 - slice_.rho), slice_.b * (1.0 + slice_.rho)


def variance_and_slopes(slice_: RawSvi, k: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Total variance and its first two derivatives in log-moneyness, each in the shape of ``k``."""
    x = np.asarray(k, np.float64) - slice_.m
    z = np.hypot(x, slice_.sigma)
    return (
        slice_.a + slice_.b * (slice_.rho * x + z),
        slice_.b * (slice_.rho + x / z),
        slice_.b * slice_.sigma**2 / z**3,
    )


def total_variance(slice_: RawSvi, k: ArrayLike) -> Floats:
    """Total variance at each log-moneyness.

    Examples:
        >>> total_variance(RawSvi(0.04, 0.1, -0.3, 0.0, 0.2), [0.0, 0.1]).round(6)
        array([0.06    , 0.059361])
    """
    return variance_and_slopes(slice_, k)[0]


def durrleman(slice_: RawSvi, k: ArrayLike) -> Floats:
    """Gatheral's ``g``: no butterfly can be bought for nothing where it is >= 0.

    Args:
        slice_: raw SVI.
        k: log-moneyness, any shape.

    Returns:
        ``(1 - k w'/(2w))^2 - w'^2/4 (1/w + 1/4) + w''/2``, no unit.

    Examples:
        >>> float(durrleman(RawSvi(a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, sigma=0.4153), 0.8793).round(4))
        -0.0329
    """
    k = np.asarray(k, np.float64)
    w, slope, bend = variance_and_slopes(slice_, k)
    return (1.0 - 0.5 * k * slope / w) ** 2 - 0.25 * slope**2 * (1.0 / w + 0.25) + 0.5 * bend


def density(slice_: RawSvi, k: ArrayLike) -> Floats:
    """Risk-neutral density of log(price at expiry / forward), per unit of log-moneyness.

    Examples:
        >>> k = np.linspace(-6, 6, 20001)
        >>> float((density(RawSvi(0.04, 0.1, -0.3, 0.0, 0.2), k).sum() * (k[1] - k[0])).round(6))
        1.0
    """
    k = np.asarray(k, np.float64)
    root = np.sqrt(total_variance(slice_, k))
    d_minus = -k / root - 0.5 * root
    return durrleman(slice_, k) / (math.sqrt(2.0 * math.pi) * root) * np.exp(-0.5 * d_minus**2)


def to_jump_wings(slice_: RawSvi, expiry: float) -> JumpWings:
    """Jump-wings of a raw slice.

    Raises:
        DomainError: expiry is not positive.
    """
    _positive(expiry)
    at_money = float(total_variance(slice_, 0.0))
    root = math.sqrt(at_money)
    left, right = wing_slopes(slice_)
    skew = 0.5 * slice_.b / root * (slice_.rho - slice_.m / math.hypot(slice_.m, slice_.sigma))
    return JumpWings(at_money / expiry, skew, left / root, right / root, lowest_variance(slice_) / expiry)


def from_jump_wings(wings: JumpWings, expiry: float) -> RawSvi:
    """Raw slice of jump-wings.

    Raises:
        DomainError: the wings belong to no smile (skew outside the wings, or the lowest variance above that at the
            money).
    """
    _positive(expiry)
    w = wings.v * expiry
    if not w > 0.0:
        raise DomainError(f"variance at the money is {wings.v}, want above 0")
    root = math.sqrt(w)
    b = 0.5 * root * (wings.c + wings.p)
    if b == 0.0:
        return RawSvi(w, 0.0, 0.0, 0.0, 1.0)
    rho = 1.0 - wings.p * root / b
    beta = rho - 2.0 * wings.psi * root / b  # m / sqrt(m^2 + sigma^2)
    if not abs(beta) < 1.0 or not abs(rho) <= 1.0:
        raise DomainError(f"no smile has these jump-wings: {wings}")
    flat = math.sqrt(1.0 - rho * rho)
    drop = w - wings.v_tilde * expiry
    # with z = sqrt(m^2 + sigma^2): w(0) - lowest = b z (1 - rho beta - sqrt(1 - rho^2) sqrt(1 - beta^2))
    share = 1.0 - rho * beta - flat * math.sqrt(1.0 - beta * beta)
    if drop < 0.0 or share <= 0.0:
        raise DomainError(f"no single smile has these jump-wings: {wings}")
    z = drop / (b * share)
    sigma = z * math.sqrt(1.0 - beta * beta)
    if sigma <= 0.0:
        raise DomainError(f"no single smile has these jump-wings: {wings}")
    return RawSvi(wings.v_tilde * expiry - b * sigma * flat, b, rho, z * beta, sigma)


def butterfly_free(wings: JumpWings) -> JumpWings:
    """Gatheral and Jacquier's replacement without butterflies: same level, skew and left wing.

    It is safe, not close: see ``pricing.repair`` for the nearest.

    Source:
        Gatheral, Jacquier (2014), section 5.1: ``c = p + 2 psi``, ``v_tilde = v 4 p c / (p + c)^2``.
    """
    c = wings.p + 2.0 * wings.psi
    if c <= 0.0 or wings.p <= 0.0:
        raise DomainError(f"want p > 0 and p + 2 psi > 0; got {wings}")
    return JumpWings(wings.v, wings.psi, wings.p, c, wings.v * 4.0 * wings.p * c / (wings.p + c) ** 2)


def _positive(expiry: float) -> None:
    if not expiry > 0.0:
        raise DomainError(f"expiry is {expiry}, want years above 0")
