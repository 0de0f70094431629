"""What changes a score beyond presence: quotes that stay when the price moves, and fills that were worth it."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from makerscope.kernels.score_sweep import INSTANTS
from makerscope.programs.components import Looks, Market, of_first
from makerscope.programs.program import Fade, Fills
from makerscope.programs.sample_rule import UNIT
from makerscope.programs.stress import shocks
from makerscope.programs.units import nanoseconds, pico

BPS = UNIT // 10_000


def kept_after_moves(market: Market, rule: Fade, makers: Sequence[str], until: int, *, most: int) -> list[int]:
    """Of the quality before each move of the reference, the part that is still there after it, pico; none asked: one.

    What came new after a move does not make up for what left elsewhere: each move counts with the smaller of both.
    """
    pairs = shocks(market.track, until, rule, market.instrument.instrument)
    if not pairs:
        return [UNIT] * len(makers)
    times = np.array(sorted({time for pair in pairs for time in pair}), np.int64)
    seen = of_first(market, Looks(mode=INSTANTS, instants=times), makers, most=most)
    place = {time: k for k, time in enumerate(times.tolist())}
    before = seen[[place[first] for first, _ in pairs]].astype(object)
    after = seen[[place[last] for _, last in pairs]].astype(object)
    held = np.minimum(before, after).sum(axis=0)
    total = before.sum(axis=0)
    return [int(h) * UNIT // int(t) if t else UNIT for h, t in zip(held, total, strict=True)]


def fade_factor(kept: int, rule: Fade) -> int:
    """``1 - charge * (1 - kept)``, pico, at least 0."""
    return max(UNIT - pico(rule.charge) * (UNIT - kept) // UNIT, 0)


def markouts(fills: pl.DataFrame, market: Market, makers: Sequence[str], horizon: int) -> list[int | None]:
    """Each maker's gain per traded value against the reference ``horizon`` ns later, pico; None without a fill.

    Fills whose horizon lies past the last reference, or where it is unknown, are left out.
    """
    track = market.track
    at = np.searchsorted(track.time, fills["time"].to_numpy() + horizon, side="right") - 1
    last = int(track.time[-1]) if track.time.size else -1
    twice = track.twice[np.clip(at, 0, None), :2] if track.time.size else np.zeros((fills.height, 2), np.int64)
    good = (at >= 0) & (twice > 0).all(axis=1) & (fills["time"].to_numpy() + horizon <= last)
    rows = fills.with_columns(later=pl.Series(twice.sum(axis=1), dtype=pl.Int64)).filter(pl.Series(good))
    wide = rows.with_columns(pl.col("later", "price", "size", "side").cast(pl.Int128))
    sums = wide.group_by("maker").agg(
        gain=(pl.col("side") * (pl.col("later") - 4 * pl.col("price")) * pl.col("size")).sum(),
        traded=(4 * pl.col("price") * pl.col("size")).sum(),
    )
    known = {maker: (int(gain), int(traded)) for maker, gain, traded in sums.iter_rows()}
    return [known[name][0] * UNIT // known[name][1] if name in known else None for name in makers]


def fills_factor(markout: int | None, rule: Fills) -> int:
    """1 up to a fair markout, ``low`` from a rich one on, linear between, pico. A maker without fills gets ``low``."""
    low, fair, rich = pico(rule.low), pico(rule.fair_bps) // 10_000, pico(rule.rich_bps) // 10_000
    if markout is None:
        return low
    if markout <= fair:
        return UNIT
    if markout >= rich:
        return low
    return UNIT - (UNIT - low) * (markout - fair) // (rich - fair)


def horizon_of(rule: Fills) -> int:
    """The horizon in ns."""
    return nanoseconds(rule.horizon_s)
