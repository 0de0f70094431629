"""Published examples of incentive programs through the whole path: a small tape and a shipped program give the number.

Where a source has no example, the numbers are done by hand from its formula.
"""

import pytest

from makerscope.programs.evidence import evidence
from makerscope.programs.program_file import find_program
from makerscope.programs.scores import POOL
from makerscope.programs.scoring import measure, score
from makerscope.programs.sla import ONE
from tests.preset_tapes import GIVEN, LONG, MIDDLE, SEED, one_sided, points_of, quoting, tape_of
from tests.program_tapes import middles, option, order, tape
from tests.tapes import DAY, SECOND, START, perp

MICRO = 10**6


def measured(folder, name, orders, *, parameters, until=600, **tables):
    """The one market of a preset on a tape, and the numbers of its makers."""
    ev = evidence(tape(folder, orders, **tables), since=START, until=START + until * SECOND)
    found = measure(ev, find_program(name, parameters), seed=SEED)
    return found.in_order()[0], {maker: k for k, maker in enumerate(ev.makers)}


def per_look(market, words, k):
    """Mean of one of the sweep's sums over its looks."""
    return sum(words[k]) / sum(market.first.looked)


def test_the_dydx_example_of_depth_over_spread(vectors, tmp_path):
    (case,) = vectors("programs/dydx_v3_qscore.json")
    given = case["inputs"]
    orders = [
        order("lp", side, price, round(10 * size), end=600)
        for side, name in ((1, "bids"), (-1, "asks"))
        for price, size in given[name]
    ]
    market, number = measured(
        tmp_path, "dydx_v3", orders, parameters={"major_spread": "66.7 bps"}, until=600,
        instruments=[perp(tick_size="1", lot_size="0.1")], path=((0, given["mid"]), (600, given["mid"])),
    )  # fmt: skip
    found = {
        name: per_look(market, words, number["lp"]) / MICRO
        for name, words in (("Q_BID", market.first.bid), ("Q_ASK", market.first.ask), ("Q_MIN", market.first.quality))
    }
    assert found == pytest.approx(case["expected"], **case["tolerance"])


SCALE = 10_000  # an order of 100 shares is one of a million here: a millionth of a share is coarser than the tolerance


def test_the_polymarket_example_of_two_books(vectors, tmp_path):
    for place, case in enumerate(vectors("programs/polymarket_liquidity_rewards.json")):
        given, want = case["inputs"], case["expected"]
        middle = round(1_000 * given["adjusted_midpoint"])  # ticks of 0.1 cent
        orders = [
            order("lp", side, middle - side * round(10 * term["spread_c"]), SCALE * term["size"], end=600)
            for side, name in ((1, "Q_one_terms"), (-1, "Q_two_terms"))  # asks on NO are bids on YES
            for term in given[name]
        ]
        # the middle is made by somebody else: the best prices where the least size rests; dust between does not count
        orders += [order("x", side, middle - side * 2, 100, end=600) for side in (1, -1)]
        orders += [order("dust", 1, middle - 1, 99, end=600)]
        market, number = measured(
            tmp_path / str(place), "polymarket", orders, parameters={"max_spread": "3 cents", "min_size": "100"},
            instruments=[perp(tick_size="0.001", lot_size="1")], path=(),
        )  # fmt: skip
        found = {
            name: per_look(market, words, number["lp"]) / MICRO / SCALE
            for name, words in (
                ("Q_one", market.first.bid),
                ("Q_two", market.first.ask),
                ("Q_min", market.first.quality),
            )
        }
        assert {name: found[name] for name in want} == pytest.approx(want, **case["tolerance"]), case["case"]


def test_the_hummingbot_density_at_published_spreads(vectors, tmp_path):
    for place, case in enumerate(vectors("programs/hummingbot_miner.json")):
        given, want = case["inputs"], case["expected"]
        if "rho" not in want:
            continue
        away = round(MIDDLE * given["spread"])
        market, number = measured(
            tmp_path / str(place), "hummingbot_miner_2019", [order("lp", 1, MIDDLE - away, 1_000, end=600)],
            parameters={"max_spread": f"{100 * given['max_spread']} %"}, path=((0, MIDDLE), (600, MIDDLE)),
        )  # fmt: skip
        value = 1_000 * (MIDDLE - away) * 100  # micro units of quote currency
        assert per_look(market, market.first.bid, number["lp"]) / value == pytest.approx(
            want["rho"], **case["tolerance"]
        )


def test_the_hummingbot_pool_is_dealt_out_equally_over_snapshots(vectors, tmp_path):
    (case,) = [case for case in vectors("programs/hummingbot_miner.json") if "pool" in case["inputs"]]
    given, month = case["inputs"], 60 * case["inputs"]["snapshots"]
    orders = quoting("perp", "a", 50, 1_000, end=30)  # there at the first look only, and alone
    orders += quoting("perp", "far", 50_000, 1, end=month)
    found = points_of(tmp_path, "hummingbot_miner_2019", orders, long=month)
    assert given["pool"] * found.points()["a"] / POOL == pytest.approx(case["expected"]["per_snapshot"], rel=1e-9)
    assert found.markets[0].left == POOL - found.points()["a"]  # looks at which nobody was there pay nobody


def test_a_thalex_look_is_paid_by_the_quality_of_its_book(tmp_path):
    # target distance 2 bps: a at 2 bps is worth 0.5 of its one contract, b at 4 bps a quarter of its two: 0.5 each;
    # a side of 1.0 between 0.5 and 1.5 is paid by half
    orders = quoting("perp", "a", 200, 10_000) + quoting("perp", "b", 400, 20_000, end=LONG // 2)
    given = {"perp_min": "0.5", "perp_max": "1.5"}
    found = points_of(tmp_path, "thalex_mqp", orders, parameters=given)
    assert found.points()["b"] / POOL == pytest.approx(0.125, abs=1e-3)  # for the first half of the time
    assert found.points()["a"] / POOL == pytest.approx(0.125, abs=1e-3)  # alone it stands at the minimum: nothing
    alone = points_of(tmp_path / "one", "thalex_mqp", one_sided("perp", "a", 1, 200, 20_000), parameters=given)
    assert alone.points()["a"] / POOL == pytest.approx(0.25, abs=1e-3)  # one side: half of the half


def test_powertrade_adds_up_strikes_with_the_lower_side_of_each_life(tmp_path):
    strikes = [option(100, tick_size="0.1"), option(110, tick_size="0.1")]
    first, second = (item.instrument for item in strikes)
    half = {"instrument": first, "end": LONG // 2}
    orders = [
        # spreads are of spot, 10,000: 5 of price is 0.0005, so a contract is worth 2,000
        order("a", 1, 4_950, 100, instrument=first, end=LONG), order("a", -1, 5_100, 200, **half),
        order("a", 1, 4_950, 100, instrument=second, end=LONG), order("a", -1, 5_050, 100, instrument=second, end=LONG),
        order("b", 1, 4_950, 100, instrument=first, end=LONG), order("b", -1, 5_050, 100, instrument=first, end=LONG),
    ]  # fmt: skip
    ev = tape_of(tmp_path, "option", orders, [(600, "a", 3), (900, "b", 1)])
    given = GIVEN["powertrade"]
    found = score(ev, find_program("powertrade", given), since=START, until=START + LONG * SECOND)
    rows = {item.maker: item for item in found.standings}
    # a: min(2,000, 2,000 * 1/2) + 2,000 = 3,000; b: 2,000 in one strike; both two-sided all the time; volume 3 to 1
    assert rows["a"].component["quality"] == 3_000 * MICRO * LONG * SECOND
    assert rows["b"].component["quality"] == 2_000 * MICRO * LONG * SECOND
    assert rows["a"].component["uptime"] == rows["b"].component["uptime"] == 10**12
    assert rows["a"].points / rows["b"].points == pytest.approx(9_000 / 2_000, rel=1e-12)


def test_a_drift_bracket_pays_the_lower_side_by_the_larger_of_the_market(tmp_path):
    sides = {"a": (1_000, 1_000), "b": (3_000, 500)}  # lots of 10 USD
    orders = [
        each
        for maker, (bid, ask) in sides.items()
        for each in one_sided("perp", maker, 1, 50, bid) + one_sided("perp", maker, -1, 50, ask)
    ]
    weights = {f"weight_{name}": "1" if name == "a" else "0" for name in "abcdef"}
    found = points_of(tmp_path, "drift", orders, [(600, "a", 1), (900, "b", 3)], parameters=weights)
    # bids of all 4,000 lots, asks 1,500: a has 1,000 of 4,000, b 500; volume 1 to 3; half and half
    assert found.points()["a"] / POOL == pytest.approx(0.5 * 2 / 3 + 0.5 * 1 / 4, rel=1e-4)
    dust = [{**each, "size": each["size"] // 10} for each in orders]
    small = points_of(tmp_path / "dust", "drift", dust, [(600, "a", 1), (900, "b", 3)], parameters=weights)
    depth = {item.maker: item.component["depth"] / 10**12 / (LONG * SECOND) for item in small.standings}
    assert depth["a"] == pytest.approx(100 * 9.9995 / 5_000, rel=1e-3)  # of at least 5,000 USD


def test_the_tsx_example_of_a_deficit(tmp_path):
    orders = [
        *one_sided("perp", "public", 1, 50, 30), *one_sided("perp", "MM1", 1, 50, 15),
        *one_sided("perp", "MM2", 1, 50, 25),
    ]  # fmt: skip
    given = {"target_size": "0.0050", "makers": '["MM*"]'}  # the example's 5,000 shares are 50 lots
    found = points_of(tmp_path, "tsx_deficit", orders, parameters=given)
    parts = {name: round(100 * points / POOL) for name, points in found.points().items()}
    assert parts == {"MM1": 43, "MM2": 57, "public": 0}


def test_the_vega_penalties_of_the_acceptance_criteria(vectors, tmp_path):
    cases = {case["case"]: case for case in vectors("programs/vega_sla.json")}
    for name, epochs in (("sla_penalty_0042-LIQF-037", 1), ("sla_penalty_0042-LIQF-041", 1), ("hysteresis_0", 2)):
        case = cases[name]
        given = {"s": 0.5, "c": 0, "t": 1, **case["inputs"]}
        orders = quoting("perp", "lp", 50, 1_000, end=round(LONG * given["t"])) + quoting("perp", "b", 50, 1_000)
        past = {"markets": {"penalties": {"test:BTC lp": [round(given.get("mean_previous", 0) * ONE)]}}}
        found = points_of(
            tmp_path / name, "vega_sla", orders, previous=past,
            parameters={"min_time": str(given["s"]), "competition": str(given["c"]), "epochs": str(epochs)},
        )  # fmt: skip
        (row,) = [item for item in found.standings if item.maker == "lp"]
        want = case["expected"].get("p", case["expected"].get("applied"))
        assert row.component["penalty"] / ONE == pytest.approx(want, **case["tolerance"]), name
    case = cases["bond_penalty_0044-LIME-014"]
    given = case["inputs"]
    orders = quoting("perp", "lp", 50, 1_000, end=round(LONG * given["t"])) + quoting("perp", "b", 50, 1_000)
    found = points_of(
        tmp_path / "bond", "vega_sla", orders,
        parameters={"min_time": str(given["s"]), "bond_slope": str(given["slope"]), "bond_most": str(given["max"])},
    )  # fmt: skip
    (row,) = [item for item in found.standings if item.maker == "lp"]
    assert row.component["bond_slash"] / ONE == pytest.approx(case["expected"]["f"], **case["tolerance"])


def test_kalshi_counts_what_helps_to_reach_the_target_size(tmp_path):
    orders = [
        *one_sided("prediction", "x", 1, 5, 600), *one_sided("prediction", "y", 1, 6, 300),
        *one_sided("prediction", "z", 1, 7, 500), *one_sided("prediction", "w", 1, 8, 100),
    ]  # fmt: skip
    found = points_of(tmp_path, "kalshi", orders, parameters={"target_size": "1000"})
    scores = {"x": 600, "y": 0.9 * 300, "z": 0.81 * 500}
    total = sum(scores.values())
    for maker, own in scores.items():
        assert found.points()[maker] / POOL == pytest.approx(own / total, rel=1e-12)
    assert "w" not in found.points()


@pytest.mark.parametrize(
    ("bands", "want"), [("disjoint", 16 * 1_000 + 4 * 2_000), ("cumulative", 16_000 + 4 * 3_000 + 3_000)]
)
def test_the_two_readings_of_the_chaos_labs_bands_differ(bands, want, tmp_path):
    # each hour's liquidity in lots: 1,000 within 25 bps, 2,000 more within 50; the lower side is the bid's by price
    orders = quoting("perp", "a", 1_000, 1_000)
    orders += [each for side in (1, -1) for each in one_sided("perp", "a", side, 4_000, 2_000, order=f"far{side}")]
    found = points_of(tmp_path, "dydx_v4", orders, [(600, "a", 1), (4_000, "a", 1)], parameters={"bands": bands})
    (row,) = found.standings
    assert row.component["liquidity"] / (LONG - 1) / SECOND / MICRO / 10 == pytest.approx(want, rel=5e-3)
    assert row.score > 0


def test_a_volatility_response_changes_the_injective_pool(tmp_path):
    # BTC wants 750,000 USD on each side: 300,000 rest when the middle has fallen by 6 % within a day
    path = [(0, MIDDLE), (3_600, round(0.94 * MIDDLE)), (LONG, round(0.94 * MIDDLE))]
    low = round(0.94 * MIDDLE)
    orders = [
        *quoting("perp", "a", 50, 40_000, end=3_600),
        *[order("a", side, low - side * 50, 30_000, start=3_600, end=LONG) for side in (1, -1)],
    ]
    more = [order("b", side, low - side * 100, 60_000, start=5_000, end=LONG) for side in (1, -1)]
    blocks = tape_of(tmp_path / "blocks", "perp", orders).read("blocks")
    for name, extra, change in (("short", [], -2_500), ("restored", more, 2_500)):
        found = score(
            tape(
                tmp_path / name, orders + extra, instruments=[perp(lot_size="0.0001")], blocks=blocks,
                quotes=middles(path, half=50),
            ),
            find_program("injective_olp"), seed=SEED, since=START, until=START + LONG * SECOND,
        )  # fmt: skip
        (case,) = found.cases
        assert (case.start - START) // SECOND == 3_600
        assert case.change == change * MICRO
        assert f"clause volatility response: 1 cases, the pool changes by {change:+,} INJ" in found.findings


def test_rts_8_is_met_by_comparable_sizes_on_half_of_the_days(tmp_path):
    day, first = DAY // SECOND, -(START % DAY) // SECOND + DAY // SECOND  # the next midnight
    orders = [
        order("good", 1, MIDDLE - 50, 150, start=first, end=first + day // 2),
        order("good", -1, MIDDLE + 50, 100, start=first, end=first + day // 2),
        order("uneven", 1, MIDDLE - 50, 151, start=first, end=first + 2 * day),
        order("uneven", -1, MIDDLE + 50, 100, start=first, end=first + 2 * day),
        order("short", 1, MIDDLE - 50, 100, start=first, end=first + day // 2 - 1),
        order("short", -1, MIDDLE + 50, 100, start=first, end=first + day // 2 - 1),
    ]
    found = score(
        tape(tmp_path, orders, path=((first, MIDDLE), (first + 2 * day, MIDDLE))),
        find_program("mifid_rts8", GIVEN["mifid_rts8"]), since=START + first * SECOND,
        until=START + (first + 2 * day) * SECOND,
    )  # fmt: skip
    days = {name: [duty.met for duty in found.duties if duty.maker == name] for name in ("good", "uneven", "short")}
    assert days == {"good": [True, False], "uneven": [False, False], "short": [False, False]}
    assert found.points() == {"good": POOL, "short": 0}
    assert {item.maker: item.refused for item in found.standings}["short"] == "obligation met in 0 of 2 periods"


def test_presence_at_the_best_is_the_mean_of_both_sides(tmp_path):
    orders = quoting("perp", "crowd", 50, 1)
    orders += one_sided("perp", "enough", 1, 50, 1, end=LONG // 5) + one_sided(
        "perp", "less", 1, 50, 1, end=LONG // 5 - 1
    )
    orders += one_sided("perp", "behind", 1, 51, 1)
    found = points_of(tmp_path, "nyse_presence", orders)
    assert {item.maker: item.refused for item in found.standings} == {
        "crowd": "", "enough": "", "less": "obligation met in 0 of 1 periods",
    }  # fmt: skip


def test_idex_counts_volume_of_orders_older_than_half_a_second(tmp_path):
    orders = quoting("perp", "a", 50, 1_000) + quoting("perp", "b", 50, 1_000, start=599.7)
    found = points_of(tmp_path, "idex", orders, [(600, "a", 2), (600, "b", 2), (700, "b", 1)])
    volume = {item.maker: item.component["maker_volume"] for item in found.standings}
    assert volume["a"] == 2 * volume["b"] > 0


def test_vertex_counts_what_takers_paid_against_a_maker(tmp_path):
    found = points_of(tmp_path, "vertex", quoting("perp", "a", 50, 1_000), [(600, "a", 2), (700, "a", 5)])
    assert {item.maker: item.component["maker_fees"] for item in found.standings} == {"a": 70}


def test_paradex_weighs_the_newest_look_by_a_fifth_and_halves_old_volume(tmp_path):
    orders = quoting("perp", "a", 1_000, 10_000, end=LONG - 10)  # gone at the last look, ten bps away before
    found = points_of(tmp_path, "paradex", orders, [(LONG - 1, "a", 100)], parameters={"half_life_days": "1"})
    (row,) = found.standings
    assert row.component["quality"] == pytest.approx(0.8 * MICRO * 2.718281828**-1, rel=1e-4)  # exp(-0.1 * 10)
    assert row.component["maker_volume"] == pytest.approx(100 * 10 * MICRO, rel=1e-4)


def test_an_order_of_an_hour_earns_nothing_from_the_hummingbot_miner_after_half_of_it(tmp_path):
    orders = quoting("perp", "old", 50, 1_000, end=3_600) + quoting("perp", "far", 60_000, 1)
    found = points_of(tmp_path, "hummingbot_miner", orders)
    uptime = {item.maker: item.component["uptime"] for item in found.standings}
    assert uptime["old"] == 30


def test_a_eurex_quote_may_be_as_wide_as_an_absolute_width_where_options_are_cheap(tmp_path):
    given = {"max_width": "0.1 %", "time": "0.9", "series": "1", "periods": "1"}
    orders = quoting("option", "tight", 5, 100) + quoting("option", "wide", 7, 100)
    found = points_of(tmp_path, "eurex_type", orders, parameters=given)
    assert found.points() == {"tight": POOL - POOL % 2}  # 1.0 wide is within 1.2; 1.4 is not, nor is 0.1 % of 500
