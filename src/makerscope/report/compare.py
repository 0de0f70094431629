"""Two scorecards side by side: two periods, two tapes or two makers. A difference is real where intervals part."""

from makerscope.metrics.measure import Measure
from makerscope.report.document import (
    Block,
    Cell,
    Column,
    Curve,
    Document,
    Note,
    Page,
    Section,
    Series,
    Stat,
    Stats,
    Table,
)
from makerscope.report.names import anchor_of, bounds_of, help_of, label_of, many, short, tone_of, value_of
from makerscope.report.numbers import bps, duration, money, percent, span
from makerscope.report.pages import FORCED
from makerscope.report.pages_makers import net_of
from makerscope.report.scorecard import InstrumentCard, MakerCard, MarkoutRow, Scorecard

MARKET = (
    "full_quoted_spread",
    "full_effective_spread",
    "full_realized_spread",
    "effective_over_quoted",
    "touch_bid_size",
    "touch_ask_size",
    "xlm",
    "resiliency_half_life",
    "volatility",
    "orders_per_hour",
    "stale_fill_rate",
    "vpin_signed",
)
MOST_MARKETS = 12
MOST_MAKERS = 25


def comparison(
    first: Scorecard, second: Scorecard, *, labels: tuple[str, str], makers: tuple[str, str] | None = None
) -> Document:
    """A report of differences.

    Args:
        first: one scorecard.
        second: the other; the same one where two makers of it are compared.
        labels: what the two are called.
        makers: accounts to compare, one of each; None compares markets and all common makers.
    """
    pages: list[Page] = []
    left = _maker(first, makers[0]) if makers else None
    right = _maker(second, makers[1]) if makers else None
    if makers:
        pages.append(_makers_page(left, right, makers, labels))
    else:
        pages.append(_overview(first, second, labels))
    if first is not second:
        pages += [
            _market_page(a, b, labels)
            for a in first.instruments[:MOST_MARKETS]
            for b in second.instruments
            if a.instrument == b.instrument
        ]
        if not makers:
            common = {item.maker: item for item in second.makers}
            pages += [
                _makers_page(item, common[item.maker], (item.maker, item.maker), labels)
                for item in first.makers[:MOST_MAKERS]
                if item.maker in common
            ]
    forced = first.options.forced or second.options.forced
    return Document(
        title=f"{labels[0]} against {labels[1]}",
        subtitle=" · ".join(dict.fromkeys(span(card.options.since, card.options.until) for card in (first, second))),
        banner=FORCED if forced else "",
        pages=tuple(pages),
        footer=f"evidence {' and '.join(dict.fromkeys((first.tape.evidence_root, second.tape.evidence_root)))}",
    )


def _maker(card: Scorecard, name: str) -> MakerCard | None:
    return next((item for item in card.makers if item.maker == name), None)


def _overview(first: Scorecard, second: Scorecard, labels: tuple[str, str]) -> Page:
    before, after = ({item.maker: item for item in card.makers} for card in (first, second))
    gone, new = (sorted(set(a) - set(b)) for a, b in ((before, after), (after, before)))
    rows = []
    for name in sorted(set(before) & set(after), key=lambda name: -(before[name].share.value or 0)):
        a, b = before[name], after[name]
        rows.append(
            (
                Cell(short(name), href=anchor_of("maker", f"{name}|{name}")),
                *(Cell(percent(item.share.value), item.share.value) for item in (a, b)),
                *(_bps(near.markout.value if (near := _near(item)) else None) for item in (a, b)),
                *(_money(item) for item in (a, b)),
            )
        )
    columns = (
        Column("maker", "left"),
        Column("share, first"),
        Column("share, second"),
        Column("markout 10 s, first"),
        Column("markout 10 s, second"),
        Column("net P&L, first"),
        Column("net P&L, second"),
    )
    blocks: list[Block] = [Table(columns, tuple(rows), limit=25)] if rows else [Note("No maker is on both.", "warn")]
    if gone:
        blocks.append(
            Note(f"Only on the first: {', '.join(short(name) for name in gone[:12])}{' …' if len(gone) > 12 else ''}.")
        )
    if new:
        blocks.append(
            Note(f"Only on the second: {', '.join(short(name) for name in new[:12])}{' …' if len(new) > 12 else ''}.")
        )
    stats = Stats(
        tuple(
            Stat(label, many(card.makers_in_all, "maker"), f"data {card.quality.verdict}")
            for label, card in zip(labels, (first, second), strict=True)
        )
    )
    return Page(
        "overview",
        f"{labels[0]} against {labels[1]}",
        group="Overview",
        sections=(Section("Makers", "Those with a page on both.", (stats, *blocks)),),
    )


def _near(item: MakerCard | None) -> MarkoutRow | None:
    return min(item.markouts, key=lambda row: abs(row.horizon - 10**10), default=None) if item else None


def _bps(value: float | None) -> Cell:
    return Cell(bps(value, unit=False), value, tone_of(value))


def _money(item: MakerCard) -> Cell:
    net = net_of(item)
    return Cell(money(net[0], net[1], signed=True), net[0]) if net else Cell("—")


def _differences(pairs: list[tuple[str, Measure | None, Measure | None]], labels: tuple[str, str]) -> Table:
    rows = []
    for name, a, b in pairs:
        rows.append(
            (
                Cell(label_of(name)),
                *(Cell(value_of(m) if m else "—", m.value if m else None) for m in (a, b)),
                Cell(_change(a, b)),
                Cell(_apart(a, b)),
                Cell(" | ".join(bounds_of(m) for m in (a, b) if m and bounds_of(m)) or help_of(name)),
            )
        )
    columns = (
        Column("measure", "left"),
        Column(labels[0]),
        Column(labels[1]),
        Column("change"),
        Column("apart?", "left", help="whether the 95 % intervals part"),
        Column("intervals", "left"),
    )
    return Table(columns, tuple(rows), sortable=False)


def _change(a: Measure | None, b: Measure | None) -> str:
    if a is None or b is None or a.value is None or b.value is None:
        return "—"
    return value_of(Measure(value=b.value - a.value, unit=a.unit), signed=True)


def _apart(a: Measure | None, b: Measure | None) -> str:
    first, second = _bounds(a), _bounds(b)
    if first is None or second is None:
        return "no intervals"
    return "yes" if first[1] < second[0] or second[1] < first[0] else "no"


def _bounds(measure: Measure | None) -> tuple[float, float] | None:
    if measure is None or measure.low is None or measure.high is None:
        return None
    return measure.low, measure.high


def _market_page(a: InstrumentCard, b: InstrumentCard, labels: tuple[str, str]) -> Page:
    pairs = [
        (name, a.measures.get(name), b.measures.get(name))
        for name in MARKET
        if name in a.measures or name in b.measures
    ]
    return Page(
        anchor=anchor_of("market", a.instrument),
        title=a.instrument,
        group="Market",
        sections=(
            Section("Liquidity", "The same measures on both, with their intervals.", (_differences(pairs, labels),)),
            Section("What makers kept", "All makers together.", (_curve(a.markouts, b.markouts, labels),)),
        ),
    )


def _curve(a: tuple[MarkoutRow, ...], b: tuple[MarkoutRow, ...], labels: tuple[str, str]) -> Curve:
    horizons = sorted({row.horizon for row in (*a, *b)})
    series = []
    for label, rows in zip(labels, (a, b), strict=True):
        known = {row.horizon: row.markout for row in rows}
        found = [known.get(h) for h in horizons]
        series.append(
            Series(
                label,
                tuple(m.value if m else None for m in found),
                low=tuple(m.low if m else None for m in found),
                high=tuple(m.high if m else None for m in found),
            )
        )
    return Curve("Markout by horizon", tuple(duration(h) for h in horizons), tuple(series), "bps")


def _makers_page(a: MakerCard | None, b: MakerCard | None, makers: tuple[str, str], labels: tuple[str, str]) -> Page:
    same = makers[0] == makers[1]
    if a is None or b is None:
        sections = (Section("Makers", "", (Note(_absent(a, b, makers, labels), "warn"),)),)
    else:
        titles = labels if same else (short(makers[0]), short(makers[1]))
        stats = Stats(
            tuple(Stat(label, _money(item).text, item.headline) for label, item in zip(titles, (a, b), strict=True))
        )
        sections = (
            Section("Result", "Change of equity, and why.", (stats,)),
            Section("Markouts", "What was left of a fill later.", (_curve(a.markouts, b.markouts, titles),)),
            Section(
                "Every measure",
                "A difference is marked as real where the 95 % intervals part.",
                (_differences(_maker_pairs(a, b), titles),),
            ),
        )
    return Page(
        anchor_of("maker", "|".join(makers)),
        short(makers[0]) if same else f"{short(makers[0])} against {short(makers[1])}",
        group="Makers",
        sections=sections,
    )


def _absent(a: MakerCard | None, b: MakerCard | None, makers: tuple[str, str], labels: tuple[str, str]) -> str:
    return "; ".join(
        f"{short(name)} has no fills on {label}"
        for item, name, label in zip((a, b), makers, labels, strict=True)
        if item is None
    )


def _maker_pairs(a: MakerCard, b: MakerCard) -> list[tuple[str, Measure | None, Measure | None]]:
    """Everything that was measured of both, by name."""
    pairs: list[tuple[str, Measure | None, Measure | None]] = [("share_of_volume", a.share, b.share)]
    pairs += [
        (f"markout at {duration(left.horizon)}", left.markout, right.markout)
        for left, right in zip(a.markouts, b.markouts, strict=False)
        if left.horizon == right.horizon
    ]
    near = (_near(a), _near(b))
    if near[0] and near[1]:
        pairs.append(("capture", near[0].capture, near[1].capture))
    pairs += [(name, a.measures[name], b.measures[name]) for name in a.measures if name in b.measures]
    return pairs
