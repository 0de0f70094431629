"""The lives of resting orders: when each rested, at what price and size, how it ended, and how long quotes live.

An interval is a stretch in which one order rests unchanged; a quote is what a maker shows between two decisions of its
own: from ``placed`` or ``replaced`` until it is replaced, cancelled, or filled completely. A partial fill changes the
interval, not the quote. Quotes that were resting when the recorder began (or began again) have an unknown age and are
left out; quotes that outlive the recorder's session are censored at its end.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from makerscope.errors import SchemaError
from makerscope.kernels.quoting import survival_quantile
from makerscope.metrics.measure import Measure, missing

NO_ORDERS = "not measurable: no resting orders on this tape"
PAIR = ["instrument", "maker"]
NOBODY = ""  # the maker of orders whose owner the source does not know


def intervals(orders: pl.DataFrame, *, until: int) -> pl.DataFrame:
    """Stretches of time in which an order rests unchanged.

    Args:
        orders: table ``orders`` with ``time`` (ns), any order.
        until: end of the data, ns: orders still resting then end there, with ``ended_by`` null.

    Returns:
        ``instrument, maker, order, side, price, size, start, end, born, ended_by``, ``start < end``; ``born`` is when
        this quote was placed or replaced. Unknown makers are ``""``.

    Raises:
        SchemaError: a column is missing.

    Examples:
        >>> steps = pl.DataFrame({"time": [1, 4, 9], "serial": [0, 1, 2], "instrument": "a", "maker": "m", "order": "o",
        ...     "action": ["placed", "filled", "cancelled"], "side": 1, "price": 7, "size": [5, 2, 0]})
        >>> intervals(steps, until=20).select("start", "end", "size", "born", "ended_by").rows()
        [(1, 4, 5, 1, 'filled'), (4, 9, 2, 1, 'cancelled')]
    """
    need = ("time", "serial", "instrument", "maker", "order", "action", "side", "price", "size")
    absent = tuple(name for name in need if name not in orders.columns)
    if absent:
        raise SchemaError("orders", missing=absent)
    own = ["instrument", "maker", "order"]
    return (
        orders.select(need)
        .with_columns(pl.col("maker").cast(pl.String).fill_null(NOBODY), pl.col("time").cast(pl.Int64))
        .sort("time", "serial")
        .with_columns(
            end=pl.col("time").shift(-1).over(own),
            ended_by=pl.col("action").shift(-1).over(own),
            born=pl.when(pl.col("action").is_in(["placed", "replaced"])).then("time").forward_fill().over(own),
        )
        .filter(pl.col("size") > 0, pl.col("action").is_in(["placed", "replaced", "filled"]))
        .with_columns(pl.col("end").fill_null(until).clip(upper_bound=until), pl.col("born").fill_null(pl.col("time")))
        .filter(pl.col("time") < pl.col("end"))
        .select(*own, "side", "price", "size", start="time", end="end", born="born", ended_by="ended_by")
    )


def quote_lives(lives: pl.DataFrame, sessions: pl.DataFrame) -> pl.DataFrame:
    """How long each quote lived.

    Args:
        lives: of ``intervals``.
        sessions: ``instrument, start, end`` of the channel ``orders``, ns, in order.

    Returns:
        ``instrument, maker, order, born, life`` (ns), ``ended`` (False: censored), ``pulled`` (the maker took it away).
    """
    quotes = (
        lives.sort("start")
        .group_by("instrument", "maker", "order", "born", maintain_order=True)
        .agg(pl.col("end").last(), pl.col("ended_by").last())
    )
    heard = sessions.select("instrument", begin="start", hush="end").sort("begin")
    return (
        quotes.sort("born")
        .join_asof(heard, left_on="born", right_on="begin", by="instrument", check_sortedness=False)
        .filter(pl.col("born") > pl.col("begin"), pl.col("born") < pl.col("hush"))
        .with_columns(ended=pl.col("ended_by").is_not_null() & (pl.col("end") <= pl.col("hush")))
        .select(
            "instrument", "maker", "order", "born",
            life=pl.min_horizontal("end", "hush") - pl.col("born"),
            ended="ended",
            pulled=pl.col("ended") & (pl.col("ended_by") != "filled"),
        )
    )  # fmt: skip


def quote_lifetime(quotes: pl.DataFrame, *, share: float = 0.5) -> Measure:
    """The time by which ``share`` of the quotes have ended (Kaplan-Meier), ns.

    Args:
        quotes: rows of ``quote_lives``, of one maker or many.
        share: 0.5 for the median.

    Examples:
        >>> quote_lifetime(pl.DataFrame({"life": [5, 7, 9], "ended": [True, False, True]})).value
        9.0
    """
    if not quotes.height:
        return missing("ns", NO_ORDERS)
    return _quantile(quotes["life"], quotes["ended"], share, "quotes")


def time_to_fill(lives: pl.DataFrame) -> Measure:
    """Median time from placing or replacing a quote to its first fill, ns, of the quotes that were filled.

    Args:
        lives: of ``intervals``, of one maker or many.

    Examples:
        >>> steps = pl.DataFrame({"time": [1, 4, 9], "serial": [0, 1, 2], "instrument": "a", "maker": "m", "order": "o",
        ...     "action": ["placed", "filled", "cancelled"], "side": 1, "price": 7, "size": [5, 2, 0]})
        >>> time_to_fill(intervals(steps, until=20)).value
        3.0
    """
    first = (
        lives.filter(pl.col("ended_by") == "filled")
        .group_by("instrument", "maker", "order", "born")
        .agg(pl.col("end").min())
    )
    if not first.height:
        return missing("ns", NO_ORDERS if not lives.height else "no quote was filled")
    wait = (first["end"] - first["born"]).median()
    return Measure(value=float(wait), unit="ns", n=first.height)  # pyright: ignore[reportArgumentType]


def time_to_cancel(quotes: pl.DataFrame, *, within: int) -> Measure:
    """Share of quotes that the maker pulled within ``within`` ns: the flicker.

    Quotes censored before that age are left out: their fate is unknown.
    """
    known = quotes.filter(pl.col("ended") | (pl.col("life") >= within))
    if not known.height:
        return missing("fraction", NO_ORDERS if not quotes.height else "every quote outlived the recording")
    pulled = known.filter(pl.col("pulled") & (pl.col("life") <= within)).height
    return Measure(value=pulled / known.height, unit="fraction", n=known.height)


def censored_quantiles(durations: pl.Series, ended: pl.Series, shares: Sequence[float], of: str) -> list[Measure]:
    """Kaplan-Meier quantiles of durations (ns), some of which were cut short."""
    if not len(durations):
        return [missing("ns", f"no {of}") for _ in shares]
    return [_quantile(durations, ended, share, of) for share in shares]


def _quantile(durations: pl.Series, ended: pl.Series, share: float, of: str) -> Measure:
    duration, died = durations.to_numpy().astype(np.int64), ended.to_numpy().astype(np.int64)
    order = np.lexsort((-died, duration))
    cut = int(len(died) - died.sum())
    value = int(survival_quantile(duration[order], died[order], share))
    if value < 0:
        return missing("ns", f"{cut} of {len(died)} {of} had not ended, more than the quantile allows", n=len(died))
    return Measure(value=float(value), unit="ns", n=len(died), reason=f"{cut} censored" if cut else "")


def message_counts(orders: pl.DataFrame) -> pl.DataFrame:
    """``messages`` (a replacement is two), ``placed`` and ``filled`` lots by maker and instrument."""
    own = ["instrument", "maker", "order"]
    steps = (
        orders.with_columns(pl.col("maker").cast(pl.String).fill_null(NOBODY))
        .sort("time", "serial")
        .with_columns(before=pl.col("size").shift(1).over(own))
    )
    action = pl.col("action")
    weight = (
        pl.when(action == "replaced")
        .then(2)
        .when(action.is_in(["placed", "cancelled", "rejected"]))
        .then(1)
        .otherwise(0)
    )
    eaten = (pl.col("before") - pl.col("size")).filter(action == "filled")
    return (
        steps.group_by(PAIR)
        .agg(
            messages=weight.sum().cast(pl.Int64),
            placed=pl.col("size").filter(action.is_in(["placed", "replaced"])).sum(),
            filled=eaten.sum(),
        )
        .sort(PAIR)
    )


def quote_to_trade(counts: pl.DataFrame, fills: int) -> Measure:
    """Messages for each fill; ``counts``: rows of ``message_counts``."""
    if not counts.height:
        return missing("messages per fill", NO_ORDERS)
    if not fills:
        return missing("messages per fill", "no fills", n=int(counts["messages"].sum()))
    return Measure(value=int(counts["messages"].sum()) / fills, unit="messages per fill", n=fills)


def fill_ratio(counts: pl.DataFrame) -> Measure:
    """Lots filled for each lot shown; ``counts``: rows of ``message_counts`` of one instrument."""
    placed = int(counts["placed"].sum()) if counts.height else 0
    if not placed:
        return missing("fraction", NO_ORDERS)
    return Measure(value=int(counts["filled"].sum()) / placed, unit="fraction", n=int(counts["messages"].sum()))
