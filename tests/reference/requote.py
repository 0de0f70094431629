"""A chain quoted again by the formulas as books print them: NumPy and SciPy, one array a step."""

import numpy as np
from scipy.special import ndtr


def slow_requote(surface, forwards, spot0, spot, terms, *, strike, expiry, is_call):
    """Volatility, price, delta, gamma, vega, vanna, volga ``(7, n)`` and the bid and ask in ticks ``(2, n)``."""
    F = spot * (forwards / spot0)[expiry]
    T = surface.expiries[expiry]
    a, b, rho, m, sigma = surface.parameters.T[:, expiry]
    k = np.log(strike / F)
    w = a + b * (rho * (k - m) + np.sqrt((k - m) ** 2 + sigma**2))
    return numpy_quotes(F, strike, T, w, is_call, terms)


def numpy_quotes(F, K, T, w, is_call, terms):  # noqa: PLR0917 - the formula's own letters
    """From forwards and total variances on."""
    s = np.sqrt(w)
    d1 = np.log(F / K) / s + s / 2
    d2 = d1 - s
    sign = np.where(is_call, 1.0, -1.0)
    density = np.exp(-d1 * d1 / 2) / np.sqrt(2 * np.pi)
    volatility = s / np.sqrt(T)
    delta = sign * ndtr(sign * d1)
    price = F * delta - K * sign * ndtr(sign * d2)
    gamma = density / (F * s)
    vega = F * density * np.sqrt(T)
    vanna = -density * d2 / volatility
    volga = vega * d1 * d2 / volatility
    half = np.maximum(terms.half_volatility * vega, terms.least_half)
    middle = price + terms.lean_delta * delta + terms.lean_vega * vega
    unit = (1.0 / F if terms.coin else 1.0) / terms.tick
    low, high = (middle - half) * unit, (middle + half) * unit
    below = np.where(low >= terms.coarse_from, terms.coarse, 1)
    above = np.where(high > terms.coarse_from, terms.coarse, 1)
    bid = np.maximum(np.floor(low / below) * below, 0.0)
    ask = np.maximum(np.ceil(high / above) * above, bid + below)
    return np.array([volatility, price, delta, gamma, vega, vanna, volga]), np.array([bid, ask]).astype(np.int64)
