"""Liquidation by the keys of a scenario, each rule in a small market done by hand, all of it audited event by event."""

import numpy as np
import pytest

from makerscope.errors import InputError
from makerscope.market.layout import BACKSTOP, FIRST_AGENT, IM, INSURANCE, MARK, POST_ONLY, UNIT
from makerscope.market.log import DELEVERAGED, HAIRCUT, LIQUIDATED, PENALTY, REWARD, SOCIALISED, TAKEN_OVER
from makerscope.sim import world as w
from makerscope.sim.scenario import scenario_of
from makerscope.sim.terms import terms_of
from tests.market_play import BASE, built_of, market, place, play, script, scripted, take

A, B, C, D = range(FIRST_AGENT, FIRST_AGENT + 4)
POOR = '[[agent]]\nkind = "script"\nname = "poor"\nfeed_ms = 1\nsend_ms = 1\ncapital_usd = 60\n{more}\n'
FALL = '[[episode]]\nkind = "crash"\nafter_minutes = 0.03333\nminutes = 0.001\nfall = {fall}\nrecovery = 0.0\n'
USD = 10**6


def fallen(fall, venue, *, poor="", more="", bid=None, sizes=(60, 40), seconds=8, also="", seed=7):
    """Rich and third are short 60 and 40 lots against poor, who has 60 USD for 1,000; then the price falls."""
    rest = POOR.format(more=poor) + scripted("rich", "third", more=more) + also + FALL.format(fall=fall)
    built = market(rest, seconds=seconds, seed=seed, venue='mark = "index"\n' + venue)
    script(built, 1, [place(10, -1, 10_000, sizes[0], flags=POST_ONLY)])
    later = [] if bid is None else [place(1_500, 1, bid, 500, 1, flags=POST_ONLY)]
    script(built, 2, [place(20, -1, 10_000, sizes[1], flags=POST_ONLY), *later])
    script(built, 0, [take(210, 1, 10_000, 100)])
    return built


def worth(built, account):
    accounts, venue = built.world.venue.accounts, built.world.venue
    return int(accounts.cash[account] + accounts.position[account] @ (venue.state[:, MARK] * venue.spec[:, UNIT]))


def moved(tables, kind):
    """What each account received in transfers of a kind."""
    rows = tables["transfers"]
    mine = rows["kind"] == kind
    return {int(a): int(rows["amount"][mine & (rows["account"] == a)].sum()) for a in np.unique(rows["account"][mine])}


def test_a_socialised_loss_is_paid_by_everybodys_equity_in_proportion_to_the_last_unit():
    built = fallen(0.2, 'insurance_usd = 0\nbankruptcy = "socialised"', more="capital_usd = 1000", sizes=(100, 40))
    before = built.world.venue.accounts.cash.sum()
    tables = play(built)
    paid = moved(tables, SOCIALISED)
    fall = 10_000 - int(built.world.venue.state[0, MARK])
    deficit = fall * 100 * 1_000 - 60 * USD
    assert paid[A] == deficit == -(paid[B] + paid[C])
    shares = (1_000 * USD + fall * 100 * 1_000, 1_000 * USD)  # the winner is worth more and pays more
    assert -paid[B] == pytest.approx(deficit * shares[0] / sum(shares), abs=1)
    assert built.world.venue.accounts.cash[A] == 0
    assert built.world.venue.accounts.cash.sum() == before
    assert set(tables["fills"]["how"].tolist()) == {0, TAKEN_OVER}


def test_a_haircut_is_paid_by_profits_alone_and_not_by_those_of_another_venue():
    built = fallen(0.2, 'insurance_usd = 0\nbankruptcy = "haircut"')
    script(built, 2, [place(20, -1, 10_000, 40, flags=POST_ONLY), take(1_000, -1, -1, 10, instrument=1)])
    tables = play(built)
    paid = moved(tables, HAIRCUT)
    hedger = C + len(built.cast)
    assert built.world.venue.accounts.position[hedger, 1] == -10  # which gained by the fall too
    assert set(paid) == {A, B, C}
    assert paid[B] == pytest.approx(paid[C] * 60 / 40, abs=2)
    assert sum(paid.values()) == 0


@pytest.mark.parametrize("rank", ["size", "return", "random"])
def test_deleveraging_closes_the_other_side_where_the_loser_is_left_with_nothing(rank):
    built = fallen(0.2, f'insurance_usd = 0\nliquidation = {{adl = "{rank}"}}')
    tables = play(built)
    gone = tables["fills"]["how"] == DELEVERAGED
    assert set(tables["fills"]["price"][gone].tolist()) == {9_400}  # 60 USD are 6 % of the 1,000
    assert built.world.venue.accounts.position[:, 0].tolist() == [0] * built.world.venue.accounts.cash.shape[0]
    assert worth(built, A) == 0
    assert worth(built, B) == 1_000_000 * USD + 36 * USD


def test_who_is_deleveraged_at_random_is_drawn_by_the_seed_and_a_rank_is_not():
    found = {"random": set(), "size": set()}
    for rank, seen in found.items():
        for seed in range(8):
            venue = f'insurance_usd = 0\nliquidation = {{adl = "{rank}"}}'
            built = fallen(0.2, venue, sizes=(50, 50), also=scripted("fourth"), seed=seed)
            script(built, 0, [take(210, 1, 10_000, 50)])
            script(built, 3, [take(310, 1, 10_000, 50)])
            fills = play(built)["fills"]
            gone = (fills["how"] == DELEVERAGED) & (fills["taker"] != A)
            seen.add(int(fills["taker"][gone][0]))
    assert found == {"random": {B, C}, "size": {B}}


@pytest.mark.parametrize(
    ("bid", "rule", "filled"), [(9_590, "bankruptcy", True), (9_590, "fillable", False), (9_597, "fillable", True)]
)
def test_a_forced_order_goes_no_further_than_the_venues_limit(bid, rule, filled):
    # at 9,600 the 60 USD are 20 and maintenance is 24: dYdX's limit is 9,600 (1 - .1 * 2.5 % * 4 / 24) = 9,596
    built = fallen(0.04, f'liquidation = {{limit = "{rule}", spread = 0.1}}', bid=bid)
    tables = play(built)
    forced = tables["fills"]["how"] == LIQUIDATED
    assert forced.any() == filled
    assert set(tables["fills"]["price"][forced].tolist()) <= {bid}


def test_where_the_limit_is_fillable_insurance_lets_the_book_take_a_bankrupt_position_and_the_rest_is_deleveraged():
    built = fallen(0.07, 'insurance_usd = 15\nliquidation = {limit = "fillable", spread = 0.1}', bid=9_290)
    built.world.venue.accounts.cash[INSURANCE] = 15 * USD
    script(built, 2, [place(20, -1, 10_000, 40, flags=POST_ONLY), place(1_500, 1, 9_290, 30, 1, flags=POST_ONLY)])
    tables = play(built)
    how, size = tables["fills"]["how"], tables["fills"]["size"]
    assert size[how == LIQUIDATED].sum() == 30
    assert size[(how == DELEVERAGED) & (tables["fills"]["taker"] == A)].sum() == 70
    assert not (how == TAKEN_OVER).any()  # there is no vault
    assert built.world.venue.accounts.position[BACKSTOP, 0] == 0


def test_a_large_position_is_closed_in_the_steps_and_pauses_that_the_scenario_says():
    ladder = "liquidation = {first = 0.2, later = 0.5, above_usd = 100, pause_s = 1, penalty = 0.001}"
    built = fallen(0.05, ladder, bid=9_495)
    tables = play(built)
    forced = tables["fills"]["how"] == LIQUIDATED
    assert tables["fills"]["size"][forced].tolist() == [20, 40, 20]  # then 9 USD cover the 4.75 of what is left
    times = tables["fills"]["exchange_time"][forced]
    assert np.diff(times).min() >= 10**9
    mark = int(built.world.venue.state[0, MARK])
    assert moved(tables, PENALTY)[A] == -sum((mark * size * 1_000 + 500) // 1_000 for size in (20, 40, 20))


KEEPER = '[[agent]]\nkind = "liquidator"\nname = "keeper"\n'


@pytest.mark.parametrize("margin", ["cross", "isolated"])
@pytest.mark.parametrize("keeper", [KEEPER, ""])
def test_keepers_close_weak_accounts_and_weak_isolated_positions_and_are_paid_half_the_penalty(margin, keeper):
    venue = "keepers = true\nliquidation = {penalty = 0.004}"
    built = fallen(0.045, venue, poor=f'margin = "{margin}"', bid=9_530, also=keeper)
    tables = play(built)
    forced = tables["fills"]["how"] == LIQUIDATED
    assert forced.any() == bool(keeper)
    if keeper:
        reward = moved(tables, REWARD)
        assert reward[D] == -reward[A] > 0
        assert moved(tables, PENALTY)[INSURANCE] - reward[D] in {0, 1}
        assert worth(built, A) == 60 * USD - 47 * USD - 2 * reward[D] - (moved(tables, PENALTY)[INSURANCE] - reward[D])


def test_what_a_scenario_asks_of_liquidation_is_checked_by_key_and_keepers_without_reward_are_told():
    def terms(venue, margin="plain"):
        text = BASE.format(hours=0.01, top="", underlying="", chain="", rest=scripted("one"), venue=venue)
        text = text.replace('margin = "plain"', f'margin = "{margin}"')
        return terms_of(scenario_of(text.encode(), "x"), 0, 10**12)

    with pytest.raises(InputError, match=r"venue.liquidation.adl: is 'age'; want one of size, return, random"):
        terms('liquidation = {adl = "age"}')
    with pytest.raises(InputError, match=r"venue.bankruptcy: is 'luck'; want one of adl, haircut, socialised"):
        terms('bankruptcy = "luck"')
    with pytest.raises(InputError, match=r"venue.liquidation.first: is 0; want a number above 0, at most 1"):
        terms("liquidation = {first = 0}")
    for margin, more, told in (
        ("plain", "", True), ("hyperliquid", "", True), ("dydx", "", False),
        ("plain", "liquidation = {penalty = 0.01}", False), ("plain", "liquidation = {margin_penalty = 0.1}", False),
    ):  # fmt: skip
        assumed = terms("keepers = true\n" + more, margin).assumed
        assert any("a liquidator earns nothing" in text for text in assumed) == told


def test_hyperliquids_tiers_say_both_margins_and_a_chosen_leverage_only_the_initial_one():
    hyper = BASE.replace('margin = "plain"', 'margin = "hyperliquid"')
    for more, own in (("", 0), ("initial_margin = 0.1", 100_000)):
        scenario = hyper.format(
            hours=0.01, top="", underlying="", chain="", rest=scripted("one"), venue=more + "\ntaker_fee_bps = 1"
        )
        built = built_of(scenario)
        assert built.world.venue.spec[0, IM] == own  # the larger of it and the tier holds
        assert built.world.venue.rules.tiers[1, [1, 3]].tolist() == [25_000, 12_500]  # 40 x, half of it


def test_options_about_to_expire_are_marked_on_what_is_averaged_already():
    option = '[[option]]\nunderlying = "BTC"\ndays = [0.00011574074]\nstrikes = 3\nstep = 2500\ntick = 1\nlot = 0.001\n'
    crash = FALL.format(fall=0.1).replace("after_minutes = 0.03333", "after_minutes = 0.13333")  # at 8 s of 10
    fees = "option_maker_fee_bps = 0\noption_taker_fee_bps = 0"
    built = market(scripted("one") + option + crash, seconds=9.95, venue=fees)
    built.world.terms[w.X_WINDOW] = 4 * 10**9
    play(built)
    call = next(i for i, one in enumerate(built.markets) if one.strike == 7_500 and one.is_call)
    total, samples = built.world.twap[0].tolist()
    average, index = total / samples, int(built.world.index_ticks[0])
    assert index < 9_100
    assert average > 9_400
    mark = int(built.world.venue.state[call, MARK])
    assert mark == pytest.approx(average - 7_500, abs=25)
    assert mark > index - 7_500 + 300
