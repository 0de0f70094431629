"""Option chains in the terms of a desk: width, coverage, smiles, a certified surface, and when liquidity left."""

from math import log10

import numpy as np
import polars as pl

from makerscope.metrics.measure import Measure, missing
from makerscope.metrics.option_alarm import RATE, alarm_buckets, withdrawal_alarm
from makerscope.metrics.option_chain import (
    DELTA_BUCKETS,
    TENOR_BUCKETS,
    option_rows,
    with_snapshots,
    without_duplicates,
)
from makerscope.metrics.option_quotes import near_the_money, quote_buckets, quote_grid, quote_measures
from makerscope.metrics.option_smile import smiles
from makerscope.report.executable_card import Executable, executable, future_touches
from makerscope.report.scorecard import AlarmCard, GridCard, OptionsCard, Path
from makerscope.report.study import Study
from makerscope.report.surface_card import smile_cards, surface_card
from makerscope.report.volatility_card import volatility_card

FEWEST = 8  # snapshots below which a line over time says nothing
GRIDS = {
    "full_width_points": ("full quoted width", "volatility points"),
    "full_width_bps": ("full quoted width", "bps of the underlying"),
    "coverage": ("coverage by two-sided quotes", "%"),
}


def options_cards(study: Study) -> tuple[OptionsCard, ...]:
    """A card for each underlying with an option chain on the tape."""
    view = study.view
    if not view.tape.has("chain"):
        return ()
    rows = option_rows(view.tape, view.since, view.until).filter(pl.col("instrument").is_in(list(view.instruments)))
    unique = without_duplicates(rows)
    if not unique.height:
        return ()
    looked = with_snapshots(unique)
    alarms = withdrawal_alarm(alarm_buckets(looked))
    return tuple(
        _card(study, str(base), part, alarms.filter(pl.col("base") == base), looked["base"].n_unique())
        for (base,), part in sorted(looked.partition_by("base", as_dict=True, maintain_order=True).items())
    )


def _card(study: Study, underlying: str, rows: pl.DataFrame, alarms: pl.DataFrame, bases: int) -> OptionsCard:
    buckets = quote_buckets(rows)
    snapshots = buckets["snapshot"].n_unique()
    shown = _fullest(rows)
    now = rows.filter(pl.col("snapshot") == shown)
    fitted = smile_cards(now)
    curve = smiles(rows)
    return OptionsCard(
        underlying=underlying,
        snapshots=snapshots,
        shown=shown,
        measures=_measures(rows, buckets, curve.filter(pl.col("snapshot") == shown)),
        grids=_grids(buckets),
        smiles=fitted.smiles,
        surface=surface_card(fitted, _executable(study, now, underlying, shown)),
        alarm=_alarm(alarms, bases),
        paths=_paths(curve, buckets),
        notes=_notes(rows, snapshots),
        volatility=volatility_card(rows, smile=curve)[0],
    )


def _executable(study: Study, now: pl.DataFrame, underlying: str, shown: int) -> Executable:
    view = study.view
    touches = future_touches(view.quotes, view.instruments, underlying, at=shown, max_age=study.max_age)
    return executable(now, touches)


def _alarm(found: pl.DataFrame, bases: int) -> AlarmCard | None:
    """How rarely a usual snapshot looks as bad as each one did, as powers of ten; None where nothing is usual yet."""
    known = found.drop_nulls("false_alarm_rate").filter(pl.col("false_alarm_rate").is_finite()).sort("snapshot")
    if known.height < FEWEST:
        return None
    rarity = -known["false_alarm_rate"].clip(lower_bound=1e-12).log(10)
    named = known.filter("alarm").sort("rank")
    return AlarmCard(
        times=tuple(known["snapshot"].to_list()),
        scores=tuple(rarity.to_list()),
        threshold=-log10(RATE / bases),
        named=tuple((int(when), str(why)) for when, why in named.select("snapshot", "reason").iter_rows()),
        rule=(
            "A snapshot is named when liquidity, or the share of options without a bid or an ask, stands further from "
            f"what is usual at that hour of the week and time to expiry than {RATE:.1%} of usual snapshots do, and by "
            "a material amount."
        ),
    )


def _fullest(rows: pl.DataFrame) -> int:
    """The last snapshot among those with at least 95 % of the most usable quotes any had."""
    good = pl.col("reason").is_null() & pl.col("bid_usd").is_not_null() & pl.col("ask_usd").is_not_null()
    counts = rows.group_by("snapshot").agg(n=good.sum()).sort("snapshot")
    return int(counts.filter(pl.col("n") >= 0.95 * pl.col("n").max())["snapshot"][-1])


def _measures(rows: pl.DataFrame, buckets: pl.DataFrame, smile: pl.DataFrame) -> dict[str, Measure]:
    found = quote_measures(near_the_money(buckets))
    everywhere = quote_measures(buckets)
    out = {
        "listed_options": Measure(value=float(rows["instrument"].n_unique()), unit="options", n=rows.height),
        "full_width_points": found["full_width_points"],
        "full_width_bps": found["full_width_bps"],
        **{name: everywhere[name] for name in ("coverage", "coverage_vega", "no_bid", "no_ask", "stale_marks")},
    }
    curve = smile.drop_nulls("at_the_money").sort("tenor")
    for name, near in (("at_the_money_1w", 7), ("at_the_money_1m", 30), ("at_the_money_3m", 91)):
        out[name] = _at_tenor(curve, "at_the_money", near, "annualised volatility, fraction", 1.0)
    out["risk_reversal_1m"] = _at_tenor(curve, "risk_reversal", 30, "volatility points", 1.0)
    out["butterfly_1m"] = _at_tenor(curve, "butterfly", 30, "volatility points", 1.0)
    return out


def _at_tenor(curve: pl.DataFrame, column: str, days: int, unit: str, scale: float) -> Measure:
    """A number of the smile at a tenor, linear between the expiries around it."""
    known = curve.drop_nulls(column)
    tenor = known["tenor"].to_numpy() * 365
    if known.height < 2 or not tenor[0] <= days <= tenor[-1]:
        return missing(unit, f"no expiries on both sides of {days} days")
    value = float(np.interp(days, tenor, known[column].to_numpy())) * scale
    return Measure(value=value, unit=unit, n=known.height, reason="last full snapshot, between the expiries around it")


def _grids(buckets: pl.DataFrame) -> tuple[GridCard, ...]:
    table = quote_grid(buckets).drop_nulls(["tenor_bucket", "delta_bucket"])
    out = []
    for column, (name, unit) in GRIDS.items():
        scale = 100.0 if unit == "%" else 1.0
        cells = table.select(pl.col("tenor_bucket", "delta_bucket").cast(pl.String), pl.col(column) * scale)
        known = {(tenor, delta): value for tenor, delta, value in cells.iter_rows()}
        values = tuple(tuple(known.get((tenor, delta)) for delta in DELTA_BUCKETS) for tenor in TENOR_BUCKETS)
        if any(value is not None for row in values for value in row):
            out.append(GridCard(name=name, unit=unit, tenors=TENOR_BUCKETS, deltas=DELTA_BUCKETS, values=values))
    return tuple(out)


def _paths(smile: pl.DataFrame, buckets: pl.DataFrame) -> tuple[Path, ...]:
    sums = (
        buckets.group_by("snapshot")
        .agg(pl.col("listed", "two_sided", "width_usd", "width_vega").sum())
        .sort("snapshot")
    )
    if sums.height < FEWEST:
        return ()
    times = tuple(sums["snapshot"].to_list())
    share = (100 * sums["two_sided"] / sums["listed"]).to_list()
    near = near_the_money(buckets).group_by("snapshot").agg(pl.col("width_usd", "width_vega").sum()).sort("snapshot")
    width = {when: 100 * usd / vega if vega else None for when, usd, vega in near.iter_rows()}
    curve = smile.drop_nulls("at_the_money").sort("snapshot", "tenor")
    month = {
        int(when): _at_tenor(part, "at_the_money", 30, "", 100.0).value
        for (when,), part in curve.partition_by("snapshot", as_dict=True).items()
        if part.height > 1
    }
    return (
        Path(name="options with a bid and an ask", unit="%", times=times, values=tuple(share)),
        Path(
            name="vega-weighted width", unit="volatility points", times=times, values=tuple(width.get(t) for t in times)
        ),
        Path(name="at-the-money volatility, 30 days", unit="%", times=times, values=tuple(month.get(t) for t in times)),
    )


def _notes(rows: pl.DataFrame, snapshots: int) -> tuple[str, ...]:
    refused = rows.drop_nulls("reason").group_by("reason").len().sort("len", descending=True)
    notes = [f"{snapshots} snapshots: what happened between them is unknown, so nothing here is an uptime."]
    if refused.height:
        said = ", ".join(f"{count:,} {reason}" for reason, count in refused.iter_rows())
        notes.append(f"Quotes that could not be used: {said}.")
    greeks = dict(rows.drop_nulls("greeks").group_by("greeks").len().iter_rows())
    if greeks.get("black"):
        notes.append(
            f"Greeks of {greeks['black']:,} quotes are Black's from the mark volatility; the others are the venue's."
        )
    return tuple(notes)
