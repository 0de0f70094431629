"""Glosten-Milgrom, binary: quotes that break even against an informed share of the flow, and what a trade teaches."""

from math import exp, log

from makerscope.errors import DomainError


def _check(p: float, mu: float, high: float, low: float) -> None:
    if not (0 <= p <= 1 and 0 <= mu < 1):
        raise DomainError(f"want a probability p in [0, 1] and a share mu in [0, 1); got {p}, {mu}")
    if not high >= low:
        raise DomainError(f"want a high value at or above the low one; got {high}, {low}")


def glosten_milgrom_quotes(*, p: float, mu: float, high: float, low: float) -> tuple[float, float]:
    """(bid, ask): the value expected if the next trade is a sale, and if it is a purchase.

    Args:
        p: probability that the value is ``high``.
        mu: share of traders who know; others buy or sell with equal chance.
        high: the value if the news is good.
        low: the value if it is bad.

    Raises:
        DomainError: a number outside its range.

    Source:
        L. Glosten, P. Milgrom (1985), J. Financial Economics 14, 71-100, binary version.

    Examples:
        >>> [round(x, 6) for x in glosten_milgrom_quotes(p=0.5, mu=0.3, high=101, low=99)]
        [99.7, 100.3]
    """
    _check(p, mu, high, low)
    bid, ask = (_expected(p, mu * side, high, low) for side in (-1, 1))
    return bid, ask


def _expected(p: float, lean: float, high: float, low: float) -> float:
    good, bad = p * (1 + lean), (1 - p) * (1 - lean)
    return (good * high + bad * low) / (good + bad)


def belief_after(*, p: float, mu: float, side: int) -> float:
    """The probability of the high value after a trade; ``side`` is the taker's: +1 it bought, -1 it sold.

    Each purchase adds ``ln((1 + mu) / (1 - mu))`` to the log odds.

    Raises:
        DomainError: a number outside its range.

    Examples:
        >>> round(belief_after(p=0.5, mu=0.3, side=1), 6)
        0.65
    """
    _check(p, mu, 1.0, 0.0)
    if side not in {1, -1}:
        raise DomainError(f"want a side of 1 or -1; got {side}")
    if p in {0, 1}:
        return p
    odds = log(p / (1 - p)) + side * log((1 + mu) / (1 - mu))
    return 1.0 / (1.0 + exp(-odds))
