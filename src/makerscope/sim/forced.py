# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say
"""Forced orders: the next part of a position goes to the book, to a pool or to the vault, and the penalty for it."""

from makerscope.agents.interface import RUINED
from makerscope.kernels._jit import inner, kernel
from makerscope.market.accounts import equity, fenced_equity, free_money, next_open
from makerscope.market.book import SERIALS
from makerscope.market.layout import BACKSTOP, INSURANCE, ISOLATED, MARK, NONE, UNIT
from makerscope.market.liquidation import ABOVE, PAUSE, forced_limit, lots_to_close, penalty
from makerscope.market.log import LIQUIDATED, PENALTY, REWARD
from makerscope.market.ordering import COMMIT, R_POLICY
from makerscope.market.venue import take_from_book
from makerscope.sim.bankruptcy import move, pay_and_log
from makerscope.sim.wires import has_money_coming
from makerscope.sim.world import C_NOW, D_OUT, D_OUT_AT, G_HEDGE_SHIFT, Z_KEEPER, Z_STEP, Z_WAIT


@inner
def _free(world, a):
    """Money of an isolated account outside its fences; of another account nothing is fenced, and this is 0."""
    return free_money(world.venue.accounts, a) if world.venue.accounts.mode[a] == ISOLATED else 0


@kernel
def _punish(world, a, i, size, free_before):
    """What a forced fill costs, half of it the keeper's who pointed at the account, the rest insurance's.

    An isolated position pays out of what its closing has released, then out of what is left of its fence.
    """
    venue, accounts = world.venue, world.venue.accounts
    spec, state = venue.spec, venue.state
    owed = penalty(spec, state, venue.rules, i, state[i, MARK], size)
    if accounts.mode[a] == ISOLATED:
        released = max(free_money(accounts, a) - free_before, 0)
        fenced = max(fenced_equity(accounts, spec, state, a, i), 0) if accounts.position[a, i] != 0 else 0
        owed = min(owed, released + fenced)
        accounts.collateral[a, i] -= max(owed - released, 0)
    else:
        owed = min(owed, max(equity(accounts, spec, state, a), 0))
    keeper = world.forced[a, Z_KEEPER]
    if keeper > 0:
        pay_and_log(world, a, keeper, owed // 2, REWARD)
        owed -= owed // 2
    pay_and_log(world, a, INSURANCE, owed, PENALTY)


@kernel
def force(world, a, i):
    """Close the next part of one position, up to the limit of the venue's rule; a large one waits before the next."""
    venue, accounts = world.venue, world.venue.accounts
    spec, state, rules, free = venue.spec, venue.state, venue.rules, _free(world, a)
    held = accounts.position[a, i]
    size = lots_to_close(accounts, spec, state, rules, a, i, world.forced[a, Z_STEP])
    large = abs(held) * state[i, MARK] * spec[i, UNIT] > rules.ladder[ABOVE]
    filled = size
    if world.ordering.rule[R_POLICY] == COMMIT:  # the other side is the pool, at the mark
        move(world, a, BACKSTOP, i, state[i, MARK], size, LIQUIDATED)
    else:
        limit = forced_limit(accounts, spec, state, rules, a, i)
        serial = venue.book.pool[SERIALS]
        venue.book.pool[SERIALS] += 1
        nobody = world.mempool.message[-1]
        filled -= take_from_book(venue, nobody, a, i, -1 if held > 0 else 1, limit, size, serial, LIQUIDATED)
    if filled > 0:
        _punish(world, a, i, filled, free)
    if large:
        world.forced[a, Z_STEP] += 1
        world.forced[a, Z_WAIT] = world.clock[C_NOW] + rules.ladder[PAUSE]


@kernel
def retire(world, a):
    """Take out whose account was closed and who has nothing left anywhere: it sends no more, and owes no more gas."""
    accounts, hedger = world.venue.accounts, a + world.rule[G_HEDGE_SHIFT]
    if accounts.cash[a] > 0 or next_open(accounts, a, 0) != NONE or has_money_coming(world, a):
        return
    if accounts.cash[hedger] > 0 or next_open(accounts, hedger, 0) != NONE:
        return
    world.agents.timing[a, D_OUT], world.agents.timing[a, D_OUT_AT] = RUINED, world.clock[C_NOW]
