# ruff: noqa: ANN001, ANN201, ANN202 - compiled functions take the types their docstrings say, in order
"""A surface that an agent fits for itself while it quotes: one SVI slice an expiry, certified before it is used.

It sees the venue's published volatilities, or the two-sided quotes of others with those as wide ones beside. A
candidate surface is used as a whole or not at all: on every slice Gatheral's g must not be negative, and total variance
must not fall from one expiry to the next, as far as strikes are listed and half again, on a grid whose local minima are
narrowed (``kernels.svi.lowest``); otherwise the last certified surface stays.
"""

import math

from makerscope.agents.interface import K_PRICE, K_SIZE, V_VOLATILITY
from makerscope.agents.option_memory import (
    CERTIFIED,
    FIT_SPOT,
    FITS,
    KEPT,
    N_EXPIRIES,
    N_SERIES,
    REACH,
    RHO,
    SEEN_SLICE,
    SIGMA,
    SLICE_COLUMNS,
    YEAR_NS,
    A,
    B,
    M,
    board_of,
    expiries_of,
    firsts_of,
    fit_room,
    grid_room,
    instruments_of,
    slices_of,
)
from makerscope.kernels import chain_quotes as c
from makerscope.kernels._jit import inlined, inner, kernel
from makerscope.kernels.implied_vol import OK, judged
from makerscope.kernels.svi import explicit, fit_slice, lowest, variance_at
from makerscope.market.layout import IS_CALL, P_ASK, P_ASK_SIZE, P_BID, P_BID_SIZE, P_INDEX, P_TRADING

STEEPEST, HUBER, TOLERANCE = 1.99, 3.0, 1e-6
GOOD = 0.01  # mean square error, half widths, with which a warm fit is believed
FULL, SOME = 5, 3  # quotes for all five numbers of a slice, and for three
VENUE_HALF, TRUST_HALF, LEAST_HALF = 0.01, 0.03, 1e-4  # half widths, volatility: alone, beside quotes, at least
SLACK = 1e-12  # of g and of total variance: rounding
FARTHER = 1.5  # a certificate reaches so many times as far as the listed strikes


@inlined
def _add(points, n, k, vol, half, root):
    if n >= points.shape[1]:
        return n
    points[0, n], points[1, n], points[2, n] = k, vol * root, 1.0 / (max(half, LEAST_HALF) * root)
    return n + 1


@inlined
def _book_volatility(seen, j, i, forward, years):
    """Middle and half width, volatility, of the two sides that others show; NaN where there are not two."""
    bid, ask = seen.public[i, P_BID], seen.public[i, P_ASK]
    if bid <= 0 or ask <= bid:
        return math.nan, math.nan
    for side in range(2):  # what only this agent shows is no news to it
        slot = 2 * j + side
        price, size = (bid, seen.public[i, P_BID_SIZE]) if side == 0 else (ask, seen.public[i, P_ASK_SIZE])
        if seen.known[slot, K_PRICE] == price and seen.known[slot, K_SIZE] >= size:
            return math.nan, math.nan
    call, tick, strike = seen.spec[i, IS_CALL] == 1, seen.real[i, 1], seen.real[i, 0]
    low, fault_low, _error = judged(bid * tick, forward, strike, years, call)
    high, fault_high, _error = judged(ask * tick, forward, strike, years, call)
    if fault_low != OK or fault_high != OK or not high > low:
        return math.nan, math.nan
    return 0.5 * (low + high), 0.5 * (high - low)


@kernel
def points_of(self, seen, g, spot, growth, years, from_book):
    """Log-moneyness, total volatility and weight of what is seen of one expiry, out of the money; how many.

    ``from_book``: two-sided quotes of others count by their own width, and the venue's volatilities as a wide quote.
    """
    own, first, points = instruments_of(self), firsts_of(self), fit_room(self)
    root, n = math.sqrt(years), 0
    for j in range(first[g], first[g + 1]):
        i = own[j]
        index, strike = seen.public[i, P_INDEX] * seen.real[i, 1], seen.real[i, 0]
        if seen.public[i, P_TRADING] != 1 or not index > 0.0:
            continue
        call = seen.spec[i, IS_CALL] == 1
        forward = index * growth
        vol = seen.model[i, V_VOLATILITY]
        if vol > 0.0 and (strike >= forward) == call:  # false for NaN
            n = _add(points, n, math.log(strike / forward), vol, TRUST_HALF if from_book else VENUE_HALF, root)
        if from_book and (strike >= spot * growth) == call:
            middle, half = _book_volatility(seen, j, i, spot * growth, years)
            if middle > 0.0:
                n = _add(points, n, math.log(strike / (spot * growth)), middle, half, root)
    return n


@kernel
def fit_points(points, n, years, before, out):
    """A slice of total variance through ``n`` points, as far as they allow; ``before`` is annualised, warm if seen."""
    if n >= FULL:
        warm = before[SEEN_SLICE] > 0.0 and before[B] > 0.0
        if warm:
            out[A], out[B] = before[A] * years, before[B] * years
            out[RHO], out[M], out[SIGMA] = before[RHO], before[M], before[SIGMA]
        k, vol, weight = points[0, :n], points[1, :n], points[2, :n]
        cost = fit_slice(k, vol, weight, STEEPEST, HUBER, TOLERANCE, warm, out[:5])
        if warm and not cost < GOOD * n:  # a slice that moved far is better started afresh
            fresh = points[3, :5]
            other = fit_slice(k, vol, weight, STEEPEST, HUBER, TOLERANCE, False, fresh)
            if other < cost:
                cost = other
                for r in range(5):
                    out[r] = fresh[r]
        return cost < math.inf
    if n == 0:
        return False
    total = weights = 0.0
    sums = points[3]  # room: six sums, then the slice of three numbers
    for r in range(9):
        sums[r] = 0.0
    for i in range(n):
        w = points[1, i] * points[1, i]
        weight = (0.5 * points[2, i] / points[1, i]) ** 2
        total, weights = total + weight * w, weights + weight
        points[4, i] = w
        points[2, i] = weight
        k = points[0, i]
        sums[0] += weight
        sums[1] += weight * k
        sums[2] += weight * k * k
        sums[3] += weight * w
        sums[4] += weight * k * w
        sums[5] += weight * w * w
    level = total / weights
    out[A], out[B], out[RHO], out[M], out[SIGMA] = level, 0.0, 0.0, 0.0, max(math.sqrt(level), 1e-3)
    if n >= SOME:
        wing = sums[6:9]
        cost = explicit(points[0, :n], points[4, :n], points[2, :n], 0.0, out[SIGMA], STEEPEST, sums[:6], wing)
        if cost < math.inf and wing[1] + wing[2] > 0.0:
            out[A], out[B] = wing[0], 0.5 * (wing[1] + wing[2])
            out[RHO] = 0.5 * (wing[2] - wing[1]) / out[B]
    return True


@kernel
def spread_grid(high, reach, grid):
    """Places from ``-reach`` to ``reach``, fine around the turn of a slice."""
    money = math.sqrt(max(variance_at(0.0, high[A], high[B], high[RHO], high[M], high[SIGMA]), 1e-8))
    scale = min(high[SIGMA], money)
    left, right = math.asinh((-reach - high[M]) / scale), math.asinh((reach - high[M]) / scale)
    n = grid.shape[0]
    for r in range(n):
        grid[r] = high[M] + scale * math.sinh(left + (right - left) * r / (n - 1))


@kernel
def is_free(slices, count, grid):
    """Whether slices of total variance, in order of expiry, allow no butterfly and no calendar arbitrage.

    Looked at is each slice as far as its ``REACH``, in log-moneyness, and two neighbours as far as the wider of theirs.
    """
    before = -1
    for g in range(count):
        one = slices[g, :5]
        if slices[g, SEEN_SLICE] == 0.0:
            continue
        if not one[B] * (1.0 + abs(one[RHO])) <= 2.0:
            return False
        spread_grid(one, slices[g, REACH], grid)
        if not lowest(0, one, one, 0.0, 0.0, grid)[0] >= -SLACK:
            return False
        if before >= 0:
            near = slices[before, :5]
            spread_grid(one, max(slices[g, REACH], slices[before, REACH]), grid)
            if not lowest(1, near, one, 0.0, 0.0, grid)[0] >= -SLACK:
                return False
        before = g
    return True


@inner
def adopt(self, count):
    """Put the candidates in use and beside each of their series."""
    used, found, board, first = slices_of(self, 0), slices_of(self, 1), board_of(self), firsts_of(self)
    for g in range(count):
        for column in range(SLICE_COLUMNS):
            used[g, column] = found[g, column]
        for j in range(first[g], first[g + 1]):
            board[c.LEVEL, j], board[c.WINGS, j], board[c.TILT, j] = used[g, A], used[g, B], used[g, RHO]
            board[c.PLACE, j], board[c.CURVE, j] = used[g, M], used[g, SIGMA] * used[g, SIGMA]


@kernel
def refit(self, seen, spot, carry, from_book):
    """Fit every expiry to what is seen, and use the surface if it is certified. Returns whether it is."""
    expiries, before, found = expiries_of(self), slices_of(self, 0), slices_of(self, 1)
    count, points = self.whole[N_EXPIRIES], fit_room(self)
    known = self.whole[CERTIFIED] == 1
    fitted = 0
    for g in range(count):
        years = (expiries[g] - seen.block_time) / YEAR_NS
        found[g, SEEN_SLICE] = 0.0
        if years <= 0.0:
            continue
        growth, first = math.exp(carry * years), firsts_of(self)
        n = points_of(self, seen, g, spot, growth, years, from_book and known)
        found[g, REACH] = 0.1
        for j in range(first[g], first[g + 1]):
            away = FARTHER * abs(board_of(self)[c.LOG_STRIKE, j] - math.log(spot * growth))
            found[g, REACH] = max(found[g, REACH], away)
        if fit_points(points, n, years, before[g], found[g]):
            found[g, SEEN_SLICE] = 1.0
            fitted += 1
    if fitted == 0:  # nothing is published yet
        return False
    self.whole[FITS] += 1
    if not is_free(found, count, grid_room(self)):
        self.whole[KEPT] += 1
        return False
    for g in range(count):
        if found[g, SEEN_SLICE] == 1.0:
            years = (expiries[g] - seen.block_time) / YEAR_NS
            found[g, A] /= years
            found[g, B] /= years
    adopt(self, count)
    self.whole[CERTIFIED] = 1
    self.reals[FIT_SPOT] = index_of(self, seen)
    return True


@inlined
def index_of(self, seen):
    """The index of the block seen, quote currency, as the first series still traded shows it; 0 if none does."""
    own = instruments_of(self)
    for j in range(self.whole[N_SERIES]):
        i = own[j]
        if seen.public[i, P_TRADING] == 1 and seen.public[i, P_INDEX] > 0:
            return seen.public[i, P_INDEX] * seen.real[i, 1]
    return 0.0
