"""Which of my parameters kills me first: each number of a maker a share up and down, alone, on the same seeds.

A number that is whole by nature (its value and its lower bound are) is moved by whole steps, at least one. A number
that is 0, or that a share would leave where it is, has nothing to move by a share and is left out, with the reason.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from makerscope.agents.kind import Kind
from makerscope.agents.registry import kind_of
from makerscope.agents.user_file import kind_in_file
from makerscope.errors import InputError
from makerscope.lab.outcome import Outcome
from makerscope.lab.statistics import Estimate, difference
from makerscope.lab.study import by_variant
from makerscope.lab.variants import Variant, played_by, seats_of
from makerscope.sim.scenario import AgentTable, Scenario

PLACES = frozenset({"market", "first", "last"})  # numbers that are places, not amounts
WIRES = ("capital_usd", "hedge_usd", "feed_ms", "lead_feed_ms", "send_ms", "lead_send_ms", "think_ms", "every_ms")
TOLD = ("survived", "drawdown_share", "pnl", "crisis_uptime")


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One number moved one way: from ``base`` to ``value``; ``against``: paired differences by measure."""

    value: float
    against: dict[str, Estimate] = {}


class Lever(msgspec.Struct, frozen=True, kw_only=True):
    """One number of the maker and what becomes of moving it. ``about``: its meaning."""

    name: str
    about: str
    base: float
    down: Change | None
    up: Change | None

    @property
    def moves(self) -> tuple[Change, ...]:
        """Both ways, as far as there are two."""
        return tuple(move for move in (self.down, self.up) if move is not None)


class Left(msgspec.Struct, frozen=True):
    """A number that could not be moved, and why."""

    name: str
    why: str


class Sensitivity(msgspec.Struct, frozen=True, kw_only=True):
    """All numbers, the most dangerous first."""

    maker: str
    by: float
    levers: tuple[Lever, ...]
    left: tuple[Left, ...]


def levers_of(scenario: Scenario, maker: Variant, by: float) -> tuple[list[Lever], list[Left]]:
    """Every number of the maker that can be moved, and those that cannot.

    Args:
        scenario: whose seats it takes.
        maker: the maker, of ``variants.maker_of``.
        by: share, above 0 and below 1.

    Raises:
        InputError: the seats hold makers of different kinds, so that there is no one list of numbers; or ``by`` is
            not a share.
    """
    if not 0 < by < 1:
        raise InputError("--by", f"is {by:g}", "a share such as 25%")
    seats = _seats(scenario, maker)
    kind = _kind(seats[0])
    found: list[tuple[str, str, set[float], list[Change | None]]] = []
    for name, number in kind.numbers.items():
        if name in PLACES:
            continue
        values = {float(item.numbers.get(name, number.default)) for item in seats}
        base = max(values)
        whole = base == int(base) and number.low == int(number.low)
        moved = _moved(base, by, (number.low, number.high), whole=whole)
        found.append((name, number.about, values, moved))
    for name in WIRES:
        values = {float(getattr(item, name)) for item in seats}
        found.append((name, "", values, _moved(max(values), by, (-1e7, 1e12), whole=False)))
    levers, left = [], []
    for name, about, values, moved in found:
        base = max(values)
        if len(values) > 1:
            left.append(Left(name, "differs from seat to seat"))
        elif base == 0 and name not in WIRES:
            left.append(Left(name, "is 0, of which a share is nothing"))
        elif base != 0 and moved == [None, None]:
            left.append(Left(name, f"is {base:g}; moved, it leaves its bounds"))
        elif base != 0:
            levers.append(Lever(name=name, about=about, base=base, down=moved[0], up=moved[1]))
    return levers, left


def variants_of(maker: Variant, levers: Sequence[Lever]) -> list[Variant]:
    """The maker as it is, then every number down and up."""
    out = [maker]
    for lever in levers:
        for move in lever.moves:
            value = int(move.value) if move.value == int(move.value) else move.value
            changes = maker.changes | {f"maker.{lever.name}": value}
            out.append(Variant(name=f"{lever.name}={value:g}", maker=maker.maker, changes=changes))
    return out


def sensitivity_of(
    maker: Variant, by: float, levers: Sequence[Lever], left: Sequence[Left], outcomes: Sequence[Outcome]
) -> Sensitivity:
    """What became of moving each number, ranked: survival first, then drawdown, then P&L."""
    runs = by_variant(outcomes, 1 + sum(len(lever.moves) for lever in levers))
    at, found = 1, []
    for lever in levers:
        moved = []
        for move in (lever.down, lever.up):
            if move is not None:
                move = msgspec.structs.replace(move, against=_against(runs[at], runs[0]))  # noqa: PLW2901
                at += 1
            moved.append(move)
        found.append(msgspec.structs.replace(lever, down=moved[0], up=moved[1]))
    return Sensitivity(maker=maker.name, by=by, levers=tuple(sorted(found, key=danger)), left=tuple(left))


def danger(lever: Lever) -> tuple[float, float, float, str]:
    """How much moving a number hurts at worst: change of survival, of drawdown over capital (less it), of P&L.

    The smallest is the most dangerous.
    """

    def worst(measure: str, sign: float) -> float:
        means = [move.against[measure].mean for move in lever.moves if measure in move.against]
        return min((sign * mean for mean in means if mean is not None), default=0.0)

    return worst("survived", 1.0), round(worst("drawdown_share", -1.0), 6), worst("pnl", 1.0), lever.name


def elasticity(lever: Lever, measure: str, baseline: float | None) -> float | None:
    """Relative change of a measure over the relative change of the number, between its two ends.

    None where the baseline's measure or the number is 0 or unknown.
    """
    if lever.down is None or lever.up is None or not baseline or not lever.base:
        return None
    low, high = lever.down.against[measure].mean, lever.up.against[measure].mean
    if low is None or high is None:
        return None
    return ((high - low) / abs(baseline)) / ((lever.up.value - lever.down.value) / abs(lever.base))


def _against(mine: Sequence[Outcome], base: Sequence[Outcome]) -> dict[str, Estimate]:
    out = {}
    for name in TOLD:
        share = name == "survived"
        values = ([run.measures[name] for run in mine], [run.measures[name] for run in base])
        out[name] = difference(*values, share=share)
    return out


def _moved(base: float, by: float, bounds: tuple[float, float], *, whole: bool) -> list[Change | None]:
    """A number down and up; None where that leaves its bounds."""
    low, high = sorted((base * (1 - by), base * (1 + by)))
    if whole:
        low, high = min(round(low), base - 1), max(round(high), base + 1)
    return [Change(value=float(f"{end:.12g}")) if bounds[0] <= end <= bounds[1] else None for end in (low, high)]


def _seats(scenario: Scenario, maker: Variant) -> list[AgentTable]:
    """The seats with one kind of maker in all of them."""
    played = played_by(scenario, maker)
    seats = [item for item in played.agent if item.name in seats_of(played)]
    if len({(item.kind, item.file) for item in seats}) > 1:
        names = ", ".join(sorted({item.kind for item in seats}))
        raise InputError("--maker", f"leaves {names} in the seats", "one maker, whose numbers are moved")
    return seats


def _kind(agent: AgentTable) -> Kind:
    return kind_of(agent.kind) if agent.file is None else kind_in_file(Path(agent.file), agent.kind)
