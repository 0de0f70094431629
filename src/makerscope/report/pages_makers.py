"""A page for each maker: what it earned, why, and what is wrong."""

from makerscope.report.document import (
    Bars,
    Block,
    Cell,
    Column,
    Curve,
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
from makerscope.report.numbers import bps, compact, count, duration, fixed, interval, money, percent
from makerscope.report.scorecard import MakerCard, Scorecard, Statement
from makerscope.report.names import anchor_of, bounds_of, help_of, label_of, short, value_of

LEG_NAMES = {
    "spread_capture": "Spread captured",
    "adverse_selection": "Adverse selection",
    "inventory": "Inventory",
    "hedge_slippage": "Own taker fills",
    "liquidation": "Liquidation",
    "funding": "Funding",
    "fees": "Fees and rebates",
    "gas": "Gas",
    "incentives": "Incentives",
    "settlement": "Settlement",
}
QUOTING = (
    "two_sided_uptime", "bid_uptime", "ask_uptime", "uptime_in_stress", "twa_full_spread", "twa_depth_bid", "twa_depth_ask",
    "maker_share_of_depth", "quote_lifetime", "flicker", "reaction_latency_median", "reaction_latency_p99",
    "reactions_censored", "staleness", "stale_share", "requote_gap", "one_sided_after_fill", "withdrawal_rate",
    "pick_off_rate", "fill_ratio", "quote_to_trade",
)  # fmt: skip
STOCK = ("inv_mean", "inv_max", "inv_half_life", "turnover")


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
    headline = (
        Stat(
            "net P&L",
            money(net[0], net[1], signed=True),
            "change of equity, all legs below",
            "good" if net[0] > 0 else "bad",
        )
        if net
        else None
    )
    shades = _shades(card, item)
    return Page(
        anchor=anchor_of("maker", item.maker),
        title=short(item.maker),
        subtitle=f"rank {item.rank} of {card.makers_in_all} · {item.maker}"
        if short(item.maker) != item.maker
        else f"rank {item.rank} of {card.makers_in_all}",
        headline=headline,
        group="Makers",
        sections=tuple(
            section
            for section in (
                Section("In short", item.headline, (_stats(item),)),
                *(_statement(item, statement) for statement in item.statements),
                _markouts(item),
                _paths(item, shades),
                _quality(item),
                _measures(
                    "Quoting",
                    "What its resting orders did, time-weighted over the time the recorder listened.",
                    item,
                    QUOTING,
                ),
                _measures("Inventory and risk", "What it held between its fills.", item, STOCK),
                _fees(item),
                _instruments(item),
                _missing(item),
            )
            if section is not None
        ),
    )


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
                sharpe.reason or f"{sharpe.n} bars, not annualised",
            )
        )
    return Stats(tuple(cards))


def _statement(item: MakerCard, statement: Statement) -> Section:
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
    total = Leg("Net", float(statement.equity_change), money(float(statement.equity_change), signed=True), kind="total")
    residual = Leg(
        "Unexplained", float(statement.residual), statement.residual, kind="residual", note="the legs add up exactly"
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
    same = Table(
        (
            Column("leg", "left"),
            Column(statement.token),
            Column("bps of notional"),
            Column("95 % interval", help="block bootstrap over time"),
        ),
        (
            *rows,
            (
                Cell("net"),
                Cell(statement.equity_change, float(statement.equity_change)),
                Cell(
                    bps(1e4 * float(statement.equity_change) / statement.notional, unit=False)
                    if statement.notional
                    else "—"
                ),
                Cell(""),
            ),
        ),
        caption="The same numbers, exact",
        sortable=False,
    )
    notes = tuple(Note(text, "muted") for text in statement.notes)
    sentence = (
        f"The change of equity in {statement.token}, split into what the quotes earned against the mid, what prices did to "
        f"them afterwards, what the position made, and what the venue charged. Marked at the {' and the '.join(statement.marked_at)}."
    )
    return Section(
        f"Where the P&L came from, {statement.token}", sentence, (Waterfall((*legs, total, residual)), same, *notes)
    )


def _markouts(item: MakerCard) -> Section | None:
    if not item.markouts:
        return None
    rows = item.markouts
    labels = tuple(duration(row.horizon) for row in rows)
    series = [
        Series(
            "markout",
            tuple(row.markout.value for row in rows),
            low=tuple(row.markout.low for row in rows),
            high=tuple(row.markout.high for row in rows),
        )
    ]
    if any(row.capture.value is not None for row in rows):
        series.append(Series("capture", tuple(row.capture.value for row in rows), style="dots"))
    table = Table(
        (
            Column("horizon", "left"), Column("markout"), Column("95 % interval"), Column("capture"), Column("price move"),
            Column("buys"), Column("sells"), Column("fills"), Column("past the end"), Column("no quote"),
        ),
        tuple(
            (
                Cell(duration(row.horizon), float(row.horizon)),
                _bps(row.markout.value), Cell(bounds_of(row.markout)), _bps(row.capture.value), _bps(row.price_move.value),
                _bps(row.buys.value), _bps(row.sells.value), Cell(count(row.fills), float(row.fills)),
                Cell(count(row.past_end), float(row.past_end)), Cell(count(row.stale), float(row.stale)),
            )
            for row in rows
        ),
        caption="bps of the mid at the trade, weighted by notional",
        sortable=False,
    )  # fmt: skip
    sentence = (
        f"The {' / '.join(item.reference)} a while after each fill, against the price that was paid. A capture that stays "
        "positive while the markout turns negative is adverse selection, not edge. Fills whose horizon runs past the end of "
        "the data, or that have no fresh quote, are left out and counted."
    )
    return Section("Markouts", sentence, (Curve("Markout by horizon", labels, tuple(series), "bps"), table))


def _bps(value: float | None) -> Cell:
    return Cell(bps(value, unit=False), value, "" if not value else "good" if value > 0 else "bad")


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
    if not q.inside + q.at_touch + q.behind:
        return Section(
            "Fill quality",
            "Whether fills came from resting at the touch or from the market coming through the quote.",
            (
                Missing("place of the quote when it filled", "no quotes on this tape"),
                Missing("queue ahead", "no queue positions on this tape"),
            ),
        )
    total = q.inside + q.at_touch + q.behind
    bar = Bars(
        "Where the quote was when it filled",
        ("inside the spread", "at the touch", "behind or through"),
        (Series("share of fills", tuple(100 * x / total for x in (q.inside, q.at_touch, q.behind))),),
        "% of fills",
    )
    blocks: tuple[Block, ...] = (
        bar,
        Note(f"{count(total)} fills with a quote before them, {count(q.unknown)} without.", "muted"),
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
    table = Table(
        (Column("measure", "left"), Column("value"), Column("95 % interval"), Column("from"), Column("what it is", "left")),
        tuple(
            (
                Cell(label_of(name)), Cell(value_of(m), m.value), Cell(bounds_of(m)), Cell(count(m.n) if m.n else "", float(m.n)),
                Cell(m.reason or help_of(name)),
            )
            for name, m in found
        ),
        sortable=False,
    )  # fmt: skip
    return Section(title, sentence, (table,))


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
