"""Equity, price, spread and depth over time: medians over seeds, and where nine of ten seeds are."""

import numpy as np

from makerscope.lab.study import Study
from makerscope.report.document import Block, Lines, Page, Section, Series

PATHS = (
    ("pnl", "Makers' joint P&L", "USD", True),
    ("depth", "Depth near the middle", "USD", True),
    ("half_bps", "Half spread of the first perpetual", "bps", True),
    ("price", "Reference price", "quote currency, the same for every variant", False),
    ("mark", "Mark over index", "ratio", False),
    ("chain", "Options quoted on both sides", "share", True),
)
MOST_LINES = 6  # variants in one chart


def paths_page(study: Study) -> Page:
    """Median and 5 to 95 % of seeds over time."""
    start = start_of(study)
    times = tuple(start + round(second * 1e9) for second in study.times_s)
    blocks: list[Block] = []
    for name, title, unit, zero in PATHS:
        drawn = study.variants[: 1 if name == "price" else MOST_LINES]
        found = [(variant.name, variant.fans[name]) for variant in drawn if name in variant.fans]
        series = tuple(Series(label, fan.middle, low=fan.low, high=fan.high) for label, fan in found)
        if series:
            blocks.append(Lines(title, times, series, unit=unit, zero_line=zero, height=200))
    more = len(study.variants) - MOST_LINES
    cut = f" The first {MOST_LINES} variants are drawn; {more} more are in stress.json." if more > 0 else ""
    crisis = ""
    if study.crisis_s is not None:
        first, last = (clock(start, at, days=study.hours > 24) for at in study.crisis_s)
        crisis = f" The crisis is from {first} to {last}."
    sentence = f"Lines are medians over seeds, bands hold nine of ten.{crisis}{cut}"
    return Page(
        anchor="paths", title="Over time", group="Over time", sections=(Section("Paths", sentence, tuple(blocks)),)
    )


def start_of(study: Study) -> int:
    """When the runs begin, ns UTC."""
    return int(np.datetime64(study.start.removesuffix("Z"), "ns").astype(np.int64))


def clock(start: int, seconds: float, *, days: bool = False) -> str:
    """A moment of a run on the clock, with its day where runs last longer than one.

    Examples:
        >>> clock(0, 3661.4), clock(0, 90_000.0, days=True)
        ('01:01:01', '01-02 01:00:00')
    """
    text = str(np.datetime64(start + int(seconds) * 10**9, "ns").astype("datetime64[s]"))
    return text[5:].replace("T", " ") if days else text[11:]
