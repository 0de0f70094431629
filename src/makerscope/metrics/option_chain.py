"""The option chain of a tape as floats, one row a quote: prices in coin and in quote currency, tenor, delta, buckets.

Every measure of options starts here, so a quote that cannot be used is named here once, in ``reason``. Delta and vega
are the venue's; where it gave none they are Black's, from its mark volatility, and ``greeks`` says which.
"""

import numpy as np
import polars as pl

from makerscope.errors import DomainError
from makerscope.metrics.columns import need
from makerscope.pricing.black import black76_greeks
from makerscope.tape.read import TIME, Tape

DAY = 86_400_000_000_000  # ns
YEAR = 365 * DAY
MINUTE = 60_000_000_000
MOST_ROWS = 30_000_000  # of a feed looked at again and again
DELTAS = (0.1, 0.35, 0.65)
TENORS = {"1d": DAY, "1w": 7 * DAY, "1m": 30 * DAY, "3m": 91 * DAY, "6m": 182 * DAY}
DELTA_BUCKETS = (
    "put <10", "put 10-35", "put 35-65", "put >65", "call >65", "call 35-65", "call 10-35", "call <10",
)  # fmt: skip
TENOR_BUCKETS = ("<=1d", "1d-1w", "1w-1m", "1m-3m", "3m-6m", ">6m")
DELTA_BUCKET, TENOR_BUCKET = pl.Enum(DELTA_BUCKETS), pl.Enum(TENOR_BUCKETS)
_FACTS = ("instrument", "kind", "base", "quote", "tick_size", "lot_size", "multiplier", "strike", "expiry", "is_call")


def option_rows(tape: Tape, since: int | None = None, until: int | None = None) -> pl.DataFrame:
    """The quotes of all options of a tape, with ``since <= time < until`` (ns), ready for the measures.

    Args:
        tape: with the table ``chain``; without it the result is empty.
        since: ns, first time kept.
        until: ns, first time left out.

    Returns:
        In order of ``time``, then of the source:

        * ``time`` (ns, the venue's clock, else the recorder's), ``instrument``, ``base``, ``expiry`` (ns), ``strike``,
          ``is_call``, ``coin_premium`` (the premium is paid in the underlying), ``tenor`` (years of 365 days, may be
          negative), ``forward`` (of this expiry; where a row lacks it, the median of its time and expiry), ``index``;
        * ``bid, ask, mark`` each as ``_coin`` (per unit of underlying, in underlying) and ``_usd`` (in quote
          currency; USD = coin times ``forward``), ``tick_usd``; ``bid_size, ask_size`` (underlying);
        * ``bid_volatility, ask_volatility, mark_volatility``, ``delta`` (underlying, puts negative), ``vega`` (quote
          currency per 1.00 of volatility), ``greeks`` (``venue``, ``black`` or null), ``open_interest, volume``;
        * ``delta_bucket`` (of the quote's own delta), ``tenor_bucket``; null where unknown;
        * ``reason``: null for a quote that can be used, else why not: ``duplicate`` (a later row of the same time and
          instrument stands), ``expired``, ``no forward``, ``strike or forward is not positive``, ``price is not
          positive``, ``crossed`` (bid above ask). A side that is absent is null and no reason.

    Raises:
        TapeError: a file of the tape is missing or damaged.

    Examples:
        ``option_rows(Tape.open("demo/tape")).filter(pl.col("reason").is_null())``
    """
    chain = tape.read("chain", since=since, until=until)
    facts = tape.read("instruments").filter(pl.col("kind") == "option").select(_FACTS)
    return rows_of(chain, facts)


def rows_of(chain: pl.DataFrame, instruments: pl.DataFrame) -> pl.DataFrame:
    """``option_rows`` of tables in memory: ``chain`` and ``instruments`` as a tape has them."""
    need(chain, "chain", "exchange_time", "local_time", "instrument", "bid", "ask", "mark", "underlying")
    need(instruments, "instruments", *_FACTS)
    number = {name: pl.col(name).cast(pl.Float64) for name in ("tick_size", "lot_size", "multiplier", "strike")}
    facts = instruments.select(_FACTS).with_columns(**number)
    rows = (
        chain.join(facts, on="instrument", how="inner", maintain_order="left")
        .with_columns(time=TIME)
        .sort("time", maintain_order=True)
    )
    forward = pl.col("underlying").fill_nan(None)
    rows = rows.with_columns(
        forward=pl.coalesce(forward, forward.median().over("time", "base", "expiry")),
        tenor=(pl.col("expiry") - pl.col("time")) / YEAR,
        coin_premium=pl.col("quote") == pl.col("base"),
        duplicate=~pl.struct("time", "instrument").is_last_distinct(),
    )
    to_coin = pl.when("coin_premium").then(1.0).otherwise(1.0 / pl.col("forward"))
    to_usd = pl.when("coin_premium").then("forward").otherwise(1.0)
    paid = {"bid": pl.col("bid") * pl.col("tick_size"), "ask": pl.col("ask") * pl.col("tick_size"), "mark": "mark"}
    prices = {name: pl.col(value) if isinstance(value, str) else value for name, value in paid.items()}
    size = pl.col("lot_size") * pl.col("multiplier")
    rows = rows.with_columns(
        *(pl.col(f"{side}_size").cast(pl.Float64).mul(size).alias(f"{side}_size") for side in ("bid", "ask")),
        *((price * to_coin).alias(f"{name}_coin") for name, price in prices.items()),
        *((price * to_usd).alias(f"{name}_usd") for name, price in prices.items()),
        tick_usd=pl.col("tick_size") * to_usd,
        reason=_reason(),
    )
    rows = with_greeks(rows).with_columns(
        delta_bucket=delta_bucket(pl.col("delta"), pl.col("is_call")), tenor_bucket=tenor_bucket(pl.col("tenor"))
    )
    return rows.select(
        "time", "instrument", "base", "expiry", "strike", "is_call", "coin_premium", "tenor", "forward", "index",
        "bid_coin", "ask_coin", "mark_coin", "bid_usd", "ask_usd", "mark_usd", "tick_usd", "bid_size", "ask_size",
        "bid_volatility", "ask_volatility", "mark_volatility", "delta", "vega", "greeks", "open_interest", "volume",
        "delta_bucket", "tenor_bucket", "reason",
    )  # fmt: skip


def _reason() -> pl.Expr:
    """Why a row cannot be used, the first that holds; null where it can."""
    faults = {
        "duplicate": pl.col("duplicate"),
        "expired": pl.col("tenor") <= 0,
        "no forward": pl.col("forward").is_null(),
        "strike or forward is not positive": ~((pl.col("forward") > 0) & (pl.col("strike") > 0)),
        "price is not positive": pl.min_horizontal("bid", "ask") <= 0,
        "crossed": pl.col("bid") > pl.col("ask"),
    }
    whens = [
        pl.when(rule.fill_null(value=name.startswith("strike"))).then(pl.lit(name)) for name, rule in faults.items()
    ]
    return pl.coalesce(whens)


def with_greeks(rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with ``delta`` and ``vega`` filled by Black's where null, and ``greeks`` naming whose they are.

    Args:
        rows: ``forward, strike, tenor, is_call, mark_volatility, delta, vega``.

    Examples:
        >>> row = pl.DataFrame({"forward": [100.0], "strike": [100.0], "tenor": [0.25], "is_call": [True],
        ...     "mark_volatility": [0.8]}).with_columns(delta=pl.lit(None, pl.Float64), vega=pl.lit(None, pl.Float64))
        >>> with_greeks(row).select(pl.col("delta", "vega").round(6), "greeks").row(0)
        (0.57926, 19.552135, 'black')
    """
    known = pl.col("delta").is_not_null() & pl.col("vega").is_not_null()
    inputs = ("forward", "strike", "mark_volatility", "tenor")
    can = pl.all_horizontal((pl.col(name) > 0) & pl.col(name).is_finite() for name in inputs)
    can = can.fill_null(value=False) & pl.col("is_call").is_not_null()
    rows = rows.with_columns(greeks=pl.when(known).then(pl.lit("venue")).when(can).then(pl.lit("black")))
    lacks = (rows["greeks"] == "black").fill_null(value=False)
    if not lacks.any():
        return rows
    some = rows.filter(lacks)
    greeks = black76_greeks(*(some[name].to_numpy() for name in inputs), is_call=some["is_call"].to_numpy())
    delta, vega = np.full(rows.height, np.nan), np.full(rows.height, np.nan)
    delta[lacks.to_numpy()], vega[lacks.to_numpy()] = greeks.delta, greeks.vega
    return rows.with_columns(
        delta=pl.coalesce("delta", pl.Series(delta).fill_nan(None)),
        vega=pl.coalesce("vega", pl.Series(vega).fill_nan(None)),
    )


def delta_bucket(delta: pl.Expr, is_call: pl.Expr) -> pl.Expr:
    """The bucket of a quote's own delta, one of ``DELTA_BUCKETS``: its side, and the size of delta in per cent.

    Examples:
        >>> rows = pl.DataFrame({"delta": [-0.25, 0.5, None], "is_call": [False, True, True]})
        >>> rows.select(delta_bucket(pl.col("delta"), pl.col("is_call")))["delta"].to_list()
        ['put 10-35', 'call 35-65', None]
    """
    place = pl.sum_horizontal((delta.abs() >= edge).cast(pl.Int8) for edge in DELTAS)
    at = pl.when(is_call).then(len(DELTA_BUCKETS) - 1 - place).otherwise(place)
    names = at.replace_strict(dict(enumerate(DELTA_BUCKETS)), return_dtype=DELTA_BUCKET)
    return pl.when(delta.is_not_null() & is_call.is_not_null()).then(names).alias("delta")


def tenor_bucket(tenor: pl.Expr) -> pl.Expr:
    """The bucket of a time to expiry in years, one of ``TENOR_BUCKETS``; null where it is not positive.

    Examples:
        >>> pl.select(tenor_bucket(pl.lit(10 / 365))).item()
        '1w-1m'
    """
    place = pl.sum_horizontal((tenor > edge / YEAR).cast(pl.Int8) for edge in TENORS.values())
    names = place.replace_strict(dict(enumerate(TENOR_BUCKETS)), return_dtype=TENOR_BUCKET)
    return pl.when(tenor > 0).then(names)


def without_duplicates(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``option_rows`` less those sent twice, as ``with_snapshots`` wants them.

    Examples:
        >>> without_duplicates(pl.DataFrame({"reason": [None, "duplicate", "crossed"]}))["reason"].to_list()
        [None, 'crossed']
    """
    return rows.filter(pl.col("reason").ne_missing("duplicate"))


def with_snapshots(rows: pl.DataFrame, *, silence: int = MINUTE, every: int = MINUTE) -> pl.DataFrame:
    """``rows`` with ``snapshot`` (ns): the instant at which a whole chain is looked at.

    A recorder that sweeps the chain leaves silences of more than ``silence`` between sweeps in which no instrument
    comes twice: a sweep is one snapshot, at its last time. Where an instrument comes again before such a silence, the
    source is a feed: it is looked at every ``every``, and each instrument stands as it was last heard since the
    silence. Expired instruments are not carried on.

    Args:
        rows: ``time`` (ns), ``instrument``, ``expiry`` (ns) and any others, in order of time, without duplicates.
        silence: ns.
        every: ns, step of the looks at a feed.

    Raises:
        DomainError: a step is not positive, or would make more than 30 million rows.

    Examples:
        >>> rows = pl.DataFrame({"time": [0, 5, 100, 104], "instrument": ["a", "b"] * 2, "expiry": [10**9] * 4})
        >>> with_snapshots(rows, silence=50, every=10)["snapshot"].to_list()
        [5, 5, 104, 104]
        >>> feed = pl.DataFrame({"time": [0, 5, 12], "instrument": ["a", "b", "a"], "expiry": [10**9] * 3})
        >>> with_snapshots(feed, silence=50, every=10).select("snapshot", "time").rows()
        [(10, 0), (10, 5), (20, 5), (20, 12)]
    """
    need(rows, "rows", "time", "instrument", "expiry")
    if silence <= 0 or every <= 0:
        raise DomainError(f"silence is {silence} ns and every is {every} ns; want more than 0")
    run = (pl.col("time").diff().fill_null(0) > silence).cum_sum()
    rows = rows.with_columns(run=run)
    runs = rows.group_by("run", maintain_order=True).agg(
        last=pl.col("time").max(), first=pl.col("time").min(), feed=pl.col("instrument").is_duplicated().any()
    )
    rows = rows.join(runs.select("run", "feed", "last"), on="run", maintain_order="left")
    swept = rows.filter(~pl.col("feed")).with_columns(snapshot=pl.col("last").cast(pl.Int64))
    looks = (
        runs.filter("feed")
        .with_columns(snapshot=pl.int_ranges(pl.col("first") // every + 1, -(-pl.col("last") // every) + 1) * every)
        .explode("snapshot", empty_as_null=False)
        .select("run", pl.col("snapshot").cast(pl.Int64))
    )
    fed = rows.filter("feed").drop("feed", "last")
    if looks.height * fed["instrument"].n_unique() > MOST_ROWS:
        raise DomainError(f"{looks.height} looks at a feed every {every} ns are too many; want a larger step")
    seen = (
        looks.join(fed.select("run", "instrument").unique(maintain_order=True), on="run", maintain_order="left_right")
        .sort("snapshot", maintain_order=True)
        .join_asof(
            fed, left_on="snapshot", right_on="time", by=["run", "instrument"], coalesce=False, check_sortedness=False
        )
        .filter(pl.col("time").is_not_null() & (pl.col("expiry") > pl.col("snapshot")))
    )
    parts = (swept.drop("run", "feed", "last"), seen)
    columns = [*(name for name in rows.columns if name not in ("run", "feed", "last")), "snapshot"]
    return pl.concat([part.select(columns) for part in parts], how="vertical").sort(
        "snapshot", "time", maintain_order=True
    )
