"""Money that moved outside fills, their fees and funding: what each account got and paid, by leg of its P&L.

Gas and priority fees are ``gas``; programmes that pay makers are ``incentives``; what a liquidation, the insurance
fund, a keeper's reward, a haircut or a shared loss moved is ``transfers``. Deposits and withdrawals are capital, no
profit.
"""

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

from makerscope.errors import InputError, SchemaError
from makerscope.tape.events import Token

FLOWS = ("gas", "transfers", "incentives")
LEG_OF: MappingProxyType[str, str] = MappingProxyType(
    {"gas": "gas", "priority_fee": "gas", "incentive": "incentives"}
    | dict.fromkeys(("insurance", "penalty", "reward", "haircut", "socialised"), "transfers")
)
CAPITAL = ("deposit", "withdrawal")
_NEED = ("time", "account", "instrument", "kind", "amount", "token")


def flows(transfers: pl.DataFrame, *, tokens: Mapping[str, Token], since: int, until: int, width: int) -> pl.DataFrame:
    """What every account received (below 0: paid) in ``[since, until)``, by instrument, token and bucket.

    Args:
        transfers: table ``transfers`` with ``time`` (ns).
        tokens: by name.
        since: first ns.
        until: first ns after the period.
        width: of a bucket, ns.

    Returns:
        ``account, instrument`` (null: of no instrument), ``token, decimals, bucket``, and ``FLOWS`` (Int128, base
        units).

    Raises:
        InputError: a kind or token is not known.

    Examples:
        >>> rows = pl.DataFrame({"time": [1, 2, 3], "account": "m", "instrument": ["v:X", "v:X", None],
        ...     "kind": ["gas", "priority_fee", "deposit"], "amount": [-5, -2, 1000], "token": "USDC"})
        >>> flows(rows, tokens={"USDC": Token(token="USDC", decimals=6)}, since=0, until=9, width=9).row(0)
        ('m', 'v:X', 'USDC', 6, 0, -7, 0, 0)
    """
    absent = tuple(name for name in _NEED if name not in transfers.columns)
    if absent:
        raise SchemaError("transfers", missing=absent)
    rows = transfers.filter(
        pl.col("time") >= since, pl.col("time") < until, ~pl.col("kind").is_in(CAPITAL), pl.col("amount") != 0
    )
    for column, known, wanted in (
        ("kind", LEG_OF, "one of " + ", ".join(LEG_OF)),
        ("token", tokens, "a row of tokens"),
    ):
        strange = rows.filter(~pl.col(column).is_in(list(known)))
        if strange.height:
            raise InputError(f"transfers: {column} {strange[column][0]}", "is not known", wanted)
    leg = pl.col("kind").replace_strict(dict(LEG_OF), return_dtype=pl.String)
    decimals = {name: item.decimals for name, item in tokens.items()}
    keys = ["account", "instrument", "token", "bucket"]
    return (
        rows.with_columns(
            pl.col("account", "instrument", "token").cast(pl.String), leg=leg, bucket=pl.col("time") // width
        )
        .group_by(keys)
        .agg(pl.col("amount").cast(pl.Int128).filter(pl.col("leg") == name).sum().alias(name) for name in FLOWS)
        .with_columns(decimals=pl.col("token").replace_strict(decimals, return_dtype=pl.Int64))
        .sort(keys)
        .select("account", "instrument", "token", "decimals", "bucket", *FLOWS)
    )


def with_flows(money: pl.DataFrame, moved: pl.DataFrame, base_units: pl.DataFrame) -> pl.DataFrame:
    """Rows of money with ``FLOWS`` filled in, and rows for flows of accounts that had no row there.

    Args:
        money: ``account, instrument, token, decimals, bucket`` and sums in units of 10^-decimals token.
        moved: of ``flows``.
        base_units: ``account, instrument, token, decimals, base_unit``: units of one base unit, of each row of
        ``money``.
    """
    keys = ["account", "instrument", "token", "bucket"]
    scaled = (
        moved.join(base_units, on=keys[:3], how="left", nulls_equal=True, suffix="_own")
        .with_columns(pl.col(name) * pl.col("base_unit").fill_null(1) for name in FLOWS)
        .with_columns(decimals=pl.coalesce("decimals_own", "decimals"))
        .select(*keys, "decimals", *FLOWS)
    )
    there = money.drop(FLOWS, strict=False).join(
        scaled.drop("decimals"), on=keys, how="left", nulls_equal=True, maintain_order="left"
    )
    alone = scaled.join(money, on=keys, how="anti", nulls_equal=True)
    nothing = [pl.lit(0, dtype=dtype).alias(name) for name, dtype in money.schema.items() if name not in scaled.columns]
    return pl.concat(
        [there.with_columns(pl.col(FLOWS).fill_null(0)), alone.with_columns(nothing).select(there.columns)]
    )
