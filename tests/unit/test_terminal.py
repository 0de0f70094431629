"""The report as terminal text."""

import io
from itertools import pairwise
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from makerscope.report.document import (
    Cell,
    Column,
    Document,
    Flag,
    Heatmap,
    Lines,
    Mark,
    Note,
    Page,
    Section,
    Series,
    Shade,
    Smile,
    Surface,
    Table,
    Timeline,
)
from makerscope.report.terminal import draw, text_of
from makerscope.report.terminal_marks import GAP, bar, over_time, spark
from makerscope.report.words import visible
from tests.unit.demo_document import demo

numbers = st.floats(-1e9, 1e9)


def only(*blocks) -> Document:
    return Document("t", pages=(Page("a", "A", sections=(Section("s", "", blocks),)),))


@pytest.mark.parametrize("width", [40, 80, 140, 200])
@pytest.mark.parametrize("full", [False, True])
def test_no_line_is_wider_than_the_terminal_and_a_pipe_gets_no_codes(width, full):
    text = text_of(demo(40, 2), width=width, full=full)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert "\x1b" not in text


def test_the_first_screen_is_the_overview_and_full_is_every_page():
    document = demo(40, 2)
    first, full = text_of(document), text_of(document, full=True)
    assert [page.title for page in document.pages if page.title in first.replace("\n", " ")] == ["Overview"]
    assert "6 more pages in the full report" in first
    assert all(page.title[:40] in full for page in document.pages)
    assert "12 of 40 rows" in first
    assert "of 40 rows" not in full
    assert len(first.splitlines()) < 60


def test_every_word_of_the_verdict_is_on_the_first_screen():
    text = text_of(demo(40, 2), width=120)
    for word in ("FORCED", "−24,690 USDC", "184,576", "! 81.4%", "✕ 0x3d1e…c834 lost", "markout 5 s", "0.41 bps"):
        assert word in text


def test_a_terminal_gets_colours():
    out = io.StringIO()
    draw(demo(5, 1), Console(file=out, width=100, force_terminal=True, color_system="truecolor"))
    assert "\x1b[" in out.getvalue()


def test_a_terminal_that_knows_only_ascii_gets_ascii():
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii", errors="strict")
    draw(demo(5, 2), Console(file=file, width=100), full=True)
    file.flush()
    text = raw.getvalue().decode("ascii")
    assert "-24,690 USDC" in text
    assert "spread captured" in text
    assert "\x1b" not in text


@given(st.text())
def test_no_text_of_a_recording_moves_the_cursor(word):
    text = text_of(only(Note(word), Table((Column(word), Column(word)), ((Cell(word), Cell(word)),), word)), full=True)
    assert {letter for letter in text if category(letter) in {"Cc", "Zl", "Zp", "Cs"}} == {"\n"}


@given(st.text())
def test_what_is_visible_is_kept_and_what_is_not_becomes_a_box(word):
    out = visible(word)
    assert len(out) == len(word)
    assert all(b in {a, "\N{REPLACEMENT CHARACTER}"} for a, b in zip(word, out, strict=True))
    assert all(a == b for a, b in zip(word, out, strict=True) if a.isprintable())


@given(numbers, numbers, numbers, st.integers(2, 60))
def test_a_bar_has_its_width_begins_at_zero_and_shows_whatever_is_not_zero(value, a, b, width):
    low, high = min(0.0, value, a, b), max(0.0, value, a, b)
    if high <= low:
        return
    out = bar(value, low, high, width)
    assert len(out) == width
    left, _, right = out.partition("│")
    assert not (left.strip() if value >= 0 else right.strip())
    if value == 0:
        assert out.strip() == "│"
    if abs(value) == max(high, -low) and (right if value > 0 else left):
        assert (right if value > 0 else left).strip()


@given(st.lists(numbers, min_size=2, max_size=9, unique=True))
def test_longer_bars_are_for_larger_values(values):
    high = max(1.0, *values)
    lengths = [len(bar(value, min(0.0, *values), high, 41).partition("│")[2].rstrip()) for value in sorted(values)]
    assert all(a <= b for a, b in pairwise(lengths))


@given(st.lists(st.none() | numbers, max_size=200), st.integers(1, 80))
def test_a_sparkline_fits_shows_both_extremes_and_marks_the_unknown(values, width):
    out = spark(values, width)
    assert len(out) == min(width, len(values))
    if len(values) <= width:
        assert [mark == GAP for mark in out] == [value is None for value in values]
    known = [value for value in values if value is not None]
    if known and max(known) - min(known) > 1e-3 and len(values) <= width:
        assert {"▁", "█"} <= set(out)


def test_a_spike_stays_in_a_sparkline_of_means():
    assert spark([0.0] * 5000 + [9.0] + [0.0] * 5000, 40).count("█") == 1


def test_an_outage_is_a_gap_and_is_never_bridged():
    minutes = tuple(range(60))
    heard = tuple(ns for ns in minutes if not 20 < ns < 40)
    out = over_time(heard, tuple(1.0 for _ in heard), (Shade(21, 39),), 30)
    assert out[:10] == [1.0] * 10
    assert out[12:19] == [None] * 7
    text = text_of(only(Lines("x", heard, (Series("y", tuple(float(ns) for ns in heard)),), shades=(Shade(21, 39),))))
    assert GAP * 5 in text


def test_columns_without_room_are_named():
    columns = tuple(Column(f"column{i}") for i in range(12))
    text = text_of(only(Table(columns, (tuple(Cell("1,234,567") for _ in columns),))), width=60)
    assert "no room for: column5, column6" in text
    assert "column4" in text


def test_a_surface_has_a_row_of_marks_a_place_with_gaps_where_it_is_open():
    text = text_of(only(Surface("s", (0.0, 0.5, 1.0), (1.0, 2.0), ((1.0, 2.0, None), (3.0, 4.0, 8.0)), "%", "k")))
    assert "s  %, k 0 to 1.00, 1.00 to 8.00" in text
    assert f"1.00  ▁▂{GAP}" in text
    assert "2.00  ▃▄█" in text


def test_a_smile_says_its_quotes_and_how_many_lack_a_side():
    smile = Smile("30 d", (-0.1, 0.0), (50.0, None), (52.0, 49.0), (51.0, None), unit="%", marks=(Mark(0.0, 70.0),))
    text = text_of(only(smile))
    assert "30 d  %, 1 of 2 quotes have both sides, 1 one, 1 marked" in text
    assert "bid    50.0     —" in text
    assert "ask    52.0  49.0" in text


def test_a_timeline_says_what_is_over_the_threshold_and_every_flag():
    minutes = tuple(range(0, 240_000_000_000, 60_000_000_000))
    chart = Timeline("t", minutes, (1.0, 5.0, None, 3.0), 3.0, (Flag(minutes[1], "half without a bid"),))
    text = text_of(only(chart))
    assert "1 over the threshold 3.00" in text
    assert "! 1970-01-01 00:01 UTC half without a bid" in text


def test_a_small_heat_map_that_shows_its_values_is_numbers_where_they_fit():
    chart = Heatmap("h", ("25 put", "50"), ("7 d",), ((1.25, None),), show_values=True)
    assert "7 d    1.25   —" in text_of(only(chart))
    assert "1.25   —" not in text_of(only(chart), width=30)
