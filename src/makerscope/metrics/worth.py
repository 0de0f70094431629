"""What a lot is worth, in exact integers: the money units of linear and inverse instruments."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from makerscope.errors import AccountingError
from makerscope.tape.events import Instrument, Token

ROOM = 2**62  # integers must stay below, with a factor of two to spare
FINEST = 14  # decimals of a coin to which the worth of an inverse lot is rounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What one lot is worth at a doubled price ``T``: ``k * value(T)`` units of 10^-``decimals`` settle token.

    ``over`` is 0 for linear instruments, whose value is ``T``; for inverse ones it is ``-over / T``, its size rounded
    half up.
    ``base_unit`` is one base unit of the settle token in the same units.
    """

    decimals: int
    k: int
    over: int
    base_unit: int

    def value(self, twice_price: NDArray[np.int64]) -> NDArray[np.int64]:
        """The integer worth of one lot at each doubled price (ticks)."""
        if not self.over:
            return twice_price
        return -((2 * self.over + twice_price) // (2 * twice_price))


def worth_of(instrument: Instrument, token: Token | None) -> Worth:
    """The exact money units of an instrument.

    Raises:
        AccountingError: its tick, lot and multiplier cannot be held in integers of 64 bits.

    Examples:
        >>> perp = Instrument(instrument="v:X", venue="v", symbol="X", kind="perp", base="X", quote="USD",
        ...     settle="USDC", inverse=False, tick_size="0.5", lot_size="0.01", multiplier="1", facts="")
        >>> worth_of(perp, Token(token="USDC", decimals=6))
        Worth(decimals=6, k=2500, over=0, base_unit=1)
    """
    tick, lot = Decimal(instrument.tick_size), Decimal(instrument.lot_size) * Decimal(instrument.multiplier)
    base = token.decimals if token else 0
    if not instrument.inverse:
        half = tick * lot / 2
        decimals = max(base, -int(half.normalize().as_tuple().exponent))
        return Worth(decimals=decimals, k=int(half.scaleb(decimals)), over=0, base_unit=10 ** (decimals - base))
    fine = next((d for d in range(FINEST, 5, -1) if _over(tick, lot, d) < ROOM // 4), None)
    if fine is None:
        raise AccountingError(
            f"{instrument.instrument}: a lot is worth too much for 64 bits at 1e-6 coin; want smaller lots"
        )
    decimals = max(base, fine)
    return Worth(
        decimals=decimals, k=10 ** (decimals - fine), over=_over(tick, lot, fine), base_unit=10 ** (decimals - base)
    )


def _over(tick: Decimal, lot: Decimal, decimals: int) -> int:
    """Twice a lot's contracts over a tick, in 10^-decimals coin: divided by the doubled price it is a lot's worth."""
    return round(lot * 2 * Decimal(10) ** decimals / tick)


def exact(units: int, decimals: int) -> str:
    """Units of 10^-decimals as an exact decimal text, without needless zeros.

    Examples:
        >>> exact(-1_250_000, 6), exact(3, 0), exact(0, 8)
        ('-1.25', '3', '0')
    """
    sign, digits = ("-" if units < 0 else ""), str(abs(units)).rjust(decimals + 1, "0")
    whole, part = digits[: len(digits) - decimals], digits[len(digits) - decimals :].rstrip("0")
    return sign + whole + ("." + part if part else "")
