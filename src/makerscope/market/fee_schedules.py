"""Fee schedules of the venues as types: each says what one fill costs; the numbers are data.

All money is base units of the settlement token, all rates parts per million (1 bp = 100 ppm), rounded half up once a
fill; below 0 it is paid out. The simulator's instruments table holds one rate a role (``market.fees``); these serve
scorecards, scenario files and venues whose fee depends on more than the instrument.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from makerscope.errors import DomainError
from makerscope.market.layout import PPM


@dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """What a fee can depend on. ``value`` is price times size; an option's ``index_value`` is its underlying's."""

    value: int
    index_value: int = 0
    is_maker: bool = False
    volume: int = 0  # of the account over the venue's window, base units
    maker_share_ppm: int = 0  # of all maker volume over that window
    improves: bool = True  # whether the trade moves the pool back to balance (positive price impact)
    leg: int = 0  # place of this leg in an RFQ, dearest first


class FeeSchedule(Protocol):
    """Anything that says what a fill costs."""

    def fee(self, fill: Charged) -> int:
        """Base units, below 0 a rebate."""
        ...


def part_of(value: int, ppm: int) -> int:
    """``value * ppm / 10^6`` rounded half up, as in compiled code.

    Examples:
        >>> part_of(10_000, 450), part_of(10_000, -50)
        (5, 0)
    """
    return (value * ppm + PPM // 2) // PPM


@dataclass(frozen=True, slots=True, kw_only=True)
class NotionalFee:
    """Parts of what was traded.

    Examples:
        >>> NotionalFee(maker_ppm=150, taker_ppm=450).fee(Charged(value=10**9))
        450000
    """

    maker_ppm: int
    taker_ppm: int

    def fee(self, fill: Charged) -> int:
        """Parts of ``value`` by role."""
        return part_of(fill.value, self.maker_ppm if fill.is_maker else self.taker_ppm)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderlyingFee:
    """Parts of the underlying, at most ``cap_ppm`` of the premium (0: no cap).

    Examples:
        >>> deribit = UnderlyingFee(maker_ppm=300, taker_ppm=300, cap_ppm=125_000)
        >>> [deribit.fee(Charged(value=value, index_value=60 * 10**9)) for value in (10**9, 10**8)]
        [18000000, 12500000]
    """

    maker_ppm: int
    taker_ppm: int
    cap_ppm: int

    def fee(self, fill: Charged) -> int:
        """Parts of ``index_value``, capped."""
        owed = part_of(fill.index_value, self.maker_ppm if fill.is_maker else self.taker_ppm)
        return min(owed, part_of(fill.value, self.cap_ppm)) if self.cap_ppm else owed


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPlusFee:
    """A fixed amount that takers pay a fill, beside another schedule."""

    fixed: int
    rest: FeeSchedule

    def fee(self, fill: Charged) -> int:
        """The fixed amount for takers, and the rest."""
        return (0 if fill.is_maker else self.fixed) + self.rest.fee(fill)


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeTiers:
    """Rates by the account's own volume: ``(from_volume, maker_ppm, taker_ppm)``, rising from 0."""

    tiers: tuple[tuple[int, int, int], ...]

    def __post_init__(self) -> None:
        if not self.tiers or self.tiers[0][0] != 0 or any(b[0] <= a[0] for a, b in pairwise(self.tiers)):
            raise DomainError(f"want tiers that rise from a volume of 0, got {self.tiers}")

    def fee(self, fill: Charged) -> int:
        """Parts of ``value`` by role and tier."""
        _volume, maker, taker = max(tier for tier in self.tiers if tier[0] <= fill.volume)
        return part_of(fill.value, maker if fill.is_maker else taker)


@dataclass(frozen=True, slots=True, kw_only=True)
class MakerShareTiers:
    """Rebates for a share of all maker volume: ``(above_share_ppm, maker_ppm)``, where better than ``rest``."""

    tiers: tuple[tuple[int, int], ...]
    rest: FeeSchedule

    def fee(self, fill: Charged) -> int:
        """The better of the rebate and the rest for makers, the rest for takers."""
        owed = self.rest.fee(fill)
        rates = [rate for above, rate in self.tiers if fill.is_maker and fill.maker_share_ppm > above]
        return min([owed, *(part_of(fill.value, rate) for rate in rates)])


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactFee:
    """GMX: one rate for trades that bring the pool back to balance, another for those that do not."""

    improving_ppm: int
    worsening_ppm: int

    def fee(self, fill: Charged) -> int:
        """Parts of ``value`` by the sign of the price impact."""
        return part_of(fill.value, self.improving_ppm if fill.improves else self.worsening_ppm)


@dataclass(frozen=True, slots=True, kw_only=True)
class RfqDiscount:
    """Legs of an RFQ pay less: ``discount_ppm[leg]`` off, the last entry for all further legs."""

    discount_ppm: tuple[int, ...]
    rest: FeeSchedule

    def fee(self, fill: Charged) -> int:
        """The rest, less the leg's discount."""
        off = self.discount_ppm[min(fill.leg, len(self.discount_ppm) - 1)]
        return part_of(self.rest.fee(fill), PPM - off)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestingFee:
    """Hyperliquid's write priority: a rate of the resting notional, paid when the order is placed, filled or not."""

    per_order_ppm: int

    def fee(self, fill: Charged) -> int:
        """Parts of ``value``, whatever the role."""
        return part_of(fill.value, self.per_order_ppm)
