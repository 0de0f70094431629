"""What only agents that ask for it hear: their own margin, and the public mempool."""

import numpy as np
import pytest

from makerscope.agents.interface import NONE, Y_ACCOUNT, Y_KIND, Y_PRICE, Y_SEEN, Y_SIDE
from makerscope.errors import InputError
from makerscope.market.layout import FIRST_AGENT, PLACE
from makerscope.market.margin import requirement
from makerscope.sim.build import build
from makerscope.sim.world import C_HEIGHT
from tests.agent_files import MARKET, TOP, agent, run_on, with_file

HEARS = """
ROLE = "adversary"
MARGIN = MEMPOOL = True
TOLD = []

def step(self, seen, act):
    TOLD.append((seen.now, seen.block, seen.margin.copy(), seen.pending.copy()))
    take(act, 0, 1, -1, 10, 0, 0)
    return 0
"""
FEES = "[venue]\nmaker_fee_bps = 1\ntaker_fee_bps = 4\n"
MAKER = agent("symmetric", "symmetric", send_ms=150)
HEARER = agent("step", "hearer", file='"my_agent.py"', feed_ms=40, every_ms=50)


def told_in(tmp_path, top):
    built = build(with_file(tmp_path, HEARS, MAKER, HEARER, top=top), seed=1)
    run_on(built)
    step = built.steps[FIRST_AGENT + 1]
    return built, step._step.__globals__["TOLD"]


def test_what_waits_is_overheard_once_the_node_has_it(tmp_path):
    top = MARKET.replace("block_ms = 100", "block_ms = 1000\ngossip_ms = 20")
    _, told = told_in(tmp_path, top)
    rows = [(now, row) for now, _, _, pending in told for row in pending]
    assert len(rows) > 20
    assert {int(row[Y_ACCOUNT]) for _, row in rows} == {FIRST_AGENT}
    assert all(row[Y_SEEN] + 20_000_000 + 40_000_000 <= now for now, row in rows)
    placed = [row for _, row in rows if row[Y_KIND] == PLACE]
    assert {int(row[Y_SIDE]) for row in placed} == {1, -1}
    assert all(row[Y_PRICE] > 0 for row in placed)


HIDES = """
from makerscope.agents.bidding import in_private

def hide(self, seen, act):
    take(act, 0, 1, 1, 1, 0, 0)
    in_private(act, 1.0)
    return 10_000_000
"""


def test_who_hides_its_own_messages_hides_nobody_elses(tmp_path):
    (tmp_path / "hides.py").write_text(TOP + HIDES)
    hider = agent("hide", "hider", file='"hides.py"')
    top = MARKET.replace("block_ms = 100", "block_ms = 1000")
    built = build(with_file(tmp_path, HEARS, hider, MAKER, HEARER, top=top), seed=1)
    run_on(built)
    told = built.steps[FIRST_AGENT + 2]._step.__globals__["TOLD"]
    rows = [row for _, _, _, pending in told for row in pending]
    assert {int(row[Y_ACCOUNT]) for row in rows} == {FIRST_AGENT + 1}
    assert {int(row[Y_SIDE]) for row in rows if row[Y_KIND] == PLACE} == {1, -1}


def test_a_venue_that_hides_its_mempool_shows_nothing(tmp_path):
    _, told = told_in(tmp_path, 'profile = "arbitrum"\n' + MARKET + FEES)
    assert len(told) > 20
    assert not any(len(pending) for _, _, _, pending in told)


def test_margin_is_that_of_the_block_seen(tmp_path):
    built, told = told_in(tmp_path, MARKET)
    margins = np.array([margin for _, _, margin, _ in told])
    assert margins[0].tolist() == [NONE] * 3  # no block seen yet
    a, venue = FIRST_AGENT + 1, built.world.venue
    known = margins[margins[:, 0] > 0]
    assert known[0, 0] == pytest.approx(round(built.cast[1].table.capital_usd * 10**6), rel=1e-3)
    assert (known[:, 1] >= known[:, 2]).all()
    assert (np.diff(known[:, 1]) > 0).any()  # it buys with every call
    last = built.world.public.margin[built.world.clock[C_HEIGHT] % len(built.world.public.time), 1]
    assert last[2] == requirement(venue.accounts, venue.spec, venue.state, venue.rules, a, False)


def test_a_role_that_there_is_not_is_refused_by_name(tmp_path):
    with pytest.raises(InputError, match="ROLE is 'boss'; want one of maker, taker"):
        build(with_file(tmp_path, HEARS.replace("adversary", "boss"), MAKER, HEARER, top=MARKET), seed=1)
