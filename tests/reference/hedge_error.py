"""A sold option, hedged with Black's delta at equal steps until it expires: the P&L of each path."""

from math import erfc, sqrt

import numpy as np

_below = np.vectorize(lambda x: erfc(-x / sqrt(2)) / 2, otypes=[float])


def hedged_pnl(*, S0, K, volatility, T, hedges, paths, seed):
    """P&L ``(paths,)`` of one call sold at its worth, with hedges free of cost and no interest."""
    rng = np.random.Generator(np.random.PCG64(seed))
    dt = T / hedges
    spot, pnl = np.full(paths, float(S0)), np.zeros(paths)
    s = volatility * sqrt(T)
    d1 = np.log(spot / K) / s + s / 2
    pnl += spot * _below(d1) - K * _below(d1 - s)
    for step in range(hedges):
        s = volatility * sqrt(T - step * dt)
        delta = _below(np.log(spot / K) / s + s / 2)
        later = spot * np.exp(volatility * sqrt(dt) * rng.standard_normal(paths) - volatility**2 * dt / 2)
        pnl += delta * (later - spot)
        spot = later
    return pnl - np.maximum(spot - K, 0.0)
