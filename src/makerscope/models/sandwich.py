"""The best sandwich of one order on a constant-product pool: what it takes from a victim who allows some slippage.

The attacker pays ``a`` in, the victim pays ``v`` in, the attacker sells what it got. Reserves are ``x`` of the token
paid in and ``y`` of the other; ``f`` is the fee on what is paid in, ``G = 1 - f``; all amounts in tokens. The victim's
order fails if it would get less than its least output ``m``, and that is what bounds the attack.
"""

from dataclasses import dataclass
from math import isfinite, sqrt

from makerscope.errors import DomainError

_GOLDEN = (sqrt(5.0) - 1.0) / 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandwich:
    """An attack: what it pays in, the victim's least output, and what it earns, in the token paid in."""

    attack_size: float
    victim_min_out: float
    profit: float


def swap_out(x: float, y: float, paid: float, fee: float) -> float:
    """What a constant-product pool gives for ``paid``; the whole of it, fee included, joins the reserve.

    Raises:
        DomainError: a reserve is not positive, the payment is negative, or the fee is not in [0, 1).

    Examples:
        >>> round(swap_out(1000.0, 1000.0, 10.0, 0.0), 6)
        9.90099
    """
    _check(x, y, paid, fee)
    return y * (1.0 - fee) * paid / (x + (1.0 - fee) * paid)


def least_output(x: float, y: float, victim_in: float, fee: float, slippage: float) -> float:
    """What a victim accepts at least: its output on the pool as it stands, less its slippage (a fraction).

    Raises:
        DomainError: as ``swap_out``, or the slippage is not in [0, 1).
    """
    if not 0.0 <= slippage < 1.0:
        raise DomainError(f"want a slippage in [0, 1); got {slippage}")
    return swap_out(x, y, victim_in, fee) * (1.0 - slippage)


def largest_front_run(x: float, y: float, victim_in: float, fee: float, min_out: float) -> float:
    """The front-run after which the victim gets exactly ``min_out``; 0 if it would not get that anyway.

    The positive root of ``G a^2 + (x + G x + G^2 v) a + x (x + G v) - x y G v / m = 0``.

    Raises:
        DomainError: as ``swap_out``, or ``min_out`` is not positive: without a bound there is no largest.

    Source:
        Derived from two swaps in a row; setting of Heimbach and Wattenhofer (2022) and Zhou et al. (2021).

    Examples:
        >>> round(largest_front_run(1000.0, 1000.0, 10.0, 0.0, 9.801980198019802), 6)
        5.062879
    """
    _check(x, y, victim_in, fee)
    if not (min_out > 0.0 and isfinite(min_out)):
        raise DomainError(f"want a least output above 0; got {min_out}")
    kept = 1.0 - fee
    half = (x + kept * x + kept * kept * victim_in) / 2.0
    rest = x * (x + kept * victim_in) - x * y * kept * victim_in / min_out
    if rest >= 0.0:
        return 0.0
    return -rest / (half + sqrt(half * half - kept * rest))  # no difference of two large numbers


def sandwich_profit(x: float, y: float, attack_in: float, victim_in: float, fee: float) -> float:
    """What an attacker earns that pays ``attack_in`` before the victim's ``victim_in`` and sells all of it after.

    Raises:
        DomainError: as ``swap_out``.

    Examples:
        >>> round(sandwich_profit(1000.0, 1000.0, 5.062879330797045, 10.0, 0.0), 6)
        0.10099
    """
    got = swap_out(x, y, attack_in, fee)
    x, y = x + attack_in, y - got
    out = swap_out(x, y, victim_in, fee)
    return swap_out(y - out, x + victim_in, got, fee) - attack_in


def best_sandwich(x: float, y: float, victim_in: float, fee: float, slippage: float) -> Sandwich:
    """The attack that earns most and still lets the victim's order go through; of size 0 if none earns anything.

    Profit rises up to the bound in all usual cases. With a fee and a victim who allows very much it has a maximum
    before: then that is found by sections.

    Args:
        x: reserve of the token paid in.
        y: reserve of the other.
        victim_in: what the victim pays in.
        fee: the pool's, a fraction.
        slippage: of the victim, a fraction: it fails below ``(1 - slippage)`` of its output on the untouched pool.

    Raises:
        DomainError: as ``swap_out`` and ``least_output``.

    Examples:
        >>> best = best_sandwich(1000.0, 1000.0, 10.0, 0.0, 0.01)
        >>> round(best.attack_size, 6), round(best.profit, 6)
        (5.062879, 0.10099)
        >>> best_sandwich(1000.0, 1000.0, 1.0, 0.003, 0.01).attack_size  # the fee is more than there is to gain
        0.0
    """
    least = least_output(x, y, victim_in, fee, slippage)
    most = largest_front_run(x, y, victim_in, fee, least) if victim_in > 0.0 else 0.0
    size = max((most, _sections(x, y, victim_in, fee, most)), key=lambda a: sandwich_profit(x, y, a, victim_in, fee))
    profit = sandwich_profit(x, y, size, victim_in, fee)
    if profit <= 0.0:
        size = profit = 0.0
    return Sandwich(attack_size=size, victim_min_out=least, profit=profit)


def _sections(x: float, y: float, victim_in: float, fee: float, most: float) -> float:
    """Golden sections between 0 and the bound."""
    low, high = 0.0, most
    for _ in range(80):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if sandwich_profit(x, y, left, victim_in, fee) < sandwich_profit(x, y, right, victim_in, fee):
            low = left
        else:
            high = right
    return (low + high) / 2.0


def _check(x: float, y: float, paid: float, fee: float) -> None:
    if not (x > 0.0 and y > 0.0 and paid >= 0.0 and isfinite(x + y + paid)):
        raise DomainError(f"want reserves above 0 and a payment from 0; got {x}, {y}, {paid}")
    if not 0.0 <= fee < 1.0:
        raise DomainError(f"want a fee in [0, 1); got {fee}")
