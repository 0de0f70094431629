"""Pages for markets, pairs of markets and pools."""

from makerscope.metrics.measure import Measure
from makerscope.report.document import (
    Bars,
    Block,
    Cell,
    Column,
    Curve,
    Heatmap,
    Lines,
    Missing,
    Note,
    Page,
    Section,
    Series,
    Shade,
    Stat,
    Stats,
    Table,
)
from makerscope.report.names import anchor_of, label_of, many, short, stat_of, tone_of, value_of
from makerscope.report.numbers import bps, compact, count, duration, percent
from makerscope.report.scorecard import InstrumentCard, MakerCard, PairCard, Path, PoolCard, Scorecard
from makerscope.report.tables import markout_curve, measures_table

HEAD = (
    "full_quoted_spread",
    "full_effective_spread",
    "full_realized_spread",
    "effective_over_quoted",
    "volatility",
    "orders_per_hour",
)


def instrument_pages(card: Scorecard) -> tuple[Page, ...]:
    """One page for each of the largest markets."""
    return tuple(_page(card, item) for item in card.instruments if item.paths)


def other_pages(card: Scorecard) -> tuple[Page, ...]:
    """Pages for pairs and pools, where the tape has them."""
    return tuple(
        [_pair(item) for item in card.pairs]
        + [_simple("pool", item.instrument, item.facts, item) for item in card.pools]
    )


def _page(card: Scorecard, item: InstrumentCard) -> Page:
    quoted = item.measures.get("full_quoted_spread")
    shades = tuple(Shade(start, end, "recorder off") for start, end in item.outages)
    headline = (
        Stat("full quoted spread", value_of(quoted), "time-weighted") if quoted and quoted.value is not None else None
    )
    sections = (
        Section(
            "Liquidity at a glance",
            f"Measured on the {item.clock}, against the {item.reference}. {item.facts}.",
            (Stats(tuple(stat_of(name, item.measures[name]) for name in HEAD if name in item.measures)),),
        ),
        _over_time(item, shades),
        _by_hour(item),
        _markouts(item),
        _depth(item),
        _slippage(item),
        _ranking(card, item),
        _all(item),
    )
    return Page(
        anchor=anchor_of("market", item.instrument),
        title=item.instrument,
        subtitle=f"{many(item.orders, 'taker order')}, {compact(item.notional)} {item.quote} traded"
        + (f", {many(item.makers, 'maker')}" if item.makers else ""),
        headline=headline,
        group="Market",
        sections=tuple(section for section in sections if section is not None),
    )


def _lines(paths: tuple[Path, ...], shades: tuple[Shade, ...]) -> tuple[Block, ...]:
    return tuple(
        Lines(
            path.name,
            path.times,
            (Series(path.name, path.values, "area" if path.name == "volume" else "line"),),
            path.unit,
            shades,
            height=150,
        )
        for path in paths
        if any(value is not None for value in path.values)
    )


def _over_time(item: InstrumentCard, shades: tuple[Shade, ...]) -> Section | None:
    charts = _lines(item.paths, shades)
    if not charts:
        return None
    return Section("Over time", "No line is drawn across an outage of the recorder.", charts)


def _by_hour(item: InstrumentCard) -> Section | None:
    if len(item.by_hour) < 2:
        return None
    bars = Bars(
        "Full quoted spread by hour of the day, UTC",
        tuple(f"{hour:02d}" for hour, _, _ in item.by_hour),
        (Series("spread", tuple(value for _, value, _ in item.by_hour)),),
        "bps",
        horizontal=False,
    )
    return Section("By hour", "Time-weighted within each hour that was recorded.", (bars,))


def _markouts(item: InstrumentCard) -> Section | None:
    rows = [row for row in item.markouts if row.fills]
    if not rows:
        return None
    return Section(
        "What makers kept",
        "All makers together: what a fill earned against the mid, and what was left of it later, in bps of the mid at "
        "the trade.",
        (markout_curve(rows),),
    )


def _depth(item: InstrumentCard) -> Section | None:
    if not item.depth:
        return None
    blocks: list[Block] = [_bands(item)]
    if (heat := item.heat) is not None:
        title = "Depth of the thinner side"
        blocks.append(Heatmap(title, (), heat.rows, heat.values, heat.unit, times_ns=heat.times))
    if any(row.truncated > 0.5 for row in item.depth):
        text = "Wide bands reach beyond the levels that were recorded: what stands there is at least this much."
        blocks.append(Note(text, "muted"))
    return Section("Depth", "What rests within a distance of the mid.", tuple(blocks))


def _bands(item: InstrumentCard) -> Table:
    columns = (
        Column("within", "left"),
        Column("bid"),
        Column("ask"),
        Column("thinner side"),
        Column("lower bound", help="share of the time in which the recorded levels ended inside the band"),
    )
    rows = tuple(
        (
            Cell(f"{row.band_bps:g} bps", row.band_bps),
            *(_quote(m) for m in (row.bid, row.ask, row.smaller)),
            Cell(percent(row.truncated), row.truncated, "warn" if row.truncated > 0.5 else ""),
        )
        for row in item.depth
    )
    return Table(columns, rows, caption=f"time-weighted mean, {item.quote}", sortable=False)


def _quote(measure: Measure) -> Cell:
    return Cell(compact(measure.value), measure.value)


def _slippage(item: InstrumentCard) -> Section | None:
    if not item.slippage:
        return None
    rows = item.slippage
    table = Table(
        (
            Column("order", "left"),
            Column("buy"),
            Column("sell"),
            Column("round trip"),
            Column("fillable", help="mean share of the order that the recorded levels could fill"),
        ),
        tuple(
            (
                Cell(f"{compact(row.notional)} {item.quote}", row.notional),
                Cell(bps(row.buy.value, signed=False, unit=False), row.buy.value),
                Cell(bps(row.sell.value, signed=False, unit=False), row.sell.value),
                Cell(bps(row.round_trip.value, signed=False, unit=False), row.round_trip.value),
                Cell(percent(row.filled), row.filled, "warn" if row.filled < 0.95 else ""),
            )
            for row in rows
        ),
        caption="bps of the mid",
        sortable=False,
    )
    curve = Curve(
        "Cost of an order by its size",
        tuple(compact(row.notional) for row in rows),
        (Series("buy", tuple(r.buy.value for r in rows)), Series("sell", tuple(r.sell.value for r in rows))),
        "bps",
    )
    return Section(
        "Slippage",
        "What an order of a given size would have paid against the mid, sampled each second.",
        (curve, table),
    )


def _ranking(card: Scorecard, item: InstrumentCard) -> Section | None:
    here: list[tuple[MakerCard, int, float, float | None]] = [
        (maker, fills, notional, markout)
        for maker in card.makers
        for name, fills, notional, markout in maker.by_instrument
        if name == item.instrument
    ]
    if not here:
        return None
    here.sort(key=lambda row: -row[2])
    table = Table(
        (
            Column("maker", "left"),
            Column("notional"),
            Column("share"),
            Column("fills"),
            Column("markout 10 s", help="bps"),
        ),
        tuple(
            (
                Cell(short(maker.maker), href=anchor_of("maker", maker.maker)),
                Cell(compact(notional), notional, bar=True),
                Cell(percent(notional / item.notional if item.notional else None), notional),
                Cell(count(fills), float(fills)),
                Cell(bps(markout, unit=False), markout, tone_of(markout)),
            )
            for maker, fills, notional, markout in here
        ),
        limit=15,
    )
    return Section("Makers here", "Those with a page of their own, by what they traded in this market.", (table,))


def _all(item: InstrumentCard) -> Section:
    known = measures_table((name, m) for name, m in item.measures.items() if m.value is not None)
    gone = tuple(
        Missing(label_of(name), m.reason.removeprefix("not measurable: "))
        for name, m in item.measures.items()
        if m.value is None
    )
    return Section(
        "Every measure", "With the number of observations (seconds, orders or samples) behind it.", (known, *gone)
    )


def _pair(item: PairCard) -> Page:
    lead = item.measures.get("lead_lag")
    lags = tuple(duration(lag) for lag in item.lags)
    curve = (Curve("Correlation by lag", lags, (Series("correlation", item.correlations),)),) if lags else ()
    return Page(
        anchor=anchor_of("pair", f"{item.first}|{item.second}"),
        title=f"{item.first} and {item.second}",
        subtitle=f"on the {item.clock}",
        headline=Stat("lead of the first", value_of(lead), "below 0 the second leads")
        if lead and lead.value is not None
        else None,
        group="Market",
        sections=(
            Section(
                "Who moves first",
                "Correlation of the two prices when one is shifted in time; the peak says by how much the first leads "
                "(right) or lags (left).",
                (*curve, measures_table(item.measures.items())),
            ),
            *(
                (Section("How to read this", "", tuple(Note(text, "muted") for text in item.notes)),)
                if item.notes
                else ()
            ),
        ),
    )


def _simple(kind: str, title: str, subtitle: str, item: PoolCard) -> Page:
    table = measures_table(item.measures.items())
    return Page(
        anchor=anchor_of(kind, title),
        title=title,
        subtitle=subtitle,
        group="Market",
        sections=(
            Section("Measures", "Over the whole window.", (table, *(Note(text, "muted") for text in item.notes))),
            *((Section("Over time", "", _lines(item.paths, ())),) if item.paths else ()),
        ),
    )
