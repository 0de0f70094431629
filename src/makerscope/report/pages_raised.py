"""What would have raised a maker's score, and order by order why it was what it was, as sections of a page."""

from collections.abc import Sequence

from makerscope.programs.explain import Raised
from makerscope.programs.order_look import Look, OrderLook
from makerscope.programs.sample_rule import UNIT
from makerscope.programs.scores import POOL
from makerscope.programs.what_if import CHANGES
from makerscope.report.document import Block, Cell, Column, Note, Section, Table, Tone
from makerscope.report.names import short, tone_of
from makerscope.report.numbers import compact, duration, money, number, utc
from makerscope.report.program_card import ProgramCard
from makerscope.report.score_words import DUST, MICRO, distance_text, pool_share


def raised_sections(card: ProgramCard) -> list[Section]:
    """For each maker asked about, what would have raised its score."""
    points = card.scores.points()
    return [
        Section(
            f"What would have raised the score of {short(maker)}",
            f"It has {pool_share(points.get(maker, 0))} of the pool. Each line is one change alone; nobody answers it, "
            "and no fill changes.",
            (_raised(card, rows), *_unchanged(rows)),
        )
        for maker, rows in card.raised.items()
    ]


def _raised(card: ProgramCard, rows: Sequence[Raised]) -> Table:
    columns = [Column("change", "left"), Column("more of the pool")]
    if card.budget.given:
        columns.append(Column("more tokens"))
    out = []
    for item in (item for item in rows if item.points is not None):
        points = item.points or 0
        share = points / POOL
        cells = [Cell(item.title), Cell(pool_share(points, signed=True), value=share, tone=_tone(points), bar=True)]
        if card.budget.given:
            cells.append(Cell(money(card.budget.of(points), signed=True), value=card.budget.of(points)))
        out.append(tuple(cells))
    return Table(tuple(columns), tuple(out), sortable=False)


def changes_section() -> Section:
    """What each change is."""
    rows = tuple((Cell(item.title), Cell(item.about)) for item in CHANGES.values())
    columns = (Column("change", "left"), Column("what would have been different", "left"))
    return Section("The changes", "", (Table(columns, rows, sortable=False),))


def _unchanged(rows: Sequence[Raised]) -> tuple[Note, ...]:
    """What was no change, and why."""
    return tuple(Note(f"{item.title}: {item.why}", "muted") for item in rows if item.points is None)


def _tone(points: int) -> Tone:
    return tone_of(0.0 if abs(points) < DUST else float(points))


def look_sections(card: ProgramCard, *, most: int | None = None) -> list[Section]:
    """Each order of a maker at one moment, in at most so many markets: those with the highest scores first."""
    best = sorted(card.looks, key=lambda look: -look.sample)
    sections = [_look(card, look) for look in best[:most]]
    left = [look for look in best if look not in best[:most]]
    if left:
        scored = sum(1 for look in left if look.sample)
        note = Note(f"{len(left)} more markets, {scored} of which score: --out and --json have them", "muted")
        sections.append(Section("", "", (note,)))
    return sections


def _look(card: ProgramCard, look: Look) -> Section:
    instrument = card.instruments[look.market]
    group = next(group for group in card.program.group if group.name == look.group)
    measure = next(item for item in group.measure if item.name == look.measure)
    tick, lot = float(instrument.tick_size), float(instrument.lot_size)

    def row(order: OrderLook) -> tuple[Cell, ...]:
        return (
            Cell("bid" if order.side == 1 else "ask"), Cell(number(order.price * tick, 6)),
            Cell(distance_text(order.distance, measure, instrument)),
            Cell(order.why or "counts", tone="warn" if order.why else "good"), Cell(number(order.size * lot)),
            Cell(compact(order.value / MICRO)), Cell(number(order.weight / UNIT)), Cell(compact(order.score / MICRO)),
            Cell(duration(order.age)), Cell(order.order),
        )  # fmt: skip

    columns = (
        Column("side", "left"), Column("price"), Column("distance"), Column("verdict", "left"), Column("size"),
        Column("value"), Column("weight"), Column("score"), Column("age"), Column("order", "left"),
    )  # fmt: skip
    rules = [
        ("limit", measure.limit),
        ("least value", measure.min_value or None),
        ("least age", measure.min_age_s or None),
    ]
    rule = ", ".join(f"{name} {value}" for name, value in rules if value is not None)
    bid, ask = (compact(side / MICRO) for side in look.sides)
    one = UNIT if measure.reducer == "presence" else MICRO
    notes: list[Block] = [Note(f"bids {bid}, asks {ask}: the look scores {compact(look.sample / one)}")]
    if look.why:
        notes.append(Note(look.why, "warn"))
    if not look.sampled:
        notes.append(Note("the rule did not look at this moment: its looks are at seeded instants", "info"))
    shown = [Table(columns, tuple(map(row, look.orders)), sortable=False)] if look.orders else []
    middle = "" if look.reference is None else f", measured from {number(sum(look.reference[:2]) / 4 * tick, 7)}"
    return Section(
        f"{short(look.maker)} in {look.market}, {look.measure}, {utc(look.time)}",
        f"{rule}{middle}",
        (*shown, *notes),
    )
