# ruff: noqa: ANN001, ANN201, ANN202 - compiled functions take the integers their docstrings name
"""Portfolio margin by a grid of scenarios: the worst of what lots lose when the index and volatility jump.

Two steps, so that an order costs microseconds and not an option chain's pricing. ``revalue`` prices every instrument in
every scenario with Black-76 and writes the gain of one lot (the venues call it a risk array): the loop calls it when
the index, the surface or the time has moved enough. ``portfolio_requirement`` then adds up an account's lots,
scenario by scenario, in order of instrument, takes the worst of each underlying (no offset between underlyings), and
adds contingencies:

    requirement = ceil(share * max(0, -worst)) + perp_ppm * perp notional + short_ppm * index * short option lots

held against equity, which counts options at the mark. Scenarios move the index by ``SPOT`` (a fraction) and
volatility by

    up     max(iv (1 + up (30 / d)^p), floor)          d days to expiry, at least ``dte_floor``
    down   iv max(0, 1 - down (30 / d)^p)              p = short_power below 30 days, else long_power

and count their gain ``WEIGHT`` times (tails are damped). A perpetual gains the move of the index. Gains are float64: no
integer is rounded before the sum, the answer is rounded up. Options are on the index as the forward, undiscounted.

Source:
    Derive, portfolio-margin-parameters-1 (2026-07-26) and PMRM2 parameters; Deribit help pages on portfolio margin;
    parameters stand in ``profiles/margin/*.toml``.
"""

from typing import NamedTuple

import numpy as np

from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.black76 import out_of_the_money, total_volatility
from makerscope.kernels.elementary import exp, log
from makerscope.market.accounts import next_with
from makerscope.market.layout import AN_OPTION, INDEX, IS_CALL, KIND, MARK, NONE, PPM, STRIKE_TICKS, UNDERLYING, UNIT
from makerscope.market.shares import millionths_up

SPOT, VOL, WEIGHT = range(3)  # columns of ``Grid.scenarios``; VOL is 1 up, 0 as it is, -1 down
UP, DOWN, SHORT_POWER, LONG_POWER, DTE_FLOOR, VOL_FLOOR = range(6)  # places in ``Grid.shock``
LOSS_SHARE, PERP_SHARE, SHORT_SHARE = range(3)  # columns of ``Rules.portfolio``
REFERENCE_DAYS = 30.0
DAYS_A_YEAR = 365.0


class Grid(NamedTuple):
    """What ``revalue`` needs beside the instruments: ``scenarios`` ``(S, 3)`` and ``shock`` ``(6,)`` are the venue's.

    ``volatility`` ``(I,)`` (a year, as a fraction) and ``years`` ``(I,)`` to expiry are the market's, as they are
    now: the loop writes them before it calls ``revalue``. All float64.
    """

    scenarios: np.ndarray
    shock: np.ndarray
    volatility: np.ndarray
    years: np.ndarray


@inlined
def term(shock, years):
    """(30 / days)^p, the factor of a volatility shock for an expiry."""
    days = max(years * DAYS_A_YEAR, shock[DTE_FLOOR])
    power = shock[SHORT_POWER] if days < REFERENCE_DAYS else shock[LONG_POWER]
    return exp(power * log(REFERENCE_DAYS / days), 0.0)


@kernel
def shocked_volatility(shock, volatility, years, direction):
    """Volatility of an option in a scenario: ``direction`` 1 up, 0 as it is, -1 down."""
    if direction > 0:
        return max(volatility * (1.0 + shock[UP] * term(shock, years)), shock[VOL_FLOOR])
    if direction < 0:
        return volatility * max(0.0, 1.0 - shock[DOWN] * term(shock, years))
    return volatility


@kernel
def option_value(F, K, volatility, years, is_call):
    """Black-76, undiscounted, in the units of F and K; the payoff where nothing is left to move."""
    _root, s, s_low = total_volatility(volatility, max(years, 0.0))
    rest = out_of_the_money(F, K, s, s_low)[0]
    return max(F - K if is_call else K - F, 0.0) + rest


@kernel
def revalue(spec, state, grid, gain):
    """Write ``gain`` ``(I, S)``: base units one lot gains in each scenario, weight included."""
    for i in range(gain.shape[0]):
        unit, S = float(spec[i, UNIT]), float(state[i, INDEX])
        option, K, call = spec[i, KIND] == AN_OPTION, float(spec[i, STRIKE_TICKS]), spec[i, IS_CALL] != 0
        base = option_value(S, K, grid.volatility[i], grid.years[i], call) if option else S
        vols = (grid.volatility[i], 0.0, 0.0)
        if option:
            vols = (
                grid.volatility[i],
                shocked_volatility(grid.shock, grid.volatility[i], grid.years[i], 1),
                shocked_volatility(grid.shock, grid.volatility[i], grid.years[i], -1),
            )
        for k in range(gain.shape[1]):
            there = S * (1.0 + grid.scenarios[k, SPOT])
            if option:
                direction = grid.scenarios[k, VOL]
                vol = vols[1] if direction > 0 else vols[2] if direction < 0 else vols[0]
                there = option_value(there, K, vol, grid.years[i], call)
            gain[i, k] = grid.scenarios[k, WEIGHT] * unit * (there - base)


@inlined
def _worst_losses(work):
    loss = 0.0
    for u in range(work.shape[0]):
        worst = 0.0
        for k in range(work.shape[1]):
            worst = min(worst, work[u, k])
            work[u, k] = 0.0
        loss -= worst
    return loss


@kernel
def portfolio_requirement(accounts, spec, state, rules, account, initial, instrument, lots):
    """What a portfolio account wants, as if it held ``lots`` more of ``instrument`` (NONE, 0: as it is).

    ``rules.gain`` is what ``revalue`` wrote; ``rules.work`` must be 0 and is left so.
    """
    row = 1 if initial else 0
    contingency = 0
    i = NONE
    while True:  # in order of instrument, so that the sums never depend on what was traded first
        i = next_with(accounts, account, i + 1, instrument)
        if i == NONE:
            break
        held = accounts.position[account, i] + (lots if i == instrument else 0)
        u = spec[i, UNDERLYING]
        for k in range(rules.gain.shape[1]):
            rules.work[u, k] += held * rules.gain[i, k]
        size = abs(held) * spec[i, UNIT]
        if spec[i, KIND] != AN_OPTION:
            contingency += millionths_up(size * state[i, MARK], rules.portfolio[row, PERP_SHARE])
        elif held < 0:
            contingency += millionths_up(size * state[i, INDEX], rules.portfolio[row, SHORT_SHARE])
    loss = _worst_losses(rules.work) * (rules.portfolio[row, LOSS_SHARE] / PPM)
    return np.int64(np.ceil(loss)) + contingency
