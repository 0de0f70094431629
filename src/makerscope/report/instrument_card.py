"""One market: how good its liquidity was, whoever made it."""

from itertools import pairwise

import numpy as np
import polars as pl

from makerscope.metrics.bars import bars_of
from makerscope.metrics.flow import amihud, flow_buckets, kyle_lambda
from makerscope.metrics.markout import bps_of
from makerscope.metrics.measure import Measure, missing, named
from makerscope.metrics.spread import by_hour, quoted_spread, touch_size
from makerscope.metrics.stale_fills import stale_fill_rate
from makerscope.metrics.view import BOOK, LAST_TRADE, QUOTES, unit_price, unit_size
from makerscope.metrics.volatility import annualised, variation_buckets, variation_of
from makerscope.metrics.vpin import vpin_signed
from makerscope.report.depth_card import BookMeasures, book_measures
from makerscope.report.names import many
from makerscope.report.scorecard import InstrumentCard, Path
from makerscope.report.study import Study, currency_of, markout_rows

SECOND = 1_000_000_000
NO_QUOTES = "not measurable: no quotes on this tape"
FEWEST_BARS = 30


def instrument_card(study: Study, name: str, *, deep: bool = True, stale: pl.DataFrame | None = None) -> InstrumentCard:
    """The card of one instrument.

    Args:
        study: the tape measured.
        name: of the instrument.
        stale: of ``stale_fill_buckets``, where a venue leads by declaration.
        deep: also rebuild its book and measure volatility and flow; left out for the many small markets of a tape.
    """
    view, instrument = study.view, study.view.instruments[name]
    fills = study.fills_of("instrument", name)
    trades = view.trades.filter(pl.col("instrument") == name)
    table = study.markouts_of("instrument", name)
    integrals = study.integrals.filter(pl.col("instrument") == name)
    measures = {**_spreads(study, name, table, integrals, trades.height), **_market(study, name, trades, deep=deep)}
    book = (
        book_measures(study, name) if deep else BookMeasures(measures={}, depth=(), slippage=(), heat=None, path=None)
    )
    measures |= book.measures
    judged = stale.filter(pl.col("instrument") == name) if stale is not None else None
    if judged is not None and judged.height:
        measures["stale_fill_rate"] = stale_fill_rate(judged, span=study.span)
    makers = fills["maker"].drop_nulls()
    return InstrumentCard(
        instrument=name,
        kind=instrument.kind,
        quote=currency_of(instrument),
        facts=f"tick {instrument.tick_size} {instrument.quote}, lot {instrument.lot_size}"
        + (f" contracts of {instrument.multiplier} {instrument.quote}" if instrument.inverse else f" {instrument.base}")
        + f" ({instrument.facts})",
        clock=view.clock[name],
        reference=view.reference[name],
        notional=float(fills["notional"].sum()),
        fills=fills.height,
        orders=trades.height,
        makers=makers.n_unique() if len(makers) else None,
        measures=measures,
        markouts=markout_rows(study, table, [view.reference[name]]) if deep else (),
        depth=book.depth,
        slippage=book.slippage,
        paths=_paths(study, name, integrals, fills, book) if deep else (),
        heat=book.heat,
        by_hour=tuple(by_hour(integrals, study.width)) if integrals.height else (),
        outages=_outages(study, name) if deep else (),
        missing=tuple(sorted({m.reason for m in measures.values() if m.reason.startswith("not measurable")})),
    )


def _spreads(study: Study, name: str, table: pl.DataFrame, integrals: pl.DataFrame, orders: int) -> dict[str, Measure]:
    if study.view.reference[name] not in (QUOTES, BOOK):
        gone = missing("bps", NO_QUOTES)
        return {"full_quoted_spread": gone, "full_effective_spread": gone, "full_realized_spread": gone}
    quoted = quoted_spread(integrals, span=study.span)
    at_trade = study.fills_of("instrument", name).filter(pl.col("twice_mid").is_not_null() & (pl.col("side") != 0))
    known = at_trade.group_by(bucket=pl.col("time") // study.width).agg(
        twice_mid_lots=(pl.col("twice_mid") * pl.col("size")).sum(),
        capture=(pl.col("side") * (pl.col("twice_mid") - 2 * pl.col("price")) * pl.col("size")).sum(),
        fills=pl.col("sweep").n_unique(),
    )
    effective = bps_of(known, "capture", scale=2.0, span=study.span)
    realized = bps_of(
        table.filter(pl.col("horizon") == _near(study, 10 * SECOND)), "markout", scale=2.0, span=study.span
    )
    width = quoted["full_quoted_spread"]
    return {
        **quoted,
        **{
            key: named(measure, _size_unit(study, name))
            for key, measure in touch_size(integrals, unit_size(study.instrument(name)), span=study.span).items()
        },
        "full_effective_spread": effective,
        "full_realized_spread": realized,
        "effective_over_quoted": Measure(value=effective.value / width.value, unit="ratio", n=effective.n)
        if effective.value is not None and width.value
        else missing("ratio", "needs a quoted and an effective spread"),
        "orders_without_a_mid": Measure(value=float(orders - int(known["fills"].sum())), unit="orders", n=orders),
    }


def _size_unit(study: Study, name: str) -> str:
    """What sizes times the contract are in: the base, or the quote currency of an inverse contract."""
    instrument = study.instrument(name)
    return instrument.quote if instrument.inverse else instrument.base


def _near(study: Study, horizon: int) -> int:
    return min(study.horizons, key=lambda h: abs(h - horizon))


def mids(study: Study, name: str) -> pl.DataFrame:
    """``time, mid`` (quote currency) of the reference price of an instrument inside the window."""
    view = study.view
    quotes = view.quotes.filter(
        (pl.col("instrument") == name)
        & (pl.col("bid") < pl.col("ask"))
        & pl.col("time").is_between(view.since, view.until, closed="left")
    )
    return quotes.select("time", mid=(pl.col("bid") + pl.col("ask")) * (unit_price(study.instrument(name)) / 2))


def _market(study: Study, name: str, trades: pl.DataFrame, *, deep: bool) -> dict[str, Measure]:
    instrument = study.instrument(name)
    hours = (study.view.until - study.view.since) / 3.6e12
    out = {"orders_per_hour": Measure(value=trades.height / hours, unit="orders/h", n=trades.height)}
    if not deep:
        return out
    price, size = unit_price(instrument), unit_size(instrument)
    prices = mids(study, name)
    width = max(SECOND, study.width // 60) if study.width > SECOND else SECOND
    bars = bars_of(prices, width=width)
    if study.view.reference[name] == LAST_TRADE:
        out["volatility"] = missing("per year", "not measurable: no quotes on this tape (trade prices bounce)")
    elif bars.height < FEWEST_BARS:
        out["volatility"] = missing("per year", f"{many(bars.height, 'bar')} of the mid; want at least {FEWEST_BARS}")
    else:
        family = variation_of(variation_buckets(bars, per=max(1, study.width // width)))
        seen = bars.height * width
        out["volatility"] = annualised(family.rv, window=seen)
        out["volatility_without_jumps"] = annualised(family.bpv, window=seen)
        out["jump_share"] = family.jump_share
    flow = trades.select(
        "time",
        "aggressor",
        price=pl.col("cash").cast(pl.Float64) / pl.col("size") * price,
        size=pl.col("size") * size,
    )
    if flow.height and not instrument.inverse:
        spacing = max(5 * SECOND, study.width)
        table, grid = flow_buckets(flow, width=spacing), bars_of(prices, width=spacing)
        if prices.height and study.view.reference[name] != LAST_TRADE:
            out["kyle_lambda"] = kyle_lambda(table, grid, max_gap=3)
            out["amihud"] = amihud(table, grid, max_gap=3)
    if flow.height:
        toxic = vpin_signed(flow, bucket_volume=float(flow["size"].sum()) / 50, window=50)
        out["vpin_signed"], out["vpin_floor"] = toxic.latest, toxic.floor
    return out


def _paths(
    study: Study, name: str, integrals: pl.DataFrame, fills: pl.DataFrame, book: BookMeasures
) -> tuple[Path, ...]:
    first, last = study.span
    times = tuple((first + i) * study.width for i in range(last - first + 1))
    quote = study.instrument(name).quote

    def path(label: str, unit: str, rows: pl.DataFrame) -> Path:
        known = {bucket: value for bucket, value in rows.iter_rows() if value is not None and np.isfinite(value)}
        return Path(name=label, unit=unit, times=times, values=tuple(known.get(first + i) for i in range(len(times))))

    bucket = (pl.col("time") // study.width).alias("bucket")
    out = [path("price", quote, mids(study, name).group_by(bucket).agg(pl.col("mid").last()))]
    if integrals.height:
        spread = pl.when(pl.col("ns") > 0).then(2e4 * pl.col("spread_ns").cast(pl.Float64) / pl.col("twice_mid_ns"))
        out.append(path("full quoted spread", "bps", integrals.select("bucket", spread)))
    out.append(path("volume", quote, fills.group_by(bucket, maintain_order=True).agg(pl.col("notional").sum())))
    if book.path is not None:
        out.append(Path(name="depth within 10 bps, both sides", unit=quote, times=book.path[0], values=book.path[1]))
    return tuple(out)


def _outages(study: Study, name: str) -> tuple[tuple[int, int], ...]:
    """Times between the sessions of the channel that gives the reference."""
    channel = "book" if study.view.reference[name] == BOOK else "quotes"
    here = study.view.sessions.filter((pl.col("instrument") == name) & (pl.col("channel") == channel)).sort("start")
    rows = here.select("start", "end").rows()
    return tuple((end, start) for (_, end), (start, _) in pairwise(rows) if start > end)
