"""A maker's orders as they might have been: larger, nearer, never away, on both sides, there in stress, not pulled.

Each change takes one maker in one market and gives its orders anew. Where a quote is carried through a time in which
there was none, it is one that the maker really had, at the same distances from the reference, set again every few
seconds. A side is **there** while an order of it scores under the program's first measure. Nobody else does anything
differently, and no fill changes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.programs.adjustments import watched
from makerscope.programs.own_quotes import (
    Scene,
    carried,
    ladder_at,
    marks_of,
    mirrored,
    references_at,
    seen_at,
    there,
    typical,
)
from makerscope.programs.program import Fade
from makerscope.programs.scoring import alarm_of
from makerscope.programs.spans import inside, less, overlap
from makerscope.programs.stress import Window, merged
from makerscope.programs.stress_times import heard_of, stress_of
from makerscope.programs.units import nanoseconds

SECOND = 1_000_000_000
FOLLOW = 10 * SECOND  # a carried quote is set again so often
THROUGH = SECOND  # and so often after a move
FADE = Fade(move="20 bps", within_s=Decimal(10), before_s=Decimal(1), after_s=Decimal(30), charge=Decimal(0))
Ints = NDArray[np.int64]
Changed = pl.DataFrame | str  # the orders as they might have been, or why there is nothing to change


def larger(scene: Scene) -> Changed:
    """Every order a tenth larger, in whole lots, rounded up."""
    return scene.rows.with_columns(size=(pl.col("size") * 11 + 9) // 10)


def nearer(scene: Scene) -> Changed:
    """Every order one tick nearer to the reference, where it then still rests behind it."""
    least = 0 if scene.group.reference.price == "best" else 1
    return _moved(scene, lambda gap: (gap - 2 >= least).astype(np.int64))


def halved(scene: Scene) -> Changed:
    """Every order at half its distance, in whole ticks, rounded up."""
    return _moved(scene, lambda gap: np.maximum(gap, 0) // 4)


def never_absent(scene: Scene) -> Changed:
    """The maker's typical quote wherever it had nothing that scores."""
    bids, asks = there(scene)
    away = less(heard_of(scene.market), merged([*bids, *asks]))
    return _filled(scene, away) if away else "it was never away"


def both_sides(scene: Scene) -> Changed:
    """Wherever only one side scores, the other side as its mirror image."""
    bids, asks = there(scene)
    if not less(bids, asks) and not less(asks, bids):
        return "it never had one side alone"
    return pl.concat([scene.rows, mirrored(scene, 1, less(bids, asks)), mirrored(scene, -1, less(asks, bids))])


def in_stress(scene: Scene) -> Changed:
    """Both of that, in stress alone."""
    wild = stress_of(scene.group, scene.market)
    if not wild:
        return "there was no stress"
    bids, asks = there(scene)
    away = overlap(less(heard_of(scene.market), merged([*bids, *asks])), wild)
    halves = [(side, overlap(less(one, other), wild)) for side, one, other in ((1, bids, asks), (-1, asks, bids))]
    if not away and not any(windows for _, windows in halves):
        return "it was there all the time"
    full = _filled(scene, away) if away else scene.rows
    if isinstance(full, str):
        return full
    return pl.concat([full, *(mirrored(scene, side, windows) for side, windows in halves)])


def unfaded(scene: Scene) -> Changed:
    """After each move that it answered with less than before, its orders from before the move, moved with the price."""
    group, market, ev = scene.group, scene.market, scene.ev
    name = market.instrument.instrument
    if group.fade is None and market.instrument.kind == "option":
        return "options move with their underlying, and the program has no rule about it"
    rule = group.fade or FADE
    alarm = alarm_of(rule, market.track, ev.prices(name), f"group {group.name!r}, fade.price")
    long = nanoseconds(rule.after_s)
    moves = [(before, first, first + long) for before, first in watched(rule, alarm, market, ev.until)]
    if not moves:
        return "the price made no such move"
    faded = [move for move in moves if _left(scene, *move)]
    if not faded:
        return "it never quoted less after a move"
    windows = [(before, end) for before, _, end in faded]
    kept = [carried(scene, ladder_at(scene, before), [(before, end)], THROUGH) for before, end in windows]
    return pl.concat([inside(scene.rows, less([(ev.since, ev.until)], merged(windows))), *kept])


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One way in which a maker's orders might have been different, in few words and in a sentence."""

    title: str
    about: str
    orders: Callable[[Scene], Changed]


CHANGES: dict[str, Change] = {
    "larger": Change(title="every size +10 %", about="Each order a tenth larger, in whole lots.", orders=larger),
    "nearer": Change(
        title="one tick nearer",
        about="Each order one tick nearer to the reference, where it then still rests behind it.",
        orders=nearer,
    ),
    "halved": Change(
        title="half the distance",
        about="Each order at half its distance from the reference when it was placed.",
        orders=halved,
    ),
    "never_absent": Change(
        title="never away",
        about="Where nothing of it scored on either side, its orders of a typical moment, set again every 10 s.",
        orders=never_absent,
    ),
    "both_sides": Change(
        title="always both sides",
        about="Where one side alone scored, the same orders mirrored to the other side.",
        orders=both_sides,
    ),
    "in_stress": Change(title="there in stress", about="Both of that, but in stress alone.", orders=in_stress),
    "unfaded": Change(
        title="no fading after moves",
        about="After a move of the price that it answered with less, its orders from before, moved with the price.",
        orders=unfaded,
    ),
}


def _left(scene: Scene, before: int, first: int, end: int) -> bool:
    """Whether the maker showed less at some time after a move than before it."""
    marks = marks_of(scene)
    times = np.unique(np.concatenate([[before, first], marks[(marks > first) & (marks < end)]]))
    score = seen_at(scene, times)
    return bool(score[times >= first].min() < score[0])


def _filled(scene: Scene, windows: Sequence[Window]) -> Changed:
    ladder = typical(scene)
    if ladder.is_empty():
        return "none of its orders ever scored"
    return pl.concat([scene.rows, carried(scene, ladder, windows, FOLLOW)])


def _moved(scene: Scene, ticks: Callable[[Ints], Ints]) -> pl.DataFrame:
    """Orders moved towards the reference, by ticks that follow from the gap (half ticks) when each was placed."""
    born = np.maximum(scene.rows["born"].to_numpy(), scene.ev.since)
    twice = references_at(scene.market, born, early=True)
    side, price = (scene.rows[name].cast(pl.Int64).to_numpy() for name in ("side", "price"))
    reference = np.where(side == 1, twice[:, 0], twice[:, 1])
    shift = np.where(reference > 0, ticks(side * (reference - 2 * price)), 0)
    return scene.rows.with_columns(price=pl.Series(price + side * shift).cast(scene.rows.schema["price"]))
