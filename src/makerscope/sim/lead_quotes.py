"""What the leading venue showed, as rows of ``quotes``: makers are judged by it, so it stands on the tape.

Its price path is known before the first event, so the rows are made beside the compiled loop and cost it nothing. Shown is
the touch as everybody sees it, without what the scenario's own hedges moved; in an outage both sides are null.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.market.leader import HALF, NERVES, SECOND, SHOWN
from makerscope.market.reference_terms import YEAR_NS
from makerscope.sim import world as w
from makerscope.sim.build import Built


def lead_quotes(built: Built, since: int, until: int) -> pl.DataFrame:
    """Quotes of every leading market that changed in ``[since, until)``, ns; in order of time for each market.

    Args:
        built: the world; its path, the leader's plan and its outages are read.
        since: first ns.
        until: first ns after.
    """
    world, step = built.world, int(built.world.rule[w.G_STEP])
    first = max(-(-(since - built.start) // step), 0)
    last = min(-(-(until - built.start) // step), world.path.spot.shape[1])
    at = np.arange(first, last, dtype=np.int64)
    before = np.maximum(at - 1, 0)
    leads = [market for market in built.markets if market.lead]
    parts = [_NONE]
    for u, market in enumerate(leads):
        bid, ask, down = _touch(world, u, market.tick, at, built.start + at * step)
        was = _touch(world, u, market.tick, before, built.start + before * step)
        new = (bid != was[0]) | (ask != was[1]) | (down != was[2]) | (at == 0)
        size = np.full(len(at), int(world.desk.numbers[u, SHOWN]), np.int64)
        rows = pl.DataFrame(
            {
                "exchange_time": built.start + at * step, "bid": bid, "bid_size": size, "ask": ask, "ask_size": size,
                "sequence": at, "down": down,
            }
        ).filter(pl.Series(new))  # fmt: skip
        shown = pl.when(~pl.col("down"))
        parts.append(
            rows.with_columns(shown.then(pl.col("bid", "bid_size", "ask", "ask_size")))
            .with_columns(instrument=pl.lit(market.name))
            .select(_NONE.columns)
        )
    return pl.concat(parts)


def _touch(
    world: w.World, u: int, tick: float, at: NDArray[np.int64], time: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Bid and ask in ticks, and whether the venue is down."""
    floats, spot = world.desk.floats[u], world.path.spot[u, at] / tick
    half = floats[HALF] + floats[NERVES] * np.sqrt(world.path.variance[u, at] * (SECOND / YEAR_NS))
    bid = np.maximum(np.floor(spot * (1.0 - half)).astype(np.int64), 1)
    ask = np.maximum(np.ceil(spot * (1.0 + half)).astype(np.int64), bid + 1)
    down = np.zeros(len(at), bool)
    for start, end in world.desk.outages:
        down |= (time >= start) & (time < end)
    return bid, ask, down


_NONE = pl.DataFrame(
    schema=dict.fromkeys(("exchange_time",), pl.Int64)
    | {"instrument": pl.String}
    | dict.fromkeys(("bid", "bid_size", "ask", "ask_size", "sequence"), pl.Int64)
)
