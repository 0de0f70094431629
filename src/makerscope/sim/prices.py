# ruff: noqa: ANN001, ANN201 - compiled functions take the types their docstrings say
"""What things are worth in this block: the index by the oracle, marks by the venue's rule, options by the surface."""

import numpy as np

from makerscope.kernels._jit import inlined, inner, part
from makerscope.kernels.handle import call_part
from makerscope.market.book import best
from makerscope.market.chain import C_ORACLE
from makerscope.market.layout import A_LEAD, A_PERP, INDEX, KIND, LAST, MARK, NONE, UNDERLYING
from makerscope.market.mark import mark
from makerscope.market.oracle import OBSERVED, OraclePlan, OracleState, oracle_step
from makerscope.sim.parts import P_GRID, P_OPTIONS
from makerscope.sim.world import C_DUE_GRID, C_NOW, G_GRID_EVERY, G_OPTIONS, G_START, G_STEP, S_ORACLE


@inlined
def step_of(world, now):
    """The step of the reference path that holds at a time."""
    at = (now - world.rule[G_START]) // world.rule[G_STEP]
    return min(max(at, 0), world.path.spot.shape[1] - 1)


@inner
def update_index(world, u, spot):
    """Let the oracle of an underlying look and deliver; returns the index in its ticks."""
    oracle, now = world.oracle, world.clock[C_NOW]
    plan = OraclePlan(oracle.numbers, oracle.sources, oracle.episodes, oracle.tick[u])
    state = OracleState(oracle.state[u], oracle.errors[u], oracle.read[u], oracle.history[u], oracle.way[u])
    index = oracle_step(plan, state, spot, now, world.dice, S_ORACLE + u)
    if u == 0:
        world.chain.state[C_ORACLE] = state.numbers[OBSERVED]
    return index


@part
def update_prices(world, _number):
    """Index and mark of every instrument, at the beginning of a block: from the book as the last block left it."""
    venue, now = world.venue, world.clock[C_NOW]
    spec, state = venue.spec, venue.state
    at = step_of(world, now)
    for u in range(world.path.spot.shape[0]):
        world.index_ticks[u] = update_index(world, u, world.path.spot[u, at])
    for i in range(spec.shape[0]):
        u = spec[i, UNDERLYING]
        if spec[i, KIND] == A_PERP:
            elsewhere = np.int64(world.path.spot[u, at] / venue.real[i, 1] + 0.5)
            state[i, INDEX] = world.index_ticks[u]
            bid, ask, last = best(venue.book, i, 1), best(venue.book, i, -1), state[i, LAST]
            state[i, MARK] = mark(
                world.marking, i, now, world.index_ticks[u], bid, ask, last if last > 0 else NONE, elsewhere
            )
        elif spec[i, KIND] == A_LEAD:
            state[i, MARK] = state[i, INDEX] = max(np.int64(world.path.spot[u, at] / venue.real[i, 1] + 0.5), 1)
        else:  # an option's index is kept in the option's own ticks
            state[i, INDEX] = np.int64(world.index_ticks[u] * world.oracle.tick[u] / venue.real[i, 1] + 0.5)
    if world.rule[G_OPTIONS] == 1:
        call_part(world.code[P_OPTIONS], world, at)
        if world.rule[G_GRID_EVERY] > 0 and now >= world.clock[C_DUE_GRID]:
            world.clock[C_DUE_GRID] = now + world.rule[G_GRID_EVERY]
            call_part(world.code[P_GRID], world, 0)
    return 0
