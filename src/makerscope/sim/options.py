# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say
"""The venue's model numbers of every option: volatility by its surface, price, delta and vega; and its mark.

Series stand by underlying, in blocks of flat arrays; ``Surfaces.series_at`` says where each block begins.
"""

import numpy as np

from makerscope.agents.interface import V_DELTA, V_PRICE, V_VEGA, V_VOLATILITY
from makerscope.kernels._jit import inlined, inner, part, view
from makerscope.market.layout import EXPIRY, MARK, TRADING
from makerscope.market.portfolio_margin import revalue
from makerscope.market.reference_terms import YEAR_NS
from makerscope.market.settlement import average_ticks, window_mark
from makerscope.market.surface_dynamics import (
    BOARD_ROWS,
    DELTA,
    EXPIRY_COLUMNS,
    MARKS,
    PRICE,
    VEGA,
    VOLATILITY,
    Board,
    option_marks,
    surface_step,
)
from makerscope.sim.world import C_HEIGHT, C_NEXT_EXPIRY, C_NOW, S_ORACLE, X_WINDOW


@view
def _marks_of(world, u):
    """What ``_model`` wrote of an underlying: ``(MARKS, n)``."""
    s = world.surface
    first, last = s.series_at[u], s.series_at[u + 1]
    return s.out[MARKS * first : MARKS * last].reshape(MARKS, last - first)


@inner
def _model(world, u, spot):
    """Price all series of an underlying on its surface, as it stands."""
    s = world.surface
    first, last, one, end = s.series_at[u], s.series_at[u + 1], s.expiry_at[u], s.expiry_at[u + 1]
    n, m = last - first, end - one
    board = Board(
        s.series[BOARD_ROWS * first : BOARD_ROWS * last].reshape(BOARD_ROWS, n),
        s.group[first:last],
        s.expiry[one:end],
        s.slices[EXPIRY_COLUMNS * one : EXPIRY_COLUMNS * end].reshape(m, EXPIRY_COLUMNS),
        s.work[BOARD_ROWS * first : BOARD_ROWS * last].reshape(BOARD_ROWS, n),
    )
    out = _marks_of(world, u)
    option_marks(s.plan[u], s.state[u], board, spot, world.clock[C_NOW], out, s.ticks[first:last])


@inlined
def _passed(world, u):
    """How much of the settlement window has passed, ns; 0 outside it or before the index was averaged at all."""
    expiry, window = world.clock[C_NEXT_EXPIRY], world.terms[X_WINDOW]
    if expiry == 0 or world.twap[u, 1] == 0:
        return np.int64(0)
    return min(max(world.clock[C_NOW] - (expiry - window), 0), window)


@inner
def _mark_expiring(world, u, model):
    """Mark what expires next on the price that the average will be made of: what is averaged already moves no more.

    Delta and vega shrink with the part of the window that is left.
    """
    s, venue, window, passed = world.surface, world.venue, world.terms[X_WINDOW], _passed(world, u)
    average = average_ticks(world.twap[u, 0], world.twap[u, 1])
    ahead = window_mark(average, world.index_ticks[u], passed, window)
    _model(world, u, max(ahead, 1) * world.oracle.tick[u])
    out = _marks_of(world, u)
    left = 1.0 - passed / window
    for k in range(s.series_at[u], s.series_at[u + 1]):
        i, j = s.instrument[k], k - s.series_at[u]
        if venue.spec[i, EXPIRY] == world.clock[C_NEXT_EXPIRY]:
            model[i, V_PRICE], model[i, V_DELTA], model[i, V_VEGA] = (
                out[PRICE, j],
                out[DELTA, j] * left,
                out[VEGA, j] * left,
            )
            if venue.state[i, TRADING] == 1:
                venue.state[i, MARK] = s.ticks[k]


@part
def mark_options(world, at):
    """Move every surface to this block and write the model and the marks; ``at``: step of the reference path."""
    s, venue, clock = world.surface, world.venue, world.clock
    model = world.public.model[clock[C_HEIGHT] % world.public.time.shape[0]]
    for u in range(world.path.spot.shape[0]):
        first, last = s.series_at[u], s.series_at[u + 1]
        if first == last:
            continue
        spot = world.index_ticks[u] * world.oracle.tick[u]
        elapsed = clock[C_NOW] - s.moved[u]
        if elapsed > 0:
            stream = S_ORACLE + world.index_ticks.shape[0] + u
            surface_step(s.plan[u], s.state[u], spot, world.path.variance[u, at], elapsed, world.dice, stream)
            s.moved[u] = clock[C_NOW]
        _model(world, u, spot)
        out = _marks_of(world, u)
        for k in range(first, last):
            i = s.instrument[k]
            j = k - first
            model[i, V_VOLATILITY], model[i, V_PRICE] = out[VOLATILITY, j], out[PRICE, j]
            model[i, V_DELTA], model[i, V_VEGA] = out[DELTA, j], out[VEGA, j]
            if venue.state[i, TRADING] == 1:
                venue.state[i, MARK] = s.ticks[k]
        if _passed(world, u) > 0:
            _mark_expiring(world, u, model)
    return 0


@part
def revalue_grid(world, _number):
    """Write what a lot of each instrument gains in each scenario of portfolio margin, at the last block's model."""
    clock, venue, grid = world.clock, world.venue, world.grid
    model = world.public.model[clock[C_HEIGHT] % world.public.time.shape[0]]
    for i in range(venue.spec.shape[0]):
        if venue.spec[i, EXPIRY] > 0:
            volatility = model[i, V_VOLATILITY]
            grid.volatility[i] = 0.0 if np.isnan(volatility) else volatility
            grid.years[i] = max(venue.spec[i, EXPIRY] - clock[C_NOW], 0) / YEAR_NS
    revalue(venue.spec, venue.state, grid, venue.rules.gain)
    return 0
