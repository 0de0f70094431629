"""Two markets of one underlying: which moves first, and where the price is found."""

from itertools import combinations

import polars as pl

from makerscope.metrics.discovery import discovery
from makerscope.metrics.leadlag import lag_grid, lead_lag
from makerscope.metrics.measure import named
from makerscope.metrics.view import BOOK, EXCHANGE, LOCAL, QUOTES, View, unit_price, unit_size
from makerscope.report.numbers import duration
from makerscope.report.scorecard import PairCard
from makerscope.report.study import Study

REACH, STEP = 2_000_000_000, 20_000_000  # ns: lags looked at
MOST_PAIRS = 6
FEWEST_QUOTES = 200
NS = "ns"
HOUR, SECOND, FINE = 3_600_000_000_000, 1_000_000_000, 100_000_000


def pair_cards(study: Study) -> tuple[PairCard, ...]:
    """A card for each pair of markets with one base and quotes of their own."""
    view = study.view
    counts = dict(view.quotes.group_by("instrument").len().iter_rows())
    quoted = [
        name
        for name, source in view.reference.items()
        if source in (QUOTES, BOOK)
        and counts.get(name, 0) >= FEWEST_QUOTES
        and view.instruments[name].kind in ("perp", "spot", "future")
    ]
    pairs = [(a, b) for a, b in combinations(quoted, 2) if view.instruments[a].base == view.instruments[b].base]
    return tuple(card for a, b in pairs[:MOST_PAIRS] if (card := _pair(view, a, b)) is not None)


def _pair(view: View, first: str, second: str) -> PairCard | None:
    clock = common_clock(view, first, second)
    series = [mids_of(view, name, clock) for name in (first, second)]
    if min(rows.height for rows in series) < FEWEST_QUOTES:
        return None
    found = lead_lag(series[0], series[1], lag_grid(REACH, STEP))
    step = FINE if view.until - view.since <= HOUR else SECOND
    shares = discovery(series, (first, second), step=step)
    measures = {
        "lead_lag": named(found.lead_lag_ns, NS),
        "correlation": named(found.peak, "correlation"),
        "lead_lag_ratio": named(found.llr, "ratio"),
        "information_share": shares.information_share[0],
        "information_share_low": shares.information_share_low[0],
        "information_share_high": shares.information_share_high[0],
        "component_share": shares.component_share[0],
        "information_leadership": shares.information_leadership_share[0],
    }
    notes = [f"Shares are of the first market on a grid of {duration(step)}; the second market has the rest."]
    if shares.width.value is not None and shares.width.value > 0.5:
        notes.append(
            "The bounds of the information share lie far apart: the prices move together within a step of that grid."
        )
    if clock != EXCHANGE:
        notes.append(
            "Both are measured on the recorder's clock, so each venue's delay to the recorder is part of the lead."
        )
    return PairCard(
        first=first,
        second=second,
        clock=clock,
        measures=measures,
        lags=tuple(found.curve["lag_ns"].to_list()),
        correlations=tuple(found.curve["correlation"].fill_nan(None).to_list()),
        notes=tuple(notes),
    )


def common_clock(view: View, first: str, second: str) -> str:
    """One venue has one clock; two venues share only the recorder's, where it is known."""
    if view.instruments[first].venue == view.instruments[second].venue:
        return view.clock[first]
    local = (
        view.tape.scan("quotes")
        .filter(pl.col("instrument").is_in([first, second]))
        .select(pl.col("local_time").null_count().alias("n"), pl.len().alias("rows"))
    )
    missing, rows = local.collect().row(0)
    return LOCAL if rows and not missing else view.clock[first]


def mids_of(view: View, name: str, clock: str) -> pl.DataFrame:
    """``time``, ``mid`` (quote currency) and ``touch`` (money at the best bid and ask, mean of both) of a market."""
    column = {EXCHANGE: "exchange_time", LOCAL: "local_time"}.get(clock)
    if view.reference[name] == QUOTES and column is not None:
        rows = view.tape.read("quotes", since=view.since, until=view.until, instrument=name)
        rows = rows.with_columns(time=column).drop_nulls("time").sort("time", maintain_order=True)
    else:
        rows = view.quotes.filter(pl.col("instrument") == name)
    item = view.instruments[name]
    lots = [
        pl.col(f"{side}_size")
        * (unit_size(item) if item.inverse else unit_size(item) * unit_price(item) * pl.col(side))
        for side in ("bid", "ask")
    ]
    return rows.filter(pl.col("bid") < pl.col("ask")).select(
        "time",
        mid=(pl.col("bid") + pl.col("ask")) * (unit_price(item) / 2),
        touch=(lots[0] + lots[1]) / 2,
    )
