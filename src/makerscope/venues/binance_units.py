"""What Binance trades: the instrument behind a symbol of one of its three markets, from a profile or from its name."""

import re
from dataclasses import replace
from datetime import UTC, datetime

from makerscope.tape.events import Instrument
from makerscope.venues.profiles import known_instrument

MARKETS = ("binance.spot", "binance.usdm", "binance.coinm")
_QUOTES = (
    "USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USDP", "DAI", "USD1", "BFUSD", "USD", "BTC", "ETH", "BNB", "EUR", "GBP",
    "TRY", "BRL", "JPY", "AUD", "UAH", "PLN", "RON", "ZAR", "ARS", "MXN", "COP", "CZK", "IDR", "XRP", "TRX", "SOL",
    "DOGE",
)  # fmt: skip
_DATED = re.compile(r"(?P<pair>[A-Z0-9]+)_(?P<day>\d{6})")


def instrument_of(market: str, symbol: str, *, at: int, tick_size: str, lot_size: str) -> Instrument:
    """The instrument behind a symbol.

    A contract of coin-M is worth 100 USD for BTC and 10 USD for every other coin. Dated futures expire at 08:00 UTC.

    Args:
        market: one of ``MARKETS``.
        symbol: as Binance writes it, such as ``BTCUSD_PERP``.
        at: a time of the recording, ns, to choose the profile by.
        tick_size: used where no profile knows the symbol.
        lot_size: the same.

    Source:
        Binance, "COIN-M Futures Contract Specifications".

    Examples:
        >>> found = instrument_of("binance.coinm", "ETHUSD_240927", at=0, tick_size="0.01", lot_size="1")
        >>> found.kind, found.settle, found.multiplier, found.inverse
        ('future', 'ETH', '10', True)
    """
    known = known_instrument(market, symbol, at=at)
    if known is not None:
        return known
    dated = _DATED.fullmatch(symbol)
    pair = dated["pair"] if dated else symbol.removesuffix("_PERP")
    quote = next((name for name in _QUOTES if pair.endswith(name) and len(pair) > len(name)), "")
    base = pair.removesuffix(quote)
    inverse = market == "binance.coinm"
    plain = Instrument(
        instrument=f"{market}:{symbol}",
        venue=market,
        symbol=symbol,
        kind="spot" if market == "binance.spot" else "perp",
        base=base,
        quote=quote or "unknown",
        settle=base if inverse else quote or "unknown",
        inverse=inverse,
        tick_size=tick_size,
        lot_size=lot_size,
        multiplier=("100" if base == "BTC" else "10") if inverse else "1",
        facts="decimals seen in the recording",
    )
    return replace(plain, kind="future", expiry=_expiry(dated["day"])) if dated else plain


def _expiry(day: str) -> int | None:
    try:
        return int(datetime.strptime(day + "08", "%y%m%d%H").replace(tzinfo=UTC).timestamp()) * 1_000_000_000
    except ValueError:
        return None
