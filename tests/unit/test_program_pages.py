"""Pages of scores: nothing empty or cut off, wide and on a phone, light and dark; and within a terminal's width."""

from decimal import Decimal
from io import StringIO

import pytest
from rich.console import Console

from makerscope.cli.rankings import show
from makerscope.programs.comparison import compare
from makerscope.programs.evidence import evidence
from makerscope.programs.explain import raised
from makerscope.programs.order_look import look_at
from makerscope.programs.program_file import find_program, preset_names, read_program
from makerscope.programs.scoring import measure, scores_of
from makerscope.report.html import html_of
from makerscope.report.pages_programs import program_document, screen_of
from makerscope.report.pages_rankings import rankings_document
from makerscope.report.program_card import Budget, ProgramCard, with_liquidity
from makerscope.report.program_words import describe
from makerscope.report.terminal import text_of
from makerscope.tape.demo import write_demo
from makerscope.tape.read import Tape
from tests.preset_tapes import GIVEN
from tests.tapes import SECOND
from tests.unit.test_html_in_chromium import FAULTS, browser  # noqa: F401 - a fixture
from tests.unit.test_scoring import FLAT

SAMPLED = (
    FLAT.replace('name = "all"', 'name = "all"\nnormalise = "sample"\nleftover = "carry"')
    + '[sampling]\nmode = "stratified"\nperiod_s = 5\n[group.target]\nhigh = 100000\n'
)


@pytest.fixture(scope="module")
def ev(tmp_path_factory):
    return evidence(Tape.open(write_demo(tmp_path_factory.mktemp("pages") / "tape", seed=7, hours=0.2)))


@pytest.fixture(scope="module")
def card(ev):
    rule = read_program(SAMPLED)
    found = measure(ev, rule, keep=True)
    maker = next(iter(scores_of(found).points()))
    bare = ProgramCard(
        program=rule,
        scores=scores_of(found),
        budget=Budget(amount=12_345_678, decimals=2, given=True),
        instruments=ev.tape.instruments,
        raised={maker: raised(found, maker)},
        looks=look_at(found, maker, ev.since + 300 * SECOND),
    )
    return with_liquidity(bare, found)


@pytest.fixture(scope="module")
def rankings(ev):
    found = compare(ev, preset_names(), {})
    cards = {
        name: ProgramCard(program=find_program(name), scores=own, budget=Budget(), instruments=ev.tape.instruments)
        for name, own in found.scores.items()
    }
    return cards, found


def faults(browser, path, document):  # noqa: F811 - the fixture's value
    path.write_text(html_of(document), "utf-8")
    found = []
    for width, scheme in ((1300, "light"), (390, "dark"), (320, "light")):
        tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        tab.on("console", lambda message, said=found: said.append(message.text))
        tab.on("pageerror", lambda error, said=found: said.append(str(error)))
        for page in document.pages:
            tab.goto(f"{path.as_uri()}#{page.anchor}")
            tab.wait_for_timeout(30)
            found += [(page.title, width, *fault) for fault in tab.evaluate(FAULTS)]
            if tab.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
                found.append((page.title, width, "wider than the screen"))
        tab.close()
    return found


def test_the_pages_of_a_program_show_everything(browser, tmp_path, card):  # noqa: F811 - the fixture
    document = program_document(card)
    assert [page.anchor for page in document.pages] == ["overview", "raised", "orders", "liquidity", "samples", "rule"]
    assert faults(browser, tmp_path / "p.html", document) == []


def test_the_pages_of_all_programs_show_everything(browser, tmp_path, rankings):  # noqa: F811 - the fixture
    assert faults(browser, tmp_path / "a.html", rankings_document(*rankings)) == []


@pytest.mark.parametrize("width", [60, 80, 120])
def test_what_is_printed_fits_the_terminal(card, rankings, width):
    out = StringIO()
    show(Console(file=out, width=width, color_system=None), rankings[1])
    for text in (text_of(screen_of(card), width=width), out.getvalue()):
        assert max(map(len, text.splitlines())) <= width
    assert all(name in out.getvalue() for name in preset_names())


def test_a_sampled_score_has_its_interval_beside_it_and_money_its_budget(card):
    text = text_of(screen_of(card), width=120)
    assert "95 % interval" in text
    assert "tokens" in text
    assert card.budget.of(10**18) == pytest.approx(float(Decimal("123456.78")))


@pytest.mark.parametrize("name", preset_names())
def test_every_shipped_program_can_be_said_in_words(name):
    said = [text for _, lines in describe(find_program(name, GIVEN.get(name))) for _, text in lines]
    assert all(said)
    assert not any("$" in text for text in said)
