"""Whatever happens in the simulated market, money is conserved to the unit and positions sum to zero."""

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.market import layout
from makerscope.market.accounts import (
    equity,
    fenced_equity,
    free_money,
    new_holdings,
    next_with,
    pay,
    total_cash,
    trade,
    unrealised,
)
from makerscope.market.deleverage import DRAWS, adl_queue, adl_round, socialise, take_in_order
from makerscope.market.fees import fee
from makerscope.market.funding import amount_per_lot, pay_funding
from makerscope.market.haircut import claims, haircut, pay_haircut, withdrawable
from makerscope.market.liquidation import (
    HEALTHY,
    bankruptcy_price,
    isolated_standing,
    settle_fence,
    standing,
    transfer,
)
from makerscope.market.liquidation_price import liquidation_price
from makerscope.market.margin import allows, fence, glance, position_requirement, requirement
from makerscope.market.margin_profile import margin_profile
from makerscope.market.margin_rules import margin_rules, scenario_grid
from makerscope.market.portfolio_margin import revalue
from makerscope.market.settlement import payoff_ticks
from makerscope.market.shares import apportion, floor_share, millionths, millionths_up, share
from tests.reference.accounts import (
    SlowAccount,
    slow_apportion,
    slow_option_requirement,
    slow_tier_margin,
)
from tests.worlds import instruments, take_over, take_over_isolated, world

ACCOUNTS, PERPS, EXPIRY = layout.FIRST_AGENT + 5, 2, 10**18
OPTIONS = ((60_000, True, EXPIRY), (55_000, False, EXPIRY), (70_000, True, 2 * EXPIRY))
big = st.integers(0, 2**62 - 1)


@given(st.integers(-(2**62) + 1, 2**62 - 1), big, st.integers(1, 2**62 - 1))
def test_a_share_is_exact_however_large_the_numbers(amount, part, whole):
    part = min(part, whole)
    assert share(amount, part, whole) == round(Fraction(amount) * part / whole)
    assert floor_share(abs(amount), part, whole) == divmod(abs(amount) * part, whole)


@given(st.integers(-(2**61), 2**61), st.integers(-(10**6), 10**6))
def test_millionths_round_half_up_and_up(amount, ppm):
    exact = Fraction(amount) * ppm / 10**6
    assert millionths.py_func(amount, ppm) == (exact + Fraction(1, 2)).__floor__()
    assert millionths_up.py_func(amount, ppm) == exact.__ceil__()


@given(big, st.lists(st.integers(0, 2**58), min_size=1, max_size=9))
def test_an_apportioned_sum_has_no_remainder(total, weights):
    total = min(total, sum(weights))
    out = np.zeros(len(weights), np.int64)
    assert apportion(total, np.array(weights, np.int64), out) == sum(weights)
    assert out.tolist() == slow_apportion(total, weights)
    assert out.sum() == total
    assert all(0 <= part <= weight for part, weight in zip(out.tolist(), weights, strict=True))


@given(st.lists(st.tuples(st.sampled_from((1, -1)), st.integers(1, 10**6), st.integers(1, 12)), max_size=40))
def test_average_cost_is_that_of_lots_in_fractions(fills):
    holdings, spec, state, _rules = world(5, cash=0)
    slow, gain, reductions = SlowAccount(), 0, 0
    for side, price, size in fills:
        reductions += slow.position * side < 0
        gain += trade(holdings, spec, 4, 0, side, price, size)
        slow.trade(side, price, size, 1000)
        assert holdings.position[4, 0] == slow.position
        assert holdings.cash[4] == slow.cash
        assert abs(holdings.cost[4, 0] - slow.cost) <= Fraction(reductions, 2)
        assert gain - holdings.cost[4, 0] == holdings.cash[4]  # exact, whatever was rounded
        if slow.position == 0:
            assert holdings.cost[4, 0] == 0
            reductions = 0
        if holdings.cost[4, 0]:
            assert np.sign(holdings.cost[4, 0]) == np.sign(slow.position)
    state[0, layout.MARK] = 777
    assert equity(holdings, spec, state, 4) == gain + unrealised(holdings, spec, state, 4, 0)


@given(st.lists(st.tuples(st.integers(0, 129), st.sampled_from((1, -1)), st.integers(1, 3)), max_size=30))
def test_open_positions_are_found_in_order_with_and_without_their_bits(fills):
    holdings = new_holdings(5, 130)
    spec = np.ones((130, layout.SPEC_COLUMNS), np.int64)
    for instrument, side, size in fills:
        trade(holdings, spec, 4, instrument, side, 10, size)
    plain = layout.Accounts(*holdings[:5])
    open_ones = np.flatnonzero(holdings.position[4]).tolist()
    for accounts in (holdings, plain):
        for other in (layout.NONE, 0, 63, 64, 129):
            found, at = [], layout.NONE
            while (at := next_with(accounts, 4, at + 1, other)) != layout.NONE:
                found.append(at)
            assert found == sorted({*open_ones, *([other] if other != layout.NONE else [])})


class Market:
    """Draws that act on one small world; every act is one the simulator's loop makes."""

    def __init__(self, modes):
        self.holdings, self.spec, self.state, self.rules = world(
            ACCOUNTS, cash=3 * 10**6, perps=PERPS, options=OPTIONS, unit=7
        )
        self.spec[:, [layout.MAKER_FEE, layout.TAKER_FEE, layout.FEE_CAP]] = -30, 450, 125_000
        self.holdings.mode[layout.FIRST_AGENT :] = modes
        self.holdings.cash[layout.INSURANCE] = 10**5  # so little that losses go beyond it
        self.count = self.spec.shape[0]
        self.before = total_cash(self.holdings)
        self.buffers = [np.zeros(ACCOUNTS, np.int64) for _ in range(4)]

    def fill(self, a, b, instrument, price, size):
        buyer, seller = layout.FIRST_AGENT + a % 5, layout.FIRST_AGENT + b % 5
        instrument %= self.count
        if buyer == seller or self.state[instrument, layout.SETTLED]:
            return
        mark = int(self.state[instrument, layout.MARK])
        at = max(1, mark * (900 + price % 200) // 1000)
        for account, side, is_maker in ((buyer, 1, True), (seller, -1, False)):
            trade(self.holdings, self.spec, account, instrument, side, at, size)
            pay(self.holdings, account, layout.FEES, fee(self.spec, self.state, instrument, at, size, is_maker))
            settle_fence(self.holdings, account, instrument)
            fence(self.holdings, self.spec, self.state, self.rules, account, instrument)

    def fund(self, a, _b, instrument, rate, _size):
        instrument %= PERPS
        amount, _carry = amount_per_lot(
            self.spec, self.state, instrument, (rate - 500) * 10**11, 3600, 8 * 3600, a * 10**12
        )
        got = self.buffers[0]
        pay_funding(self.holdings, self.state, instrument, amount, got)
        assert got.sum() == 0

    def move(self, _a, _b, instrument, price, _size):
        instrument %= self.count
        if not self.state[instrument, layout.SETTLED]:
            self.state[instrument, layout.MARK] = max(
                1, self.state[instrument, layout.MARK] * (700 + price % 600) // 1000
            )

    def liquidate(self, *_draws):
        for account in range(layout.FIRST_AGENT, ACCOUNTS):
            if self.holdings.mode[account] == layout.ISOLATED:
                for instrument in range(self.count):
                    if self.holdings.position[account, instrument]:
                        self.liquidate_isolated(account, instrument)
            elif standing(self.holdings, self.spec, self.state, self.rules, account) != HEALTHY:
                short = take_over(self.holdings, self.spec, self.state, account, layout.BACKSTOP)
                assert self.holdings.cash[account] == -short
                assert not self.holdings.position[account].any()

    def liquidate_isolated(self, account, instrument):
        facts = (self.holdings, self.spec, self.state)
        if isolated_standing(*facts, self.rules, account, instrument) == HEALTHY:
            return
        free, worth = free_money(self.holdings, account), fenced_equity(*facts, account, instrument)
        short = take_over_isolated(*facts, account, instrument, layout.BACKSTOP)
        assert self.holdings.collateral[account, instrument] == -short
        assert short <= max(-worth, 0)
        assert free_money(self.holdings, account) == free - short  # no more than was fenced, unless insurance is empty

    def deleverage(self, a, b, instrument, price, _size):
        instrument %= self.count
        account = layout.FIRST_AGENT + a % 5
        side = -np.sign(self.holdings.position[account, instrument])
        if side == 0:
            return
        order, taken = self.buffers[:2]
        if b % 2:
            count = adl_round(self.holdings, self.spec, self.state, instrument, side, b * DRAWS // 10, order)
        else:
            scores = np.zeros(ACCOUNTS)
            count = adl_queue(self.holdings, self.spec, self.state, instrument, side, b // 2 % 2, scores, order)
            ranked = [scores[k] for k in order[:count]]
            assert ranked == sorted(ranked, reverse=True)
        at = max(1, int(self.state[instrument, layout.MARK]) * (900 + price % 200) // 1000)
        held = abs(self.holdings.position[account, instrument])
        sizes = np.abs(self.holdings.position[:, instrument])
        left = take_in_order(held, sizes, order, count, taken)
        for other, size in zip(order[:count], taken[:count], strict=True):
            if size:
                transfer(self.holdings, self.spec, account, other, instrument, at, size)
        assert abs(self.holdings.position[account, instrument]) == left

    def cut(self, *_draws):
        worth, gain, cut, out = self.buffers
        left = withdrawable(self.holdings, self.spec, self.state, ACCOUNTS, worth, gain, cut, out)
        assert out.min() >= 0
        here = self.before - self.holdings.cash[layout.LEADER]
        if left == 0 or here >= 0:
            assert out.sum() == here
        elsewhere = self.holdings.cash[layout.LEADER]
        pay_haircut(self.holdings, self.spec, self.state, ACCOUNTS, worth, gain, cut)
        assert self.holdings.cash[layout.LEADER] == elsewhere

    def share_a_loss(self, a, *_draws):
        account = layout.FIRST_AGENT + a % 5
        missing = max(-equity(self.holdings, self.spec, self.state, account), 0)
        weights, parts = self.buffers[:2]
        for other in range(ACCOUNTS):
            weights[other] = max(equity(self.holdings, self.spec, self.state, other), 0)
        assert socialise(self.holdings, account, missing, weights, parts) + parts.sum() == missing

    def settle(self, _a, b, instrument, price, _size):
        due = range(PERPS, PERPS + 2) if b % 3 == 0 else range(instrument % self.count, instrument % self.count + 1)
        for i in due:
            if i < PERPS or self.state[i, layout.SETTLED]:
                continue
            at = payoff_ticks(self.spec, i, 40_000 + 40 * price)
            for account in np.flatnonzero(self.holdings.position[:, i]):
                held = int(self.holdings.position[account, i])
                trade(self.holdings, self.spec, account, i, -1 if held > 0 else 1, at, abs(held))
            self.state[i, layout.MARK], self.state[i, layout.SETTLED] = at, 1

    def check(self):
        holdings = self.holdings
        assert total_cash(holdings) == self.before == holdings.cash.sum()
        assert not holdings.position.sum(axis=0).any()
        assert not holdings.cost[holdings.position == 0].any()
        bits = [
            [bool(holdings.held[a, 0] >> np.uint64(i) & np.uint64(1)) for i in range(self.count)]
            for a in range(ACCOUNTS)
        ]
        assert bits == (holdings.position != 0).tolist()
        assert sum(equity(holdings, self.spec, self.state, a) for a in range(ACCOUNTS)) == self.before


ACTS = ("fill", "fill", "fill", "move", "move", "fund", "liquidate", "deleverage", "cut", "share_a_loss", "settle")
draws = st.tuples(
    st.sampled_from(ACTS),
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(0, 999),
    st.integers(1, 90),
)


@settings(max_examples=150)
@given(st.tuples(*[st.sampled_from((layout.CROSS, layout.ISOLATED))] * 5), st.lists(draws, min_size=5, max_size=40))
def test_money_is_conserved_through_trades_fees_funding_liquidation_adl_haircuts_and_settlement(modes, acts):
    market = Market(modes)
    for name, *numbers in acts:
        getattr(market, name)(*numbers)
        market.check()


@given(
    st.lists(st.integers(-(10**9), 10**9), min_size=6, max_size=10),
    st.lists(st.tuples(st.integers(5, 9), st.integers(5, 9), st.integers(1, 10**4), st.integers(1, 99)), max_size=12),
    st.integers(1, 10**4),
)
def test_nobody_can_withdraw_more_than_exists_and_together_exactly_that(cash, fills, mark):
    holdings, spec, state, _rules = world(len(cash), cash=0, unit=3)
    holdings.cash[:] = cash
    holdings.cash[layout.LEADER] = 0
    holdings.cash[layout.BACKSTOP] += max(0, -int(holdings.cash.sum()))
    for buyer, seller, price, size in fills:
        if max(buyer, seller) < len(cash):
            trade(holdings, spec, buyer, 0, 1, price, size)
            trade(holdings, spec, seller, 0, -1, price, size)
    state[0, layout.MARK] = mark
    worth, gain, cut, out = (np.zeros(len(cash), np.int64) for _ in range(4))
    deficit = claims(holdings, spec, state, len(cash), worth, gain)
    first_gain, first_worth = gain.copy(), worth.copy()
    left = haircut(deficit, worth, gain, cut)
    assert cut.sum() + left == deficit
    assert (cut[1:] <= first_gain[1:]).all()
    capital_cut = withdrawable(holdings, spec, state, len(cash), worth, gain, cut, out)
    assert capital_cut == left
    assert out.sum() == total_cash(holdings)
    assert (out >= 0).all()
    assert (out <= first_worth.clip(min=0)).all()
    if left == 0:  # capital is senior: only gains were cut
        kept = (first_worth - first_gain).clip(min=0)
        assert (out[1:] >= kept[1:]).all()


@given(st.integers(0, 10**16), st.sampled_from(("BTC", "ETH", "SOL")), st.booleans())
def test_a_tier_wants_of_each_slice_of_the_notional_its_own_rate(notional, name, initial):
    spec, state = instruments(1, unit=1, im=0, mm=0, index=1)
    profile = margin_profile("hyperliquid")
    rules = margin_rules(profile, spec, [name], units_per_usd=10**6)
    tiers = [
        (tier.from_usd * 10**6, Fraction(tier.initial_ppm if initial else tier.maintenance_ppm, 10**6))
        for tier in profile.tiers[name]
    ]
    wanted = position_requirement(spec, state, rules, 0, -notional, initial)
    assert wanted == slow_tier_margin(notional, tiers).__ceil__()


@given(
    st.integers(-50, 50).filter(bool), st.integers(1, 10**5), st.integers(1, 10**5), st.integers(1, 10**5),
    st.booleans(), st.booleans(), st.sampled_from(("deribit", "paradex", "derive_pm1")),
)  # fmt: skip
def test_an_option_wants_what_the_standard_formula_says(  # noqa: PLR0917 - drawn
    lots, spot, strike, mark, is_call, initial, name
):
    holdings, spec, state, rules = world(5, profile=name, perps=1, options=((strike, is_call, EXPIRY),), unit=13)
    state[1, [layout.INDEX, layout.MARK]] = spot, mark
    rates = [Fraction(int(ppm), 10**6) for ppm in rules.option[1 if initial else 0]]
    exact = slow_option_requirement(
        lots=lots, spot=spot, mark=mark, strike=strike, is_call=is_call, unit=13,
        rate=rates[0], otm=rates[1], floor=rates[2], share=rates[3], cap=rates[4],
    )  # fmt: skip
    wanted = position_requirement(spec, state, rules, 1, lots, initial)
    assert abs(wanted - exact) < 2
    trade(holdings, spec, 4, 1, int(np.sign(lots)), mark, abs(lots))
    assert requirement(holdings, spec, state, rules, 4, initial) == wanted


@given(
    st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 10**5)), min_size=5, max_size=5), st.integers(1, 10**5),
    st.integers(-(10**12), 10**12), st.booleans(), st.sampled_from(("deribit", "paradex", "derive_pm1", "plain")),
)  # fmt: skip
def test_a_glance_at_an_account_tells_its_equity_and_no_less_than_it_wants(positions, index, cash, initial, name):
    holdings, spec, state, rules = world(6, profile=name, perps=PERPS, options=OPTIONS, unit=13)
    state[:, layout.INDEX], holdings.cash[4] = index, cash
    for i, (lots, mark) in enumerate(positions):
        state[i, layout.MARK] = mark
        if lots:
            trade(holdings, spec, 4, i, int(np.sign(lots)), mark, abs(lots))
    worth, most = glance(holdings, spec, state, rules, 4, initial)
    assert worth == equity(holdings, spec, state, 4)
    assert most >= requirement(holdings, spec, state, rules, 4, initial)


@given(
    st.sampled_from((1, -1)), st.integers(1, 10**5), st.integers(1, 40), st.integers(0, 10**9), st.integers(0, 400_000)
)
def test_equity_at_the_liquidation_price_is_maintenance_margin(side, entry, size, margin, ppm):
    m = ppm / 1e6
    at = float(liquidation_price(entry, side * size, margin, m))
    if at > 0:
        worth = margin + side * size * (at - entry)
        assert abs(worth - m * size * at) <= 1e-9 * (margin + size * (at + entry))
    coin, dollars = margin / 1e9, side * size * 1000.0
    at = float(liquidation_price(entry, dollars, coin, m, inverse=True))
    if np.isfinite(at):
        worth = coin + dollars * (1 / entry - 1 / at)
        assert abs(worth - m * abs(dollars) / at) <= 1e-9 * (coin + abs(dollars) * (1 / at + 1 / entry))
    else:
        assert coin >= size * 1000.0 / entry


@given(st.sampled_from((1, -1)), st.integers(1000, 10**5), st.integers(1, 40), st.integers(0, 10**8), st.booleans())
def test_a_fill_at_the_bankruptcy_price_leaves_nothing_or_just_above(side, mark, size, money, isolated):
    holdings, spec, state, _rules = world(6, cash=0, unit=7)
    holdings.cash[4] = money
    trade(holdings, spec, 4, 0, side, mark, size)
    if isolated:
        holdings.mode[4], holdings.collateral[4, 0] = layout.ISOLATED, money
    state[0, layout.MARK] = mark
    at = bankruptcy_price(holdings, spec, state, 4, 0)
    trade(holdings, spec, 4, 0, -side, at, size)
    if at > 1:
        assert 0 <= holdings.cash[4] < size * 7
    else:
        assert holdings.cash[4] >= 0


@given(
    st.sampled_from((layout.CROSS, layout.ISOLATED, layout.PORTFOLIO)), st.integers(0, 3 * 10**8), st.integers(0, 4),
    st.sampled_from((1, -1)), st.integers(-300, 300), st.integers(1, 60), st.integers(-40, 40),
)  # fmt: skip
def test_an_order_that_is_allowed_leaves_initial_margin_covered_once_filled(  # noqa: PLR0917 - drawn
    mode, money, which, side, off, size, held
):
    holdings, spec, state, rules = world(6, cash=0, perps=PERPS, options=OPTIONS, unit=7)
    grid = scenario_grid(margin_profile("plain"), 5)
    grid.volatility[:], grid.years[:] = 0.6, 0.1
    revalue(spec, state, grid, rules.gain)
    holdings.mode[4], holdings.cash[4] = mode, money
    if held:
        trade(holdings, spec, 4, 0, int(np.sign(held)), int(state[0, layout.MARK]), abs(held))
        fence(holdings, spec, state, rules, 4, 0)
    price = max(1, int(state[which, layout.MARK]) + off)
    yes = allows(holdings, spec, state, rules, 4, which, side, price, size, 0)
    before = int(holdings.position[4, which])
    only_less = before * side < 0 and size <= abs(before)
    trade(holdings, spec, 4, which, side, price, size)
    fence(holdings, spec, state, rules, 4, which)
    if only_less:
        assert yes
    elif mode == layout.ISOLATED:
        wanted = position_requirement(spec, state, rules, which, int(holdings.position[4, which]), True)
        if yes:
            assert fenced_equity(holdings, spec, state, 4, which) >= wanted
            assert free_money(holdings, 4) >= 0
    else:
        covered = equity(holdings, spec, state, 4) >= requirement(holdings, spec, state, rules, 4, True)
        better = side * (price - int(state[which, layout.MARK])) < 0
        assert (covered or not yes) if better else covered == yes
