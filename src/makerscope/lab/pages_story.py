"""The story of one run as a page."""

from makerscope.lab.catalogue import BY_NAME
from makerscope.lab.pages_paths import clock, start_of
from makerscope.lab.reading import FIRST, read, titled
from makerscope.lab.story import told
from makerscope.lab.study import Story, Study
from makerscope.report.document import Cell, Column, Page, Section, Stat, Stats, Table
from makerscope.report.numbers import duration


def story_page(study: Study, story: Story) -> Page:
    """One run, told in order."""
    start = start_of(study)
    rows = [
        (
            Cell(clock(start, at, days=study.hours > 24)),
            Cell(duration(int(at) * 1e9).replace(" ", "\N{NO-BREAK SPACE}")),
            Cell(sentence, tone=tone),
        )
        for at, tone, sentence in told(story.events)
    ]
    columns = (Column("UTC", "left"), Column("after", "left"), Column("what happened", "left"))
    item = BY_NAME[story.by]
    value = read(item, story.measures.get(story.by))
    return Page(
        anchor=f"story {story.variant}",
        title=f"{story.variant}: seed {story.seed}",
        subtitle=f"the {story.which} run of {story.variant} by {item.title}, {value}",
        group="Stories",
        sections=(
            Section("What happened, in order", "Every sentence is made of this run's own events.", (
                Table(columns, tuple(rows), sortable=False),
            )),
            Section("How it ended", "", (Stats(tuple(_stat(name, story.measures.get(name)) for name in FIRST)),)),
        ),
    )  # fmt: skip


def _stat(name: str, value: float | None) -> Stat:
    item = BY_NAME[name]
    return Stat(titled(item), ("yes" if value else "no") if item.share else read(item, value))
