"""Every variant against the first, seed by seed: a plot with intervals, and the numbers."""

from makerscope.lab.catalogue import MEASURES, Measure
from makerscope.lab.reading import FIRST, ends, read, tone
from makerscope.lab.statistics import Estimate
from makerscope.lab.study import Study, VariantResult
from makerscope.report.document import Cell, Column, Leg, Page, Section, Table, Waterfall
from makerscope.report.numbers import count

WORDED = ("share", "s")  # units that the value itself says
PLOTTED = (*FIRST, "traded", "spread_crisis", "depth_crisis")


def differences(study: Study) -> Page:
    """One section for each variant but the first."""
    base = study.variants[0]
    return Page(
        anchor="differences",
        title="Paired differences",
        subtitle=f"against {base.name}, seed by seed, with 95 % intervals",
        group="Overview",
        sections=tuple(_against(variant, base) for variant in study.variants[1:]),
    )


def _against(variant: VariantResult, base: VariantResult) -> Section:
    legs, rows = [], []
    for item in MEASURES:
        found = variant.against[item.name]
        if found.mean is None:
            continue
        text = read(item, found.mean, signed=True)
        rows.append((
            Cell(item.title), Cell(text, value=found.mean, tone=tone(item, found)),
            Cell(ends(item, found, signed=True)), Cell(count(found.n)), Cell(item.unit),
        ))  # fmt: skip
        leg = _leg(item, found, base.measures[item.name], text)
        if item.name in PLOTTED and leg is not None:
            legs.append(leg)
    columns = (
        Column("measure", "left"),
        Column("difference"),
        Column("95 % interval"),
        Column("pairs"),
        Column("unit", "left"),
    )
    return Section(
        f"{variant.name} less {base.name}",
        "A bar is the difference over the baseline's mean, or over itself where that is larger, so that measures of "
        "different units stand side by side; the numbers are in their own units.",
        (Waterfall(tuple(legs)), Table(columns, tuple(rows), sortable=False)),
    )


def _leg(item: Measure, found: Estimate, base: Estimate, text: str) -> Leg | None:
    """A bar of a difference with its interval; none where nothing differs."""
    values = [base.mean, found.mean, found.low, found.high]
    scale = max((abs(value) for value in values if value is not None), default=0.0)
    if found.mean is None or scale == 0 or found.low == found.high == 0:
        return None
    return Leg(
        label=item.title,
        value=found.mean / scale,
        text=text if item.unit in WORDED else f"{text} {item.unit}",
        low=None if found.low is None else found.low / scale,
        high=None if found.high is None else found.high / scale,
    )
