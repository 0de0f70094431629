"""How good an option chain's quotes are: width, coverage of the listed grid, stale marks, distance from a surface.

Widths are full widths, ask minus bid: in volatility points (1 point is 0.01) ``100 * (ask - bid) / vega``, and in bps
of the underlying ``1e4 * (ask - bid) / forward``. One look at the chain (``snapshot`` of ``with_snapshots``) counts as
much as any other; a feed is looked at at even steps, so that its means are means over time. Buckets hold counts and
sums, so the buckets of any partition add. Deep in the money hardly anyone quotes tightly, as the same risk trades on
the other side of the strike: ``near_the_money`` leaves these out, and is the right choice for a headline.
"""

import polars as pl

from makerscope.errors import DomainError
from makerscope.metrics.buckets import ratio_measure
from makerscope.metrics.columns import need
from makerscope.metrics.measure import Measure, missing
from makerscope.metrics.option_chain import TENORS, YEAR

KEYS = ("snapshot", "base", "tenor_bucket", "delta_bucket")
COARSEST_TICK = 0.05  # of volatility: where one price tick is worth more, the price grid says no width in volatility
TOLERANCE = 1e-6  # ticks; a mark this near a quote is on it
DAY_OF_LOOKS = 4
UNITS = {
    "full_width_points": "volatility points",
    "full_width_bps": "bps of the underlying",
    "coverage": "fraction of listed quotes",
    "coverage_vega": "fraction of listed vega",
    "no_bid": "fraction of listed quotes",
    "no_ask": "fraction of listed quotes",
    "stale_marks": "fraction of marks",
    "quote_error": "volatility points",
    "quote_error_size": "volatility points",
}


def quote_columns(rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with what each quote says for itself.

    Args:
        rows: of ``option_rows``; ``fit`` (volatility of a surface at the strike and expiry) where one was fitted.

    Returns:
        ``rows`` with ``two_sided``; ``full_width_usd``; ``full_width_points``, null where one tick is worth more than 5
        points; ``full_width_bps``; ``stale_mark`` (the venue's mark lies outside the quotes; null without a mark or
        any quote) and ``stale_ticks`` (how far, ticks, 0 inside); with ``fit`` also ``quote_error`` (volatility points
        by which the mid stands above the surface, to first order from the mark) and ``fit_inside`` (it lies between bid
        and ask).

    Examples:
        >>> row = pl.DataFrame({"bid_usd": [400.0], "ask_usd": [480.0], "mark_usd": [500.0], "tick_usd": [4.0],
        ...     "vega": [4000.0], "forward": [40_000.0]})
        >>> quote_columns(row).select("full_width_points", "full_width_bps", "stale_ticks").row(0)
        (2.0, 20.0, 5.0)
    """
    need(rows, "rows", "bid_usd", "ask_usd", "mark_usd", "tick_usd", "vega", "forward")
    bid, ask, mark, vega = (pl.col(name) for name in ("bid_usd", "ask_usd", "mark_usd", "vega"))
    fine = pl.col("tick_usd") <= COARSEST_TICK * vega
    outside = pl.max_horizontal(bid - mark, mark - ask) / pl.col("tick_usd")
    out = rows.with_columns(two_sided=bid.is_not_null() & ask.is_not_null(), full_width_usd=ask - bid).with_columns(
        full_width_points=pl.when(fine).then(100 * pl.col("full_width_usd") / vega),
        full_width_bps=1e4 * pl.col("full_width_usd") / pl.col("forward"),
        stale_mark=outside > TOLERANCE,
        stale_ticks=pl.max_horizontal(outside, 0.0),
    )
    out = out.with_columns(stale_ticks=pl.when(pl.col("stale_mark").is_not_null()).then("stale_ticks"))
    if "fit" not in rows.columns:
        return out
    need(rows, "rows", "mark_volatility")
    level = pl.col("mark_volatility") - pl.col("fit")
    error, low, high = ((price - mark) / vega + level for price in ((bid + ask) / 2, bid, ask))
    return out.with_columns(
        quote_error=pl.when(fine).then(100 * error), fit_inside=pl.when(fine).then((low <= 0) & (high >= 0))
    )


def quote_buckets(rows: pl.DataFrame) -> pl.DataFrame:
    """Counts and sums of the quotes of each snapshot, underlying, tenor and delta bucket; buckets of any partition add.

    Args:
        rows: of ``with_snapshots(option_rows(...))``, perhaps with ``fit``. Rows with a ``reason`` are counted as
            listed and ``refused`` and enter nothing else, duplicates and expired ones nothing at all.

    Returns:
        ``snapshot, base, tenor_bucket, delta_bucket`` (null where delta is unknown), ``listed, refused, two_sided,
        no_bid, no_ask`` (counts), ``vega, vega_two_sided`` (USD per 1.00), ``wide, width_usd, width_vega`` (count and
        sums of two-sided quotes with a width in volatility), ``spread_usd, spread_forward`` (of all two-sided ones),
        ``marks, stale`` (counts), ``fitted, error, error_size`` (count, sum and sum of sizes of quote errors, points).
    """
    need(rows, "rows", "snapshot", "base", "tenor_bucket", "delta_bucket", "reason")
    kept = rows.filter(~pl.col("reason").is_in(["duplicate", "expired"]).fill_null(value=False))
    kept = quote_columns(kept)
    if "quote_error" not in kept.columns:
        kept = kept.with_columns(quote_error=pl.lit(None, pl.Float64))
    good, two = pl.col("reason").is_null(), pl.col("two_sided")
    known = good & two & pl.col("full_width_points").is_not_null()
    vega = pl.col("vega").fill_null(0.0)
    fitted = good & pl.col("quote_error").is_not_null()

    def count(rule: pl.Expr) -> pl.Expr:
        return rule.fill_null(value=False).sum().cast(pl.Int64)

    return (
        kept.group_by(KEYS)
        .agg(
            listed=pl.len().cast(pl.Int64),
            refused=count(~good),
            two_sided=count(good & two),
            no_bid=count(good & pl.col("bid_usd").is_null()),
            no_ask=count(good & pl.col("ask_usd").is_null()),
            vega=vega.sum(),
            vega_two_sided=vega.filter(good & two).sum(),
            wide=count(known),
            width_usd=pl.col("full_width_usd").filter(known).sum(),
            width_vega=pl.col("vega").filter(known).sum(),
            spread_usd=pl.col("full_width_usd").filter(good & two).sum(),
            spread_forward=pl.col("forward").filter(good & two).sum(),
            marks=count(good & pl.col("stale_mark").is_not_null()),
            stale=count(good & pl.col("stale_mark")),
            fitted=count(fitted),
            error=pl.col("quote_error").filter(fitted).sum(),
            error_size=pl.col("quote_error").abs().filter(fitted).sum(),
        )
        .sort(KEYS, nulls_last=True)
    )


def near_the_money(buckets: pl.DataFrame) -> pl.DataFrame:
    """The buckets of quotes with a delta of at most 65 per cent: out of the money and around it.

    Examples:
        >>> near_the_money(pl.DataFrame({"delta_bucket": ["put >65", "put 10-35", None]})).height
        1
    """
    return buckets.filter(~pl.col("delta_bucket").cast(pl.String).str.ends_with(">65"))


def quote_measures(buckets: pl.DataFrame, *, block: int = DAY_OF_LOOKS) -> dict[str, Measure]:
    """The measures of a set of buckets of ``quote_buckets``, each a ratio of sums with a block-bootstrap interval.

    ``full_width_points`` is the vega-weighted mean width; ``full_width_bps`` weighs by the forward; ``coverage`` is
    two-sided quotes over listed ones, ``coverage_vega`` the same by vega; ``no_bid``, ``no_ask``, ``stale_marks`` are
    shares; ``quote_error`` and ``quote_error_size`` are the mean distance from the surface and its mean size.

    Args:
        buckets: of one underlying or of many, of one cell of the grid or of all.
        block: snapshots in a bootstrap block; 4 are a day of a recorder that looks every six hours.

    Examples:
        ``quote_measures(buckets.filter(base="BTC", tenor_bucket="1w-1m"))["full_width_points"].value``
    """
    if block < 1:
        raise DomainError(f"block is {block}; want at least 1 snapshot")
    places = buckets["snapshot"].unique().sort() if buckets.height else pl.Series("snapshot", [], pl.Int64)
    numbered = buckets.with_columns(bucket=pl.col("snapshot").rank("dense").cast(pl.Int64) - 1)
    none = "no quote with both sides"
    parts = {
        "full_width_points": ("width_usd", "width_vega", "wide", "no two-sided quote with a vega", 100.0),
        "full_width_bps": ("spread_usd", "spread_forward", "two_sided", none, 1e4),
        "coverage": ("two_sided", "listed", "listed", "nothing is listed", 1.0),
        "coverage_vega": ("vega_two_sided", "vega", "listed", "no vega is known", 1.0),
        "no_bid": ("no_bid", "listed", "listed", "nothing is listed", 1.0),
        "no_ask": ("no_ask", "listed", "listed", "nothing is listed", 1.0),
        "stale_marks": ("stale", "marks", "marks", "no mark beside a quote", 1.0),
        "quote_error": ("error", "fitted", "fitted", "no surface was fitted", 1.0),
        "quote_error_size": ("error_size", "fitted", "fitted", "no surface was fitted", 1.0),
    }
    return {
        name: _ratio(numbered, top, bottom, unit=UNITS[name], count=count, why=why, scale=scale, block=block, of=places)
        for name, (top, bottom, count, why, scale) in parts.items()
    }


def _ratio(
    buckets: pl.DataFrame,
    top: str,
    bottom: str,
    *,
    unit: str,
    count: str,
    why: str,
    scale: float,
    block: int,
    of: pl.Series,
) -> Measure:
    n = int(buckets[count].sum() or 0)
    if not float(buckets[bottom].sum() or 0) > 0:
        return missing(unit, why, n=n)
    scaled = buckets.select("bucket", pl.col(top, bottom).cast(pl.Float64))
    span = (0, of.len() - 1)
    return ratio_measure(scaled, top, bottom, unit=unit, n=n, undefined=why, scale=scale, block=block, span=span)


def quote_grid(buckets: pl.DataFrame, *, block: int = DAY_OF_LOOKS) -> pl.DataFrame:
    """One row a cell of underlying, tenor and delta: the value of each of ``quote_measures``, null where unknown.

    Returns:
        ``base, tenor_bucket, delta_bucket, snapshots, listed`` and a column for each measure, in order of the grid.
    """
    cells = buckets.partition_by("base", "tenor_bucket", "delta_bucket", maintain_order=True)
    rows = [
        part.select("base", "tenor_bucket", "delta_bucket").row(0, named=True)
        | {"snapshots": part["snapshot"].n_unique(), "listed": int(part["listed"].sum())}
        | {name: measure.value for name, measure in quote_measures(part, block=block).items()}
        for part in cells
    ]
    kinds = {name: buckets.schema[name] for name in ("base", "tenor_bucket", "delta_bucket")}
    schema = kinds | {"snapshots": pl.Int64(), "listed": pl.Int64()} | dict.fromkeys(UNITS, pl.Float64())
    return pl.DataFrame(rows, schema=schema).sort("base", "tenor_bucket", "delta_bucket", nulls_last=True)


def width_medians(rows: pl.DataFrame) -> pl.DataFrame:
    """Median width of the two-sided quotes of each underlying, tenor and delta bucket, beside the means of the grid.

    Returns:
        ``base, tenor_bucket, delta_bucket, n, full_width_points, full_width_bps``. Medians do not add.
    """
    return (
        quote_columns(rows.filter(pl.col("reason").is_null()))
        .filter("two_sided")
        .group_by("base", "tenor_bucket", "delta_bucket")
        .agg(
            n=pl.len().cast(pl.Int64),
            **{name: pl.col(name).median() for name in ("full_width_points", "full_width_bps")},
        )
        .sort("base", "tenor_bucket", "delta_bucket", nulls_last=True)
    )


def grid_coverage(buckets: pl.DataFrame) -> pl.DataFrame:
    """Share of the listed cells of the grid (tenor by delta) that hold at least one two-sided quote, by underlying.

    Returns:
        ``base, cells`` (listed cells summed over snapshots), ``quoted`` (those with a two-sided quote), ``coverage``.
    """
    known = pl.col("tenor_bucket").is_not_null() & pl.col("delta_bucket").is_not_null()
    return (
        buckets.filter(known & (pl.col("listed") > 0))
        .group_by("base")
        .agg(cells=pl.len().cast(pl.Int64), quoted=(pl.col("two_sided") > 0).sum().cast(pl.Int64))
        .with_columns(coverage=pl.col("quoted") / pl.col("cells"))
        .sort("base")
    )


def tenor_edges() -> dict[str, float]:
    """Upper edge of the tenor buckets in years, for labels and pictures.

    Examples:
        >>> round(tenor_edges()["1w"] * 365)
        7
    """
    return {name: edge / YEAR for name, edge in TENORS.items()}
