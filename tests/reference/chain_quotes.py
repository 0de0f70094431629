"""Slow twin of ``kernels.chain_quotes``: one series at a time, by the functions of ``pricing`` and ``models``."""

import numpy as np

from makerscope.kernels import chain_quotes as c
from makerscope.models.logistic import fill_share, hamiltonian
from makerscope.models.option_dealer import volatility_arbitrage
from makerscope.pricing.black import black76_greeks
from makerscope.pricing.svi import RawSvi, total_variance


def slow_series(column, lean, quote):
    """Total volatility, price, Greeks, lean, own cost, bid and ask of one column of a board, by name."""
    years = column[c.ROOT] ** 2
    slice_ = RawSvi(*(float(x) for x in column[[c.LEVEL, c.WINGS, c.TILT, c.PLACE]]), float(column[c.CURVE] ** 0.5))
    sigma = float(total_variance(slice_, column[c.LOG_STRIKE] - column[c.LOG_CENTRE])) ** 0.5
    F, K = column[c.FORWARD], column[c.STRIKE]
    one = black76_greeks(F, K, sigma, years, is_call=bool(column[c.CALL] > 0))
    hold = min(lean[c.HOLD] / years, 1.0) * years
    drift = (
        float(volatility_arbitrage(F, one.gamma, realised=lean[c.REALISED] ** 0.5, implied=sigma, hold=hold))
        * lean[c.ARB]
    )  # S^2 Gamma = vega / (sigma T)
    tilt = np.clip(drift, -lean[c.CAP] * one.vega, lean[c.CAP] * one.vega)
    curve = one.gamma * column[c.SHORT]
    held = {c.BY_VEGA: one.vega, c.BY_DELTA: one.delta, c.BY_GAMMA: curve}
    shift = tilt - sum(lean[by] * greek for by, greek in held.items())
    weights = {c.A_VEGA: one.vega, c.A_DELTA: one.delta, c.A_GAMMA: curve}
    own = 0.5 * column[c.UNITS] * sum(lean[by] * greek**2 for by, greek in weights.items())
    edge = max(quote[c.EDGE_VOLATILITY] * one.vega, quote[c.EDGE_TICKS] / column[c.PER_TICK])
    sides = []
    for side in (1, -1):  # the bid, then the ask
        cost = own - side * shift
        _, best = hamiltonian(cost, alpha=quote[c.ALPHA], beta=quote[c.BETA], vega=one.vega, intensity=1.0)
        sides.append((one.price - side * max(float(best), cost + edge)) * column[c.PER_TICK])
    return {
        c.TOTAL: sigma * column[c.ROOT], c.PRICE: one.price, c.DELTA: one.delta, c.GAMMA: one.gamma, c.VEGA: one.vega,
        c.SHIFT: shift, c.OWN: own, c.BID: sides[0], c.ASK: sides[1],
    }  # fmt: skip


def slow_gain(column, quote, side):
    """What it is worth to replace the quote on a side; the board's wanted and resting prices are in ticks."""
    rest, want = (column[c.REST_BID], column[c.BID]) if side > 0 else (column[c.REST_ASK], column[c.ASK])
    cost = column[c.OWN] - side * column[c.SHIFT]

    def earned(ticks):
        away = side * (column[c.PRICE] - ticks / column[c.PER_TICK])
        share = fill_share(away, alpha=quote[c.ALPHA], beta=quote[c.BETA], vega=column[c.VEGA])
        return float(share) * (away - cost), away

    if rest > 0 and earned(rest)[1] < 0:
        return c.THROUGH - column[c.UNITS] * earned(rest)[1]
    return column[c.UNITS] * max(earned(want)[0] - (earned(rest)[0] if rest > 0 else 0.0), 0.0)
