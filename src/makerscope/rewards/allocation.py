"""Scores to amounts: a budget shared in whole base units, with a cap and a least payout, and never a unit too much.

The rule. The pool is the budget of the epoch, what was carried in included, less what nobody earned. Accounts that are
excluded, or whose score is 0, get nothing. The quota of an account is ``pool * score / sum of scores``, an exact
fraction.

* Cap. With ``above_cap = "share"`` the capped get the cap and the others share what is left by their scores, again and
  again until nobody is above it (water-filling: there is one level at which the pool is full, and it is found exactly).
  With ``"carry"`` what is above the cap is not paid.
* Floor. An account whose quota is below ``floor`` gets nothing. With ``below_floor = "carry"`` its quota is not paid
  (Polymarket: below $1 nothing is sent). With ``"share"`` the lowest score leaves and all quotas are worked out again,
  until the lowest of those who stay is at the floor (Merkl's dropped users); equal scores leave together.
* Rounding. Quotas are cut to whole base units; the units left over go one each to the largest fractions (largest
  remainder, Hamilton), ties to the lower address.

So nothing depends on the order of the input, no amount is below the floor or above the cap, a higher score never gets
less, and ``budget = sum of amounts + remainder``, where the remainder is carried to the next epoch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, get_args

from makerscope.errors import AccountingError, InputError

MOST = 2**256 - 1  # what a contract can hold
Fate = Literal["share", "carry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How scores become amounts.

    Args:
        budget: base units that the epoch may pay, what was carried in included; above 0.
        unearned: of the budget, what the program says that nobody earned; it is carried, whatever the scores.
        cap: the most base units of one account.
        cap_share: the most of the budget for one account, above 0 and at most 1. With both caps the lower one holds.
        floor: the least base units that are paid at all; 0 is no floor.
        above_cap: what becomes of what is above the cap: ``share`` it among the others, or ``carry`` it.
        below_floor: the same for what is below the floor.

    Raises:
        InputError: a value is out of range, or the cap is below the floor.
    """

    budget: int
    unearned: int = 0
    cap: int | None = None
    cap_share: Fraction | None = None
    floor: int = 0
    above_cap: Fate = "share"
    below_floor: Fate = "carry"

    def __post_init__(self) -> None:
        if not 1 <= self.budget <= MOST:
            raise InputError("budget", f"is {self.budget}", "1 or more base units, below 2^256")
        if not 0 <= self.unearned <= self.budget:
            raise InputError("unearned", f"is {self.unearned}", f"0 to the budget of {self.budget}")
        if self.cap is not None and not 1 <= self.cap <= MOST:
            raise InputError("cap", f"is {self.cap}", "1 or more base units, below 2^256")
        if self.cap_share is not None and not 0 < self.cap_share <= 1:
            raise InputError("cap_share", f"is {self.cap_share}", "above 0 and at most 1")
        if not 0 <= self.floor <= MOST:
            raise InputError("floor", f"is {self.floor}", "0 or more base units, below 2^256")
        for name, fate in (("above_cap", self.above_cap), ("below_floor", self.below_floor)):
            if fate not in get_args(Fate):
                raise InputError(name, f"is {fate!r}", " or ".join(get_args(Fate)))
        if self.most < max(self.floor, 1):
            raise InputError("cap", f"comes to {self.most} base units, below the floor of {self.floor}", "cap >= floor")

    @property
    def most(self) -> int:
        """The most base units of one account: the lower of the two caps, else the budget."""
        caps = [self.budget]
        if self.cap is not None:
            caps.append(self.cap)
        if self.cap_share is not None:
            caps.append(self.budget * self.cap_share.numerator // self.cap_share.denominator)
        return min(caps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """Who gets what. ``amounts``: base units above 0, in order of address; ``remainder``: what is carried on.

    ``capped`` reached the cap, ``dropped`` were below the floor, ``excluded`` had a score and no right to be paid.
    ``reason`` says in words why there is a remainder; empty where there is none.
    """

    amounts: dict[str, int]
    remainder: int
    reason: str
    capped: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Level:
    """Where the water stands: the first ``full`` of the ranked have the cap, the others ``pool / weight`` a point."""

    full: int
    pool: int
    weight: int


@dataclass(slots=True)
class _Shared:
    amounts: dict[str, int] = field(default_factory=dict)
    capped: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)


def allocate(scores: Mapping[str, int], policy: Policy, *, excluded: frozenset[str] = frozenset()) -> Allocation:
    """Share a budget by scores.

    Args:
        scores: of every account that was scored, 0 or more. Accounts compare as lower-case text, which for addresses is
            their order as numbers.
        policy: budget, caps and floor.
        excluded: accounts that get nothing, whatever their score; the others share what would have been theirs.

    Returns:
        Amounts that add up to at most the budget, and the remainder. All scores 0, or all excluded: no amounts, the
        whole budget is the remainder.

    Raises:
        InputError: nobody was scored, a score is negative, or two accounts differ only in case.
        AccountingError: amounts and remainder do not add up to the budget (a defect of this function).

    Source:
        The issue's rule: largest remainder, ties by address, sum at most the budget, remainder carried.

    Examples:
        >>> allocate({"0xb": 1, "0xa": 1, "0xc": 1}, Policy(budget=100)).amounts
        {'0xa': 34, '0xb': 33, '0xc': 33}
        >>> out = allocate({"0xa": 90, "0xb": 9, "0xc": 1}, Policy(budget=100, cap=50, floor=10))
        >>> out.amounts, out.remainder, out.dropped
        ({'0xa': 50, '0xb': 45}, 5, ('0xc',))
    """
    _check(scores)
    out = sorted((account for account in excluded if scores.get(account, 0) > 0), key=str.lower)
    entitled = [account for account, score in scores.items() if score > 0 and account not in excluded]
    ranked = sorted(entitled, key=lambda account: (-scores[account], account.lower()))
    points = [scores[account] for account in ranked]
    shared = _share(ranked, points, policy)
    amounts = {account: shared.amounts[account] for account in sorted(shared.amounts, key=str.lower)}
    remainder = policy.budget - sum(amounts.values())
    if remainder < 0 or any(not max(policy.floor, 1) <= amount <= policy.most for amount in amounts.values()):
        raise AccountingError(f"allocation: amounts come to {sum(amounts.values())} of {policy.budget}")
    return Allocation(
        amounts=amounts,
        remainder=remainder,
        reason=_reason(scores, entitled, shared, remainder, policy),
        capped=tuple(sorted(shared.capped, key=str.lower)),
        dropped=tuple(sorted(shared.dropped, key=str.lower)),
        excluded=tuple(out),
    )


def _check(scores: Mapping[str, int]) -> None:
    if not scores:
        raise InputError("scores", "no maker was scored", "at least one account")
    bad = next((account for account, score in scores.items() if score < 0), None)
    if bad is not None:
        raise InputError(f"score of {bad}", f"is {scores[bad]}", "0 or more")
    seen: dict[str, str] = {}
    for account in scores:
        other = seen.setdefault(account.lower(), account)
        if other != account:
            raise InputError(f"account {account}", f"is there as {other} too", "each account once")


def _share(ranked: list[str], points: list[int], policy: Policy) -> _Shared:
    """Amounts of accounts in falling order of points."""
    shared = _Shared()
    stay = len(ranked)
    if policy.below_floor == "share":
        stay = _stayers(points, policy)
        shared.dropped = ranked[stay:]
    if not stay:
        return shared
    level = _level(points[:stay], policy)
    amounts = _rounded(ranked[:stay], points[:stay], level, policy.most)
    for place, account in enumerate(ranked[:stay]):
        if place >= level.full and points[place] * level.pool < policy.floor * level.weight:
            shared.dropped.append(account)
            continue
        amount = min(amounts[account], policy.most)
        if place < level.full or amounts[account] > amount:
            shared.capped.append(account)
        if amount > 0:
            shared.amounts[account] = amount
    return shared


def _level(points: list[int], policy: Policy) -> _Level:
    """The level at which the pool is full: who is at the cap is a prefix of the ranking."""
    pool, weight, full = policy.budget - policy.unearned, sum(points), 0
    if policy.above_cap == "share":
        while full < len(points) and points[full] * pool >= policy.most * weight:
            pool -= policy.most
            weight -= points[full]
            full += 1
    return _Level(full, pool if weight else 0, max(weight, 1))


def _stayers(points: list[int], policy: Policy) -> int:
    """How many of the highest scores stay so that the lowest of them is at the floor; equal scores stay or leave.

    The fewer stay, the higher the level: so the most that may stay are found by halving.
    """
    ends = [place for place in range(1, len(points) + 1) if place == len(points) or points[place - 1] > points[place]]
    low, high = 0, len(ends)  # the first ``low`` ends may stay, the first ``high + 1`` may not
    while low < high:
        middle = (low + high + 1) // 2
        stay = ends[middle - 1]
        level = _level(points[:stay], policy)
        if stay <= level.full or points[stay - 1] * level.pool >= policy.floor * level.weight:
            low = middle
        else:
            high = middle - 1
    return ends[low - 1] if low else 0


def _rounded(ranked: list[str], points: list[int], level: _Level, most: int) -> dict[str, int]:
    """Whole units: quotas cut, the units left over to the largest fractions, ties to the lower address."""
    amounts = dict.fromkeys(ranked[: level.full], most)
    rest: list[tuple[int, str, str]] = []
    left = level.pool
    for account, point in zip(ranked[level.full :], points[level.full :], strict=True):
        whole, fraction = divmod(point * level.pool, level.weight)
        amounts[account] = whole
        left -= whole
        rest.append((-fraction, account.lower(), account))
    for _, _, account in sorted(rest)[:left]:
        amounts[account] += 1
    return amounts


def _reason(scores: Mapping[str, int], entitled: list[str], shared: _Shared, remainder: int, policy: Policy) -> str:
    if not remainder:
        return ""
    if not any(scores.values()):
        return "every score is 0: nobody met the rule, the whole budget is carried on"
    if not entitled:
        return "every account with a score is excluded: the whole budget is carried on"
    if policy.unearned == policy.budget:
        return "the program left the whole pool unearned: the whole budget is carried on"
    if not shared.amounts:
        return f"nobody reaches the floor of {policy.floor}: the whole budget is carried on"
    parts = ["the program left a part of the pool unearned"] if policy.unearned else []
    parts += [
        f"{len(accounts)} {what}"
        for accounts, what in ((shared.dropped, "below the floor"), (shared.capped, "at the cap"))
        if accounts
    ]
    return ", ".join(parts) or "amounts of less than one base unit"
