"""Accounts that got their money from the same place, as far as a tape's ``transfers`` say so.

A tape names no sender of a deposit. But where one account's withdrawal and another's deposit are the same amount of the
same token, within a short time, and neither has a second candidate, the money went from the one to the other. Accounts
joined by such moves are one group, unless the funder paid so many accounts that it must be an exchange or a bridge.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict

import polars as pl

from makerscope.errors import SchemaError

_MANY = 64  # moves of one amount within the window
_NEED = ("time", "account", "kind", "amount", "token")


def funded(transfers: pl.DataFrame, *, window: int) -> list[tuple[str, str]]:
    """Who paid whom: pairs (funder, account) in order of name.

    Args:
        transfers: table ``transfers`` with ``time`` (ns); only kinds ``withdrawal`` and ``deposit`` count.
        window: ns that may pass from the withdrawal to the deposit.

    Examples:
        >>> rows = pl.DataFrame({"time": [0, 5, 6], "account": ["a", "b", "c"],
        ...     "kind": ["withdrawal", "deposit", "deposit"], "amount": [-100, 100, 70], "token": "USDC"})
        >>> funded(rows, window=10)
        [('a', 'b')]
    """
    absent = tuple(name for name in _NEED if name not in transfers.columns)
    if absent:
        raise SchemaError("transfers", missing=absent)
    moves = transfers.select(_NEED).filter(pl.col("kind").is_in(["withdrawal", "deposit"]), pl.col("amount") != 0)
    pairs: set[tuple[str, str]] = set()
    alike = moves.with_columns(size=pl.col("amount").abs()).sort("time", "account", "amount")
    for part in alike.partition_by("token", "size", maintain_order=True):
        pairs |= _only_matches(list(part.select("time", "account", "amount").iter_rows()), window)
    return sorted(pairs)


def groups(pairs: list[tuple[str, str]], *, most_funded: int) -> dict[str, str]:
    """Each account's group, named by its first member.

    Args:
        pairs: (funder, account).
        most_funded: a funder of more accounts than this joins nobody.

    Examples:
        >>> groups([("a", "b"), ("a", "c"), ("x", "y")], most_funded=2)
        {'a': 'a', 'b': 'a', 'c': 'a', 'x': 'x', 'y': 'x'}
    """
    paid: dict[str, set[str]] = defaultdict(set)
    for funder, account in pairs:
        paid[funder].add(account)
    first: dict[str, str] = {}

    def root(name: str) -> str:
        while first.setdefault(name, name) != name:
            name = first[name]
        return name

    for funder, accounts in sorted(paid.items()):
        for account in sorted(accounts) if len(accounts) <= most_funded else ():
            low, high = sorted((root(funder), root(account)))
            first[high] = low
    return {name: root(name) for name in sorted(first)}


def _only_matches(moves: list[tuple[int, str, int]], window: int) -> set[tuple[str, str]]:
    """Withdrawals and deposits of one amount that have each other and nobody else."""
    out, into = ([(time, who) for time, who, amount in moves if sign * amount > 0] for sign in (-1, 1))
    source_of = [_only(out, (time - window, time), who) for time, who in into]
    place_of = [_only(into, (time, time + window), who) for time, who in out]
    return {
        (out[source][1], who)
        for place, (source, (_, who)) in enumerate(zip(source_of, into, strict=True))
        if source is not None and place_of[source] == place
    }


def _only(moves: list[tuple[int, str]], span: tuple[int, int], who: str) -> int | None:
    """The one move of another account inside a span of time; None if there is none, or more than one."""
    low = bisect_left(moves, span[0], key=_time)
    high = bisect_right(moves, span[1], key=_time)
    if high - low > _MANY:  # so common an amount names nobody
        return None
    found = [place for place in range(low, high) if moves[place][1] != who]
    return found[0] if len(found) == 1 else None


def _time(move: tuple[int, str]) -> int:
    return move[0]
