"""Fees by role and token, exact. Tokens are never added."""

import polars as pl

from makerscope.metrics.measure import Measure, missing
from makerscope.metrics.share import fees_by_token
from makerscope.report.scorecard import FeeRow
from makerscope.report.study import AT_PAR, Study

ROLES = ("maker", "taker")


def fee_tables(study: Study) -> dict[str, pl.DataFrame]:
    """Fees of every account by role, made once: ``metrics.share.fees_by_token`` with ``each``."""
    view = study.view
    return {
        role: fees_by_token(view.fills, view.instruments, view.tape.tokens, of=role, at_par=AT_PAR, each=True)
        for role in ROLES
    }


def fee_rows_of(tables: dict[str, pl.DataFrame], account: str) -> tuple[FeeRow, ...]:
    """Fees and rebates of one account, as maker and as taker."""
    return _rows({role: table.filter(pl.col("account") == account) for role, table in tables.items()})


def fee_rows(study: Study) -> tuple[FeeRow, ...]:
    """Fees and rebates of all accounts together.

    Returns:
        One row for each role, token and quote currency, the most fills first; bps on the notional of the fills with
        that token.
    """
    view = study.view
    return _rows(
        {role: fees_by_token(view.fills, view.instruments, view.tape.tokens, of=role, at_par=AT_PAR) for role in ROLES}
    )


def _rows(tables: dict[str, pl.DataFrame]) -> tuple[FeeRow, ...]:
    return tuple(
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
        for role, table in tables.items()
        for row in table.iter_rows(named=True)
    )
