"""Own orders in random recorded markets: the same fills as plain Python, and the laws of a queue."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference.replay import Market
from tests.replays import fills_of, live_ahead, played

BOOK = ("snap", [(1, 100 - k, 5 + k) for k in range(4)] + [(-1, 103 + k, 5 + k) for k in range(4)])
price, lots, side = st.integers(96, 107), st.integers(1, 12), st.sampled_from([1, -1])


@st.composite
def level(draw):
    """One level on its own side of the middle, so that the book is never crossed."""
    s = draw(side)
    at = draw(st.integers(95, 101) if s > 0 else st.integers(102, 108))
    return ("level", s, at, draw(st.integers(0, 12)))


@st.composite
def snap(draw):
    bids = draw(st.dictionaries(st.integers(95, 101), lots, max_size=5))
    asks = draw(st.dictionaries(st.integers(102, 108), lots, max_size=5))
    rows = [(1, p, bids[p]) for p in sorted(bids, reverse=True)] + [(-1, p, asks[p]) for p in sorted(asks)]
    return ("snap", rows or [(1, 1, 0)])


events = st.lists(
    st.one_of(
        level(),
        level(),
        snap(),
        st.tuples(st.just("trade"), side, price, lots),
        st.tuples(st.just("trade"), side, price, lots),
        st.tuples(st.just("place"), st.integers(0, 1), st.integers(0, 3), side, price, lots),
        st.tuples(st.just("place"), st.integers(0, 1), st.integers(0, 3), side, price, lots),
        st.tuples(st.just("take"), st.integers(0, 1), side, st.one_of(st.none(), price), lots),
        st.tuples(st.just("cancel"), st.integers(0, 1), st.integers(0, 3)),
    ),
    max_size=60,
).map(lambda rest: [BOOK, *rest])


@pytest.mark.parametrize("model", ["behind", "share", "front"])
@settings(max_examples=150)
@given(events)
def test_a_replay_fills_what_plain_python_fills(model, recorded):
    slow, fast = Market(model), played(recorded, model=model)
    assert fills_of(fast) == slow.run(recorded)
    assert live_ahead(fast) == {(o.account, o.slot): o.ahead for o in slow.orders}
    assert fast.world.venue.refused[:, 7].sum() == slow.refused


@settings(max_examples=100)
@given(events, st.sampled_from(["behind", "share", "power", "front"]), st.sampled_from([0.5, 1.0, 3.0]))
def test_resting_orders_get_no_more_than_was_traded_at_their_price_or_beyond(recorded, model, n):
    filled = [each for each in fills_of(played(recorded, model=model, n=n)) if each[4] == "maker"]
    for s in (1, -1):
        traded = 0
        for limit in range(95, 109):  # own bids at ``limit`` or higher fill only from sells at their price or lower
            traded = sum(size for name, a, p, size in (e for e in recorded if e[0] == "trade") if a == -s)
            got = sum(size for _, own, p, size, _ in filled if own == s and s * (p - limit) <= 0)
            reach = sum(e[3] for e in recorded if e[0] == "trade" and e[1] == -s and s * (e[2] - limit) <= 0)
            assert got <= reach
        assert sum(size for _, own, _, size, _ in filled if own == s) <= traded


@settings(max_examples=60)
@given(events, st.sampled_from(["behind", "share", "power"]))
def test_a_place_in_the_queue_never_gets_worse(recorded, model):
    recorded = [each for each in recorded if each[0] not in {"place", "cancel", "take"}]
    first = [("place", 0, 0, 1, 100, 5), ("place", 0, 1, -1, 103, 5), ("place", 1, 0, 1, 97, 5)]
    before = {}
    for n in range(len(recorded)):
        now = live_ahead(played([BOOK, *first, *recorded[1 : n + 1]], model=model, n=2.0))
        assert all(now[key] <= before.get(key, 1e18) for key in now)
        before = now


@settings(max_examples=60)
@given(events)
def test_a_better_model_of_the_queue_is_never_further_behind(recorded):
    recorded = [BOOK, ("place", 0, 0, 1, 100, 500), ("place", 0, 1, -1, 103, 500)] + [
        each for each in recorded[1:] if each[0] in {"level", "trade", "snap"}
    ]
    behind, share, front = (live_ahead(played(recorded, model=model)) for model in ("behind", "share", "front"))
    for key in behind.keys() & share.keys() & front.keys():
        assert front[key] <= share[key] + 1e-9 <= behind[key] + 2e-9


@settings(max_examples=60)
@given(events)
def test_power_one_is_share(recorded):
    one, other = (live_ahead(played(recorded, model=model, n=1.0)) for model in ("power", "share"))
    assert one == pytest.approx(other, abs=1e-9)
