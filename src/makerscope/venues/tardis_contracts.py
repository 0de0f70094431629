"""What a Tardis.dev symbol is: kind, assets and the worth of one unit of ``amount``, from ``profiles/tardis.toml``.

Tardis passes amounts on as the exchange sent them: coins here, contracts there. Where no dated fact says which, an
amount is taken as base units and the instrument says so in ``facts``.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from makerscope.tape.events import Instrument

UNKNOWN = "contract size unknown, one unit of amount taken as one base unit"
QUOTES = ("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USDE", "USD", "EUR", "GBP", "JPY", "KRW", "BTC", "ETH", "BNB")
_DATED = re.compile(r"(\d{6}|\d{1,2}[A-Z]{3}\d{2}|[FGHJKMNQUVXZ]\d{2})$")


@dataclass(frozen=True, slots=True)
class Contract:
    """What one unit of ``amount`` of a symbol is. ``known`` is False where it is an assumption."""

    kind: str
    base: str
    quote: str
    settle: str
    inverse: bool
    multiplier: str
    known: bool
    source: str

    def instrument(
        self, exchange: str, symbol: str, *, tick_size: str, lot_size: str, option: "Option | None"
    ) -> Instrument:
        """The instrument with these units; ``option`` gives strike, expiry and right of an option."""
        facts = "decimals seen in the recording; " + (f"contract: {self.source}" if self.known else UNKNOWN)
        return Instrument(
            instrument=f"{exchange}:{symbol}",
            venue=exchange,
            symbol=symbol,
            kind="option" if option else self.kind,
            base=self.base,
            quote=self.quote,
            settle=self.settle,
            inverse=self.inverse,
            tick_size=tick_size,
            lot_size=lot_size,
            multiplier=self.multiplier,
            facts=facts,
            strike=option.strike if option else None,
            expiry=option.expiry if option else None,
            is_call=option.is_call if option else None,
        )


@dataclass(frozen=True, slots=True)
class Option:
    """The terms of an option: strike as decimal text, expiry in ns, and whether it is a call."""

    strike: str
    expiry: int
    is_call: bool


@cache
def facts() -> dict[str, list[dict[str, Any]]]:
    """The content of ``profiles/tardis.toml``."""
    path = resources.files("makerscope.venues") / "profiles" / "tardis.toml"
    return tomllib.loads(path.read_text())


def contract_of(exchange: str, symbol: str) -> Contract:
    """What is known about a symbol of an exchange.

    Examples:
        >>> contract_of("binance-delivery", "BTCUSD_PERP").multiplier
        '100'
        >>> contract_of("okex-swap", "BTC-USDT-SWAP").known
        False
        >>> contract_of("binance", "ETHBTC").quote
        'BTC'
    """
    for entry in facts()["contract"]:
        found = re.match(entry["pattern"], symbol) if entry["exchange"] == exchange else None
        if found is not None:
            return _from_entry(entry, found.groupdict(), symbol)
    spot = any(exchange in entry["names"] for entry in facts()["exchange"])
    base, quote = assets_of(symbol)
    return Contract(
        kind="spot" if spot else _kind(symbol), base=base, quote=quote, settle=quote,
        inverse=False, multiplier="1", known=spot, source="spot, amounts in the base asset",
    )  # fmt: skip


def _from_entry(entry: dict[str, Any], parts: dict[str, str], symbol: str) -> Contract:
    base = entry.get("rename_base") or entry.get("base") or parts["base"]
    quote = entry.get("quote") or parts["quote"] if not entry.get("priced_in_base") else base
    settle = entry.get("settle") or (base if entry["inverse"] else quote)
    return Contract(
        kind=_kind(symbol), base=base, quote=quote, settle=settle,
        inverse=entry["inverse"], multiplier=entry["multiplier"], known=True,
        source=f"profile tardis, valid from {entry['valid_from']}, {entry['status']}",
    )  # fmt: skip


def _kind(symbol: str) -> str:
    if re.search(r"-[CP]$", symbol):
        return "option"
    return "future" if _DATED.search(symbol) else "perp"


def assets_of(symbol: str) -> tuple[str, str]:
    """Base and quote as the symbol tells them; the quote is ``?`` where it does not.

    Examples:
        >>> assets_of("BTC-USDT-SWAP"), assets_of("SOLUSDC"), assets_of("FOO")
        (('BTC', 'USDT'), ('SOL', 'USDC'), ('FOO', '?'))
    """
    parts = [part for part in re.split(r"[-_/:]", symbol.upper()) if part]
    if len(parts) > 1 and parts[1] in QUOTES:
        return parts[0], parts[1]
    joined = parts[0] if parts else symbol
    for quote in QUOTES:
        if joined.endswith(quote) and len(joined) > len(quote):
            return joined.removesuffix(quote), quote
    return joined, "?"


def volatility_scale(exchange: str) -> float | None:
    """What an exchange's volatilities are multiplied with to become fractions; None where its unit is not known."""
    for entry in facts()["volatility"]:
        if entry["exchange"] == exchange:
            return 0.01 if entry["unit"] == "percent" else 1.0
    return None
