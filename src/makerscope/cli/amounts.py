"""Amounts of money and lengths of time as a user writes them, exactly."""

from decimal import Decimal, InvalidOperation

from makerscope.errors import InputError

SECONDS = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}
LONGEST = 100  # characters of a number
LARGEST = 1 << 256


def base_units(option: str, text: str, decimals: int) -> int:
    """An amount in base units of a token or coin, from decimal text.

    Raises:
        InputError: it is no amount, negative, too large, or finer than a base unit.

    Examples:
        >>> base_units("--bond", "0.05", 18), base_units("AMOUNT", "1_000", 6)
        (50000000000000000, 1000000000)
    """
    try:
        value = Decimal(text.replace(",", "").replace("_", "")) if len(text) <= LONGEST else Decimal("NaN")
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value.is_signed():
        raise InputError(option, f"{text[:LONGEST]!r} is no amount", "a number such as 1000 or 0.05")
    _, digits, exponent = value.as_tuple()
    shift = int(exponent) + decimals
    number = int("".join(map(str, digits)))
    if shift > LONGEST or (shift >= 0 and number * 10**shift >= LARGEST):
        raise InputError(option, f"{text!r} is too large", "less than 2**256 base units")
    if shift < 0 and number % 10 ** min(-shift, LONGEST):
        raise InputError(option, f"{text!r} is too fine", f"at most {decimals} decimals")
    return number * 10**shift if shift >= 0 else number // 10 ** min(-shift, LONGEST)


def seconds(option: str, text: str) -> int:
    """A length of time in seconds.

    Raises:
        InputError: it is none, or is 0.

    Examples:
        >>> seconds("--window", "2d"), seconds("--window", "90min"), seconds("--window", "7200")
        (172800, 5400, 7200)
    """
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = text[len(digits) :] or "s"
    if unit not in SECONDS or not (digits.isascii() and digits.isdigit()) or len(digits) > 12 or not int(digits):
        raise InputError(option, f"{text!r} is no length of time", "such as 2d, 36h, 90min or 7200s")
    return int(digits) * SECONDS[unit]
