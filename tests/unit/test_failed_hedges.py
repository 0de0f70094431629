"""Hedges that fail: why, what they leave on the tape and on the maker's card, and that they move no price."""

import numpy as np
import polars as pl
import pytest

from makerscope.market.layout import FIRST_AGENT, NONE
from makerscope.market.log import REJECTED
from makerscope.market.venue import BEYOND_LIMIT, LEADER_OUT, NO_MARGIN, NOT_FILLABLE, REASONS
from makerscope.report.build import build as report
from makerscope.report.html import html_of
from makerscope.report.pages import document_of
from makerscope.sim.world import G_HEDGE_SHIFT
from makerscope.tape.check import check_tape
from tests import agent_files
from tests.agent_files import account_of
from tests.market_play import market, play, script, scripted, take
from tests.unit.test_hedging_engine import BEHIND, HOUR, TAKERS, hedger, outage

A = FIRST_AGENT
LEAD = 1
OUTAGE = '[[episode]]\nkind = "leader-outage"\nafter_minutes = 0.025\nminutes = 0.0333333\n'  # from 1.5 s to 3.5 s


def refused(built):
    return built.world.venue.refused[A + int(built.world.rule[G_HEDGE_SHIFT])]


@pytest.mark.parametrize(
    ("line", "reason", "price"),
    [
        (take(2_500, 1, 10_500, 3, instrument=LEAD), LEADER_OUT, 10_500),
        (take(2_500, 1, NONE, 3, instrument=LEAD), LEADER_OUT, 0),
        (take(500, 1, 9_900, 3, instrument=LEAD), BEYOND_LIMIT, 9_900),
        (take(500, -1, 10_100, 3, instrument=LEAD), BEYOND_LIMIT, 10_100),
        (take(500, 1, NONE, 3_000_000, instrument=LEAD), NO_MARGIN, 0),
    ],
    ids=["down", "down, no limit", "bought too dear", "sold too cheap", "no money there"],
)
def test_an_order_that_the_leading_venue_does_not_fill_is_refused_for_its_own_reason_and_leaves_a_row(
    line, reason, price
):
    built = market(scripted("one") + OUTAGE)
    script(built, 0, [line])
    orders = play(built)["orders"]
    assert refused(built).nonzero()[0].tolist() == [reason]
    assert [orders[name].tolist() for name in ("instrument", "action", "side", "price", "size")] == [
        [LEAD], [REJECTED], [line["side"]], [price], [0],
    ]  # fmt: skip
    assert (orders["exchange_time"] - built.start >= line["ms"] * 10**6).all()
    assert (orders["decided"] <= orders["exchange_time"]).all()


def test_every_reason_has_words_of_its_own():
    assert len(set(REASONS)) == len(REASONS) == 27
    assert "leading venue" in REASONS[LEADER_OUT]
    assert "limit" in REASONS[BEYOND_LIMIT]
    assert REASONS[NOT_FILLABLE] == "cannot be filled whole"


def test_a_hedge_beyond_its_limit_moves_no_price():
    prices, size = [], 200_000
    for limit in (None, 9_000, NONE):
        built = market(scripted("one").replace("hedge_usd = 1000", "hedge_usd = 1e9"))
        first = [] if limit is None else [take(400, 1, limit, size, instrument=LEAD)]
        script(built, 0, [*first, take(500, 1, NONE, size, instrument=LEAD)])
        table = play(built)["fills"]
        assert refused(built)[BEYOND_LIMIT] == (limit == 9_000)
        prices.append(table["price"][-1])
    assert prices[0] == prices[1] < prices[2]


@pytest.fixture(scope="module")
def troubled(tmp_path_factory):
    """Six minutes, three of which the leading venue is out; and a second hedger without money there."""
    poor = hedger("hedge_at = 3", hedge_usd=1.0).replace('"hedged"', '"poor"')
    scenario = agent_files.market(
        hedger("rest_s = 5, hedge_at = 3"), poor, BEHIND, TAKERS, top=HOUR + outage("leader-outage", 1, 3)
    )
    return agent_files.play(scenario, tmp_path_factory.mktemp("failed"), seed=4)


def test_the_tape_holds_as_many_rejected_hedges_as_the_leading_venue_refused(troubled):
    built, tape = troubled
    assert check_tape(tape.path).problems == ()
    lead = "hyperliquid.lead:BTC"
    rows = tape.read("orders", instrument=[lead])
    assert set(rows["action"]) == {"rejected"}
    assert set(rows["size"]) == {0}
    counted = dict(rows.group_by("maker").len().iter_rows())
    shift = len(built.cast)
    for name in ("hedged", "poor"):
        assert counted[name] == built.world.venue.refused[account_of(built, name) + shift].sum() > 0
    down = rows.filter(pl.col("maker") == "hedged")["exchange_time"] - built.start
    assert down.is_between(60 * 10**9, 240 * 10**9 + 10**9).all()


def test_a_card_counts_failed_hedges_and_they_count_for_nothing_else(troubled):
    built, tape = troubled
    card = report(tape)
    shift, fills = len(built.cast), tape.read("fills").filter(pl.col("purpose") == "hedge")
    for item in card.makers:
        if item.maker not in ("hedged", "poor"):
            assert "failed_hedges" not in item.measures
            continue
        failed = int(built.world.venue.refused[account_of(built, item.maker) + shift].sum())
        filled = fills.filter(pl.col("taker") == item.maker).height
        assert (item.measures["failed_hedges"].value, item.measures["failed_hedges"].n) == (failed, failed + filled)
        orders = tape.read("orders").filter(pl.col("maker") == item.maker, ~pl.col("instrument").str.contains("lead"))
        sent = np.where(orders["action"] == "replaced", 2, orders["action"].is_in(["placed", "cancelled", "rejected"]))
        assert item.measures["quote_to_trade"].n == sent.sum()
    poor = next(item for item in card.makers if item.maker == "poor")
    assert poor.measures["hedge_slippage"].value is None
    assert "Failed hedges" in html_of(document_of(card))
