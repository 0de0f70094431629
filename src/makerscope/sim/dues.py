# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say
"""Money that falls due by the clock: funding of perpetuals, settlement of what expires."""

from makerscope.kernels._jit import kernel, part
from makerscope.kernels.handle import call_part
from makerscope.market.accounts import trade
from makerscope.market.book import best
from makerscope.market.funding import amount_per_lot, funding_rate, pay_funding, sample_premium, take_premium
from makerscope.market.layout import (
    A_PERP,
    AN_OPTION,
    EXPIRY,
    INDEX,
    KIND,
    MARK,
    NONE,
    OPEN_INTEREST,
    SETTLED,
    UNDERLYING,
    UNIT,
)
from makerscope.market.log import SETTLEMENT
from makerscope.market.news import TOOK, tell
from makerscope.market.settlement import average_ticks, payoff_ticks
from makerscope.market.venue import close_market
from makerscope.sim.leader_desk import log_alone
from makerscope.sim.parts import P_FEES, P_SETTLE
from makerscope.sim.statements import log_mark
from makerscope.sim.wires import land_money
from makerscope.sim.world import (
    C_DUE_FEES,
    C_DUE_FUNDING,
    C_DUE_SAMPLE,
    C_NEXT_EXPIRY,
    C_NOW,
    X_BASIS,
    X_CAP,
    X_CLAMP,
    X_EVERY,
    X_INTEREST,
    X_SAMPLE,
    X_WINDOW,
)


@kernel
def _fund(world):
    """Sample premiums; when an interval is over every long lot pays the rate, and the tape says what it paid."""
    venue, clock, terms = world.venue, world.clock, world.terms
    now = clock[C_NOW]
    if now >= clock[C_DUE_SAMPLE] and terms[X_SAMPLE] > 0:
        clock[C_DUE_SAMPLE] = (now // terms[X_SAMPLE] + 1) * terms[X_SAMPLE]
        for i in range(venue.spec.shape[0]):
            if venue.spec[i, KIND] == A_PERP:
                sample_premium(venue.state, i, best(venue.book, i, 1), best(venue.book, i, -1))
    if terms[X_EVERY] == 0 or now < clock[C_DUE_FUNDING]:
        return
    clock[C_DUE_FUNDING] = (now // terms[X_EVERY] + 1) * terms[X_EVERY]
    for i in range(venue.spec.shape[0]):
        if venue.spec[i, KIND] != A_PERP:
            continue
        premium = take_premium(venue.state, i)
        rate = funding_rate(premium, terms[X_INTEREST], terms[X_CLAMP], terms[X_CAP])
        amount, world.carry[i] = amount_per_lot(
            venue.spec, venue.state, i, rate, terms[X_EVERY], terms[X_BASIS], world.carry[i]
        )
        pay_funding(venue.accounts, venue.state, i, amount, world.got)
        log_mark(venue, i, amount)


@kernel
def _average(world):
    """Sum the index of every underlying while the settlement window of the next expiry is open."""
    clock, window = world.clock, world.terms[X_WINDOW]
    if clock[C_NEXT_EXPIRY] == 0 or clock[C_NOW] <= clock[C_NEXT_EXPIRY] - window:
        return
    for u in range(world.index_ticks.shape[0]):
        world.twap[u, 0] += world.index_ticks[u]
        world.twap[u, 1] += 1


@kernel
def settle_instrument(world, i, ticks):
    """Close every position of one instrument at one price, each with a row, and its market for good."""
    venue = world.venue
    close_market(venue, world.mempool.message[-1], i)
    for a in range(venue.accounts.cash.shape[0]):
        held = venue.accounts.position[a, i]
        if held != 0:
            side = -1 if held > 0 else 1
            trade(venue.accounts, venue.spec, a, i, side, ticks, abs(held))
            log_alone(venue, world.clock[C_NOW], i, a, side, ticks, abs(held), 0, held, SETTLEMENT)
            worth = held * ticks * venue.spec[i, UNIT]
            tell(venue.inbox, a, TOOK, i, side, ticks, abs(held), 0, NONE, world.clock[C_NOW], worth)
    venue.state[i, MARK] = ticks
    venue.state[i, OPEN_INTEREST], venue.state[i, SETTLED] = 0, 1


@part
def settle_expired(world, _number):
    """Settle all that has expired: every leg against the one average of its underlying's index."""
    venue, clock = world.venue, world.clock
    due, later = clock[C_NEXT_EXPIRY], 0
    for i in range(venue.spec.shape[0]):
        when = venue.spec[i, EXPIRY]
        if venue.spec[i, KIND] != AN_OPTION or venue.state[i, SETTLED] == 1:
            continue
        if when <= due:
            u = venue.spec[i, UNDERLYING]
            index = average_ticks(world.twap[u, 0], world.twap[u, 1]) if world.twap[u, 1] > 0 else world.index_ticks[u]
            scaled = venue.state[i, INDEX] * index // max(world.index_ticks[u], 1)
            settle_instrument(world, i, payoff_ticks(venue.spec, i, scaled))
        elif later == 0 or when < later:
            later = when
    world.twap[:, :] = 0
    clock[C_NEXT_EXPIRY] = later
    return 0


@part
def pay_dues(world, _number):
    """Everything that is due in this block."""
    land_money(world)
    _fund(world)
    _average(world)
    if world.budget.tiers.shape[0] > 1 and world.clock[C_NOW] >= world.clock[C_DUE_FEES]:
        call_part(world.code[P_FEES], world, 0)
    if 0 < world.clock[C_NEXT_EXPIRY] <= world.clock[C_NOW]:
        call_part(world.code[P_SETTLE], world, 0)
    return 0
