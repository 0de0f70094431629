# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say
"""Isolated margin: each position stands or falls with the money fenced for it, and the account's other money is safe.

A fill fences initial margin (``market.margin.fence``). Here every position whose fence no longer covers maintenance
closes by itself: forced orders at its own bankruptcy price, then the vault, which gets what is left of the fence; what
is missing insurance pays, then winners by deleveraging or a haircut, as for any other account.
"""

from makerscope.kernels._jit import inner, part
from makerscope.market.accounts import fenced_equity, next_open
from makerscope.market.book import SERIALS
from makerscope.market.layout import (
    BACKSTOP,
    INSURANCE,
    MARK,
    NONE,
    O_INSTRUMENT,
)
from makerscope.market.liquidation import (
    BANKRUPT,
    HEALTHY,
    LIQUIDATABLE,
    bankruptcy_price,
    isolated_standing,
    lots_to_close,
    penalty,
    settle_fence,
)
from makerscope.market.log import CANCELLED, INSURED, LIQUIDATED, PENALTY, TAKEN_OVER
from makerscope.market.venue import drop_order, take_from_book
from makerscope.sim.risk import ADL, HAIRCUTS, cut_profits, deleverage_one, move, pay_and_log, retire
from makerscope.sim.transfers import log_transfer
from makerscope.sim.world import C_NOW, G_BANKRUPTCY, G_KEEPERS, Z_KEEPER, Z_WAIT


@inner
def _pull_orders(world, a, i):
    """Take the account's orders in one instrument out of the book."""
    venue = world.venue
    for s in range(venue.slot_at[a], venue.slot_at[a + 1]):
        o = venue.slot[s]
        if o != NONE and venue.book.order[o, O_INSTRUMENT] == i:
            drop_order(venue, world.mempool.message[-1], o, CANCELLED)


@inner
def _force(world, a, i):
    """Close the next part of one position through the book; what the venue asks for it comes out of its fence."""
    venue, accounts = world.venue, world.venue.accounts
    spec, state, rules = venue.spec, venue.state, venue.rules
    held = accounts.position[a, i]
    size = lots_to_close(accounts, spec, state, rules, a, i, 0)
    limit = bankruptcy_price(accounts, spec, state, a, i)
    serial = venue.book.pool[SERIALS]
    venue.book.pool[SERIALS] += 1
    nobody = world.mempool.message[-1]
    filled = size - take_from_book(venue, nobody, a, i, -1 if held > 0 else 1, limit, size, serial, LIQUIDATED)
    fenced = max(fenced_equity(accounts, spec, state, a, i), 0) if accounts.position[a, i] != 0 else 0
    owed = min(penalty(spec, state, rules, i, state[i, MARK], filled), fenced) if filled > 0 else 0
    accounts.collateral[a, i] -= owed
    pay_and_log(world, a, INSURANCE, owed, PENALTY)


@inner
def _hand_over(world, a, i):
    """The vault takes one position at the mark with its fence; returns what insurance could not pay."""
    venue, accounts = world.venue, world.venue.accounts
    worth = fenced_equity(accounts, venue.spec, venue.state, a, i)
    move(world, a, BACKSTOP, i, venue.state[i, MARK], abs(accounts.position[a, i]), TAKEN_OVER)
    if worth >= 0:
        accounts.collateral[a, i] = 0
        pay_and_log(world, a, BACKSTOP, worth, INSURED)
        return 0
    accounts.collateral[a, i] = worth
    short = settle_fence(accounts, a, i)
    log_transfer(venue, a, NONE, INSURED, -worth - short)
    log_transfer(venue, INSURANCE, NONE, INSURED, short + worth)
    return short


@part
def watch_isolated(world, a):
    """Look at every open position of an isolated account."""
    venue, accounts, now = world.venue, world.venue.accounts, world.clock[C_NOW]
    spec, state, rules = venue.spec, venue.state, venue.rules
    i, weak = next_open(accounts, a, 0), 0
    while i != NONE:
        stands = isolated_standing(accounts, spec, state, rules, a, i)
        if stands != HEALTHY:
            weak = 1
            _pull_orders(world, a, i)
        if stands == LIQUIDATABLE and (world.rule[G_KEEPERS] == 0 or world.forced[a, Z_KEEPER] > 0):
            if now >= world.forced[a, Z_WAIT]:
                _force(world, a, i)
        elif stands > LIQUIDATABLE:
            deep = -fenced_equity(accounts, spec, state, a, i)
            if stands == BANKRUPT and world.rule[G_BANKRUPTCY] == ADL and deep > max(accounts.cash[INSURANCE], 0):
                deleverage_one(world, a, i)
            if accounts.position[a, i] != 0 and _hand_over(world, a, i) > 0 and world.rule[G_BANKRUPTCY] == HAIRCUTS:
                cut_profits(world)
        i = next_open(accounts, a, i + 1)
    if weak == 0:
        world.forced[a, Z_KEEPER] = 0
    else:
        retire(world, a)
    return weak
