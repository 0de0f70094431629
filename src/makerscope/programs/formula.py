"""From components to scores and points: exponents, blends, hysteresis, and a pool's split among markets."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from fractions import Fraction

from makerscope.errors import InputError
from makerscope.programs.powers import power
from makerscope.programs.program import Formula, Group, Hysteresis
from makerscope.programs.sample_rule import UNIT
from makerscope.programs.units import MICRO, micro, pico
from makerscope.tape.events import Instrument

PRECISION = 10**18


def product(formula: Formula, component: Mapping[str, int]) -> int:
    """The product of components to their exponents, times the factor; fractional powers in units of 1e-18.

    A whole exponent is exact; a fractional one is the floor of ``1e18 * x ** e``, exactly.

    Examples:
        >>> from decimal import Decimal
        >>> product(Formula(exponents={"quality": Decimal("0.5"), "uptime": Decimal(2)}), {"quality": 16, "uptime": 3})
        36000000000000000000
    """
    out = 1
    for name, exponent in sorted(formula.exponents.items()):
        value = component[name]
        whole = exponent == exponent.to_integral_value()
        out *= value ** int(exponent) if whole else power(value, Fraction(exponent), PRECISION)
    return out * micro(formula.factor) // 1_000_000


def factor_of(formula: Formula, instrument: Instrument) -> int:
    """What scores in one market are multiplied by beside ``factor``, in millionths."""
    for each in formula.factors:
        if any(
            fnmatchcase(text, way) for way in each.instruments for text in (instrument.instrument, instrument.symbol)
        ):
            return micro(each.factor)
    return MICRO


def blended(formula: Formula, components: Sequence[Mapping[str, int]]) -> list[int]:
    """For each maker the weighted sum of its shares of each component, in 1e-18; weights are made to add up to one."""
    total = sum(micro(weight) for weight in formula.blend.values())
    out = [0] * len(components)
    for name, weight in sorted(formula.blend.items()):
        whole = sum(item[name] for item in components)
        if whole:
            for k, item in enumerate(components):
                out[k] += PRECISION * micro(weight) * item[name] // (total * whole)
    return out


def split(pool: int, weights: Sequence[int]) -> list[int]:
    """Parts of a pool by weight, rounded down; equal where all weights are 0."""
    total = sum(weights)
    if total == 0:
        return [pool // len(weights)] * len(weights)
    return [pool * weight // total for weight in weights]


def remembered(rule: Hysteresis, now: int, earlier: Sequence[int]) -> tuple[int, list[int]]:
    """A number as earlier epochs change it, and the numbers to remember (newest last).

    ``ema``: weight times now plus the rest times the last mean (the first epoch is its own mean). ``penalty``:
    the larger of now and the mean of the previous ``epochs - 1``.

    Examples:
        >>> from decimal import Decimal
        >>> remembered(Hysteresis(kind="ema", weight=Decimal("0.2")), 100, [50])
        (60, [60])
        >>> remembered(Hysteresis(kind="penalty", epochs=3), 0, [4, 8])
        (6, [8, 0])
    """
    if rule.kind == "ema":
        weight = pico(rule.weight)
        mean = (now * weight + earlier[-1] * (UNIT - weight)) // UNIT if earlier else now
        return mean, [mean]
    kept = list(earlier)[-(rule.epochs - 1) :] if rule.epochs > 1 else []
    applied = max(now, sum(kept) // len(kept)) if kept else now
    return applied, [*kept, now][-(rule.epochs - 1) :] if rule.epochs > 1 else []


def check_group_pool(groups: Sequence[Group]) -> list[int]:
    """Weights of the groups, in millionths.

    Raises:
        InputError: all are 0.
    """
    weights = [micro(group.weight) for group in groups]
    if not any(weights):
        raise InputError("program", "every group has weight 0", "a positive weight")
    return weights
