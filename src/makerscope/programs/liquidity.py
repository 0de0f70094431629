"""What rests near the price, maker by maker: over time, when takers came, and in stress.

Depth is everything within a band on both sides: what a taker who reaches so far could have hit. It is measured by the
sweep that scores programs, in the same integers, so a budget can be held against it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import MakerscopeError
from makerscope.kernels.score_sweep import INSTANTS
from makerscope.programs.components import Looks, Market, swept
from makerscope.programs.evidence import Evidence
from makerscope.programs.program import Group, Measure, Reference
from makerscope.programs.references import Track, track_of
from makerscope.programs.resting import Resting, resting
from makerscope.programs.scoring import Measured
from makerscope.programs.stress import segments
from makerscope.programs.stress_times import stress_of
from makerscope.programs.units import MarketRule, market_rule
from makerscope.tape.events import Instrument

BANDS = (5, 10, 25, 50)  # bps of the mid; of the underlying for options
Means = tuple[int | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """Mean depth of one market within a band, both sides together, by maker: millionths of ``unit``.

    ``over_time``, ``at_takers`` (just before each taker order), ``in_stress``: a number for each of ``makers``, None
    where there was no such time. ``unit`` is the quote currency, or ``contracts`` for options.
    """

    market: str
    band: int
    unit: str
    makers: tuple[str, ...]
    over_time: Means
    at_takers: Means
    in_stress: Means


def depth_of(found: Measured, bands: Sequence[int] = BANDS) -> tuple[tuple[Depth, ...], dict[str, str]]:
    """Depth within each band of each market of a program; and by market why it could not be measured.

    Stress is what the program says it is, else minutes whose range is over four times the median one.
    """
    out: list[Depth] = []
    missing: dict[str, str] = {}
    done: set[str] = set()  # a market may be in two groups
    for group in found.program.group:
        for market in found.markets.get(group.name, ()):
            if market.instrument.instrument in done:
                continue
            done.add(market.instrument.instrument)
            try:
                out += _of_market(found.ev, group, market, bands)
            except MakerscopeError as error:
                missing[market.instrument.instrument] = str(error)
    return tuple(out), missing


def met_by_takers(ev: Evidence, band: int = 10) -> dict[str, int]:
    """Each maker's part of the depth within a band that takers met, pico: the mean over all taker orders of the tape.

    Markets in which depth cannot be measured are left out.
    """
    met, looked = dict.fromkeys(ev.makers, 0), 0
    for name in sorted(ev.lives):
        try:
            book = _book(ev, ev.tape.instruments[name])
            takers = Looks(mode=INSTANTS, instants=_takers(ev, name))
            rule = _within(band, book.instrument)
            found = swept(
                book.orders,
                book.track,
                segments(ev.heard[name], []),
                takers,
                rule,
                makers=ev.makers,
                normalise="sample",
            )
        except MakerscopeError:
            continue
        looked += sum(found.looked)
        for maker, own in zip(ev.makers, found.share, strict=True):
            met[maker] += sum(own)
    return {maker: own // looked if looked else 0 for maker, own in met.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book:
    instrument: Instrument
    orders: Resting
    track: Track


def _book(ev: Evidence, instrument: Instrument) -> _Book:
    """All orders of a market, and the middle that its depth is measured from."""
    name = instrument.instrument
    orders = resting(ev.lives[name], ev.makers)
    middle = Group(name="depth", reference=Reference(per="index" if instrument.kind == "option" else "reference"))
    track = track_of(middle, instrument, ev.prices(name), lambda: orders)
    return _Book(instrument=instrument, orders=orders, track=track)


def _within(band: int, instrument: Instrument) -> MarketRule:
    """Everything within a band, on both sides together."""
    measure = Measure(
        limit=f"{band} bps",
        closed=True,
        by="size" if instrument.kind == "option" else "notional",
        reducer="sum",
        nearest_ticks=Decimal(0),
    )
    return market_rule(measure, instrument, f"depth of {instrument.instrument}")


def _of_market(ev: Evidence, group: Group, market: Market, bands: Sequence[int]) -> list[Depth]:
    instrument = market.instrument
    name = instrument.instrument
    book = _book(ev, instrument)
    span = segments(ev.heard[name], stress_of(group, market))
    takers = Looks(mode=INSTANTS, instants=_takers(ev, name))
    out: list[Depth] = []
    for band in bands:
        rule = _within(band, instrument)
        always, came = (
            swept(book.orders, book.track, span, looks, rule, makers=ev.makers) for looks in (Looks(), takers)
        )
        out.append(
            Depth(
                market=name,
                band=band,
                unit="contracts" if instrument.kind == "option" else instrument.quote,
                makers=ev.makers,
                over_time=_means([sum(own) for own in always.quality], sum(always.looked)),
                at_takers=_means([sum(own) for own in came.quality], sum(came.looked)),
                in_stress=_means([own[1] for own in always.quality], always.looked[1]),
            )
        )
    return out


def _takers(ev: Evidence, name: str) -> NDArray[np.int64]:
    """The last ns before each taker order; before each fill on a tape without taker orders."""
    rows = ev.view.trades if ev.view.trades.height else ev.fills
    times = rows.filter(pl.col("instrument") == name)["time"].sort().to_numpy() - 1
    return times[times >= ev.since].astype(np.int64)


def _means(sums: Sequence[int], weight: int) -> Means:
    return tuple(each // weight if weight else None for each in sums)
