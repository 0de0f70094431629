"""Scores as people read them: components with their units, distances in the rule's own unit, parts of a pool."""

from fractions import Fraction

from makerscope.programs.adjustments import CHARGES
from makerscope.programs.formula import PRECISION
from makerscope.programs.program import Group, Measure
from makerscope.programs.sample_rule import UNIT
from makerscope.programs.scores import POOL, Scored
from makerscope.programs.units import distance_of
from makerscope.report.numbers import bps, compact, fixed, number, percent
from makerscope.tape.events import Instrument

MICRO = 1_000_000
DUST = 10**6  # points of 1e18: less is the rounding of points
Z95 = 1.959964  # standard errors of a 95 % interval
_VOLUMES = ("maker_volume", "taker_volume", "volume")


def pool_share(points: int, *, signed: bool = False) -> str:
    """Points as a part of the pool, with enough digits to tell makers apart.

    Examples:
        >>> pool_share(POOL // 3), pool_share(POOL // 100_000), pool_share(-POOL // 8, signed=True), pool_share(0)
        ('33.3%', '0.0010%', '−12.5%', '0%')
    """
    if abs(points) < DUST:
        return percent(0.0)
    share = 100 * points / POOL
    if abs(share) < 0.05:
        return number(share, 2, signed=signed) + "%"
    if abs(share) < 1:
        return fixed(share, 2, signed=signed) + "%"
    return percent(points / POOL, signed=signed)


def give_or_take(points: int, error: float | None) -> str:
    """The 95 % interval of points as a part of the pool, from the standard error of their sampling.

    Examples:
        >>> give_or_take(POOL // 2, 0.01), give_or_take(POOL // 2, None)
        ('48.0% to 52.0%', 'unknown')
    """
    if error is None:
        return "unknown"
    share = points / POOL
    low, high = max(share - Z95 * error, 0.0), min(share + Z95 * error, 1.0)
    places = 1 if Z95 * error >= 0.002 else 2 if Z95 * error >= 0.0002 else 3
    return f"{100 * low:.{places}f}% to {100 * high:.{places}f}%"


def score_text(score: int) -> str:
    """A score, which may be larger than any float.

    Examples:
        >>> score_text(12_345), score_text(169 * 10**400)
        ('12,345', '1.69e402')
    """
    text = str(score)
    return number(float(score)) if len(text) < 300 else f"{text[0]}.{text[1:3]}e{len(text) - 1}"


def component_text(name: str, value: int, group: Group, market: Scored) -> str:
    """One component of a maker in a market.

    Sums over looks (or over time) are read as their mean a look; a presence or a share as a percentage; volumes in
    quote currency; what charges leave (kept after moves, there when takers asked, backed by fills) as a percentage.

    Examples:
        >>> facts = {"pool": 0, "left": 0, "blind": 0, "stressed": 0, "reference": "", "makers": 1}
        >>> market = Scored(market="a", group="g", looked=100, **facts)
        >>> component_text("uptime", 95, Group(name="g"), market)
        '95.0%'
        >>> component_text("quality", 100 * 2_500 * MICRO, Group(name="g"), market)
        '2.50k'
    """
    looked = float(market.looked)
    if group.stress:
        looked += float(group.stress.weight - 1) * market.stressed
    measure = next((item for item in group.measure if item.name == name), None)
    if name in _VOLUMES:
        text = compact(value / MICRO)
    elif name in CHARGES or (name == "uptime" and group.formula.uptime == "fraction"):
        text = percent(value / UNIT)
    elif name == "uptime":
        text = percent(value / looked if looked else None)
    elif name in ("penalty", "bond_slash"):
        text = percent(value / PRECISION)
    elif name == "stake":
        text = compact(value / MICRO)
    elif measure is None:
        text = compact(float(value))
    elif group.normalise != "epoch" or measure.reducer == "presence":
        text = percent(value / UNIT / looked if looked else None)
    else:
        weight = 1.0 if measure.ema_weight is not None else looked
        text = compact(value / MICRO / weight if weight else None)
    return text


def distance_text(distance: int, measure: Measure, instrument: Instrument) -> str:
    """A distance in the unit in which the measure names its own.

    Examples:
        >>> perp = Instrument(instrument="v:B", venue="v", symbol="B", kind="perp", base="B", quote="USD", settle="USD",
        ...     inverse=False, tick_size="0.1", lot_size="0.001", multiplier="1", facts="")
        >>> distance_text(UNIT // 1000, Measure(limit="20 bps"), perp)
        '10.0 bps'
        >>> distance_text(5 * UNIT, Measure(limit="8 ticks"), perp)
        '5.00 ticks'
    """
    named = next((text for text in (measure.limit, measure.per, *(band.below for band in measure.band)) if text), "")
    kind = distance_of(named, measure.name)[0] if named else "relative"
    size = distance / UNIT
    if kind == "ticks":
        return f"{number(size)} ticks"
    if kind == "volatility":
        return f"{number(100 * size)} vol"
    if kind == "price":  # of a fixed base of half ticks, see units.market_rule
        return f"{number(size * (2 / Fraction(instrument.tick_size)).denominator)} {instrument.quote}"
    return bps(1e4 * size, signed=False)
