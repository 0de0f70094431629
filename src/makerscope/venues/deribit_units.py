"""What a Deribit name means.

``BTC-27NOV26-100000-C`` is an option, ``BTC-PERPETUAL`` a perpetual, ``BTC-27NOV26`` a future. Options of ``BTC`` and
``ETH`` are priced and settled in coin; those of ``BTC_USDC`` and the like in USDC. All expire at 08:00 UTC.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime

from makerscope.tape.events import Instrument
from makerscope.venues.profiles import known_instrument

VENUE = "deribit"
NAME = re.compile(
    r"(?P<coin>[A-Z0-9]+)(?:_(?P<quote>[A-Z]+))?-"
    r"(?:(?P<perp>PERPETUAL)|(?P<day>\d{1,2}[A-Z]{3}\d{2})(?:-(?P<strike>\d+(?:d\d+)?)-(?P<type>[CP]))?)"
)
_MONTHS = {
    name: at
    for at, name in enumerate(["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], 1)
}
FINEST = "0.0001"  # tick and lot of what no profile knows; finer than any unit Deribit uses


def instrument_of(name: str, *, at: int) -> Instrument | None:
    """The instrument behind a name, or None where the name is none of the forms above (a combination, an index).

    Args:
        name: Deribit's instrument name.
        at: a time of the recording, ns, to choose the profile by.

    Examples:
        >>> item = instrument_of("BTC-27NOV26-100000-C", at=1_790_000_000_000_000_000)
        >>> item.kind, item.quote, item.inverse, item.strike, item.is_call, item.expiry
        ('option', 'BTC', False, '100000', True, 1795766400000000000)
        >>> instrument_of("BTC-CS-19MAY26-70000_75000", at=0) is None
        True
    """
    found = NAME.fullmatch(name)
    expiry = expiry_of(found["day"]) if found is not None and found["day"] else None
    if found is None or (found["day"] and expiry is None):
        return None
    kind = "perp" if found["perp"] else "option" if found["strike"] else "future"
    coin, quote = found["coin"], found["quote"]
    known = None if quote else known_instrument(VENUE, f"{coin} {'option' if kind == 'option' else 'future'}", at=at)
    if known is None:
        own = quote or (coin if kind == "option" else "USD")
        known = Instrument(
            instrument="", venue=VENUE, symbol="", kind=kind, base=coin, quote=own, settle=quote or coin,
            inverse=kind != "option" and not quote, multiplier="1", facts="assumed: units finer than Deribit's",
            tick_size=FINEST, lot_size=FINEST,
        )  # fmt: skip
    strike = found["strike"].replace("d", ".") if found["strike"] else None
    return replace(
        known,
        instrument=f"{VENUE}:{name}",
        symbol=name,
        kind=kind,
        strike=strike,
        expiry=expiry,
        is_call=found["type"] == "C" if strike else None,
    )


def expiry_of(day: str) -> int | None:
    """``27NOV26`` as 08:00 UTC of that day, ns, or None where there is no such day."""
    try:
        date = datetime(2000 + int(day[-2:]), _MONTHS[day[-5:-2]], int(day[:-5]), 8, tzinfo=UTC)
    except (KeyError, ValueError):
        return None
    return int(date.timestamp()) * 1_000_000_000
