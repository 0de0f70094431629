"""Points of single orders by their place in the queue, as the Mango v3 program scored them: by the worse of both ends.

An order earns when it is filled or goes away, for the time since it was placed. What a fill took was at the front of
the queue then; what is cancelled stands where it stood.

Source:
    blockworks-foundation/mango-v3@c4d52dc7 program/src/state.rs, apply_size_incentives and apply_price_incentives.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import polars as pl

from makerscope.kernels.queue import queue_places
from makerscope.programs.sample_rule import UNIT
from makerscope.programs.terms import Queue
from makerscope.tape.events import Instrument

BPS = UNIT // 10_000
SECOND = 1_000_000_000


def queue_points(lives: pl.DataFrame, instrument: Instrument, rule: Queue, makers: Sequence[str]) -> list[int]:
    """Points of each maker in one market: lots to a power times lots times seconds (bps in pico for kind ``price``).

    Args:
        lives: stretches of its resting orders, of ``order_life.intervals``.
        instrument: the market.
        rule: the rule.
        makers: names, in the order of the answer.
    """
    rows = lives.sort("start", "maker", "order")
    column = {name: rows[name].cast(pl.Int64).to_numpy() for name in ("start", "end", "side", "price", "size", "born")}
    leaving = np.argsort(column["end"], kind="stable").astype(np.int64)
    places = queue_places(
        column["start"], column["end"], leaving, column["side"], column["price"], column["size"], column["born"]
    )
    quote = ["maker", "order", "born"]
    left = pl.col("size").shift(-1).over(quote).fill_null(0)
    frame = rows.with_columns(
        came=pl.Series(places[:, 0]), went=pl.Series(places[:, 1]), best=pl.Series(places[:, 2]),
        last=pl.Series(places[:, 3]),
    ).with_columns(
        pl.col("came", "best").first().over(quote),  # a partial fill begins a new row, not a new place
        gone=pl.when(pl.col("ended_by") == "filled").then(pl.col("size") - left).otherwise("size"),
    )  # fmt: skip
    ended = frame.filter(pl.col("ended_by").is_not_null(), pl.col("gone") > 0)
    out = dict.fromkeys(makers, 0)
    names = ("maker", "side", "price", "gone", "came", "went", "best", "last", "born", "end", "ended_by")
    deepest = Fraction(rule.max_depth) / (Fraction(instrument.lot_size) if rule.kind == "ahead" else Fraction(1, BPS))
    for maker, side, price, gone, came, went, best, last, born, end, why in ended.select(names).iter_rows():
        seconds = min((end - born) // SECOND, rule.most_seconds)
        filled = why == "filled"
        if rule.kind == "ahead":
            depth = int(deepest) - max(came, 0 if filled else went)
            points = depth**rule.exponent * min(gone, depth) * seconds if depth > 0 else 0
        else:
            points = _price_points(int(deepest), (side, price, best, price if filled else last), rule) * gone * seconds
        if maker in out:
            out[maker] += points
    return list(out.values())


def _price_points(deepest: int, order: tuple[int, int, int, int], rule: Queue) -> int:
    """``(max_depth - distance) ** exponent``, pico of the best price; with a depth of 0 only the best price earns."""
    side, price, came, went = order
    best = max(came, went) if side > 0 else min(came, went)
    if deepest == 0:
        return int(best == price)
    distance = abs(best - price) * UNIT // best
    return max(deepest - distance, 0) ** rule.exponent
