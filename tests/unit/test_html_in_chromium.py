"""The report in a real browser: it asks nothing of anybody, nothing is empty or cut off, it reads out and prints."""

from pathlib import Path

import pytest

from makerscope.report.html import html_of
from tests.unit.demo_document import demo

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="playwright is absent: the report was not tried in a browser"
)
CHROMIUM = Path("/usr/bin/chromium")
ARGS = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking"]
PAGES = ("overview", "market", "maker-0", "data", "empty")

# Labels that stick out of their figure or touch a neighbour of the same axis, and charts without a size.
FAULTS = """() => {
  const out = [];
  const box = (item) => item.getBoundingClientRect();
  const panels = 'article:not([hidden]) :is(svg, table, .plot, .stats, .attention)';
  for (const item of document.querySelectorAll(panels)) {
    const {width, height} = box(item);
    if (!(width > 4 && height > 4)) out.push(['no size', item.outerHTML.slice(0, 120)]);
    if (item.tagName === 'svg' && !item.querySelector('path')) out.push(['empty', item.outerHTML.slice(0, 120)]);
    if (item.tagName === 'TABLE' && !item.tBodies[0].textContent.trim()) out.push(['empty table', item.caption]);
  }
  for (const figure of document.querySelectorAll('article:not([hidden]) figure')) {
    const frame = box(figure);
    for (const axis of figure.querySelectorAll('.xs, .ys')) {
      const side = axis.classList.contains('xs');
      const seen = [...axis.children].filter((label) => box(label).width).map(box);
      seen.sort((a, b) => side ? a.left - b.left : a.top - b.top);
      seen.forEach((label, i) => {
        const name = figure.textContent.slice(0, 60);
        if (label.left < frame.left - 1 || label.right > frame.right + 1) out.push(['cut off', name]);
        const next = seen[i + 1];
        if (next && (side ? next.left < label.right + 2 : next.top < label.bottom - 3)) out.push(['touch', name]);
      });
    }
  }
  return out;
}"""


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is absent: the report was not tried in a browser")
    with sync_api.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(html_of(demo(60, 2)), "utf-8")
    return path


@pytest.fixture
def visit(browser, file):
    """Open a page of the report and remember what it asks for and complains of."""
    opened = []

    def go(anchor: str, **options):
        context = browser.new_context(**options)
        page = context.new_page()
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (page.complaints.append(dialog.message), dialog.dismiss()))
        page.goto(f"{file.as_uri()}#{anchor}")
        opened.append(context)
        return page

    yield go
    for context in opened:
        context.close()


@pytest.mark.parametrize(
    ("width", "scheme"), [(1300, "light"), (1300, "dark"), (700, "light"), (390, "light"), (390, "dark"), (320, "dark")]
)
def test_every_panel_has_content_and_nothing_is_cut_off_or_asked_for(visit, width, scheme):
    page = visit(PAGES[0], viewport={"width": width, "height": 800}, color_scheme=scheme)
    for anchor in PAGES:
        page.evaluate(f"location.hash = '{anchor}'")
        page.wait_for_function(f"!document.getElementById('{anchor}').hasAttribute('hidden')")
        assert page.evaluate(FAULTS) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []
    assert page.complaints == []


def test_the_page_is_dark_when_the_reader_wants_it_and_turns_at_a_press(visit):
    ink = "getComputedStyle(document.body).color"
    light = visit("overview", color_scheme="light").evaluate(ink)
    page = visit("overview", color_scheme="dark")
    dark = page.evaluate(ink)
    assert light != dark
    page.click("#_theme")
    assert page.evaluate(ink) == light


def test_one_page_is_shown_at_a_time_and_links_turn_it(visit):
    page = visit("overview")
    shown = "[...document.querySelectorAll('article')].filter((a) => !a.hidden && a.offsetHeight).map((a) => a.id)"
    assert page.evaluate(shown) == ["overview"]
    page.click("table a")
    page.wait_for_function("location.hash === '#maker-0'")
    assert page.evaluate(shown) == ["maker-0"]
    page.fill("#_search", "market q")
    assert page.locator("nav li:visible").count() == 1
    page.press("#_search", "Enter")
    page.wait_for_function("location.hash === '#market'")
    assert page.evaluate(shown) == ["market"]
    page.go_back()
    page.wait_for_function("!document.getElementById('maker-0').hasAttribute('hidden')")


def test_a_table_sorts_by_value_with_the_unknown_last_and_unfolds(visit):
    page = visit("overview")
    table = page.locator("table").first
    column = "[...document.querySelector('table').tBodies[0].rows].map((row) => row.cells[6].dataset.v)"
    assert table.locator("tbody tr:visible").count() == 12
    table.locator("th button", has_text="fills").click()
    values = page.evaluate(column)
    known = [float(value) for value in values if value is not None]
    assert known == sorted(known, reverse=True)
    assert None in values
    assert set(values[len(known) :]) == {None}
    table.locator("th button", has_text="fills").click()
    assert [float(value) for value in page.evaluate(column) if value is not None] == sorted(known)
    assert table.locator("tbody tr:visible").count() == 12
    page.locator("button", has_text="Show all 60").first.click()
    assert table.locator("tbody tr:visible").count() == 60
    page.locator(".more input").first.fill("589c")
    assert table.locator("tbody tr:visible").count() == 1


def test_a_chart_reads_out_the_value_under_the_pointer(visit):
    page = visit("maker-0", viewport={"width": 1300, "height": 1800})
    plot = page.locator('#maker-0 .plot[data-kind="lines"]')
    box = plot.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + 20)
    first = page.locator("#_tip").inner_text().split("\n")
    assert first[0].startswith("2025-10-10 21:20")
    series = demo(60, 2).pages[2].sections[2].blocks[0].series[0].values
    shown = float(first[1].removeprefix("inventory: ").replace("\N{MINUS SIGN}", "-"))
    assert min(abs(shown - value) for value in series[55:65]) < 0.1
    page.mouse.move(box["x"] + box["width"] * 0.38, box["y"] + 20)
    curve = page.locator('#maker-0 .plot[data-kind="places"]').first.bounding_box()
    page.mouse.move(curve["x"] + 2, curve["y"] + 20)
    assert page.locator("#_tip").inner_text().startswith("100 ms\nall: +0.")
    strip = page.locator("#maker-0 .strip").bounding_box()
    page.mouse.move(strip["x"] + strip["width"] * 0.38, strip["y"] + 5)
    assert page.locator("#_tip").inner_text().endswith("not measured")
    page.mouse.move(2, 2)
    assert page.locator("#_tip").is_hidden()
    plot.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#_tip").is_visible()


def test_without_javascript_every_page_and_row_is_there(visit):
    page = visit("overview", java_script_enabled=False)
    assert page.locator("article:visible").count() == len(demo(60, 2).pages)
    assert page.locator("table").first.locator("tbody tr:visible").count() == 60
    assert page.locator("button:visible").count() == 0


def test_print_has_every_page_without_navigation(visit):
    page = visit("market")
    page.emulate_media(media="print")
    assert page.locator("nav").is_hidden()
    assert page.locator("article:visible").count() == len(demo(60, 2).pages)
    assert page.locator("table").first.locator("tbody tr:visible").count() == 60
    pdf = visit("market").pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") >= len(demo(60, 2).pages) - 1
