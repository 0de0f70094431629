"""Every key of the rule language beyond the plain measure, with numbers done by hand."""

from decimal import Decimal

import pytest

from makerscope.errors import InputError
from makerscope.programs.program_file import read_program
from makerscope.programs.scores import POOL
from tests.program_tapes import HEAD, both, bought, by_maker, chain, option, order, scored
from tests.tapes import DAY, SECOND, START, perp

LOT = 1_000_000  # a lot of 0.001 at a price of 1000 is one unit of quote currency
GROUP = '[[group]]\nname = "all"\n'
FLAT = '[[group.measure]]\nlimit = "100 bps"\n'
QUALITY = "[group.formula.exponents]\nquality = 1\n"


def quality(scores, maker, market="test:BTC", name="quality"):
    return by_maker(scores, market)[maker].component[name]


def test_a_bracket_begins_at_beyond_and_ends_before_its_limit(tmp_path):
    rule = GROUP + '[[group.measure]]\nby = "size"\nlimit = "10 bps"\nbeyond = "5 bps"\n' + QUALITY
    near, edge, far = both("near", 4, 10), both("edge", 5, 10), both("far", 10, 10)
    found = scored(tmp_path, [*near, *edge, *far], rule)
    assert quality(found, "edge") == 10_000 * 100 * SECOND
    assert set(by_maker(found)) == {"edge"}
    closed = scored(tmp_path / "closed", [*near, *edge, *far], rule.replace("beyond", "closed = true\nbeyond"))
    assert set(by_maker(closed)) == {"edge", "far"}


def test_a_limit_of_nothing_is_refused(tmp_path):
    with pytest.raises(InputError, match="limit: is 0"):
        scored(tmp_path, both("a", 1, 1), GROUP + FLAT.replace("100 bps", "0 bps") + QUALITY)


def test_orders_behind_the_target_size_of_the_book_earn_nothing(tmp_path):
    rule = GROUP + '[[group.measure]]\nby = "size"\nwithin_size = "0.015"\nreducer = "sum"\n' + QUALITY
    orders = [order("a", 1, 9_990, 10), order("b", 1, 9_989, 10, end=50), order("c", 1, 9_988, 10)]
    found = scored(tmp_path, orders, rule)
    # 15 lots are wanted: a and b have them; when b goes, c is needed; the ask side has none at all
    assert quality(found, "a") == 10_000 * 100 * SECOND
    assert quality(found, "b") == 10_000 * 50 * SECOND
    assert quality(found, "c") == 10_000 * 50 * SECOND
    alone = scored(tmp_path / "alone", orders[:1], rule)
    assert not alone.standings  # less than the target size rests: nobody is looked at


def test_a_side_counts_from_the_value_that_its_makers_stake_commits(tmp_path):
    rule = "stakes = {a = 20, '*' = 30}\n" + GROUP + FLAT + 'reducer = "presence"\nmin_side = 2\nper_stake = true\n'
    orders = [*both("a", 10, 41), *both("b", 10, 41)]
    found = scored(tmp_path, orders, rule + "[group.formula.exponents]\nuptime = 1\nstake = 1\n")
    # 41 lots at 999 are 40.959 of quote currency: enough for a stake of 20 times two, not for one of 30
    assert by_maker(found)["a"].component == {
        "quality": 10**12 * 100 * SECOND,
        "uptime": 100 * SECOND,
        "stake": 20 * LOT,
    }
    assert by_maker(found)["b"].component == {"quality": 0, "uptime": 0, "stake": 30 * LOT}


def test_two_sides_may_be_so_far_apart_or_another_width_if_that_is_more(tmp_path):
    rule = GROUP + FLAT + 'max_width = "10 bps"\n' + QUALITY
    orders = [*both("a", 5, 10), *both("b", 6, 10)]
    assert set(by_maker(scored(tmp_path, orders, rule))) == {"a"}
    wider = rule.replace("max_width", 'or_width = "1.2 price"\nmax_width')
    assert set(by_maker(scored(tmp_path / "wider", orders, wider))) == {"a", "b"}


def test_a_width_in_price_is_measured_in_price(tmp_path):
    rule = GROUP + '[[group.measure]]\nmax_width = "1 price"\n' + QUALITY
    orders = [*both("a", 5, 10), *both("b", 6, 10)]
    assert set(by_maker(scored(tmp_path, orders, rule))) == {"a"}


def test_presence_may_be_the_mean_of_both_sides(tmp_path):
    rule = GROUP + "".join(
        f'[[group.measure]]\nname = "{side}s"\nsides = "{side}"\nreducer = "sum"\nlimit = "1 %"\n'
        for side in ("bid", "ask")
    )
    rule += '[group.formula]\nuptime_of = ["bids", "asks"]\nuptime = "fraction"\nexponents = {uptime = 1}\n'
    found = scored(tmp_path, [order("a", 1, 9_990, 10), order("a", -1, 10_010, 10, end=50)], rule)
    assert by_maker(found)["a"].component["uptime"] == 3 * 10**12 // 4


def test_components_can_be_sums_of_measures(tmp_path):
    rule = GROUP + "".join(
        f'[[group.measure]]\nname = "l{bps}"\nby = "size"\nlimit = "{bps} bps"\nclosed = true\n' for bps in (25, 50)
    )
    rule += "[group.formula]\nsums = {depth = {l25 = 16, l50 = 4}}\nexponents = {depth = 1}\n"
    found = scored(tmp_path, [*both("a", 25, 10), *both("a", 50, 3)], rule)
    assert quality(found, "a", name="depth") == (16 * 10 + 4 * 13) * 1_000 * 100 * SECOND


def test_scores_of_some_markets_can_count_more(tmp_path):
    rule = GROUP + 'split = "total"\n' + FLAT + "[group.formula]\nexponents = {quality = 1}\n"
    rule += '[[group.formula.factors]]\ninstruments = ["*BTC*"]\nfactor = 1\n[[group.formula.factors]]\nfactor = 2\n'
    items = [perp(), perp("ETH")]
    orders = [*both("a", 10, 10), *both("b", 10, 10, instrument="test:ETH")]
    found = scored(tmp_path, orders, rule, instruments=items)
    assert found.points()["b"] in (2 * found.points()["a"], 2 * found.points()["a"] + 1)


def test_pooled_markets_are_added_before_the_formula(tmp_path):
    rule = GROUP + 'split = "pooled"\n' + FLAT + "[group.formula.exponents]\nquality = 0.5\nuptime = 1\n"
    rule += '[group.formula]\nuptime = "fraction"\nuptime_over = "any"\n'
    items = [perp(), perp("ETH")]
    orders = [
        *both("a", 10, 10, end=60), *both("a", 10, 10, instrument="test:ETH", start=50),
        *both("b", 10, 10, end=60), *both("b", 10, 10, instrument="test:ETH", end=50),
    ]  # fmt: skip
    found = by_maker(scored(tmp_path, orders, rule, instruments=items), "all")
    assert found["a"].component["quality"] == found["b"].component["quality"]
    assert found["a"].component["uptime"] == 10**12  # in one or the other market at every moment
    assert found["b"].component["uptime"] == 6 * 10**12 // 10


def test_shares_of_the_larger_side_are_of_at_least_so_much(tmp_path):
    rule = GROUP + 'normalise = "larger_side"\nleast_total = 0.05\n' + FLAT + 'by = "size"\n' + QUALITY
    orders = [*both("a", 10, 10), order("b", 1, 9_990, 30)]
    found = scored(tmp_path, orders, rule)
    assert quality(found, "a") == 10**12 // 5 * 100 * SECOND  # ten lots of fifty: forty bids would be less
    rich = scored(tmp_path / "rich", [*orders, order("c", 1, 9_990, 60)], rule)
    assert quality(rich, "a") == 10**12 // 10 * 100 * SECOND


def test_who_fills_a_deficit_is_paid_up_to_it(tmp_path):
    rule = 'makers = ["MM*"]\n' + GROUP + 'normalise = "deficit"\ntarget = {high = 5}\nreference = {price = "best"}\n'
    rule += '[[group.measure]]\nby = "size"\nlimit = "0.5 ticks"\n' + QUALITY
    orders = [order("public", 1, 9_995, 3_000), order("MM1", 1, 9_995, 1_500), order("MM2", 1, 9_995, 2_500)]
    found = scored(tmp_path, orders, rule)
    # target 5,000 lots, natural 3,000, deficit 2,000: MM1 1,500, MM2 2,500, capped at 2,000: 43 % and 57 %
    assert [round(100 * found.points()[name] / POOL) for name in ("MM1", "MM2")] == [43, 57]
    assert found.points()["MM1"] == POOL * (5 * 10**11 * 1_500 // 3_500) // (5 * 10**11 - 1)
    every = rule.replace('makers = ["MM*"]', 'makers = ["MM*", "public"]')
    assert scored(tmp_path / "every", orders, every).points()["public"] > 0


def test_a_formula_of_each_period_adds_up(tmp_path):
    rule = GROUP + "period_s = 50\n" + FLAT + "[group.formula.exponents]\nmaker_volume = 2\n"
    made = bought([10, 20, 60], ["a", "a", "a"])
    found = by_maker(scored(tmp_path, both("a", 10, 1), rule, fills=made))
    assert START % (50 * SECOND) == 0
    assert found["a"].score == (2 * LOT) ** 2 + LOT**2
    whole = by_maker(scored(tmp_path / "whole", both("a", 10, 1), rule.replace("period_s = 50", ""), fills=made))
    assert whole["a"].score == (3 * LOT) ** 2


OBLIGED = GROUP + "period_s = 50\n" + FLAT + "[group.formula.exponents]\nuptime = 1\n[group.obligation]\n"


def test_an_obligation_is_judged_in_each_period(tmp_path):
    orders = [*both("a", 10, 10, end=75), *both("b", 10, 10, end=30)]
    found = scored(tmp_path, orders, OBLIGED + "time = 0.5\nperiods = 1\n")
    assert [(duty.maker, duty.start - START, duty.present, duty.met) for duty in found.duties] == [
        ("a", 0, 50 * SECOND, True), ("b", 0, 30 * SECOND, True),
        ("a", 50 * SECOND, 25 * SECOND, True), ("b", 50 * SECOND, 0, False),
    ]  # fmt: skip
    assert found.points() == {"a": POOL, "b": 0}
    assert by_maker(found)["b"].refused == "obligation met in 1 of 2 periods"
    half = scored(tmp_path / "half", orders, OBLIGED + "time = 0.5\nperiods = 0.5\n")
    assert not by_maker(half)["b"].refused


def test_an_obligation_may_be_over_a_part_of_all_series(tmp_path):
    items = [perp(), perp("ETH")]
    orders = [*both("a", 10, 10), *both("b", 10, 10, end=50), *both("b", 10, 10, end=50, instrument="test:ETH")]
    found = scored(tmp_path, orders, OBLIGED + "time = 0.9\nseries = 0.6\nperiods = 0.5\n", instruments=items)
    assert [(duty.maker, duty.present, duty.looked, duty.met) for duty in found.duties] == [
        ("a", 1, 2, False), ("b", 2, 2, True), ("a", 1, 2, False), ("b", 0, 2, False),
    ]  # fmt: skip
    assert by_maker(found)["a"].refused == "obligation met in 0 of 2 periods"
    assert not by_maker(found)["b"].refused


SERVICE = GROUP + FLAT + "[group.formula.exponents]\nuptime = 1\n"
SERVICE += "[group.commitment]\nmin_time = 0.5\ncompetition = 1\nepochs = 3\nbond_slope = 2\nbond_most = 0.5\n"


def test_points_after_a_service_agreement_go_to_who_was_there(tmp_path):
    orders = [*both("a", 10, 10), *both("b", 10, 10, end=75), *both("c", 10, 10, end=40)]
    found = scored(tmp_path, orders, SERVICE)
    a, b, c = (by_maker(found)[name] for name in "abc")
    # accrued 100 : 75 : 40 of 215; penalties 0, 1/2 and 1; what is lost goes by what is kept, 100 : 37.5
    assert [item.component["penalty"] for item in (a, b, c)] == [0, 5 * 10**17, 10**18]
    assert [item.component["bond_slash"] for item in (a, b, c)] == [0, 0, 4 * 10**17]
    assert (a.points, b.points, c.points) == (727272727272727271, 272727272727272727, 0)  # of 8/11 and 3/11
    assert found.state["all"]["penalties"] == {
        "test:BTC a": [0], "test:BTC b": [5 * 10**17], "test:BTC c": [10**18]
    }  # fmt: skip


def test_earlier_penalties_weigh_on_a_good_epoch(tmp_path):
    past = {"all": {"penalties": {"test:BTC a": [10**18, 5 * 10**17]}}}
    found = scored(tmp_path, [*both("a", 10, 10), *both("b", 10, 10)], SERVICE, previous=past)
    assert by_maker(found)["a"].component["penalty"] == 75 * 10**16
    assert found.points() == {"b": POOL * 4 // 5, "a": POOL // 5}
    assert found.state["all"]["penalties"]["test:BTC a"] == [5 * 10**17, 0]


def test_time_without_a_reference_is_time_in_which_no_commitment_is_kept(tmp_path):
    orders = [*both("a", 10, 10), *both("b", 10, 10)]
    found = scored(tmp_path, orders, SERVICE, path=((25, 10_000), (100, 10_000)))
    assert by_maker(found)["a"].component["penalty"] == 5 * 10**17


def test_an_order_earns_by_the_worse_end_of_its_life_in_the_queue(tmp_path):
    rule = GROUP + "[group.formula.exponents]\npoints = 1\n[group.queue]\nmax_depth = 0.02\nexponent = 2\n"
    orders = [
        order("a", 1, 9_990, 5),  # first all the time: (20 - 0)^2 * 5 * 100
        order("b", 1, 9_990, 4, start=10, end=60),  # five lots before it: 15^2 * 4 * 50
        order("c", 1, 9_991, 12, start=20, end=30),  # a better price, for ten seconds: 20^2 * 12 * 10
        order("d", 1, 9_989, 9, start=25, end=90),  # 21 lots before it when it came: too deep
        order("e", 1, 9_990, 30, start=70, end=80, ended_by="filled"),  # 15^2, and 15 of its 30 lots are in the top 20
    ]
    found = by_maker(scored(tmp_path, orders, rule, until=101))
    got = {name: item.component["points"] for name, item in found.items()}
    assert got == {"a": 200_000, "b": 45_000, "c": 48_000, "e": 33_750}


def test_the_older_points_are_by_distance_from_the_better_of_both_best_prices(tmp_path):
    rule = (
        GROUP + '[group.formula.exponents]\npoints = 1\n[group.queue]\nkind = "price"\nmax_depth = 30\nexponent = 1\n'
    )
    orders = [order("a", 1, 9_990, 5), order("b", 1, 10_000, 5, start=50), order("c", -1, 10_010, 5, start=99.5)]
    found = by_maker(scored(tmp_path, orders, rule, until=101))
    assert found["b"].component["points"] == 3 * 10**9 * 5 * 50
    assert found["a"].component["points"] == 2 * 10**9 * 5 * 100  # ten ticks of 10,000 away at the end
    assert "c" not in found  # half a second is no second


CLAUSE = """
[[clause]]
name = "response"
watched = [{instruments = ["*BTC*"], depth = 100}]
move = "5 %"
within_s = 60
within = "50 bps"
below = 0.5
window_s = 20
rest_s = 30
restored = 2500
short = -2500
again = -5000
unit = "INJ"
"""


def test_a_clause_changes_the_pool_by_how_a_shock_is_answered(tmp_path):
    # the middle jumps by more than 5 % at 10 s; of 100 wanted, 60 rest before and 40 after; at 35 s all is back
    orders = [
        *both("a", 10, 60, end=10), *both("a", 10, 40, middle=10_600, start=10),
        *both("b", 10, 60, middle=10_600, start=35, end=65),
    ]  # fmt: skip
    path = ((0, 10_000), (10, 10_600), (40, 10_600), (100, 10_600))
    found = scored(tmp_path, orders, CLAUSE + GROUP + FLAT + QUALITY, path=path)
    cases = [((case.start - START) // SECOND, case.restored, case.change) for case in found.cases]
    # at 10 s: not back within 20 s; the next may open at 40 s, but until 65 s there is enough: it opens then
    assert cases == [(10, False, -2_500_000_000), (65, False, -5_000_000_000), (95, None, 0)]
    assert found.findings[-1] == "clause response: 3 cases, the pool changes by -7,500 INJ"
    quick = scored(tmp_path / "quick", [{**each, "start": 25} if each["maker"] == "b" else each for each in orders],
                   CLAUSE + GROUP + FLAT + QUALITY, path=path)  # fmt: skip
    assert [(case.restored, case.change) for case in quick.cases] == [
        (True, 2_500_000_000), (False, -5_000_000_000), (None, 0)
    ]  # fmt: skip


def test_a_move_of_exactly_so_much_is_no_case(tmp_path):
    path = ((0, 10_000), (10, 10_500), (100, 10_500))
    found = scored(tmp_path, both("a", 10, 1), CLAUSE + GROUP + FLAT + QUALITY, path=path)
    assert not found.cases


def test_a_case_that_the_tape_does_not_see_the_end_of_is_undecided(tmp_path):
    path = ((0, 10_000), (90, 10_600), (100, 10_600))
    found = scored(tmp_path, both("a", 10, 1), CLAUSE + GROUP + FLAT + QUALITY, path=path)
    assert [(case.restored, case.change) for case in found.cases] == [(None, 0)]


GATED = GROUP + FLAT + QUALITY + "[group.gates]\nmin_maker_share = 0.25\n"


def test_volume_shares_are_of_all_markets_of_the_program(tmp_path):
    items = [perp(), perp("ETH")]
    rule = GATED.replace('"all"', '"BTC"\ninstruments = ["*BTC*"]') + GATED.replace('"all"', '"rest"')
    orders = [*both("a", 10, 10), *both("a", 10, 10, instrument="test:ETH"), *both("b", 10, 10)]
    made = bought(range(5), "aabbb", instrument=["test:BTC"] * 2 + ["test:ETH"] * 3)
    found = scored(tmp_path, orders, rule, instruments=items, fills=made)
    assert not by_maker(found)["b"].refused  # it traded only in the other group's market
    few = scored(tmp_path / "few", orders, rule, instruments=items, fills=made.head(2))
    assert by_maker(few)["b"].refused == "maker share below 0.25 in this epoch"


def test_a_gate_may_want_so_many_days_in_a_row(tmp_path):
    day = DAY // SECOND
    first = -(START % DAY) // SECOND  # midnight before START
    rule = GATED + 'judged = "days"\ndays = 3\n'
    rows = [(day * k + first + 100_000, name) for k in range(5) for name in ("ab" if k in (0, 1, 3, 4) else "a")]
    made = bought([time for time, _ in rows], [name for _, name in rows])
    orders = [*both("a", 10, 10, end=5 * day), *both("b", 10, 10, end=5 * day)]
    found = scored(tmp_path, orders, rule, until=5 * day, fills=made, path=((0, 10_000), (5 * day, 10_000)))
    assert not by_maker(found)["a"].refused
    assert by_maker(found)["b"].refused == "maker share below 0.25 on 3 days in a row"


def test_a_gate_on_the_previous_epoch_wants_it(tmp_path):
    rule = GATED + 'judged = "previous"\n'
    with pytest.raises(InputError, match="previous"):
        scored(tmp_path, both("a", 10, 10), rule)
    past = {"other": {"maker_volume": {"a": [3], "b": [1]}}, "all": {"maker_volume": {"b": [8]}}}
    found = scored(tmp_path / "two", [*both("a", 10, 10), *both("b", 10, 10)], rule, previous=past)
    assert not by_maker(found)["a"].refused
    assert scored(
        tmp_path / "no", both("a", 10, 10), rule, previous={"all": {"maker_volume": {"b": [9], "a": [2]}}}
    ).points() == {"a": 0}


OPEN = (
    HEAD
    + """
[[group]]
name = "all"
instruments = "$top"
measure = [{limit = "$bands.far"}]
formula.exponents = {quality = "$alpha", uptime = "$1-alpha"}
[parameters.alpha]
meaning = "weight"
default = 0.3
rule = "0.4"
[parameters.top]
meaning = "markets"
default = '["*"]'
[parameters.bands]
meaning = "how bands are meant"
choices = {wide = {far = "100 bps"}, narrow = {far = "50 bps"}}
"""
)


def test_parameters_choose_lists_and_complements():
    found = read_program(OPEN, {"bands": "narrow", "top": '["*BTC*", "*ETH*"]'})
    group = found.group[0]
    assert group.instruments == ("*BTC*", "*ETH*")
    assert group.measure[0].limit == "50 bps"
    assert group.formula.exponents == {"quality": Decimal("0.3"), "uptime": Decimal("0.7")}


@pytest.mark.parametrize(
    ("given", "what"),
    [({"bands": "x"}, "wide, narrow"), ({"bands": "wide", "top": "["}, "no TOML"),
     ({"bands": "wide", "alpha": "?"}, "decimal")],
)  # fmt: skip
def test_a_wrong_parameter_is_one_clear_line(given, what):
    with pytest.raises(InputError, match=what):
        read_program(OPEN, given)


def test_a_result_says_where_a_default_is_not_the_published_rule(tmp_path):
    rule = OPEN.removeprefix(HEAD)
    made = scored(tmp_path, both("a", 10, 10), rule, parameters={"bands": "wide"})
    assert "parameter alpha is 0.3, the published rule says 0.4" in made.findings


TIERS = """
[[group]]
name = "A"
abs_delta = [0.25, 1]
deepest = "first_itm"
measure = [{limit = "10 %"}]
formula.exponents.uptime = 1
[[group]]
name = "B"
outside = "A"
abs_delta = [0.05, 0.95]
measure = [{limit = "10 %"}]
formula.exponents.uptime = 1
"""


def test_options_move_between_tiers_as_their_underlying_moves(tmp_path):
    calls = [option(strike) for strike in (90, 100, 110)]
    orders = [each for item in calls for each in both("a", 5, 10, middle=100, instrument=item.instrument)]
    # underlying 105, then 95 from 40 s on: the first strike in the money is 100, then 90
    rows = [
        (time, f"test:BTC-{strike}-C", {"underlying": price, "delta": delta})
        for time, price, deltas in ((0, 105.0, (0.96, 0.7, 0.3)), (40, 95.0, (0.6, 0.3, 0.1)))
        for strike, delta in zip((90, 100, 110), deltas, strict=True)
    ]
    found = scored(tmp_path, orders, TIERS, instruments=calls, path=((0, 100), (100, 100)), chain=chain(rows))
    times = {(item.group, item.market): item.component["uptime"] // SECOND for item in found.standings}
    assert times == {
        ("A", "test:BTC-90-C"): 60, ("A", "test:BTC-100-C"): 100, ("A", "test:BTC-110-C"): 40,
        ("B", "test:BTC-110-C"): 60,
    }  # fmt: skip


def test_options_that_expire_on_other_weekdays_may_be_left_out(tmp_path):
    friday = (START // DAY + 3) * DAY  # START is a Tuesday
    calls = [option(100, expiry=friday), option(110, expiry=friday + DAY)]
    orders = [each for item in calls for each in both("a", 5, 10, middle=100, instrument=item.instrument)]
    rule = GROUP + 'weekdays = [4]\nmeasure = [{limit = "10 %"}]\nformula.exponents.uptime = 1\n'
    found = scored(tmp_path, orders, rule, instruments=calls, path=((0, 100), (100, 100)))
    assert [item.market for item in found.standings] == ["test:BTC-100-C"]
