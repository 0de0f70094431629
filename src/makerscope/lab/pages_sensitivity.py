"""The page of a sensitivity: a tornado of what moving each number does, the most dangerous number first."""

from makerscope.lab.catalogue import BY_NAME
from makerscope.lab.reading import SAME, ends, read, tone
from makerscope.lab.sensitivity import TOLD, Change, Lever, Sensitivity, danger, elasticity
from makerscope.lab.statistics import Estimate
from makerscope.report.document import Bars, Block, Cell, Column, Missing, Page, Section, Series, Table
from makerscope.report.numbers import UNKNOWN, fixed, number, percent

MOST_BARS = 16
MONEY = ("drawdown", "pnl")  # measures whose interval is told
LEAST = 1e-6  # USD, below which a change is none


def sensitivity_page(found: Sensitivity, baseline: dict[str, Estimate]) -> Page:
    """Tornado, and a table of every number moved."""
    by = f"{100 * found.by:g}%"
    sections = [
        Section(
            "Which number kills first",
            verdict(found),
            (*_tornado(found, "pnl"), *_tornado(found, "drawdown")),
        ),
        Section(
            "Every number",
            f"Moved by {by} alone, on the same seeds; money with 95 % intervals, against the maker as it is. "
            "Elasticity: per cent of P&L for one per cent of the number.",
            (_table(found, baseline),),
        ),
    ]
    if found.left:
        rows = tuple((Cell(item.name), Cell(item.why)) for item in found.left)
        sections.append(Section("Not moved", "", (Table((Column("number", "left"), Column("why", "left")), rows),)))
    return Page(
        anchor="sensitivity", title="Sensitivity", subtitle=f"{found.maker}: each number by {by}, one at a time",
        group="Overview", sections=tuple(sections),
    )  # fmt: skip


def verdict(found: Sensitivity) -> str:
    """The most dangerous number in one sentence."""
    if not found.levers:
        return "No number could be moved."
    first = found.levers[0]
    survival, drawdown, pnl, _ = danger(first)
    if survival < 0:
        move = min(first.moves, key=lambda item: item.against["survived"].mean or 0.0)
        item = move.against["survived"]
        return (
            f"{moved(first, move)} changes survival most, by "
            f"{percent(item.mean, signed=True)} of runs ({ends(BY_NAME['survived'], item, signed=True)})."
        )
    if drawdown < 0:
        move = max(first.moves, key=lambda item: item.against["drawdown"].mean or 0.0)
        item = move.against["drawdown"]
        return (
            f"No number changes survival for the worse. {moved(first, move)} deepens the drawdown most, by "
            f"{read(BY_NAME['drawdown'], item.mean, signed=True)} USD ({ends(BY_NAME['drawdown'], item, signed=True)})."
        )
    return f"No number changes survival or drawdown for the worse; {first.name} costs most P&L, {number(pnl)} USD."


def moved(lever: Lever, move: Change) -> str:
    """A number and where it was moved, in words."""
    before, after = set(lever.base.values()), set(move.values.values())
    if len(before) == len(after) == 1:
        return f"{lever.name} from {before.pop():g} to {after.pop():g}"
    seat = next(iter(lever.base))
    return f"{lever.name} (of {seat}: from {lever.base[seat]:g} to {move.values[seat]:g})"


def _tornado(found: Sensitivity, measure: str) -> list[Block]:
    """Bars of both moves of each number, the longest first."""
    item = BY_NAME[measure]

    def reach(lever: Lever) -> float:
        return max((abs(move.against[measure].mean or 0.0) for move in lever.moves), default=0.0)

    drawn = sorted(found.levers, key=lambda lever: (-reach(lever), lever.name))[:MOST_BARS]
    drawn = [lever for lever in drawn if reach(lever) > LEAST]
    if not drawn:
        return [Missing(item.title, "no number changes it")]
    by, series = f"{100 * found.by:g}%", []
    for name, moves in (
        (f"{by} less", [lever.down for lever in drawn]),
        (f"{by} more", [lever.up for lever in drawn]),
    ):
        known = [None if move is None else move.against[measure] for move in moves]
        values = tuple(None if one is None else _bar(one.mean) for one in known)
        low = tuple(None if one is None else _bar(one.low) for one in known)
        high = tuple(None if one is None else _bar(one.high) for one in known)
        series.append(Series(name, values, low=low, high=high))
    return [Bars(f"Change of {item.title}", tuple(lever.name for lever in drawn), tuple(series), unit=item.unit)]


def _bar(value: float | None) -> float | None:
    return 0.0 if value is not None and abs(value) < LEAST else value


def _table(found: Sensitivity, baseline: dict[str, Estimate]) -> Table:
    rows = []
    for lever in found.levers:
        stretch = elasticity(lever, "pnl", baseline["pnl"].mean)
        for move in lever.moves:
            cells = [Cell(lever.name), Cell(_values(lever, move))]
            for name in TOLD:
                item, apart = BY_NAME[name], move.against[name]
                told = ends(item, apart, signed=True)
                text = read(item, apart.mean, signed=True)
                text += f" ({told})" if name in MONEY and told and told != SAME else ""
                cells.append(Cell(text, value=apart.mean, tone=tone(item, apart)))
            rows.append((*cells, Cell(UNKNOWN if stretch is None else fixed(stretch, 2, signed=True), value=stretch)))
    told = (Column(BY_NAME[name].title) for name in TOLD)
    columns = (Column("number", "left"), Column("moved", "left"), *told, Column("elasticity"))
    return Table(columns, tuple(rows))


def _values(lever: Lever, move: Change) -> str:
    """From what to what, once where all seats have the same."""
    pairs = dict.fromkeys(f"{lever.base[seat]:g} → {value:g}" for seat, value in move.values.items())
    return ", ".join(pairs)
