"""The answer of every metric: a number with its unit, what stands behind it, or why there is none."""

import math

import msgspec

from makerscope.errors import DomainError


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One number with its unit, what stands behind it, and why it is missing.

    Args:
        value: the number, or None where it is not known. Never NaN or infinite.
        unit: what one of it is, such as ``bps`` or ``fraction of price``.
        n: observations behind it.
        low: lower end of the 95 % interval, if one was made.
        high: upper end of it.
        reason: why ``value`` is None, or how to read it.

    Raises:
        DomainError: a number is not finite, or a value is missing without a reason.

    Examples:
        >>> Measure(value=1.5, unit="bps", n=10).value
        1.5
    """

    value: float | None
    unit: str
    n: int = 0
    low: float | None = None
    high: float | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        """Refuse what a reader could mistake for a number."""
        if any(number is not None and not math.isfinite(number) for number in (self.value, self.low, self.high)):
            raise DomainError(f"a measure holds a number that is not finite ({self}); want None and a reason")
        if self.value is None and not self.reason:
            raise DomainError(f"a measure in {self.unit!r} is missing without a reason; want one")


def missing(unit: str, reason: str, *, n: int = 0) -> Measure:
    """A measure that is not known, and why.

    Examples:
        >>> missing("bps", "no trades").reason
        'no trades'
    """
    return Measure(value=None, unit=unit, n=n, reason=reason)


def measured(value: float, unit: str, *, n: int, undefined: str, reason: str = "") -> Measure:
    """``value`` as a measure, or a missing one for the reason ``undefined`` where it is NaN or infinite.

    Examples:
        >>> measured(float("nan"), "bps", n=3, undefined="the variance is zero").reason
        'the variance is zero'
    """
    value = float(value)
    if not math.isfinite(value):
        return missing(unit, undefined, n=n)
    return Measure(value=value, unit=unit, n=n, reason=reason)


def named(measure: Measure, unit: str) -> Measure:
    """The same measure under a plainer name of its unit, such as ``BTC`` for ``base``. Nothing is converted.

    Examples:
        >>> named(Measure(value=2.0, unit="base"), "BTC").unit
        'BTC'
    """
    return msgspec.structs.replace(measure, unit=unit)
