"""The section of a maker's page that splits the P&L of its options by Greek."""

from makerscope.report.document import Block, Cell, Column, Leg, Missing, Note, Section, Table, Waterfall
from makerscope.report.names import tone_of
from makerscope.report.numbers import fixed, number, percent, places_for
from makerscope.report.scorecard import GreeksCard, GreeksCell

NAMES = {
    "delta": "Delta",
    "gamma": "Gamma",
    "vega": "Vega",
    "theta": "Theta",
    "rho": "Rho",
    "vanna": "Vanna",
    "volga": "Volga",
    "edge_at_trade": "Edge at trade",
    "hedging": "Hedging",
    "funding": "Funding",
    "fees": "Fees",
}
SENTENCE = (
    "The change of equity of the options and of what hedges them, split by what moved their value between two marks: "
    "the forward (delta, gamma), volatility (vega, volga), both at once (vanna), time (theta). Edge is the mark less "
    "the price at each fill. Options are marked at the venue's mark, so this net may differ from a statement that "
    "marks them at their last trade."
)
STICKY = (
    "Sticky strike: each option keeps the volatility of its strike when the forward moves. If the smile moves with the "
    "forward instead (sticky delta), vega is {vega} and vanna {vanna}; their sum and all else stay."
)


def greeks_section(card: GreeksCard) -> Section:
    """Waterfall, exact table and buckets of one book."""
    if not card.legs:
        return Section("P&L of options by Greek", "", (Missing("P&L by Greek", card.reason),))
    share = f"{percent(card.residual_share)} of all moves" if card.residual_share is not None else "nothing moved"
    notes: list[Block] = [
        Note(
            f"Residual {card.residual} {card.token}, {share}: what an expansion to second order misses. It is "
            "a leg, so the sum is exact."
        ),
        Note(STICKY.format(**{name: f"{amount} {card.token}" for name, amount in card.sticky_delta.items()}), "muted"),
        Note(f"Greeks are Black's at the {card.volatility}.", "muted"),
        *(Note(text, "muted") for text in card.notes),
    ]
    blocks = (_waterfall(card), _exact(card), _cells(card), *notes)
    return Section(f"P&L of options by Greek, {card.token}", SENTENCE, blocks)


def _waterfall(card: GreeksCard) -> Waterfall:
    parts = tuple(
        Leg(NAMES[leg.name], leg.value, number(leg.value, signed=True))
        for leg in card.legs
        if leg.name in NAMES and (leg.value or leg.name not in ("rho", "funding"))
    )
    net, missed = float(card.equity_change), float(card.residual)
    residual = Leg("Residual", missed, number(missed, signed=True), kind="residual", note="beyond second order")
    return Waterfall((*parts, residual, Leg("Net", net, number(net, signed=True), kind="total")))


def _exact(card: GreeksCard) -> Table:
    other = card.sticky_delta
    rows = tuple(
        (
            Cell(NAMES.get(leg.name, "Residual")),
            Cell(leg.amount or "—", leg.value),
            Cell(other.get(leg.name, leg.amount or "—")),
        )
        for leg in card.legs
    )
    total = (Cell("net"), Cell(card.equity_change, float(card.equity_change)), Cell(card.equity_change))
    columns = (
        Column("leg", "left"),
        Column(f"{card.token}, sticky strike", help="the volatility of a strike stays when the forward moves"),
        Column("sticky delta", help="the smile moves with the forward"),
    )
    return Table(columns, (*rows, total), caption="The same numbers, exact", sortable=False)


def _cells(card: GreeksCard) -> Table:
    sizes = [abs(value) for cell in card.cells for value in (*cell.values.values(), float(cell.equity_change))]
    places = places_for(max(sizes, default=0.0), 4)
    columns = (
        Column("tenor", "left"),
        Column("delta bucket", "left", help="side, and size of the delta in per cent, at the start of each interval"),
        Column("net"),
        *(Column(name) for name in ("delta", "gamma", "vega")),
        Column("theta", help="with rho"),
        Column("vanna, volga", help="their sum"),
        Column("edge"),
        Column("hedging"),
        Column("fees", help="with funding"),
        Column("residual"),
    )
    return Table(
        columns,
        tuple(_cell(cell, places) for cell in card.cells),
        caption=f"By time to expiry and delta, {card.token}",
        limit=40,
    )


def _cell(cell: GreeksCell, places: int) -> tuple[Cell, ...]:
    v = cell.values
    known = cell.tenor is not None
    hedge = any(v[name] for name in ("hedging", "funding")) and not known
    sums = (
        v["delta"], v["gamma"], v["vega"], v["theta"] + v["rho"], v["vanna"] + v["volga"], v["edge_at_trade"],
        v["hedging"], v["fees"] + v["funding"], v["residual"],
    )  # fmt: skip
    net = float(cell.equity_change)
    return (
        Cell(cell.tenor or ("hedges" if hedge else "unknown")),
        Cell(cell.delta or ""),
        Cell(fixed(net, places, signed=True), net, tone_of(net)),
        *(Cell(fixed(value, places, signed=True) if value else "", value) for value in sums),
    )
