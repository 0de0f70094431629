"""When a group covers an instrument: by its expiry and, for options, by its delta and how far it is in the money."""

from collections.abc import Iterable
from decimal import Decimal

import polars as pl

from makerscope.errors import InputError
from makerscope.programs.program import Group
from makerscope.tape.events import Instrument

DAY = 86_400_000_000_000
_MONDAY = 3  # 1970 began on a Thursday
_KIN = ("venue", "kind", "base", "settle", "expiry", "is_call")


def covered(
    group: Group, instrument: Instrument, chain: pl.DataFrame, *, neighbour: Decimal | None, where: str
) -> pl.DataFrame | None:
    """Since when the group covers the instrument and since when not: ``time, covered``; None where it always does.

    Args:
        group: the rule.
        instrument: the market.
        chain: its rows of table ``chain``, with ``time``.
        neighbour: the next strike towards out of the money, see ``next_strike``.
        where: for errors.

    Raises:
        InputError: the tape lacks deltas or underlying prices.
    """
    found: list[pl.DataFrame] = []
    if group.weekdays and instrument.expiry is not None:
        found.append(_since(0, covered=(instrument.expiry // DAY + _MONDAY) % 7 in group.weekdays))
    if group.max_days is not None and instrument.expiry is not None:
        first = instrument.expiry - int(group.max_days * DAY)
        found.append(pl.concat([_since(min(first - 1, 0), covered=False), _since(first, covered=True)]))
    if group.abs_delta is not None and instrument.kind == "option":
        rows = needed(chain.filter(pl.col("delta").is_not_null()), f"{where}, abs_delta", "chain with delta")
        low, high = (float(bound) for bound in group.abs_delta)
        found.append(rows.select("time", covered=pl.col("delta").abs().is_between(low, high)))
    if group.deepest == "first_itm" and instrument.kind == "option" and neighbour is not None:
        rows = needed(chain.filter(pl.col("underlying").is_not_null()), f"{where}, deepest", "chain with underlying")
        strike, price = float(neighbour), pl.col("underlying")
        found.append(rows.select("time", covered=price <= strike if instrument.is_call else price >= strike))
    return together(found) if found else None


def together(conditions: list[pl.DataFrame]) -> pl.DataFrame:
    """When all conditions hold; one that says nothing yet does not.

    Examples:
        >>> together([_since(0, covered=True), _since(5, covered=True)]).rows()
        [(0, False), (5, True)]
    """
    named = [rows.rename({"covered": f"covered_{k}"}) for k, rows in enumerate(conditions)]
    names = [f"covered_{k}" for k in range(len(conditions))]
    both = pl.concat(named, how="diagonal").sort("time", maintain_order=True)
    both = both.with_columns(pl.col(names).forward_fill().fill_null(value=False))
    both = both.group_by("time", maintain_order=True).last()
    return both.select("time", covered=pl.all_horizontal(names))


def only_covered(frame: pl.DataFrame, when: pl.DataFrame | None) -> pl.DataFrame:
    """``time, bids, asks, base`` with ``base`` unknown (-1) while the instrument is not covered."""
    if when is None:
        return frame
    both = pl.concat([frame, when], how="diagonal").sort("time", maintain_order=True)
    return both.with_columns(pl.col("bids", "asks", "base", "covered").forward_fill()).select(
        "time",
        pl.col("bids", "asks").fill_null(-1),
        base=pl.when(pl.col("covered")).then("base").otherwise(-1).fill_null(-1),
    )


def next_strike(instrument: Instrument, listed: Iterable[Instrument]) -> Decimal | None:
    """The next strike towards out of the money among options of the same expiry and kind; None: there is none."""
    if instrument.strike is None:
        return None
    own, way = Decimal(instrument.strike), 1 if instrument.is_call else -1
    kin = [getattr(instrument, name) for name in _KIN]
    strikes = [
        Decimal(each.strike)
        for each in listed
        if each.strike is not None and [getattr(each, name) for name in _KIN] == kin
    ]
    beyond = [way * strike for strike in strikes if way * strike > way * own]
    return way * min(beyond) if beyond else None


def needed(rows: pl.DataFrame, where: str, table: str) -> pl.DataFrame:
    """Rows that a rule cannot do without.

    Raises:
        InputError: there are none.
    """
    if rows.is_empty():
        raise InputError(where, "the rule cannot be evaluated", f"table {table} of this instrument on the tape")
    return rows


def _since(time: int, *, covered: bool) -> pl.DataFrame:
    return pl.DataFrame({"time": [time], "covered": [covered]}, schema={"time": pl.Int64, "covered": pl.Boolean})
