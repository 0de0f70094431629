# ruff: noqa: ANN001, ANN201, ANN202 - compiled functions take the types their docstrings say, in order
"""A maker of a whole option chain that knows what its inventory costs: the best quotes for logistic demand.

Fair value is Black's price on a surface that it fits and certifies itself (``agents.live_surface``), at the spot it
sees now. Each side of each series stands where ``Lambda(delta) (delta - p)`` is greatest (``models.logistic``), with
``p`` what a trade costs in vega (the quadratic approximation of ``models.bbg``), delta, and near expiry gamma
(``models.option_dealer``), less the drift of realised against implied volatility. Where messages are few it sends the
updates that are worth most (``agents.option_sending``).
"""

import math

from makerscope.agents.interface import K_SIZE, R_SPOT, act_at, cancel_all, seen_at, self_at
from makerscope.agents.kind import Kind
from makerscope.agents.live_surface import refit
from makerscope.agents.option_memory import (
    CERTIFIED,
    FIT_SPOT,
    LAST_SPOT,
    LAST_TIME,
    N_EXPIRIES,
    N_SERIES,
    NET_DELTA,
    NET_GAMMA,
    NET_VEGA,
    NEXT_FIT,
    OUT_UNTIL,
    READY,
    SEEN_SLICE,
    SQUARES,
    TRADED,
    WINDOW,
    YEAR_NS,
    YEARS,
    A,
    board_of,
    expiries_of,
    firsts_of,
    instruments_of,
    lay_out,
    lean_terms,
    quote_terms,
    reals_for,
    series_of,
    slices_of,
    whole_for,
)
from makerscope.agents.option_numbers import (
    ARB_CAP,
    ARB_HOURS,
    ARB_SHARE,
    BOOK,
    BUDGET,
    CARRY,
    DELTA_HOURS,
    DEMAND,
    EDGE_TICK,
    EDGE_VOL,
    FIT_S,
    HEDGE_HOURS,
    HOUR,
    MEMORY,
    MINUTE,
    NUMBERS,
    PER_HOUR,
    POINT,
    PULL_S,
    PULL_VEGA,
    REST_S,
    RISK,
    SECOND,
    SHORT_DAYS,
    SIZE,
    STEEP,
    STICKY,
    STOP,
    UNDER,
    VEGA_LIMIT,
    XI,
)
from makerscope.agents.option_sending import send_all, send_best
from makerscope.kernels import chain_quotes as c
from makerscope.kernels._jit import entry, inlined, inner, kernel
from makerscope.kernels.elementary import exp, log
from makerscope.kernels.lambert import omega
from makerscope.market.layout import AN_OPTION, P_TRADING, UNDERLYING
from makerscope.market.layout import KIND as SORT
from makerscope.market.news import FILLED, REFUSED, W_INSTRUMENT, W_KIND, W_LEFT, W_SIZE
from makerscope.market.venue import FROZEN


@kernel
def listen(self, seen):
    """Own protection: whether it stays away, after too much vega was filled or the venue froze it."""
    p, own, real, board, series = self.params, self.whole, self.reals, board_of(self), series_of(self)
    if seen.now >= own[WINDOW] + int(p[PULL_S] * SECOND):
        own[WINDOW], real[TRADED] = seen.now, 0.0
    frozen = False
    for k in range(seen.news.shape[0]):
        kind, j = seen.news[k, W_KIND], series[seen.news[k, W_INSTRUMENT]]
        if kind == FILLED and j >= 0:
            real[TRADED] += seen.news[k, W_SIZE] * board[c.UNITS, j] / p[SIZE] * board[c.VEGA, j] * POINT
        elif kind == REFUSED and seen.news[k, W_LEFT] == FROZEN:
            frozen = True
    if frozen or (p[PULL_VEGA] > 0.0 and real[TRADED] >= p[PULL_VEGA]):
        own[OUT_UNTIL], real[TRADED] = seen.now + int(p[REST_S] * SECOND), 0.0
    return seen.now < own[OUT_UNTIL]


@inlined
def watch_spot(self, now, spot):
    """Squared log returns of the spot and the time they took, both forgotten by halves: the forecast is their ratio."""
    real = self.reals
    if real[LAST_SPOT] > 0.0 and now > real[LAST_TIME]:
        years = (now - real[LAST_TIME]) / YEAR_NS
        move = log(spot / real[LAST_SPOT])
        kept = exp(-0.6931471805599453 * years / (self.params[MEMORY] * HOUR), 0.0)
        real[SQUARES] = kept * real[SQUARES] + move * move
        real[YEARS] = kept * real[YEARS] + years
    real[LAST_SPOT], real[LAST_TIME] = spot, now


@kernel
def start_forecast(self):
    """Before it has watched the spot, realised variance is what the first slice implies, for half a memory."""
    slices = slices_of(self, 0)
    for g in range(self.whole[N_EXPIRIES]):
        s = slices[g]
        if s[SEEN_SLICE] > 0.0:
            root = math.sqrt(s[3] * s[3] + s[4] * s[4])
            years = self.params[MEMORY] * HOUR
            self.reals[SQUARES], self.reals[YEARS] = years * (s[A] + s[1] * (root - s[2] * s[3])), years
            return


@inner
def carry_forward(self, seen, spot):
    """Forward, root of the time left and whether gamma counts, beside each series; none for what it does not quote."""
    p, board, first, expiries, slices = (
        self.params,
        board_of(self),
        firsts_of(self),
        expiries_of(self),
        slices_of(self, 0),
    )
    log_spot, log_fit = log(spot), log(self.reals[FIT_SPOT])
    centre = p[STICKY] * log_fit + (1.0 - p[STICKY]) * log_spot
    stop, short = p[STOP] * MINUTE, p[SHORT_DAYS] / 365.0
    for g in range(self.whole[N_EXPIRIES]):
        left = expiries[g] - seen.now
        years = max(left, SECOND) / YEAR_NS
        quoted = left > stop and slices[g, SEEN_SLICE] > 0.0
        growth = p[CARRY] * years
        forward, place_, root = spot * exp(growth, 0.0), centre + growth, math.sqrt(years)
        soon = 1.0 if years < short else 0.0
        for j in range(first[g], first[g + 1]):
            board[c.FORWARD, j], board[c.LOG_CENTRE, j], board[c.ROOT, j] = forward, place_, root
            board[c.SHORT, j], board[c.HELD, j] = soon, 0.0 if quoted else math.nan


@inner
def look_at_holdings(self, seen, u):
    """Net delta, gamma and vega of all it holds on the underlying; the demand for vega; which series it may quote."""
    board, own, real = board_of(self), instruments_of(self), self.reals
    delta, gamma, vega, demand, lots = 0.0, 0.0, 0.0, 0.0, 1.0 / self.params[SIZE]
    for j in range(self.whole[N_SERIES]):
        i = own[j]
        held = seen.position[i]
        demand += board[c.UNITS, j] * board[c.VEGA, j]
        if held != 0:
            units = held * lots * board[c.UNITS, j]
            delta += units * board[c.DELTA, j]
            gamma += units * board[c.GAMMA, j] * board[c.SHORT, j]
            vega += units * board[c.VEGA, j]
        board[c.HELD, j] += held if seen.public[i, P_TRADING] == 1 else math.nan
    for i in range(seen.position.shape[0]):
        if seen.position[i] != 0 and seen.spec[i, UNDERLYING] == u and seen.spec[i, SORT] != AN_OPTION:
            delta += seen.position[i] * seen.real[i, 2]
    real[NET_DELTA], real[NET_GAMMA], real[NET_VEGA] = delta, gamma, vega
    return demand


@inlined
def lean_of(self, spot, demand, variance, terms):
    """The terms of ``lean_chain``: what a squared vega, delta and gamma cost, and by how much it leans now."""
    p, real = self.params, self.reals
    w = omega(-1.0 - p[DEMAND])
    steep = p[STEEP] / POINT * w / ((1.0 + w) * (1.0 + w) * (1.0 + w)) * demand * p[PER_HOUR] / HOUR
    terms[c.A_VEGA] = math.sqrt(p[RISK] * p[XI] * p[XI] / (8.0 * max(steep, 1e-300)))
    square = variance * spot * spot
    terms[c.A_DELTA] = p[RISK] * square * p[DELTA_HOURS] * HOUR
    between = square * p[HEDGE_HOURS] * HOUR
    terms[c.A_GAMMA] = 0.5 * p[RISK] * between * between
    terms[c.BY_VEGA] = terms[c.A_VEGA] * real[NET_VEGA]
    terms[c.BY_DELTA] = terms[c.A_DELTA] * real[NET_DELTA]
    terms[c.BY_GAMMA] = terms[c.A_GAMMA] * real[NET_GAMMA]
    terms[c.ARB], terms[c.REALISED], terms[c.HOLD] = p[ARB_SHARE], variance, p[ARB_HOURS] * HOUR
    terms[c.CAP] = p[ARB_CAP] * POINT


@kernel
def quote_all(self, seen, act, u, spot, size, aside):
    """Value, lean, quote ``size`` lots and send, but not the side ``aside`` (0: both)."""
    p, real, n, board = self.params, self.reals, self.whole[N_SERIES], board_of(self)
    carry_forward(self, seen, spot)
    c.value_chain(board, n)
    demand = look_at_holdings(self, seen, u)
    terms, quoting = lean_terms(self), quote_terms(self)
    lean_of(self, spot, demand, real[SQUARES] / real[YEARS], terms)
    c.lean_chain(board, n, terms)
    quoting[c.ALPHA], quoting[c.BETA] = p[DEMAND], p[STEEP] / POINT
    quoting[c.EDGE_VOLATILITY], quoting[c.EDGE_TICKS] = p[EDGE_VOL] * POINT, p[EDGE_TICK]
    c.quote_chain(board, n, quoting)
    vega = real[NET_VEGA] * POINT
    may_buy, may_sell = vega < p[VEGA_LIMIT] and aside != 1, vega > -p[VEGA_LIMIT] and aside != -1
    if p[BUDGET] > 0.0:
        send_best(self, seen, act, size, may_buy, may_sell, int(p[BUDGET]), quoting)
    else:
        send_all(self, seen, act, size, may_buy, may_sell)


@kernel
def quote_options(self, seen, act, share, aside):
    """Look, fit if it is time, and quote the chain; leave the market while protection says so.

    It quotes ``share`` of its size, and not the side ``aside`` (+1: bids, -1: asks, 0: both sides are quoted).
    """
    p, own = self.params, self.whole
    u = int(p[UNDER])
    spot = seen.reference[u, R_SPOT]
    if own[READY] == 0:
        lay_out(self, seen, u, p[SIZE])
    if own[N_SERIES] == 0 or not spot > 0.0:
        return
    watch_spot(self, seen.now, spot)
    if seen.now >= own[NEXT_FIT]:
        first = own[CERTIFIED] == 0
        refit(self, seen, spot, p[CARRY], p[BOOK] > 0.0)
        if first and own[CERTIFIED] == 1:
            start_forecast(self)
        if own[CERTIFIED] == 1:  # until it has a surface it tries at every call
            own[NEXT_FIT] = seen.now + int(p[FIT_S] * SECOND)
    if listen(self, seen):
        for slot in range(2 * own[N_SERIES]):
            if seen.known[slot, K_SIZE] > 0:
                cancel_all(act)
                break
    elif own[CERTIFIED] == 1:
        quote_all(self, seen, act, u, spot, int(p[SIZE] * share), aside)


@kernel
def step(self, seen, act):
    """Quote the whole chain."""
    quote_options(self, seen, act, 1.0, 0)
    return 0


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="option-maker",
    about="a whole option chain on its own certified surface, best quotes for logistic demand, leaning on its Greeks",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, instruments: 2 * instruments,
    reals=reals_for,
    whole=whole_for,
)
