"""A study as a document: comparison, paired differences, paths, who paid whom, and the story of a run."""

from collections.abc import Iterable, Sequence

from makerscope.lab.catalogue import BY_NAME, MEASURES
from makerscope.lab.pages_differences import differences
from makerscope.lab.pages_paths import paths_page
from makerscope.lab.pages_payments import payments_page
from makerscope.lab.pages_story import story_page
from makerscope.lab.reading import FIRST, SAME, ends, read, stat, titled, tone
from makerscope.lab.study import Study, VariantResult
from makerscope.report.document import Block, Cell, Column, Document, Note, Page, Section, Stats, Table
from makerscope.report.numbers import UNKNOWN, compact, duration, percent

SIDE_BY_SIDE = 5  # variants that are columns of the comparison; more are rows


def document_of(study: Study, extra: Sequence[Page] = ()) -> Document:
    """The whole page."""
    pages = [overview(study), *extra]
    if len(study.variants) > 1:
        pages.append(differences(study))
    pages += [paths_page(study), payments_page(study), *(story_page(study, story) for story in study.stories)]
    pages.append(measures_page(study))
    made = " · ".join(f"{name} {version}" for name, version in study.versions.items())
    variants = "1 variant" if len(study.variants) == 1 else f"{len(study.variants)} variants"
    seeds = "1 seed" if len(study.seeds) == 1 else f"{len(study.seeds)} seeds"
    return Document(
        title="makerscope stress",
        subtitle=f"{study.title} · {variants} × {seeds} · {study.hours:g} h",
        pages=tuple(pages),
        footer=f"{made} · runs {study.runs[:16]} · all of it was simulated: it says nothing about any real market",
    )


def overview(study: Study) -> Page:
    """What was compared and how it ended."""
    base = study.variants[0]
    stats = Stats(tuple(stat(name, base.measures[name]) for name in FIRST))
    crisis = "nothing happens in this scenario: the whole run counts as the crisis"
    if study.crisis_s is not None:
        first, last = study.crisis_s
        crisis = f"crisis from {duration(first * 1e9)} to {duration(last * 1e9)} after the start"
    about: list[Block] = [Note(" ".join(study.about.split()))] if study.about.strip() else []
    many = len(study.variants) > SIDE_BY_SIDE
    said = "mean over seeds" if many else "mean over seeds, with its 95 % interval"
    coloured = f" Green and red: surely better or worse than {base.name}." if len(study.variants) > 1 else ""
    return Page(
        anchor="overview",
        title="Overview",
        subtitle=study.title,
        group="Overview",
        sections=(
            Section(
                f"At a glance: {base.name}",
                f"Means over {len(study.seeds)} seeds, with their 95 % intervals.",
                (stats,),
            ),
            Section(
                "Compared",
                f"Seats: {', '.join(study.seats)}; {crisis}. Each cell is the {said}.{coloured}",
                (*about, by_variant(study) if many else by_measure(study)),
            ),
            _makers(study),
        ),
    )


def by_measure(study: Study, names: Iterable[str] = FIRST) -> Table:
    """One row a measure, one column a variant."""
    rows = []
    for item in (BY_NAME[name] for name in names):
        cells = [Cell(titled(item))]
        for variant in study.variants:
            found = variant.measures[item.name]
            told = ends(item, found)
            text = read(item, found.mean) + (f" ({told})" if told and told != SAME else "")
            cells.append(Cell(text, value=found.mean, tone=tone(item, variant.against.get(item.name))))
        rows.append(tuple(cells))
    columns = (Column("measure", "left"), *(Column(variant.name) for variant in study.variants))
    return Table(columns, tuple(rows), sortable=False)


def screen_of(study: Study, extra: Sequence[Section] = ()) -> Document:
    """What fits a terminal: means side by side, paired differences, makers."""
    base = study.variants[0]
    means = Table(
        (Column("mean over seeds", "left"), *(Column(variant.name) for variant in study.variants)),
        tuple(
            (Cell(titled(item)), *(
                Cell(read(item, variant.measures[item.name].mean), tone=tone(item, variant.against.get(item.name)))
                for variant in study.variants
            ))
            for item in (BY_NAME[name] for name in FIRST)
        ),
        sortable=False,
    )  # fmt: skip
    glance = Stats(tuple(stat(name, base.measures[name]) for name in FIRST))
    seeds = f"{len(study.seeds)} seeds" if len(study.seeds) > 1 else "1 seed"
    sections = [Section(f"{base.name}, {seeds}", "Means with their 95 % intervals.", (glance,)), *extra]
    if len(study.variants) > 1:
        sections.append(
            Section("Side by side", "", (means if len(study.variants) <= SIDE_BY_SIDE else by_variant(study),))
        )
    for variant in study.variants[1 : SIDE_BY_SIDE + 1]:
        rows = tuple(
            (
                Cell(item.title),
                Cell(read(item, found.mean, signed=True), tone=tone(item, found)),
                Cell(ends(item, found, signed=True)),
            )
            for item in (BY_NAME[name] for name in FIRST)
            for found in [variant.against[item.name]]
            if found.mean is not None
        )
        columns = (Column("seed by seed", "left"), Column("difference"), Column("95 % interval"))
        sections.append(Section(f"{variant.name} less {base.name}", "", (Table(columns, rows, sortable=False),)))
    sections.append(_makers(study))
    document = document_of(study)
    page = Page(anchor="screen", title=study.title, sections=tuple(sections))
    return Document(document.title, subtitle=document.subtitle, pages=(page,), footer=document.footer)


def by_variant(study: Study, names: Iterable[str] = FIRST) -> Table:
    """One row a variant, one column a measure."""
    items = [BY_NAME[name] for name in names]
    rows = tuple(
        (
            Cell(variant.name),
            *(
                Cell(read(item, found.mean), value=found.mean, tone=tone(item, variant.against.get(item.name)))
                for item in items
                for found in [variant.measures[item.name]]
            ),
        )
        for variant in study.variants
    )
    columns = (Column("variant", "left"), *(Column(titled(item), help=item.about) for item in items))
    return Table(columns, rows, limit=60)


def measures_page(study: Study) -> Page:
    """Every measure of every variant."""
    columns = (
        Column("measure", "left"), Column("unit", "left"), Column("mean"), Column("95 % interval"), Column("5 %"),
        Column("median"), Column("95 %"), Column("runs known"),
    )  # fmt: skip
    sections = []
    for variant in study.variants:
        rows = []
        for item in MEASURES:
            found = variant.measures[item.name]
            spread = [UNKNOWN if item.share else read(item, value) for value in (found.p5, found.p50, found.p95)]
            rows.append((
                Cell(item.title), Cell(item.unit), Cell(read(item, found.mean)), Cell(ends(item, found)),
                *(Cell(text) for text in spread), Cell(f"{found.n} of {found.of}"),
            ))  # fmt: skip
        sections.append(Section(variant.name, changed(variant), (Table(columns, tuple(rows), sortable=False),)))
    meaning = Table(
        (Column("measure", "left"), Column("unit", "left"), Column("what it is", "left")),
        tuple((Cell(item.title), Cell(item.unit), Cell(item.about)) for item in MEASURES),
        sortable=False,
    )
    sections.append(Section("What the measures mean", "", (meaning,)))
    return Page(anchor="measures", title="All measures", group="Numbers", sections=tuple(sections))


def changed(variant: VariantResult) -> str:
    """What a variant changes, in words."""
    maker = f"Maker: {variant.maker.get('kind')}" if variant.maker else "Makers as the scenario has them"
    numbers = variant.maker.get("numbers")
    if isinstance(numbers, dict) and numbers:
        maker += " with " + ", ".join(f"{key} = {value}" for key, value in numbers.items())
    return "; ".join([maker, *(f"{key} = {value}" for key, value in variant.changes.items())]) + "."


def _makers(study: Study) -> Section:
    rows = []
    for variant in study.variants:
        for seat in variant.makers:
            pnl = f"{compact(seat.pnl.low, signed=True)} to {compact(seat.pnl.high, signed=True)}"
            rows.append((
                Cell(f"{variant.name}: {seat.name}" if len(study.variants) > 1 else seat.name),
                Cell(percent(seat.survived.mean), value=seat.survived.mean),
                Cell(f"{percent(seat.survived.low)} to {percent(seat.survived.high)}"),
                Cell(compact(seat.pnl.mean, signed=True), value=seat.pnl.mean), Cell(pnl),
                Cell(compact(seat.pnl.p5, signed=True), value=seat.pnl.p5),
                Cell(compact(seat.drawdown.mean), value=seat.drawdown.mean),
                Cell(percent(seat.crisis_uptime.mean), value=seat.crisis_uptime.mean),
                Cell(", ".join(f"{fate} {n}" for fate, n in seat.fates.items())),
            ))  # fmt: skip
    columns = (
        Column("maker", "left"), Column("survives"), Column("95 %"), Column("P&L, USD"), Column("95 %"),
        Column("1 of 20 runs below"), Column("drawdown, USD"), Column("uptime in crisis"), Column("ends", "left"),
    )  # fmt: skip
    return Section("Each maker", "Every maker under test, over all seeds.", (Table(columns, tuple(rows), limit=30),))
