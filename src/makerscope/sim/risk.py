# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say, in order
"""Who can no longer pay: forced orders into the very same book, then the backstop vault, insurance, and ``bankruptcy``.

What is asked of an account stands in the margin profile (``market.liquidation``); here it happens, block by block.
"""

from makerscope.kernels._jit import inner, kernel, part
from makerscope.kernels.handle import call_part
from makerscope.market.accounts import equity, next_open
from makerscope.market.layout import BACKSTOP, CROSS, FIRST_AGENT, INSURANCE, ISOLATED, MARK, NONE
from makerscope.market.liquidation import (
    BANKRUPT,
    FILLABLE,
    HEALTHY,
    LIMIT,
    LIQUIDATABLE,
    first_to_close,
    restored,
    standing,
    standing_of,
)
from makerscope.market.log import INSURED, TAKEN_OVER
from makerscope.market.margin import MAINTENANCE, glance, requirement
from makerscope.market.venue import cancel_everything
from makerscope.sim.bankruptcy import ADL, bear, deleverage_all, insure, move, pay_and_log
from makerscope.sim.forced import force, retire
from makerscope.sim.parts import P_CLOSE_OUT, P_ISOLATED
from makerscope.sim.world import (
    C_HEIGHT,
    C_NOW,
    G_BANKRUPTCY,
    G_HEDGE_SHIFT,
    G_KEEPERS,
    Z_KEEPER,
    Z_LOOK,
    Z_STEP,
    Z_WAIT,
)

CALM = 1_000_000_000  # ns between two looks at an account that holds four times what it must


@kernel
def _hand_over(world, a):
    """The vault takes all positions at the mark and what money is left; insurance covers what is missing."""
    accounts, state = world.venue.accounts, world.venue.state
    i = next_open(accounts, a, 0)
    while i != NONE:
        move(world, a, BACKSTOP, i, state[i, MARK], abs(accounts.position[a, i]), TAKEN_OVER)
        i = next_open(accounts, a, i + 1)
    if accounts.cash[a] >= 0:
        pay_and_log(world, a, BACKSTOP, accounts.cash[a], INSURED)
    else:
        bear(world, a, insure(world, a, -accounts.cash[a]))
    retire(world, a)


@inner
def _force_worst(world, a):
    """Close the next part of the position that wants the most margin."""
    venue = world.venue
    i = first_to_close(venue.accounts, venue.spec, venue.state, venue.rules, a)
    if i != NONE:
        cancel_everything(venue, world.mempool.message[-1], a)
        force(world, a, i)


@part
def close_account(world, a):
    """What is done about an account that cannot cover its margin. Returns 1 where keepers may close it.

    A part of its own, which many markets never call. Where forced orders go to the fillable price, the book may take a
    bankrupt account's positions as long as insurance covers the loss, and what it leaves is deleveraged, not handed to
    a vault: dYdX has none.
    """
    venue, now = world.venue, world.clock[C_NOW]
    accounts, spec, state, rules, forced = venue.accounts, venue.spec, venue.state, venue.rules, world.forced
    stands, fund = standing(accounts, spec, state, rules, a), max(accounts.cash[INSURANCE], 0)
    fillable, deleverages = rules.ladder[LIMIT] == FILLABLE, world.rule[G_BANKRUPTCY] == ADL
    asked = world.rule[G_KEEPERS] == 0 or forced[a, Z_KEEPER] > 0
    if stands == LIQUIDATABLE and asked:
        if now < forced[a, Z_WAIT]:
            return 0
        _force_worst(world, a)
        worth = equity(accounts, spec, state, a)
        wanted = requirement(accounts, spec, state, rules, a, False)
        if restored(rules.ladder, worth, wanted):
            forced[a, Z_STEP] = 0
        stands = standing(accounts, spec, state, rules, a)
    elif stands == BANKRUPT and asked and fillable and -equity(accounts, spec, state, a) <= fund:
        _force_worst(world, a)
    if stands > LIQUIDATABLE:
        cancel_everything(venue, world.mempool.message[-1], a)
        deep = -equity(accounts, spec, state, a)
        if stands == BANKRUPT and deleverages and (fillable or deep > max(accounts.cash[INSURANCE], 0)):
            deleverage_all(world, a)
        _hand_over(world, a)
    return 1 if stands == LIQUIDATABLE else 0


@inner
def _look(world, a):
    """One account: how it stands, and when to look again. Returns whether keepers may close it."""
    venue, forced = world.venue, world.forced
    accounts, spec, state, rules = venue.accounts, venue.spec, venue.state, venue.rules
    if accounts.mode[a] == CROSS:
        worth, most = glance(accounts, spec, state, rules, a, MAINTENANCE)
        if worth > 4 * most:
            forced[a, Z_STEP] = forced[a, Z_KEEPER] = 0
            forced[a, Z_LOOK] = world.clock[C_NOW] + CALM
            return False
    worth, wanted = equity(accounts, spec, state, a), requirement(accounts, spec, state, rules, a, False)
    if standing_of(rules.ladder, worth, wanted) != HEALTHY:
        return call_part(world.code[P_CLOSE_OUT], world, a) == 1
    forced[a, Z_STEP] = forced[a, Z_KEEPER] = 0
    forced[a, Z_LOOK] = world.clock[C_NOW] + CALM if worth > 4 * wanted else 0
    return False


@part
def watch_risk(world, _number):
    """Look at every account that may be in danger, and show whom keepers may liquidate."""
    now, venue = world.clock[C_NOW], world.venue
    weak, n = world.public.weak[world.clock[C_HEIGHT] % world.public.time.shape[0]], 0
    weak[:] = NONE
    for a in range(FIRST_AGENT, FIRST_AGENT + world.rule[G_HEDGE_SHIFT]):
        if now >= world.forced[a, Z_LOOK] and venue.checked[a] == 1:
            alone = venue.accounts.mode[a] == ISOLATED
            risky = call_part(world.code[P_ISOLATED], world, a) == 1 if alone else _look(world, a)
            if risky and n < weak.shape[0] and world.forced[a, Z_KEEPER] == 0:
                weak[n] = a
                n += 1
    return 0
