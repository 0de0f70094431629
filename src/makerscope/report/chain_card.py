"""Option chains: how much of the listed grid is quoted, how wide, and whether marks stand inside the quotes."""

import polars as pl

from makerscope.metrics.measure import Measure, missing
from makerscope.report.names import many
from makerscope.report.scorecard import ChainCard, Path
from makerscope.report.study import Study

FEWEST = 8  # snapshots below which a line over time says nothing


def chain_cards(study: Study) -> tuple[ChainCard, ...]:
    """A card for each underlying with an option chain on the tape."""
    view = study.view
    options = [item for item in view.instruments.values() if item.kind == "option"]
    if not options or not view.tape.has("chain"):
        return ()
    facts = pl.DataFrame(
        {
            "instrument": [item.instrument for item in options],
            "underlying_name": [f"{item.venue} {item.base}" for item in options],
            "tick": [float(item.tick_size) for item in options],
        }
    )
    rows = view.tape.read("chain", since=view.since, until=view.until).join(facts, on="instrument", how="inner")
    return tuple(
        _card(str(name), part) for (name,), part in sorted(rows.partition_by("underlying_name", as_dict=True).items())
    )


def _card(underlying: str, rows: pl.DataFrame) -> ChainCard:
    rows = rows.with_columns(
        time=pl.coalesce("exchange_time", "local_time"),
        both=pl.col("bid").is_not_null() & pl.col("ask").is_not_null(),
        width=(pl.col("ask") - pl.col("bid")) * pl.col("tick"),
        outside=(pl.col("mark") < pl.col("bid") * pl.col("tick") * (1 - 1e-9))
        | (pl.col("mark") > pl.col("ask") * pl.col("tick") * (1 + 1e-9)),
    )
    quoted = rows.filter("both")
    over = (
        rows.group_by("time").agg(two_sided=pl.col("both").mean(), no_bid=pl.col("bid").is_null().mean()).sort("time")
    )
    n, snapshots = rows.height, over.height
    measures = {
        "listed_options": Measure(value=float(rows["instrument"].n_unique()), unit="options", n=n),
        "two_sided_quotes": _share(rows["both"], "of listed options and snapshots"),
        "no_bid": _share(rows["bid"].is_null(), ""),
        "no_ask": _share(rows["ask"].is_null(), ""),
        "quoted_width": _width(quoted),
        "marks_outside_the_quotes": _share(quoted["outside"].drop_nulls(), "stale marks or quotes"),
    }
    paths: tuple[Path, ...] = ()
    if snapshots >= FEWEST:
        times = tuple(over["time"].to_list())
        paths = tuple(
            Path(name=label, unit="%", times=times, values=tuple(100 * value for value in over[column].to_list()))
            for label, column in (("options with a bid and an ask", "two_sided"), ("options without a bid", "no_bid"))
        )
    notes = (
        f"{many(snapshots, 'snapshot')}: what happened between them is unknown, so nothing here is an uptime.",
        (
            "The desk's view (width in volatility points, surfaces, coverage by delta and tenor) is not part of this "
            "version."
        ),
    )
    return ChainCard(underlying=underlying, snapshots=snapshots, measures=measures, paths=paths, notes=notes)


def _share(flags: pl.Series, note: str) -> Measure:
    if not len(flags):
        return missing("fraction", "no such rows")
    return Measure(value=float(flags.cast(pl.Float64).mean()), unit="fraction", n=len(flags), reason=note)  # pyright: ignore[reportArgumentType]


def _width(quoted: pl.DataFrame) -> Measure:
    """Median of ask minus bid over the mark, as a share of the premium."""
    known = quoted.filter(pl.col("mark") > 0)
    if not known.height:
        return missing("fraction of premium", "no two-sided quote with a mark")
    value = float(known.select((pl.col("width") / pl.col("mark")).median()).item())
    return Measure(
        value=value, unit="fraction of premium", n=known.height, reason="median, ask minus bid over the mark"
    )
