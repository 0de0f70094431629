"""How a maker was hedged, cut from a study: what a hedge cost, how long it went without, and what was left."""

import numpy as np
import polars as pl

from makerscope.metrics.hedging import Series, hedge_control, hedge_error, net_delta
from makerscope.metrics.inventory import holding
from makerscope.metrics.measure import Measure, named
from makerscope.metrics.pnl import Pnl
from makerscope.metrics.view import unit_size
from makerscope.report.study import Study


def hedging_measures(study: Study, pnl: Pnl, maker: str) -> dict[str, Measure]:
    """Measures of ``metrics.hedging`` for the base in which a maker hedged most; none where it did not hedge."""
    hedges = study.fills_of("taker", maker).filter(pl.col("purpose") == "hedge")
    if not hedges.height:
        return {}
    main = hedges.group_by("instrument").agg(pl.col("notional").sum()).sort("notional", "instrument").row(-1)[0]
    item, view = study.instrument(main), study.view
    traded = pnl.totals.filter(pl.col("account") == maker, pl.col("fills") > 0)["instrument"].to_list()
    names = [name for name in traded if study.instrument(name).base == item.base and not study.instrument(name).inverse]
    deltas = _deltas(study, [name for name in names if study.instrument(name).kind == "option"])
    names = [name for name in names if study.instrument(name).kind != "option" or name in deltas]
    fills = view.fills.filter(pl.col("instrument").is_in(names))
    parts = [
        (
            holding(fills, pnl, maker, name, since=view.since, until=view.until),
            unit_size(study.instrument(name)),
            deltas.get(name),
        )
        for name in names
    ]
    times, net = net_delta(parts)
    mine = hedges.filter(pl.col("instrument").is_in(names))
    found = hedge_control(times, net, until=view.until, hedges=mine["time"].to_numpy())
    found = {key: named(each, item.base) if each.unit == "base" else each for key, each in found.items()}
    used = set(mine["instrument"].unique())
    buckets = pnl.buckets.filter(pl.col("account") == maker, pl.col("token") == item.settle)
    first, last = study.span
    return found | hedge_error(
        buckets, {name: name in used for name in names}, first=first, last=last, width=study.width, unit=item.settle
    )


def _deltas(study: Study, options: list[str]) -> dict[str, Series]:
    """The venue's delta of options over time; those of which the tape has none are left out."""
    if not options or not study.view.tape.has("chain"):
        return {}
    rows = (
        study.view.tape.read("chain", instrument=options)
        .select("instrument", "delta", time=pl.coalesce("exchange_time", "local_time"))
        .drop_nulls()
        .sort("instrument", "time", maintain_order=True)
    )
    return {
        str(name): (part["time"].to_numpy().astype(np.int64), part["delta"].to_numpy().astype(np.float64))
        for (name,), part in rows.partition_by("instrument", as_dict=True).items()
    }
