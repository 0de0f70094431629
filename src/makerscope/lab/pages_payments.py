"""Who paid whom: a matrix of parties, what each received in all, and the largest payments with what they were for."""

from collections import defaultdict

from makerscope.lab.flows import POOLS
from makerscope.lab.study import Study, VariantResult
from makerscope.report.document import Block, Cell, Column, Heatmap, Missing, Page, Section, Table, Tone
from makerscope.report.numbers import compact

TOP = 20
MOST_VARIANTS = 6
CENT = 0.01


def payments_page(study: Study) -> Page:
    """One section a variant."""
    drawn = study.variants[:MOST_VARIANTS]
    return Page(
        anchor="payments", title="Who paid whom", group="Money", sections=tuple(_section(variant) for variant in drawn)
    )


def _section(variant: VariantResult) -> Section:
    net: dict[tuple[str, str], float] = defaultdict(float)
    total: dict[str, float] = defaultdict(float)
    for receiver, payer, _, usd in variant.payments:
        net[receiver, payer] += usd
        net[payer, receiver] -= usd
        total[receiver] += usd
        total[payer] -= usd
    if not net:
        return Section(variant.name, "", (Missing("who paid whom", "nobody traded"),))
    names = tuple(sorted(total, key=lambda name: (name in POOLS, -total[name], name)))
    values = tuple(tuple(None if a == b else net.get((a, b), 0.0) for b in names) for a in names)
    title = "Received by the row from the column"
    heat = Heatmap(title, names, names, values, unit="USD a run", diverging=True, show_values=True)
    rows = tuple(
        (Cell(name), Cell(_usd(total[name]), value=total[name], bar=True, tone=_tone(total[name])))
        for name in names
        if name not in POOLS
    )
    largest = sorted(variant.payments, key=lambda row: (-row[3], row[:3]))[:TOP]
    detail = tuple(
        (Cell(payer), Cell(receiver), Cell(kind), Cell(compact(usd), value=usd, bar=True))
        for receiver, payer, kind, usd in largest
    )
    paid = (Column("payer", "left"), Column("receiver", "left"), Column("for", "left"), Column("USD a run"))
    blocks: tuple[Block, ...] = (
        heat,
        Table((Column("party", "left"), Column("received, USD a run")), rows, caption="In all"),
        Table(paid, detail, caption="Largest payments"),
    )
    return Section(
        variant.name,
        "Means over seeds. Every trade at the final mark, with fees, funding and penalties: a row adds to the party's "
        "whole change of equity, and all rows add to zero. In each run this holds to the last base unit.",
        blocks,
    )


def _usd(value: float) -> str:
    return "0" if abs(value) < CENT else compact(value, signed=True)


def _tone(value: float) -> Tone:
    return "good" if value >= CENT else "bad" if value <= -CENT else ""
