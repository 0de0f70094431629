"""Reports of whole tapes in a real browser: every page, light and dark, wide and on a phone."""

import pytest

from makerscope.report.build import build
from makerscope.report.html import html_of
from makerscope.report.pages import document_of
from makerscope.tape.demo import write_demo
from makerscope.tape.read import Tape
from makerscope.venues.registry import import_recordings
from tests.unit.test_html_in_chromium import FAULTS, browser  # noqa: F401 - a fixture

NODE = "data/hyperliquid/node_fills_777010829-777011328.jsonl.gz"
BINANCE = ("usdm/btcusdt_20240808.gz", "spot/btcusdt_20240808.gz", "cm/btcusd_perp_20240808.gz")


def looked_at(browser, path, card, most):  # noqa: F811 - the fixture's value
    """Faults found on each page of the report of a card, with what the browser asked for and complained of."""
    document = document_of(card)
    path.write_text(html_of(document), "utf-8")
    asked, said, faults = [], [], []
    for width, scheme in ((1300, "light"), (390, "dark")):
        tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        for page in document.pages[:most]:
            tab.goto(f"{path.as_uri()}#{page.anchor}")
            tab.wait_for_timeout(30)
            faults += [(page.title, width, *fault) for fault in tab.evaluate(FAULTS)]
            if tab.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
                faults.append((page.title, width, "wider than the screen"))
        tab.close()
    return [url for url in asked if not url.startswith(path.as_uri())], said, faults


def test_the_demo_report_shows_everything_and_asks_for_nothing(browser, tmp_path):  # noqa: F811 - the fixture
    card = build(Tape.open(write_demo(tmp_path / "tape", seed=7, hours=0.5)))
    assert looked_at(browser, tmp_path / "r.html", card, 40) == ([], [], [])
    assert (tmp_path / "r.html").stat().st_size < 1_000_000


def test_the_report_of_a_node_s_fills_does_too(browser, tmp_path, shared_file):  # noqa: F811 - the fixture
    card = build(import_recordings([shared_file(NODE)], tmp_path / "tape"))
    assert looked_at(browser, tmp_path / "r.html", card, 20) == ([], [], [])
    assert (tmp_path / "r.html").stat().st_size < 1_000_000


@pytest.mark.parametrize("names", [BINANCE], ids=["three markets"])
def test_the_report_of_three_binance_markets_does_too(browser, tmp_path, shared_file, names):  # noqa: F811 - the fixture
    paths = [shared_file(f"data/binance/{name}") for name in names]
    card = build(import_recordings(paths, tmp_path / "tape"))
    assert looked_at(browser, tmp_path / "r.html", card, 20) == ([], [], [])
