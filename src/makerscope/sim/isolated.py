# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say
"""Isolated margin: each position stands or falls with the money fenced for it, and the account's other money is safe.

A fill fences initial margin (``market.margin.fence``). Here every position whose fence no longer covers maintenance
closes by itself: forced orders at its own limit, then the vault, which gets what is left of the fence; what is missing
insurance pays, then winners by deleveraging, all profits or all equity, as for any other account. The steps and pauses
of the venue's ladder, and the keeper who pointed at the account, hold for all of its positions together.
"""

from makerscope.kernels._jit import inner, part
from makerscope.market.accounts import fenced_equity, next_open
from makerscope.market.layout import BACKSTOP, INSURANCE, MARK, NONE, O_INSTRUMENT
from makerscope.market.liquidation import (
    BANKRUPT,
    FILLABLE,
    HEALTHY,
    LIMIT,
    LIQUIDATABLE,
    isolated_standing,
    restored,
    settle_fence,
)
from makerscope.market.log import CANCELLED, INSURED, TAKEN_OVER
from makerscope.market.margin import MAINTENANCE, isolated_requirement
from makerscope.market.venue import drop_order
from makerscope.sim.bankruptcy import ADL, bear, deleverage_one, move, pay_and_log
from makerscope.sim.forced import force, retire
from makerscope.sim.transfers import log_transfer
from makerscope.sim.world import C_NOW, G_BANKRUPTCY, G_KEEPERS, Z_KEEPER, Z_STEP, Z_WAIT


@inner
def _pull_orders(world, a, i):
    """Take the account's orders in one instrument out of the book."""
    venue = world.venue
    for s in range(venue.slot_at[a], venue.slot_at[a + 1]):
        o = venue.slot[s]
        if o != NONE and venue.book.order[o, O_INSTRUMENT] == i:
            drop_order(venue, world.mempool.message[-1], o, CANCELLED)


@inner
def _settle(world, a, i):
    """Insurance, then the venue's rule, pay what a closed position lost beyond its fence."""
    venue, accounts = world.venue, world.venue.accounts
    owed = -accounts.collateral[a, i]
    if accounts.position[a, i] != 0 or owed <= 0:
        return
    short = settle_fence(accounts, a, i)
    log_transfer(venue, a, NONE, INSURED, owed - short)
    log_transfer(venue, INSURANCE, NONE, INSURED, short - owed)
    accounts.collateral[a, i] = 0  # what nobody can pay is the account's own debt
    bear(world, a, short)


@inner
def _hand_over(world, a, i):
    """The vault takes one position at the mark with its fence; what is missing insurance and the others pay."""
    venue, accounts = world.venue, world.venue.accounts
    worth = fenced_equity(accounts, venue.spec, venue.state, a, i)
    move(world, a, BACKSTOP, i, venue.state[i, MARK], abs(accounts.position[a, i]), TAKEN_OVER)
    if worth >= 0:
        accounts.collateral[a, i] = 0
        pay_and_log(world, a, BACKSTOP, worth, INSURED)
    else:
        accounts.collateral[a, i] = worth
        _settle(world, a, i)


@inner
def _close(world, a, i, stands):
    """Close one weak position, as far as it goes in this block."""
    venue, accounts = world.venue, world.venue.accounts
    spec, state, rules, forced = venue.spec, venue.state, venue.rules, world.forced
    fillable, deleverages = rules.ladder[LIMIT] == FILLABLE, world.rule[G_BANKRUPTCY] == ADL
    deep, fund = -fenced_equity(accounts, spec, state, a, i), max(accounts.cash[INSURANCE], 0)
    if stands == LIQUIDATABLE:
        if (world.rule[G_KEEPERS] == 0 or forced[a, Z_KEEPER] > 0) and world.clock[C_NOW] >= forced[a, Z_WAIT]:
            force(world, a, i)
            worth = fenced_equity(accounts, spec, state, a, i)
            wanted = isolated_requirement(accounts, spec, state, rules, a, i, MAINTENANCE)
            if restored(rules.ladder, worth, wanted):
                forced[a, Z_STEP] = 0
            _settle(world, a, i)
        return
    if stands == BANKRUPT and fillable and deep <= fund:
        force(world, a, i)
    if stands == BANKRUPT and deleverages and (fillable or deep > fund) and accounts.position[a, i] != 0:
        deleverage_one(world, a, i)
    if accounts.position[a, i] != 0:
        _hand_over(world, a, i)
    else:
        _settle(world, a, i)


@part
def watch_isolated(world, a):
    """Look at every open position of an isolated account."""
    venue, accounts = world.venue, world.venue.accounts
    spec, state, rules = venue.spec, venue.state, venue.rules
    i, weak = next_open(accounts, a, 0), 0
    while i != NONE:
        stands = isolated_standing(accounts, spec, state, rules, a, i)
        if stands != HEALTHY:
            weak = 1
            _pull_orders(world, a, i)
            _close(world, a, i, stands)
        i = next_open(accounts, a, i + 1)
    if weak == 0:
        world.forced[a, Z_KEEPER] = world.forced[a, Z_STEP] = 0
    else:
        retire(world, a)
    return weak
