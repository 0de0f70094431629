# ruff: noqa: ANN001, ANN201, ANN202, E501 - compiled functions take the types their docstrings say; one number a line
"""The hedging engine: brings the delta of all a maker holds back into a band, on the leading venue or on the perpetual.

Any compiled agent calls ``hedge_delta`` once a step. Its numbers are a block of ``self.params`` (``HEDGING``, in that
order), its memory a block of ``self.whole`` (``HEDGE_WORDS``) and of ``self.reals`` (``HEDGE_REALS``); the agent says
where each begins. One hedge is on its way at a time. It goes where half spread, fee and expected funding are least; a
venue that refuses or does not answer so many times in a row rests for a while, and the other one takes its place. A hedge
on the perpetual is void after a few blocks, so that one that congestion held up never executes beside its successor.
"""

from dataclasses import replace
from math import sqrt
from types import MappingProxyType

import numpy as np

from makerscope.agents.hedge_news import FAILED, FAILS, HEDGES, LAST, LOTS, MONEY, REST, SENT, UNTIL, WHERE, listen
from makerscope.agents.interface import R_ASK, R_BID, R_SPOT, R_VARIANCE, V_DELTA, V_VEGA, V_VOLATILITY, take, transfer
from makerscope.agents.kind import Number
from makerscope.agents.quoting import ceil_ticks, fair_ticks, floor_ticks, lead_of, own_price
from makerscope.kernels._jit import allocating, inlined, kernel
from makerscope.market.layout import (
    A_UNTIL,
    AN_OPTION,
    EXPIRY,
    KIND,
    NONE,
    P_ASK,
    P_BID,
    P_FUNDING,
    P_MARK,
    P_TRADING,
    PPM,
    TAKER_FEE,
    UNDERLYING,
    UNIT,
)
from makerscope.models.hedging_band import half_band
from makerscope.models.internalisation import MOST_STEPS, solve_zone, zone_edge

FIXED, WHALLEY_WILMOTT, INTERNALISATION = 0, 1, 2  # band_rule
HEDGED, STUCK, AT_HOME = 0, 1, 2  # how it stands
CHEAPER, LEADER_FIRST, PERPETUAL, LEADER_ONLY = 0, 1, 2, 3  # hedge_at
HEDGING = MappingProxyType({
    "band": Number(default=300, low=0, high=1e15, about="lots of the perpetual it carries without a hedge; the least band of the other rules"),
    "slip_bps": Number(default=10, low=0, high=1000, about="worst price of a hedge beyond the leader's, bps"),
    "patience_ms": Number(default=1000, low=1, high=1e7, about="after so long a hedge that it did not hear of has failed, ms"),
    "band_rule": Number(default=0, low=0, high=2, about="0: band, 1: Whalley-Wilmott from risk_aversion and cost, 2: internalisation zone"),
    "keep": Number(default=0, low=0, high=1, about="share of the band that a hedge leaves (0: all is hedged, 1: to its edge)"),
    "hedge_at": Number(default=1, low=0, high=3, about="0: where it is cheaper, 1: leading venue, else the perpetual, 2: the perpetual, 3: leading venue only"),
    "lead_fee_bps": Number(default=2, low=-10, high=1000, about="taker fee of the leading venue, bps"),
    "funding_times": Number(default=1, low=0, high=1000, about="payments of funding it expects while it holds a hedge on the perpetual"),
    "tries": Number(default=3, low=1, high=1000, about="failures in a row after which a venue rests"),
    "rest_s": Number(default=30, low=0, high=1e6, about="how long it rests, s"),
    "transfer_usd": Number(default=0, low=0, high=1e9, about="money it sends after a hedge that the leading venue refused for want of margin, USD"),
    "risk_aversion": Number(default=1e-4, low=1e-12, high=1e3, about="of rules 1 and 2, per unit of quote currency"),
    "client_flow": Number(default=0.05, low=1e-6, high=1e4, about="rule 2: trades of clients a second and side at no spread"),
    "client_decay": Number(default=0.3, low=1e-4, high=100, about="rule 2: how fast they fall with the half spread, per bps"),
    "client_size": Number(default=100, low=1, high=1e12, about="rule 2: lots in one of them"),
    "haste_bps": Number(default=0.01, low=1e-9, high=1e3, about="rule 2: what each lot a second of hedging costs more, bps"),
})  # fmt: skip
# for who makes the perpetual's own book: it hedges on the leading venue unless told otherwise
AT_LEADER = MappingProxyType({**HEDGING, "hedge_at": replace(HEDGING["hedge_at"], default=LEADER_ONLY)})
(
    BAND, SLIP, PATIENCE, RULE, KEEP, AT, LEAD_FEE, FUNDINGS, TRIES, REST_S, TRANSFER_USD, AVERSION, FLOW, DECAY, CLIENT,
    HASTE,
) = range(16)  # fmt: skip
LOOKED, OUTSIDE, BEYOND = 12, 13, 14  # words: last look (ns), time outside the band (ns), whether it was outside then
HEDGE_WORDS = 16
E_BAND, E_CARRY, E_SOLVED, E_RATES = (
    0,
    1,
    2,
    3,
)  # reals: band (lots), hedge that is due (lots), last solution (s), rates
ZONE_MOST = 30  # clients' trades on either side of 0 that the zone is solved for
HEDGE_REALS = E_RATES + ZONE_MOST + 1
ZONE_SECONDS = 60.0  # between two solutions
BLOCKS = 5  # a hedge on the perpetual that is not executed by then is void
YEAR_SECONDS = 365 * 86_400.0
DEAR = 1e9  # the cost of what cannot be had


@kernel
def book_greeks(seen, u):
    """Delta (units of the underlying) and gamma (units per unit of quote currency) of all it holds on an underlying."""
    delta, gamma, spot = 0.0, 0.0, seen.reference[u, R_SPOT]
    for i in range(seen.position.shape[0]):
        if seen.position[i] == 0 or seen.spec[i, UNDERLYING] != u:
            continue
        units, vol = seen.position[i] * seen.real[i, 2], seen.model[i, V_VOLATILITY]
        if seen.spec[i, KIND] != AN_OPTION:
            delta += units
        elif vol > 0.0:
            delta += units * seen.model[i, V_DELTA]
            years = max((seen.spec[i, EXPIRY] - seen.now) * 1e-9, 1.0) / YEAR_SECONDS
            gamma += units * seen.model[i, V_VEGA] / (spot * spot * vol * years)  # Black: vega = S^2 sigma T gamma
    return delta, gamma


@inlined
def lead_cost(seen, u, side, fee):
    """What a hedge on the leading venue costs, as a share of its notional."""
    spot = seen.reference[u, R_SPOT]
    touch = seen.reference[u, R_ASK] if side > 0 else seen.reference[u, R_BID]
    return side * (touch - spot) / spot + fee


@inlined
def home_cost(seen, home, side, fundings):
    """What a hedge on the perpetual costs, funding included; DEAR where there is nothing but its own quotes to take."""
    touch = seen.public[home, P_ASK] if side > 0 else seen.public[home, P_BID]
    mark = seen.public[home, P_MARK]
    if touch < 1 or mark < 1 or seen.public[home, P_TRADING] != 1 or own_price(seen, home, -side, touch):
        return DEAR
    fair = fair_ticks(seen, home)
    paid = side * fundings * seen.public[home, P_FUNDING] / (float(mark) * seen.spec[home, UNIT])
    return side * (touch - fair) / fair + seen.spec[home, TAKER_FEE] / PPM + paid


@kernel
def _where(self, seen, home, lead, side, at, word):
    """Where to hedge now, and what it costs; NONE where no venue is open to it."""
    p, own = self.params, self.whole
    wish, best, cost = int(p[at + AT]), np.int64(NONE), DEAR
    if wish != PERPETUAL and lead != NONE and seen.now >= own[word + REST]:
        best, cost = lead, lead_cost(seen, seen.spec[home, UNDERLYING], side, p[at + LEAD_FEE] * 1e-4)
    if wish == LEADER_ONLY or (wish == LEADER_FIRST and best != NONE) or seen.now < own[word + REST + 1]:
        return best, cost
    here = home_cost(seen, home, side, p[at + FUNDINGS])
    return (home, here) if here < cost else (best, cost)


@allocating
def _solve(self, seen, home, cost, at, real):
    """The internalisation zone for what the market is like now: its edge in lots, and rates in lots a second."""
    p, mem = self.params, self.reals
    u, lot = seen.spec[home, UNDERLYING], seen.real[home, 2]
    spot, n = seen.reference[u, R_SPOT], 2 * ZONE_MOST + 1
    slope, bid, ask, rate = np.zeros(n - 1), np.empty(n), np.empty(n), np.zeros(n)
    size, psi = p[at + CLIENT] * lot, max(cost, 0.0) * spot
    sigma = max(spot * sqrt(max(seen.reference[u, R_VARIANCE], 0.0) / YEAR_SECONDS), 1e-9)
    _gain, steps = solve_zone(
        p[at + FLOW], p[at + DECAY] / (spot * 1e-4), size, sigma, p[at + AVERSION], psi, p[at + HASTE] * 1e-4 * spot / lot,
        0.0, slope, bid, ask, rate,
    )  # fmt: skip
    mem[real + E_SOLVED] = seen.now * 1e-9
    if steps >= MOST_STEPS:
        return
    mem[real + E_BAND] = max(zone_edge(size, psi, 0.0, slope) / lot, p[at + BAND])
    for k in range(ZONE_MOST + 1):
        mem[real + E_RATES + k] = -rate[ZONE_MOST + k] / lot


@inlined
def _due(self, seen, net, at, word, real):
    """Lots to hedge of a net position beyond the band: at the zone's rate, or at once."""
    p, mem = self.params, self.reals
    if int(p[at + RULE]) != INTERNALISATION:
        return abs(net) - p[at + KEEP] * mem[real + E_BAND]
    place = min(abs(net) / p[at + CLIENT], ZONE_MOST - 1e-9)
    k = int(place)
    rate = mem[real + E_RATES + k] + (place - k) * (mem[real + E_RATES + k + 1] - mem[real + E_RATES + k])
    mem[real + E_CARRY] += rate * (seen.now - self.whole[word + LOOKED]) * 1e-9
    return min(mem[real + E_CARRY], abs(net)) if mem[real + E_CARRY] >= 0.25 * p[at + CLIENT] else 0.0


@kernel
def _update_band(self, seen, home, gamma, cost, at, real):
    """The band by the agent's rule, lots."""
    p, mem = self.params, self.reals
    rule, u = int(p[at + RULE]), seen.spec[home, UNDERLYING]
    if rule == WHALLEY_WILMOTT:
        units = half_band(max(cost, 0.0), seen.reference[u, R_SPOT], gamma, p[at + AVERSION]) if cost < DEAR else 0.0
        mem[real + E_BAND] = max(units / seen.real[home, 2], p[at + BAND])
    elif rule == INTERNALISATION:
        if mem[real + E_SOLVED] == 0.0:
            mem[real + E_BAND] = p[at + BAND]
        if cost < DEAR and seen.now * 1e-9 >= mem[real + E_SOLVED] + ZONE_SECONDS:
            _solve(self, seen, home, cost, at, real)
    else:
        mem[real + E_BAND] = p[at + BAND]


@inlined
def _send_money(self, seen, act, home, at, word):
    """Move money to the leading venue, at most once until it has arrived or half an hour has passed."""
    usd, own = self.params[at + TRANSFER_USD], self.whole
    if usd > 0.0 and own[word + MONEY] == 1:
        amount = int(usd / (seen.real[home, 1] * seen.real[home, 2]) * seen.spec[home, UNIT])
        if transfer(act, 1, amount, NONE):
            own[word + MONEY] = seen.now + 1_800_000_000_000


@kernel
def hedge_delta(self, seen, act, home, at, word, real):
    """Hedge what is beyond the band. Returns the net delta in lots of ``home`` and how it stands.

    That is HEDGED (within the band or on its way), STUCK (beyond it and no way open, or the last ones failed: quote less
    on the side that adds) or AT_HOME (it is taking the perpetual's book: a quote there on that side is in its own way).
    ``home``: the perpetual; ``at``, ``word``, ``real``: where its numbers, words and reals begin.
    """
    p, own, mem = self.params, self.whole, self.reals
    lead = lead_of(seen, home)
    delta, gamma = book_greeks(seen, seen.spec[home, UNDERLYING])
    net = delta / seen.real[home, 2]
    listen(self, seen, lead, word, int(p[at + TRIES]), int(p[at + REST_S] * 1e9))
    _send_money(self, seen, act, home, at, word)
    side = -1 if net > 0 else 1
    where, cost = _where(self, seen, home, lead, side, at, word)
    _update_band(self, seen, home, gamma, cost, at, real)
    if own[word + LOOKED] > 0 and own[word + BEYOND] == 1:
        own[word + OUTSIDE] += seen.now - own[word + LOOKED]
    beyond = abs(net) > mem[real + E_BAND]
    due = _due(self, seen, net, at, word, real) if beyond and own[word + LOOKED] > 0 else 0.0
    own[word + LOOKED], own[word + BEYOND] = seen.now, 1 if beyond else 0
    if not beyond:
        mem[real + E_CARRY] = 0.0
        return net, HEDGED
    if own[word + SENT] == 1:
        return net, AT_HOME if own[word + WHERE] == home else STUCK if own[word + FAILS] > 0 else HEDGED
    if where == NONE:
        return net, STUCK
    size = int(due * seen.real[home, 2] / seen.real[where, 2] + 1e-9)
    if size >= 1:
        limit = fair_ticks(seen, where) * (1.0 + side * p[at + SLIP] * 1e-4)
        if take(act, where, side, ceil_ticks(limit) if side > 0 else floor_ticks(limit), size, 0, 0):
            own[word + SENT], own[word + WHERE], own[word + HEDGES] = 1, where, own[word + HEDGES] + 1
            own[word + UNTIL], own[word + LAST] = seen.now + int(p[at + PATIENCE] * 1e6), 0
            mem[real + E_CARRY] = 0.0
            if where == home:
                own[word + LAST] = seen.block + BLOCKS
                act.rows[act.count[0] - 1, A_UNTIL] = own[word + LAST]
    return net, AT_HOME if where == home else HEDGED


@inlined
def hedge_counts(self, word):
    """Hedges sent, failed, lots hedged, and ns outside the band so far."""
    own = self.whole
    return own[word + HEDGES], own[word + FAILED], own[word + LOTS], own[word + OUTSIDE]
