"""What Deribit's book answers and feed messages share: levels, best prices, option quotes, from exact decimals."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

import polars as pl

from makerscope.tape.events import SCHEMAS, Instrument
from makerscope.tape.rules import EARLIEST, LATEST

Row = dict[str, object]
VOL_POINTS = 100  # Deribit's vega is for one point of volatility


class BadMessageError(ValueError):
    """A message or row that cannot be trusted; its text is the reason."""


def number(value: object, what: str) -> Decimal:
    """A finite number of a message, exactly as it was written.

    Raises:
        BadMessageError: it is none.
    """
    try:
        out = Decimal(value) if isinstance(value, int | str | Decimal) and not isinstance(value, bool) else None
    except InvalidOperation:
        out = None
    if out is None or not out.is_finite() or abs(out) >= 1 << 62:
        raise BadMessageError(f"{what} is {str(value)[:40]!r} and no number")
    return out


def maybe(value: object, what: str) -> float | None:
    """A number for the models, or None where it is absent."""
    return None if value is None or value == "" else float(number(value, what))


def units(value: object, unit: str, what: str) -> int:
    """A number as whole multiples of a unit.

    Raises:
        BadMessageError: it is no number, no whole multiple, or too large.
    """
    parts = number(value, what) / Decimal(unit)
    if parts != parts.to_integral_value():
        raise BadMessageError(f"{what} is no multiple of {unit}")
    if abs(parts) >= 1 << 62:
        raise BadMessageError(f"{what} is too large")
    return int(parts)


def milliseconds(value: object, what: str = "timestamp") -> int:
    """A time in ms as ns, from 2009 to 2099.

    Raises:
        BadMessageError: it is no such time.
    """
    time = int(number(value, what)) * 1_000_000
    if not EARLIEST <= time < LATEST:
        raise BadMessageError(f"{what} lies before 2009 or after 2099")
    return time


def identity(value: object, what: str) -> int:
    """An id of a message: a whole number from 0.

    Raises:
        BadMessageError: it is none.
    """
    out = number(value, what)
    if out < 0 or out != out.to_integral_value():
        raise BadMessageError(f"{what} is {out} and no whole number from 0")
    return int(out)


def levels(item: Instrument, bids: object, asks: object, *, snapshot: bool) -> list[Row]:
    """Levels ``[price, amount]`` or ``[action, price, amount]``; an empty snapshot is one row of size 0.

    Raises:
        BadMessageError: a level is malformed, off tick, or not positive.
    """
    out: list[Row] = []
    for side, raw in ((1, bids), (-1, asks)):
        if not isinstance(raw, list):
            raise BadMessageError("lacks a list of levels")
        for level in raw:
            if not isinstance(level, list) or len(level) not in (2, 3):
                raise BadMessageError("has a level that is not [action, price, amount]")
            price, size = units(level[-2], item.tick_size, "price"), units(level[-1], item.lot_size, "amount")
            if price <= 0 or size < 0:
                raise BadMessageError("a price is not positive or an amount is negative")
            out.append({"side": side, "price": price, "size": size, "snapshot": snapshot})
    return out or ([{"side": 1, "price": 1, "size": 0, "snapshot": True}] if snapshot else [])


def best(item: Instrument, facts: Row) -> Row:
    """Best prices and amounts; a side whose price or amount is absent or 0 is null."""
    out: Row = {}
    for side in ("bid", "ask"):
        price, size = facts.get(f"best_{side}_price"), facts.get(f"best_{side}_amount")
        there = price not in (None, "") and size not in (None, "") and number(price, f"{side} price") != 0
        there = there and number(size, f"{side} amount") != 0
        out[side] = units(price, item.tick_size, f"{side} price") if there else None
        out[f"{side}_size"] = units(size, item.lot_size, f"{side} amount") if there else None
        if there and (int(str(out[side])) < 0 or int(str(out[f"{side}_size"])) < 0):
            raise BadMessageError(f"best {side} is negative")
    return out


def option_quote(item: Instrument, facts: Row, greeks: Row, volume: object) -> Row:
    """A row of ``chain`` without its times. Volatilities come in percent, 0 is none; vega for one point."""
    percent = {
        name: maybe(facts.get(key), key) for name, key in (("bid", "bid_iv"), ("ask", "ask_iv"), ("mark", "mark_iv"))
    }
    vega = maybe(greeks.get("vega"), "vega")
    return best(item, facts) | {
        "instrument": item.instrument,
        "mark": maybe(facts.get("mark_price"), "mark_price"),
        "underlying": maybe(facts.get("underlying_price"), "underlying_price"),
        "index": maybe(facts.get("index_price"), "index_price"),
        **{f"{name}_volatility": value / 100 if value else None for name, value in percent.items()},
        "delta": maybe(greeks.get("delta"), "delta"),
        "vega": None if vega is None else vega * VOL_POINTS,
        "open_interest": maybe(facts.get("open_interest"), "open_interest"),
        "volume": maybe(volume, "volume"),
    }


def frame(table: str, rows: Iterable[Row]) -> pl.DataFrame:
    """Rows as a frame of the types of a table; columns no row names are left out."""
    listed = list(rows)
    named = {name for row in listed for name in row}
    types = pl.DataFrame(pl.from_arrow(SCHEMAS[table].empty_table())).schema
    return pl.DataFrame(listed, schema={name: kind for name, kind in types.items() if name in named}, orient="row")
