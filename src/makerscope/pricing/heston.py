"""Heston: European prices by a Fourier integral, a reference for tests and scenarios.

The characteristic function is written so that its logarithm never leaves the main branch (Albrecher et al. 2007), the
integral is Lewis's single one, summed by Gauss-Legendre on panels until the rest cannot matter.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)
_TINY = 1e-17


@dataclass(frozen=True, slots=True, kw_only=True)
class Heston:
    """``dv = kappa (theta - v) dt + xi sqrt(v) dW``, correlated ``rho`` with the price; rates per year of 365 days.

    Args:
        v0: variance now, per year, >= 0.
        kappa: speed of return, per year, > 0.
        theta: variance it returns to, per year, >= 0.
        xi: volatility of variance, per year, > 0.
        rho: correlation, -1 to 1.
    """

    v0: float
    kappa: float
    theta: float
    xi: float
    rho: float

    def __post_init__(self) -> None:
        if not (self.v0 >= 0.0 and self.kappa > 0.0 and self.theta >= 0.0 and self.xi > 0.0 and abs(self.rho) <= 1.0):
            raise DomainError(f"want v0, theta >= 0, kappa, xi > 0, |rho| <= 1; got {self}")
        if not self.v0 + self.theta > 0.0:
            raise DomainError(f"want some variance; got {self}")


def log_characteristic(model: Heston, u: NDArray[np.complex128], expiry: float) -> NDArray[np.complex128]:
    """``ln E exp(i u ln(S_T / F))`` at complex ``u``."""
    kappa, xi = model.kappa, model.xi
    beta = kappa - model.rho * xi * 1j * u
    q = 1j * u + u * u
    d = np.sqrt(beta * beta + xi * xi * q)
    # (beta - d) / xi^2 = -q / (beta + d): nothing cancels, also where xi is small
    less = -q / (beta + d)
    g = xi * xi * less / (beta + d)
    fade = np.exp(-d * expiry)
    turn = _log1p(g * (1.0 - fade) / (1.0 - g)) / (xi * xi)
    return kappa * model.theta * (less * expiry - 2.0 * turn) + model.v0 * less * (1.0 - fade) / (1.0 - g * fade)


def _log1p(z: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """``ln(1 + z)`` that keeps the digits of a small ``z``, which NumPy's does not for complex numbers."""
    x, y = z.real, z.imag
    return 0.5 * np.log1p(x * (2.0 + x) + y * y) + 1j * np.arctan2(y, 1.0 + x)


def heston_price(
    forward: ArrayLike, strike: ArrayLike, expiry: float, model: Heston, *, is_call: bool = True
) -> NDArray[np.float64]:
    """Undiscounted price of a European option on the forward.

    Args:
        forward: F, quote currency. Broadcasts with strike.
        strike: K, quote currency.
        expiry: years of 365 days, > 0.
        model: variance process.
        is_call: True for calls, False for puts.

    Returns:
        Quote currency per unit of underlying; error below 1e-10 of the forward.

    Raises:
        DomainError: forward, strike or expiry not positive.

    Source:
        A. Lewis (2001), A simple option formula for general jump-diffusion; H. Albrecher et al. (2007), The little
        Heston trap.

    Examples:
        >>> model = Heston(v0=0.0175, kappa=1.5768, theta=0.0398, xi=0.5751, rho=-0.5711)
        >>> float(heston_price(100.0, 100.0, 1.0, model).round(8))
        5.78515543
    """
    F, K = np.broadcast_arrays(np.asarray(forward, np.float64), np.asarray(strike, np.float64))
    if not (np.all(F > 0.0) and np.all(K > 0.0) and expiry > 0.0):
        raise DomainError("want forward, strike and expiry above 0")
    x = np.log(F / K).ravel()
    total = np.zeros_like(x)
    # panels: fine where the variance or the strike turns the integrand, then wider
    step = min(1.0 / np.sqrt(expected_variance(model, expiry)), 8.0, 40.0 / max(float(np.max(np.abs(x))), 1.0))
    start = 0.0
    for _ in range(4096):
        u = start + 0.5 * step * (_NODES + 1.0)
        damped = np.exp(log_characteristic(model, u - 0.5j, expiry)) / (u * u + 0.25)
        total += 0.5 * step * (np.cos(np.outer(x, u)) @ (_WEIGHTS * damped.real))
        total -= 0.5 * step * (np.sin(np.outer(x, u)) @ (_WEIGHTS * damped.imag))
        start += step
        if abs(damped[-1]) * start < _TINY:
            break
    call = F - np.sqrt(F * K) * total.reshape(F.shape) / np.pi
    price = call if is_call else call - (F - K)
    floor = np.maximum(F - K if is_call else K - F, 0.0)
    return np.maximum(price, floor)


def expected_variance(model: Heston, expiry: float) -> float:
    """Expected integral of variance until expiry: the model's variance swap, total.

    Examples:
        >>> round(expected_variance(Heston(v0=0.04, kappa=2.0, theta=0.04, xi=0.3, rho=0.0), 0.5), 12)
        0.02
    """
    share = -np.expm1(-model.kappa * expiry) / model.kappa
    return float(model.theta * expiry + (model.v0 - model.theta) * share)
