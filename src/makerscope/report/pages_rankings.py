"""One tape under every program as pages: who ranks where, how alike the rankings are, what the tape cannot serve."""

from collections.abc import Iterator, Mapping

from makerscope.programs.comparison import DEPTH, Comparison
from makerscope.programs.scores import POOL
from makerscope.report.document import (
    Cell,
    Column,
    Document,
    Heatmap,
    Page,
    Section,
    Stat,
    Stats,
    Table,
)  # fmt: skip
from makerscope.report.names import short
from makerscope.report.numbers import UNKNOWN, count, fixed, span
from makerscope.report.pages_programs import footer_of
from makerscope.report.pages_scores import scores_page
from makerscope.report.program_card import ProgramCard
from makerscope.report.score_words import pool_share

MOST = 10  # makers side by side in a picture whose values are told
LEAST = 6  # pairs of programs that are told as least alike


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


def rankings_page(comparison: Comparison) -> Page:
    """Ranks, shares and agreement of all programs."""
    sections = [Section("At a glance", "", (_stats(comparison),))]
    if comparison.scores:
        sections += _ranking_sections(comparison)
    if comparison.agreement():
        sections.append(_agreement(comparison))
    unpaying = comparison.unpaying()
    if unpaying:
        sections.append(Section("Pay nobody", "Scored, and nobody earned anything.", (_reasons(unpaying),)))
    if comparison.left:
        why = "Programs that this tape cannot serve, or with open parameters (nobody published them)."
        sections.append(Section("Left out", why, (_reasons(comparison.left),)))
    return Page(
        anchor="overview",
        title="Rankings",
        subtitle="one tape under every program",
        group="Overview",
        sections=tuple(sections),
    )


def _ranking_sections(comparison: Comparison) -> Iterator[Section]:
    ranks, points, makers = comparison.ranks(), comparison.points(), comparison.makers()
    names = tuple(name for name in points if ranks[name])
    few = makers[:MOST]
    said = tuple(short(maker) for maker in few)
    told = f" The {MOST} makers that earn most on average." if len(makers) > MOST else ""
    about = f" {DEPTH}: each maker's part of the depth within 10 bps that takers met, for comparison."
    rank = tuple(tuple(_float(ranks[name].get(maker)) for maker in few) for name in names)
    share = tuple(tuple(100 * points[name].get(maker, 0) / POOL for maker in few) for name in names)
    yield Section(
        "Rank under each program",
        f"1 earns most; hatched: the program pays it nothing.{about}{told}",
        (Heatmap("Rank", said, names, rank, show_values=True),),
    )
    yield Section(
        "Part of the pool under each program",
        f"One tape, one set of orders: what each rule would have paid for them.{told}",
        (Heatmap("Of the pool", said, names, share, unit="%", show_values=True),),
    )
    yield Section("Every maker", "Rank and part of the pool; sorted by the average part.", (ranks_table(comparison),))


def _stats(comparison: Comparison) -> Stats:
    known = [tau for tau in comparison.agreement().values() if tau is not None]
    ranks = comparison.ranks()
    first = {maker for name in comparison.scores for maker, rank in ranks[name].items() if rank == 1}
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
    ranks, points = comparison.ranks(), comparison.points()
    names = [name for name in points if ranks[name]]

    def cell(name: str, maker: str) -> Cell:
        rank, own = ranks[name].get(maker), points[name].get(maker, 0)
        text = f"{rank}. {pool_share(own)}" if rank else UNKNOWN
        return Cell(text, value=float(own), tone="good" if rank == 1 else "")

    rows = tuple((Cell(short(maker)), *(cell(name, maker) for name in names)) for maker in comparison.makers())
    return Table((Column("maker", "left"), *(Column(name.replace("_", " ")) for name in names)), rows, limit=25)


def _agreement(comparison: Comparison) -> Section:
    """Kendall's tau of each two rankings: all of them in colour, the least alike in a table."""
    tau = comparison.agreement()
    names = [name for name, own in comparison.ranks().items() if own]
    numbers = tuple(str(place + 1) for place in range(len(names)))
    values = tuple(
        tuple(1.0 if one == other else tau.get((one, other), tau.get((other, one))) for other in names) for one in names
    )
    labels = tuple(f"{place + 1} {name}" for place, name in enumerate(names))
    known = sorted((value, one, other) for (one, other), value in tau.items() if value is not None)
    rows = tuple((Cell(one), Cell(other), Cell(fixed(value), value=value)) for value, one, other in known[:LEAST])
    columns = (Column("ranking", "left"), Column("and", "left"), Column("tau"))
    return Section(
        "How alike programs rank",
        "Kendall's tau-b, over the makers that both score: 1 is the same order, 0 no relation, −1 the reverse.",
        (
            Heatmap("Kendall's tau", numbers, labels, values, diverging=True, show_values=True),
            Table(columns, rows, caption="The least alike", sortable=False),
        ),
    )


def _reasons(reasons: Mapping[str, str]) -> Table:
    rows = tuple((Cell(name), Cell(why)) for name, why in reasons.items())
    return Table((Column("program", "left"), Column("why", "left")), rows, sortable=False)


def _float(rank: int | None) -> float | None:
    return None if rank is None else float(rank)


def _when(comparison: Comparison) -> str:
    first = next(iter(comparison.scores.values()), None)
    return span(first.since, first.until) if first else "no program could be scored"
