"""AMM pools: what providers were paid in fees against what the pool lost to arbitrage."""

from decimal import Decimal

import polars as pl

from makerscope.errors import InputError
from makerscope.metrics.measure import missing
from makerscope.metrics.pool import pool_bars, pool_buckets, pool_facts, pool_measures
from makerscope.report.scorecard import Path, PoolCard
from makerscope.report.study import Study

HOUR = 3_600_000_000_000


def pool_cards(study: Study) -> tuple[PoolCard, ...]:
    """A card for each pool with events on the tape."""
    view = study.view
    if not view.tape.has("pool_events"):
        return ()
    names = [name for name, item in view.instruments.items() if item.kind == "pool"]
    events = view.tape.read("pool_events", since=view.since, until=view.until, instrument=names)
    found = events.partition_by("instrument", as_dict=True, maintain_order=True)
    return tuple(_card(study, str(name), part) for (name,), part in sorted(found.items()))


def _card(study: Study, name: str, events: pl.DataFrame) -> PoolCard:
    instrument = study.instrument(name)
    facts_text = f"{instrument.base} priced in {instrument.quote}" + (
        f", fee {instrument.fee}" if instrument.fee else ""
    )
    try:
        facts = pool_facts(study.view.tape, name, fee=Decimal(instrument.fee) if instrument.fee else None)
    except InputError as error:
        measures = {"lvr": missing("quote currency", error.what)}
        return PoolCard(instrument=name, facts=facts_text, measures=measures, paths=(), notes=(str(error),))
    bars = pool_bars(events, facts)
    buckets = pool_buckets(bars, facts, width=HOUR)
    hours = tuple(bucket * HOUR for bucket in buckets["bucket"])
    paths = [
        Path(
            name="price",
            unit=instrument.quote,
            times=tuple(bars["time"].to_list()),
            values=tuple(bars["price"].to_list()),
        )
    ]
    for label, column in (
        ("volume by hour", "volume"),
        ("fees by hour", "fees"),
        ("loss versus rebalancing by hour", "lvr"),
    ):
        paths.append(Path(name=label, unit=instrument.quote, times=hours, values=tuple(buckets[column].to_list())))
    notes = (
        (
            "Loss versus rebalancing (LVR) is what the pool gave to arbitrageurs who trade at a better price "
            "elsewhere, estimated from the moves of the pool's own price at the liquidity in range."
        ),
        "Provider edge is fees minus LVR. Single positions are not on this tape, so no provider's own result is shown.",
    )
    return PoolCard(instrument=name, facts=facts_text, measures=pool_measures(buckets), paths=tuple(paths), notes=notes)
