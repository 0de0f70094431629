"""Whatever tables a tape holds, it gets a report: what cannot be measured is named, nothing fails."""

import itertools

import polars as pl
import pytest

from makerscope.report.build import build
from makerscope.report.html import html_of
from makerscope.report.pages import document_of
from makerscope.report.scorecard import from_json, to_json
from makerscope.report.terminal import text_of
from makerscope.tape.demo import write_demo
from makerscope.tape.read import Tape
from makerscope.tape.write import TapeWriter
from tests.tapes import fills, perp, quotes, write_tape

TABLES = ("fills", "quotes", "book", "orders", "marks")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return Tape.open(write_demo(tmp_path_factory.mktemp("demo") / "tape", seed=5, hours=0.2))


def only(demo, tables, path):
    """A tape with some tables of another."""
    with TapeWriter(path, source="part of the demo") as tape:
        for token in demo.tokens.values():
            tape.add_token(token)
        for instrument in demo.instruments.values():
            tape.add_instrument(instrument)
        sessions = demo.read("sessions").filter(pl.col("channel").is_in(tables))
        if sessions.height:
            tape.session(sessions)
        for table in tables:
            tape.write(table, demo.read(table).drop("serial", *(["sweep"] if table == "fills" else [])))
    return Tape.open(path)


@pytest.mark.parametrize(
    "tables", [part for n in (1, 2, 4) for part in itertools.combinations(TABLES, n)], ids="+".join
)
def test_any_tables_give_a_report(demo, tables, tmp_path):
    card = build(only(demo, tables, tmp_path / "tape"), force=True)
    document = document_of(card)
    assert all(page.sections for page in document.pages)
    assert "not measurable" in html_of(document)
    assert text_of(document, full=True)
    assert from_json(to_json(card)) == card
    for name, table in (("spread", "quotes"), ("uptime", "orders"), ("funding", "marks")):
        named = any(name in text for text in card.missing)
        assert named == (table not in tables and not (name == "spread" and "book" in tables)), name


def test_a_single_fill_is_enough_and_claims_nothing(tmp_path):
    card = build(write_tape(tmp_path / "tape", fills=fills([1])), force=True)
    (maker,) = card.makers
    assert maker.share.value == 1
    assert all(row.markout.value is None for row in maker.markouts)
    assert {statement.residual for statement in maker.statements} <= {"0", "0.000000", "0.0000000"}


def test_one_maker_on_a_market_without_trades_of_others(tmp_path):
    n = 50
    tape = write_tape(
        tmp_path / "tape",
        instruments=[perp(), perp("ETH")],
        fills=fills(list(range(n)), side=[1, -1] * (n // 2), price=[999, 1001] * (n // 2)),
        quotes=quotes([x - 0.5 for x in range(n)], [999] * n, [1001] * n),
        silence={"quotes": 10**10},
    )
    card = build(tape, force=True)
    (maker,) = card.makers
    near = maker.markouts[1]
    assert near.markout.value == pytest.approx(10.0)
    assert near.capture.value == pytest.approx(10.0)
    assert maker.quality.at_touch == n - 0
    (statement,) = maker.statements
    legs = {leg.name: leg.value for leg in statement.legs}
    assert legs["spread_capture"] == pytest.approx(n * 1 * 0.1 * 0.001)
    assert float(statement.equity_change) == pytest.approx(n * 0.1 * 0.001)
