# ruff: noqa: ANN001, ANN201, E501 - compiled functions take the types their docstrings say; one number a line
"""The vega hedge: beyond its band, the net vega is traded away in the listed series where a point costs least to cross.

What crossing costs is the price others show, against the model's price at the spot it sees, plus the fee; while the order
is on its way the price may move as far as the dearest point allowed. The maker stands aside first, so that its own quotes
are not in the way. One order is on its way at a time; what it did not fill is looked at anew.
"""

from types import MappingProxyType

from makerscope.agents.interface import R_SPOT, V_DELTA, V_PRICE, V_VEGA, V_VOLATILITY, take
from makerscope.agents.kind import Number
from makerscope.agents.quoting import own_price
from makerscope.kernels._jit import kernel
from makerscope.market.layout import (
    AN_OPTION,
    FEE_CAP,
    KIND,
    NONE,
    P_ASK,
    P_ASK_SIZE,
    P_BID,
    P_BID_SIZE,
    P_INDEX,
    P_TRADING,
    PPM,
    TAKER_FEE,
    UNDERLYING,
)
from makerscope.market.news import REFUSED, TOOK, W_INSTRUMENT, W_KIND, W_SIZE, W_SLOT

POINT = 0.01  # of volatility; model vega is for 1.00
VEGA_HEDGING = MappingProxyType({
    "vega_band": Number(default=20000, low=0, high=1e15, about="net vega it carries, USD for one point"),
    "vega_keep": Number(default=0.5, low=0, high=1, about="share of that band that a vega hedge leaves"),
    "vega_cost": Number(default=2, low=0, high=1000, about="most that a vega hedge may cost, volatility points"),
    "vega_clip": Number(default=1000, low=1, high=1e12, about="most lots in one vega hedge"),
    "vega_patience_ms": Number(default=5000, low=1, high=1e7, about="after so long a vega hedge that it did not hear of has failed, ms"),
})  # fmt: skip
VEGA_BAND, VEGA_KEEP, VEGA_COST, VEGA_CLIP, VEGA_PATIENCE = range(5)
ON_WAY, WAIT, SERIES, VEGA_SENT, VEGA_FAILED, VEGA_LOTS, ASIDE, SINCE = range(8)  # words
VEGA_WORDS = 8
CLEAR = 3  # blocks until its own quotes are out of the way


@kernel
def point_cost(seen, i, side):
    """What one point of vega costs in series ``i`` for who buys (``side`` +1) or sells it, points; below 0 is a gain.

    Returns 1e9 where nobody shows a price. Also the price of one point, quote currency.
    """
    shown, model, tick = seen.public[i], seen.model[i], seen.real[i, 1]
    touch = shown[P_ASK] if side > 0 else shown[P_BID]
    vega = model[V_VEGA] * POINT
    if touch < 1 or shown[P_TRADING] != 1 or model[V_VOLATILITY] <= 0.0 or vega <= 1e-12:
        return 1e9, 0.0
    spot = seen.reference[seen.spec[i, UNDERLYING], R_SPOT]
    fair = model[V_PRICE] + model[V_DELTA] * (spot - shown[P_INDEX] * tick)
    price = touch * tick
    fee = seen.spec[i, TAKER_FEE] / PPM * spot
    if seen.spec[i, FEE_CAP] > 0:
        fee = min(fee, seen.spec[i, FEE_CAP] / PPM * price)
    return (side * (price - fair) + fee) / vega, vega


@kernel
def best_series(seen, u, side, most):
    """The series with the cheapest point that costs at most ``most`` points and is not its own quote, or NONE."""
    best, cheapest = NONE, most
    for i in range(seen.spec.shape[0]):
        if seen.spec[i, KIND] != AN_OPTION or seen.spec[i, UNDERLYING] != u:
            continue
        cost, _vega = point_cost(seen, i, side)
        touch = seen.public[i, P_ASK] if side > 0 else seen.public[i, P_BID]
        if cost <= cheapest and not own_price(seen, i, -side, touch):
            best, cheapest = i, cost
    return best


@kernel
def hedge_vega(self, seen, act, u, vega, at, word):
    """Trade away what net ``vega`` (quote currency for one point) is beyond its band; one order at a time.

    ``at``, ``word``: where its numbers and words begin. Returns the side that its maker should not quote (+1: bids, -1:
    asks) because it adds vega and stands in the way of the hedge, or 0. It hedges a few blocks after it stood aside.
    """
    p, own, news = self.params, self.whole, seen.news
    for n in range(news.shape[0]):
        if own[word + ON_WAY] == 1 and news[n, W_INSTRUMENT] == own[word + SERIES]:
            if news[n, W_KIND] == TOOK:
                own[word + ON_WAY] = 0
                own[word + VEGA_LOTS] += news[n, W_SIZE]
            elif news[n, W_KIND] == REFUSED and news[n, W_SLOT] == NONE:
                own[word + ON_WAY] = 0
                own[word + VEGA_FAILED] += 1
    if own[word + ON_WAY] == 1:
        if seen.now < own[word + WAIT]:
            return own[word + ASIDE]
        own[word + ON_WAY] = 0
        own[word + VEGA_FAILED] += 1
    side = -1 if vega > 0 else 1
    if abs(vega) <= p[at + VEGA_BAND]:
        own[word + ASIDE] = 0
        return 0
    if own[word + ASIDE] != -side:
        own[word + ASIDE], own[word + SINCE] = -side, seen.block
    i = best_series(seen, u, side, p[at + VEGA_COST]) if seen.block >= own[word + SINCE] + CLEAR else NONE
    if i == NONE:
        return -side
    shown = seen.public[i, P_ASK_SIZE] if side > 0 else seen.public[i, P_BID_SIZE]
    wanted = (abs(vega) - p[at + VEGA_KEEP] * p[at + VEGA_BAND]) / (seen.model[i, V_VEGA] * POINT * seen.real[i, 2])
    size = int(min(wanted, p[at + VEGA_CLIP], shown))
    touch = seen.public[i, P_ASK] if side > 0 else seen.public[i, P_BID]
    cost, point = point_cost(seen, i, side)
    room = (p[at + VEGA_COST] - cost) * point / seen.real[i, 1]  # ticks by which the price may move meanwhile
    limit = max(touch + side * int(room), 1)
    if size >= 1 and take(act, i, side, limit, size, 0, 0):
        own[word + ON_WAY], own[word + SERIES], own[word + VEGA_SENT] = 1, i, own[word + VEGA_SENT] + 1
        own[word + WAIT] = seen.now + int(p[at + VEGA_PATIENCE] * 1e6)
    return -side
