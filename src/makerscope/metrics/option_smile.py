"""The smile of each expiry in three numbers, and the term structure: at the money, risk reversal, butterfly.

Volatilities are interpolated between the strikes of the chain itself, never beyond them; no surface is needed. A fitted
surface gives smoother ones: ``column`` names the volatility to use.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.metrics.columns import need

Floats = NDArray[np.float64]
SCHEMA = {
    "snapshot": pl.Int64,
    "base": pl.String,
    "expiry": pl.Int64,
    "tenor": pl.Float64,
    "strikes": pl.Int64,
    "at_the_money": pl.Float64,
    "risk_reversal": pl.Float64,
    "butterfly": pl.Float64,
    "slope": pl.Float64,
}


def smiles(rows: pl.DataFrame, *, column: str = "mark_volatility", wing: float = 0.25) -> pl.DataFrame:
    """At-the-money volatility, risk reversal and butterfly of each snapshot, underlying and expiry.

    The smile is made of the out-of-the-money options: puts below the forward, calls from it on. At the money is the
    strike equal to the forward, linear in ``ln(K/F)``. The wings are where the call's delta is ``wing`` and where it is
    ``1 - wing`` (a put of delta ``-wing``), linear in delta.

    Args:
        rows: of ``with_snapshots(option_rows(...))``.
        column: the volatility, as a fraction.
        wing: delta of the wings, 0 < wing < 0.5.

    Returns:
        ``snapshot, base, expiry, tenor``, ``strikes`` (used), ``at_the_money`` (fraction), ``risk_reversal`` (call wing
        minus put wing, volatility points), ``butterfly`` (mean of the wings minus at the money, points), ``slope``
        (points per unit of ``ln(K/F)`` between the strikes beside the forward). Null where the strikes do not reach.

    Raises:
        DomainError: ``wing`` is not between 0 and 0.5.

    Examples:
        >>> rows = pl.DataFrame({"snapshot": [0] * 4, "base": ["BTC"] * 4, "expiry": [9] * 4, "tenor": [0.1] * 4,
        ...     "strike": [80.0, 99.0, 101.0, 130.0], "forward": [100.0] * 4, "is_call": [False, False, True, True],
        ...     "delta": [-0.2, -0.45, 0.45, 0.2], "mark_volatility": [0.7, 0.6, 0.6, 0.65], "reason": [None] * 4})
        >>> smiles(rows).select(pl.col("at_the_money", "risk_reversal", "butterfly").round(6)).row(0)
        (0.6, -4.0, 6.0)
    """
    need(rows, "rows", "snapshot", "base", "expiry", "tenor", "strike", "forward", "is_call", "delta", "reason", column)
    if not 0 < wing < 0.5:
        raise DomainError(f"wing is {wing}; want more than 0 and less than 0.5")
    outside = pl.col("is_call") == (pl.col("strike") >= pl.col("forward"))
    good = rows.filter(
        pl.col("reason").is_null() & outside & pl.col("delta").is_not_null() & (pl.col(column) > 0)
    ).select(
        "snapshot", "base", "expiry", "tenor", k=(pl.col("strike") / pl.col("forward")).log(),
        delta=pl.when("is_call").then("delta").otherwise(pl.col("delta") + 1), volatility=column,
    )  # fmt: skip
    good = good.sort("snapshot", "base", "expiry", "k").unique(
        ["snapshot", "base", "expiry", "k"], keep="last", maintain_order=True
    )
    first = pl.struct("snapshot", "base", "expiry").is_first_distinct()
    starts = np.flatnonzero(good.select(first).to_series().to_numpy())
    k, delta, volatility = (good[name].to_numpy() for name in ("k", "delta", "volatility"))
    ends = np.append(starts, good.height)[1:]
    out = []
    for low, high in zip(starts.tolist(), ends.tolist(), strict=True):
        head = good.row(low)[:4]
        out.append((*head, high - low, *_three(k[low:high], delta[low:high], volatility[low:high], wing)))
    return pl.DataFrame(out, schema=SCHEMA, orient="row")


def _three(k: Floats, delta: Floats, volatility: Floats, wing: float) -> tuple[float | None, ...]:
    """At the money, risk reversal, butterfly and slope of one smile; None where its strikes do not reach."""
    middle = _between(k, volatility, 0.0)
    order = np.argsort(delta, kind="stable")
    call, put = (_between(delta[order], volatility[order], at) for at in (wing, 1 - wing))
    reversal = None if call is None or put is None else 100 * (call - put)
    fly = None if call is None or put is None or middle is None else 100 * ((call + put) / 2 - middle)
    place = int(np.searchsorted(k, 0.0))
    inside = 0 < place < k.shape[0]
    slope = 100 * float((volatility[place] - volatility[place - 1]) / (k[place] - k[place - 1])) if inside else None
    return middle, reversal, fly, slope


def _between(x: Floats, y: Floats, at: float) -> float | None:
    """``y`` at ``x = at``, linear; None outside the values of ``x``."""
    if not x.shape[0] or not x[0] <= at <= x[-1]:
        return None
    return float(np.interp(at, x, y))


def term_structure(smile: pl.DataFrame) -> pl.DataFrame:
    """Term structure of each snapshot and underlying: at-the-money volatility, and forward volatility between expiries.

    Args:
        smile: of ``smiles``.

    Returns:
        ``snapshot, base, expiry, tenor, at_the_money, forward_volatility``: the volatility between the expiry
        before and this one, ``sqrt((T2 v2^2 - T1 v1^2) / (T2 - T1))``; null for the first, and where total variance
        falls, which ``falls`` says (a calendar spread at a negative price, on marks).

    Examples:
        >>> smile = pl.DataFrame({"snapshot": [0, 0], "base": ["BTC"] * 2, "expiry": [1, 2], "tenor": [0.1, 0.2],
        ...     "at_the_money": [0.5, 0.6]})
        >>> term_structure(smile).select(pl.col("forward_volatility").round(6), "falls").rows()
        [(None, False), (0.685565, False)]
    """
    need(smile, "smile", "snapshot", "base", "expiry", "tenor", "at_the_money")
    total = pl.col("tenor") * pl.col("at_the_money") ** 2
    by = ["snapshot", "base"]
    step = (total - total.shift(1).over(by)) / (pl.col("tenor") - pl.col("tenor").shift(1).over(by))
    return (
        smile.filter(pl.col("at_the_money").is_not_null())
        .sort("snapshot", "base", "expiry")
        .with_columns(step=step)
        .select(
            "snapshot",
            "base",
            "expiry",
            "tenor",
            "at_the_money",
            forward_volatility=pl.when(pl.col("step") >= 0).then(pl.col("step").sqrt()),
            falls=(pl.col("step") < 0).fill_null(value=False),
        )
    )
