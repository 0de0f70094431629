"""The parts of a bundle from what was scored and screened: rows of text, points, amounts, the tree of claims."""

from collections.abc import Mapping, Sequence

import msgspec

from makerscope.errors import AccountingError, InputError
from makerscope.programs.program import Program, canonical, program_hash
from makerscope.programs.scores import POOL, Scores
from makerscope.rewards.accounts import addresses_of
from makerscope.rewards.allocation import Allocation, Policy, allocate
from makerscope.rewards.bundle import Amount, CaseRow, Exclusion, MarketRow, ProgramPart, ScoreRow, ScreensPart, State
from makerscope.rewards.merkle import MerkleTree, claims_tree
from makerscope.rewards.screens import Screening

ROUNDING = 10**6  # points of 1e18: less than this unearned is the rounding of points, and is paid out


def score_rows(scores: Scores, addresses: Mapping[str, str]) -> tuple[ScoreRow, ...]:
    """Standings as they stand in a bundle, by maker, market and group.

    Raises:
        InputError: two makers have one address, or a name begins as an address and is none.
    """
    known = addresses_of((item.maker for item in scores.standings), addresses)
    rows = sorted(scores.standings, key=lambda item: (item.maker, item.market, item.group))
    return tuple(
        ScoreRow(
            account=known.get(item.maker),
            maker=item.maker,
            market=item.market,
            group=item.group,
            component={name: str(value) for name, value in item.component.items()},
            score=str(item.score),
            points=str(item.points),
            refused=item.refused,
        )
        for item in rows
    )


def exclusions_of(rows: Sequence[ScoreRow], listed: Mapping[str, str], screening: Screening) -> tuple[Exclusion, ...]:
    """Who is not paid and why, by maker: the list first, where the screens say so too.

    A listed name that was not scored stays, without an account.
    """
    account = {row.maker: row.account for row in rows}
    maker_of = {address: maker for maker, address in account.items() if address is not None}
    out: dict[str, Exclusion] = {}
    for name, reason in listed.items():
        maker = maker_of.get(name, name)
        out[maker] = Exclusion(maker=maker, account=account.get(maker), reason=reason, by="list")
    for maker, reason in screening.excluded_accounts().items():
        if maker in account and maker not in out:
            out[maker] = Exclusion(maker=maker, account=account[maker], reason=reason, by="screen")
    return tuple(out[maker] for maker in sorted(out))


def points_of(rows: Sequence[ScoreRow]) -> dict[str, int]:
    """Points of each maker over all markets."""
    out: dict[str, int] = {}
    for row in rows:
        out[row.maker] = out.get(row.maker, 0) + int(row.points)
    return out


def unearned_of(rows: Sequence[ScoreRow], budget: int) -> int:
    """Base units that no maker earned by the program: the budget's part of the points that nobody has.

    Raises:
        AccountingError: the makers have more points than there are.
    """
    left = POOL - sum(points_of(rows).values())
    if left < 0:
        raise AccountingError(f"scores: makers have {-left} points more than the {POOL} of the program")
    return 0 if left < ROUNDING or left == POOL else budget * left // POOL


def share(rows: Sequence[ScoreRow], exclusions: Sequence[Exclusion], policy: Policy) -> Allocation:
    """Amounts by address.

    Raises:
        InputError: a maker that would be paid has no address.
    """
    points = points_of(rows)
    account = {row.maker: row.account for row in rows}
    out = {item.maker for item in exclusions if item.maker in account}
    nameless = next((name for name, own in points.items() if own and account[name] is None and name not in out), None)
    if nameless is not None:
        raise InputError(
            f"maker {nameless!r}", f"has {points[nameless]} points and no address", "a line in --addresses or --exclude"
        )
    scores = {account[name] or f"name {name}": own for name, own in points.items()}
    return allocate(scores, policy, excluded=frozenset(account[name] or f"name {name}" for name in out))


def tree_of(amounts: Mapping[str, int]) -> MerkleTree | None:
    """The tree of claims; None where nobody is paid."""
    return claims_tree(amounts.items()) if amounts else None


def amount_rows(amounts: Mapping[str, int]) -> tuple[Amount, ...]:
    """Amounts as they stand in a bundle, by address."""
    return tuple(Amount(account=account, amount=str(amount)) for account, amount in amounts.items())


def program_part(program: Program) -> ProgramPart:
    """The whole program as it stands in a bundle."""
    rule = msgspec.json.decode(canonical(program))
    return ProgramPart(name=program.name, version=program.version, hash=program_hash(program), rule=rule)


def market_rows(scores: Scores) -> tuple[MarketRow, ...]:
    """Markets as they stand in a bundle, in the order of the program."""
    return tuple(
        MarketRow(
            market=item.market,
            group=item.group,
            pool=str(item.pool),
            left=str(item.left),
            looked=str(item.looked),
            blind=str(item.blind),
            stressed=str(item.stressed),
            reference=item.reference,
        )
        for item in scores.markets
    )


def case_rows(scores: Scores) -> tuple[CaseRow, ...]:
    """Cases of clauses on the pool as they stand in a bundle."""
    return tuple(
        CaseRow(
            clause=item.clause,
            market=item.market,
            start=str(item.start),
            end=str(item.end),
            restored=item.restored,
            change=str(item.change),
            unit=item.unit,
        )
        for item in scores.cases
    )


def clause_change(cases: Sequence[CaseRow], decimals: int) -> int:
    """By how many base units clauses change the budget: their sum in tokens, rounded down."""
    return sum(int(item.change) for item in cases) * 10**decimals // 1_000_000


def screens_part(screening: Screening) -> ScreensPart:
    """Screens as they stand in a bundle."""
    return ScreensPart(
        rule=screening.rule,
        flags=screening.flags,
        findings=screening.findings,
        excluded_pairs=screening.excluded_pairs(),
    )


def state_part(scores: Scores) -> State:
    """What the next epoch must know, as it stands in a bundle."""
    return {
        group: {
            kind: {name: tuple(str(item) for item in items) for name, items in rows.items()}
            for kind, rows in kinds.items()
        }
        for group, kinds in scores.state.items()
    }
