"""Small simulated worlds for tests of the market's money: one perpetual or more, options beside it."""

import numpy as np

from makerscope.market import layout
from makerscope.market.accounts import fenced_equity, new_holdings, pay
from makerscope.market.liquidation import cover, settle_fence, transfer
from makerscope.market.margin_profile import margin_profile
from makerscope.market.margin_rules import margin_rules


def instruments(perps=1, options=(), *, unit=1000, im=50_000, mm=25_000, index=60_000):
    """``options`` are (strike, is_call, expiry); the perpetuals come first, every one on underlying 0."""
    count = perps + len(options)
    spec, state = np.zeros((count, layout.SPEC_COLUMNS), np.int64), np.zeros((count, layout.STATE_COLUMNS), np.int64)
    spec[:, layout.UNIT], spec[:, layout.LOT_STEP], spec[:, layout.IM], spec[:, layout.MM] = unit, 1, im, mm
    spec[perps:, layout.KIND] = layout.AN_OPTION
    for place, (strike, is_call, expiry) in enumerate(options):
        spec[perps + place, [layout.STRIKE_TICKS, layout.IS_CALL, layout.EXPIRY]] = strike, is_call, expiry
    state[:, layout.INDEX] = state[:, layout.MARK] = index
    state[perps:, layout.MARK] = index // 20
    return spec, state


def take_over(accounts, spec, state, account, vault):
    """All positions at the mark and the money left go to the vault, insurance covers the rest: the loop's own steps."""
    for instrument in np.flatnonzero(accounts.position[account]):
        size = abs(int(accounts.position[account, instrument]))
        transfer(accounts, spec, account, vault, instrument, state[instrument, layout.MARK], size)
    rest = int(accounts.cash[account])
    if rest < 0:
        return cover(accounts, account, -rest)
    pay(accounts, account, vault, rest)
    return 0


def take_over_isolated(accounts, spec, state, account, instrument, vault):  # noqa: PLR0917 - as compiled functions
    """The same for one isolated position and its fence."""
    worth = fenced_equity(accounts, spec, state, account, instrument)
    size = abs(int(accounts.position[account, instrument]))
    transfer(accounts, spec, account, vault, instrument, state[instrument, layout.MARK], size)
    if worth < 0:
        return settle_fence(accounts, account, instrument)
    pay(accounts, account, vault, worth)
    accounts.collateral[account, instrument] = 0
    return 0


def world(accounts=8, cash=10**12, profile="plain", perps=1, options=(), **facts):
    spec, state = instruments(perps, options, **facts)
    holdings = new_holdings(accounts, spec.shape[0])
    holdings.cash[:] = cash
    rules = margin_rules(margin_profile(profile), spec, ["BTC"], units_per_usd=10**6)
    return holdings, spec, state, rules
