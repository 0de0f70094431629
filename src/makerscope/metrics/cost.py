"""What it costs to trade against a book: round trips, slippage by size, XLM; imbalance and slope of the book.

Costs are >= 0 to the taker where bid < ask, in bps of the mid. A size that the visible book cannot fill has no cost: it
is null, and ``fill_ratio`` says what share could be filled. Zero and one-sided books have no mid, hence no cost.

Sources: round trip and slippage, reference of measures, section 9; XLM, Deutsche Boerse (Xetra Liquidity Measure): buy
and sell cost of a fixed cash size, sampled each minute and averaged; slope, Hasbrouck and Seppi (2001), J. Financial
Economics 59, 383-411.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.kernels.depth import walk_cash, walk_lots
from makerscope.metrics.buckets import bootstrap_ratio
from makerscope.metrics.measure import Measure, missing
from makerscope.metrics.states import BookStates, sample_states

MINUTE = 60_000_000_000
BLOCK = 5  # samples resampled together; books a few minutes apart still resemble each other


def round_trip_cost(states: BookStates, lots: int) -> pl.DataFrame:
    """Cost of buying ``lots`` and selling them again at once, state by state.

    Args:
        states: of one instrument.
        lots: size, > 0.

    Returns:
        ``time``; ``buy_price``, ``sell_price``: volume-weighted average prices in ticks; ``full_cost_bps`` = 1e4 * (buy
        - sell) / mid; ``fill_ratio``: share of ``lots`` the thinner side holds. Prices and cost are null where that is
        below 1 or there is no mid.

    Raises:
        DomainError: ``lots`` is not positive.

    Examples:
        >>> book = BookStates(
        ...     time=np.array([0]), bid=np.array([[999, 998]]), bid_size=np.array([[10, 20]]),
        ...     ask=np.array([[1001, 1003]]), ask_size=np.array([[8, 20]]),
        ... )
        >>> round_trip_cost(book, 10)["full_cost_bps"].round(6).to_list()
        [24.0]
        >>> round_trip_cost(book, 56)["fill_ratio"].to_list()
        [0.5]
    """
    if lots <= 0:
        raise DomainError(f"size is {lots} lots; want a positive number")
    m = states.time.shape[0]
    cash, filled = np.zeros((2, m), np.int64), np.zeros((2, m), np.int64)
    walk_lots(states.ask, states.ask_size, lots, cash[0], filled[0])
    walk_lots(states.bid, states.bid_size, lots, cash[1], filled[1])
    fill_ratio = filled.min(axis=0) / lots
    known = states.two_sided & (filled.min(axis=0) == lots)
    cost = _ratio(20_000.0 * (cash[0] - cash[1]), lots * states.twice_mid.astype(np.float64), known)
    return _frame(
        states.time,
        buy_price=(cash[0] / lots, known),
        sell_price=(cash[1] / lots, known),
        full_cost_bps=(cost, known),
        fill_ratio=(fill_ratio, np.ones(m, np.bool_)),
    )


def cash_cost(states: BookStates, cash: int) -> pl.DataFrame:
    """Cost of buying for, and of selling for, a fixed amount of cash, state by state.

    Args:
        states: of one instrument.
        cash: ticks * lots, > 0.

    Returns:
        ``time``; ``buy_bps``, ``sell_bps``: 1e4 * abs(average price - mid) / mid, half costs; ``full_cost_bps``, their
        sum; ``buy_fill``, ``sell_fill``: share of the cash that the side could trade. A cost is null where that is
        below 1 or there is no mid.

    Raises:
        DomainError: ``cash`` is not positive.
    """
    if cash <= 0:
        raise DomainError(f"cash is {cash} ticks * lots; want a positive number")
    columns = {}
    for name, price, size in (("buy", states.ask, states.ask_size), ("sell", states.bid, states.bid_size)):
        lots, spent = np.zeros(states.time.shape[0]), np.zeros(states.time.shape[0], np.int64)
        walk_cash(price, size, cash, lots, spent)
        known = states.two_sided & (spent == cash)
        average = _ratio(np.full(lots.shape, float(cash)), lots, known)
        mid = states.twice_mid / 2
        columns[f"{name}_bps"] = (1e4 * np.abs(_ratio(average - mid, mid, known)), known)
        columns[f"{name}_fill"] = (spent / cash, np.ones(lots.shape, np.bool_))
    frame = _frame(states.time, **columns)
    return frame.with_columns(full_cost_bps=pl.col("buy_bps") + pl.col("sell_bps")).select(
        "time", "buy_bps", "sell_bps", "full_cost_bps", "buy_fill", "sell_fill"
    )


def slippage_curve(states: BookStates, sizes: Sequence[int]) -> pl.DataFrame:
    """Mean half cost a side over a grid of cash sizes, each state counting once: give sampled states.

    Args:
        states: from ``sample_states``, so that each stands for the same time.
        sizes: ticks * lots.

    Returns:
        For each size and side: ``cash``, ``side`` (``buy``, ``sell``), ``half_cost_bps`` (mean over the states that
            could fill it, null if
        none could), ``samples`` (states with a mid), ``thin`` (of those, states that could not), ``fill_ratio`` (mean
        over ``samples``). A mean over the fillable states alone looks better than the market: read it with ``thin``.
    """
    mids = pl.Series(states.two_sided)
    rows = []
    for cash in sizes:
        costs = cash_cost(states, cash).filter(mids)
        for side in ("buy", "sell"):
            half, fill = costs[f"{side}_bps"], costs[f"{side}_fill"]
            rows.append((cash, side, half.mean(), costs.height, half.null_count(), fill.mean()))
    names = {
        "cash": pl.Int64,
        "side": pl.String,
        "half_cost_bps": pl.Float64,
        "samples": pl.Int64,
        "thin": pl.Int64,
        "fill_ratio": pl.Float64,
    }
    return pl.DataFrame(rows, schema=names, orient="row")


def xlm(states: BookStates, sessions: pl.DataFrame, cash: int, *, every: int = MINUTE) -> Measure:
    """Xetra Liquidity Measure: round-trip cost of ``cash``, sampled each minute and averaged.

    Args:
        states: of one instrument, every message.
        sessions: ``start``, ``end`` (ns) in which the recorder heard the book; nothing is sampled outside.
        cash: ticks * lots.
        every: ns between samples.

    Returns:
        bps of the mid with the number of samples; an interval from a block bootstrap where there are enough of them.
        Missing if no sample could fill the size; ``reason`` says how many could not.
    """
    samples = sample_states(states, sessions, every=every)
    costs = cash_cost(samples, cash)["full_cost_bps"]
    known = costs.drop_nulls().to_numpy()
    if not known.size:
        why = (
            "no whole sampling instant inside a session" if not len(costs) else f"too thin in all {len(costs)} samples"
        )
        return missing("bps", why, n=0)
    bounds = bootstrap_ratio(known, np.ones(known.size), block=BLOCK)
    thin = f"{costs.null_count()} of {len(costs)} samples were too thin or without a mid" if costs.null_count() else ""
    low, high = bounds or (None, None)
    return Measure(value=float(known.mean()), unit="bps", n=known.size, low=low, high=high, reason=thin)


def impact_cost(cost_bps: float, cash: float) -> float:
    """What a cost in bps is in cash for an order of ``cash``.

    Examples:
        >>> impact_cost(10, 25_000)
        25.0
    """
    return cost_bps * cash / 1e4


def order_book_imbalance(states: BookStates, levels: int) -> pl.DataFrame:
    """(bid - ask) / (bid + ask) of the lots on the best levels.

    Args:
        states: of one instrument.
        levels: how many a side, 1 to the number held.

    Returns:
        ``time`` and ``imbalance`` in [-1, 1], > 0 when more is bid; null where the book is empty.

    Raises:
        DomainError: more levels than the states hold, or fewer than 1.
    """
    if not 1 <= levels <= states.bid.shape[1]:
        raise DomainError(f"levels is {levels}; want 1 to {states.bid.shape[1]}, the levels held")
    bid, ask = (size[:, :levels].astype(np.float64).sum(axis=1) for size in (states.bid_size, states.ask_size))
    known = bid + ask > 0
    return _frame(states.time, imbalance=(_ratio(bid - ask, bid + ask, known), known))


def quoted_slope(states: BookStates) -> pl.DataFrame:
    """Quoted slope of Hasbrouck and Seppi: full quoted spread over the log sizes at the touch.

    Returns:
        ``time``; ``quoted_slope`` = (ask - bid) / (ln ask size + ln bid size), ticks per log lot; ``log_slope`` = 1e4 *
        ln(ask / bid) over the same. Null where there is no mid or both sizes are 1 lot (unstable near it).
    """
    sizes = np.log(np.maximum(states.bid_size[:, 0], 1)) + np.log(np.maximum(states.ask_size[:, 0], 1))
    known = states.two_sided & (sizes > 0)
    spread = (states.ask[:, 0] - states.bid[:, 0]).astype(np.float64)
    logs = np.log(_ratio(states.ask[:, 0].astype(np.float64), states.bid[:, 0].astype(np.float64), known, other=1.0))
    return _frame(
        states.time,
        quoted_slope=(_ratio(spread, sizes, known), known),
        log_slope=(1e4 * _ratio(logs, sizes, known), known),
    )


def _ratio(
    top: NDArray[np.float64], bottom: NDArray[np.float64], known: NDArray[np.bool_], *, other: float = 0.0
) -> NDArray[np.float64]:
    return np.divide(top, bottom, out=np.full(known.shape, other), where=known)


def _frame(time: NDArray[np.int64], **columns: tuple[NDArray[np.float64], NDArray[np.bool_]]) -> pl.DataFrame:
    frame = pl.DataFrame({"time": time, **{name: values for name, (values, _) in columns.items()}})
    return frame.select(
        "time", *(pl.when(pl.Series(known)).then(pl.col(name)).alias(name) for name, (_, known) in columns.items())
    )
