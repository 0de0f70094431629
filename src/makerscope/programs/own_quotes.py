"""A maker's own quotes: when they were there, what a typical one was, and such a one carried or mirrored.

A side is **there** while an order of it scores under the program's first measure. A carried quote is one that the maker
really had, at the same distances from the reference, set again every so often.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.kernels.score_sweep import INSTANTS
from makerscope.programs.components import Looks, Market, Parties, counted_orders, swept
from makerscope.programs.evidence import Evidence
from makerscope.programs.program import Group
from makerscope.programs.resting import Resting
from makerscope.programs.sample_rule import Reducer
from makerscope.programs.spans import inside, where
from makerscope.programs.stress import Window

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """One maker in one market of a tape: ``rows`` are the stretches of its orders, as ``Evidence.lives`` has them."""

    group: Group
    market: Market
    maker: str
    rows: pl.DataFrame
    ev: Evidence
    parties: Parties


def there(scene: Scene) -> tuple[list[Window], list[Window]]:
    """When the maker's bids scored, and when its asks did."""
    marks = marks_of(scene)
    bids, asks = (where(marks, seen_at(scene, marks, side) > 0) for side in (1, -1))
    return bids, asks


def typical(scene: Scene) -> pl.DataFrame:
    """The orders that the maker had at its median moment: by score, over the time that both its sides scored.

    Over the time that one did where both never did, and no rows where none did. Columns as of ``ladder_at``.
    """
    marks = marks_of(scene)
    bid, ask = (seen_at(scene, marks, side)[:-1] > 0 for side in (1, -1))
    on = np.flatnonzero(bid & ask if (bid & ask).any() else bid | ask)
    if not on.size:
        return ladder_at(scene, -1)
    middle = (marks[on] + marks[on + 1]) // 2
    length = marks[on + 1] - marks[on]
    order = np.lexsort((middle, seen_at(scene, middle)))
    half = np.searchsorted(np.cumsum(length[order]), -(-int(length.sum()) // 2))
    return ladder_at(scene, int(middle[order[half]]))


def carried(scene: Scene, ladder: pl.DataFrame, windows: Sequence[Window], step: int) -> pl.DataFrame:
    """A ladder through windows, at its distances from the reference, set again every ``step`` ns where that moved."""
    starts = np.concatenate([np.arange(start, end, step) for start, end in windows] or [np.empty(0, np.int64)])
    ends = np.concatenate([np.minimum(np.arange(a, b, step) + step, b) for a, b in windows] or [starts])
    twice = references_at(scene.market, starts)
    out: list[pl.DataFrame] = []
    for number, (side, gap, size) in enumerate(ladder.iter_rows()):
        reference = twice[:, 0 if side == 1 else 1]
        price = (reference - gap) // 2 if side == 1 else -((-reference - gap) // 2)
        good = (reference > 0) & (price > 0)
        rows = pl.DataFrame({"start": starts[good], "end": ends[good], "price": price[good]})
        fresh = (pl.col("price") != pl.col("price").shift()) | (pl.col("start") != pl.col("end").shift())
        runs = rows.group_by(fresh.fill_null(True).cum_sum().alias("run"), maintain_order=True).agg(
            pl.col("start", "price").first(), pl.col("end").last()
        )
        out.append(_rows(scene, runs.with_columns(side=pl.lit(side), size=pl.lit(size)), f"carried {number}"))
    return pl.concat(out) if out else scene.rows.clear()


def mirrored(scene: Scene, side: int, windows: Sequence[Window]) -> pl.DataFrame:
    """The orders of one side in windows, mirrored to the other side of the reference as it was when each began."""
    parts = inside(scene.rows.filter(pl.col("side") == side), windows)
    twice = references_at(scene.market, parts["start"].to_numpy())
    own, other = (twice[:, 0], twice[:, 1]) if side == 1 else (twice[:, 1], twice[:, 0])
    price = (other + own) // 2 - parts["price"].to_numpy()
    good = pl.Series((twice[:, 0] > 0) & (price > 0))
    rows = parts.with_columns(price=pl.Series(price), side=pl.lit(-side)).filter(good)
    return _rows(scene, rows, "mirrored")


def ladder_at(scene: Scene, time: int) -> pl.DataFrame:
    """Orders at a moment as ``side``, ``gap`` (half ticks behind the reference) and ``size``; none without one."""
    rows = scene.rows.filter(pl.col("start") <= time, pl.col("end") > time)
    bids, asks = references_at(scene.market, np.array([time]))[0].tolist()
    gap = pl.col("side").cast(pl.Int64) * (
        pl.when(pl.col("side") == 1).then(bids).otherwise(asks) - 2 * pl.col("price")
    )
    return rows.filter(bids > 0).select(pl.col("side").cast(pl.Int64), gap=gap, size=pl.col("size").cast(pl.Int64))


def _rows(scene: Scene, rows: pl.DataFrame, order: str) -> pl.DataFrame:
    """Rows with ``start, end, side, price, size`` in the form of the maker's own, each as old as itself."""
    name = scene.market.instrument.instrument
    constant = {"instrument": name, "maker": scene.maker, "order": order, "ended_by": None}
    full = rows.with_columns(born="start", **{key: pl.lit(value) for key, value in constant.items()})
    return full.select(pl.col(key).cast(kind) for key, kind in scene.rows.schema.items())


def marks_of(scene: Scene) -> Ints:
    """Every time at which a score of the maker may change, within what was heard."""
    orders, span = _counted(scene), scene.market.span
    marks = np.unique(np.concatenate([orders.enter, orders.leave, scene.market.track.time, span.start, span.end]))
    return marks[(marks >= span.start[0]) & (marks <= span.end[-1])] if span.start.size else marks[:0]


def seen_at(scene: Scene, instants: Ints, side: int = 0) -> Ints:
    """Sample scores of the maker at instants: of both sides by the rule, or of one side alone."""
    rule = scene.market.rules[0]
    if side:
        rule = replace(rule, width=0, narrow=0, rule=replace(rule.rule, reducer=Reducer.SUM, cap=0))
    found = swept(
        _counted(scene, side),
        scene.market.track,
        scene.market.span,
        Looks(mode=INSTANTS, instants=instants),
        rule,
        makers=[scene.maker],
        most=scene.group.measure[0].most_orders,
        parties=scene.parties,
        keep=True,
    )
    return found.seen[:, 0]


def _counted(scene: Scene, side: int = 0) -> Resting:
    """The maker's orders that the first measure looks at, of both sides or of one."""
    name, item = scene.market.instrument.instrument, scene.group.measure[0]
    lives = scene.ev.lives[name] if item.within_size is not None else scene.rows
    found = counted_orders(lives, scene.market.instrument, item, scene.market.rules[0], [scene.maker])
    if not side:
        return found
    here = found.side == side
    column = {key: getattr(found, key)[here] for key in ("enter", "leave", "maker", "side", "price", "size")}
    return Resting(**column, leaving=np.argsort(column["leave"], kind="stable").astype(np.int64))


def references_at(market: Market, times: Ints, *, early: bool = False) -> Ints:
    """Twice the prices that bids and asks are measured from, ``(n, 2)``; -1 where unknown.

    With ``early`` a time before the first reference has that one.
    """
    track = market.track
    at = np.searchsorted(track.time, times, side="right") - 1
    if early:
        at = np.maximum(at, 0)
    if not track.time.size:
        return np.full((times.size, 2), -1, np.int64)
    twice = track.twice[np.maximum(at, 0)]
    known = (at >= 0) & (twice[:, :2] > 0).all(axis=1) & (twice[:, 2] >= 0)
    return np.where(known[:, np.newaxis], twice[:, :2], -1)
