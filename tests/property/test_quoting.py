"""Presence, lifetimes and reactions on random order lives equal their slow definitions; buckets add."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.metrics.latency import reactions, withdrawals
from makerscope.metrics.order_life import intervals, quote_lifetime
from makerscope.metrics.quoting import Qualifying, presence
from tests.reference.quoting import NAMES, slow_depth, slow_kaplan_meier, slow_presence, slow_reactions

END = 60
REFERENCE = {"time": pl.Int64, "instrument": pl.String, "twice_price": pl.Int64}
instants = st.one_of(st.integers(0, END), st.sampled_from((0, 10, 20, 30, 40)))


@st.composite
def order_steps(draw):
    """Valid lives of a few orders of two makers on two instruments."""
    rows, serial = [], 0
    for number in range(draw(st.sampled_from((0, 3, 6, 9)))):
        instrument, maker = draw(st.sampled_from("aaab")), draw(st.sampled_from("mmmn"))
        side, left = draw(st.sampled_from((1, -1))), 0
        times = sorted(draw(st.lists(instants.filter(lambda t: t < END), min_size=2, max_size=6)))
        for place, time in enumerate(times):
            action = "placed" if place == 0 else draw(st.sampled_from(("replaced", "filled", "cancelled")))
            price = draw(st.integers(97, 103)) if action in ("placed", "replaced") else rows[-1]["price"]
            left = (
                draw(st.integers(1, 9))
                if action in ("placed", "replaced")
                else 0
                if action == "cancelled"
                else left // 2
            )
            rows.append({
                "time": time, "serial": serial, "instrument": instrument, "maker": maker, "order": f"o{number}",
                "action": action, "side": side, "price": price, "size": left,
            })  # fmt: skip
            serial += 1
            if not left:
                break
    return rows


STEPS = {
    "time": pl.Int64, "serial": pl.Int64, "instrument": pl.String, "maker": pl.String, "order": pl.String,
    "action": pl.String, "side": pl.Int8, "price": pl.Int64, "size": pl.Int64,
}  # fmt: skip
price = st.tuples(instants, st.sampled_from("aaab"), st.integers(194, 206))
prices = st.one_of(st.lists(price, max_size=3), st.lists(price, min_size=12, max_size=24)).map(sorted)
rules = st.builds(
    Qualifying,
    min_size=st.integers(1, 4),
    max_distance=st.sampled_from((None, 0.0, 100.0, 200.0)),
    min_rest=st.integers(0, 6),
)
windows = st.lists(st.tuples(st.integers(0, 30), st.integers(31, END)), max_size=1)
pieces = st.sets(st.integers(0, END), min_size=2, max_size=6).map(sorted)
cuts = st.one_of(st.just([(0, END)]), pieces.map(lambda c: list(zip(c[::2], c[1::2], strict=False))))


def run(rows, reference, sessions, **options):
    lives = intervals(pl.DataFrame(rows, schema=STEPS), until=END)
    heard = pl.DataFrame(
        [(i, *s) for i in ("a", "b") for s in sessions], schema=["instrument", "start", "end"], orient="row"
    )
    return lives, heard, presence(lives, pl.DataFrame(reference, schema=REFERENCE, orient="row"), heard, **options)


@settings(max_examples=80)
@given(order_steps(), prices, cuts, rules, st.tuples(st.sampled_from((7, 20, 1000)), windows))
def test_presence_agrees_with_looking_at_every_nanosecond(rows, reference, sessions, rule, cut):
    width, stress = cut
    lives, _, got = run(rows, reference, sessions, width=width, rules=rule, stress=stress)
    for (instrument, maker), mine in lives.partition_by("instrument", "maker", as_dict=True).items():
        seen = [(t, p) for t, i, p in reference if i == instrument]
        want, gaps = slow_presence(mine.to_dicts(), seen, sessions, width=width, rules=rule, stress=stress)
        here = (pl.col("instrument") == instrument) & (pl.col("maker") == maker)
        for row in got.buckets.filter(here).iter_rows(named=True):
            assert {name: row[name] for name in NAMES} == want.get(row["bucket"], dict.fromkeys(NAMES, 0))
        assert set(want) <= set(got.buckets.filter(here)["bucket"])
        assert got.gaps.filter(here).select("start", "end", "closed").rows() == gaps


@settings(max_examples=30)
@given(order_steps(), prices, cuts, st.sampled_from((7, 13, 30)))
def test_buckets_of_any_width_add_to_the_same_integers(rows, reference, sessions, width):
    sums = [
        run(rows, reference, sessions, width=w, rules=Qualifying(max_distance=200.0))[2]
        .buckets.group_by("instrument", "maker").agg(pl.col(NAMES).sum()).sort("instrument", "maker")
        for w in (width, 1000)
    ]  # fmt: skip
    assert sums[0].equals(sums[1])


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 8), st.booleans()), min_size=1, max_size=20), st.sampled_from((0.5, 0.99)))
def test_the_lifetime_is_kaplan_and_meiers(lives, share):
    got = quote_lifetime(pl.DataFrame(lives, schema=["life", "ended"], orient="row"), share=share)
    assert got.value == slow_kaplan_meier(lives, share)


@settings(max_examples=60)
@given(order_steps(), prices, cuts, st.integers(1, 3), st.sampled_from((5, 1000)))
def test_reactions_agree_with_the_state_machine(rows, reference, sessions, ticks, patience):
    table = pl.DataFrame(rows, schema=STEPS)
    _, heard, _ = run(rows, [], sessions, width=10)
    got = reactions(
        table, pl.DataFrame(reference, schema=REFERENCE, orient="row"), heard, ticks=ticks, patience=patience
    )
    for (instrument, maker), mine in (
        table.sort("time", "serial").partition_by("instrument", "maker", as_dict=True).items()
    ):
        alive, steps = {}, []
        for row in mine.iter_rows(named=True):
            alive[row["order"]] = row["size"] > 0
            if row["action"] != "filled":
                steps.append((row["time"], sum(alive.values())))
        want = [
            wait
            for start, stop in sessions
            for wait in slow_reactions(
                steps, [(t, p) for t, i, p in reference if i == instrument], start, stop, ticks=ticks, patience=patience
            )
        ]
        here = got.filter(pl.col("instrument") == instrument, pl.col("maker") == maker)
        assert here.select("time", "wait", "answered").rows() == want


@settings(max_examples=60)
@given(order_steps(), prices)
def test_depth_before_and_after_a_jump_is_what_rested_near_the_reference(rows, reference):
    lives, heard, _ = run(rows, [], [(0, END)], width=10)
    frame = (
        pl.DataFrame(reference, schema=REFERENCE, orient="row").unique(["instrument", "time"], keep="last").sort("time")
    )
    got = withdrawals(lives, frame, heard, jump=50.0, window=10, distance=150.0, fall=0.5, within=4)
    for row in got.iter_rows(named=True):
        here = frame.filter(pl.col("instrument") == row["instrument"])
        mine = lives.filter(pl.col("instrument") == row["instrument"], pl.col("maker") == row["maker"]).to_dicts()
        before = here.filter(pl.col("time") < row["time"])["twice_price"][-1]
        after = here.filter(pl.col("time") <= row["time"] + 4)["twice_price"][-1]
        assert row["before"] == slow_depth(mine, row["time"] - 1, before, 150) > 0
        assert row["after"] == slow_depth(mine, row["time"] + 4, after, 150)
        assert row["withdrawn"] == (2 * row["after"] < row["before"])
