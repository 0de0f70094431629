"""What would have raised a maker's score: the program scored again with its orders changed and all else as it was."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import polars as pl

from makerscope.errors import InputError
from makerscope.programs.components import Market
from makerscope.programs.gates import parties_of
from makerscope.programs.own_quotes import Scene
from makerscope.programs.scoring import Measured, State, measured, scores_of
from makerscope.programs.what_if import CHANGES, Changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """One change of a maker's orders. ``points``: how many more the maker gets, of ``POOL``; None: it is no change.

    ``change`` is a key of ``what_if.CHANGES``, ``title`` its words, ``why`` says why there was nothing to change.
    """

    change: str
    title: str
    points: int | None
    why: str = ""


def raised(
    found: Measured, maker: str, *, previous: State | None = None, progress: Callable[[float], None] | None = None
) -> tuple[Raised, ...]:
    """Every change and what it would have brought, the best first; what was no change last.

    Args:
        found: components of every market, of ``scoring.measure``.
        maker: its name.
        previous: state of the epoch before, for rules that look back.
        progress: called with 1 after each change.

    Looks of a sampled rule fall on the same instants. Makers would answer each other, and the market a better quote
    with other fills; neither is in here.

    Raises:
        InputError: the maker has no orders in the program's markets.
    """
    there = makers_of(found)
    if maker not in there:
        some = f"one of {', '.join(sorted(there)[:8])}"
        raise InputError(f"--maker {maker}", "has no orders in the program's markets", some)
    before = scores_of(found, previous=previous).points().get(maker, 0)
    out: list[Raised] = []
    for key, change in CHANGES.items():
        other = changed(found, maker, change.orders)
        if isinstance(other, str):
            out.append(Raised(change=key, title=change.title, points=None, why=other))
        else:
            after = scores_of(other, previous=previous).points().get(maker, 0)
            out.append(Raised(change=key, title=change.title, points=after - before))
        if progress:
            progress(1)
    return tuple(sorted(out, key=lambda item: (item.points is None, -(item.points or 0))))


def makers_of(found: Measured) -> set[str]:
    """Everybody with orders at rest in the program's markets."""
    names = [market.instrument.instrument for market in found.in_order()]
    return {maker for name in names for maker in found.ev.lives[name]["maker"].unique().to_list()}


def changed(found: Measured, maker: str, change: Callable[[Scene], Changed]) -> Measured | str:
    """The components of all markets where one maker's orders were changed, or why there is nothing to change."""
    markets: dict[str, list[Market]] = {}
    ev, why, any_changed = found.ev, "", False
    parties = parties_of(found.program, [maker])
    for group in found.program.group:
        for market in found.markets.get(group.name, ()):
            name = market.instrument.instrument
            lives = ev.lives[name]
            own = lives.filter(pl.col("maker") == maker)
            other = market
            if own.height:
                scene = Scene(group=group, market=market, maker=maker, rows=own, ev=ev, parties=parties)
                rows = change(scene)
                if isinstance(rows, str):
                    why = rows
                else:
                    any_changed = True
                    rest = lives.filter(pl.col("maker") != maker)
                    with_it = ev.with_lives({**ev.lives, name: pl.concat([rest, rows])})
                    other = measured(with_it, found.program, group, market.instrument, found.seed)
            markets.setdefault(group.name, []).append(other)
    return replace(found, markets=markets) if any_changed else why
