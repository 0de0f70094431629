"""What must hold of every shipped program, through the whole path from a tape to points."""

import pytest

from makerscope.programs.evidence import evidence
from makerscope.programs.program_file import find_program, preset_names, read_program
from makerscope.programs.scores import POOL
from makerscope.programs.scoring import measure, score
from tests.preset_tapes import GIVEN, INVENTED, LONG, SEED, one_sided, points_of, quoting, tape_of, world
from tests.program_tapes import HEAD

OURS = [name for name in preset_names() if name.startswith("makerscope")]
PRESETS = [name for name in preset_names() if name not in OURS]
NEAR = {"perp": 50, "prediction": 5, "option": 5}  # ticks from the middle: at the best prices
SIZE = 10_000


def trades(*makers, size=SIZE, instrument_times=range(600, LONG, 600)):
    return [(time, maker, size) for time in instrument_times for maker in makers]


def scene(kind, parts):
    """Makers at the best prices; ``parts`` holds (name, part of the size) for what may be one maker or several."""
    orders = [each for name, part in parts for each in quoting(kind, name, NEAR[kind], SIZE // part)]
    orders += quoting(kind, "other", NEAR[kind], SIZE)
    made = [each for name, part in parts for each in trades(name, size=SIZE // part)] + trades("other")
    return orders, sorted(made)


@pytest.mark.parametrize("name", PRESETS)
def test_names_and_order_of_makers_change_nothing(name, tmp_path):
    kind = world(name)
    orders, made = scene(kind, [("a", 1), ("b", 2), ("c", 4)])
    one = points_of(tmp_path / "one", name, orders, made)
    other_names = {"a": "z", "b": "a", "c": "m", "other": "b"}
    renamed = [
        {**each, "maker": other_names[each["maker"]], "order": other_names[each["maker"]] + each["order"][-1]}
        for each in reversed(orders)
    ]
    two = points_of(tmp_path / "two", name, renamed, [(t, other_names[who], size) for t, who, size in made])
    for maker, points in one.points().items():
        assert abs(two.points()[other_names[maker]] - points) <= 2  # a rounded point may go to another name
    assert sum(one.points().values()) > 0


SPLIT = {  # how a maker's score (s) or points (p) change when it becomes two halves: 2 ** (1 - degree)
    "dydx_v3": ("s", 0.0), "dydx_v3_dip15": ("s", 0.0), "dydx_v4": ("s", 0.0), "idex": ("s", 0.0),
    "paradex": ("s", 0.0), "vertex": ("s", 0.0), "injective_olp": ("s", -0.2), "injective_olp_2025": ("s", -0.2),
    "powertrade": ("s", -1.0), "vega_sla": ("s", -1.0), "vega_liquidity_score": ("p", 0.0), "kalshi": ("p", 0.0),
    "polymarket": ("p", 0.0), "polymarket_us": ("p", 0.0), "thalex_mqp": ("p", 0.0), "hummingbot_miner": ("p", 0.0),
    "hummingbot_miner_2019": ("p", 0.0), "drift": ("p", 0.0), "tsx_deficit": ("p", 0.0), "mango_v3": ("s", 0.0),
    "mango_v3_price": ("s", 0.0), "mifid_rts8": ("s", 1.0), "nyse_presence": ("s", 1.0), "deribit_type": ("s", 1.0),
    "eurex_type": ("s", 1.0),
}  # fmt: skip


def test_every_preset_has_a_degree():
    assert sorted(SPLIT) == sorted(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_two_halves_of_a_maker_earn_what_the_exponents_say(name, tmp_path):
    kind = world(name)
    given = {"stakes": "{a = 1000, a1 = 500, a2 = 500, other = 1000}"} if "stakes" in GIVEN.get(name, {}) else {}
    whole = points_of(tmp_path / "whole", name, *scene(kind, [("a", 1)]), parameters=given)
    halves = points_of(tmp_path / "halves", name, *scene(kind, [("a1", 2), ("a2", 2)]), parameters=given)
    what, degree = SPLIT[name]
    if what == "s":
        before = sum(item.score for item in whole.standings if item.maker == "a")
        after = sum(item.score for item in halves.standings if item.maker in ("a1", "a2"))
    else:
        before, after = whole.points()["a"], sum(halves.points()[maker] for maker in ("a1", "a2"))
    assert before > 0
    # rounding down by a pico at most, save a running mean: by a millionth of a contract
    assert after / before == pytest.approx(2**degree, rel=1e-8 if name != "paradex" else 1e-5)


@pytest.mark.parametrize("degree", [0.5, 1, 1.2, 2])
def test_splitting_pays_by_the_degree_of_any_rule(degree, tmp_path):
    rule = (
        f'[[group]]\nname = "all"\n[[group.measure]]\nlimit = "20 bps"\n[group.formula.exponents]\nquality = {degree}\n'
    )
    orders, _ = scene("perp", [("a", 1)])
    halves, _ = scene("perp", [("a1", 2), ("a2", 2)])
    program = read_program(HEAD + rule)
    before, after = (
        sum(
            item.score
            for item in score(tape_of(tmp_path / name, "perp", each), program).standings
            if item.maker != "other"
        )
        for name, each in (("whole", orders), ("halves", halves))
    )
    assert after / before == pytest.approx(2 ** (1 - degree), rel=1e-9)  # a square root: 1.41


BOTH_NEEDED = {
    "dydx_v3", "dydx_v3_dip15", "dydx_v4", "injective_olp", "injective_olp_2025", "idex", "paradex", "vertex",
    "vega_sla", "mifid_rts8", "deribit_type", "eurex_type",
}  # fmt: skip
DEPTH_ONLY = {"drift"}  # half of its pool goes by volume alone


@pytest.mark.parametrize("name", [name for name in PRESETS if name not in DEPTH_ONLY])
def test_a_bid_in_one_half_of_the_time_and_an_ask_in_the_other_are_no_two_sided_quote(name, tmp_path):
    kind = world(name)
    orders = [
        *one_sided(kind, "a", 1, NEAR[kind], SIZE, end=LONG // 2),
        *one_sided(kind, "a", -1, NEAR[kind], SIZE, start=LONG // 2, end=LONG - 1),
        *quoting(kind, "other", NEAR[kind], SIZE, end=LONG - 1),
    ]
    found = points_of(tmp_path, name, orders, trades("a", "other")).points().get("a", 0)
    if name in BOTH_NEEDED:
        assert found == 0
    elif name == "powertrade":
        assert found == 0  # its quality counts in full, see below, but its uptime wants both sides at once
    elif name == "polymarket":
        assert 0 < found < POOL // 3  # one side earns a third of what two sides do
    else:
        assert found > 0  # documented: one side is paid


def test_a_rule_that_takes_the_lower_side_after_time_pays_one_side_after_the_other(tmp_path):
    orders = [
        *one_sided("option", "a", 1, 5, SIZE, end=LONG // 2),
        *one_sided("option", "a", -1, 5, SIZE, start=LONG // 2, end=LONG - 1),
        *quoting("option", "b", 5, SIZE, end=LONG // 2),
    ]
    found = points_of(tmp_path, "powertrade", orders, trades("a", "b"))
    quality = {item.maker: item.component["quality"] for item in found.standings}
    assert quality["a"] == pytest.approx(quality["b"], rel=1e-3)
    moment = {"clock": "random_minute"}
    apart = points_of(tmp_path / "moment", "powertrade", orders, trades("a", "b"), parameters=moment)
    assert "a" not in apart.points() or apart.standings[0].component["quality"] == 0


EDGES = {  # ticks from the middle (from the best price: behind it) of the first order that may not count
    "dydx_v3": (2_000, False), "dydx_v3_dip15": (2_000, False), "dydx_v4": (10_000, True),
    "injective_olp": (5_000, True), "injective_olp_2025": (5_000, True), "idex": (5_000, False),
    "paradex": (2_000, False), "vertex": (3_000, False), "drift": (10_050, False),
    "hummingbot_miner": (20_000, True), "hummingbot_miner_2019": (10_000, True),
    "vega_liquidity_score": (2_000, False), "polymarket": (30, False), "powertrade": (500, False),
}  # fmt: skip


@pytest.mark.parametrize("name", EDGES)
def test_an_order_at_the_edge_of_the_band_earns_nothing_unless_the_rule_says_at_most(name, tmp_path):
    kind = world(name)
    edge, closed = EDGES[name]
    behind = name == "drift"
    orders = [
        each
        for maker, distance in (("inside", edge - 1), ("edge", edge), ("outside", edge + 1))
        for each in quoting(kind, maker, distance, 10 * SIZE)
    ]
    orders += quoting(kind, "best", NEAR[kind], SIZE) if behind else []
    program = find_program(name, GIVEN.get(name))
    tape = tape_of(tmp_path, kind, orders, trades("inside", "edge", "outside"))
    found = measure(evidence(tape), program, seed=SEED)
    quality = dict.fromkeys(found.ev.makers, 0)
    for market in found.in_order():
        names = ["depth"] if behind else [each.name for each in program.group[0].measure]
        for component in names:
            for maker, own in zip(found.ev.makers, market.component[component], strict=True):
                quality[maker] += own
    assert quality["inside"] > 0
    assert (quality["edge"] > 0) == closed
    assert quality["outside"] == 0


def test_quoting_for_a_second_in_sixty_is_all_under_a_grid_and_a_sixtieth_under_a_seed(tmp_path, vectors):
    (case,) = [row for row in vectors("programs/sampling_error.json") if "quoted_seconds_per_minute" in row["inputs"]]
    minutes = case["inputs"]["samples"]
    long = 60 * minutes
    orders = [
        each
        for minute in range(minutes)
        for each in quoting("perp", "gamer", 50, SIZE, start=60 * minute, end=60 * minute + 1)
    ]
    orders += quoting("perp", "honest", 60, 1, end=long)
    seen = {}
    for sampling in ("grid", "stratified"):
        found = points_of(
            tmp_path / sampling, "hummingbot_miner_2019", orders, parameters={"sampling": sampling}, long=long
        )
        seen[sampling] = next(item for item in found.standings if item.maker == "gamer").component["uptime"] / minutes
    assert seen["grid"] == 1
    expected = case["expected"]
    assert seen["stratified"] == pytest.approx(expected["mean_score"], abs=3 * expected["standard_deviation"])


def test_an_invented_market_of_each_kind_is_there():
    assert {world(name) for name in preset_names()} == set(INVENTED)
