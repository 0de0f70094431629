"""Small simulated worlds for tests of the market's money: one perpetual or more, options beside it."""

import numpy as np

from makerscope.market import layout
from makerscope.market.accounts import new_holdings
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


def world(accounts=8, cash=10**12, profile="plain", perps=1, options=(), **facts):
    spec, state = instruments(perps, options, **facts)
    holdings = new_holdings(accounts, spec.shape[0])
    holdings.cash[:] = cash
    rules = margin_rules(margin_profile(profile), spec, ["BTC"], units_per_usd=10**6)
    return holdings, spec, state, rules
