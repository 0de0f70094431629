"""The way of a maker's messages, where a tape knows it: decided, sent, seen by the venue, in effect.

``thinking`` = sent - decided, ``on_the_wire`` = seen - sent, ``waiting`` = in effect - seen (mempool, block, place
inside it), and ``to_effect`` = in effect - decided is the sum of the three for every message. All in ns. Only messages
of the maker itself count: a fill was caused by somebody else's, and what the venue cancelled by itself nobody sent.
"""

from types import MappingProxyType

import polars as pl

from makerscope.metrics.measure import Measure, missing
from makerscope.metrics.order_life import NO_ORDERS, NOBODY

OWN = ("placed", "replaced", "cancelled", "rejected")
STAGES: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        "thinking": ("decided", "sent"),
        "on_the_wire": ("sent", "seen"),
        "waiting": ("seen", "exchange_time"),
        "to_effect": ("decided", "exchange_time"),
    }
)
UNKNOWN = "not measurable: this tape does not say when messages were decided, sent and seen"


def message_ways(orders: pl.DataFrame) -> pl.DataFrame:
    """One row a message: how long each stage of its way took.

    A message that touched several orders (one that cancels all) is one message: rows of one maker that were decided,
    sent and seen at the same times on the same instrument and side count once.

    Args:
        orders: table ``orders``.

    Returns:
        ``maker, instrument, action`` and ``STAGES`` (ns, null where an end of the stage is unknown).

    Examples:
        >>> row = {"maker": "m", "instrument": "v:X", "action": "placed", "side": 1, "serial": 0, "exchange_time": 90}
        >>> way = message_ways(pl.DataFrame([row | {"decided": 10, "sent": 15, "seen": 40}]))
        >>> way.select("thinking", "on_the_wire", "waiting", "to_effect").row(0)
        (5, 25, 50, 80)
    """
    sent = orders.filter(
        pl.col("action").is_in(OWN), pl.any_horizontal(pl.col("decided", "sent", "seen").is_not_null())
    )
    return (
        sent.with_columns(pl.col("maker").cast(pl.String).fill_null(NOBODY))
        .unique(["maker", "instrument", "side", "decided", "sent", "seen"], keep="first", maintain_order=True)
        .select(
            "maker", "instrument", "action",
            *((pl.col(end) - pl.col(start)).alias(name) for name, (start, end) in STAGES.items()),
        )
    )  # fmt: skip


def way_measures(ways: pl.DataFrame) -> dict[str, Measure]:
    """Median and 99th percentile of each stage: ``<stage>_median``, ``<stage>_p99`` (ns).

    Args:
        ways: rows of ``message_ways``, of one maker or many. The 99th percentile is the smallest time within which 99 %
            of the messages passed.
    """
    out: dict[str, Measure] = {}
    for name in STAGES:
        known = ways[name].drop_nulls() if ways.height else pl.Series([], dtype=pl.Int64)
        for part, share in (("median", 0.5), ("p99", 0.99)):
            out[f"{name}_{part}"] = _quantile(known, share)
    return out


def no_ways(*, orders: bool) -> dict[str, Measure]:
    """The same, all missing: for tapes that do not know the way, or hold no orders."""
    gone = missing("ns", UNKNOWN if orders else NO_ORDERS)
    return {f"{name}_{part}": gone for name in STAGES for part in ("median", "p99")}


def _quantile(known: pl.Series, share: float) -> Measure:
    if not len(known):
        return missing("ns", UNKNOWN)
    value = known.quantile(share, "higher" if share > 0.5 else "linear")
    return Measure(value=float(value), unit="ns", n=len(known))  # pyright: ignore[reportArgumentType]
