"""Who is scored at all, by shares of maker volume over all markets of a program and by who takes part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase

import polars as pl

from makerscope.errors import InputError
from makerscope.programs.components import DAY, Parties, traded
from makerscope.programs.evidence import Evidence
from makerscope.programs.program import Gates, Group, Program
from makerscope.programs.sample_rule import UNIT
from makerscope.programs.units import micro, pico, value_factor
from makerscope.tape.events import Instrument


@dataclass(frozen=True, slots=True, kw_only=True)
class Volumes:
    """Maker volume, millionths of quote currency, of each maker: in the epoch, and in each day (UTC) of it."""

    total: list[int]
    days: list[list[int]]


def parties_of(program: Program, makers: Sequence[str]) -> Parties:
    """Who takes part, and each maker's stake."""
    named = [not program.makers or any(fnmatchcase(name, pattern) for pattern in program.makers) for name in makers]
    other = program.stakes.get("*", Decimal(0))
    return Parties(enrolled=named, stake=[micro(program.stakes.get(name, other)) for name in makers])


def volumes_of(ev: Evidence, group: Group, instruments: Sequence[Instrument]) -> Volumes:
    """Maker volumes over a group's markets, of fills that its formula counts."""
    first, last = ev.since // DAY, (ev.until - 1) // DAY
    total = dict.fromkeys(ev.makers, 0)
    days = [dict.fromkeys(ev.makers, 0) for _ in range(first, last + 1)]
    for item in instruments:
        name = item.instrument
        num, den, _ = value_factor("notional", item)
        rows = traded(ev.fills_of(name), item, ev.lives[name], group.formula, f"{name}, group {group.name!r}")
        sums = rows.group_by("maker", day=pl.col("time") // DAY).agg(pl.col("amount").sum())
        own: dict[str, int] = {}
        for maker, day, amount in sums.iter_rows():
            own[maker] = own.get(maker, 0) + int(amount)
            days[day - first][maker] += int(amount) * num // den
        for maker, amount in own.items():
            total[maker] += amount * num // den
    return Volumes(total=list(total.values()), days=[list(day.values()) for day in days])


def refusals(
    gates: Gates, makers: Sequence[str], volumes: Sequence[Volumes], previous: Mapping[str, int] | None, where: str
) -> list[str]:
    """Why each maker is not scored for want of volume, or empty texts.

    Args:
        gates: of one group.
        makers: names.
        volumes: of every group of the program.
        previous: maker volumes of the epoch before, None where there is none.
        where: for errors.

    Raises:
        InputError: the epoch before is judged and not given.
    """
    least = gates.min_maker_share
    if least is None:
        return [""] * len(makers)
    if gates.judged == "days":
        days = [_added([item.days[k] for item in volumes]) for k in range(len(volumes[0].days))]
        reached = [_in_a_row([_reaches(day[k], sum(day), pico(least)) for day in days]) for k in range(len(makers))]
        why = f"maker share below {least} on {gates.days} days in a row"
        return ["" if run >= gates.days else why for run in reached]
    judged = dict(zip(makers, _added([item.total for item in volumes]), strict=True))
    if gates.judged == "previous":
        if previous is None:
            raise InputError(
                where,
                "judges maker volume of the previous epoch, which is not given",
                "--previous with that epoch's bundle, or a program that judges this epoch",
            )
        judged = {**dict.fromkeys(makers, 0), **previous}
    whole = sum(judged.values())
    why = f"maker share below {least} in {gates.judged} epoch" if whole else "nobody traded"
    return ["" if _reaches(judged[name], whole, pico(least)) else why for name in makers]


def _reaches(own: int, whole: int, least: int) -> bool:
    return whole > 0 and own * UNIT >= least * whole


def _in_a_row(held: Sequence[bool]) -> int:
    longest = run = 0
    for each in held:
        run = run + 1 if each else 0
        longest = max(longest, run)
    return longest


def _added(columns: Sequence[Sequence[int]]) -> list[int]:
    return [sum(values) for values in zip(*columns, strict=True)]
