"""Points of a market after a service level agreement: penalties by time on the book, and who gets what they cost."""

from collections.abc import Sequence
from dataclasses import dataclass

from makerscope.programs.sla import ONE, applied_penalty, bond_slash, distribute_fees, fee_penalty, time_fraction
from makerscope.programs.terms import Commitment
from makerscope.programs.units import MICRO, micro

_STEP = ONE // MICRO


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Of each maker: points after penalties and bonuses, and in 1e-18 its own and applied penalty and its bond's.

    What no maker has a claim to is missing from the points: Vega's insurance pool takes it.
    """

    points: list[int]
    own: list[int]
    applied: list[int]
    slashed: list[int]


def served(
    rule: Commitment, points: Sequence[int], present: Sequence[int], observed: int, earlier: Sequence[Sequence[int]]
) -> Service:
    """Apply penalties to points.

    Args:
        rule: the agreement.
        points: fees, as they accrued.
        present: weight of time in which each maker kept its commitment.
        observed: weight of the whole epoch; without a reference nobody keeps it.
        earlier: each maker's own penalties of earlier epochs, oldest first.

    Examples:
        >>> from decimal import Decimal
        >>> agreed = Commitment(min_time=Decimal("0.5"), competition=Decimal(1))
        >>> served(agreed, [400, 400], [75, 100], 100, [[], []]).points
        [267, 533]
    """
    s, c = micro(rule.min_time) * _STEP, micro(rule.competition) * _STEP
    times = [time_fraction(own, observed) if observed else 0 for own in present]
    own = [fee_penalty(t, s, c) for t in times]
    applied = [applied_penalty(now, past, rule.epochs) for now, past in zip(own, earlier, strict=True)]
    names = [f"{k:09}" for k in range(len(points))]  # of equal claims the first maker by name gets the odd point
    found = distribute_fees(dict(zip(names, points, strict=True)), dict(zip(names, applied, strict=True)))
    slope, most = micro(rule.bond_slope) * _STEP, micro(rule.bond_most) * _STEP
    return Service(
        points=[found.net[name] + found.bonus[name] for name in names],
        own=own,
        applied=applied,
        slashed=[bond_slash(t, s, slope=slope, most=most) for t in times],
    )
