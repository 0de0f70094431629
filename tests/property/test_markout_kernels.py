"""The tick kernels against their slow twins on random tapes, and what must hold of any tape."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.kernels import asof, markout
from makerscope.metrics.ticks import attach_mids, spread_integrals
from tests.reference import markout as slow

NAMES = ("a", "b", "c")
HORIZONS = (0, 1, 7, 40)
small = st.integers(-3, 12)
maybe = st.one_of(st.none(), small, small)
wide = st.sampled_from([0, 1, 2**31 - 1, -(2**31), 2**44])
quote = st.tuples(
    st.integers(0, 60), st.sampled_from(NAMES), maybe, maybe, st.one_of(st.none(), st.integers(0, 9)), st.integers(0, 9)
)
fill = st.tuples(
    st.integers(0, 60), st.sampled_from(NAMES), small, st.integers(1, 9), st.sampled_from((-1, 1)), st.integers(0, 2)
)
tapes = st.tuples(
    st.lists(quote, max_size=40).map(lambda rows: sorted(rows, key=lambda row: row[0])),
    st.lists(fill, max_size=25).map(lambda rows: sorted(rows, key=lambda row: row[0])),
)
cuts = st.lists(st.integers(-5, 90), min_size=2, max_size=6, unique=True).map(sorted)
exact = settings(deadline=None, derandomize=True, max_examples=150)


def quote_frame(quotes):
    schema = ["time", "instrument", "bid", "ask", "bid_size", "ask_size"]
    kinds = {name: pl.String if name == "instrument" else pl.Int64 for name in schema}
    return pl.DataFrame(quotes, schema=kinds, orient="row")


def fill_frame(fills):
    schema = ["time", "instrument", "price", "size", "side", "group"]
    kinds = {name: pl.String if name == "instrument" else pl.Int64 for name in schema}
    return pl.DataFrame(fills, schema=kinds, orient="row")


def session_frame(sessions):
    return pl.DataFrame(sessions, schema={"instrument": pl.String, "start": pl.Int64, "end": pl.Int64}, orient="row")


def arrays(quotes, fills, prices=np.int64):
    low, high = np.iinfo(prices).min, np.iinfo(prices).max
    return (
        np.array([row[0] for row in quotes], np.int64),
        np.array([NAMES.index(row[1]) for row in quotes], np.uint8),
        np.array([high if row[2] is None else row[2] for row in quotes], prices),
        np.array([low if row[3] is None else row[3] for row in quotes], prices),
        np.array([row[0] for row in fills], np.int64),
        np.array([NAMES.index(row[1]) for row in fills], np.uint8),
    )


def fused(quotes, fills, max_age, ends, horizons=HORIZONS):
    sums = np.zeros(3 * len(horizons) * markout.WIDTH, np.int64)
    markout.markout_sums(
        *arrays(quotes, fills),
        *(np.array([row[at] for row in fills], np.int64) for at in (2, 3)),
        np.array([row[4] for row in fills], np.int8),
        np.array([row[5] for row in fills], np.int32),
        np.array(horizons, np.int64),
        max_age,
        np.array([ends[name] for name in NAMES], np.int64),
        sums,
    )
    return sums.reshape(3, len(horizons), markout.WIDTH)


def number(row, at):
    return int(row[at + 1]) * 2**64 + int(row[at].astype(np.uint64))


def ends_of(quotes, extra):
    return {name: max([row[0] for row in quotes if row[1] == name], default=0) + extra for name in NAMES}


@exact
@given(tapes, st.integers(0, 30))
def test_attached_mids_are_those_of_the_definition(tape, max_age):
    quotes, fills = tape
    ends = ends_of(quotes, 0)
    known = {row[1] for row in quotes}
    got = attach_mids(fill_frame(fills), quote_frame(quotes), horizons=HORIZONS, max_age=max_age)
    for row, (time, name, *_) in zip(got.iter_rows(named=True), fills, strict=True):
        assert row["twice_mid"] == slow.twice_mid(quotes, name, time, max_age, strictly=True)
        for horizon in HORIZONS:
            past = name in known and time + horizon > ends[name]
            mid = None if past else slow.twice_mid(quotes, name, time + horizon, max_age)
            assert row[f"twice_mid_{horizon}"] == mid
            assert row[f"why_{horizon}"] == (1 if past else 2 if mid is None else 0)


@exact
@given(tapes, st.integers(0, 30), st.integers(-10, 50))
def test_fused_sums_are_those_of_the_definition(tape, max_age, extra):
    quotes, fills = tape
    ends = ends_of(quotes, extra)
    got = fused(quotes, fills, max_age, ends)
    want = slow.markout_sums(quotes, fills, HORIZONS, max_age, ends)
    for group in range(3):
        for k, horizon in enumerate(HORIZONS):
            row = got[group, k]
            counts = [int(row[at]) for at in (markout.N, markout.N_NO_MID, markout.N_PAST_END, markout.N_STALE)]
            sums = [
                number(row, at) for at in (markout.LOTS, markout.MID_LOTS, markout.EFFECTIVE_LOTS, markout.MARKOUT_LOTS)
            ]
            expected = want.get((group, horizon), [0] * 9)
            assert [*counts, *sums] == expected[:8]
            assert sums[3] - sums[2] == expected[8]  # markout = half effective spread + price move


@exact
@given(tapes, st.integers(0, 25))
def test_fused_sums_of_two_parts_of_the_fills_add_to_the_same_bits(tape, at):
    quotes, fills = tape
    ends = ends_of(quotes, 5)
    whole = fused(quotes, fills, 20, ends)
    parts = [fused(quotes, part, 20, ends) for part in (fills[:at], fills[at:])]
    for group, k in np.ndindex(whole.shape[:2]):
        assert (whole[group, k, :4] == parts[0][group, k, :4] + parts[1][group, k, :4]).all()
        for word in range(4, markout.WIDTH, 2):
            assert number(whole[group, k], word) == sum(number(part[group, k], word) for part in parts)


@exact
@given(tapes, cuts, st.integers(1, 50))
def test_integrals_are_those_of_the_definition(tape, borders, width):
    quotes, _ = tape
    sessions = [(name, a, b) for name in NAMES[:2] for a, b in zip(borders[::2], borders[1::2], strict=False)]
    got = spread_integrals(quote_frame(quotes), session_frame(sessions), width=width)
    want = slow.integrals(quotes, sessions, width)
    assert {(row[0], row[1]): list(row[2:]) for row in got.iter_rows()} == want


@exact
@given(tapes, cuts, st.integers(1, 50), st.integers(0, 80))
def test_integrals_of_two_parts_of_a_tape_add_to_the_same_bits(tape, borders, width, cut):
    """The second part starts with the state of the book, as a tape that is cut must."""
    quotes, _ = tape
    start, end = borders[0], borders[-1]
    cut = min(max(cut, start), end)
    whole = spread_integrals(quote_frame(quotes), session_frame([("a", start, end)]), width=width)
    mine = [row for row in quotes if row[1] == "a" and start <= row[0] < cut]
    carried = [(cut, *mine[-1][1:])] if mine else []
    parts = [
        spread_integrals(
            quote_frame([row for row in quotes if row[0] < cut]), session_frame([("a", start, cut)]), width=width
        ),
        spread_integrals(
            quote_frame(carried + [row for row in quotes if row[0] >= cut]),
            session_frame([("a", cut, end)]),
            width=width,
        ),
    ]
    added = pl.concat(parts).group_by("instrument", "bucket").agg(pl.all().sum()).sort("instrument", "bucket")
    assert added.rows() == whole.rows()


@exact
@given(tapes, st.lists(wide, min_size=2, max_size=4))
def test_integrals_of_numbers_near_the_limit_do_not_overflow(tape, numbers):
    quotes = [
        (row[0] * 10**15, row[1], -numbers[i % len(numbers)] - 1, numbers[-1], numbers[0] ** 2 % 2**60, row[5])
        for i, row in enumerate(tape[0])
    ]
    sessions = [(name, 0, 10**17) for name in NAMES]
    got = spread_integrals(quote_frame(quotes), session_frame(sessions), width=10**17)
    assert {(row[0], row[1]): list(row[2:]) for row in got.iter_rows()} == slow.integrals(quotes, sessions, 10**17)


@settings(deadline=None, derandomize=True, max_examples=12)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.sampled_from([np.int32, np.int64]))
def test_tiles_do_not_change_a_mid(seed, instruments, prices):
    """Several tiles, bursts of equal times, instruments that rest for long: against a sorted search by instrument."""
    rng = np.random.default_rng(seed)
    n, m = 3 * asof.TILE + int(rng.integers(0, 500)), 3_000
    time = np.cumsum(rng.integers(0, 40, n) * (rng.random(n) < 0.3) * rng.choice([1, 1000], n))
    code = np.minimum(rng.geometric(0.3, n) - 1, instruments - 1).astype(np.uint8)
    bid = rng.integers(100, 200, n).astype(prices)
    ask = (bid + rng.integers(-1, 5, n)).astype(prices)
    at = np.sort(rng.integers(-5, int(time[-1]) + 50, m))
    whose = rng.integers(0, instruments, m).astype(np.uint8)
    shifts, max_age = np.array([-1, 0, 13, 50_000], np.int64), 30_000
    ends = rng.integers(int(time[-1]) // 2, int(time[-1]) + 1, instruments)
    mids, why = np.empty((4, m), np.int64), np.empty((4, m), np.int8)
    asof.mids_at(time, code, bid, ask, at, whose, shifts, max_age, ends, mids, why)
    for c in range(instruments):
        mine, fills = np.flatnonzero(code == c), np.flatnonzero(whose == c)
        for k, shift in enumerate(shifts):
            due = at[fills] + shift
            place = np.searchsorted(time[mine], due, side="right") - 1
            quote = mine[np.maximum(place, 0)] if len(mine) else np.zeros(len(fills), int)
            age = due - time[quote] - min(shift, 0)
            known = (place >= 0) & (len(mine) > 0) & (age <= max_age) & (bid[quote] < ask[quote])
            past = (due > ends[c]) & (shift >= 0)
            expected = np.where(known & ~past, bid[quote].astype(np.int64) + ask[quote], asof.MISSING)
            assert (mids[k, fills] == expected).all()
            assert (why[k, fills] == np.where(past, asof.PAST_END, np.where(known, asof.OK, asof.STALE))).all()
