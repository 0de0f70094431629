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
PAGES = ("overview", "market", "maker-0", "options", "data", "empty")

# Labels that stick out of their figure or touch a neighbour of the same axis, and charts without a size.
FAULTS = """() => {
  const out = [];
  const box = (item) => item.getBoundingClientRect();
  const panels = 'article:not([hidden]) :is(svg, canvas, table, .plot, .solid, .stats, .attention)';
  for (const item of document.querySelectorAll(panels)) {
    if (item.closest('.still') && !box(item.closest('.still')).width) continue;  // stands in for the canvas in print
    const {width, height} = box(item);
    if (!(width > 4 && height > 4)) out.push(['no size', item.outerHTML.slice(0, 120)]);
    if (item.tagName === 'svg' && !item.querySelector('path')) out.push(['empty', item.outerHTML.slice(0, 120)]);
    if (item.tagName === 'TABLE' && !item.tBodies[0].textContent.trim()) out.push(['empty table', item.caption]);
  }
  for (const figure of document.querySelectorAll('article:not([hidden]) figure')) {
    const frame = box(figure);
    const ticks = [...figure.querySelectorAll('.still span, .nums b')].map(box).filter((label) => label.width);
    ticks.forEach((label, i) => {
      const name = 'tick of ' + figure.textContent.slice(0, 60);
      if (label.left < frame.left - 1 || label.right > frame.right + 1) out.push(['cut off', name]);
      const other = ticks.slice(i + 1).find((o) => o.left < label.right && label.left < o.right
        && o.top < label.bottom - 1 && label.top < o.bottom - 1);
      if (other) out.push(['touch', name]);
    });
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


SURFACE = "#options .solid >> nth=0"
DRAWN = """(solid) => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
  const canvas = solid.querySelector('canvas');
  const pen = canvas.getContext('2d');
  const data = pen.getImageData(0, 0, canvas.width, canvas.height).data;
  let inked = 0, sum = 0, edge = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (!data[i + 3]) continue;
    const x = (i / 4) % canvas.width;
    inked++;
    edge += x < 1 || x >= canvas.width - 1;
    sum = (sum * 31 + data[i] + 256 * data[i + 1] + 65536 * data[i + 2] + i) % 2147483647;
  }
  done({inked: inked / (data.length / 4), sum, edge});
})))"""


@pytest.mark.parametrize("width", [1300, 390])
def test_a_surface_is_drawn_turns_by_keys_and_pointer_and_comes_home(visit, width):
    page = visit("options", viewport={"width": width, "height": 900})
    solid = page.locator(SURFACE)
    seen = [solid.evaluate(DRAWN)]
    assert seen[0]["inked"] > 0.1
    solid.focus()
    for key in ("ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
        seen.append(solid.evaluate(DRAWN))
    assert seen[-1]["sum"] == seen[0]["sum"]
    assert len({drawn["sum"] for drawn in seen}) == 4
    box = solid.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 130)
    page.mouse.up()
    page.mouse.move(2, 2)
    assert solid.evaluate(DRAWN)["sum"] not in {drawn["sum"] for drawn in seen}
    page.keyboard.press("Home")
    assert solid.evaluate(DRAWN)["sum"] == seen[0]["sum"]
    assert solid.evaluate("(solid) => getComputedStyle(solid).touchAction") == "pan-y"


def test_no_label_of_a_turning_surface_leaves_its_canvas(visit):
    page = visit("options", viewport={"width": 390, "height": 900})
    solid = page.locator(SURFACE)
    solid.focus()
    for _ in range(16):
        for _ in range(4):
            page.keyboard.press("ArrowLeft")
        assert solid.evaluate(DRAWN)["edge"] == 0


def test_a_surface_takes_the_colours_of_the_theme_at_once(visit):
    page = visit("overview", color_scheme="light")
    page.evaluate("location.hash = '#options'")
    page.wait_for_function("document.querySelector('#options canvas').clientWidth > 0")
    light = page.locator(SURFACE).evaluate(DRAWN)["sum"]
    page.click("#_theme")
    dark = page.locator(SURFACE).evaluate(DRAWN)["sum"]
    assert dark != light
    page.emulate_media(color_scheme="dark")
    page.click("#_theme")
    assert page.locator(SURFACE).evaluate(DRAWN)["sum"] == light


def test_a_surface_reads_out_the_nearest_point_of_its_grid(visit):
    page = visit("options", viewport={"width": 1300, "height": 900})
    chart = next(page for page in demo(60, 2).pages if page.anchor == "options").sections[0].blocks[0]
    solid = page.locator(SURFACE)
    solid.focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    tenor, moneyness, value = page.locator("#_tip").inner_text().split("\n")
    j = chart.y_labels.index(tenor.removeprefix("expiry "))
    i = [f"log-moneyness {x:.3g}" for x in chart.x].index(moneyness.rstrip("0").replace("\N{MINUS SIGN}", "-"))
    assert float(value.removesuffix(" %")) == pytest.approx(chart.z[j][i], abs=0.06)
    box = solid.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.45, box["y"] + box["height"] * 0.6)
    assert page.locator("#_tip").inner_text().startswith("expiry ")
    page.mouse.move(box["x"] + 3, box["y"] + 3)
    assert page.locator("#_tip").is_hidden()


def test_a_smile_reads_out_the_quote_nearest_to_the_pointer(visit):
    page = visit("options", viewport={"width": 1300, "height": 1600})
    chart = next(page for page in demo(60, 2).pages if page.anchor == "options").sections[1].blocks[0]
    plot = page.locator("#options .smile .plot").first.bounding_box()
    page.mouse.move(plot["x"] + 0.02 * plot["width"], plot["y"] + 20)
    words = page.locator("#_tip").inner_text().split("\n")
    assert words[0].startswith("log-moneyness \N{MINUS SIGN}0.1")
    assert words[1] == f"ask: {chart.ask[0]:.1f} vol %"
    assert words[3] == "bid: \N{EM DASH}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_values_in_a_heat_map_can_be_read_on_each_colour(visit, scheme):
    page = visit("options", color_scheme=scheme)
    pairs = page.evaluate("""() => {
      const pen = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
      const rgb = (colour) => {
        pen.fillStyle = colour;
        pen.fillRect(0, 0, 1, 1);
        return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
      };
      return [...document.querySelectorAll('#options .told .plot svg path')].map((path) => [
        rgb(getComputedStyle(path).fill), rgb(getComputedStyle(path.closest('.plot').querySelector('.nums')).color)]);
    }""")
    assert len(pairs) >= 18

    def luminance(colour):
        parts = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    for pair in pairs:
        low, high = sorted(map(luminance, pair))
        assert (high + 0.05) / (low + 0.05) >= 4.5, pair


@pytest.mark.parametrize("width", [1300, 390, 320])
def test_without_javascript_surfaces_are_still_pictures_whose_ticks_fit(visit, width):
    page = visit("options", viewport={"width": width, "height": 900}, java_script_enabled=False)
    assert page.locator("canvas").count() == 0
    assert page.locator("#options .still svg").is_visible()
    assert page.locator("#options .still span:visible").count() >= 6
    assert page.evaluate(FAULTS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_javascript_every_page_and_row_is_there(visit):
    page = visit("overview", java_script_enabled=False)
    assert page.locator("article:visible").count() == len(demo(60, 2).pages)
    assert page.locator("table").first.locator("tbody tr:visible").count() == 60
    assert page.locator("button:visible").count() == 0


def test_print_has_every_page_without_navigation(visit):
    page = visit("market")
    page.emulate_media(media="print")
    assert page.locator("nav").is_hidden()
    assert page.locator("canvas:visible").count() == 0
    stills = page.locator(".still svg")
    assert stills.count() > 4
    assert page.locator(".still svg:visible").count() == stills.count()
    assert page.locator("article:visible").count() == len(demo(60, 2).pages)
    assert page.locator("table").first.locator("tbody tr:visible").count() == 60
    pdf = visit("market").pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") >= len(demo(60, 2).pages) - 1
