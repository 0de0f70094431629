"""What a message costs on a chain: the base fee of the next block, gas in money, the fee for data on the chain below.

Prices of gas are wei per unit of gas, 10^18 wei are one coin, ``coin_price`` is base units of the settlement token per
coin. Every product is split so that nothing overflows and every quotient is the exact floor.

Source:
    EIP-1559 (base fee). Arbitrum: a base fee exponential in the backlog of gas. OP stack, Fjord: data fee by the
    compressed size. Numbers are data of a profile, never code.
"""
# ruff: noqa: ANN001, ANN201 - a kernel is compiled for the types it is called with

from makerscope.kernels._jit import kernel
from makerscope.kernels.elementary import exp

_GIGA = 1_000_000_000
_MEGA = 1_000_000
_MOST = 1 << 60  # a price of gas never passes this


@kernel
def share_of(x, part, whole):
    """The exact floor of ``x * part / whole`` for ``x >= 0`` and ``part, whole`` from 0 to 3e9, whole not 0."""
    return x // whole * part + x % whole * part // whole


@kernel
def per_billion(x, y):
    """The exact floor of ``x * y / 10^9`` for integers >= 0 whose answer fits in 62 bits."""
    low = x % _GIGA
    return x // _GIGA * y + low * (y // _GIGA) + low * (y % _GIGA) // _GIGA


@kernel
def next_base_fee(base_fee, used, target, denominator, floor):
    """The base fee after a block that used ``used`` gas, exactly as EIP-1559 says; never below ``floor``.

    At the target it stays, above it rises by at least 1 and at most ``1/denominator`` when twice the target was used,
    below it falls likewise. All integers; ``denominator`` is 8 in the EIP.
    """
    fee = base_fee
    if used > target:
        fee = base_fee + max(share_of(base_fee, used - target, target) // denominator, 1)
    elif used < target:
        fee = base_fee - share_of(base_fee, target - used, target) // denominator
    return min(max(fee, floor), _MOST)


@kernel
def backlog_fee(floor, backlog, tolerance, inertia):
    """The base fee where it is exponential in the gas waiting: ``floor * e^((backlog - tolerance) / inertia)``.

    At or below ``tolerance`` gas it is the floor; ``inertia`` gas more multiplies it by e.
    """
    if backlog <= tolerance or inertia <= 0:
        return floor
    fee = floor * exp(min((backlog - tolerance) / inertia, 40.0), 0.0)
    return int(fee + 0.5) if fee < _MOST else _MOST


@kernel
def tip_of(fee, base_fee):
    """What a message's fee leaves above the base fee, in wei per gas; below 0 it cannot pay this block's base fee.

    A fee from 0 up is a tip: the sender pays any base fee and the tip on top. A fee below 0 is the whole price: the
    sender pays ``-fee`` per gas, base fee included, and its message waits while the base fee is above that.
    """
    return fee if fee >= 0 else -fee - base_fee


@kernel
def gas_money(gas, price, coin_price):
    """Settlement base units, rounded down, for ``gas`` at ``price`` wei per gas."""
    return per_billion(per_billion(gas, price), coin_price)


@kernel
def data_fee(size, l1_base_fee, blob_base_fee, base_scalar, blob_scalar):
    """The OP stack's fee in wei for ``size`` compressed bytes posted to the chain below (Fjord).

    ``max(100e6, -42585600 + 836500 size) (16 base_scalar l1_base_fee + blob_scalar blob_base_fee) / 10^12``, floored.
    """
    scaled = max(100 * _MEGA, 836_500 * size - 42_585_600)
    price = 16 * base_scalar * l1_base_fee + blob_scalar * blob_base_fee
    a, b = scaled // _MEGA, scaled % _MEGA
    c, d = price // _MEGA, price % _MEGA
    return a * c + (a * d + b * c + b * d // _MEGA) // _MEGA
