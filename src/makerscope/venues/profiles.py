"""Dated facts about venues, from ``profiles/*.toml``: what an instrument's tick, lot and contract are.

A profile changes, the code does not. Each entry has ``valid_from``, ``source`` and ``status``; the latest entry that
was valid at the time of the recording counts.
"""

import tomllib
from datetime import UTC, datetime
from functools import cache
from importlib import resources

from makerscope.errors import InputError
from makerscope.tape.events import Instrument


@cache
def profile(venue: str) -> dict[str, list[dict[str, object]]]:
    """The entries of ``profiles/<venue>.toml`` by symbol, newest first; empty where the venue has none."""
    path = resources.files("makerscope.venues") / "profiles" / f"{venue}.toml"
    try:
        raw = tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    found: dict[str, list[dict[str, object]]] = {}
    for entry in raw.get("instrument", []):
        found.setdefault(entry["symbol"], []).append(entry)
    for entries in found.values():
        entries.sort(key=lambda entry: str(entry["valid_from"]), reverse=True)
    return found


def known_instrument(venue: str, symbol: str, *, at: int) -> Instrument | None:
    """The instrument as it was at a time (ns), or None where no profile knows it.

    Examples:
        >>> known_instrument("nowhere", "BTC", at=0) is None
        True
    """
    day = datetime.fromtimestamp(at // 1_000_000_000, tz=UTC).date().isoformat()
    for entry in profile(venue).get(symbol, []):
        if str(entry["valid_from"]) <= day:
            facts = f"profile {venue}, valid from {entry['valid_from']}, {entry['status']}"
            return Instrument(
                instrument=f"{venue}:{symbol}",
                venue=venue,
                symbol=symbol,
                kind=str(entry["kind"]),
                base=str(entry["base"]),
                quote=str(entry["quote"]),
                settle=str(entry["settle"]),
                inverse=bool(entry.get("inverse", False)),
                tick_size=str(entry["tick_size"]),
                lot_size=str(entry["lot_size"]),
                multiplier=str(entry.get("multiplier", "1")),
                facts=facts,
                fee=str(entry["fee"]) if "fee" in entry else None,
            )
    return None


def settlement_window(item: Instrument) -> int:
    """Over how many ns before its expiry the index is averaged that an option settles on; 0 where no profile says so.

    Examples:
        >>> from makerscope.venues.deribit_units import instrument_of
        >>> option = instrument_of("BTC-27NOV26-100000-C", at=1_790_000_000_000_000_000)
        >>> settlement_window(option) // 60_000_000_000
        30
    """
    if item.kind != "option" or item.expiry is None:
        return 0
    day = datetime.fromtimestamp(item.expiry // 1_000_000_000, tz=UTC).date().isoformat()
    for entry in profile(item.venue).get(f"{item.base} option", []):
        if str(entry["valid_from"]) <= day:
            return int(str(entry.get("settlement_seconds", 0))) * 1_000_000_000
    return 0


def seen_instrument(
    venue: str, symbol: str, *, kind: str, base: str, quote: str, settle: str, tick_size: str, lot_size: str
) -> Instrument:
    """An instrument no profile knows, with the units seen in the recording: linear, one contract is one base unit."""
    if not symbol:
        raise InputError(venue, "an instrument has no name", "a symbol")
    return Instrument(
        instrument=f"{venue}:{symbol}",
        venue=venue,
        symbol=symbol,
        kind=kind,
        base=base,
        quote=quote,
        settle=settle,
        inverse=False,
        tick_size=tick_size,
        lot_size=lot_size,
        multiplier="1",
        facts="decimals seen in the recording",
    )
