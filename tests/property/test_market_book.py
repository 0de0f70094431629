"""The market's book against a slow twin: the same messages, the same fills, whatever the rules."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.market.layout import FILL_OR_KILL, FIRST_AGENT, NONE, POST_ONLY
from tests.market_play import cancel, market, place, play, script, scripted, take
from tests.reference.market_book import MarketBook

WHO = st.integers(0, 2)
SIDE, PRICE, SIZE, SLOT = st.sampled_from([1, -1]), st.integers(9_997, 10_003), st.integers(1, 30), st.integers(0, 3)
MESSAGE = st.one_of(
    st.tuples(st.just("place"), WHO, SLOT, SIDE, PRICE, SIZE, st.booleans()),
    st.tuples(st.just("take"), WHO, SIDE, st.one_of(PRICE, st.none()), SIZE, st.booleans()),
    st.tuples(st.just("cancel"), WHO, SLOT),
)


def line(n, message):
    kind, _who, *rest = message
    ms = 10 + 100 * n
    if kind == "place":
        slot, side, price, size, post_only = rest
        return place(ms, side, price, size, slot, POST_ONLY if post_only else 0)
    if kind == "take":
        side, price, size, whole = rest
        return take(ms, side, NONE if price is None else price, size, FILL_OR_KILL if whole else 0)
    return cancel(ms, rest[0])


def by_block(rows):
    """Lots by (message, maker, taker, maker's side, price)."""
    out = {}
    for *key, size in rows:
        out[tuple(key)] = out.get(tuple(key), 0) + size
    return out


@pytest.mark.parametrize("matching", ["fifo", "pro-rata"])
@pytest.mark.parametrize("rule", ["expire-taker", "expire-maker", "expire-both"])
@given(messages=st.lists(MESSAGE, min_size=1, max_size=60))
@settings(max_examples=12, deadline=None)
def test_the_same_messages_give_the_same_fills_and_the_same_book(matching, rule, messages):
    twin, want = MarketBook(pro_rata=matching == "pro-rata", self_trade=rule), []
    for n, (kind, who, *rest) in enumerate(messages):
        count = len(twin.fills)
        if kind == "place":
            twin.place(who, *rest[:4], post_only=rest[4])
        elif kind == "take":
            twin.take(who, *rest[:3], whole=rest[3])
        else:
            twin.cancel(who, rest[0])
        want += [(n, *fill) for fill in twin.fills[count:]]
    built = market(
        scripted("a", "b", "c"), seconds=0.1 * len(messages) + 0.2, chain='policy = "first-come"',
        venue=f'matching = "{matching}"\nself_trade = "{rule}"',
    )  # fmt: skip
    for who in range(3):
        script(built, who, [line(n, each) for n, each in enumerate(messages) if each[1] == who])
    table = play(built)["fills"]
    names = ("block", "maker", "taker", "side", "price", "size")
    got = [
        (block - 2, maker - FIRST_AGENT, taker - FIRST_AGENT, side, price, size)
        for block, maker, taker, side, price, size in zip(*(table[name].tolist() for name in names), strict=True)
    ]
    assert by_block(got) == by_block(want)
    order = built.world.venue.book.order
    resting = sorted(order[o, [6, 7, 5, 0, 1]].tolist() for o in built.world.venue.slot if o != NONE)
    assert resting == sorted([FIRST_AGENT + one[0], *one[1:]] for one in twin.orders)
