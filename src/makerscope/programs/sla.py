"""A service level agreement with money behind it, as the Vega protocol wrote it: penalties, bonuses and bonds.

A provider commits a bond and has to keep a volume on both sides of the book for a fraction of each epoch. Who is there
for longer loses less of its fees, and what is lost goes to the others; who falls short loses all of them and a part of
the bond.

Fractions are whole numbers of ``ONE = 10**18``, amounts whole numbers of the asset's base unit. Divisions floor; what
is dealt out sums exactly to what there was (largest remainder, ties by name). Nothing here has a default: the
parameters of a market are dated facts and belong into a program's file.

Source:
    vegaprotocol/specs, protocol 0042-LIQF (penalty, hysteresis, bonus) and 0044-LIME (bond, early exit).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from makerscope.errors import DomainError
from makerscope.programs.powers import largest_remainder

ONE = 10**18


def time_fraction(met: int, observed: int) -> int:
    """Part of an epoch in which an obligation was met.

    Args:
        met: time in which it was met, ns; a block counts where it was met at each moment of the block.
        observed: length of the epoch as observed, ns.

    Examples:
        >>> time_fraction(45, 60) == 3 * ONE // 4
        True
    """
    if not 0 <= met <= observed or observed == 0:
        raise DomainError(f"met {met} ns of {observed}: want 0 <= met <= observed, and some time observed")
    return met * ONE // observed


def fee_penalty(t: int, s: int, c: int) -> int:
    """Part of its fees that a provider loses for one epoch.

    All below the minimum; from there on ``(1 - (t - s) / (1 - s)) * c``, which is ``c * (1 - t) / (1 - s)``.

    Args:
        t: fraction of the epoch in which the obligation was met.
        s: the least fraction (commitmentMinTimeFraction).
        c: how much of the fees is competed for (slaCompetitionFactor).

    Source:
        0042-LIQF, SLA performance penalty for a single epoch.

    Examples:
        >>> fee_penalty(3 * ONE // 4, ONE // 2, ONE) == ONE // 2
        True
    """
    _check_fractions(t=t, s=s, c=c)
    if t < s:
        return ONE
    return c * (ONE - t) // (ONE - s) if s < ONE else 0


def applied_penalty(now: int, previous: Sequence[int], epochs: int) -> int:
    """The penalty of this epoch or the mean of those before it, whichever is more.

    Args:
        now: this epoch's penalty.
        previous: earlier epochs' own penalties (as ``fee_penalty`` gave them), oldest first. Fewer than the window
            holds are taken as they are; none leave ``now``.
        epochs: length of the window with this epoch (performanceHysteresisEpochs), at least 1; 1 looks at no other. A
            change of it counts from the next epoch on: pass the length that was in force at the start of this one.

    Source:
        0042-LIQF, SLA performance penalty over the hysteresis period.

    Examples:
        >>> applied_penalty(0, [ONE // 2, ONE], 3) == 3 * ONE // 4
        True
    """
    if epochs < 1:
        raise DomainError(f"hysteresis over {epochs} epochs: want at least 1")
    _check_fractions(now=now, **{f"previous_{i}": each for i, each in enumerate(previous)})
    window = previous[-(epochs - 1) :] if epochs > 1 else ()
    return max(now, sum(window) // len(window)) if window else now


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeDistribution:
    """What becomes of an epoch's fees; all of it sums to the fees.

    Attributes:
        net: what each provider keeps of its own.
        bonus: what each gets of what was taken from all.
        insurance: what goes to the insurance pool, because nobody has a claim to it.
    """

    net: dict[str, int]
    bonus: dict[str, int]
    insurance: int


def distribute_fees(fees: Mapping[str, int], penalties: Mapping[str, int]) -> FeeDistribution:
    """Take penalties out of fees, and deal out what was taken to those who keep some.

    A provider keeps ``(1 - p) * fee``; the bonus goes by ``(1 - p) * fee`` too. A protocol's own pool takes part with a
    penalty of 0.

    Args:
        fees: each provider's fees of the epoch.
        penalties: each provider's applied penalty; the same names.

    Raises:
        DomainError: names differ, an amount is negative, or a penalty is not a fraction.

    Source:
        0042-LIQF, applying LP SLA performance penalties to accrued fees.

    Examples:
        >>> distribute_fees({"a": 100, "b": 300}, {"a": 0, "b": ONE})
        FeeDistribution(net={'a': 100, 'b': 0}, bonus={'a': 300, 'b': 0}, insurance=0)
    """
    if fees.keys() != penalties.keys() or any(fee < 0 for fee in fees.values()):
        raise DomainError("fees and penalties: want the same providers in both, and no fee below 0")
    _check_fractions(**penalties)
    kept = {name: (ONE - penalties[name]) * fee for name, fee in fees.items()}
    net = {name: part // ONE for name, part in kept.items()}
    taken = sum(fees.values()) - sum(net.values())
    bonus = largest_remainder(kept, taken)
    return FeeDistribution(net=net, bonus=bonus, insurance=taken - sum(bonus.values()))


def bond_slash(t: int, s: int, *, slope: int, most: int) -> int:
    """Part of its bond that a provider loses who was there for less than the minimum.

    Args:
        t: fraction of the epoch in which the obligation was met.
        s: the least fraction.
        slope: part of the bond per part of the minimum that lacks (nonPerformanceBondPenaltySlope); may be above 1.
        most: the largest part (nonPerformanceBondPenaltyMax).

    Source:
        0044-LIME, penalty for not meeting the SLA: ``max(0, min(m, slope * (1 - t / s)))``.

    Examples:
        >>> bond_slash(3 * ONE // 10, 6 * ONE // 10, slope=7 * ONE // 10, most=6 * ONE // 10) == 35 * ONE // 100
        True
    """
    _check_fractions(t=t, s=s, most=most)
    if slope < 0:
        raise DomainError(f"slope of the bond's penalty is {slope}: want 0 or more")
    return min(most, slope * (s - t) // s) if t < s else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """What a provider gets back and loses that reduces its commitment; the rest of the bond stays."""

    received: int
    forfeited: int


def early_exit(
    reductions: Mapping[str, int], bonds: Mapping[str, int], *, surplus: int, penalty: int
) -> dict[str, Exit]:
    """Reductions of one epoch, together: the surplus over the target is free, pro rata; the rest costs a penalty.

    Args:
        reductions: what each provider wants back; at most its bond is.
        bonds: each provider's bond.
        surplus: total stake less target stake; below 0 is as 0.
        penalty: part of a reduction beyond the surplus that is lost (earlyExitPenalty). Above 1 it takes more of the
            bond than is given up, so that all of it is gone at a reduction by ``1 / penalty``.

    Source:
        0044-LIME, decreasing commitment; for a penalty above 1 the description of the parameter there.

    Examples:
        >>> early_exit({"a": 100}, {"a": 500}, surplus=40, penalty=ONE // 4)
        {'a': Exit(received=85, forfeited=15)}
    """
    if any(amount < 0 for amount in (*reductions.values(), *bonds.values())) or penalty < 0:
        raise DomainError("early exit: want no reduction, no bond and no penalty below 0")
    if not reductions.keys() <= bonds.keys():
        raise DomainError("early exit: want a bond of each provider that reduces")
    wanted = {name: min(amount, bonds[name]) for name, amount in reductions.items()}
    total = sum(wanted.values())
    exits = {}
    for name, amount in wanted.items():
        free = min(amount, amount * max(surplus, 0) // total) if total else 0
        forfeited = min((amount - free) * penalty // ONE, bonds[name] - free)
        exits[name] = Exit(received=free + max(0, amount - free - forfeited), forfeited=forfeited)
    return exits


def _check_fractions(**fractions: int) -> None:
    for name, fraction in fractions.items():
        if not 0 <= fraction <= ONE:
            raise DomainError(f"{name} is {fraction}: want 0 to {ONE}, which is one")
