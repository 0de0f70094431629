"""The option boards and surfaces of a scenario as flat arrays, a block an underlying."""

import numpy as np

from makerscope.market.reference import PricePath
from makerscope.market.surface_dynamics import (
    BOARD_ROWS,
    EXPIRY_COLUMNS,
    MARKS,
    SurfaceTerms,
    option_board,
    surface_plan,
    surface_start,
)
from makerscope.sim.markets import Market
from makerscope.sim.scenario import Scenario
from makerscope.sim.world import Surfaces


def surfaces_of(scenario: Scenario, markets: tuple[Market, ...], path: PricePath, start: int) -> Surfaces:
    """One surface an underlying, and the series on it; an underlying without options has an empty block."""
    table = scenario.surface
    plans, states, boards, places = [], [], [], []
    for u, item in enumerate(scenario.underlying):
        level = max(item.volatility * (1.0 + table.premium), 1e-3) ** 2
        terms = SurfaceTerms(
            level=level, speed=item.reversion, premium=table.premium, rho=table.skew, eta=table.curvature,
            stickiness=table.stickiness, near_noise=table.noise, far_noise=table.noise / 2, rho_noise=table.noise,
            eta_noise=table.noise,
        )  # fmt: skip
        plans.append(surface_plan(terms))
        states.append(surface_start(plans[-1], float(path.spot[u, 0]), float(path.variance[u, 0])))
        mine = [i for i, market in enumerate(markets) if market.kind == "option" and market.base == item.symbol]
        places.append(mine)
        boards.append(
            option_board(
                strike=[markets[i].strike or 0.0 for i in mine],
                expiry=[markets[i].expiry or 0 for i in mine],
                is_call=[bool(markets[i].is_call) for i in mine],
                tick=[markets[i].tick for i in mine],
            )
        )
    n, m = sum(map(len, places)), sum(len(board.expiry) for board in boards)
    return Surfaces(
        plan=np.stack(plans),
        state=np.stack(states),
        moved=np.full(len(plans), start, np.int64),
        series_at=np.cumsum([0, *map(len, places)]).astype(np.int64),
        expiry_at=np.cumsum([0, *(len(board.expiry) for board in boards)]).astype(np.int64),
        series=np.concatenate([board.series.ravel() for board in boards]),
        group=np.concatenate([board.group for board in boards]),
        expiry=np.concatenate([board.expiry for board in boards]),
        slices=np.zeros(EXPIRY_COLUMNS * m),
        work=np.zeros(BOARD_ROWS * n),
        out=np.zeros(MARKS * n),
        ticks=np.zeros(n, np.int64),
        instrument=np.array([i for mine in places for i in mine], np.int64),
    )
