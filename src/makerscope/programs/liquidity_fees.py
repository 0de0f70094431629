"""How the Vega protocol sets a market's liquidity fee and splits it: bids for a fee, stake that grows with trading.

Providers name a fee and commit a stake; the market takes one fee. What it earns is split by stake that has grown with
the market's trading (so that who came early owns more of it) times a score of the liquidity shown, and by that score
alone.

Fractions are whole numbers of ``sla.ONE`` (1e-18), scores of ``SCORE`` (1e-10), amounts of the asset's base unit.

Source:
    vegaprotocol/specs, protocol 0042-LIQF.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from makerscope.errors import DomainError
from makerscope.programs.powers import largest_remainder
from makerscope.programs.sla import ONE

SCORE = 10**10
_LIKELY = ONE // 10  # orders less likely to trade than this show no liquidity


def marginal_cost_fee(bids: Iterable[tuple[int, int]], target: int) -> int:
    """The lowest fee at which those who ask no more cover the target; the highest bid where all do not.

    The specification states the end as a sum above the target in its formula and as one that reaches it in its example;
    here it is enough to reach it.

    Args:
        bids: ``(stake, fee)`` of each provider.
        target: target stake.

    Examples:
        >>> marginal_cost_fee([(120, 5), (20, 7), (60, 37)], 123)
        7
    """
    rising = sorted(_checked(bids), key=lambda bid: bid[1])
    if not rising:
        raise DomainError("liquidity fee: want at least one provider")
    covered = accumulate(stake for stake, _ in rising)
    return next((fee for (_, fee), sum_ in zip(rising, covered, strict=True) if sum_ >= target), rising[-1][1])


def stake_weighted_fee(bids: Iterable[tuple[int, int]]) -> int:
    """Mean of the providers' fees, weighted by their stakes.

    Examples:
        >>> stake_weighted_fee([(120, 50), (20, 75), (60, 375)])
        150
    """
    bids = _checked(bids)
    stakes = sum(stake for stake, _ in bids)
    if stakes == 0:
        raise DomainError("liquidity fee: want a stake above 0")
    return sum(stake * fee for stake, fee in bids) // stakes


def amended_virtual_stake(virtual: int, stake: int, change: int) -> int:
    """Virtual stake after a provider added to its stake, or took a part of it back.

    Args:
        virtual: virtual stake before.
        stake: physical stake before.
        change: added, or below 0: taken back.

    Examples:
        >>> amended_virtual_stake(11_000, 10_000, 500), amended_virtual_stake(11_000, 10_000, -5_000)
        (11500, 5500)
    """
    if virtual < 0 or stake < 0 or stake + change < 0:
        raise DomainError(f"stake {stake} ({virtual} virtual) changed by {change}: want none below 0")
    if change >= 0:
        return virtual + change
    return virtual * (stake + change) // stake


def grown_virtual_stake(virtual: int, stake: int, traded: Sequence[int]) -> int:
    """Virtual stake at the end of a period: grown as the running mean of what was traded, at least the physical stake.

    Args:
        virtual: virtual stake before.
        stake: physical stake.
        traded: value traded in each period so far, first to last.

    Returns:
        ``max(stake, virtual * A(n) / A(n - 1))`` with ``A(n)`` the mean of the periods up to n; the physical stake in
        the first two periods, and where nothing had been traded.

    Examples:
        >>> grown_virtual_stake(1_000, 1_000, [100, 100, 400])  # the mean goes from 100 to 200
        2000
    """
    periods, total = len(traded), sum(traded)
    if virtual < 0 or stake < 0 or periods == 0 or min(traded) < 0:
        raise DomainError(f"stake {stake} ({virtual} virtual) after {periods} periods: want none below 0, and a period")
    before = total - traded[-1]
    if periods <= 2 or before == 0:
        return stake
    return max(stake, virtual * total * (periods - 1) // (before * periods))


def shown_liquidity(orders: Iterable[tuple[int, int]]) -> int:
    """Instantaneous liquidity: volume times probability of trading, over orders of a probability of a tenth or more.

    Args:
        orders: ``(volume, probability in 1e-18)``; the caller gives 0 to orders outside the tightest price bounds.
    """
    return sum(volume * probability for volume, probability in orders if probability >= _LIKELY)


def running_scores(scores: Mapping[str, int], shown: Mapping[str, int], n: int) -> dict[str, int]:
    """Each provider's liquidity score after one more look: the mean of its shares of all liquidity shown.

    Args:
        scores: scores before, in 1e-10; a provider that is missing had 0.
        shown: instantaneous liquidity of each committed provider. Where all show none, each has an equal share.
        n: number of this look in the period, from 1.

    Returns:
        Scores in 1e-10, rounded to the nearest, halves up: ten decimals, as the protocol keeps them.

    Examples:
        >>> running_scores({"a": SCORE}, {"a": 1, "b": 2}, 2)
        {'a': 6666666667, 'b': 3333333333}
    """
    if n < 1 or any(each < 0 for each in (*shown.values(), *scores.values())):
        raise DomainError(f"look number {n}: want 1 or more, and no liquidity below 0")
    total = sum(shown.values())
    parts, whole = (shown, total) if total else (dict.fromkeys(shown, 1), len(shown))
    return {
        name: (2 * ((n - 1) * scores.get(name, 0) * whole + part * SCORE) + n * whole) // (2 * n * whole)
        for name, part in parts.items()
    }


def split_fees(
    fees: int, virtual: Mapping[str, int], scores: Mapping[str, int], *, equity_fraction: int
) -> dict[str, int]:
    """Split what a market earned: one part by virtual stake times score, the other by score alone.

    Args:
        fees: what there is.
        virtual: virtual stake of each provider.
        scores: liquidity score of each provider, the same names.
        equity_fraction: the first part (equityLikeShareFeeFraction), in 1e-18.

    Returns:
        Each provider's fees. They sum to ``fees``, unless nobody has a claim to a part: it stays in the account.

    Examples:
        >>> split_fees(1_000, {"a": 300, "b": 100}, {"a": SCORE // 2, "b": SCORE // 2}, equity_fraction=ONE // 2)
        {'a': 625, 'b': 375}
    """
    if virtual.keys() != scores.keys() or fees < 0 or not 0 <= equity_fraction <= ONE:
        raise DomainError(
            f"fees of {fees}, {equity_fraction} by stake: want a stake and a score of each, and a fraction"
        )
    first = fees * equity_fraction // ONE
    by_stake = largest_remainder({name: stake * scores[name] for name, stake in virtual.items()}, first)
    by_score = largest_remainder(scores, fees - first)
    return {name: by_stake[name] + by_score[name] for name in virtual}


def _checked(bids: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    found = list(bids)
    if any(stake < 0 or not 0 <= fee <= ONE for stake, fee in found):
        raise DomainError("liquidity fee: want no stake below 0, and fees of 0 to 1")
    return found
