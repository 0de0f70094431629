"""Pictures of one row of characters: sparklines, bars from a zero, shares of time."""

from collections.abc import Sequence

from makerscope.report.document import Shade
from makerscope.report.svg_axes import clean

_RISING = "▁▂▃▄▅▆▇█"
_EIGHTHS = " ▏▎▍▌▋▊▉█"
GAP = "·"


def spark(values: Sequence[float | None], width: int, *, low: float | None = None, high: float | None = None) -> str:
    """A sparkline of at most ``width`` characters: the mean of each bucket, or an extreme of all; a dot is unknown.

    Args:
        values: in order.
        width: most characters.
        low: value of the lowest mark, the least value without it.
        high: value of the highest mark, the greatest value without it.

    Examples:
        >>> spark([0.0, 1.0, None, 2.0], 10)
        '▁▅·█'
        >>> spark([3.0, 3.0], 5), spark([], 5), spark([None], 5)
        ('▄▄', '', '·')
    """
    known = [value for value in map(clean, values) if value is not None]
    if not known:
        return GAP * min(width, len(values))
    bottom = min(known) if low is None else low
    top = max(known) if high is None else high
    n = min(len(values), max(1, width))
    places = [values[index * len(values) // n : (index + 1) * len(values) // n] for index in range(n)]
    told = [_told(part, min(known), max(known)) for part in places]
    return "".join(GAP if value is None else _mark(value, bottom, top) for value in told)


def _told(values: Sequence[float | None], least: float, most: float) -> float | None:
    """One value for many: an extreme of the whole picture if it is among them, else their mean."""
    known = [value for value in map(clean, values) if value is not None]
    if not known:
        return None
    if most in known:
        return most
    return least if least in known else sum(value / len(known) for value in known)


def over_time(
    times: Sequence[int], values: Sequence[float | None], shades: Sequence[Shade], width: int
) -> list[float | None]:
    """Values in equal stretches of time, at most ``width``; between points the last one holds, in an outage none does.

    Examples:
        >>> over_time([0, 10, 20, 50], [1.0, 2.0, 3.0, 4.0], [Shade(25, 45)], 4)
        [1.0, 3.0, None, 4.0]
    """
    n = min(width, len(times))
    length = max(1, times[-1] - times[0])
    known = [value for value in map(clean, values) if value is not None]
    if not known:
        return [None] * n
    parts: list[list[float | None]] = [[] for _ in range(n)]
    for ns, value in zip(times, values, strict=True):
        parts[min(n - 1, (ns - times[0]) * n // length)].append(value)
    out: list[float | None] = []
    for index, part in enumerate(parts):
        start, end = (times[0] + length * (index + more) // n for more in (0, 1))
        silent = any(shade.start < end and shade.end > start for shade in shades)
        held = out[-1] if out and not part and not silent else None
        out.append(_told(part, min(known), max(known)) if part else held)
    return out


def _mark(value: float, low: float, high: float) -> str:
    if high <= low:
        return _RISING[3]
    share = (value / 2 - low / 2) / (high / 2 - low / 2)
    return _RISING[max(0, min(7, int(share * 8)))]


def bar(value: float, low: float, high: float, width: int) -> str:
    """A bar from the zero inside ``low`` to ``high``, exactly ``width`` characters; ``│`` is the zero.

    Examples:
        >>> bar(1.0, -1.0, 1.0, 9), bar(-1.0, -1.0, 1.0, 9), bar(0.0, -1.0, 1.0, 9)
        ('    │████', '████│    ', '    │    ')
        >>> bar(0.01, 0.0, 1.0, 5)
        '│▏   '
    """
    room = width - 1
    left = round(room * -low / (high - low)) if high > low else 0
    right = room - left
    if value >= 0:
        eighths = round(8 * right * value / high) if high > 0 else 0
        eighths = max(eighths, 1) if value > 0 and right else eighths
        filled = "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")
        return " " * left + "│" + filled.ljust(right)
    halves = max(1, round(2 * left * value / low)) if left else 0
    filled = ("▐" if halves % 2 else "") + "█" * (halves // 2)
    return filled.rjust(left) + "│" + " " * right
