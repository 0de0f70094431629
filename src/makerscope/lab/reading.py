"""How values of measures are read: with their unit's form, their interval, and whether a difference is good or bad."""

from makerscope.lab.catalogue import BY_NAME, Measure
from makerscope.lab.statistics import Estimate
from makerscope.report.document import Stat, Tone
from makerscope.report.numbers import UNKNOWN, bps, compact, duration, fixed, percent

FIRST = (
    "survived", "pnl", "drawdown_share", "crisis_uptime", "depth_trough", "depth_half_life", "liquidated_usd",
    "insurance_used", "deleveraged_usd", "unpaid",
)  # fmt: skip
SMALL_SHARE = 0.01
SAME = "in every run"  # an interval without length


def read(item: Measure, value: float | None, *, signed: bool = False) -> str:
    """A value of a measure as people read it.

    Examples:
        >>> read(BY_NAME["survived"], 0.97), read(BY_NAME["pnl"], -12345.6), read(BY_NAME["depth_half_life"], 113.0)
        ('97.0%', '−12.3k', '1 min 53 s')
    """
    if value is None:
        return UNKNOWN
    match item.unit:
        case "share":
            small = 0 < abs(value) < SMALL_SHARE and not item.share
            return fixed(100 * value, 2, signed=signed) + "%" if small else percent(value, signed=signed)
        case "USD":
            return "0" if abs(value) < 0.005 else compact(value, signed=signed)
        case "bps":
            return bps(value, signed=signed, unit=False)
        case "s":
            return ("+" if signed and value > 0 else "") + duration(round(value, 1) * 1e9)
        case _:
            return fixed(value, 1, signed=signed)


def ends(item: Measure, found: Estimate, *, signed: bool = False) -> str:
    """The interval of an estimate."""
    if found.low is None or found.high is None:
        return ""
    if found.low == found.high:
        return SAME
    return f"{read(item, found.low, signed=signed)} to {read(item, found.high, signed=signed)}"


def titled(item: Measure) -> str:
    """A measure's title, with the unit where the value does not say it."""
    return f"{item.title}, {item.unit}" if item.unit in {"USD", "bps"} else item.title


def stat(name: str, found: Estimate) -> Stat:
    """A card of one estimate."""
    item = BY_NAME[name]
    return Stat(titled(item), read(item, found.mean), ends(item, found))


def tone(item: Measure, found: Estimate | None) -> Tone:
    """Good or bad where a difference is surely one: its interval has one sign."""
    if found is None or found.low is None or found.high is None or item.better == 0 or found.low <= 0 <= found.high:
        return ""
    return "good" if (found.low > 0) == (item.better > 0) else "bad"
