"""A whole option chain valued and quoted against its inventory, in passes that the compiler can vectorise.

One ``board`` float64 ``(BOARD_ROWS, room)`` holds what is known of each series, a column a series; the first ``n`` are
used. ``value_chain`` makes price and Greeks from an annualised SVI slice beside each series; ``lean_chain`` what a unit
traded costs in inventory; ``quote_chain`` the best bid and ask for logistic demand (``models.logistic``), in whole
ticks, rounded away from the fair value.
"""
# ruff: noqa: ANN001, ANN201 - a kernel is compiled for what calls it

import numpy as np

from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.black76 import LARGEST_S, SMALLEST_S, both_sides
from makerscope.kernels.elementary import exp
from makerscope.kernels.lambert import near_omega

(
    STRIKE, LOG_STRIKE, CALL, PER_TICK, UNITS,
    LEVEL, WINGS, TILT, PLACE, CURVE,
    FORWARD, LOG_CENTRE, ROOT, SHORT, HELD,
    TOTAL, PRICE, DELTA, GAMMA, VEGA,
    SHIFT, OWN, BID, ASK, REST_BID, REST_ASK, GAIN_BID, GAIN_ASK, BOARD_ROWS,
) = range(29)  # fmt: skip
# lean_chain's terms: aversion to vega, delta and gamma; what is held of each times that; the tilt to realised variance
A_VEGA, A_DELTA, A_GAMMA, BY_VEGA, BY_DELTA, BY_GAMMA, ARB, REALISED, HOLD, CAP = range(10)
# quote_chain's terms: the demand, and the least distance from what a side is worth
ALPHA, BETA, EDGE_VOLATILITY, EDGE_TICKS = range(4)
LEAN_TERMS, QUOTE_TERMS = 10, 4
LEAST_VEGA = 1e-9  # of the strike: less is none
MOST_TICKS = 2.0**52
THROUGH = 1e15  # what it is worth to take a quote from beyond the fair value, above all else


@kernel
def value_chain(board, n):
    """Total volatility, price, delta, gamma and vega (for 1.00) of the first ``n`` series.

    Rows read: strike and its log; call (1 or 0); SVI a, b, rho, m and sigma squared of variance a *year*; forward; the
    log of the price that moneyness is measured from; root of the years left.
    """
    strike, log_strike, call, root = board[STRIKE], board[LOG_STRIKE], board[CALL], board[ROOT]
    level, wings, tilt, place, curve = board[LEVEL], board[WINGS], board[TILT], board[PLACE], board[CURVE]
    centre, forward, total = board[LOG_CENTRE], board[FORWARD], board[TOTAL]
    price, delta, gamma, vega = board[PRICE], board[DELTA], board[GAMMA], board[VEGA]
    for i in range(n):
        x = log_strike[i] - centre[i] - place[i]
        variance = level[i] + wings[i] * (tilt[i] * x + (x * x + curve[i]) ** 0.5)
        total[i] = max(variance, 1e-8) ** 0.5 * root[i]
    for i in range(n):
        F, K = forward[i], strike[i]
        s = min(max(total[i], SMALLEST_S), LARGEST_S)
        value, density, _d1, _d2, below, above, _below, _above = both_sides(F, K, s, 0.0)
        is_call = call[i] > 0.0
        gain = F - K if is_call else K - F
        price[i] = max(gain, 0.0) + value
        delta[i] = below if is_call else -above
        gamma[i] = density / (F * F * s)
        vega[i] = density * root[i]


@kernel
def lean_chain(board, n, terms):
    """What is added to a unit's fair value against the inventory and for realised volatility, and what its size costs.

    With net vega V, delta D and gamma G the value of the book is ``-(a_V V^2 + a_D D^2 + a_G G^2) / 2``, gamma counted
    where the row ``SHORT`` is 1. ``SHIFT`` is the first part of the change for one unit bought, ``OWN`` half of the
    second for ``UNITS`` of them, both price units; selling is the same with the other sign of SHIFT.
    """
    delta, gamma, vega, total, root = board[DELTA], board[GAMMA], board[VEGA], board[TOTAL], board[ROOT]
    short, units, shift, own = board[SHORT], board[UNITS], board[SHIFT], board[OWN]
    a_vega, a_delta, a_gamma = terms[A_VEGA], terms[A_DELTA], terms[A_GAMMA]
    by_vega, by_delta, by_gamma = terms[BY_VEGA], terms[BY_DELTA], terms[BY_GAMMA]
    arb, realised, hold, cap = 0.5 * terms[ARB], terms[REALISED], terms[HOLD], terms[CAP]
    for i in range(n):
        years = root[i] * root[i]
        sigma = total[i] / root[i]
        lean = arb * (realised - sigma * sigma) / sigma * min(hold / years, 1.0)
        lean = min(max(lean, -cap), cap)
        curve = short[i] * gamma[i]
        shift[i] = vega[i] * (lean - by_vega) - delta[i] * by_delta - curve * by_gamma
        square = a_vega * vega[i] * vega[i] + a_delta * delta[i] * delta[i] + a_gamma * curve * curve
        own[i] = 0.5 * units[i] * square


@kernel
def quote_chain(board, n, terms):
    """Best bid and ask of the first ``n`` series in whole ticks, as floats; a bid below 1 is none."""
    price, vega, shift, own, strike = board[PRICE], board[VEGA], board[SHIFT], board[OWN], board[STRIKE]
    per_tick, bid, ask = board[PER_TICK], board[BID], board[ASK]
    beta, first = terms[BETA], -1.0 - terms[ALPHA]
    edge_volatility, edge_ticks = terms[EDGE_VOLATILITY], terms[EDGE_TICKS]
    for i in range(n):
        width = max(vega[i], LEAST_VEGA * strike[i]) / beta
        inverse = 1.0 / width
        edge = max(edge_volatility * vega[i], edge_ticks / per_tick[i])
        cost = own[i] - shift[i]
        away = max(width * (1.0 + near_omega(first - inverse * cost)), edge)
        bid[i] = np.floor(min((price[i] - cost - away) * per_tick[i], MOST_TICKS))
    for i in range(n):
        width = max(vega[i], LEAST_VEGA * strike[i]) / beta
        inverse = 1.0 / width
        edge = max(edge_volatility * vega[i], edge_ticks / per_tick[i])
        cost = own[i] + shift[i]
        away = max(width * (1.0 + near_omega(first - inverse * cost)), edge)
        above = -np.floor(-min((price[i] + cost + away) * per_tick[i], MOST_TICKS))
        ask[i] = max(above, 1.0, bid[i] + 1.0)


@inlined
def earned(away, cost, width, alpha):
    """What a quote of one unit earns a client: the chance of its distance times the distance from what it is worth."""
    return (away - cost) / (1.0 + exp(min(alpha + away / width, 700.0), 0.0))


@kernel
def gain_chain(board, n, terms):
    """What it is worth to replace the quote that rests on each side by the one wanted, money a client.

    Rows read: the wanted ``BID, ASK`` and the resting ``REST_BID, REST_ASK``, ticks, 0 where none rests. A quote
    through the fair value gives THROUGH and what it would lose on its units; any other what the new one earns beyond
    it.
    """
    price, vega, shift, own, strike = board[PRICE], board[VEGA], board[SHIFT], board[OWN], board[STRIKE]
    per_tick, units = board[PER_TICK], board[UNITS]
    alpha, beta = terms[ALPHA], terms[BETA]
    bid, rest_bid, gain_bid = board[BID], board[REST_BID], board[GAIN_BID]
    ask, rest_ask, gain_ask = board[ASK], board[REST_ASK], board[GAIN_ASK]
    for i in range(n):
        width = max(vega[i], LEAST_VEGA * strike[i]) / beta
        cost, tick = own[i] - shift[i], 1.0 / per_tick[i]
        now, then = price[i] - rest_bid[i] * tick, price[i] - bid[i] * tick
        before = earned(now, cost, width, alpha) if rest_bid[i] > 0.0 else 0.0
        more = max(earned(then, cost, width, alpha) - before, 0.0)
        gain_bid[i] = units[i] * more if now >= 0.0 else THROUGH - units[i] * now
    for i in range(n):
        width = max(vega[i], LEAST_VEGA * strike[i]) / beta
        cost, tick = own[i] + shift[i], 1.0 / per_tick[i]
        now, then = rest_ask[i] * tick - price[i], ask[i] * tick - price[i]
        before = earned(now, cost, width, alpha) if rest_ask[i] > 0.0 else 0.0
        more = max(earned(then, cost, width, alpha) - before, 0.0)
        gain_ask[i] = units[i] * more if (now >= 0.0) | (rest_ask[i] == 0.0) else THROUGH - units[i] * now
