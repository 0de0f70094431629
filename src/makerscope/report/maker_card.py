"""One maker: what it earned, why, and what is wrong."""

from decimal import Decimal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.metrics.buckets import bootstrap_ratio
from makerscope.metrics.inventory import holding, inventory_measures, net_position_measures
from makerscope.metrics.measure import Measure, missing
from makerscope.metrics.placement import placements
from makerscope.metrics.pnl import Pnl
from makerscope.metrics.statements import PnlStatement, statements
from makerscope.metrics.view import BOOK, LAST_TRADE, QUOTES, unit_size
from makerscope.report.costs_card import cost_measures
from makerscope.report.names import many
from makerscope.report.numbers import bps, money
from makerscope.report.quoting_card import Quoting, in_base, quoted_markets, quoting_measures, uptime_strip
from makerscope.report.scorecard import FeeRow, FillQuality, GreeksCard, Leg, MakerCard, MarkoutRow, Path, Statement
from makerscope.report.study import ADVERSE_HORIZON, Study, markout_rows

SECOND = 1_000_000_000
LEG_NOTES = {
    "spread_capture": "not measurable: no quotes on this tape (it is inside inventory)",
    "adverse_selection": "not measurable: no price after the fills",
    "funding": "no funding on this tape",
}
QUIET = ("liquidation", "settlement", "hedge_slippage", "funding", "gas", "transfers", "incentives")  # not shown at 0
PATHS = 3  # positions are drawn for so many of a maker's largest markets
NO_FILLS = FillQuality(inside=0, at_touch=0, behind=0, through=0, unknown=0)
NO_ORDERS = "not measurable: no resting orders on this tape"


def maker_card(
    study: Study,
    pnl: Pnl,
    quoting: Quoting | None,
    maker: str,
    *,
    rank: int,
    share: Measure,
    quote: str,
    fees: tuple[FeeRow, ...],
    quality: FillQuality,
    greeks: tuple[GreeksCard, ...] = (),
) -> MakerCard:
    """The card of one maker.

    Args:
        study: the tape measured.
        pnl: of ``metrics.pnl`` over the same window, with buckets of ``study.width``.
        quoting: of ``quoting_of``, None where the tape has no resting orders.
        maker: account name.
        rank: by notional.
        share: of the notional of all makers in ``quote``.
        quote: quote currency the notional is in.
        fees: its fees and rebates.
        quality: where its fills came from.
        greeks: the P&L of its options by Greek.
    """
    mine, taken = study.fills_of("maker", maker), study.fills_of("taker", maker).height
    table = study.markouts_of("maker", maker)
    by_instrument = _by_instrument(mine, table)
    names = [name for name, *_ in by_instrument] or quoted_markets(quoting, maker)
    reference = tuple(sorted({study.view.reference[name] for name in names}))
    buckets = pnl.buckets.filter(pl.col("account") == maker)
    parts = tuple(_statement(study, buckets, item) for item in statements(pnl, maker))
    if not parts and names:
        parts = (_nothing(study, names[0]),)
    markouts = markout_rows(study, table, reference)
    equity = _equity(study, buckets, parts)
    together = _hedged_with(study, pnl, maker, names)
    measures = {
        **_risk(equity),
        **_inventory(study, pnl, maker, names, together),
        **quoting_measures(study, quoting, maker, names),
        **cost_measures(study, pnl, maker, failed=None if quoting is None else quoting.failed.get(maker, 0)),
    }
    return MakerCard(
        maker=maker,
        rank=rank,
        fills=mine.height,
        taker_fills=taken,
        instruments=len(names),
        quote=quote,
        notional=float(mine["notional"].sum()),
        share=share,
        headline=_headline(parts, markouts) if mine.height else _unfilled(parts, len(names)),
        statements=parts,
        markouts=markouts,
        fees=fees,
        quality=quality,
        measures=measures,
        paths=((equity,) if equity else ()) + _positions(study, buckets, names[:PATHS], together),
        uptime_strip=uptime_strip(study, quoting, maker, names),
        by_instrument=by_instrument,
        reference=reference,
        missing=_missing(study, reference),
        greeks=greeks,
    )


def _by_instrument(mine: pl.DataFrame, table: pl.DataFrame) -> tuple[tuple[str, int, float, float | None], ...]:
    late = (
        table.filter(pl.col("horizon") == ADVERSE_HORIZON)
        .group_by("instrument", maintain_order=True)
        .agg(pl.col("markout", "twice_mid_lots").sum())
    )
    rows = (
        mine.group_by("instrument", maintain_order=True)  # in order: a sum of floats depends on it
        .agg(fills=pl.len(), notional=pl.col("notional").sum())
        .join(late, on="instrument", how="left")
        .sort("notional", "instrument", descending=[True, False])
    )
    return tuple(
        (str(name), int(fills), float(notional), 1e4 * markout / base if base else None)
        for name, fills, notional, markout, base in rows.iter_rows()
    )


def _statement(study: Study, buckets: pl.DataFrame, item: PnlStatement) -> Statement:
    """A statement with each leg in bps of the notional and an interval over time."""
    unit = Decimal(1).scaleb(-item.decimals)
    buckets = buckets.filter(pl.col("token") == item.token)
    first, last = study.span
    scaled = _leg_values(buckets, tuple(item.legs))
    legs = []
    for name, units in item.legs.items():
        if units is None or (units == 0 and name in QUIET):
            if units is None and name in LEG_NOTES:
                legs.append(Leg(name=name, amount=None, value=None, bps=None, note=LEG_NOTES[name]))
            continue
        low, high = _leg_bounds(study, scaled.get(name), first, last)
        value = float(Decimal(units) * unit)
        legs.append(
            Leg(
                name=name,
                amount=item.amount(units),
                value=value,
                bps=1e4 * value / item.notional if item.notional else None,
                low=low,
                high=high,
            )
        )
    return Statement(
        token=item.token,
        decimals=item.decimals,
        legs=tuple(legs),
        equity_change=item.amount(item.equity_change),
        residual=item.amount(item.residual),
        notional=item.notional,
        marked_at=item.marked_at,
        notes=item.notes,
    )


def _leg_values(
    buckets: pl.DataFrame, legs: tuple[str, ...]
) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Buckets and values, in tokens, of each leg."""
    known = [name for name in legs if name in buckets.columns] if buckets.height else []
    unit = 10.0 ** pl.col("decimals").cast(pl.Float64)
    table = buckets.select("bucket", *(pl.col(name).cast(pl.Float64).fill_null(0) / unit for name in known))
    return {name: (table["bucket"].to_numpy(), table[name].to_numpy()) for name in known}


def _leg_bounds(
    study: Study, leg: tuple[NDArray[np.int64], NDArray[np.float64]] | None, first: int, last: int
) -> tuple[float | None, float | None]:
    """95 % interval of the sum of a leg over the window, from a block bootstrap of its buckets."""
    if leg is None:
        return None, None
    place = np.clip(leg[0] - first, 0, last - first)
    values = np.asarray(np.bincount(place, leg[1], last - first + 1), np.float64)
    bounds = bootstrap_ratio(values * values.shape[0], np.ones_like(values), block=study.block(ADVERSE_HORIZON))
    return bounds or (None, None)


def _equity(study: Study, buckets: pl.DataFrame, parts: tuple[Statement, ...]) -> Path | None:
    """Equity at the end of each bucket, in the token of the largest statement."""
    if not parts or not buckets.height:
        return None
    first, last = study.span
    rows = buckets.filter(pl.col("token") == parts[0].token).select(
        "bucket", change=pl.col("equity_change").cast(pl.Float64) / 10.0 ** pl.col("decimals").cast(pl.Float64)
    )
    place = np.clip(rows["bucket"].to_numpy() - first, 0, last - first)
    values = np.cumsum(np.bincount(place, rows["change"].to_numpy(), last - first + 1))
    return Path(name="equity", unit=parts[0].token, times=_ends(study), values=tuple(values.tolist()))


def _ends(study: Study) -> tuple[int, ...]:
    """The end of each bucket, ns."""
    first, last = study.span
    return tuple((bucket + 1) * study.width for bucket in range(first, last + 1))


def _hedged_with(study: Study, pnl: Pnl, maker: str, names: list[str]) -> list[str]:
    """The markets on which a maker held the base of its largest one, itself first; options have no such size."""
    if not names or study.instrument(names[0]).kind == "option" or study.instrument(names[0]).inverse:
        return []
    base = study.instrument(names[0]).base
    held = pnl.totals.filter(pl.col("account") == maker, pl.col("fills") > 0)["instrument"].to_list()
    same = [
        name
        for name in held
        if name != names[0]
        and study.instrument(name).base == base
        and study.instrument(name).kind != "option"
        and not study.instrument(name).inverse
    ]
    return [names[0], *same] if same else []


def _positions(study: Study, buckets: pl.DataFrame, names: list[str], together: list[str]) -> tuple[Path, ...]:
    """Position at the end of each bucket, and that of all markets of one base together; without a row it was flat."""
    first, last = study.span
    held = buckets.select("instrument", "bucket", "position").partition_by("instrument", as_dict=True)
    out: list[Path] = []
    for name in (*names, *(other for other in together if other not in names)):
        rows = held.get((name,))
        if rows is None:
            continue
        known = dict(rows.select("bucket", "position").iter_rows())
        size = unit_size(study.instrument(name))
        position = tuple(known.get(bucket, 0) * size for bucket in range(first, last + 1))
        out.append(
            Path(name=f"position, {name}", unit=study.instrument(name).base, times=_ends(study), values=position)
        )
    parts = [path.values for path in out if path.name.removeprefix("position, ") in together]
    if len(parts) > 1:
        net = tuple(sum(value or 0.0 for value in values) for values in zip(*parts, strict=True))
        base = study.instrument(together[0]).base
        out.insert(0, Path(name="net position, hedges included", unit=base, times=_ends(study), values=net))
    return tuple(out)


def _risk(equity: Path | None) -> dict[str, Measure]:
    """Drawdown and Sharpe ratio of the equity path, one bar a bucket, not annualised."""
    if equity is None or len(equity.values) < 3:
        why = "fewer than three buckets of time"
        return {"max_drawdown": missing("token", why), "sharpe": missing("ratio", why)}
    values = np.array([0.0, *(value or 0.0 for value in equity.values)])
    change = np.diff(values)
    deviation = float(change.std(ddof=1))
    sharpe = (
        Measure(value=float(change.mean()) / deviation, unit="ratio", n=change.shape[0])
        if deviation > 0
        else missing("ratio", "equity did not move")
    )
    fall = float((np.maximum.accumulate(values) - values).max())
    return {"max_drawdown": Measure(value=fall, unit=equity.unit, n=change.shape[0]), "sharpe": sharpe}


def _inventory(study: Study, pnl: Pnl, maker: str, names: list[str], together: list[str]) -> dict[str, Measure]:
    """How it carried its position in its largest market, and with its hedges."""
    traded = pnl.totals.filter(pl.col("account") == maker, pl.col("fills") > 0)["instrument"].to_list()
    if not names or names[0] not in traded:
        return {}
    view = study.view
    held = {
        name: holding(
            view.fills.filter(pl.col("instrument") == name), pnl, maker, name, since=view.since, until=view.until
        )
        for name in (names[0], *together[1:])
    }
    found = inventory_measures(held[names[0]], unit_size=unit_size(study.instrument(names[0])))
    if together:
        found |= net_position_measures([(held[name], unit_size(study.instrument(name))) for name in together])
    return {key: in_base(study, names[0], measure) for key, measure in found.items()}


def fill_qualities(study: Study) -> dict[str, FillQuality]:
    """Where the fills of each maker came from, made once; see ``metrics.placement``."""
    quoted = [name for name, source in study.view.reference.items() if source in (QUOTES, BOOK)]
    here = pl.col("instrument").is_in(quoted)
    blind = study.fills.with_columns(twice_mid=pl.when(here).then("twice_mid"))  # a last trade price is no quote
    return {
        row["maker"]: FillQuality(**{name: value for name, value in row.items() if name != "maker"})
        for row in placements(blind, study.view.quotes.filter(here)).iter_rows(named=True)
    }


def _nothing(study: Study, name: str) -> Statement:
    """The statement of who neither traded nor paid: every leg is 0."""
    token = study.instrument(name).settle
    return Statement(
        token=token, decimals=study.view.tape.tokens[token].decimals, legs=(), equity_change="0", residual="0",
        notional=0.0, marked_at=(), notes=("it neither traded nor paid in this window",),
    )  # fmt: skip


def _unfilled(parts: tuple[Statement, ...], markets: int) -> str:
    """What became of a maker whose quotes nobody took."""
    if not parts:
        return "It has no fills as a maker in this window."
    said = f"It quoted {many(markets, 'market')} and was never filled as a maker"
    net = float(parts[0].equity_change)
    if net == 0:
        return said + ": it earned nothing and lost nothing."
    verb = "gained" if net > 0 else "lost"
    return f"{said}; it {verb} {money(abs(net), parts[0].token)} by what is below."


def _headline(parts: tuple[Statement, ...], markouts: tuple[MarkoutRow, ...]) -> str:
    """What it earned and why, in one or two plain sentences."""
    if not parts:
        return "It has no fills as a maker in this window."
    first = parts[0]
    net = float(first.equity_change)
    verb = "gained" if net > 0 else "lost" if net < 0 else "came out even at"
    said = f"It {verb} {money(abs(net), first.token)} on {money(first.notional, first.token)} traded"
    legs = {leg.name: leg.value for leg in first.legs if leg.value is not None}
    if legs:
        name, value = max(legs.items(), key=lambda pair: abs(pair[1]))
        said += f"; the largest part was {name.replace('_', ' ')} ({money(value, first.token, signed=True)})"
    near = min(markouts, key=lambda row: abs(row.horizon - ADVERSE_HORIZON), default=None)
    if near is None or near.markout.value is None:
        return said + "."
    if near.capture.value is not None:
        return (
            f"{said}. A fill captured {bps(near.capture.value)} against the mid and {bps(near.markout.value)} was left "
            "after 10 s."
        )
    return f"{said}. After 10 s a fill stood at {bps(near.markout.value)} against the last trade price."


def _missing(study: Study, reference: tuple[str, ...]) -> tuple[str, ...]:
    out = []
    if reference == (LAST_TRADE,):
        out += ["spread captured: no quotes on this tape", "adverse selection against a mid: no quotes on this tape"]
    if not study.view.tape.has("orders"):
        out += [
            f"{what}: no resting orders on this tape"
            for what in ("uptime", "quote latency", "order life", "time to fill")
        ]
    if not study.view.tape.has("marks"):
        out.append("funding: no funding payments on this tape")
    if not study.view.tape.has("accounts"):
        out.append("capital used and return on it: no account balances on this tape")
    out.append("queue ahead at the fill: no queue positions on this tape")
    if not study.view.tape.has("transfers"):
        out.append("gas and incentives: no such payments on this tape")
    return tuple(out)
