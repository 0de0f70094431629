"""Which of my parameters kills me first: each number of a maker a share up and down, alone, on the same seeds.

A number that is whole by nature (its value and its lower bound are) is moved by whole steps, at least one. A number
that is 0, or that a share would leave where it is, has nothing to move by a share and is left out, with the reason.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from makerscope.agents.kind import Kind, Number
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
TOLD = ("survived", "drawdown", "pnl", "crisis_uptime")


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One number moved one way: ``values`` by seat; ``against``: paired differences by measure."""

    values: dict[str, float]
    against: dict[str, Estimate] = {}


class Lever(msgspec.Struct, frozen=True, kw_only=True):
    """One number of the maker and what becomes of moving it. ``about``: its meaning; ``base``: what it is, by seat."""

    name: str
    about: str
    base: dict[str, float]
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
    found = [
        _lever(name, number, {item.name: float(item.numbers.get(name, number.default)) for item in seats}, by)
        for name, number in kind.numbers.items()
        if name not in PLACES
    ]
    for name in WIRES:
        base = {item.name: float(getattr(item, name)) for item in seats}
        if any(base.values()):
            found.append(_lever(name, Number(default=0, low=-1e7, high=1e12, about=""), base, by))
    return [item for item in found if isinstance(item, Lever)], [item for item in found if isinstance(item, Left)]


def variants_of(maker: Variant, levers: Sequence[Lever]) -> list[Variant]:
    """The maker as it is, then every number down and up."""
    out = [maker]
    for lever in levers:
        for way, move in (("down", lever.down), ("up", lever.up)):
            if move is not None:
                values = {
                    f"agent.{seat}.{lever.name}": int(value) if value == int(value) else value
                    for seat, value in move.values.items()
                }
                out.append(Variant(name=f"{lever.name} {way}", maker=maker.maker, changes=maker.changes | values))
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
    """How much moving a number hurts at worst: change of survival, of drawdown (less it), of P&L.

    The smallest is the most dangerous.
    """

    def worst(measure: str, sign: float) -> float:
        means = [move.against[measure].mean for move in lever.moves if measure in move.against]
        return min((sign * mean for mean in means if mean is not None), default=0.0)

    return worst("survived", 1.0), round(worst("drawdown", -1.0), 6), worst("pnl", 1.0), lever.name


def elasticity(lever: Lever, measure: str, baseline: float | None) -> float | None:
    """Relative change of a measure over the relative change of the number, between its two ends.

    None where the baseline's measure or the number is 0 or unknown.
    """
    if lever.down is None or lever.up is None or not baseline:
        return None
    low, high = lever.down.against[measure].mean, lever.up.against[measure].mean
    if low is None or high is None:
        return None
    moved = [(lever.up.values[seat] - lever.down.values[seat]) / abs(base) for seat, base in lever.base.items()]
    return ((high - low) / abs(baseline)) / (sum(moved) / len(moved))


def _against(mine: Sequence[Outcome], base: Sequence[Outcome]) -> dict[str, Estimate]:
    out = {}
    for name in TOLD:
        share = name == "survived"
        values = ([run.measures[name] for run in mine], [run.measures[name] for run in base])
        out[name] = difference(*values, share=share)
    return out


def _lever(name: str, number: Number, base: dict[str, float], by: float) -> Lever | Left:
    """A number that can be moved, or why not."""
    if not all(base.values()):
        return Left(name, "is 0, of which a share is nothing")
    down, up = (_moved(number, base, way * by) for way in (-1.0, 1.0))
    if down is None and up is None:
        return Left(name, f"would leave its bounds, {number.low:g} to {number.high:g}")
    return Lever(name=name, about=number.about, base=base, down=down, up=up)


def _moved(number: Number, base: dict[str, float], by: float) -> Change | None:
    """A number of every seat moved by a share; None where that leaves its bounds."""
    values = {}
    for seat, value in base.items():
        moved = value * (1.0 + by)
        if value == int(value) and number.low == int(number.low) and number.about:
            step = 1 if moved > value else -1
            moved = round(moved) if abs(round(moved) - value) >= 1 else value + step
        if not number.low <= moved <= number.high:
            return None
        values[seat] = float(f"{moved:.12g}")
    return Change(values=values)


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
