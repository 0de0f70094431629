"""A program on a tape as a document: scores, what would have raised them, what the budget bought, the rule in words."""

from collections.abc import Iterator, Sequence

from makerscope.report.document import Cell, Column, Document, Page, Section, Table
from makerscope.report.numbers import span
from makerscope.report.pages_liquidity import liquidity_page, samples_page
from makerscope.report.pages_raised import changes_section, look_sections, raised_sections
from makerscope.report.pages_scores import score_sections, scores_page
from makerscope.report.program_card import ProgramCard
from makerscope.report.program_words import describe

LOOKS = 4  # markets of a maker whose orders a screen shows


def program_document(card: ProgramCard) -> Document:
    """All pages of one program."""
    return Document(
        title="makerscope score",
        subtitle=f"{card.program.title} · {span(card.scores.since, card.scores.until)}",
        pages=(*_with_orders(card), *filter(None, (liquidity_page(card), samples_page(card))), rule_page(card)),
        footer=footer_of(card),
    )


def screen_of(card: ProgramCard) -> Document:
    """What fits a terminal."""
    sections = [*score_sections(card), *raised_sections(card), *look_sections(card, most=LOOKS)]
    whole = Page(anchor="screen", title=card.program.title, sections=tuple(sections))
    return Document("makerscope score", subtitle=span(card.scores.since, card.scores.until), pages=(whole,))


def identity(card: ProgramCard) -> list[tuple[str, str | None]]:
    """What identifies the scores: two machines that agree on these give the same."""
    scores = card.scores
    return [("program", scores.program_hash), ("tape", scores.tape_root), ("seed", scores.seed)]


def footer_of(card: ProgramCard) -> str:
    """The same in one line."""
    return " · ".join(f"{name} {told}" for name, told in identity(card) if told)


def _with_orders(card: ProgramCard) -> Iterator[Page]:
    yield scores_page(card)
    if card.raised:
        yield Page(
            anchor="raised",
            title="What would have raised it",
            subtitle="the program scored again with one maker's orders changed and all else as it was",
            group="Makers",
            sections=(*raised_sections(card), changes_section()),
        )
    if card.looks:
        yield Page(anchor="orders", title="Order by order", group="Makers", sections=tuple(look_sections(card)))


def rule_page(card: ProgramCard) -> Page:
    """The rule in words, and what identifies it."""
    program, scores = card.program, card.scores
    sections = [Section(heading, "", (_facts(lines),)) for heading, lines in describe(program)]
    facts = [
        ("source", program.source), ("status", program.status), ("program hash", scores.program_hash),
        ("evidence root of the tape", scores.tape_root), ("seed", scores.seed or "none: nothing is drawn"),
        *((f"assumed: {name}", value) for name, value in program.assumed.items()),
    ]  # fmt: skip
    sections.append(
        Section("What identifies it", "Two machines that agree on these give the same scores.", (_facts(facts),))
    )
    return Page(anchor="rule", title="The rule", subtitle=program.title, group="Overview", sections=tuple(sections))


def _facts(lines: Sequence[tuple[str, str]]) -> Table:
    rows = tuple((Cell(name.replace("_", " ")), Cell(text)) for name, text in lines)
    return Table((Column("about", "left"), Column("what is said", "left")), rows, sortable=False)
