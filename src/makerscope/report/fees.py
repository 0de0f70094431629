"""Fees by role and token, exact. Tokens are never added."""

from decimal import Decimal

import polars as pl

from makerscope.metrics.measure import Measure, missing
from makerscope.metrics.worth import exact
from makerscope.report.scorecard import FeeRow
from makerscope.report.study import Study


def fee_rows(study: Study, as_maker: pl.DataFrame, as_taker: pl.DataFrame) -> tuple[FeeRow, ...]:
    """Fees paid and rebates received on some fills.

    Args:
        study: the tape measured, for its tokens.
        as_maker: fills whose maker fees count.
        as_taker: fills whose taker fees count.

    Returns:
        One row for each role and token, the largest notional first; bps on the notional of the fills with that token.
    """
    rows: list[tuple[float, FeeRow]] = []
    for role, fills in (("maker", as_maker), ("taker", as_taker)):
        known = fills.select(fee=f"{role}_fee", token=f"{role}_fee_token", notional=pl.col("notional")).drop_nulls()
        sums = known.group_by("token", maintain_order=True).agg(
            paid=pl.col("fee").filter(pl.col("fee") > 0).sum(),
            received=pl.col("fee").filter(pl.col("fee") < 0).sum(),
            notional=pl.col("notional").sum(),
            n=pl.len(),
        )
        for token, paid, received, notional, n in sums.sort("token").iter_rows():
            decimals = study.view.tape.tokens[token].decimals
            net = float(Decimal(paid + received).scaleb(-decimals))
            in_quote = _is_quote(study, fills, token)
            measure = (
                Measure(value=1e4 * net / notional, unit="bps", n=n)
                if in_quote and notional
                else missing("bps", f"{token} is not what these markets are quoted in", n=n)
            )
            rows.append(
                (
                    -notional,
                    FeeRow(
                        role=role,
                        token=token,
                        paid=exact(paid, decimals),
                        received=exact(-received, decimals),
                        net=exact(paid + received, decimals),
                        bps=measure,
                    ),
                )
            )
    return tuple(row for _, row in sorted(rows, key=lambda pair: (pair[1].role, pair[0], pair[1].token)))


def _is_quote(study: Study, fills: pl.DataFrame, token: str) -> bool:
    """Whether a token is what the fills paid in it settle in (a stablecoin counts as the dollar it settles)."""
    names = fills["instrument"].unique()
    return any(token in (study.instrument(name).settle, study.instrument(name).quote) for name in names)
