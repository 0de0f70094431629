"""Who makes the market: notional by maker, shares, concentration; and fees by token, which are never added.

Notional is exact: whole ticks times lots of each instrument, turned into quote currency by the instrument's decimals
and added as integers of one fine unit. Instruments are only added where they are quoted in the same currency. The
notional of an inverse contract is its face value, lots times multiplier, whatever the price.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

import polars as pl

from makerscope.metrics.measure import Measure, missing
from makerscope.metrics.worth import exact
from makerscope.tape.events import Instrument, Token

NONE: Mapping[str, str] = MappingProxyType({})


def notional_units(instruments: Mapping[str, Instrument], at_par: Mapping[str, str] = NONE) -> pl.DataFrame:
    """How tick-lots become money: ``instrument, quote, inverse, unit`` (Int128, of 10^-decimals quote), ``decimals``.

    ``at_par`` maps quote currencies to the one they are counted as (stablecoins as dollars); say so in the report.

    ``decimals`` is one for each quote currency, the finest of its instruments. The money of a fill is ``price * size *
    unit``, or ``size * unit`` for an inverse instrument.

    Examples:
        >>> x = Instrument(instrument="v:X", venue="v", symbol="X", kind="perp", base="X", quote="USD", settle="USDC",
        ...     inverse=False, tick_size="0.5", lot_size="0.01", multiplier="1", facts="")
        >>> notional_units({"v:X": x}).row(0)
        ('v:X', 'USD', False, 5, 3)
    """
    each: dict[str, Decimal] = {}
    for name, item in instruments.items():
        lot = Decimal(item.lot_size) * Decimal(item.multiplier)
        each[name] = lot if item.inverse else lot * Decimal(item.tick_size)
    finest: dict[str, int] = {}
    for name, unit in each.items():
        quote = at_par.get(instruments[name].quote, instruments[name].quote)
        finest[quote] = max(finest.get(quote, 0), -int(unit.normalize().as_tuple().exponent))
    quotes = [at_par.get(instruments[name].quote, instruments[name].quote) for name in each]
    units = [int(unit.scaleb(finest[quote])) for unit, quote in zip(each.values(), quotes, strict=True)]
    return pl.DataFrame({
        "instrument": pl.Series(list(each), dtype=pl.String),
        "quote": pl.Series(quotes, dtype=pl.String),
        "inverse": pl.Series([instruments[name].inverse for name in each], dtype=pl.Boolean),
        "unit": pl.Series(units, dtype=pl.Int128),
        "decimals": pl.Series([finest[quote] for quote in quotes], dtype=pl.Int64),
    })  # fmt: skip


def with_notional(
    fills: pl.DataFrame, instruments: Mapping[str, Instrument], at_par: Mapping[str, str] = NONE
) -> pl.DataFrame:
    """``fills`` with ``quote``, ``decimals`` and ``notional`` (Int128, units of 10^-decimals quote)."""
    lots = pl.when("inverse").then(pl.col("size")).otherwise(pl.col("size") * pl.col("price"))
    return (
        fills.with_columns(pl.col("instrument").cast(pl.String))
        .join(notional_units(instruments, at_par), on="instrument", how="left", maintain_order="left")
        .with_columns(notional=lots.cast(pl.Int128) * pl.col("unit"))
        .drop("unit", "inverse")
    )


def volume_share(
    fills: pl.DataFrame,
    instruments: Mapping[str, Instrument],
    *,
    by_instrument: bool = False,
    at_par: Mapping[str, str] = NONE,
) -> pl.DataFrame:
    """Each maker's notional and its share in what all makers made.

    Args:
        fills: table ``fills``; those whose maker is unknown count in the whole under a null maker.
        instruments: by name.
        by_instrument: a share in each instrument, instead of in each quote currency.
        at_par: see ``notional_units``.

    Returns:
        ``quote`` (and ``instrument``), ``maker``, ``fills``, ``instruments``, ``notional`` (Int128), ``decimals``,
        ``share`` (float, adds up to 1 within each quote or instrument), largest first.

    Examples:
        >>> x = Instrument(instrument="v:X", venue="v", symbol="X", kind="perp", base="X", quote="USD", settle="USDC",
        ...     inverse=False, tick_size="0.5", lot_size="0.01", multiplier="1", facts="")
        >>> fills = pl.DataFrame({"instrument": "v:X", "maker": ["a", "b", "a"], "price": 100, "size": [1, 1, 2]})
        >>> volume_share(fills, {"v:X": x}).select("maker", "fills", "notional", "share").rows()
        [('a', 2, 1500, 0.75), ('b', 1, 500, 0.25)]
    """
    within = ["quote", "instrument"] if by_instrument else ["quote"]
    return (
        with_notional(fills, instruments, at_par)
        .group_by(*within, "maker")
        .agg(
            fills=pl.len().cast(pl.Int64),
            instruments=pl.col("instrument").n_unique().cast(pl.Int64),
            notional=pl.col("notional").sum(),
            decimals=pl.col("decimals").first(),
        )
        .with_columns(
            share=pl.col("notional").cast(pl.Float64) / pl.col("notional").sum().over(within).cast(pl.Float64)
        )
        .sort(*within, "notional", "maker", descending=[*[False] * len(within), True, False], nulls_last=True)
    )


def concentration(shares: pl.DataFrame) -> dict[str, Measure]:
    """How few makers make the market.

    Args:
        shares: rows of ``volume_share`` of one quote currency or instrument, all makers.

    Returns:
        ``herfindahl`` (sum of squared shares, 1/n to 1), ``effective_makers`` (its inverse), ``makers``,
        ``largest_share``. Missing where a maker is unknown: unknown makers are no one maker.

    Source:
        Herfindahl-Hirschman index, as in the Horizontal Merger Guidelines, as a fraction.

    Examples:
        >>> {k: m.value for k, m in concentration(pl.DataFrame({"maker": ["a", "b"], "share": [0.5, 0.5]})).items()}
        {'herfindahl': 0.5, 'effective_makers': 2.0, 'makers': 2.0, 'largest_share': 0.5}
    """
    units = {"herfindahl": "1", "effective_makers": "makers", "makers": "makers", "largest_share": "fraction"}
    if not shares.height or shares["maker"].null_count():
        reason = "no fills" if not shares.height else "not measurable: the tape does not name the makers of all fills"
        return {name: missing(unit, reason) for name, unit in units.items()}
    n, index = shares.height, float((shares["share"] ** 2).sum())
    values = (index, 1.0 / index, float(n), float(shares["share"].max()))  # pyright: ignore[reportArgumentType]
    return {name: Measure(value=value, unit=units[name], n=n) for name, value in zip(units, values, strict=True)}


def fees_by_token(
    fills: pl.DataFrame,
    instruments: Mapping[str, Instrument],
    tokens: Mapping[str, Token],
    *,
    of: str = "maker",
    at_par: Mapping[str, str] = NONE,
    each: bool = False,
) -> pl.DataFrame:
    """What one side paid in each token, and bps on the notional of the fills that paid in that token only.

    Args:
        fills: table ``fills``, of all accounts or one.
        instruments: by name.
        tokens: by name.
        of: ``maker`` or ``taker``.
        at_par: see ``notional_units``.
        each: rows for each account apart, named in a first column ``account``.

    Returns:
        ``token, quote, fills, paid`` (exact decimal text, negative: received), ``charged`` and ``received`` (its two
        parts, exact text, both >= 0), ``rebates`` (fills with a negative fee),
        ``free`` (fills with a fee of 0), ``notional`` (exact text, quote currency), ``bps`` (paid over notional where
        the fee token is the settle token of those fills, else null: no price is on the tape to convert it).
        One row a token and quote currency; fills whose fee is unknown are no row.
    """
    fee, token = f"{of}_fee", f"{of}_fee_token"
    account = (pl.col(of).cast(pl.String) if each else pl.lit(None, dtype=pl.String)).alias("account")
    settle = {name: item.settle for name, item in instruments.items()}
    rows = (
        with_notional(fills.filter(pl.col(fee).is_not_null(), pl.col(token).is_not_null()), instruments, at_par)
        .with_columns(settled=pl.col("instrument").replace_strict(settle, return_dtype=pl.String) == pl.col(token))
        .group_by(account, pl.col(token).cast(pl.String).alias("token"), "quote")
        .agg(
            fills=pl.len().cast(pl.Int64),
            paid=pl.col(fee).cast(pl.Int128).sum(),
            charged=pl.col(fee).cast(pl.Int128).filter(pl.col(fee) > 0).sum(),
            rebates=(pl.col(fee) < 0).sum().cast(pl.Int64),
            free=(pl.col(fee) == 0).sum().cast(pl.Int64),
            notional=pl.col("notional").sum(),
            decimals=pl.col("decimals").first(),
            settled=pl.col("settled").all(),
            linear=pl.col("instrument").is_in([name for name, item in instruments.items() if not item.inverse]).all(),
        )
        .sort("account", "fills", "token", "quote", descending=[False, True, False, False])
    )
    out = [_fee_row(row, tokens) for row in rows.iter_rows(named=True)]
    table = pl.DataFrame(out, schema=_FEES, orient="row")
    return table.select(rows["account"].alias("account"), pl.all()) if each else table


_FEES = {
    "token": pl.String, "quote": pl.String, "fills": pl.Int64, "paid": pl.String, "charged": pl.String,
    "received": pl.String, "rebates": pl.Int64, "free": pl.Int64,
    "notional": pl.String, "bps": pl.Float64,
}  # fmt: skip


def _fee_row(row: dict[str, object], tokens: Mapping[str, Token]) -> tuple[object, ...]:
    paid, charged = int(str(row["paid"])), int(str(row["charged"]))
    notional, decimals = int(str(row["notional"])), int(str(row["decimals"]))
    own = tokens[str(row["token"])].decimals
    money = Decimal(paid).scaleb(-own) / Decimal(notional).scaleb(-decimals) if notional else None
    comparable = row["settled"] and row["linear"] and money is not None
    return (
        row["token"], row["quote"], row["fills"], exact(paid, own), exact(charged, own), exact(charged - paid, own),
        row["rebates"], row["free"],
        exact(notional, decimals), float(money * 10_000) if comparable and money is not None else None,
    )  # fmt: skip
