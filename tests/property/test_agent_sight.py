"""What an agent sees is never younger than its feeds, whatever the delays of the market."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.market.news import W_TIME
from makerscope.sim.build import build
from makerscope.sim.world import C_HEIGHT
from tests.agent_files import MARKET, account_of, agent, market, run_on

DELAYS = st.sampled_from([0.0, 0.001, 1.0, 37.0, 250.0, 3000.0])


@settings(max_examples=25)
@given(
    feed=DELAYS, lead_feed=st.sampled_from([-500.0, 0.0, 0.5, 99.0, 100.0, 2500.0]), jitter=DELAYS,
    every=st.sampled_from([0.0, 37.0, 250.0, 3000.0]),
    block=st.sampled_from([20, 100, 1000]), chain_jitter=st.sampled_from([0, 15]), delay=st.sampled_from([0, 450]),
    seed=st.integers(0, 100),
)  # fmt: skip
def test_nobody_sees_the_future(  # noqa: PLR0917 - hypothesis names them
    feed, lead_feed, jitter, every, block, chain_jitter, delay, seed
):
    top = MARKET.replace("hours = 0.01", "hours = 0.003").replace(
        "block_ms = 100", f"block_ms = {block}\njitter_ms = {chain_jitter}\ntaker_delay_ms = {delay}"
    )
    scenario = market(
        agent("noise", "noise", count=3, numbers="{per_hour = 20000}"),
        agent("grid", "looker", feed_ms=feed, lead_feed_ms=lead_feed, jitter_ms=jitter, every_ms=every),
        top=top,
    )
    built = build(scenario, seed=seed, plain=True)
    world, quiet = built.world, built.steps[account_of(built, "looker")]
    times, step, told = {}, quiet._step, []

    def look(own, seen, act):
        height = int(world.clock[C_HEIGHT])
        times.setdefault(height, int(world.public.time[height % len(world.public.time)]))
        told.append((seen.now, seen.block, seen.block_time, seen.news[:, W_TIME].tolist(), seen.reference[0, 0]))
        return step(own, seen, act)

    quiet._step = look
    run_on(built)
    assert len(told) > 2
    feed, lead_feed = round(feed * 1e6), round(lead_feed * 1e6)
    for now, shown, shown_time, news, spot in told:
        assert shown == 0 or shown_time + feed <= now
        assert shown not in times or shown == 0 or times[shown] == shown_time
        assert all(when + feed <= now for when in news)
        steps = np.flatnonzero(world.path.spot[0] == spot)
        assert built.start + steps[0] * world.rule[1] <= max(now - lead_feed, built.start)
    heard = [when for row in told for when in row[3]]
    assert heard == sorted(heard)


@settings(max_examples=5)
@given(feed=st.sampled_from([0.0, 5.0, 40.0]), seed=st.integers(0, 100))
def test_nobody_sees_the_future_where_every_message_is_its_own_block(feed, seed):
    top = MARKET.replace("hours = 0.01", "hours = 0.002").replace("block_ms = 100", "block_ms = 100")
    scenario = market(
        agent("noise", "noise", count=20, numbers="{per_hour = 100000}"), agent("grid", "looker", feed_ms=feed), top=top
    )
    built = build(scenario, seed=seed, plain=True)
    built.world.rule[2] = 1  # continuous: a message that falls due is matched by itself
    quiet = built.steps[account_of(built, "looker")]
    step, told = quiet._step, []

    def look(own, seen, act):
        told.append((seen.now, seen.block, seen.block_time))
        return step(own, seen, act)

    quiet._step = look
    run_on(built)
    assert len(told) > 5
    assert all(block == 0 or time + round(feed * 1e6) <= now for now, block, time in told)
