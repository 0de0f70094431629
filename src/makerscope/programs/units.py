"""From a program's words to the integers of one instrument: distances, values and the sample rule.

A distance is text with a unit. All distances of one measure are of one kind: relative to the base (``bps``, ``%``),
in quote currency (``price``, ``cents``), in ``ticks``, or in volatility points (``vol``, where the base is the price of
1.00 of volatility).
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal, InvalidOperation
from fractions import Fraction

from makerscope.errors import InputError
from makerscope.programs.program import Measure
from makerscope.programs.sample_rule import UNIT, Kernel, Reducer, SampleRule
from makerscope.tape.events import Instrument

MICRO = 1_000_000
_EXACT = Context(prec=60)
_PARTS = {
    "bps": ("relative", Decimal("0.0001")),
    "%": ("relative", Decimal("0.01")),
    "price": ("price", Decimal(1)),
    "cents": ("price", Decimal("0.01")),
    "ticks": ("ticks", Decimal(1)),
    "tick": ("ticks", Decimal(1)),
    "vol": ("volatility", Decimal("0.01")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRule:
    """A measure in the integers of one instrument: the sample rule and what stands beside it in a sweep.

    ``width``: pico of the base that a maker's two sides may be apart, 0 for any; ``narrow``: half ticks that they may
    be apart in any case. ``least``: value of a side that counts, for each unit of stake where ``per_stake``.
    ``min_age``, ``max_age``: ns; ``decay``: pico.
    """

    rule: SampleRule
    width: int
    min_age: int
    max_age: int | None
    decay: int
    narrow: int = 0
    least: int = 0
    per_stake: bool = False


def distance_of(text: str, where: str) -> tuple[str, Decimal]:
    """Kind and number of a distance.

    Raises:
        InputError: it has no number, no unit or an unknown one.

    Examples:
        >>> distance_of("20 bps", "limit")
        ('relative', Decimal('0.0020'))
    """
    parts = text.split()
    if len(parts) != 2 or parts[1] not in _PARTS:
        raise InputError(where, f"is {text!r}", "a number and a unit: " + ", ".join(sorted(_PARTS)))
    try:
        number = Decimal(parts[0])
    except InvalidOperation:
        raise InputError(where, f"is {text!r}", "a decimal number before the unit") from None
    if not (number.is_finite() and number >= 0):
        raise InputError(where, f"is {text!r}", "a number of at least 0")
    kind, unit = _PARTS[parts[1]]
    return kind, number * unit


def nanoseconds(seconds: Decimal) -> int:
    """Whole ns of a number of seconds, rounded down."""
    return int((seconds * 1_000_000_000).to_integral_value(ROUND_FLOOR))


def micro(value: Decimal, *, up: bool = False) -> int:
    """Millionths of a decimal."""
    return int((value * MICRO).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR))


def pico(value: Decimal) -> int:
    """Billionths of a thousandth of a decimal, rounded down."""
    return int((value * UNIT).to_integral_value(ROUND_FLOOR, context=_EXACT))


def market_rule(measure: Measure, instrument: Instrument, where: str) -> MarketRule:
    """A measure in the integers of one instrument.

    Raises:
        InputError: distances of different kinds are mixed, or a number does not fit.
        DomainError: the rule is outside what a sample rule can say.
    """
    given = {
        "limit": measure.limit,
        "beyond": measure.beyond,
        "per": measure.per,
        "max_width": measure.max_width,
        **{f"band {k + 1}": band.below for k, band in enumerate(measure.band)},
    }
    parsed = {key: distance_of(text, f"{where}, {key}") for key, text in given.items() if text is not None}
    kinds = {kind for kind, _ in parsed.values()}
    if len(kinds) > 1:
        raise InputError(where, f"mixes distances of kind {' and '.join(sorted(kinds))}", "one kind a measure")
    absolute, scale = _base(kinds.pop() if kinds else "relative", instrument)
    size = {key: int(Fraction(number) * UNIT / scale) for key, (_, number) in parsed.items()}
    nothing = next((key for key in ("limit", "max_width") if size.get(key) == 0), None)
    if nothing:
        raise InputError(f"{where}, {nothing}", "is 0", 'a positive distance ("0.5 ticks" keeps to the price itself)')
    num, den, by_value = value_factor(measure.by, instrument)
    if measure.range_high is not None and 2 * Fraction(measure.range_high) < Fraction(instrument.tick_size):
        raise InputError(
            where,
            f"its range of prices ends at {measure.range_high}, below a tick of {instrument.tick_size}",
            "a market whose prices lie in the range, such as one of probabilities",
        )
    tick = Fraction(instrument.tick_size)
    least = micro(measure.min_value, up=True)
    rule = SampleRule(
        kernel=Kernel.BANDS if size.get("beyond") else Kernel[measure.kernel.upper()],
        reducer=Reducer[measure.reducer.upper()],
        limit=size.get("limit", 0),
        closed=measure.closed,
        rate=_rate(measure, size.get("per", 0), where),
        nearest=max(int(2 * measure.nearest_ticks), 1) if measure.kernel == "inverse" else 0,
        absolute=absolute,
        by_value=by_value,
        num=num,
        den=den,
        min_value=micro(measure.min_value) + 1 if measure.strictly else least,
        divisor=pico(measure.divisor),
        low=_up(2 * Fraction(measure.range_low) / tick) if measure.range_low is not None else 0,
        high=int(2 * Fraction(measure.range_high) / tick) if measure.range_high is not None else 2**63 - 1,
        comparable=pico(measure.comparable) if measure.comparable is not None else 0,
        cap=micro(measure.cap) if measure.cap is not None else 0,
        edges=_edges(measure, size),
        weights=(0, UNIT) if size.get("beyond") else tuple(pico(band.weight) for band in measure.band),
    )
    return MarketRule(
        rule=rule,
        width=size.get("max_width", 0),
        min_age=nanoseconds(measure.min_age_s),
        max_age=None if measure.max_age_s is None else nanoseconds(measure.max_age_s),
        decay=0 if measure.ema_weight is None else pico(measure.ema_weight),
        narrow=_half_ticks(measure.or_width, instrument, f"{where}, or_width") if measure.or_width else 0,
        least=micro(measure.min_side, up=True) if measure.min_side is not None else 0,
        per_stake=measure.per_stake,
    )


def value_factor(by: str, instrument: Instrument) -> tuple[int, int, bool]:
    """Factor from lots (or ticks times lots) to millionths of the unit of value, as a fraction; and which of the two.

    ``notional`` is quote currency: contracts times what one stands for, times the price unless the contract is inverse.
    ``size`` is contracts.

    Examples:
        >>> from makerscope.tape.events import Instrument
        >>> perp = Instrument(instrument="v:B", venue="v", symbol="B", kind="perp", base="B", quote="USD", settle="USD",
        ...     inverse=False, tick_size="0.1", lot_size="0.001", multiplier="1", facts="")
        >>> value_factor("notional", perp), value_factor("size", perp)
        ((100, 1, True), (1000, 1, False))
    """
    factor = Fraction(instrument.lot_size) * MICRO
    by_value = by == "notional" and not instrument.inverse
    if by == "notional":
        factor *= Fraction(instrument.multiplier)
    if by_value:
        factor *= Fraction(instrument.tick_size)
    return factor.numerator, factor.denominator, by_value


def distance_in(text: str, instrument: Instrument, where: str) -> tuple[str, int, int]:
    """A distance in one instrument: its kind, the fixed base in half ticks (0: a moving one), and pico of the base.

    Examples:
        >>> from makerscope.tape.events import Instrument
        >>> perp = Instrument(instrument="v:B", venue="v", symbol="B", kind="perp", base="B", quote="USD", settle="USD",
        ...     inverse=False, tick_size="0.1", lot_size="0.001", multiplier="1", facts="")
        >>> distance_in("5 bps", perp, "here"), distance_in("2 price", perp, "here")
        (('relative', 0, 500000000), ('price', 20, 2000000000000))
    """
    kind, number = distance_of(text, where)
    absolute, scale = _base(kind, instrument)
    return kind, absolute, int(Fraction(number) * UNIT / scale)


def _base(kind: str, instrument: Instrument) -> tuple[int, Fraction]:
    """The fixed base in half ticks (0: it moves with the market), and what a distance of 1 is in bases."""
    if kind == "price":
        halves = 2 / Fraction(instrument.tick_size)  # half ticks in one unit of quote currency
        return halves.numerator, Fraction(halves.denominator)
    if kind == "ticks":
        return 2, Fraction(1)
    return 0, Fraction(1)


def _rate(measure: Measure, per: int, where: str) -> int:
    if measure.kernel == "ticks":
        return pico(measure.discount or Decimal(0))
    if measure.kernel != "exponential":
        return 0
    if per == 0:
        raise InputError(where, "per is 0", "a positive distance")
    rate = measure.rate if measure.rate is not None else -_EXACT.ln(measure.discount or Decimal(1))
    return int(Fraction(rate) * UNIT * UNIT / per)


def _edges(measure: Measure, size: dict[str, int]) -> tuple[int, ...]:
    """Upper ends of bands; with ``beyond`` the limit itself, which ``closed`` may let in, is inside the last."""
    if size.get("beyond"):
        return size["beyond"], size["limit"] + 1
    return tuple(size[f"band {k + 1}"] for k in range(len(measure.band)))


def _half_ticks(text: str, instrument: Instrument, where: str) -> int:
    kind, number = distance_of(text, where)
    if kind not in ("price", "ticks"):
        raise InputError(where, f"is {text!r}", "a distance in price or ticks")
    return int(2 * Fraction(number) / (Fraction(instrument.tick_size) if kind == "price" else 1))


def _up(value: Fraction) -> int:
    return -((-value.numerator) // value.denominator)
