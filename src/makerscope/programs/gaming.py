"""What accounts gain by splitting, merging, taking turns or acting together, on a tape as it happened, by any program.

Evidence is told again with other account names and scored by the same rule. Nothing else about it changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as with_changes
from fractions import Fraction
from typing import Any

import polars as pl
from msgspec.structs import replace

from makerscope.errors import InputError
from makerscope.programs.evidence import Evidence
from makerscope.programs.program import Program
from makerscope.programs.scores import Scores
from makerscope.programs.scoring import score_evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """Points before and after a change; ``ratio`` is what the change multiplies them by, None where there were none."""

    before: int
    after: int

    @property
    def ratio(self) -> Fraction | None:
        """After by before, exactly."""
        return Fraction(self.after, self.before) if self.before else None


def split_gain(ev: Evidence, program: Program, maker: str, *, parts: int = 2) -> Gain:
    """What a maker gains by showing each order from ``parts`` accounts, each an equal part of its size."""
    before = score_evidence(ev, program)
    after = score_evidence(split_equally(ev, maker, parts), program)
    return change(before, after, [maker], [f"{maker}/{k}" for k in range(parts)])


def merge_gain(ev: Evidence, program: Program, makers: Sequence[str]) -> Gain:
    """What makers gain by quoting from one account."""
    before = score_evidence(ev, program)
    return change(before, score_evidence(merged(ev, makers, makers[0]), program), makers, makers[:1])


def turns_gain(ev: Evidence, program: Program, maker: str, *, accounts: int, every: int) -> Gain:
    """What a maker gains by going on to the next of its accounts every ``every`` ns."""
    before = score_evidence(ev, program)
    after = score_evidence(in_turns(ev, maker, accounts, every), program)
    return change(before, after, [maker], [f"{maker}/{k}" for k in range(accounts)])


def change(before: Scores, after: Scores, then: Sequence[str], now: Sequence[str] | None = None) -> Gain:
    """Points of some makers before and after: of one tape under two tellings, or of two tapes (collusion gain).

    Args:
        before: scores.
        after: scores.
        then: the makers' names before.
        now: their names after, default the same.
    """
    first, last = before.points(), after.points()
    return Gain(
        before=sum(first.get(name, 0) for name in then),
        after=sum(last.get(name, 0) for name in (then if now is None else now)),
    )


def without(program: Program, part: str) -> Program:
    """The same program without one part of its groups, to see what that part does.

    Args:
        program: a rule.
        part: ``stress``, ``fade``, ``asked``, ``fills``, ``target`` (and what a look does not pay is dealt out, not
            kept), or ``two_sided`` (both sides are added up).

    Raises:
        InputError: there is no such part.

    Examples:
        >>> from makerscope.programs.program_file import find_program
        >>> without(find_program("makerscope_perp"), "fade").group[0].fade is None
        True
    """
    if part in ("stress", "fade", "asked", "fills"):
        change: dict[str, Any] = {part: None}
    elif part == "target":
        change = {"target": None, "leftover": "share"}
    elif part == "two_sided":
        groups = [
            replace(item, measure=tuple(replace(m, reducer="sum") for m in item.measure)) for item in program.group
        ]
        return replace(program, group=tuple(groups))
    else:
        raise InputError("part", f"is {part!r}", "stress, fade, asked, fills, target or two_sided")
    return replace(program, group=tuple(replace(item, **change) for item in program.group))


def merged(ev: Evidence, makers: Sequence[str], into: str) -> Evidence:
    """The same evidence, with the orders and fills of several makers under one name."""
    names = dict.fromkeys(makers, into)
    return _retold(ev, {key: _renamed(rows, names) for key, rows in ev.lives.items()}, _renamed(ev.view.fills, names))


def split_equally(ev: Evidence, maker: str, parts: int) -> Evidence:
    """The same evidence, with each order and fill of a maker shown by ``parts`` accounts; odd lots go to the first."""
    _check(ev, maker, parts)
    return _retold(
        ev, {key: _split(rows, maker, parts) for key, rows in ev.lives.items()}, _split(ev.view.fills, maker, parts)
    )


def split_by_side(ev: Evidence, maker: str) -> Evidence:
    """The same evidence, with a maker's bids in account ``/0`` and its asks in ``/1``."""
    _check(ev, maker, 2)
    name = pl.when(pl.col("side") > 0).then(pl.lit(f"{maker}/0")).otherwise(pl.lit(f"{maker}/1"))
    return _retold(
        ev,
        {key: _named(rows, maker, name) for key, rows in ev.lives.items()},
        _named(ev.view.fills, maker, name),
    )


def in_turns(ev: Evidence, maker: str, accounts: int, every: int) -> Evidence:
    """The same evidence, with a maker's orders in one account after the other, each for ``every`` ns."""
    _check(ev, maker, accounts)
    if every < 1:
        raise InputError("every", f"is {every}", "a positive number of ns")
    turn = (pl.col("time") - ev.since) // every % accounts
    name = pl.format("{}/{}", pl.lit(maker), turn)
    lives = {key: _cut(rows, maker, accounts, every, ev.since) for key, rows in ev.lives.items()}
    return _retold(ev, lives, _named(ev.view.fills, maker, name))


def _check(ev: Evidence, maker: str, parts: int) -> None:
    if maker not in ev.makers:
        raise InputError(f"maker {maker!r}", "has no orders here", "one of " + ", ".join(ev.makers[:8]))
    if parts < 1:
        raise InputError("parts", f"is {parts}", "at least 1")


def _retold(ev: Evidence, lives: Mapping[str, pl.DataFrame], fills: pl.DataFrame) -> Evidence:
    return with_changes(ev, lives=dict(lives), view=with_changes(ev.view, fills=fills))


def _renamed(rows: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    return rows.with_columns(pl.col("maker").replace(dict(names)))


def _named(rows: pl.DataFrame, maker: str, name: pl.Expr) -> pl.DataFrame:
    return rows.with_columns(maker=pl.when(pl.col("maker") == maker).then(name).otherwise("maker"))


def _split(rows: pl.DataFrame, maker: str, parts: int) -> pl.DataFrame:
    own = rows.filter(pl.col("maker") == maker)
    size = pl.col("size")
    pieces = [
        own.with_columns(
            maker=pl.lit(f"{maker}/{k}"),
            size=(size // parts + (size % parts > k).cast(pl.Int64)).cast(rows["size"].dtype),
        )
        for k in range(parts)
    ]
    others = rows.filter(pl.col("maker").ne_missing(maker))
    return _in_time(pl.concat([others, *pieces]).filter(pl.col("size") > 0))


def _cut(rows: pl.DataFrame, maker: str, accounts: int, every: int, since: int) -> pl.DataFrame:
    own = rows.filter(pl.col("maker") == maker)
    first, last = (pl.col("start") - since) // every, (pl.col("end") - 1 - since) // every
    pieces = own.with_columns(turn=pl.int_ranges(first, last + 1)).explode("turn")
    begin = since + pl.col("turn") * every
    pieces = pieces.with_columns(
        start=pl.max_horizontal("start", begin),
        end=pl.min_horizontal("end", begin + every),
        maker=pl.format("{}/{}", pl.lit(maker), pl.col("turn") % accounts),
    ).select(rows.columns)
    return _in_time(pl.concat([rows.filter(pl.col("maker") != maker), pieces]))


def _in_time(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sort("time" if "time" in rows.columns else "start", maintain_order=True)
