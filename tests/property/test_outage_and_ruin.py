"""What agents hear of a leading venue that is down, what a fee below 0 means, and what becomes of the ruined."""

import numpy as np
import pytest

from makerscope.agents.interface import R_SPOT, RUINED, act_at, seen_at, self_at
from makerscope.agents.kind import Kind
from makerscope.kernels._jit import entry, kernel
from makerscope.market.chain import C_BASE_FEE, K_CAPACITY, K_COIN_PRICE, K_FEE_FLOOR
from makerscope.market.layout import FIRST_AGENT, GAS_SINK, POST_ONLY
from makerscope.market.log import GAS, INSURED, TAKEN_OVER
from makerscope.market.venue import LEADER_OUT, NO_MONEY, SENDER_OUT
from makerscope.sim import world as w
from makerscope.sim.run import who_is_out
from tests.market_play import market, memory, place, play, script, scripted, take

A, B = FIRST_AGENT, FIRST_AGENT + 1
EVERY, LOOKS = 100_000_000, 60


@kernel
def listen(self, seen, _act):
    """Write down what it hears of the leader's price."""
    self.reals[self.whole[0]] = seen.reference[0, R_SPOT]
    self.whole[0] += 1
    return EVERY


@entry
def _listen(own, seen, act):
    return listen(self_at(own), seen_at(seen), act_at(act))


LISTENER = Kind(
    name="listener", about="listens", step=listen, entry=_listen, numbers={}, slots=lambda _numbers, _n: 1, whole=1,
    reals=LOOKS,
)  # fmt: skip
DOWN = '[[episode]]\nkind = "leader-outage"\nafter_minutes = 0.025\nminutes = 0.0333333\n'  # from 1.5 s to 3.5 s
FALL = '[[episode]]\nkind = "crash"\nafter_minutes = 0.03333\nminutes = 0.001\nfall = 0.1\nrecovery = 0.0\n'  # at 2 s
EAR = '[[agent]]\nkind = "listener"\nname = "ear"\nlead_feed_ms = 20\n'


def test_agents_hear_the_last_price_before_an_outage_until_the_leader_is_back_and_nobody_trades_there():
    built = market(EAR + scripted("one") + DOWN + FALL, kinds={"listener": LISTENER}, top="grid_ms = 20")
    script(built, 1, [take(2_500, 1, -1, 3, instrument=1), take(4_000, 1, -1, 3, instrument=1)])
    tables = play(built)
    heard = np.asarray(memory(built, 0)[1])
    while_down = heard[16:35]
    assert (while_down == while_down[0]).all()
    assert while_down[0] == heard[10] == 10_000
    assert heard[40] < 9_100
    assert built.world.venue.refused[:, LEADER_OUT].sum() == 1  # the order that reached it in the outage
    assert tables["fills"]["size"].tolist() == [3]


def gas_market(rest, base_fee, **more):
    """A block takes any number of messages; gas costs money and its base fee stays what it is."""
    built = market(rest, chain='policy = "priority-fee"', **more)
    rules, state = built.world.chain.rules, built.world.chain.state
    rules[K_COIN_PRICE], state[C_BASE_FEE], rules[K_FEE_FLOOR] = 3_000 * 10**6, base_fee, base_fee
    built.world.chain.gas[:], rules[K_CAPACITY] = 100_000, 0
    return built


@pytest.mark.parametrize(("fee", "paid"), [(0, 20), (5, 25), (-30, 30), (-10, None)])
def test_a_fee_from_0_is_a_tip_and_below_0_the_whole_price_of_gas(fee, paid):
    built = gas_market(scripted("one"), 20 * 10**9)
    script(built, 0, [place(10, 1, 9_000, 5, flags=POST_ONLY, fee=fee * 10**9)])
    tables = play(built)
    assert not who_is_out(built)
    if paid is None:  # it waits for a base fee that it is willing to pay
        assert built.world.clock[w.C_WAITING] == 1
        assert tables["transfers"]["kind"].size == 0
    else:
        assert built.world.venue.accounts.cash[GAS_SINK] == paid * 3_000 * 10**6 * 100_000 // 10**9


POOR = (
    '[[agent]]\nkind = "script"\nname = "poor"\nfeed_ms = 1\nsend_ms = 1\ncapital_usd = {money}\nhedge_usd = {there}\n'
)
CRASH = '[[episode]]\nkind = "crash"\nafter_minutes = 0.03333\nminutes = 0.001\nfall = 0.2\nrecovery = 0.0\n'


@pytest.mark.parametrize("there", [0, 500])
def test_a_closed_account_is_handed_over_once_and_its_messages_are_refused_unless_it_has_money_elsewhere(there):
    rest = scripted("rich") + POOR.format(money=60, there=there) + CRASH
    built = gas_market(rest, 10**7, seconds=8, venue="insurance_usd = 100000")
    script(built, 0, [place(10, -1, 10_000, 100, flags=POST_ONLY)])
    home = [{"ms": 6_000, "kind": 8, "side": -1, "size": 10**6}] if there else []
    script(built, 1, [take(210, 1, 10_000, 100)] + [place(ms, 1, 7_000, 1) for ms in range(3_000, 7_000, 50)] + home)
    tables = play(built)
    taken = tables["fills"]["how"] == TAKEN_OVER
    assert np.unique(tables["fills"]["block"][taken]).size == 1
    insured = tables["transfers"]
    assert ((insured["account"] == B) & (insured["kind"] == INSURED)).sum() == 1
    assert (built.world.agents.timing[B, w.D_OUT] == RUINED) == (there == 0)
    refused = built.world.venue.refused[B]
    last = built.start + 2 * 10**9
    late_gas = (insured["account"] == B) & (insured["kind"] == GAS) & (insured["exchange_time"] > last + 2 * 10**9)
    assert not late_gas.any()
    assert built.world.venue.accounts.cash[B] == 0
    if there:
        assert refused[NO_MONEY] > 50
    else:
        assert refused[[NO_MONEY, SENDER_OUT]].sum() <= 2  # what was on its way
        assert (who_is_out(built)[0][0], built.world.agents.timing[B, w.D_OUT]) == ("poor", RUINED)
