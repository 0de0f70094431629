"""How a venue makes index and mark, as data: ``profiles/prices.toml``, as the rules of ``oracle`` and ``mark``."""

import tomllib
from dataclasses import dataclass
from importlib import resources

from makerscope.errors import InputError
from makerscope.market.layout import NO_TIME
from makerscope.market.mark import BOOK, FAIR_BASIS, INDEX_PRICE, INDEX_TWAP, MEDIAN, MarkRule
from makerscope.market.oracle import Oracle

KINDS = {"index": INDEX_PRICE, "median": MEDIAN, "fair basis": FAIR_BASIS, "index twap": INDEX_TWAP, "book": BOOK}
LN2 = 0.6931471805599453
SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRule:
    """What a venue's documents say of its prices, and what is ``assumed``: names of the keys they do not tell."""

    venue: str
    oracle: Oracle
    mark: MarkRule
    source: str
    status: str
    assumed: tuple[str, ...]


def price_rule(venue: str, *, day: str = "9999-12-31") -> PriceRule:
    """The latest rule of a venue that was valid on a day (ISO date).

    Raises:
        InputError: the venue has no such profile, or none was valid yet.

    Examples:
        >>> rule = price_rule("hyperliquid")
        >>> rule.oracle.period // 10**9, rule.oracle.weights, rule.mark.window // 10**9
        (3, (3, 2, 2, 1, 1, 1, 1, 1), 150)
    """
    path = resources.files("makerscope.market") / "profiles" / "prices.toml"
    entries = tomllib.loads(path.read_text())["prices"]
    mine = [entry for entry in entries if entry["venue"] == venue and str(entry["valid_from"]) <= day]
    if not mine:
        known = ", ".join(sorted({str(entry["venue"]) for entry in entries}))
        raise InputError(f"prices of {venue!r}", f"are not known on {day}", f"one of: {known}")
    entry = max(mine, key=lambda row: str(row["valid_from"]))

    def time(key: str, otherwise: int) -> int:
        return round(entry[key] * SECOND) if key in entry else otherwise

    oracle = Oracle(
        period=time("period_s", SECOND),
        weights=tuple(entry["weights"]),
        error=entry.get("error_bps", 0.0) * 1e-4,
        memory=time("memory_s", 0),
        deviation=round(entry.get("deviation_bps", 0.0) * 100),
        heartbeat=time("heartbeat_s", NO_TIME),
        delay=time("delay_s", 0),
        pull_delay=time("pull_delay_s", 0),
        pull_window=time("pull_window_s", NO_TIME),
    )
    window = round(entry["half_life_s"] * SECOND / LN2) if "half_life_s" in entry else time("window_s", 150 * SECOND)
    mark = MarkRule(
        kind=KINDS[entry["mark"]],
        window=window,
        book_window=time("book_window_s", 30 * SECOND),
        cap=round(entry.get("cap_bps", 0) * 100),
    )
    return PriceRule(
        venue=venue,
        oracle=oracle,
        mark=mark,
        source=str(entry["source"]),
        status=str(entry["status"]),
        assumed=tuple(entry["assumed"]),
    )
