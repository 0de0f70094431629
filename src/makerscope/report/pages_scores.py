"""Scores of a program as a page: what each maker got, with its error, and what it was made of."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import median
from typing import Any, TypeAlias, TypeVar

from makerscope.programs.scores import POOL, Case, Standing
from makerscope.report.document import Block, Cell, Column, Note, Page, Section, Stat, Stats, Table
from makerscope.report.names import short
from makerscope.report.numbers import count, fixed, money, number, percent, span, utc
from makerscope.report.program_card import ProgramCard
from makerscope.report.score_words import MICRO, component_text, give_or_take, pool_share, score_text

T = TypeVar("T")
Shown: TypeAlias = tuple[Column, Callable[[T], Cell]]  # a column, and its cell in the row of an item
FEW = 3  # findings of one kind that are told one by one
_BLIND = ": no reference ("
_SCORE = "after exponents, factors and gates; only its share counts"


def scores_page(card: ProgramCard) -> Page:
    """Who earned what, and of what."""
    sections = list(score_sections(card))
    if len(card.scores.markets) > 1:
        sections.append(Section("Markets", "What each market pays, and what nobody earned in it.", (_markets(card),)))
    return Page(
        anchor="overview", title="Scores", subtitle=card.program.title, group="Overview", sections=tuple(sections)
    )


def score_sections(card: ProgramCard) -> Iterator[Section]:
    """What a screen has room for."""
    scores = card.scores
    several = len(scores.markets) > 1
    paid = [own for own in scores.points().values() if own]
    unpaid = POOL - sum(paid)
    looked = sum(market.looked for market in scores.markets)
    stats = (
        Stat("Paid of the pool", pool_share(POOL - unpaid), f"{pool_share(unpaid)} is kept"),
        Stat("Makers paid", count(len(paid)), f"of {count(len(scores.points()))}"),
        Stat("Markets", count(len(scores.markets)), "" if several else scores.markets[0].market),
        Stat("Looks", count(looked), "sampled") if card.sampled else Stat("Looks", "always", "nothing is sampled"),
        Stat("Largest share", pool_share(max(paid)) if paid else "—", f"Herfindahl {_herfindahl(paid)}"),
    )
    yield Section("At a glance", span(scores.since, scores.until), (Stats(stats), *_findings(card)))
    yield Section("Makers", _about_points(card), (makers_table(card),))
    if scores.duties:
        yield Section("Obligations", "Periods in which a maker was there for long enough.", (_duties(card),))
    if scores.cases:
        yield Section("Clauses", "Shocks, and what the pool gains or loses by the answer.", (_cases(card),))
    title = "Maker by market" if several else "Components"
    yield Section(title, _about_components(card), (components_table(card),))


def _duties(card: ProgramCard) -> Table:
    """How many periods each maker met, over all markets."""
    met: dict[str, list[bool]] = {}
    for duty in card.scores.duties:
        met.setdefault(duty.maker, []).append(duty.met)
    fields: list[Shown[str]] = [
        (Column("maker", "left"), lambda maker: Cell(short(maker))),
        (Column("met"), lambda maker: Cell(count(sum(met[maker])), value=float(sum(met[maker])))),
        (
            Column("of", help="periods, in each market that is judged by itself"),
            lambda maker: Cell(count(len(met[maker]))),
        ),
    ]
    return _table(fields, sorted(met, key=lambda maker: (-sum(met[maker]), maker)))


def _cases(card: ProgramCard) -> Table:
    """Each case of a clause."""
    said = {True: "restored", False: "not restored", None: "undecided"}
    fields: list[Shown[Case]] = [
        (Column("clause", "left"), lambda case: Cell(case.clause)),
        (Column("market", "left"), lambda case: Cell(case.market)),
        (Column("from", "left"), lambda case: Cell(utc(case.start))),
        (Column("answer", "left"), lambda case: Cell(said[case.restored])),
        (Column("pool"), lambda case: Cell(f"{number(case.change / MICRO, signed=True)} {case.unit}")),
    ]
    return _table(fields, card.scores.cases)


def _findings(card: ProgramCard) -> Iterator[Block]:
    """What the scoring found; markets without a reference in one line where they are many."""
    scores = card.scores
    blind = [text for text in scores.findings if _BLIND in text]
    for text in scores.findings:
        if text not in blind or len(blind) <= FEW:
            yield Note(text, "warn" if text in blind or text.startswith("parameters") else "info")
    if len(blind) > FEW:
        share = [100 * item.blind / (item.blind + item.looked) for item in scores.markets if item.blind]
        yield Note(
            f"{len(blind)} markets have no reference for part of the time (median {median(share):.0f} %, at most "
            f"{max(share):.0f} %): it counts for nobody",
            "warn",
        )


def _about_points(card: ProgramCard) -> str:
    budget = f", of {money(card.budget.of(POOL))} tokens" if card.budget.given else ""
    if not card.sampled:
        return f"Part of the pool{budget}. The rule looks all the time, so there is no sampling error."
    return (
        f"Part of the pool{budget}, with the 95 % interval of its sampling error: "
        "what other random looks at the same orders would have paid."
    )


def _about_components(card: ProgramCard) -> str:
    names = {item.name for group in card.program.group for item in group.measure}
    return f"What the score is made of; {', '.join(sorted(names))} as the mean of a look, volumes in quote currency."


def makers_table(card: ProgramCard) -> Table:
    """One row a maker, most points first."""
    mine: dict[str, list[Standing]] = {}
    for item in card.scores.standings:
        mine.setdefault(item.maker, []).append(item)
    several = len(card.scores.markets) > 1

    def points(maker: str) -> int:
        return sum(item.points for item in mine[maker])

    def markets(maker: str) -> Cell:
        paid = sum(1 for item in mine[maker] if item.points)
        return Cell(count(paid), value=float(paid))

    def refused(maker: str) -> Cell:
        return _refused("; ".join(sorted({item.refused for item in mine[maker] if item.refused})))

    whose = Column("95 % interval", help="of the sampling error alone" + (", at most so wide" if several else ""))
    fields: list[Shown[str]] = [
        (Column("maker", "left"), lambda maker: Cell(short(maker))),
        (Column("of the pool"), lambda maker: _part(points(maker))),
    ]
    if card.sampled:
        fields.append((whose, lambda maker: Cell(give_or_take(points(maker), _together(mine[maker])))))
    if card.budget.given:
        fields.append(
            (Column("tokens", help="before caps, floors and rounding"), lambda maker: _money(card, points(maker)))
        )
    if several:
        fields.append((Column("markets paid"), markets))
    fields.append((Column("refused", "left", help="the gate that let nothing through"), refused))
    return _table(fields, sorted(mine, key=lambda maker: (-points(maker), maker)))


def _table(fields: Sequence[Shown[Any]], rows: Sequence[Any]) -> Table:
    """A table of what is shown of each row; a column in which nothing ever stands is left out."""
    cells = [[show(row) for row in rows] for _, show in fields]
    used = [k for k, column in enumerate(cells) if any(cell.text for cell in column)]
    body = tuple(tuple(cells[k][place] for k in used) for place in range(len(rows)))
    return Table(tuple(fields[k][0] for k in used), body, limit=25)


def _part(points: int) -> Cell:
    return Cell(pool_share(points), value=points / POOL, bar=True)


def _money(card: ProgramCard, points: int) -> Cell:
    return Cell(money(card.budget.of(points)), value=card.budget.of(points))


def _refused(why: str) -> Cell:
    return Cell(why, tone="warn" if why else "")


def components_table(card: ProgramCard) -> Table:
    """What each score was made of."""
    markets = {(item.group, item.market): item for item in card.scores.markets}
    names = sorted({name for item in card.scores.standings for name in item.component})

    def shown(name: str) -> Callable[[Standing], Cell]:
        def show(item: Standing) -> Cell:
            value, market = item.component.get(name), markets[item.group, item.market]
            if value is None:
                return Cell("—")
            return Cell(component_text(name, value, card.group_of(market), market), value=float(value))

        return show

    label = labels_of(card)
    several = len(markets) > 1
    fields: list[Shown[Standing]] = [(Column("maker", "left"), lambda item: Cell(short(item.maker)))]
    if several:
        fields += [
            (Column("market", "left"), lambda item: Cell(label[item.market])),
            (Column("of the pool"), lambda item: _part(item.points)),
        ]
    if several and card.sampled:
        fields.append((Column("95 % interval"), lambda item: Cell(give_or_take(item.points, item.error))))
    fields += [
        *((Column(name.replace("_", " ")), shown(name)) for name in names),
        (Column("score", help=_SCORE), lambda item: Cell(score_text(item.score), value=float(item.points))),
    ]
    if several:
        fields.append((Column("refused", "left"), lambda item: _refused(item.refused)))
    return _table(fields, _ordered(card.scores.standings))


def labels_of(card: ProgramCard) -> dict[str, str]:
    """Markets as they are shown: without their venue where all are of one."""
    names = [item.market for item in card.scores.markets]
    venues = {name.partition(":")[0] for name in names}
    return {name: name.partition(":")[2] if len(venues) == 1 < len(names) else name for name in names}


def _markets(card: ProgramCard) -> Table:
    rows = []
    label = labels_of(card)
    for item in card.scores.markets:
        whole = item.looked + item.blind
        rows.append((
            Cell(label[item.market]), Cell(pool_share(item.pool), value=item.pool / POOL, bar=True),
            Cell(pool_share(item.left), value=item.left / POOL), Cell(count(item.makers), value=float(item.makers)),
            *(Cell(percent(part / whole if whole else None)) for part in (item.blind, item.stressed)),
            Cell(item.reference),
        ))  # fmt: skip
    columns = (
        Column("market", "left"), Column("of the pool"), Column("kept", help="part of the pool that nobody earned"),
        Column("makers paid"), Column("no reference", help="share of looks or time"), Column("in stress"),
        Column("measured from", "left"),
    )  # fmt: skip
    return Table(columns, tuple(rows), limit=25)


def _ordered(rows: Iterable[Standing]) -> list[Standing]:
    return sorted(rows, key=lambda item: (-item.points, item.maker, item.market))


def _together(rows: Sequence[Standing]) -> float | None:
    """Standard error of a maker's points over its markets, were their errors all one: it is not larger."""
    errors = [item.error for item in rows]
    return None if None in errors else sum(error for error in errors if error is not None)


def _herfindahl(paid: Sequence[int]) -> str:
    whole = sum(paid)
    return fixed(sum((own / whole) ** 2 for own in paid), 3) if whole else "—"


def _first_of(names: Sequence[str], most: int) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
