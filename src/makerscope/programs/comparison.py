"""One tape under every program: who ranks where, how alike rankings are, and which programs a tape cannot serve."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from makerscope.errors import MakerscopeError
from makerscope.programs.evidence import Evidence
from makerscope.programs.liquidity import met_by_takers
from makerscope.programs.program_file import find_program, open_parameters
from makerscope.programs.sample_rule import UNIT
from makerscope.programs.scores import POOL, Scores
from makerscope.programs.scoring import score_evidence

DEPTH = "depth met"  # beside the programs: each maker's part of the depth within 10 bps that takers met
UNIT_POINTS = POOL // UNIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """``scores`` of each program that the tape serves, by name; ``left`` says of the others why not.

    ``met``: each maker's part of the depth that takers met, pico: what the programs may be held against.
    """

    scores: dict[str, Scores]
    left: dict[str, str]
    met: dict[str, int]

    def points(self) -> dict[str, dict[str, int]]:
        """Points of each maker, of ``POOL``: first by the depth that takers met, then by each program."""
        depth = {maker: own * UNIT_POINTS for maker, own in self.met.items()}
        return {DEPTH: depth, **{name: each.points() for name, each in self.scores.items()}}

    def ranks(self) -> dict[str, dict[str, int]]:
        """Of each program (and of the depth that takers met) the ranks of makers with points, 1 for the most."""
        return {name: ranks(own) for name, own in self.points().items()}

    def makers(self) -> tuple[str, ...]:
        """Everybody who was scored by some program: who earned most on average over programs first."""
        total: dict[str, int] = {}
        for each in self.scores.values():
            for maker, got in each.points().items():
                total[maker] = total.get(maker, 0) + got
        return tuple(sorted(total, key=lambda maker: (-total[maker], maker)))

    def agreement(self) -> dict[tuple[str, str], float | None]:
        """Kendall's tau of each two rankings that pay anybody, over the makers that both scored."""
        paying = {name: own for name, own in self.points().items() if any(own.values())}
        names = list(paying)
        return {
            (one, other): kendall_tau(paying[one], paying[other])
            for place, one in enumerate(names)
            for other in names[:place]
        }

    def unpaying(self) -> dict[str, str]:
        """Programs that were scored and pay nobody, and why."""
        out: dict[str, str] = {}
        for name, each in self.scores.items():
            if not any(each.points().values()):
                whys = sorted({item.refused for item in each.standings if item.refused})
                out[name] = "; ".join(whys) or "nothing scored"
        return out


def compare(
    ev: Evidence,
    names: Sequence[str],
    parameters: Mapping[str, Mapping[str, str]],
    *,
    seed: bytes | None = None,
    progress: Callable[[float], None] | None = None,
) -> Comparison:
    """Score a tape under many programs.

    Args:
        ev: the tape's evidence.
        names: shipped programs.
        parameters: by program, what it leaves open.
        seed: of all of them; default follows for each from the tape and the program.
        progress: called with 1 after each program.
    """
    scores: dict[str, Scores] = {}
    left: dict[str, str] = {}
    for name in names:
        given = parameters.get(name, {})
        missing = [key for key in open_parameters(name) if key not in given]
        if missing:
            left[name] = f"open: {', '.join(missing)}"
        else:
            try:
                scores[name] = score_evidence(ev, find_program(name, given), seed=seed)
            except MakerscopeError as error:
                left[name] = str(error).removeprefix(f"program {name!r}: ")
        if progress:
            progress(1)
    return Comparison(scores=scores, left=left, met=met_by_takers(ev))


def ranks(points: Mapping[str, int]) -> dict[str, int]:
    """Rank of each maker with points; equal ones share the better rank.

    Examples:
        >>> ranks({"a": 5, "b": 9, "c": 5, "d": 0})
        {'a': 2, 'b': 1, 'c': 2}
    """
    order = sorted(points.values(), reverse=True)
    return {name: order.index(own) + 1 for name, own in points.items() if own > 0}


def kendall_tau(one: Mapping[str, int], other: Mapping[str, int]) -> float | None:
    """Kendall's tau-b of two scorings, over who is in both. None where one of them tells no two apart.

    Source:
        M. G. Kendall (1945), Biometrika 33, 239-251: the treatment of ties.

    Examples:
        >>> kendall_tau({"a": 3, "b": 2, "c": 1}, {"a": 3, "b": 1, "c": 2})
        0.3333333333333333
    """
    names = sorted(set(one) & set(other))
    signs = [_signs([points[name] for name in names]) for points in (one, other)]
    both, each = int((signs[0] * signs[1]).sum()), [int((sign * sign).sum()) for sign in signs]
    return both / sqrt(each[0] * each[1]) if min(each) else None


def _signs(values: Sequence[int]) -> np.ndarray:
    """Of each pair which is larger: points may be beyond int64 elsewhere, their ranks are not."""
    place = {value: k for k, value in enumerate(sorted(set(values)))}
    order = np.array([place[value] for value in values], np.int64)
    first, second = np.triu_indices(len(values), 1)
    return np.sign(order[first] - order[second])
