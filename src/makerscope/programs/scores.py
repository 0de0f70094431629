"""What scoring a tape gives: components, score and points by maker and market, and what the next epoch must know."""

from dataclasses import dataclass, field

import polars as pl

POOL = 10**18  # points of the whole program in one epoch


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One maker in one market.

    ``component``: whole numbers by name. ``score``: after exponents, factors and gates, any unit; ``points``: its part
    of the program's pool, of ``POOL``. ``refused``: why a gate let nothing through, else empty. ``error``: standard
    error of ``points`` from sampling, as a fraction of ``POOL``; 0 where nothing was sampled, None where unknown.
    """

    maker: str
    market: str
    group: str
    component: dict[str, int]
    score: int
    points: int
    refused: str = ""
    error: float | None = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One market: its part of the pool, what was looked at, and what nobody earned (points that are carried).

    ``looked``, ``blind``: weight of time with and without a reference (looks, or ns). ``stressed``: of it in stress.
    """

    market: str
    group: str
    pool: int
    left: int
    looked: int
    blind: int
    stressed: int
    reference: str
    makers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One maker in one period of an obligation: ``present`` of ``looked`` (weight of time), and whether that is enough.

    With an obligation over a group's markets together ``market`` is empty, and the numbers are markets: those where the
    maker was there for long enough, of those that were looked at.
    """

    maker: str
    group: str
    market: str
    start: int
    present: int
    looked: int
    met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case of a clause on the pool: where and when it opened and closed (ns), and by how much the pool changes.

    ``change`` in millionths of ``unit``. ``restored`` is None, and the change 0, where the tape ends before.
    """

    clause: str
    market: str
    start: int
    end: int
    restored: bool | None
    change: int
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """A program's scores on a tape. Two machines that score one tape get the same integers.

    ``state`` is what the next epoch needs: earlier volumes, penalties and means by group and maker. ``duties``: how
    obligations were kept; ``cases``: of clauses that change the pool.
    """

    program: str
    program_hash: str
    tape_root: str
    since: int
    until: int
    seed: str | None
    standings: tuple[Standing, ...]
    markets: tuple[Scored, ...]
    findings: tuple[str, ...] = ()
    state: dict[str, dict[str, dict[str, list[int]]]] = field(default_factory=dict)
    duties: tuple[Duty, ...] = ()
    cases: tuple[Case, ...] = ()

    def points(self) -> dict[str, int]:
        """Points of each maker over all markets, most first, of equal ones by name."""
        out: dict[str, int] = {}
        for item in self.standings:
            out[item.maker] = out.get(item.maker, 0) + item.points
        return dict(sorted(out.items(), key=lambda item: (-item[1], item[0])))

    def frame(self) -> pl.DataFrame:
        """One row a maker and market; components and scores as exact decimal text."""
        names = sorted({name for item in self.standings for name in item.component})
        return pl.DataFrame(
            [
                {
                    "maker": item.maker,
                    "market": item.market,
                    "group": item.group,
                    **{name: str(item.component[name]) if name in item.component else None for name in names},
                    "score": str(item.score),
                    "points": item.points,
                    "refused": item.refused,
                    "error": item.error,
                }
                for item in self.standings
            ],
            schema={
                "maker": pl.String, "market": pl.String, "group": pl.String, **dict.fromkeys(names, pl.String),
                "score": pl.String, "points": pl.Int64, "refused": pl.String, "error": pl.Float64,
            },
        )  # fmt: skip
