"""Numbers as people read them: thin, alike everywhere, with a real minus sign and a unit. Unknown is a dash.

Rounding is to nearest, ties to even, of the float as given; a value that rounds to zero has no sign. NaN and infinities
are unknown.
"""

from datetime import UTC, datetime
from math import floor, isfinite, log10

MINUS = "\N{MINUS SIGN}"
UNKNOWN = "\N{EM DASH}"
_LARGE = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
_UNITS = ((86_400_000_000_000, "d"), (3_600_000_000_000, "h"), (60_000_000_000, "min"))
_SMALL = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns"))


def fixed(value: float | None, places: int = 2, *, signed: bool = False) -> str:
    """``places`` decimals, thousands apart; ``signed`` puts a plus before what is above zero.

    Examples:
        >>> fixed(-1234.5678), fixed(0.756, 3, signed=True), fixed(-0.001), fixed(None)
        ('−1,234.57', '+0.756', '0.00', '—')
    """
    if value is None or not isfinite(value):
        return UNKNOWN
    text = f"{abs(value):,.{places}f}"
    if not text.strip("0.,"):
        return text
    return (MINUS if value < 0 else "+" if signed else "") + text


def number(value: float | None, digits: int = 3, *, signed: bool = False) -> str:
    """At least ``digits`` significant digits; no whole digit is rounded away. Below 1e-6 and from 1e15 as a power.

    Examples:
        >>> number(26623.86), number(26.623), number(-0.077412), number(0.0000001234), number(0)
        ('26,624', '26.6', '−0.0774', '1.23e−7', '0')
    """
    if value is None or not isfinite(value):
        return UNKNOWN
    if value == 0:
        return "0"
    size = abs(value)
    if size < 1e-6 or size >= 1e15:
        head, _, power = f"{size:.{digits - 1}e}".partition("e")
        sign = MINUS if value < 0 else "+" if signed else ""
        return f"{sign}{head}e{int(power)}".replace("-", MINUS)
    return fixed(value, places_for(size, digits), signed=signed)


def places_for(size: float, digits: int = 3) -> int:
    """Decimals that show ``digits`` significant digits of a positive number once it is rounded.

    Examples:
        >>> places_for(0.0774), places_for(9.999), places_for(26623.0)
        (4, 1, 0)
    """
    rounded = float(f"{size:.{digits - 1}e}")
    return max(0, digits - 1 - floor(log10(rounded))) if rounded > 0 else 0


def compact(value: float | None, digits: int = 3, *, signed: bool = False) -> str:
    """Short, for cards and axes: 26.6k, 1.20M. Below 1,000 as ``number``.

    Examples:
        >>> compact(26623.86), compact(-1_204_000), compact(999_960), compact(999.4), compact(12)
        ('26.6k', '−1.20M', '1.00M', '999', '12.0')
    """
    if value is None or not isfinite(value) or abs(value) < 999.5 or abs(value) >= 1e15:
        return number(value, digits, signed=signed)
    rounded = float(f"{value:.{digits - 1}e}")
    scale, suffix = next(item for item in _LARGE if abs(rounded) >= item[0])
    return fixed(rounded / scale, places_for(abs(rounded) / scale, digits), signed=signed) + suffix


def count(value: float | None) -> str:
    """A whole number of things, thousands apart.

    Examples:
        >>> count(4576), count(None)
        ('4,576', '—')
    """
    return fixed(value, 0)


def bps(value: float | None, *, signed: bool = True, unit: bool = True) -> str:
    """Basis points: three significant digits, at most three decimals, at least one below 1,000.

    Examples:
        >>> bps(0.7561), bps(-12.345), bps(0.00004), bps(104.26, signed=False, unit=False)
        ('+0.756 bps', '−12.3 bps', '0.000 bps', '104.3')
    """
    if value is None or not isfinite(value):
        return UNKNOWN
    size = abs(value)
    places = 0 if size >= 1000 else min(3, max(1, places_for(size))) if size > 0 else 3
    return fixed(value, places, signed=signed) + (" bps" if unit else "")


def percent(fraction: float | None, *, signed: bool = False) -> str:
    """A fraction as a percentage. What is not quite all or not quite nothing never reads 100 % or 0 %.

    Examples:
        >>> percent(0.98712), percent(1.0), percent(0.99999), percent(0.000004), percent(0.0)
        ('98.7%', '100%', '>99.9%', '<0.1%', '0%')
    """
    if fraction is None or not isfinite(fraction):
        return UNKNOWN
    share = 100.0 * fraction
    if share in (0.0, 100.0):
        return fixed(share, 0, signed=signed) + "%"
    if 99.95 <= share < 100.0:
        return ">99.9%"
    if 0.0 < share < 0.05:
        return "<0.1%"
    return fixed(share, 1 if abs(share) < 999.5 else 0, signed=signed) + "%"


def money(value: float | None, token: str = "", *, signed: bool = False) -> str:
    """An amount: cents below 10,000, whole units above, significant digits below one cent.

    Examples:
        >>> money(-26.6238, "USDC"), money(26623.86, "USDC"), money(0.00042, "ETH", signed=True), money(0, "USDC")
        ('−26.62 USDC', '26,624 USDC', '+0.00042 ETH', '0.00 USDC')
    """
    if value is None or not isfinite(value):
        return UNKNOWN
    size = abs(value)
    if 0 < size < 0.005:
        text = number(value, 2, signed=signed)
    else:
        text = (
            fixed(value, 2 if size < 9_999.995 else 0, signed=signed) if size < 1e15 else number(value, signed=signed)
        )
    return f"{text} {token}".rstrip()


def interval(low: float | None, high: float | None, *, places: int | None = None, unit: str = "") -> str:
    """The two ends of an interval, with the same decimals.

    Examples:
        >>> interval(-0.1234, 0.5), interval(1.0, 2.5, places=1, unit="bps"), interval(None, 1.0)
        ('−0.123 to +0.500', '+1.0 to +2.5 bps', '—')
    """
    if low is None or high is None or not isfinite(low) or not isfinite(high):
        return UNKNOWN
    size = min((abs(end) for end in (low, high) if end), default=0.0)
    decimals = places if places is not None else min(6, places_for(size)) if size > 0 else 0
    return f"{fixed(low, decimals, signed=True)} to {fixed(high, decimals, signed=True)} {unit}".rstrip()


def duration(ns: float | None) -> str:
    """A length of time in its natural unit: three significant digits below a minute, two units from there on.

    Examples:
        >>> duration(250_000_000), duration(5_000_000_000), duration(60_000_000_000), duration(5_400_000_000_000)
        ('250 ms', '5 s', '1 min', '1 h 30 min')
        >>> duration(1_234), duration(None), duration(0), duration(93_784_000_000_000)
        ('1.23 µs', '—', '0 s', '1 d 2 h')
    """
    if ns is None or not isfinite(ns):
        return UNKNOWN
    if ns == 0:
        return "0 s"
    sign, size = MINUS if ns < 0 else "", abs(float(ns))
    size = float(f"{size:.2e}") if size < _UNITS[-1][0] else float(round(size / 1e9)) * 1e9
    for index, (scale, unit) in enumerate(_UNITS):
        if size >= scale:
            below, low_unit = (*_UNITS, _SMALL[0])[index + 1]
            whole, rest = divmod(round(size / below), scale // below)
            return f"{sign}{whole} {unit}" + (f" {rest} {low_unit}" if rest else "")
    scale, unit = next((item for item in _SMALL if size >= item[0]), _SMALL[-1])
    return f"{sign}{size / scale:.3g} {unit}"


def utc(ns: int | None, *, seconds: bool = True) -> str:
    """A moment: day, time and zone. Exact in the integer: no float is passed through.

    Examples:
        >>> utc(1_760_130_900_000_000_000), utc(None)
        ('2025-10-10 21:15:00 UTC', '—')
    """
    if ns is None:
        return UNKNOWN
    return _moment(ns).strftime("%Y-%m-%d %H:%M:%S UTC" if seconds else "%Y-%m-%d %H:%M UTC")


def span(start: int | None, end: int | None) -> str:
    """From a moment to another, the day said once, with the length.

    Examples:
        >>> span(1_760_130_900_000_000_000, 1_760_134_500_000_000_000)
        '2025-10-10 21:15 to 22:15 UTC (1 h)'
        >>> span(1_760_130_900_000_000_000, 1_760_230_900_000_000_000)
        '2025-10-10 21:15 to 2025-10-12 01:01 UTC (1 d 4 h)'
    """
    if start is None or end is None:
        return UNKNOWN
    first, last = _moment(start), _moment(end)
    form = "%H:%M:%S" if end - start < 600_000_000_000 else "%H:%M"
    end_form = form if first.date() == last.date() else f"%Y-%m-%d {form}"
    return f"{first.strftime(f'%Y-%m-%d {form}')} to {last.strftime(end_form)} UTC ({duration(end - start)})"


def _moment(ns: int) -> datetime:
    return datetime.fromtimestamp(ns // 1_000_000_000, UTC)
