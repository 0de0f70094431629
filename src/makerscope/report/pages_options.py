"""Pages for option chains: width and coverage by delta and tenor, smiles, the certified surface, the alarm."""

from makerscope.report.document import (
    Block,
    Cell,
    Column,
    Flag,
    Heatmap,
    Lines,
    Missing,
    Note,
    Page,
    Section,
    Series,
    Smile,
    Stat,
    Stats,
    Surface,
    Table,
    Timeline,
)
from makerscope.report.names import anchor_of, first_of, many, stat_of, value_of
from makerscope.report.numbers import count, fixed, utc
from makerscope.report.pages_volatility import volatility_sections
from makerscope.report.scorecard import OptionsCard, Scorecard, SmileCard, SurfaceCard
from makerscope.report.tables import measures_table

HEAD = (
    "full_width_points",
    "full_width_bps",
    "coverage",
    "no_bid",
    "stale_marks",
    "at_the_money_1m",
    "risk_reversal_1m",
)
MOST_SMILES = 12


def options_pages(card: Scorecard) -> tuple[Page, ...]:
    """One page for each underlying with options."""
    return tuple(_page(item) for item in card.chains)


def _page(item: OptionsCard) -> Page:
    width = item.measures.get("full_width_points")
    sections = (
        Section(
            "Liquidity at a glance",
            "Widths are vega-weighted means over quotes with a delta of at most 65 %; shares are of all listed quotes.",
            (Stats(tuple(stat_of(name, item.measures[name]) for name in HEAD if name in item.measures)),),
        ),
        _grids(item),
        _surface(item.surface, item.shown),
        _smiles(item),
        _fits(item),
        _alarm(item),
        *volatility_sections(item.volatility),
        _over_time(item),
        Section(
            "Every measure", "", (measures_table(item.measures.items()), *(Note(text, "muted") for text in item.notes))
        ),
    )
    return Page(
        anchor=anchor_of("options", item.underlying),
        title=f"{item.underlying} options",
        subtitle=f"{many(item.snapshots, 'snapshot')}; smiles and surface of {utc(item.shown)}",
        headline=Stat("quoted width", value_of(width), "vega-weighted") if width and width.value is not None else None,
        group="Market",
        sections=tuple(section for section in sections if section is not None),
    )


def _grids(item: OptionsCard) -> Section | None:
    if not item.grids:
        return None
    maps = tuple(
        Heatmap(grid.name, grid.deltas, grid.tenors, grid.values, grid.unit, show_values=True) for grid in item.grids
    )
    return Section(
        "Width and coverage by delta and tenor", "Over all snapshots; an empty cell had no quote to measure.", maps
    )


def _surface(surface: SurfaceCard | None, shown: int) -> Section | None:
    if surface is None:
        return Section("Surface", "", (Missing("volatility surface", "no expiry had quotes to fit"),))
    picture = Surface(
        "Implied volatility",
        surface.moneyness,
        tuple(range(len(surface.expiries))),
        surface.volatility,
        "%",
        x_name="standard deviations from the forward",
        y_name="expiry",
        y_labels=surface.labels,
    )
    return Section(
        "Surface",
        f"One SVI slice an expiry, fitted to bid and ask of {utc(shown)}, repaired where it held an arbitrage. Turn "
        "it with the mouse, a finger or the arrow keys.",
        (picture, *_certificate(surface)),
    )


def _certificate(surface: SurfaceCard) -> tuple[Block, ...]:
    clean = surface.left == 0
    said = "no arbitrage is left" if clean else f"{many(surface.left, 'arbitrage')} could not be removed"
    blocks: list[Block] = [
        Note(
            f"Certificate: searched at {count(surface.checked)} places and from there downhill, {said}. Smallest "
            f"density factor {surface.least_g:.3g}"
            + (f", smallest rise of total variance {surface.least_gap:.2g}." if surface.least_gap is not None else "."),
            "good" if clean else "bad",
        )
    ]
    if surface.found:
        blocks.append(
            Note(
                f"The raw fit held {many(len(surface.found), 'arbitrage')}: {'; '.join(first_of(surface.found))}. The "
                f"repair moved it by at most {fixed(surface.moved, 2)} volatility points.",
                "warn",
            )
        )
    if surface.executable:
        trades = "; ".join(first_of(surface.executable))
        blocks.append(Note(f"Executable on bid and ask, before fees: {trades}.", "bad"))
    else:
        blocks.append(Note("No vertical, butterfly or calendar gains on bid and ask.", "good"))
    blocks += [Note(text, "muted") for text in surface.unsearched]
    return tuple(blocks)


def _smiles(item: OptionsCard) -> Section | None:
    known = [smile for smile in item.smiles if smile.strikes][:MOST_SMILES]
    if not known:
        return None
    charts = tuple(_smile(smile, first=place == 0) for place, smile in enumerate(known))
    return Section(
        "Smiles",
        "Bars run from the volatility of the bid to that of the ask; the line is the fit.",
        charts,
        columns=2,
    )


def _fits(item: OptionsCard) -> Section | None:
    if not item.smiles:
        return None
    table = Table(
        (
            Column("expiry", "left"),
            Column("fit", "left"),
            Column("quotes used"),
            Column("refused", "left"),
            Column("error", help="root mean square, volatility points"),
            Column("half width", help="median, volatility points"),
        ),
        tuple(
            (
                Cell(smile.label, smile.tenor),
                Cell(smile.kind),
                Cell(count(smile.used), float(smile.used)),
                Cell(", ".join(f"{n} {reason}" for reason, n in sorted(smile.refused.items())) or "none"),
                Cell(fixed(smile.rmse, 2), smile.rmse),
                Cell(fixed(smile.half_width, 2), smile.half_width),
            )
            for smile in item.smiles
        ),
        sortable=False,
    )
    return Section(
        "Fits", "How many quotes each slice stands on, why others were refused, and how close it comes.", (table,)
    )


def _smile(smile: SmileCard, *, first: bool) -> Smile:
    return Smile(
        smile.label,
        smile.strikes,
        smile.bid,
        smile.ask,
        smile.mid,
        smile.fit_strikes,
        smile.fit,
        "%",
        x_name="strike",
        legend=first,
    )


def _alarm(item: OptionsCard) -> Section:
    if item.alarm is None:
        return Section(
            "When liquidity left", "", (Missing("withdrawal alarm", "too few snapshots to know what is usual"),)
        )
    alarm = item.alarm
    line = Timeline(
        "How unusual each snapshot was",
        alarm.times,
        alarm.scores,
        alarm.threshold,
        tuple(Flag(when, why) for when, why in sorted(alarm.named)),
        "powers of ten: 2 is one usual snapshot in a hundred",
    )
    said = f"{many(len(alarm.named), 'snapshot')} named." if alarm.named else "No snapshot is named."
    return Section("When liquidity left", alarm.rule, (line, Note(said, "bad" if alarm.named else "good")))


def _over_time(item: OptionsCard) -> Section | None:
    if not item.paths:
        return None
    charts = tuple(
        Lines(path.name, path.times, (Series(path.name, path.values),), path.unit, height=150) for path in item.paths
    )
    return Section("Over time", "One point a snapshot.", charts)
