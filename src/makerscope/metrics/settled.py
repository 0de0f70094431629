"""What expired options were paid against, from the settlements on a tape."""

from collections.abc import Mapping
from decimal import Decimal

import polars as pl

from makerscope.tape.events import Instrument

_SCHEMA = {"base": pl.String, "expiry": pl.Int64, "price": pl.Float64}


def settlements_of(fills: pl.DataFrame, instruments: Mapping[str, Instrument]) -> pl.DataFrame:
    """The price of the underlying at each expiry that the tape settled.

    An option that paid something tells the price: strike plus payoff of a call, strike less payoff of a put (inverse
    options pay in coin: ``K / (1 - payoff)`` and ``K / (1 + payoff)``). Where all that was held expired worthless, it
    is the lowest strike of the calls, or the highest of the puts: any price there pays nothing as well.

    Args:
        fills: table ``fills``; rows with purpose ``settlement`` are read.
        instruments: by name.

    Returns:
        ``base, expiry, price`` (quote currency), a row an expiry.

    Examples:
        >>> call = Instrument(
        ...     instrument="v:C", venue="v", symbol="C", kind="option", base="B", quote="USD", settle="USDC", facts="",
        ...     inverse=False, tick_size="0.5", lot_size="1", multiplier="1", strike="100", expiry=7, is_call=True,
        ... )
        >>> rows = pl.DataFrame({"instrument": ["v:C"], "price": [8], "purpose": ["settlement"]})
        >>> settlements_of(rows, {"v:C": call}).row(0)
        ('B', 7, 104.0)
    """
    paid: dict[tuple[str, int], tuple[bool, float]] = {}
    rows = fills.filter(pl.col("purpose") == "settlement").select("instrument", "price").unique().sort("instrument")
    for name, ticks in rows.iter_rows():
        item = instruments[name]
        if item.expiry is None or item.strike is None:
            continue
        sign = 1 if item.is_call else -1
        payoff, strike = float(Decimal(item.tick_size) * ticks), float(item.strike)
        price = strike / (1.0 - sign * payoff) if item.inverse else strike + sign * payoff
        key = (item.base, item.expiry)
        known = paid.get(key)
        if known is None or (ticks > 0 and not known[0]):
            paid[key] = (ticks > 0, price)
        elif ticks == 0 and not known[0]:
            paid[key] = (False, min(known[1], price) if item.is_call else known[1])
    return pl.DataFrame([(*key, price) for key, (_, price) in sorted(paid.items())], schema=_SCHEMA, orient="row")
