"""A venue's funding as data: ``profiles/funding.toml``, in the units that ``market.funding`` wants."""

import tomllib
from dataclasses import dataclass
from importlib import resources

from makerscope.errors import DomainError, InputError
from makerscope.market.funding import RATE

HOUR = 3_600_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingRule:
    """Interest, clamp and cap are parts per 10^15 on a basis of ``basis`` ns.

    Funding is paid each ``interval`` ns (0: each block); ``sample`` ns lie between two premium samples.
    """

    venue: str
    interest: int
    clamp: int
    cap: int
    basis: int
    interval: int
    sample: int

    def __post_init__(self) -> None:
        if self.clamp < 0 or self.cap <= 0 or self.basis <= 0 or self.interval < 0 or self.sample < 0:
            raise DomainError(f"want clamp, interval, sample >= 0 and cap, basis > 0; got {self}")


def funding_rule(venue: str, *, day: str = "9999-12-31") -> FundingRule:
    """The latest rule of a venue that was valid on a day.

    Raises:
        InputError: the venue has no funding profile, or none was valid yet.

    Examples:
        >>> rule = funding_rule("hyperliquid")
        >>> rule.clamp / RATE, rule.basis // rule.interval
        (0.0005, 8)
    """
    path = resources.files("makerscope.market") / "profiles" / "funding.toml"
    entries = tomllib.loads(path.read_text())["funding"]
    mine = [entry for entry in entries if entry["venue"] == venue and str(entry["valid_from"]) <= day]
    if not mine:
        known = ", ".join(sorted({str(entry["venue"]) for entry in entries}))
        raise InputError(f"funding of {venue!r}", f"is not known on {day}", f"one of: {known}")
    entry = max(mine, key=lambda row: str(row["valid_from"]))
    return FundingRule(
        venue=venue,
        interest=round(entry["interest"] * RATE),
        clamp=round(entry["clamp"] * RATE),
        cap=round(entry["cap"] * RATE),
        basis=round(entry["basis_hours"] * HOUR),
        interval=round(entry["interval_hours"] * HOUR),
        sample=round(entry["sample_s"] * HOUR / 3600),
    )
