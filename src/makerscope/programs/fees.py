"""Fees of a binary market that are largest where the outcome is most open, and what makers get back of them.

Amounts are whole numbers (micro USDC and micro shares, say); prices whole numbers of ``unit``, which is a price of one.
"""

from collections.abc import Mapping
from fractions import Fraction

from makerscope.errors import DomainError
from makerscope.programs.powers import largest_remainder


def curved_taker_fee(shares: int, price: int, unit: int, *, rate: Fraction, exponent: int) -> int:
    """Floor of ``shares * rate * (p * (1 - p)) ** exponent``, with ``p = price / unit``.

    Args:
        shares: traded, in the unit in which the fee is wanted (a share pays at most one).
        price: 0 to ``unit``.
        unit: the price that is one.
        rate: 1/4 on Polymarket's short crypto markets.
        exponent: 2 there.

    Source:
        Inferred from the fees printed in Polymarket's documentation of its maker rebates (vector
        ``polymarket_taker_fee``); no formula is published.

    Examples:
        >>> curved_taker_fee(100 * 10**6, 50, 100, rate=Fraction(1, 4), exponent=2)  # 100 shares at 0.50: 1.5625
        1562500
    """
    if shares < 0 or unit < 1 or not 0 <= price <= unit or rate < 0 or exponent < 0:
        raise DomainError(f"fee of {shares} shares at {price} of {unit}: want none below 0 and a price of 0 to {unit}")
    return shares * rate.numerator * (price * (unit - price)) ** exponent // (rate.denominator * unit ** (2 * exponent))


def maker_rebates(fees: int, volumes: Mapping[str, int], *, share: Fraction) -> dict[str, int]:
    """A share of the taker fees, dealt out by executed maker volume.

    Args:
        fees: taker fees of the period.
        volumes: executed maker volume of each maker.
        share: part of the fees that is paid back, 0 to 1.

    Returns:
        Rebates that sum to the floor of ``share * fees``, or to 0 where nobody made a trade.

    Examples:
        >>> maker_rebates(100, {"a": 2, "b": 1}, share=Fraction(1))
        {'a': 67, 'b': 33}
    """
    if fees < 0 or not 0 <= share <= 1:
        raise DomainError(f"rebates of {share} of {fees}: want 0 to 1, and no fees below 0")
    return largest_remainder(volumes, fees * share.numerator // share.denominator)
