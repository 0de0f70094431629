"""The page of a sensitivity: a tornado of what moving each number does, the most dangerous number first."""

from makerscope.lab.catalogue import BY_NAME
from makerscope.lab.reading import ends, read, tone
from makerscope.lab.sensitivity import TOLD, Lever, Sensitivity, danger, elasticity
from makerscope.lab.statistics import Estimate
from makerscope.report.document import Bars, Block, Cell, Column, Missing, Page, Section, Series, Table
from makerscope.report.numbers import UNKNOWN, fixed, number, percent

MOST_BARS = 16


def sensitivity_page(found: Sensitivity, baseline: dict[str, Estimate]) -> Page:
    """Tornado, and a table of every number moved."""
    by = percent(found.by)
    sections = [
        Section(
            "Which number kills first",
            verdict(found),
            (*_tornado(found, "pnl", "USD"), *_tornado(found, "drawdown_share", "% of capital", scale=100.0)),
        ),
        Section(
            "Every number",
            f"Moved by {by} alone, on the same seeds; differences against the maker as it is, with 95 % intervals. "
            "Elasticity: per cent of P&L for one per cent of the number.",
            (_table(found, baseline),),
        ),
    ]
    if found.left:
        missing: tuple[Block, ...] = tuple(Missing(item.name, item.why) for item in found.left)
        sections.append(Section("Not moved", "", missing))
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
            f"{first.name} from {number(first.base)} to {number(move.value)} changes survival most, by "
            f"{percent(item.mean, signed=True)} of runs ({ends(BY_NAME['survived'], item, signed=True)})."
        )
    if drawdown < 0:
        move = max(first.moves, key=lambda item: item.against["drawdown_share"].mean or 0.0)
        item = move.against["drawdown_share"]
        return (
            f"No number changes survival for the worse. {first.name} from {number(first.base)} to {number(move.value)} "
            f"deepens the drawdown most, by {read(BY_NAME['drawdown_share'], item.mean, signed=True)} of capital "
            f"({ends(BY_NAME['drawdown_share'], item, signed=True)})."
        )
    return f"No number changes survival or drawdown for the worse; {first.name} costs most P&L, {number(pnl)} USD."


def _tornado(found: Sensitivity, measure: str, unit: str, *, scale: float = 1.0) -> list[Block]:
    """Bars of both moves of each number, the longest first."""

    def reach(lever: Lever) -> float:
        return max((abs(move.against[measure].mean or 0.0) for move in lever.moves), default=0.0)

    drawn = sorted(found.levers, key=lambda lever: (-reach(lever), lever.name))[:MOST_BARS]
    drawn = [lever for lever in drawn if reach(lever) > 0]
    if not drawn:
        return [Missing(BY_NAME[measure].title, "no number changes it")]
    series = []
    for name, moves in (("less", [lever.down for lever in drawn]), ("more", [lever.up for lever in drawn])):
        estimates = [None if move is None else move.against[measure] for move in moves]
        values = tuple(None if item is None or item.mean is None else scale * item.mean for item in estimates)
        low = tuple(None if item is None or item.low is None else scale * item.low for item in estimates)
        high = tuple(None if item is None or item.high is None else scale * item.high for item in estimates)
        series.append(Series(name, values, low=low, high=high))
    labels = tuple(f"{lever.name} {number(lever.base)}" for lever in drawn)
    return [Bars(f"Change of {BY_NAME[measure].title}", labels, tuple(series), unit=unit)]


def _table(found: Sensitivity, baseline: dict[str, Estimate]) -> Table:
    rows = []
    for lever in found.levers:
        stretch = elasticity(lever, "pnl", baseline["pnl"].mean)
        for move in lever.moves:
            cells = [Cell(lever.name), Cell(f"{number(lever.base)} → {number(move.value)}")]
            for name in TOLD:
                item, apart = BY_NAME[name], move.against[name]
                told = ends(item, apart, signed=True)
                text = read(item, apart.mean, signed=True) + (f" ({told})" if told and told != "always so" else "")
                cells.append(Cell(text, value=apart.mean, tone=tone(item, apart)))
            rows.append((*cells, Cell(UNKNOWN if stretch is None else fixed(stretch, 2, signed=True), value=stretch)))
    told = (Column(BY_NAME[name].title) for name in TOLD)
    columns = (Column("number", "left"), Column("moved", "left"), *told, Column("elasticity"))
    return Table(columns, tuple(rows))
