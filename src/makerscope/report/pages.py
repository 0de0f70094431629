"""The scorecard as a document: what needs action first, then the market, then a page a maker, then the data."""

from makerscope.report.document import (
    Attention,
    AttentionItem,
    Block,
    Cell,
    Column,
    Document,
    Page,
    Section,
    Stat,
    Stats,
    Table,
)
from makerscope.report.names import VERDICT_TONES, anchor_of, many, short, tone_of, value_of
from makerscope.report.numbers import bps, compact, count, money, percent, span
from makerscope.report.pages_data import data_page
from makerscope.report.pages_makers import maker_pages, net_of
from makerscope.report.pages_market import instrument_pages, other_pages
from makerscope.report.pages_options import options_pages
from makerscope.report.scorecard import MakerCard, MarkoutRow, Scorecard

FORCED = "Forced: this recording failed the quality gate. Its numbers are shown, but should not be believed."
SECOND = 1_000_000_000


def document_of(card: Scorecard) -> Document:
    """The whole report."""
    pages = (
        overview(card),
        *instrument_pages(card),
        *other_pages(card),
        *options_pages(card),
        *maker_pages(card),
        data_page(card),
    )
    return Document(
        title="makerscope report",
        subtitle=f"{span(card.options.since, card.options.until)} · {card.tape.source}",
        banner=FORCED if card.options.forced else "",
        pages=pages,
        footer=f"makerscope {card.makerscope} · evidence root {card.tape.evidence_root} · {card.schema}",
    )


def overview(card: Scorecard) -> Page:
    """The first page: verdict, what needs action, makers ranked, markets ranked."""
    sections = [
        Section("What needs action", "The worst first; each line leads to its numbers.", (_attention(card),)),
    ]
    if card.makers:
        sections.append(
            Section(
                "Makers",
                "Ranked by the notional they traded as makers. Capture is what a fill earned against the mid, markout "
                "what was left of it later.",
                (makers_table(card),),
            )
        )
    if card.instruments:
        sections.append(
            Section(
                "Markets",
                "Spreads are volume-weighted or time-weighted and in bps of the mid.",
                (_markets_table(card),),
            )
        )
    return Page(
        anchor="overview",
        title="Overview",
        subtitle=card.title,
        headline=_verdict(card),
        group="Overview",
        sections=(Section("At a glance", span(card.options.since, card.options.until), (_head(card),)), *sections),
    )


def _verdict(card: Scorecard) -> Stat:
    why = card.quality.reasons[0] if card.quality.reasons else "nothing was found wrong with the data"
    return Stat(label="data quality", value=card.quality.verdict, sub=why, tone=VERDICT_TONES[card.quality.verdict])


def _head(card: Scorecard) -> Block:
    fills = sum(item.fills for item in card.instruments)
    orders = sum(item.orders for item in card.instruments)
    items = [
        Stat(
            "Recorded",
            span(card.options.since, card.options.until).split("(")[-1].rstrip(")"),
            card.tape.venues[0] if len(card.tape.venues) == 1 else f"{len(card.tape.venues)} venues",
        ),
        Stat("Fills", count(fills), many(orders, "taker order")),
    ]
    for quote, notional in _notionals(card).items():
        items.append(Stat(f"Traded, {quote}", compact(notional), many(card.tape.instruments, "instrument")))
    if card.makers_in_all:
        items.append(Stat("Makers", count(card.makers_in_all), f"{len(card.makers)} with a page of their own"))
    items += [
        Stat(f"Concentration, {quote}", value_of(m), "Herfindahl index of maker shares")
        for quote, m in card.concentration.items()
        if m.value is not None
    ]
    if card.liquidations:
        items.append(Stat("Liquidations", count(card.liquidations), "forced trades, each counted once", "warn"))
    return Stats(tuple(items[:8]))


def _notionals(card: Scorecard) -> dict[str, float]:
    out: dict[str, float] = {}
    for item in card.instruments:
        if item.notional:
            out[item.quote] = out.get(item.quote, 0.0) + item.notional
    return dict(sorted(out.items(), key=lambda pair: -pair[1])[:3])


def _attention(card: Scorecard) -> Block:
    return Attention(
        tuple(
            AttentionItem(level=item.level, subject=item.subject, text=item.text, href=item.page)
            for item in card.attention
        )
    )


def near(rows: tuple[MarkoutRow, ...], seconds: float = 10) -> MarkoutRow | None:
    """The row of the horizon nearest to ``seconds``."""
    return min(rows, key=lambda row: abs(row.horizon - seconds * SECOND), default=None)


def makers_table(card: Scorecard) -> Table:
    """Makers ranked, with the numbers that say most about each."""
    columns = (
        Column("maker", "left"),
        Column("share", help="of the notional of all makers in its quote currency"),
        Column("notional"),
        Column("fills"),
        Column("capture", help="bps against the mid before the fill"),
        Column("markout 10 s", help="bps that were left 10 s later, before fees"),
        Column("fees", help="bps paid on fills with fees in the settle token; negative is a rebate"),
        Column("net P&L", help="change of equity of the identity, marked at the reference"),
        Column("two-sided", help="uptime with a bid and an ask at once"),
    )
    rows = []
    for item in card.makers:
        at = near(item.markouts)
        net = net_of(item)
        uptime = item.measures.get("two_sided_uptime")
        rows.append(
            (
                Cell(short(item.maker), href=anchor_of("maker", item.maker)),
                Cell(percent(item.share.value), item.share.value, bar=True),
                Cell(compact(item.notional), item.notional),
                Cell(count(item.fills), float(item.fills)),
                _bps(at.capture.value if at else None),
                _bps(at.markout.value if at else None),
                _bps(_fee_bps(item), good_below=True),
                Cell(
                    money(net[0], net[1], signed=True) if net else "—",
                    net[0] if net else None,
                    tone=tone_of(net[0] if net else None),
                ),
                Cell(
                    percent(uptime.value) if uptime and uptime.value is not None else "—",
                    uptime.value if uptime else None,
                ),
            )
        )
    return Table(columns, tuple(rows), limit=25)


def _fee_bps(item: MakerCard) -> float | None:
    known = [row.bps.value for row in item.fees if row.role == "maker" and row.bps.value is not None]
    return known[0] if known else None


def _bps(value: float | None, *, good_below: bool = False) -> Cell:
    return Cell(bps(value, unit=False), value, tone=tone_of(-value if good_below and value is not None else value))


def _markets_table(card: Scorecard) -> Table:
    columns = (
        Column("market", "left"),
        Column("traded"),
        Column("taker orders"),
        Column("makers"),
        Column("quoted", help="full quoted spread, time-weighted, bps"),
        Column("effective", help="full effective spread, bps"),
        Column("realised", help="full realised spread after 10 s, bps"),
        Column("volatility", help="realised, a year of 365 days"),
    )
    rows = []
    for item in card.instruments:
        found = {
            key: item.measures.get(key)
            for key in ("full_quoted_spread", "full_effective_spread", "full_realized_spread", "volatility")
        }
        value = {key: m.value if m else None for key, m in found.items()}
        rows.append(
            (
                Cell(item.instrument, href=anchor_of("market", item.instrument) if item.paths else ""),
                Cell(f"{compact(item.notional)} {item.quote}", item.notional, bar=True),
                Cell(count(item.orders), float(item.orders)),
                Cell(count(item.makers), float(item.makers) if item.makers else None),
                Cell(bps(value["full_quoted_spread"], signed=False, unit=False), value["full_quoted_spread"]),
                Cell(bps(value["full_effective_spread"], signed=False, unit=False), value["full_effective_spread"]),
                _bps(value["full_realized_spread"]),
                Cell(percent(value["volatility"]), value["volatility"]),
            )
        )
    return Table(columns, tuple(rows), limit=20)
