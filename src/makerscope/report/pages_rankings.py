"""One tape under every program as pages: who ranks where, how alike the rankings are, what the tape cannot serve."""

from collections.abc import Mapping

from makerscope.programs.comparison import Comparison
from makerscope.programs.scores import POOL
from makerscope.report.document import (
    Cell,
    Column,
    Document,
    Heatmap,
    Note,
    Page,
    Section,
    Stat,
    Stats,
    Table,
    Tone,
)  # fmt: skip
from makerscope.report.names import short
from makerscope.report.numbers import count, fixed, span
from makerscope.report.pages_programs import footer_of, scores_page
from makerscope.report.program_card import ProgramCard
from makerscope.report.score_words import pool_share

MOST = 10  # makers side by side in a picture whose values are told


def rankings_document(cards: Mapping[str, ProgramCard], comparison: Comparison) -> Document:
    """All pages: the rankings first, then the scores of each program."""
    pages = [rankings_page(comparison)]
    for name, card in cards.items():
        page = scores_page(card)
        pages.append(
            Page(
                anchor=f"program-{name}", title=name, subtitle=card.program.title, group="Programs",
                sections=(*page.sections, Section("Identity", footer_of(card), ())),
            )
        )  # fmt: skip
    return Document(title="makerscope score", subtitle=f"every program · {_when(comparison)}", pages=tuple(pages))


def rankings_screen(comparison: Comparison) -> Document:
    """What fits a terminal: ranks side by side, agreement, what was left out."""
    sections = [Section("At a glance", "", (_stats(comparison),))]
    if comparison.scores:
        sections.append(Section("Rank and part of the pool", "", (ranks_table(comparison),)))
        sections.append(Section("Kendall's tau between programs", "", (agreement_table(comparison),)))
    if comparison.left:
        sections.append(
            Section("Left out", "", tuple(Note(f"{name}: {why}", "muted") for name, why in comparison.left.items()))
        )
    page = Page(anchor="screen", title="Every program", sections=tuple(sections))
    return Document("makerscope score", subtitle=_when(comparison), pages=(page,))


def rankings_page(comparison: Comparison) -> Page:
    """Ranks, shares and agreement of all programs."""
    sections = [Section("At a glance", "", (_stats(comparison),))]
    if comparison.scores:
        makers = comparison.makers()
        few = makers[:MOST]
        named = tuple(short(maker) for maker in few)
        programs = tuple(comparison.scores)
        ranks, points = comparison.ranks(), {name: own.points() for name, own in comparison.scores.items()}
        told = f" The {MOST} makers that earn most on average." if len(makers) > MOST else ""
        sections += [
            Section(
                "Rank under each program",
                f"1 earns most; hatched: the program pays it nothing.{told}",
                (
                    Heatmap(
                        "Rank",
                        named,
                        programs,
                        tuple(tuple(_float(ranks[name].get(maker)) for maker in few) for name in programs),
                        show_values=True,
                    ),
                ),
            ),
            Section(
                "Part of the pool under each program",
                f"One tape, one set of orders: what each rule would have paid for them, in per cent.{told}",
                (
                    Heatmap(
                        "Of the pool",
                        named,
                        programs,
                        tuple(tuple(100 * points[name].get(maker, 0) / POOL for maker in few) for name in programs),
                        unit="%",
                        show_values=True,
                    ),
                ),
            ),
            Section(
                "Every maker", "Rank and part of the pool; sorted by the average part.", (ranks_table(comparison),)
            ),
        ]
        if len(programs) > 1:
            sections.append(
                Section(
                    "How alike programs rank",
                    "Kendall's tau-b: 1 is the same order of makers, 0 no relation, −1 the reverse.",
                    (agreement_table(comparison),),
                )
            )
    if comparison.left:
        sections.append(
            Section("Left out", "Programs that this tape, or what was given, cannot serve.", (_left(comparison),))
        )
    return Page(anchor="overview", title="Rankings", subtitle="one tape under every program", group="Overview",
                sections=tuple(sections))  # fmt: skip


def _stats(comparison: Comparison) -> Stats:
    known = [tau for tau in comparison.agreement().values() if tau is not None]
    first = {next(iter(own.points()), None) for own in comparison.scores.values()}
    items = [
        Stat("Programs", count(len(comparison.scores)), f"{len(comparison.left)} left out"),
        Stat("Makers", count(len(comparison.makers()))),
        Stat("Different winners", count(len(first)), "makers that are first somewhere"),
    ]
    if known:
        items.append(Stat("Agreement", fixed(sum(known) / len(known)), f"mean tau, from {fixed(min(known))}"))
    return Stats(tuple(items))


def ranks_table(comparison: Comparison) -> Table:
    """One row a maker, one column a program."""
    ranks, points = comparison.ranks(), {name: own.points() for name, own in comparison.scores.items()}
    rows = tuple(
        (
            Cell(short(maker)),
            *(
                Cell(
                    f"{rank}. {pool_share(points[name].get(maker, 0))}" if rank else "—",
                    value=float(points[name].get(maker, 0)),
                    tone="good" if rank == 1 else "",
                )
                for name in comparison.scores
                for rank in [ranks[name].get(maker)]
            ),
        )
        for maker in comparison.makers()
    )
    return Table(
        (Column("maker", "left"), *(Column(name.replace("_", " ")) for name in comparison.scores)), rows, limit=25
    )


def agreement_table(comparison: Comparison) -> Table:
    """Kendall's tau of each two programs; columns are the numbers of rows."""
    names, tau = list(comparison.scores), comparison.agreement()
    rows = []
    for place, name in enumerate(names):
        cells = [Cell(f"{place + 1} {name}")]
        for column, other in enumerate(names[:-1]):
            value = tau.get((name, other)) if column < place else None
            said = "" if column >= place else fixed(value)
            cells.append(Cell(said, value=value, tone=_tone(value)))
        rows.append(tuple(cells))
    columns = (Column("", "left"), *(Column(str(number + 1)) for number in range(len(names) - 1)))
    return Table(columns, tuple(rows), sortable=False)


def _tone(tau: float | None) -> Tone:
    return "" if tau is None else "bad" if tau < 0 else "warn" if tau < 0.5 else ""


def _left(comparison: Comparison) -> Table:
    rows = tuple((Cell(name), Cell(why)) for name, why in comparison.left.items())
    return Table((Column("program", "left"), Column("why", "left")), rows, sortable=False)


def _when(comparison: Comparison) -> str:
    first = next(iter(comparison.scores.values()), None)
    return span(first.since, first.until) if first else "no program could be scored"


def _float(rank: int | None) -> float | None:
    return None if rank is None else float(rank)
