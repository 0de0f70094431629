"""One pass over the fills, marks and funding of each (account, contract): what each Greek earned between two marks.

A contract is an option, or an instrument that hedges it. A state is one marking of a contract: what a lot is worth
(integer money), and for an option the forward, volatility and rate behind it. Fills and states cut time into
intervals; a fill sees the last state strictly before it, so that the change between two states is earned by whoever
held lots across the later one. All sums are int64; each leg of each interval is rounded on its own, so that rows of
any partition add up to the same integers.
"""
# ruff: noqa: ANN001, ANN201, ANN202, PLR0917 - a kernel is compiled for the types it is called with, and takes arrays in order

from math import exp, isfinite, nan

import numpy as np

from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.black76 import inside, sensitivities

PAIR, BUCKET, TENOR, MONEYNESS = range(4)  # key of a row; tenor and delta cell are -1 where there is none
DELTA, GAMMA, VEGA, THETA, RHO, VANNA, VOLGA = range(4, 11)
EDGE, HEDGING, FUNDING, FEES, MOVE, INTERVALS, UNEXPLAINED, FILLS = range(11, 19)
WIDTH = 19
EQUITY, CLOSING, UNMARKED, SETTLED, ENDS = 0, 1, 2, 3, 4  # what is known of a pair at its end
YEAR = 365 * 86_400 * 1e9  # ns
_NEVER = np.iinfo(np.int64).max


@inlined
def option_greeks(F, K, vol, T, rate, call, coin):
    """Price, delta, gamma, vega, theta, rho, vanna, volga of Black (1976), discounted; NaN outside the domain.

    ``coin``: of the price in coin, ``price / F``.
    """
    if not (inside(F, K, vol, T) and vol > 0.0 and T > 0.0 and isfinite(rate)):
        return nan, nan, nan, nan, nan, nan, nan, nan
    price, delta, gamma, vega, theta, rho, vanna, volga, inside_strike = sensitivities(F, K, vol, T, call)
    if coin:  # nothing cancels in K N(d2) / F^2
        delta = K / F * (inside_strike if call else -inside_strike) / F
        gamma = (gamma - 2.0 * delta) / F
        vanna = (vanna - vega / F) / F
        price, vega, theta, rho, volga = price / F, vega / F, theta / F, rho / F, volga / F
    D = exp(-rate * T)
    price, vega, theta = D * price, D * vega, D * theta + rate * D * price
    return price, D * delta, D * gamma, vega, theta, D * rho, D * vanna, D * volga


@inlined
def averaged_greeks(F, K, vol, T, rate, call, coin, part, rest, years):
    """``option_greeks`` of an option that settles on an average, of which ``part`` is open.

    ``rest`` and ``years`` are the strike and the effective expiry of the open part (``pricing.settlement``). A premium
    in coin is the price over the settlement price that is expected. Outside ``rest > 0`` it is certain which way the
    option ends.
    """
    if part == 1.0 and rest == K and years == T:
        return option_greeks(F, K, vol, T, rate, call, coin)
    mark = K + part * (F - rest)
    if rest > 0.0:
        price, delta, gamma, vega, theta, _, vanna, volga = option_greeks(F, rest, vol, years, 0.0, call, False)
        price, delta, gamma, vega = part * price, part * delta, part * gamma, part * vega
        theta, vanna, volga = part * theta, part * vanna, part * volga
    else:  # a call is exercised, a put is not
        price, delta = (mark - K, part) if call else (0.0, 0.0)
        gamma = vega = theta = vanna = volga = 0.0
    if coin:
        price = price / mark
        delta = (delta - part * price) / mark
        gamma = (gamma - 2.0 * part * delta) / mark
        vega = vega / mark
        vanna = (vanna - part * vega) / mark
        theta, volga = theta / mark, volga / mark
    D = exp(-rate * T)
    price = D * price
    return price, D * delta, D * gamma, D * vega, D * theta + rate * price, -T * price, D * vanna, D * volga


@inlined
def _tenor_cell(edges, T):
    """How many of the ascending ``edges`` are below ``T``."""
    place = 0
    for e in range(edges.shape[0]):
        place += edges[e] < T
    return place


@inlined
def _delta_cell(edges, delta, call):
    """Place of an option by side and |delta|: puts from small to large delta, then calls from large to small."""
    place = 0
    for e in range(edges.shape[0]):
        place += edges[e] <= abs(delta)
    return 2 * edges.shape[0] + 1 - place if call else place


@inlined
def _row(sums, row, pair, bucket, tenor, moneyness):
    """The row of this key: the last one if it has it, else the next."""
    same = (
        row >= 0
        and sums[row, PAIR] == pair
        and sums[row, BUCKET] == bucket
        and sums[row, TENOR] == tenor
        and sums[row, MONEYNESS] == moneyness
    )
    if same:
        return row
    row += 1
    sums[row, PAIR] = pair
    sums[row, BUCKET] = bucket
    sums[row, TENOR] = tenor
    sums[row, MONEYNESS] = moneyness
    return row


@kernel
def attribute_greeks(  # noqa: C901, PLR0912, PLR0915 - one loop over three merged streams, compiled as one
    first,  # first fill of each pair, shape (pairs + 1,)
    contract,  # contract of each pair
    opening,  # lots held before its first fill
    fill_time,  # ns, in order within a pair
    lots,  # what the account bought, < 0 sold
    fill_value,  # worth of a lot at the fill's price
    fee,  # money paid
    state_first,  # first state of each contract, shape (contracts + 1,)
    state_time,  # ns, in order within a contract; the last of an option may lie on its expiry: its settlement
    value,  # worth of a lot
    forward,  # F
    volatility,  # fraction; NaN is unknown, and at the settlement
    rate,  # fraction a year
    slope,  # d volatility / d ln(strike), 0 where unknown
    part,  # of the settlement that is open, 1 before an average begins
    rest,  # strike of the open part
    years,  # its effective time to expiry
    funding_first,  # first funding of each contract, shape (contracts + 1,)
    funding_time,  # ns, in order within a contract
    funding_rate,  # money each long lot pays
    option,  # is the contract an option
    strike,  # K
    expiry,  # ns
    call,  # or a put
    coin,  # is the premium in coin
    unit,  # money of one unit of price of one lot
    tenors,  # edges, years
    deltas,  # edges of |delta|
    since,  # ns
    until,  # ns, first after the period
    width,  # of a bucket, ns
    sticky_delta,  # does the smile move with the forward
    most,  # largest leg of an interval that surely fits
):
    """Rows of sums by pair, bucket and cell, and what each pair ends with: shapes ``(rows, WIDTH), (pairs, ENDS)``."""
    sums = np.zeros((1024, WIDTH), np.int64)
    ends = np.zeros((contract.shape[0], ENDS), np.int64)
    row = -1
    for pair in range(contract.shape[0]):
        m = contract[pair]
        i, i_end = first[pair], first[pair + 1]
        s, s_end = state_first[m], state_first[m + 1]
        f, f_end = funding_first[m], funding_first[m + 1]
        while s < s_end and state_time[s] < since:
            s += 1
        while f < f_end and funding_time[f] < since:
            f += 1
        position = opening[pair]
        held = s - 1 if s > state_first[m] else -1  # the state the position is marked at, -1 for none
        at = value[held] if held >= 0 else 0
        if held < 0:
            inside = s < s_end and state_time[s] < until
            at = value[s] if inside else (fill_value[i] if i < i_end else 0)
        cash = -position * at
        known = -2  # the state whose Greeks stand in the variables below
        tenor = moneyness = -1
        delta = gamma = vega = theta = rho = vanna = volga = nan
        while True:
            fill_at = fill_time[i] if i < i_end else _NEVER
            state_at = state_time[s] if s < s_end and state_time[s] < until else _NEVER
            funding_at = funding_time[f] if f < f_end and funding_time[f] < until else _NEVER
            now = min(fill_at, state_at, funding_at)
            if now == _NEVER:
                break
            if row + 3 > sums.shape[0]:
                more = np.zeros((2 * sums.shape[0], WIDTH), np.int64)
                more[: row + 1] = sums[: row + 1]
                sums = more
            if known != held:
                known = held
                tenor = moneyness = -1
                delta = gamma = vega = theta = rho = vanna = volga = nan
                if option[m] and held >= 0:
                    T = (expiry[m] - state_time[held]) / YEAR
                    tenor = _tenor_cell(tenors, T)
                    F = forward[held]
                    _, delta, gamma, vega, theta, rho, vanna, volga = averaged_greeks(
                        F, strike[m], volatility[held], T, rate[held], call[m], coin[m], part[held], rest[held],
                        years[held],
                    )  # fmt: skip
                    plain = delta
                    if coin[m]:
                        _, plain, _, _, _, _, _, _ = averaged_greeks(
                            F, strike[m], volatility[held], T, rate[held], call[m], False, part[held], rest[held],
                            years[held],
                        )  # fmt: skip
                    if isfinite(plain):
                        moneyness = _delta_cell(deltas, plain, call[m])
            if funding_at == now:
                if position != 0:
                    row = _row(sums, row, pair, now // width, tenor, moneyness)
                    sums[row, FUNDING] -= position * funding_rate[f]
                    cash -= position * funding_rate[f]
                f += 1
                continue
            if fill_at == now:
                q, price = lots[i], fill_value[i]
                row = _row(sums, row, pair, now // width, tenor, moneyness)
                if held < 0:  # no mark yet: the fill is its own
                    sums[row, MOVE if option[m] else HEDGING] += position * (price - at)
                    ends[pair, UNMARKED] += 1
                    at = price
                sums[row, EDGE if option[m] else HEDGING] += q * (at - price)
                sums[row, FEES] -= fee[i]
                sums[row, FILLS] += 1
                cash -= q * price + fee[i]
                position += q
                i += 1
                continue
            change = value[s] - at
            if position != 0:
                row = _row(sums, row, pair, now // width, tenor, moneyness)
                if not option[m]:
                    sums[row, HEDGING] += position * change
                else:
                    sums[row, MOVE] += position * change
                    sums[row, INTERVALS] += 1
                    explained = False
                    if held >= 0:
                        dF = forward[s] - forward[held]
                        dv = volatility[s] - volatility[held] if isfinite(volatility[s]) else 0.0
                        dr = rate[s] - rate[held] if isfinite(rate[s]) else 0.0
                        slide = -slope[held] * dF / forward[held] if sticky_delta else 0.0
                        scale = position * unit[m]
                        g = scale * 0.5 * gamma * dF * dF
                        v = scale * vega * (dv - slide)
                        t = scale * theta * ((state_time[s] - state_time[held]) / YEAR)
                        r = scale * rho * dr
                        x = scale * (vanna * dF * dv + vega * slide)
                        o = scale * 0.5 * volga * dv * dv
                        d = scale * delta * dF
                        size = abs(d) + abs(g) + abs(v) + abs(t) + abs(r) + abs(x) + abs(o)
                        if size < most:  # false for NaN
                            explained = True
                            sums[row, DELTA] += np.int64(np.rint(d))
                            sums[row, GAMMA] += np.int64(np.rint(g))
                            sums[row, VEGA] += np.int64(np.rint(v))
                            sums[row, THETA] += np.int64(np.rint(t))
                            sums[row, RHO] += np.int64(np.rint(r))
                            sums[row, VANNA] += np.int64(np.rint(x))
                            sums[row, VOLGA] += np.int64(np.rint(o))
                    if not explained and change != 0:
                        sums[row, UNEXPLAINED] += 1
            at = value[s]
            held = s
            if option[m] and state_time[s] >= expiry[m]:  # settled in cash
                cash += position * at
                ends[pair, SETTLED] = position
                position = 0
            s += 1
        ends[pair, EQUITY] = cash + position * at
        ends[pair, CLOSING] = position
    return sums[: row + 1], ends
