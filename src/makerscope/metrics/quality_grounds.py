"""What a check of data quality looks at, and how it grades what it sees."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import msgspec
import polars as pl

from makerscope.metrics.census import Census
from makerscope.tape.read import Tape

Outcome = Literal["ok", "warn", "fail"]
FEWEST = 50  # trades or quotes of an instrument below which a share says nothing


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check.

    Args:
        name: short and stable.
        outcome: ``ok``, ``warn`` or ``fail``.
        text: a sentence with the fact.
        value: the worst number seen, in the unit the sentence says; None where there is none.
        limit: the limit it crossed, or the nearest one it kept.
        instruments: those that crossed it; none where the tape as a whole did.
    """

    name: str
    outcome: Outcome
    text: str
    value: float | None = None
    limit: float | None = None
    instruments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What the checks look at. ``far`` is None on a tape without trades; ``worth`` weighs instruments."""

    tape: Tape
    census: dict[str, Census]
    books: pl.DataFrame
    broken_books: tuple[str, ...]
    far: pl.DataFrame | None
    worth: dict[str, float]

    def counts(self, table: str) -> pl.DataFrame | None:
        """Counts by instrument of a table, or None where the tape lacks it."""
        return self.census[table].counts if table in self.census else None


def graded(
    name: str, shares: pl.DataFrame, warn: float, fail: float | None, what: str, *, inclusive: bool = False
) -> Check:
    """A check of ``instrument, share`` against limits. An instrument without a name stands for the whole tape."""
    worst = float(shares["share"].max() or 0.0) if shares.height else 0.0  # pyright: ignore[reportArgumentType]
    for outcome, limit in (("fail", fail), ("warn", warn)):
        if limit is None:
            continue
        above = pl.col("share") >= limit if inclusive and outcome == "fail" else pl.col("share") > limit
        bad = shares.filter(above).sort("share", descending=True)
        if bad.height:
            names = tuple(text for text in bad["instrument"].to_list() if text)
            place = f"{names_of(names)}: " if names else ""
            up_to = "up to " if len(names) > 1 else ""
            return Check(
                name=name,
                outcome=outcome,  # pyright: ignore[reportArgumentType]
                text=f"{place}{up_to}{percent(worst)} {what}",
                value=worst,
                limit=limit,
                instruments=names,
            )
    return Check(name=name, outcome="ok", text=f"at most {percent(worst)} {what}", value=worst, limit=warn)


def percent(share: float) -> str:
    """A share in words: two decimals where it is below one percent.

    Examples:
        >>> percent(0.5), percent(0.001)
        ('50.0%', '0.10%')
    """
    return f"{share:.2%}" if share < 0.01 else f"{share:.1%}"


def names_of(names: Iterable[str]) -> str:
    """The first four names and how many more there are.

    Examples:
        >>> names_of("abcdef")
        'a, b, c, d and 2 more'
    """
    listed = list(names)
    more = f" and {len(listed) - 4} more" if len(listed) > 4 else ""
    return ", ".join(listed[:4]) + more
