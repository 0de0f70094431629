"""A page for each maker: what it earned, why, and what is wrong."""

from collections.abc import Iterator

from makerscope.metrics.message_way import STAGES
from makerscope.report.document import (
    Bars,
    Block,
    Cell,
    Column,
    Leg,
    Lines,
    Missing,
    Note,
    Page,
    Section,
    Series,
    Shade,
    Stat,
    Stats,
    Strip,
    Table,
    Waterfall,
)
from makerscope.report.names import anchor_of, bounds_of, help_of, label_of, many, short, tone_of, value_of
from makerscope.report.numbers import bps, compact, count, duration, fixed, interval, money, percent
from makerscope.report.pages_greeks import greeks_section
from makerscope.report.scorecard import MakerCard, Scorecard, Statement
from makerscope.report.tables import markout_curve, measures_table

LEG_NAMES = {
    "spread_capture": "Spread captured",
    "adverse_selection": "Adverse selection",
    "inventory": "Inventory",
    "hedge_slippage": "Hedges, own taker fills",
    "liquidation": "Liquidation",
    "funding": "Funding",
    "fees": "Fees and rebates",
    "gas": "Gas",
    "transfers": "Insurance, penalties",
    "incentives": "Incentives",
    "settlement": "Settlement",
}
QUOTING = (
    "two_sided_uptime",
    "bid_uptime",
    "ask_uptime",
    "uptime_in_stress",
    "twa_full_spread",
    "twa_depth_bid",
    "twa_depth_ask",
    "maker_share_of_depth",
    "quote_lifetime",
    "flicker",
    "reaction_latency_median",
    "reaction_latency_p99",
    "reactions_censored",
    "staleness",
    "stale_share",
    "requote_gap",
    "one_sided_after_fill",
    "time_to_fill",
    "withdrawal_rate",
    "pick_off_rate",
    "stale_fill_rate",
    "fill_ratio",
    "quote_to_trade",
)
STOCK = (
    "mean_abs_net_position",
    "max_abs_net_position",
    "mean_abs_position",
    "p95_abs_position",
    "max_abs_position",
    "inv_half_life",
    "inv_autocorr",
    "turnover",
)


COSTS = (
    "gas_paid", "gas_per_fill", "hedge_slippage", "hedge_fees", "hedge_cost_per_unit", "failed_hedges", "rms_net_delta",
    "hedge_band", "time_outside_band", "longest_outside_band", "hedge_error", "hedge_effect",
)  # fmt: skip


def maker_pages(card: Scorecard) -> tuple[Page, ...]:
    """One page a maker."""
    return tuple(_page(card, item) for item in card.makers)


def net_of(item: MakerCard) -> tuple[float, str] | None:
    """Change of equity of the largest statement, and its token."""
    if not item.statements:
        return None
    first = item.statements[0]
    return float(first.equity_change), first.token


def _page(card: Scorecard, item: MakerCard) -> Page:
    net = net_of(item)
    rank = f"rank {item.rank} of {card.makers_in_all}"
    return Page(
        anchor=anchor_of("maker", item.maker),
        title=short(item.maker),
        subtitle=f"{rank} · {item.maker}" if short(item.maker) != item.maker else rank,
        headline=_net(*net) if net else None,
        group="Makers",
        sections=tuple(_sections(card, item)),
    )


def _net(value: float, token: str) -> Stat:
    tone = "good" if value > 0 else "bad"
    return Stat("net P&L", money(value, token, signed=True), "change of equity, all legs below", tone)


def _sections(card: Scorecard, item: MakerCard) -> Iterator[Section]:
    quoting = "What its resting orders did, time-weighted over the time the recorder listened."
    sections = (
        Section("In short", item.headline, (_stats(item),)),
        *(_statement(statement) for statement in item.statements),
        *(greeks_section(book) for book in item.greeks),
        _markouts(item),
        _paths(item, _shades(card, item)),
        _quality(item),
        _measures("Quoting", quoting, item, QUOTING),
        _way(item),
        _costs(item),
        _measures("Inventory and risk", "What it held between its fills.", item, STOCK),
        _fees(item),
        _instruments(item),
        _missing(item),
    )
    return (section for section in sections if section is not None)


def _stats(item: MakerCard) -> Block:
    fees = next((row for row in item.fees if row.role == "maker"), None)
    uptime = item.measures.get("two_sided_uptime")
    drawdown, sharpe = item.measures.get("max_drawdown"), item.measures.get("sharpe")
    cards = [
        Stat(
            "Fills",
            count(item.fills + item.taker_fills),
            f"{count(item.fills)} maker / {count(item.taker_fills)} taker",
        ),
        Stat(f"Traded as maker, {item.quote}", compact(item.notional), f"{percent(item.share.value)} of all makers"),
        Stat(f"Fees, {fees.token}", money(abs(float(fees.net))), "received" if fees.net.startswith("-") else "paid")
        if fees
        else Stat("Fees", "—", "no fees in the recording", "muted"),
        Stat("Quote uptime", value_of(uptime), "both sides resting")
        if uptime and uptime.value is not None
        else Stat("Quote uptime", "—", uptime.reason if uptime else "not measured", "muted"),
    ]
    if drawdown is not None and drawdown.value is not None:
        cards.append(Stat("Max drawdown", value_of(drawdown), "of the equity path"))
    if sharpe is not None:
        cards.append(
            Stat(
                "Sharpe (per bar)",
                fixed(sharpe.value, 3) if sharpe.value is not None else "—",
                sharpe.reason or f"{many(sharpe.n, 'bar')}, not annualised",
            )
        )
    return Stats(tuple(cards))


def _statement(statement: Statement) -> Section:
    sentence = (
        f"The change of equity in {statement.token}, split into what the quotes earned against the mid, what prices "
        "did to them afterwards, what the position made, and what the venue charged. "
        f"Marked at the {' and the '.join(statement.marked_at)}."
    )
    notes = tuple(Note(text, "muted") for text in statement.notes)
    blocks = (_waterfall(statement), _exact(statement), *notes)
    return Section(f"Where the P&L came from, {statement.token}", sentence, blocks)


def _waterfall(statement: Statement) -> Waterfall:
    legs = tuple(
        Leg(
            label=LEG_NAMES.get(leg.name, leg.name),
            value=leg.value,
            text=money(leg.value, signed=True) if leg.value is not None else "—",
            low=leg.low,
            high=leg.high,
            note=leg.note,
        )
        for leg in statement.legs
    )
    net, missed = float(statement.equity_change), float(statement.residual)
    total = Leg("Net", net, money(net, signed=True), kind="total")
    residual = Leg("Unexplained", missed, statement.residual, kind="residual", note="the legs add up exactly")
    return Waterfall((*legs, total, residual))


def _exact(statement: Statement) -> Table:
    columns = (
        Column("leg", "left"),
        Column(statement.token),
        Column("bps of notional"),
        Column("95 % interval", help="block bootstrap over time"),
    )
    rows = tuple(
        (
            Cell(LEG_NAMES.get(leg.name, leg.name)),
            Cell(leg.amount or "—", leg.value),
            Cell(bps(leg.bps, unit=False) if leg.bps is not None else "—", leg.bps),
            Cell(interval(leg.low, leg.high), leg.low),
        )
        for leg in statement.legs
    )
    net, notional = float(statement.equity_change), statement.notional
    share = Cell(bps(1e4 * net / notional, unit=False) if notional else "—")
    total = (Cell("net"), Cell(statement.equity_change, net), share, Cell(""))
    return Table(columns, (*rows, total), caption="The same numbers, exact", sortable=False)


def _markouts(item: MakerCard) -> Section | None:
    if not item.markouts:
        return None
    sentence = (
        f"The {' / '.join(item.reference)} a while after each fill, against the price that was paid. A capture that "
        "stays positive while the markout turns negative is adverse selection, not edge. Fills whose horizon runs past "
        "the end of the data, or that have no fresh quote, are left out and counted."
    )
    return Section("Markouts", sentence, (markout_curve(item.markouts), _horizons(item)))


def _horizons(item: MakerCard) -> Table:
    columns = (
        Column("horizon", "left"),
        Column("markout"),
        Column("95 % interval"),
        Column("capture"),
        Column("price move"),
        Column("buys"),
        Column("sells"),
        Column("fills"),
        Column("past the end"),
        Column("no quote"),
    )
    rows = tuple(
        (
            Cell(duration(row.horizon), float(row.horizon)),
            _bps(row.markout.value),
            Cell(bounds_of(row.markout)),
            *(_bps(m.value) for m in (row.capture, row.price_move, row.buys, row.sells)),
            *(Cell(count(n), float(n)) for n in (row.fills, row.past_end, row.stale)),
        )
        for row in item.markouts
    )
    return Table(columns, rows, caption="bps of the mid at the trade, weighted by notional", sortable=False)


def _bps(value: float | None) -> Cell:
    return Cell(bps(value, unit=False), value, tone_of(value))


def _shades(card: Scorecard, item: MakerCard) -> tuple[Shade, ...]:
    mine = {name for name, *_ in item.by_instrument}
    found = {pair for market in card.instruments if market.instrument in mine for pair in market.outages}
    return tuple(Shade(start, end, "recorder off") for start, end in sorted(found))


def _paths(item: MakerCard, shades: tuple[Shade, ...]) -> Section | None:
    charts: list[Block] = [
        Lines(
            path.name,
            path.times,
            (Series(path.name, path.values, "step" if "position" in path.name else "line"),),
            path.unit,
            shades,
            zero_line=True,
        )
        for path in item.paths
    ]
    if item.uptime_strip is not None:
        charts.append(Strip("Both sides quoted", item.uptime_strip.times, item.uptime_strip.values))
    if not charts:
        return None
    sentence = "Equity is cash plus the position at the mark, minus fees; the charts share one time axis."
    return Section("Equity and inventory", sentence, tuple(charts))


def _quality(item: MakerCard) -> Section | None:
    q = item.quality
    total = q.inside + q.at_touch + q.behind + q.through
    if not total:
        return Section(
            "Fill quality",
            "Whether fills came from resting at the touch or from the market coming through the quote.",
            (
                Missing("place of the quote when it filled", "no quotes on this tape"),
                Missing("queue ahead", "no queue positions on this tape"),
            ),
        )
    bar = Bars(
        "Where the quote was when it filled",
        ("inside the spread", "at the touch", "behind the touch", "market came through"),
        (Series("share of fills", tuple(100 * x / total for x in (q.inside, q.at_touch, q.behind, q.through))),),
        "% of fills",
    )
    blocks: tuple[Block, ...] = (
        bar,
        Note(f"{many(total, 'fill')} with a quote before, {count(q.unknown)} without.", "muted"),
    )
    blocks += (Missing("queue ahead at the fill", "no queue positions on this tape"),)
    return Section(
        "Fill quality",
        "Whether fills came from resting at the touch or from the market coming through the quote.",
        blocks,
    )


def _measures(title: str, sentence: str, item: MakerCard, names: tuple[str, ...]) -> Section | None:
    found = [(name, item.measures[name]) for name in names if name in item.measures]
    if not found:
        return None
    reasons = {measure.reason for _, measure in found if measure.value is None}
    if len(reasons) == 1 and all(measure.value is None for _, measure in found):
        return Section(title, sentence, (Missing(title, reasons.pop().removeprefix("not measurable: ")),))
    return Section(title, sentence, (measures_table(found),))


def _way(item: MakerCard) -> Section | None:
    """Where the time of a message went, if the tape knows it."""
    if item.measures.get("to_effect_median") is None or item.measures["to_effect_median"].value is None:
        return None
    columns = (
        Column("stage", "left"),
        Column("median"),
        Column("slowest 1 %"),
        Column("messages"),
        Column("what it is", "left"),
    )
    rows = []
    for name in STAGES:
        key = f"{name}_median"
        middle, tail = item.measures[key], item.measures[f"{name}_p99"]
        cells = (Cell(value_of(middle), middle.value, bar=name != "to_effect"), Cell(value_of(tail), tail.value))
        rows.append((Cell(label_of(key)), *cells, Cell(count(middle.n), float(middle.n)), Cell(help_of(key))))
    sentence = "Where the time went between a decision and its effect. Medians of parts need not add up to the whole's."
    return Section("Way of its messages", sentence, (Table(columns, tuple(rows), sortable=False),))


def _costs(item: MakerCard) -> Section | None:
    """Gas and hedges, where there were any."""
    found = [(name, item.measures[name]) for name in COSTS if name in item.measures]
    found = [(name, measure) for name, measure in found if measure.value is not None and (measure.value or measure.n)]
    found = [(name, measure) for name, measure in found if not (name.startswith("gas") and not measure.value)]
    if not found:
        return None
    return Section(
        "Gas and hedges",
        "What it paid to be there, beside the venue's fees, and what its hedges left.",
        (measures_table(found),),
    )


def _fees(item: MakerCard) -> Section | None:
    if not item.fees:
        return None
    table = Table(
        (
            Column("role", "left"),
            Column("token", "left"),
            Column("paid"),
            Column("received"),
            Column("net"),
            Column("bps", help="on the fills with fees in this token"),
        ),
        tuple(
            (
                Cell(row.role),
                Cell(row.token),
                Cell(row.paid),
                Cell(row.received),
                Cell(row.net),
                _bps(-row.bps.value if row.bps.value is not None else None),
            )
            for row in item.fees
        ),
        caption="bps from the account's view: negative is paid, positive received",
        sortable=False,
    )
    return Section("Fees and rebates", "By token; fees of different tokens are never added.", (table,))


def _instruments(item: MakerCard) -> Section | None:
    if len(item.by_instrument) < 2:
        return None
    table = Table(
        (Column("market", "left"), Column("fills"), Column("notional"), Column("markout 10 s", help="bps")),
        tuple(
            (
                Cell(name, href=""),
                Cell(count(fills), float(fills)),
                Cell(compact(notional), notional, bar=True),
                _bps(markout),
            )
            for name, fills, notional, markout in item.by_instrument
        ),
        limit=10,
    )
    return Section("Markets", "Where it traded.", (table,))


def _missing(item: MakerCard) -> Section | None:
    if not item.missing:
        return None
    return Section(
        "Not measurable here",
        "What this tape does not hold.",
        tuple(Missing(*text.split(": ", 1)) for text in item.missing),
    )
