"""A maker that quoted and was never filled has a card, and costs nobody else's card a digit."""

from makerscope.report.build import build
from makerscope.report.html import html_of
from makerscope.report.pages import document_of
from makerscope.report.terminal import text_of
from tests.agent_files import MARKET, OTHERS, agent, market, play

WIDE = agent("symmetric", "wide", numbers="{half_bps = 400, size = 10}")


def test_a_maker_that_quotes_and_never_fills_has_a_card_with_uptime_depth_staleness_and_no_result(tmp_path):
    _built, tape = play(market(WIDE, top=MARKET + OTHERS), tmp_path)
    card = build(tape)
    last = card.makers[-1]
    assert (last.maker, last.rank, last.fills, last.notional, last.share.value) == (
        "wide",
        card.makers_in_all,
        0,
        0.0,
        0,
    )
    assert [(one.equity_change, one.residual) for one in last.statements] == [("0", "0")]
    assert (last.measures["two_sided_uptime"].value or 0) > 0.9
    assert (last.measures["twa_depth_bid"].value or 0) > 0
    assert last.measures["stale_share"].value == 0  # nobody trades 4 % away: no quote of its own was ever passed
    assert "never filled" in last.headline
    assert {one.maker for one in card.makers} == {"grid", "symmetric", "wide"}  # a taker with no quotes is no maker
    assert build(tape, makers=["wide"]).makers == (last,)
    pages = document_of(card)
    assert "was never filled as a maker" in html_of(pages)
    assert "was never filled as a maker" in text_of(pages, full=True).replace("\n", " ")
    _built, other = play(market(top=MARKET + OTHERS), tmp_path, "other")
    assert [one.statements for one in build(other).makers] == [one.statements for one in card.makers[:-1]]
