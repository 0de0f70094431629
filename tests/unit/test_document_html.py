"""The document model and its HTML: whole, escaped, small, true to its numbers."""

import json
import os
import re
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from importlib.resources import files
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.errors import DomainError
from makerscope.report import document
from makerscope.report.document import (
    Curve,
    Document,
    Flag,
    Heatmap,
    Leg,
    Lines,
    Mark,
    Page,
    Section,
    Series,
    Shade,
    Smile,
    Spot,
    Surface,
    Table,
    Timeline,
    Waterfall,
)
from makerscope.report.html import html_of, safe_anchors
from makerscope.report.solid import height
from makerscope.report.svg import WIDTH, runs_path, thinned
from makerscope.report.svg_axes import thin, time_ticks, value_range, value_texts, value_ticks, width_of
from makerscope.report.svg_heat import draw_heatmap, grid
from makerscope.report.svg_lines import draw_lines, edges_of, run_numbers
from makerscope.report.svg_smile import draw_smile, fitted
from makerscope.report.svg_solid import draw_surface, project
from makerscope.report.svg_timeline import draw_timeline
from tests.unit.demo_document import EVIL, demo

VOID = {"meta", "link", "input", "br", "path"}
maybe = st.none() | st.floats(-1e9, 1e9).map(lambda value: round(value, 6))


class Outline(HTMLParser):
    """Every tag with its attributes, all text, and whether tags are closed in order."""

    def __init__(self):
        super().__init__()
        self.tags, self.open, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def outline(html: str) -> Outline:
    found = Outline()
    found.feed(html)
    found.close()
    assert not found.open
    return found


def only(*blocks) -> Document:
    return Document("t", pages=(Page("a", "A", sections=(Section("s", "", blocks),)),))


@pytest.fixture(scope="module")
def html() -> str:
    return html_of(demo())


def test_nothing_in_the_file_leads_out_of_it(html):
    found = outline(html)
    ids = {attrs["id"] for _, attrs in found.tags if "id" in attrs}
    for tag, attrs in found.tags:
        assert tag not in {"img", "iframe", "object", "embed", "video", "audio", "base", "form", "image", "use"}
        assert not {"src", "srcset", "action", "data", "xlink:href", "background"} & set(attrs)
        assert not [name for name in attrs if name.startswith("on")]
        if "href" in attrs:
            assert attrs["href"] == "data:," or attrs["href"][1:] in ids
    style = files("makerscope.report").joinpath("style.css").read_text("utf-8")
    assert not re.search(r"url\(|@import|@font-face|http", style)
    assert [tag for tag, _ in found.tags].count("script") == 1


def test_texts_of_a_recording_stay_texts(html):
    found = outline(html)
    assert EVIL not in html
    assert any(EVIL in text for text in found.text)
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in html


@given(st.text(), st.text())
def test_any_text_is_safe_anywhere(word, other):
    item = Table((document.Column(word, help=other),), ((document.Cell(word, href=other),),), other)
    page = Page(
        word,
        other,
        word,
        document.Stat(word, other),
        word,
        (Section(word, other, (item, document.Missing(word, other))),),
    )
    whole = html_of(Document(word, other, word, (page,), other))
    plain = html_of(
        Document("x", "x", "x", (Page("x", "x", "x", document.Stat("x", "x"), "x", page.sections[:0]),), "x")
    )
    found = outline(whole)
    assert [tag for tag, _ in found.tags].count("script") == [tag for tag, _ in outline(plain).tags].count("script")
    whole.encode("utf-8")


def test_ids_are_unique_and_every_page_has_its_anchor(html):
    ids = [attrs["id"] for _, attrs in outline(html).tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {page.anchor for page in demo().pages} <= set(ids)


@given(st.lists(st.text(), unique=True))
def test_safe_anchors_never_clash(anchors):
    out = safe_anchors(anchors)
    assert len(set(out.values())) == len(anchors)
    assert all(re.fullmatch(r"[A-Za-z0-9.-]+", name) for name in out.values())


def test_a_link_to_a_page_that_is_not_there_is_plain_text():
    item = document.Attention((document.AttentionItem("warn", "fees", "unknown", "gone"),))
    assert 'href="#gone"' not in html_of(only(item))


def test_the_same_document_is_the_same_bytes_in_any_process():
    code = (
        "import hashlib; from tests.unit.demo_document import demo; from makerscope.report.html import html_of;"
        "print(hashlib.sha256(html_of(demo(20, 2)).encode()).hexdigest())"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**env, "PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(seen) == 1


def test_a_report_of_fifty_pages_is_below_a_megabyte():
    assert len(html_of(demo(300, 46)).encode()) < 1_000_000


def test_every_row_of_a_long_table_is_in_the_file(html):
    table = html[html.index("<table") : html.index("</table>")]
    assert table.count("<tr>") == 301
    assert 'data-limit="12"' in table


def test_every_chart_names_itself_for_those_who_do_not_see_it(html):
    drawings = re.findall(r"<svg [^>]*>(?:<title>[^<]+</title>)?", html)
    assert len(drawings) > 60
    assert all("aria-hidden" in item or ('role="img"' in item and "<title>" in item) for item in drawings)
    assert all(attrs.get("scope") in {"col", "row"} for tag, attrs in outline(html).tags if tag == "th")


def test_what_could_not_be_measured_says_why():
    legs = (Leg("funding", None, "—", note="not measurable: no rates"), Leg("net", -3.0, "−3.00", -4.0, -2.0, "total"))
    out = html_of(only(Waterfall(legs), Lines("x", (0,), (Series("y", (None,)),))))
    assert "not measurable: no rates" in out
    assert "no values in this recording" in out
    assert out.count("<svg") == 1


def test_a_waterfall_draws_losses_to_the_left_and_gains_to_the_right():
    out = html_of(only(Waterfall((Leg("a", 100.0, "+100"), Leg("b", -50.0, "−50", -75.0, -25.0)))))
    zero = re.findall(r'class="zero" d="M([\d.]+)', out)
    gain = re.search(r'class="pos" d="M([\d.]+) 5h([\d.]+)', out)
    loss = re.search(r'class="neg" d="M([\d.]+) 5h([\d.]+)', out)
    whisker = re.search(r'class="whisker" d="M([\d.]+) 8v8m0-4h([\d.]+)', out)
    assert gain
    assert loss
    assert whisker
    assert len(set(zero)) == 1
    at = float(zero[0])
    unit = float(gain[2]) / 100
    assert float(gain[1]) == at
    assert float(loss[1]) + float(loss[2]) == pytest.approx(at, abs=0.11)
    assert float(loss[2]) == pytest.approx(50 * unit, abs=0.11)
    assert float(whisker[1]) == pytest.approx(at - 75 * unit, abs=0.11)
    assert float(whisker[2]) == pytest.approx(50 * unit, abs=0.11)


# lines


points = st.lists(st.tuples(st.booleans(), st.floats(-1e6, 1e6)), max_size=900)


@given(points)
def test_thinning_keeps_first_last_and_every_extreme(raw):
    run, all_points = 0, []
    for index, (gap, y) in enumerate(raw):
        run += gap
        all_points.append((run, WIDTH * index / max(1, len(raw) - 1), y))
    lines = thinned(all_points)
    kept = [point for line in lines for point in line]
    assert len(kept) <= 324
    assert set(kept) <= {(x, y) for _, x, y in all_points}
    if raw:
        assert kept[0] == all_points[0][1:]
        assert kept[-1] == all_points[-1][1:]
        assert {min(y for _, y in kept), max(y for _, y in kept)} == {
            min(y for *_, y in all_points),
            max(y for *_, y in all_points),
        }
    runs = {(x, y, r) for r, x, y in all_points}
    for line in lines:
        assert len({r for x, y, r in runs if (x, y) in line}) >= 1
        for a, b in pairwise(line):
            assert {r for x, y, r in runs if (x, y) == a} & {r for x, y, r in runs if (x, y) == b}


times = st.lists(st.integers(0, 400), min_size=1, max_size=60).map(
    lambda deltas: tuple(sum(deltas[: i + 1]) for i in range(len(deltas)))
)
shades = st.lists(
    st.tuples(st.integers(0, 9000), st.integers(1, 900)).map(lambda s: Shade(s[0], s[0] + s[1])), max_size=5
)


@given(times, shades, st.data())
def test_points_share_a_run_only_if_nothing_unknown_lies_between(ns, silent, data):
    values = data.draw(st.lists(st.none() | st.just(1.0), min_size=len(ns), max_size=len(ns)))
    runs = run_numbers(ns, values, silent)
    for i, j in combinations(range(len(ns)), 2):
        if values[i] is None or values[j] is None:
            continue
        unknown = any(values[k] is None for k in range(i, j))
        outage = any(shade.start < ns[k + 1] and shade.end > ns[k] for shade in silent for k in range(i, j))
        assert (runs[i] == runs[j]) == (not unknown and not outage)


@given(
    st.lists(st.lists(st.tuples(st.floats(0, 800), st.floats(-50, 300)), min_size=1, max_size=30), max_size=6),
    st.booleans(),
)
def test_relative_paths_lead_back_to_the_points_without_drift(runs, step):
    x = y = 0.0
    found = []
    for letter, rest in re.findall(r"([Mmlhv])([^Mmlhv]*)", runs_path(runs, step=step)):
        n = [float(item) for item in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", rest)]
        if letter == "M":
            x, y = n
        elif letter in "hv":
            x, y = (x + n[0], y) if letter == "h" else (x, y + n[0])
        else:
            x, y = x + n[0], y + n[1]
        found.append((x, y))
    for point in (point for run in runs for point in run):
        assert any(abs(point[0] - x) <= 0.0501 and abs(point[1] - y) <= 0.0501 for x, y in found)


@given(st.lists(st.tuples(maybe, maybe), max_size=400))
def test_a_thinned_band_covers_every_bound(bounds):
    low = tuple(a if a is None or b is None else min(a, b) for a, b in bounds)
    high = tuple(b if a is None or b is None else max(a, b) for a, b in bounds)
    series = Series("x", (0.0,) * len(bounds), low=low, high=high)
    drawn = [edge for part in edges_of(series, range(len(bounds)), [0] * len(bounds)).values() for edge in part]
    known = [(a, b) for a, b in zip(low, high, strict=True) if a is not None and b is not None]
    assert len(drawn) <= 240
    assert min((a for a, _ in known), default=0) == min((a for _, a, _ in drawn), default=0)
    assert max((b for _, b in known), default=0) == max((b for *_, b in drawn), default=0)


def test_a_spike_of_one_point_in_a_hundred_thousand_is_drawn():
    values = tuple(100.0 if i == 61_803 else 0.0 for i in range(100_000))
    out = draw_lines(Lines("x", tuple(range(100_000)), (Series("y", values),)))
    path = re.search(r'class="line s0"[^>]* d="([^"]+)"', out)
    assert path
    assert len(path[1]) < 6_000
    assert re.search(r"l[\d.]*-16\d", path[1])  # from 0 near the bottom of 180 pixels to nearly the top


# axes


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12), st.integers(3, 8))
def test_ticks_are_round_even_inside_and_tell_apart(a, b, most):
    low, high = value_range([a, b], zero=False)
    ticks = value_ticks(low, high, most)
    assert 1 <= len(ticks) <= most
    slack = (high - low) * 1e-6
    assert low - slack <= ticks[0] <= ticks[-1] <= high + slack
    texts = value_texts(ticks)
    assert len(set(texts)) == len(ticks)
    gaps = [y - x for x, y in pairwise(ticks)]
    assert all(gap == pytest.approx(gaps[0], rel=1e-6) for gap in gaps)
    if gaps:
        assert f"{gaps[0]:.3e}"[:5] in {"1.000", "2.000", "5.000"}


@given(st.integers(0, 4 * 10**18), st.integers(1, 10**18), st.integers(3, 9))
def test_time_ticks_are_round_moments_inside_the_axis(start, length, most):
    ticks = time_ticks(start, start + length, most)
    assert 1 <= len(ticks) <= most
    assert all(start <= ns <= start + length for ns, _ in ticks)
    assert len({text for _, text in ticks}) == len(ticks)


@given(st.lists(st.text("abc0123456789W: ", max_size=24), min_size=1, max_size=60))
def test_labels_never_touch_at_any_width(texts):
    labels = thin([((i + 0.5) / len(texts), text) for i, text in enumerate(texts)])
    for width, rooms in ((540, ("", "a", "b")), (355, ("", "a")), (190, ("",))):
        shown = [label for label in labels if label.room in rooms]
        assert shown
        for a, b in pairwise(shown):
            need = (width_of(a.text) + width_of(b.text)) / 2 * 11.5
            assert (b.at - a.at) * width >= need


# heat


@given(st.lists(st.tuples(st.integers(1, 40), st.none() | st.floats(0, 1)), min_size=1, max_size=80))
def test_a_grid_never_invents_a_value(cells):
    ns = tuple(1000 * sum(n for n, _ in cells[: i + 1]) for i in range(len(cells)))
    values = tuple(value for _, value in cells)
    start, width, (row,) = grid(ns, (values,))
    assert len(row) <= 180
    for index, value in enumerate(row):
        inside = [
            v
            for t, v in zip(ns, values, strict=True)
            if v is not None and index * width <= t - start < (index + 1) * width
        ]
        assert value == (pytest.approx(sum(inside) / len(inside)) if inside else None)


def test_the_unknown_is_never_the_colour_of_zero():
    out = draw_heatmap(Heatmap("x", ("a", "b", "c"), ("r",), ((0.0, None, 8.0),)))
    assert '<path class="h0" d="M0 0h1v1h-1z"/>' in out
    assert '<path class="h8" d="M2 0h1v1h-1z"/>' in out
    assert "M1 0" not in out


def test_a_small_heat_map_prints_its_values_and_nothing_where_there_is_none():
    rows = ((0.4, None, -12.25), (1.0, 2.0, 30.0))
    out = draw_heatmap(Heatmap("x", ("a", "b", "c"), ("r", "s"), rows, show_values=True))
    assert re.findall(r"<b>([^<]*)</b>", out[out.index("nums") :]) == ["0.4", "", "−12.2", "1.0", "2.0", "30.0"]
    assert "nums" not in draw_heatmap(Heatmap("x", ("a", "b", "c"), ("r", "s"), rows))
    wide = Heatmap("x", tuple(map(str, range(11))), ("r",), ((1.0,) * 11,), show_values=True)
    assert "nums" not in draw_heatmap(wide)


# surfaces


def axis(n: int) -> st.SearchStrategy[tuple[float, ...]]:
    return st.lists(st.integers(-1000, 1000), min_size=1, max_size=n, unique=True).map(
        lambda places: tuple(place / 8 for place in sorted(places))
    )


@st.composite
def surfaces(draw) -> Surface:
    x, y = draw(axis(6)), draw(axis(5))
    z = draw(st.lists(st.lists(maybe, min_size=len(x), max_size=len(x)), min_size=len(y), max_size=len(y)))
    return Surface("s", x, y, tuple(map(tuple, z)), "%")


@given(surfaces())
def test_every_known_height_is_drawn_once_and_nothing_is_drawn_over_a_hole(chart):
    out = draw_surface(chart)
    known = {(i, j) for j, row in enumerate(chart.z) for i, z in enumerate(row) if z is not None}
    if not known:
        assert "no values in this recording" in out
        return
    tiles = {(i, j) for i, j in known if {(i + 1, j), (i, j + 1), (i + 1, j + 1)} <= known}
    assert out.count('class="tile ') == len(tiles)
    in_tiles = {(i + a, j + b) for i, j in tiles for a in (0, 1) for b in (0, 1)}
    edges = {((i, j), other) for i, j in known for other in ((i + 1, j), (i, j + 1)) if other in known}
    sides = {((i, j), (i + 1, j)) for i, j in tiles} | {((i, j + 1), (i + 1, j + 1)) for i, j in tiles}
    sides |= {((i, j), (i, j + 1)) for i, j in tiles} | {((i + 1, j), (i + 1, j + 1)) for i, j in tiles}
    meshes = re.findall(r'class="mesh" d="([^"]+)"', out)
    assert sum(len(re.findall("[Mm]", path)) for path in meshes) == len(edges - sides)
    touched = in_tiles | {end for edge in edges for end in edge}
    assert out.count('class="dots h8 quiet"') == len(known - touched)


@given(surfaces())
def test_a_tile_is_painted_after_the_ones_behind_it(chart):
    def middle(path: str) -> tuple[float, float]:
        at, points = (0.0, 0.0), []
        for _, rest in re.findall("([Mlh])([^Mlhz]*)", path):
            step = [*(float(n) for n in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", rest)), 0.0]
            at = (at[0] + step[0], at[1] + step[1])
            points.append(at)
        return tuple(sum(p[axis] for p in points) / len(points) for axis in (0, 1))

    flat = Surface("s", chart.x, chart.y, tuple(tuple(None if z is None else 1.0 for z in row) for row in chart.z))
    seen = [middle(path) for path in re.findall(r'class="tile h\d" d="([^"]+)"', draw_surface(flat))]
    x_edge, y_edge = (
        [b - a for a, b in zip(project(0, 0, 0), project(*end), strict=True)] for end in ((1, 0, 0), (0, 1, 0))
    )
    assert x_edge[1] > 0 > y_edge[1]  # x comes nearer, y goes away
    size = x_edge[0] * y_edge[1] - x_edge[1] * y_edge[0]
    for (x0, y0), (x1, y1) in combinations(seen, 2):
        along_x = ((x1 - x0) * y_edge[1] - (y1 - y0) * y_edge[0]) / size
        along_y = (x_edge[0] * (y1 - y0) - x_edge[1] * (x1 - x0)) / size
        assert along_x > -0.01 or along_y < 0.01  # never behind in both


@given(surfaces(), st.data())
def test_a_stem_ends_on_the_surface(chart, data):
    i = data.draw(st.integers(0, len(chart.x) - 1))
    j = data.draw(st.integers(0, len(chart.y) - 1))
    assert height(chart.x, chart.y, chart.z, chart.x[i], chart.y[j]) == chart.z[j][i]
    if i + 1 < len(chart.x):
        ends = chart.z[j][i : i + 2]
        half = height(chart.x, chart.y, chart.z, (chart.x[i] + chart.x[i + 1]) / 2, chart.y[j])
        assert half is None if None in ends else half == pytest.approx(sum(ends) / 2, abs=1e-3)
    assert height(chart.x, chart.y, chart.z, chart.x[-1] + 1, chart.y[0]) is None


def test_the_script_gets_the_heights_of_the_surface_and_its_spots():
    spots = (Spot(60.0, 1.5, 10.0), Spot(60.0, 1.0, None))
    out = draw_surface(Surface("s", (50.0, 70.0), (1.0, 2.0), ((0.0, 20.0), (None, 40.0)), "%", "K", "T", spots=spots))
    data = json.loads(unescape(re.search(r'data-surface="([^"]+)"', out)[1]))
    low, high = data["ends"][2]
    heights = [[z if z is None else low + z * (high - low) for z in row] for row in data["z"]]
    assert heights == [
        [pytest.approx(0.0, abs=0.01), pytest.approx(20.0, abs=0.01)],
        [None, pytest.approx(40.0, abs=0.01)],
    ]
    assert data["spots"] == [[0.5, 0.5, pytest.approx((10.0 - low) / (high - low), abs=1e-4), None]]
    assert data["names"] == ["K", "T", "%"]
    assert out.count("<svg") == 1


# smiles and timelines


def path_of(out: str, kind: str) -> list[list[tuple[float, float]]]:
    """Points of a path of a kind, a list a run."""
    found = re.search(rf'class="{kind}" d="([^"]+)"', out)
    x = y = 0.0
    runs = []
    for letter, rest in re.findall(r"([Mmlhv])([^Mmlhv]*)", found[1] if found else ""):
        n = [float(item) for item in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", rest)]
        x, y = (x + n[0], y) if letter == "h" else (x, y + n[0]) if letter == "v" else (x + n[0], y + n[1])
        if letter in "Mm":
            runs.append([])
        runs[-1].append((x, y))
    return runs


SMILE = Smile(
    "30 d",
    (-0.2, -0.1, 0.0, 0.1, 0.2),
    (60.0, 55.0, None, 52.0, None),
    (64.0, 900.0, 51.0, None, None),
    (62.0, None, None, None, None),
    (-0.2, 0.0, 0.1, 0.2),
    (62.0, 50.0, None, 56.0),
    "vol %",
    "log-moneyness",
    (Mark(0.2, 70.0, "mark price, above the ask"),),
)


def test_a_smile_draws_bars_from_bid_to_ask_and_stubs_towards_what_is_missing():
    out = draw_smile(SMILE)
    bars, stubs, feet, line = (path_of(out, kind) for kind in ("quote", "stub", "dots foot", "line s1"))
    assert len(bars) == 2
    assert bars[0][0][0] == pytest.approx(0.02 * WIDTH)
    (_, bid), (_, ask) = bars[0]
    fit = line[0]
    unit = (fit[1][1] - fit[0][1]) / 12  # pixels a point: the line falls from 62 to 50
    assert bid - ask == pytest.approx(4 * unit, abs=0.2)
    assert fit[0][1] == pytest.approx((bid + ask) / 2, abs=0.2)
    assert bars[1][1][1] > -0.1
    assert bars[1][0][1] - bars[1][1][1] < 60 * unit < 845 * unit  # the ask of 900 is cut at the edge
    assert [end[1] - start[1] for start, end in stubs] == [pytest.approx(15, abs=0.11), pytest.approx(-15, abs=0.11)]
    assert [foot[0] for foot in feet] == [stub[0] for stub in stubs]
    assert path_of(out, "dots s1 quiet") == line[1:]  # a point of the line without a neighbour
    assert len(line) == 2


def test_a_smile_reads_out_the_true_numbers_of_every_quote_and_mark():
    out = draw_smile(SMILE)
    tips = json.loads(unescape(re.search(r'data-tips="([^"]+)"', out)[1]))
    assert tips[0] == "log-moneyness −0.20000\nask: 64.0 vol %\nmid: 62.0 vol %\nbid: 60.0 vol %\nfit: 62.0 vol %"
    assert "ask: 900 vol %" in tips[1]
    assert "fit: 56.0 vol %" in tips[1]
    assert "bid: —" in tips[2]
    assert "fit: —" in tips[3]
    assert tips[4].endswith("mark price, above the ask: 70.0 vol %")
    assert "2 quotes of both sides, 2 of one, 1 marked" in out


@given(st.floats(-1, 1))
def test_the_line_between_its_points_is_straight_and_open_at_a_gap(x):
    value = fitted(SMILE, x)
    if -0.2 <= x <= 0.0:
        assert value == pytest.approx(50.0 - 60.0 * x)
    else:
        assert value == (56.0 if x == 0.2 else None)


@given(st.lists(maybe, min_size=1, max_size=400), st.floats(-1e9, 1e9))
def test_a_timeline_marks_what_is_over_its_threshold_and_only_that(values, threshold):
    times = tuple(60_000_000_000 * i for i in range(len(values)))
    out = draw_timeline(Timeline("t", times, tuple(values), threshold, (Flag(times[0], "first <b>"),)))
    over = [value for value in values if value is not None and value > threshold]
    known = [value for value in values if value is not None]
    assert "first &lt;b&gt;" in out
    if not known:
        assert "no values in this recording" in out
        return
    assert f"{len(over)} over it" in out
    dots = path_of(out, "dots alarm")
    assert len(dots) == len(over) if len(over) <= 320 else 0 < len(dots) <= 324
    limit = float(re.search(r'class="limit" d="M0 ([-\d.]+)', out)[1])
    assert all(dot[0][1] <= limit + 0.2 for dot in dots)


def test_flags_are_numbered_in_order_and_neighbours_share_a_badge():
    times = tuple(range(1001))
    flags = tuple(Flag(ns, f"at {ns}") for ns in (900, 100, 120, 140, 2000))
    out = draw_timeline(Timeline("t", times, (1.0,) * 1001, None, flags))
    assert re.findall(r'class="badge"[^>]*>([^<]+)<', out) == ["1–3", "4"]
    assert re.findall(r"</b> (at \d+)</li>", out) == ["at 100", "at 120", "at 140", "at 900", "at 2000"]
    assert out.count('class="flag"') == 4


# the model


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Lines("x", (1, 2), (Series("y", (1.0,)),)),
        lambda: Lines("x", (2, 1), (Series("y", (1.0, 2.0)),)),
        lambda: Series("y", (1.0,), low=(0.0,)),
        lambda: Series("y", (1.0,), low=(0.0,), high=(1.0, 2.0)),
        lambda: Curve("x", ("1 s",), (Series("y", ()),)),
        lambda: Heatmap("x", ("a",), ("r",), ((1.0, 2.0),)),
        lambda: Heatmap("x", ("a",), ("r",), ((1.0,),), times_ns=(1,)),
        lambda: Table((document.Column("a"),), ((),)),
        lambda: document.Strip("x", (1,), ()),
        lambda: Surface("x", (1.0, 1.0), (1.0,), ((1.0, 1.0),)),
        lambda: Surface("x", (1.0, float("nan")), (1.0,), ((1.0, 1.0),)),
        lambda: Surface("x", (1.0,), (1.0,), ()),
        lambda: Surface("x", (1.0,), (1.0,), ((1.0, 2.0),)),
        lambda: Surface("x", (1.0,), (1.0,), ((1.0,),), y_labels=("a", "b")),
        lambda: Surface("x", (1.0,), (1.0,), ((1.0,),), spots=(Spot(float("inf"), 1.0, 1.0),)),
        lambda: Smile("x", (1.0, 2.0), (1.0,), (1.0, 2.0)),
        lambda: Smile("x", (1.0,), (1.0,), (1.0,), (1.0, 2.0)),
        lambda: Smile("x", (2.0, 1.0), (1.0, 1.0), (1.0, 2.0)),
        lambda: Smile("x", (), (), (), fit_x=(1.0,), fit=()),
        lambda: Smile("x", (), (), (), marks=(Mark(float("nan"), 1.0),)),
        lambda: Timeline("x", (1,), ()),
        lambda: Timeline("x", (2, 1), (1.0, 1.0)),
        lambda: Document("x", pages=(Page("a", "A"), Page("a", "B"))),
    ],
)
def test_a_block_that_cannot_be_drawn_cannot_be_made(wrong):
    with pytest.raises(DomainError, match="want"):
        wrong()


# colours


def colours() -> dict[str, tuple[str, str]]:
    style = files("makerscope.report").joinpath("style.css").read_text("utf-8")
    return {name: (light, dark) for name, light, dark in re.findall(r"--(\w+):light-dark\((#\w+),(#\w+)\)", style)}


def linear(colour: str) -> list[float]:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]


def luminance(colour: str) -> float:
    r, g, b = linear(colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_words_reach_the_contrast_of_wcag_aa_and_marks_three_to_one(theme):
    of = {name: pair[theme] for name, pair in colours().items()}
    for name in ("ink", "soft", "accent", "good", "bad", "warn", "info"):
        assert contrast(of[name], of["card"]) >= 4.5, name
        assert contrast(of[name], of["bg"]) >= 4.5, name
        assert contrast(of[name], of["hover"]) >= 4.5, name
    for name in ("s0", "s1", "s2", "s3", "s4", "s5", "pos", "neg", "total", "strong"):
        assert contrast(of[name], of["card"]) >= 3.0, name


# What people without one kind of cone see, in linear light: Viénot, Brettel and Mollon (1999) for red and green.
PROTAN = ((0.1124, 0.8876, 0.0), (0.1124, 0.8876, 0.0), (0.0040, -0.0040, 1.0))
DEUTAN = ((0.2928, 0.7072, 0.0), (0.2928, 0.7072, 0.0), (-0.0223, 0.0223, 1.0))
NORMAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


def oklab(colour: str, sight) -> tuple[float, float, float]:
    rgb = linear(colour)
    r, g, b = (max(0.0, sum(w * c for w, c in zip(row, rgb, strict=True))) for row in sight)
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    middle = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def distance(a: str, b: str, sight) -> float:
    return sum((x - y) ** 2 for x, y in zip(oklab(a, sight), oklab(b, sight), strict=True)) ** 0.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("sight", [NORMAL, PROTAN, DEUTAN], ids=["normal", "protan", "deutan"])
def test_the_first_colours_and_gain_and_loss_differ_for_the_colour_blind(theme, sight):
    of = {name: pair[theme] for name, pair in colours().items()}
    assert distance(of["pos"], of["neg"], sight) > 0.12
    assert distance(of["cool"], of["warm"], sight) > 0.12
    for a, b in combinations(("s0", "s1", "s2"), 2):
        assert distance(of[a], of[b], sight) > 0.08, (a, b)
