"""What a budget bought of depth that takers could have hit, and what each look gave each maker, as pages."""

from collections.abc import Iterator, Sequence

from makerscope.programs.liquidity import BANDS, Depth
from makerscope.programs.scores import POOL
from makerscope.report.document import Bars, Block, Cell, Column, Lines, Missing, Page, Section, Series, Table
from makerscope.report.names import short
from makerscope.report.numbers import compact, money
from makerscope.report.program_card import ProgramCard, SamplePath
from makerscope.report.score_words import MICRO, pool_share

MOST_LINES = 6  # makers in a picture
TIMES = (("over_time", "over time"), ("at_takers", "when takers came"), ("in_stress", "in stress"))


def liquidity_page(card: ProgramCard) -> Page | None:
    """What the budget bought of depth that takers could have hit."""
    if not card.depth and not card.missing:
        return None
    given = "" if card.budget.given else ", a made-up one: --budget sets it"
    sections = [
        Section(
            f"What a budget of {money(card.budget.of(POOL))} buys",
            "Mean depth of both sides within a band of the middle, and what the budget pays for each 1,000 of it"
            f"{given}.",
            tuple(_bought(card)),
        ),
        Section(
            "Maker by maker",
            "Depth of a maker against what the program pays it: who is paid much for little that could be hit.",
            tuple(_by_maker(card)),
        ),
    ]
    return Page(
        anchor="liquidity", title="Liquidity bought", subtitle="depth that takers could have hit", group="Overview",
        sections=tuple(sections),
    )  # fmt: skip


def _bought(card: ProgramCard) -> Iterator[Block]:
    for unit, depths in _by_unit(card.depth).items():
        paid = sum(_points_in(card, {item.market for item in depths}).values())
        rows = []
        for band in BANDS:
            cells = [Cell(f"{band} bps")]
            for when, _ in TIMES:
                total = _total([item for item in depths if item.band == band], when)
                price = None if not total else card.budget.of(paid) * 1000 / (total / MICRO)
                cells += [Cell(compact(None if total is None else total / MICRO)), Cell(compact(price))]
            rows.append(tuple(cells))
        columns = [Column("within", "left")]
        for _, words in TIMES:
            columns += [Column(f"{words}, {unit}"), Column("paid for 1,000")]
        yield Table(tuple(columns), tuple(rows), sortable=False)
    for market, why in card.missing.items():
        yield Missing(f"depth of {market}", why)


def _by_maker(card: ProgramCard) -> Iterator[Block]:
    points = card.scores.points()
    for unit, depths in _by_unit(card.depth).items():
        band = BANDS[1]
        near = [item for item in depths if item.band == band]
        mine = _points_in(card, {item.market for item in near})
        rows = []
        for maker in (name for name in points if name in near[0].makers):
            cells = [
                Cell(short(maker)),
                Cell(pool_share(mine.get(maker, 0)), value=mine.get(maker, 0) / POOL, bar=True),
            ]
            for when, _ in TIMES:
                own = _total(near, when, maker)
                price = None if not own else card.budget.of(mine.get(maker, 0)) * 1000 / (own / MICRO)
                cells += [
                    Cell(compact(None if own is None else own / MICRO), value=own),
                    Cell(compact(price), value=price),
                ]
            rows.append(tuple(cells))
        columns = [Column("maker", "left"), Column("of the pool")]
        for _, words in TIMES:
            columns += [Column(words, help=f"depth within {band} bps, {unit}"), Column("paid for 1,000")]
        yield Table(tuple(columns), tuple(rows), caption=f"within {band} bps, {unit}", limit=25)
        shares = _shares(near, list(points)[:MOST_LINES], mine)
        if shares:
            yield shares


def _shares(near: Sequence[Depth], makers: Sequence[str], points: dict[str, int]) -> Bars | None:
    """Part of the pay beside parts of the depth, maker by maker."""
    paid = sum(points.values())
    if not paid:
        return None
    series = [Series("of what is paid", tuple(100 * points.get(maker, 0) / paid for maker in makers))]
    for when, words in TIMES[:2]:
        whole = _total(near, when)
        if whole:
            series.append(
                Series(
                    f"of the depth {words}", tuple(100 * (_total(near, when, maker) or 0) / whole for maker in makers)
                )
            )
    return Bars("Pay against depth", tuple(short(maker) for maker in makers), tuple(series), unit="%")


def samples_page(card: ProgramCard) -> Page | None:
    """Sample scores over time."""
    if not card.paths:
        return None
    how = "at the instants at which the rule looked" if card.sampled else "at regular instants, for the picture only"
    sections = [
        Section(path.market, f"What one look gave each maker, {how}; means of buckets.", (_lines(path, card),))
        for path in card.paths
    ]
    return Page(
        anchor="samples", title="Over time", subtitle="scores look by look", group="Overview", sections=tuple(sections)
    )


def _lines(path: SamplePath, card: ProgramCard) -> Lines:
    points = card.scores.points()
    seen = [k for k in range(len(path.makers)) if any(path.values[k])]
    best = sorted(seen, key=lambda k: (-points.get(path.makers[k], 0), k))[:MOST_LINES]
    series = tuple(
        Series(
            short(path.makers[k]), tuple(None if own is None else own / MICRO for own in path.values[k]), style="step"
        )
        for k in best
    )
    return Lines("Score of a look", path.times, series, unit="", height=240)


def _by_unit(depths: Sequence[Depth]) -> dict[str, list[Depth]]:
    out: dict[str, list[Depth]] = {}
    for item in depths:
        out.setdefault(item.unit, []).append(item)
    return out


def _points_in(card: ProgramCard, markets: set[str]) -> dict[str, int]:
    out: dict[str, int] = {}
    for item in card.scores.standings:
        if item.market in markets:
            out[item.maker] = out.get(item.maker, 0) + item.points
    return out


def _total(depths: Sequence[Depth], when: str, maker: str | None = None) -> int | None:
    """Depth of some markets together, of one maker or all; None where there was no such time in any of them."""
    known = [
        own
        for item in depths
        for name, own in zip(item.makers, getattr(item, when), strict=True)
        if own is not None and maker in (None, name)
    ]
    return sum(known) if known else None
