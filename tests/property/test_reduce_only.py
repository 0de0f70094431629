"""An order that may only reduce a position never does anything else, however long it rests and what else fills."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.market.layout import FILL_OR_KILL, FIRST_AGENT, NONE, POST_ONLY, REDUCE_ONLY, REDUCING
from makerscope.market.log import CANCELLED, REPLACED
from makerscope.market.venue import WOULD_NOT_REDUCE
from tests.market_play import cancel, fills, market, place, play, script, scripted, take

A, B, C = FIRST_AGENT, FIRST_AGENT + 1, FIRST_AGENT + 2
THREE = scripted("one", "two", "three")
ONLY = POST_ONLY + REDUCE_ONLY


def held(*lines, others=(), seconds=3):
    """One buys 10 lots of two at 10,000, then follows its lines; two and three follow theirs."""
    built = market(THREE, seconds=seconds)
    script(built, 1, [place(10, -1, 10_000, 10, flags=POST_ONLY), *others])
    script(built, 0, [take(210, 1, 10_000, 10), *lines])
    return built


def test_it_shrinks_with_the_position_and_goes_when_there_is_nothing_left_to_reduce():
    built = held(
        place(410, -1, 10_050, 10, 0, ONLY), take(610, -1, 9_990, 4), take(810, -1, 9_990, 6),
        others=[place(400, 1, 9_990, 20, 1, POST_ONLY)],
    )  # fmt: skip
    tables = play(built)
    orders = tables["orders"]
    mine = (orders["maker"] == A) & (orders["price"] == 10_050)
    assert list(zip(orders["action"][mine].tolist(), orders["size"][mine].tolist(), strict=True)) == [
        (0, 10), (REPLACED, 6), (CANCELLED, 0),
    ]  # fmt: skip
    assert built.world.venue.state[0, REDUCING] == 0
    assert built.world.venue.accounts.position[A, 0] == 0


def test_one_sweep_through_a_plain_order_and_one_that_only_reduces_never_turns_the_position_over():
    built = held(place(410, -1, 10_020, 7, 0, POST_ONLY), place(410, -1, 10_030, 10, 1, ONLY))
    script(built, 2, [take(810, 1, 10_040, 40)])
    tables = play(built)
    assert fills(tables, "maker", "taker", "price", "size")[1:] == [(A, C, 10_020, 7), (A, C, 10_030, 3)]
    assert built.world.venue.accounts.position[A, 0] == 0


def test_several_that_reduce_together_by_more_than_the_position_still_never_turn_it_over():
    built = held(*(place(410, -1, 10_020 + 10 * k, 10, k, ONLY) for k in range(3)))
    script(built, 2, [take(810, 1, 10_040, 40)])
    tables = play(built)
    assert fills(tables, "maker", "size")[1:] == [(A, 10)]
    assert built.world.venue.state[0, REDUCING] == 0


def test_one_that_asks_for_more_than_the_position_is_cut_to_it():
    built = held(
        take(410, -1, 9_990, 14, flags=REDUCE_ONLY), take(610, 1, 10_000, 3), place(810, -1, 10_050, 9, 0, ONLY),
        others=[place(300, 1, 9_990, 50, 1, POST_ONLY), place(500, -1, 10_000, 3, flags=POST_ONLY)], seconds=2,
    )  # fmt: skip
    tables = play(built)
    assert fills(tables, "maker", "taker", "price", "size")[1:] == [(B, A, 9_990, 10), (B, A, 10_000, 3)]
    orders = tables["orders"]
    mine = (orders["maker"] == A) & (orders["price"] == 10_050)
    assert orders["size"][mine].tolist() == [3]
    assert built.world.venue.refused[A].sum() == 0


def test_fill_or_kill_asks_for_no_more_than_is_left_to_reduce():
    built = held(
        take(410, -1, 9_990, 14, flags=REDUCE_ONLY + FILL_OR_KILL), others=[place(300, 1, 9_990, 12, 1, POST_ONLY)]
    )
    assert fills(play(built), "taker", "size")[1:] == [(A, 10)]


@pytest.mark.parametrize("side", [1, -1])
def test_with_nothing_to_reduce_it_is_refused(side):
    built = held(take(310, -1, 9_990, 10), take(410, side, NONE, 4, flags=REDUCE_ONLY),
                 others=[place(300, 1, 9_990, 50, 1, POST_ONLY), place(300, -1, 10_000, 50, 2, POST_ONLY)])  # fmt: skip
    play(built)
    assert built.world.venue.accounts.position[A, 0] == 0
    assert built.world.venue.refused[A, WOULD_NOT_REDUCE] == 1


def test_where_a_price_is_shared_in_proportion_none_may_rest():
    built = market(THREE, venue='matching = "pro-rata"')
    script(built, 1, [place(10, -1, 10_000, 10, flags=POST_ONLY)])
    script(built, 0, [take(210, 1, 10_000, 10), place(410, -1, 10_050, 10, 0, ONLY)])
    play(built)
    assert built.world.venue.refused[A, WOULD_NOT_REDUCE] == 1


def test_in_a_batch_auction_it_never_turns_the_position_over():
    built = market(THREE, chain='policy = "batch"', seconds=3)
    script(built, 1, [place(10, -1, 10_000, 10, flags=POST_ONLY)])
    script(built, 0, [take(20, 1, 10_000, 10), place(410, -1, 10_020, 7, 0), place(410, -1, 10_030, 10, 1, ONLY)])
    script(built, 2, [take(810, 1, 10_040, 40)])
    play(built)
    assert built.world.venue.accounts.position[A, 0] == 0


def test_several_takers_of_one_auction_that_only_reduce_never_turn_the_position_over():
    built = market(THREE, chain='policy = "batch"', seconds=3)
    script(built, 1, [place(10, -1, 10_000, 10, flags=POST_ONLY), place(410, 1, 9_990, 40, 1, POST_ONLY)])
    lines = [take(ms, -1, 9_980, lots, flags=REDUCE_ONLY) for ms, lots in ((820, 7), (821, 6), (822, 5))]
    script(built, 0, [take(20, 1, 10_000, 10), place(410, -1, 9_995, 8, 0, ONLY), *lines])
    tables = play(built)
    assert sorted(fills(tables, "taker", "size")[1:]) == [(A, 3), (A, 7)]
    assert built.world.venue.accounts.position[A, 0] == 0
    assert built.world.venue.state[0, REDUCING] == 0


acts = st.lists(
    st.tuples(
        st.integers(0, 2), st.sampled_from(("place", "only", "take", "cancel")), st.sampled_from((1, -1)),
        st.integers(-6, 6), st.integers(1, 12), st.integers(0, 3),
    ), max_size=30,
)  # fmt: skip


@pytest.mark.parametrize("policy", ["class-sort", "batch"])
@settings(max_examples=8)
@given(acts)
def test_whatever_is_sent_no_fill_of_such_an_order_grows_a_position(policy, lines):
    built = market(THREE, chain=f'policy = "{policy}"', seconds=4)
    mine = [[], [], []]
    for k, (who, act, side, away, size, slot) in enumerate(lines):
        ms = 20 + 110 * k
        if act == "cancel":
            mine[who].append(cancel(ms, slot))
        elif act == "take":
            mine[who].append(take(ms, side, 10_000 + 20 * side, size))
        else:
            mine[who].append(place(ms, side, 10_000 + away, size, slot, ONLY if act == "only" else 0))
    for n, each in enumerate(mine):
        script(built, n, each)
    tables = play(built)
    orders, table = tables["orders"], tables["fills"]
    only = {
        (int(a), int(serial))
        for a, serial, action, price, ms in zip(
            orders["maker"], orders["order"], orders["action"], orders["price"], orders["decided"], strict=True
        )
        if action == 0 and (int(a), int(price), int(ms)) in {
            (FIRST_AGENT + n, line["price"], built.start + line["ms"] * 10**6)
            for n, each in enumerate(mine) for line in each if line.get("flags") == ONLY
        }
    }  # fmt: skip
    for row in range(table["size"].size):
        if (int(table["maker"][row]), int(table["maker_order"][row])) in only:
            before, side, size = (int(table[name][row]) for name in ("maker_position", "side", "size"))
            assert before * side < 0
            assert size <= abs(before)
    resting = sum(
        built.world.venue.book.order[o, 10] & REDUCE_ONLY != 0 for o in built.world.venue.slot if o >= 0
    )  # fmt: skip
    assert built.world.venue.state[0, REDUCING] == resting
    assert not np.any(built.world.venue.accounts.position.sum(axis=0))
