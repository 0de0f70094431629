"""Depth, slippage and resiliency of one order book, for its card."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from makerscope.metrics.book import levels_after_each
from makerscope.metrics.buckets import ratio_measure
from makerscope.metrics.cost import order_book_imbalance, slippage_curve, xlm
from makerscope.metrics.depth import BANDS, depth_buckets, mean_depth
from makerscope.metrics.measure import Measure, missing
from makerscope.metrics.resiliency import resiliency_half_life
from makerscope.metrics.states import BookStates, book_states, deep_states, sample_states
from makerscope.metrics.view import EXCHANGE, LOCAL
from makerscope.report.scorecard import DepthRow, Heat, SlippageRow
from makerscope.report.study import Study, notional_of

SHOWN = 20  # levels a side after every message
SAMPLES = 3000
SECOND = 1_000_000_000
NOTIONALS = (1e3, 1e4, 1e5, 1e6)  # quote currency
NO_BOOK = "not measurable: no order book on this tape"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookMeasures:
    """What an order book adds to the card of its instrument."""

    measures: dict[str, Measure]
    depth: tuple[DepthRow, ...]
    slippage: tuple[SlippageRow, ...]
    heat: Heat | None
    path: tuple[tuple[int, ...], tuple[float | None, ...]] | None


def book_measures(study: Study, name: str) -> BookMeasures:
    """Depth bands, slippage, XLM, imbalance and resiliency of one market; all missing where the tape has no book."""
    view = study.view
    levels = view.tape.read("book", until=view.until, instrument=name)
    if not levels.height:
        gone = {
            key: missing(unit, NO_BOOK)
            for key, unit in (("xlm", "bps"), ("order_book_imbalance", "fraction"), ("resiliency_half_life", "ns"))
        }
        return BookMeasures(measures=gone, depth=(), slippage=(), heat=None, path=None)
    clock = {EXCHANGE: "exchange_time", LOCAL: "local_time"}.get(view.clock[name], "time")
    sessions = view.sessions.filter((pl.col("instrument") == name) & (pl.col("channel") == "book")).select(
        "start", "end"
    )
    states = book_states(levels_after_each(levels, SHOWN), clock)
    every = max(SECOND, (view.until - view.since) // SAMPLES)
    deep = deep_states(levels, clock, every=every) if not levels["snapshot"].all() else states
    instrument = view.instruments[name]
    cash = float(notional_of({name: instrument})["unit"][0])  # quote currency of a tick times a lot, or of a contract
    worth = "lots" if instrument.inverse else "cash"
    buckets = depth_buckets(deep, sessions, instrument=name, width=study.width).with_columns(
        **{f"{side}_cash_ns": pl.col(f"{side}_{worth}_ns").cast(pl.Float64) * cash for side in ("bid", "ask", "least")}
    )
    samples = sample_states(states, sessions, every=every)
    trades = view.trades.filter(pl.col("instrument") == name)
    measures = {
        "xlm": xlm(states, sessions, max(1, round(1e5 / cash))) if not instrument.inverse else _inverse("bps"),
        "order_book_imbalance": _mean(order_book_imbalance(samples, min(5, samples.bid.shape[1]))["imbalance"]),
        "resiliency_half_life": resiliency_half_life(states, trades, sessions),
    }
    return BookMeasures(
        measures=measures,
        depth=_bands(study, buckets),
        slippage=() if instrument.inverse else _slippage(samples, cash),
        heat=_heat(study, buckets),
        path=_path(study, buckets),
    )


def _inverse(unit: str) -> Measure:
    return missing(unit, "sizes are contracts of a fixed value in quote currency: see the depth bands")


def _mean(values: pl.Series) -> Measure:
    known = values.drop_nulls()
    if not len(known):
        return missing("fraction", "no book state with both sides")
    return Measure(value=float(known.mean()), unit="fraction", n=len(known))  # pyright: ignore[reportArgumentType]


def _bands(study: Study, buckets: pl.DataFrame) -> tuple[DepthRow, ...]:
    if not buckets.height:
        return ()
    rows = []
    means = mean_depth(buckets.drop("instrument"), ["band"])
    for band in BANDS:
        part = buckets.filter(pl.col("band") == band)
        seconds = int(part["ns"].sum()) // SECOND

        def depth(side: str, part: pl.DataFrame = part, seconds: int = seconds) -> Measure:
            return ratio_measure(
                part,
                f"{side}_cash_ns",
                "ns",
                unit="quote",
                n=seconds,
                undefined="book never two-sided",
                span=study.span,
            )

        cut = means.filter(pl.col("band") == band).select(pl.max_horizontal("bid_cut", "ask_cut")).item()
        rows.append(
            DepthRow(
                band_bps=float(band), bid=depth("bid"), ask=depth("ask"), smaller=depth("least"), truncated=cut or 0.0
            )
        )
    return tuple(rows)


def _slippage(samples: BookStates, cash: float) -> tuple[SlippageRow, ...]:
    sizes = [max(1, round(notional / cash)) for notional in NOTIONALS]
    curve = slippage_curve(samples, sizes)
    rows = []
    for notional, size in zip(NOTIONALS, sizes, strict=True):
        here = {row["side"]: row for row in curve.filter(pl.col("cash") == size).iter_rows(named=True)}
        buy, sell = (_cost(here[side]) for side in ("buy", "sell"))
        both = (
            Measure(value=buy.value + sell.value, unit="bps", n=min(buy.n, sell.n))
            if buy.value is not None and sell.value is not None
            else missing("bps", buy.reason or sell.reason)
        )
        filled = min(here[side]["fill_ratio"] or 0.0 for side in here)
        rows.append(SlippageRow(notional=notional, buy=buy, sell=sell, round_trip=both, filled=filled))
    return tuple(rows)


def _cost(row: dict[str, float | int | None]) -> Measure:
    samples, thin = int(row["samples"] or 0), int(row["thin"] or 0)
    if row["half_cost_bps"] is None:
        return missing("bps", f"the recorded levels were too thin in all {samples} samples", n=samples)
    why = f"{thin} of {samples} samples were too thin and are left out" if thin else ""
    return Measure(value=float(row["half_cost_bps"]), unit="bps", n=samples - thin, reason=why)


def _heat(study: Study, buckets: pl.DataFrame) -> Heat | None:
    """Depth of the thinner side over time and bands."""
    if not buckets.height:
        return None
    table = mean_depth(buckets.drop("instrument"), ["bucket", "band"])
    first, last = study.span
    grid = np.full((len(BANDS), last - first + 1), np.nan)
    for bucket, band, value in table.select("bucket", "band", "least_cash").iter_rows():
        if value is not None and first <= bucket <= last:
            grid[BANDS.index(band), bucket - first] = value
    return Heat(
        name="depth of the thinner side",
        unit="quote",
        times=tuple((first + i) * study.width for i in range(last - first + 1)),
        rows=tuple(f"{band} bps" for band in BANDS),
        values=tuple(tuple(None if np.isnan(v) else float(v) for v in row) for row in grid),
    )


def _path(study: Study, buckets: pl.DataFrame) -> tuple[tuple[int, ...], tuple[float | None, ...]] | None:
    """Depth of both sides within 10 bps over time."""
    if not buckets.height:
        return None
    table = mean_depth(buckets.filter(pl.col("band") == 10).drop("instrument"), ["bucket"])
    known = dict(table.select("bucket", pl.col("bid_cash") + pl.col("ask_cash")).iter_rows())
    first, last = study.span
    times = tuple((first + i) * study.width for i in range(last - first + 1))
    return times, tuple(known.get(first + i) for i in range(last - first + 1))
