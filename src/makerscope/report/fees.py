"""Fees by role and token, exact. Tokens are never added."""

import polars as pl

from makerscope.metrics.measure import Measure, missing
from makerscope.metrics.share import fees_by_token
from makerscope.report.scorecard import FeeRow
from makerscope.report.study import AT_PAR, Study


def fee_rows(study: Study, as_maker: pl.DataFrame, as_taker: pl.DataFrame) -> tuple[FeeRow, ...]:
    """Fees paid and rebates received on some fills.

    Args:
        study: the tape measured, for its tokens.
        as_maker: fills whose maker fees count.
        as_taker: fills whose taker fees count.

    Returns:
        One row for each role, token and quote currency, the most fills first; bps on the notional of the fills with
        that token.
    """
    rows = []
    for role, fills in (("maker", as_maker), ("taker", as_taker)):
        found = fees_by_token(fills, study.view.instruments, study.view.tape.tokens, of=role, at_par=AT_PAR)
        rows += [
            FeeRow(
                role=role,
                token=row["token"],
                paid=row["charged"],
                received=row["received"],
                net=row["paid"],
                bps=Measure(value=row["bps"], unit="bps", n=row["fills"])
                if row["bps"] is not None
                else missing("bps", f"{row['token']} is not what these markets settle in", n=row["fills"]),
            )
            for row in found.iter_rows(named=True)
        ]
    return tuple(rows)
