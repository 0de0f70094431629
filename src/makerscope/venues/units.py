"""Ticks and lots of an instrument no profile knows, from the decimals a first pass over its recordings sees.

Also what a file's name and header say: which instrument, which columns.
"""

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import polars as pl

from makerscope.errors import FormatError
from makerscope.tape.decimals import unit_of
from makerscope.tape.events import Instrument
from makerscope.venues.columns import Reader
from makerscope.venues.files import Head, Recording
from makerscope.venues.profiles import known_instrument, seen_instrument
from makerscope.venues.rows import csv_rows

MOST_DECIMALS = 10  # more come from floats printed in full, not from a venue's grid
TOO_MANY = rf"\.\d{{{MOST_DECIMALS + 1}}}|[eE]-\d\d\d|[eE]-[2-9]\d"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a first pass saw: the coarsest units that fit every price and every size, and the earliest time in ns."""

    tick_size: str = "1"
    lot_size: str = "1"
    first: int | None = None

    def __or__(self, other: "Seen") -> "Seen":
        """Both together: the finer units, the earlier time."""
        times = [time for time in (self.first, other.first) if time is not None]
        return Seen(
            tick_size=min(self.tick_size, other.tick_size, key=Decimal),
            lot_size=min(self.lot_size, other.lot_size, key=Decimal),
            first=min(times, default=None),
        )


def seen_unit(texts: Iterable[pl.Series]) -> str:
    """The coarsest power of ten (at most 1) that fits all texts, those with more than ten decimals left out.

    Examples:
        >>> seen_unit([pl.Series(["0.5", "0.30000000000000004"]), pl.Series(["1e-05"])])
        '0.00001'
    """
    units = [unit_of(series.filter(~series.fill_null("").str.contains(TOO_MANY))) for series in texts]
    return f"{min(map(Decimal, units), default=Decimal(1)):f}"


def csv_units(
    path: Path,
    *,
    prices: tuple[str, ...],
    sizes: tuple[str, ...],
    clock: str,
    clock_reader: Reader,
    optional: tuple[str, ...] = (),
) -> Seen:
    """First pass over a CSV file; rows that do not fit are met again, and judged, in the second.

    ``optional`` names columns a row may lack at its end (see ``csv_rows``).
    """
    seen = Seen()
    required = (*prices, *sizes, clock)
    for rows in csv_rows(path, required=required, optional=optional, on_bad=lambda _line, _raw, _why: None):
        times = clock_reader(rows[clock])[0]
        first = times.min()
        seen |= Seen(
            tick_size=seen_unit(rows[name] for name in prices),
            lot_size=seen_unit(rows[name] for name in sizes),
            first=first if isinstance(first, int) else None,
        )
    return seen


def perp(venue: str, symbol: str, seen: Seen, *, base: str, quote: str, settle: str) -> Instrument:
    """The perpetual as its profile has it at the time of the recording, else with the units seen."""
    known = known_instrument(venue, symbol, at=seen.first) if seen.first is not None else None
    return known or seen_instrument(
        venue,
        symbol,
        kind="perp",
        base=base,
        quote=quote,
        settle=settle,
        tick_size=seen.tick_size,
        lot_size=seen.lot_size,
    )


def first_pass(
    recordings: Sequence[Recording], words: tuple[str, ...], see: Callable[[Recording], Seen]
) -> list[tuple[Recording, str, Seen]]:
    """Each recording with the symbol in its name (see ``symbol_in``) and what was seen of the symbol in all of them."""
    symbols = [symbol_in(recording.path, words) for recording in recordings]
    seen: dict[str, Seen] = {}
    for symbol, recording in zip(symbols, recordings, strict=True):
        seen[symbol] = seen.get(symbol, Seen()) | see(recording)
    return [(recording, symbol, seen[symbol]) for symbol, recording in zip(symbols, recordings, strict=True)]


def columns_in(head: Head) -> list[str]:
    r"""Names in the header line of a CSV file; empty if the line is none.

    Examples:
        >>> columns_in(Head(path=Path("x.csv"), data=b"time,price\n1,2\n"))
        ['time', 'price']
    """
    try:
        return next(csv.reader([head.first_line]), [])
    except csv.Error:
        return []


def kind_in(head: Head, kinds: Mapping[str, tuple[str, ...]]) -> str | None:
    """The first kind all of whose columns stand in the header line, else None."""
    names = set(columns_in(head))
    return next((kind for kind, columns in kinds.items() if names.issuperset(columns)), None)


def symbol_in(path: Path, words: tuple[str, ...]) -> str:
    """The symbol in a name such as ``trades_BTC.csv`` or ``btc_20250903_trades.csv.gz``, upper case.

    Args:
        path: the file.
        words: what stands for the content, such as ``("trades", "prices")``.

    Raises:
        FormatError: the name does not say it.

    Examples:
        >>> symbol_in(Path("btc_20250903_trades.csv.gz"), ("trades",)), symbol_in(Path("trades_BTC.csv"), ("trades",))
        ('BTC', 'BTC')
    """
    word = "|".join(words)
    found = re.match(rf"(?:{word})_([A-Za-z0-9]+)(?:[_.-]|$)", path.name) or re.match(
        rf"([A-Za-z0-9]+)[_-](?:.*[_-])?(?:{word})(?:[_.-]|$)", path.name
    )
    if found is None:
        raise FormatError(
            path, "its name does not say which instrument it holds", f"{words[0]}_BTC.csv or btc_{words[0]}.csv"
        )
    return found[1].upper()
