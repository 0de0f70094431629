"""How makers answer: each number done by hand."""

import polars as pl
import pytest

from makerscope.errors import DomainError
from makerscope.metrics.latency import (
    no_orders,
    pick_off_buckets,
    pick_off_rate,
    reaction_latency,
    reactions,
    requote_gap,
    stress_windows,
    withdrawal_rate,
    withdrawals,
)
from makerscope.metrics.order_life import (
    fill_ratio,
    intervals,
    message_counts,
    quote_lives,
    quote_to_trade,
    time_to_cancel,
)
from makerscope.metrics.quoting import (
    Qualifying,
    listened,
    maker_share_of_depth,
    presence,
    presence_measures,
    staleness,
)

STEP = {
    "time": pl.Int64, "serial": pl.Int64, "instrument": pl.String, "maker": pl.String, "order": pl.String,
    "action": pl.String, "side": pl.Int8, "price": pl.Int64, "size": pl.Int64,
}  # fmt: skip
REFERENCE = {"time": pl.Int64, "instrument": pl.String, "twice_price": pl.Int64}


def steps(*rows):
    """``(time, order, action, side, price, size)`` of maker m on instrument x."""
    full = [
        (t, k, "x", "m", order, action, side, price, size)
        for k, (t, order, action, side, price, size) in enumerate(rows)
    ]
    return pl.DataFrame(full, schema=STEP, orient="row")


def reference(*rows):
    return pl.DataFrame([(t, "x", twice) for t, twice in rows], schema=REFERENCE, orient="row")


def heard(*spans):
    return pl.DataFrame([("x", a, b) for a, b in spans], schema=["instrument", "start", "end"], orient="row")


BOTH = (
    (0, "b", "placed", 1, 99, 5), (0, "a", "placed", -1, 101, 5),
    (10, "b", "filled", 1, 99, 0), (16, "b2", "placed", 1, 98, 5),
    (30, "a", "replaced", -1, 103, 5), (40, "b2", "cancelled", 1, 98, 0),
)  # fmt: skip


def test_the_gap_after_a_fill_ends_when_both_sides_rest_again():
    lives = intervals(steps(*BOTH), until=100)
    gaps = presence(lives, reference(), heard((0, 100)), width=100).gaps
    assert gaps.select("start", "end", "closed").rows() == [(10, 16, True), (40, 100, False)]
    fills = pl.DataFrame({"instrument": ["x", "x"], "time": [10, 25]})
    got = requote_gap(gaps, fills)
    assert (got["requote_gap"].value, got["requote_gap"].n) == (6.0, 1)
    assert got["one_sided_after_fill"].value == 0.5
    assert requote_gap(gaps, fills.clear())["requote_gap"].reason == "no fills"


def test_a_replacement_at_one_instant_makes_no_gap():
    rows = steps(
        (0, "b", "placed", 1, 99, 5),
        (0, "a", "placed", -1, 101, 5),
        (7, "b", "cancelled", 1, 99, 0),
        (7, "c", "placed", 1, 98, 5),
    )
    got = presence(intervals(rows, until=20), reference(), heard((0, 20)), width=100)
    assert got.gaps.height == 0
    assert got.buckets["ns_two_sided"].to_list() == [20]


def test_an_outage_is_neither_up_nor_down():
    got = presence(intervals(steps(*BOTH[:2]), until=100), reference(), heard((0, 20), (60, 80)), width=100)
    up = presence_measures(got.buckets, unit_size=0.1)
    assert got.buckets.select("ns", "ns_two_sided").row(0) == (40, 40)
    assert up["two_sided_uptime"].value == 1.0
    assert up["twa_full_spread"].value == pytest.approx(2e4 * 2 / 200)
    assert up["twa_depth_bid"].value == pytest.approx(0.5)
    assert up["uptime_in_stress"].reason == "no stress window was declared or heard"


def test_depth_when_up_overstates_what_was_there_all_the_time():
    up = presence_measures(
        presence(intervals(steps(*BOTH), until=100), reference(), heard((0, 100)), width=100).buckets, unit_size=1.0
    )
    assert up["twa_depth_bid"].value == pytest.approx(5 * (10 + 24) / 100)
    assert up["twa_depth_bid_when_up"].value == 5.0


def test_the_edge_of_the_distance_rule_is_inside():
    rows = intervals(steps((0, "b", "placed", 1, 99, 5), (0, "a", "placed", -1, 102, 5)), until=10)
    got = presence(rows, reference((0, 200)), heard((0, 10)), width=100, rules=Qualifying(max_distance=100.0)).buckets
    assert got.select("ns_bid", "ns_ask").row(0) == (10, 0)
    with pytest.raises(DomainError, match="min_size"):
        Qualifying(min_size=0)


def test_without_a_reference_in_the_session_distance_cannot_be_judged():
    rows = intervals(steps(*BOTH[:2]), until=100)
    got = presence(
        rows, reference((5, 200)), heard((0, 10), (50, 60)), width=100, rules=Qualifying(max_distance=500.0)
    ).buckets
    assert got.select("ns", "ns_unknown", "ns_two_sided").row(0) == (5, 15, 5)


def test_stale_is_while_the_fair_price_lies_outside_the_own_quotes():
    rows = intervals(steps(*BOTH[:2], (25, "a", "replaced", -1, 108, 5), (25, "b", "replaced", 1, 102, 5)), until=50)
    got = staleness(presence(rows, reference((0, 200), (10, 206), (40, 200)), heard((0, 50)), width=100).buckets)
    assert (got["staleness"].value, got["staleness"].n) == ((15 + 10) / 2, 2)
    assert got["stale_share"].value == 0.5


def test_the_share_of_depth_is_over_all_makers_of_the_tape():
    rows = pl.concat([steps(*BOTH[:2]), steps(*BOTH[:2]).with_columns(maker=pl.lit("n"), size=pl.col("size") * 3)])
    table = presence(intervals(rows, until=10), reference(), heard((0, 10)), width=10).buckets
    assert maker_share_of_depth(table.filter(pl.col("maker") == "m"), table).value == 0.25
    assert "no resting orders" in maker_share_of_depth(table.clear(), table.clear()).reason


def test_the_span_of_the_orders_stands_in_for_missing_sessions():
    lives = intervals(steps(*BOTH), until=100)
    none = pl.DataFrame(schema={"instrument": pl.String, "channel": pl.String, "start": pl.Int64, "end": pl.Int64})
    spans, without = listened(none, lives, until=100)
    assert spans.rows() == [("x", 0, 100)]
    assert without == ("x",)


def test_quotes_of_unknown_age_are_left_out_and_those_cut_by_an_outage_are_censored():
    lives = intervals(steps(*BOTH), until=100)
    got = quote_lives(lives, heard((-5, 35), (60, 100))).sort("born", "order")
    assert got.select("born", "life", "ended", "pulled").rows() == [
        (0, 30, True, True),
        (0, 10, True, False),
        (16, 19, False, False),
        (30, 5, False, False),
    ]
    assert quote_lives(lives, heard((0, 35))).height == 2
    assert time_to_cancel(got, within=5).value == 0.0
    assert (time_to_cancel(got, within=30).value, time_to_cancel(got, within=30).n) == (0.5, 2)


def test_a_replacement_is_two_messages_and_what_is_filled_is_what_was_eaten():
    counts = message_counts(steps(*BOTH, (50, "a", "filled", -1, 103, 2)))
    assert counts.row(0) == ("x", "m", 6, 20, 8)
    assert quote_to_trade(counts, 2).value == 3.0
    assert fill_ratio(counts).value == 0.4
    assert quote_to_trade(counts, 0).reason == "no fills"


def test_a_reaction_is_counted_from_the_move_to_the_next_message():
    rows = steps(*BOTH[:2], (30, "a", "replaced", -1, 103, 5), (90, "b", "cancelled", 1, 99, 0))
    moves = reference((0, 200), (12, 201), (20, 204), (50, 208))
    got = reactions(rows, moves, heard((0, 100)), ticks=2, patience=25)
    assert got.select("time", "wait", "answered").rows() == [(20, 10, True), (50, 25, False)]
    summary = reaction_latency(got)
    assert (summary["reaction_latency_median"].value, summary["reactions_censored"].value) == (10.0, 1.0)
    assert summary["reaction_latency_p99"].value is None
    assert reaction_latency(got.clear())["reaction_latency_median"].value is None
    with pytest.raises(DomainError, match="ticks"):
        reactions(rows, moves, heard((0, 100)), ticks=0)


def test_a_fill_is_picked_off_when_the_mid_runs_through_a_half_spread():
    second = 1_000_000_000
    fills = pl.DataFrame({
        "time": [10, 20, 30, 40], "instrument": "x", "maker": "m", "side": [1, 1, -1, 1], "price": [100, 100, 100, 100],
        f"twice_mid_{second}": [197, 198, 203, None],
    })  # fmt: skip
    quotes = pl.DataFrame({"time": [0, 30], "instrument": "x", "bid": [99, 90], "ask": [101, 110]})
    rows = pick_off_buckets(fills, quotes, width=100)
    assert rows.row(0) == ("x", "m", 0, 3, 2)  # 1.5 ticks below, 1 tick below (not more than a half spread), 1.5 above
    assert pick_off_rate(rows).value == pytest.approx(2 / 3)
    assert pick_off_rate(rows.clear()).value is None


def test_a_maker_whose_depth_is_gone_after_a_jump_has_withdrawn():
    rows = steps((0, "b", "placed", 1, 9990, 5), (0, "a", "placed", -1, 10010, 5), (52, "a", "cancelled", -1, 10010, 0),
                 (53, "b", "cancelled", 1, 9990, 0))  # fmt: skip
    path = reference((0, 20000), (50, 20040), (200, 20040))
    got = withdrawals(intervals(rows, until=300), path, heard((0, 300)), jump=10.0, window=60, distance=50.0, within=20)
    assert got.select("time", "before", "after", "withdrawn").rows() == [(50, 10, 0, True)]
    assert withdrawal_rate(got).value == 1.0
    assert withdrawal_rate(got.clear()).value is None


def test_too_short_a_record_has_no_stress():
    assert stress_windows(pl.DataFrame({"time": [0, 100], "twice_price": [1, 9]}), width=10) == []


def test_a_tape_without_orders_names_what_it_lacks_for_every_measure():
    assert all(m.value is None and "no resting orders on this tape" in m.reason for m in no_orders().values())
    up = presence_measures(presence(intervals(steps(), until=1), reference(), heard(), width=1).buckets, unit_size=1.0)
    assert "no resting orders" in up["two_sided_uptime"].reason
