"""The P&L of an account as statements, one a token: legs that add up, in exact decimals, and how to read them."""

from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from makerscope.metrics.pnl import LEGS, Pnl
from makerscope.metrics.worth import exact


@dataclass(frozen=True, slots=True, kw_only=True)
class PnlStatement:
    """The identity of one account in one token, over all instruments that settle in it.

    Args:
        token: in which everything here is.
        decimals: of the exact numbers: one unit is 10^-decimals token.
        legs: units by leg, in order; None where it could not be measured (its money is in ``inventory`` then).
        equity_change: units; the sum of the legs plus ``residual``.
        residual: units, 0.
        notional: turnover at the fills' prices, token.
        fills: behind it.
        marked_at: what the marks were.
        notes: how to read it, one sentence each.
    """

    token: str
    decimals: int
    legs: dict[str, int | None]
    equity_change: int
    residual: int
    notional: float
    fills: int
    marked_at: tuple[str, ...]
    notes: tuple[str, ...]

    def amount(self, units: int) -> str:
        """Units as an exact decimal number of the token."""
        return exact(units, self.decimals)


def statements(result: Pnl, account: str) -> tuple[PnlStatement, ...]:
    """The statements of one account: each settle token, then each other token in which fees were paid.

    Args:
        result: of ``pnl``.
        account: whose.

    Returns:
        Settle tokens in order of name, then the statements of other tokens, whose only leg is ``fees``.
    """
    mine = result.totals.filter(pl.col("account") == account)
    parts = [
        _settled(rows, str(token), result.horizon)
        for (token,), rows in mine.partition_by("token", as_dict=True).items()
    ]
    other = result.other_fees.filter(pl.col("account") == account).partition_by("token", as_dict=True)
    parts += [_fees_only(rows, str(token)) for (token,), rows in other.items()]
    return tuple(sorted(parts, key=lambda item: (len(item.legs) == 1, item.token)))


def path(result: Pnl, account: str, instrument: str, *, width: int) -> pl.DataFrame:
    """Position and equity of one account on one instrument over time, at the ends of its buckets.

    Args:
        result: of ``pnl`` with ``width``.
        account: whose.
        instrument: its name.
        width: of the buckets, ns.

    Returns:
        ``time`` (ns, end of a bucket), ``position`` (lots), ``equity`` (Int128, change since the start of the period in
        units of 10^-decimals of the settle token). Buckets in which it was flat and did nothing have no row.
    """
    rows = result.buckets.filter(pl.col("account") == account, pl.col("instrument") == instrument).sort("bucket")
    return rows.select(
        time=(pl.col("bucket") + 1) * width,
        position="position",
        equity=pl.Series(_running(rows["equity_change"].to_list()), dtype=pl.Int128),
    )


def _running(values: list[int]) -> list[int]:
    out, total = [], 0
    for value in values:
        total += value
        out.append(total)
    return out


def _settled(rows: pl.DataFrame, token: str, horizon: int | None) -> PnlStatement:
    decimals = int(rows["decimals"].max())  # pyright: ignore[reportArgumentType]
    scale = [10 ** (decimals - own) for own in rows["decimals"]]

    def total(column: str) -> int | None:
        known = [value * unit for value, unit in zip(rows[column], scale, strict=True) if value is not None]
        return sum(known) if known else None

    turnover = total("turnover") or 0
    return PnlStatement(
        token=token,
        decimals=decimals,
        legs={leg: total(leg) for leg in LEGS},
        equity_change=total("equity_change") or 0,
        residual=total("residual") or 0,
        notional=float(Decimal(turnover).scaleb(-decimals)),
        fills=int(rows["fills"].sum()),
        marked_at=tuple(sorted(set(rows["marked_at"].drop_nulls()))),
        notes=_notes(rows, horizon),
    )


def _notes(rows: pl.DataFrame, horizon: int | None) -> tuple[str, ...]:
    blind = rows.filter(~pl.col("half_spread_known"))
    unknown_start = rows.filter(~pl.col("opening_known"))
    counts = {name: int(rows[name].sum()) for name in ("unmarked", "unknown_fees", "disagreeing")}
    no_quotes = f"no quotes for {blind.height} instruments: marked at the last trade, spread earned is in inventory"
    differs = f"before {counts['disagreeing']} fills the venue's position differs from the sum of fills: "
    said = (
        (blind.height, no_quotes),
        (unknown_start.height, f"opening position unknown on {unknown_start.height} instruments: taken as 0"),
        (counts["unmarked"], f"{counts['unmarked']} fills before the first mark: marked at their own price"),
        (counts["unknown_fees"], f"fee unknown on {counts['unknown_fees']} fills: taken as 0"),
        (counts["disagreeing"], differs + "their order in a block, or fills that are not on the tape"),
        (horizon is None, "no horizon: adverse selection is in inventory"),
    )
    return tuple(text for happened, text in said if happened)


def _fees_only(rows: pl.DataFrame, token: str) -> PnlStatement:
    fees = sum(rows["fees"].to_list())
    return PnlStatement(
        token=token,
        decimals=int(rows["decimals"][0]),
        legs={"fees": fees},
        equity_change=fees,
        residual=0,
        notional=0.0,
        fills=int(rows["fills"].sum()),
        marked_at=(),
        notes=(f"fees in {token} are a statement of their own: tokens are never added",),
    )
