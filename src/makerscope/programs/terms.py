"""Terms of a program beyond a score: obligations, service levels, points of a queue, clauses on the pool."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct


class Factor(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Scores in ``instruments`` (patterns; the first factor that matches) are multiplied by ``factor``."""

    instruments: tuple[str, ...] = ("*",)
    factor: Decimal


class Obligation(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a maker must keep to be scored at all, judged in each period of the group.

    A period is met in a market where the maker was present for at least ``time`` of it; with ``series``, where that
    holds in at least this part of the group's markets together. The obligation is met where at least ``periods`` of the
    periods are.
    """

    time: Decimal
    periods: Decimal = Decimal(1)
    series: Decimal | None = None


class Commitment(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Vega's service level: points are fees, kept by the fraction of time that a maker kept its commitment.

    ``min_time`` (s): below it a maker loses all; ``competition`` (c): from there on it loses
    ``(1 - (t - s) / (1 - s)) * c``; ``epochs``: or the mean of the ``epochs - 1`` before, if that is more. What some
    lose goes to the others. The part of its bond that a maker loses (component ``bond_slash``) is
    ``min(bond_most, bond_slope * (1 - t / s))``.
    """

    min_time: Decimal
    competition: Decimal
    epochs: int = 1
    bond_slope: Decimal = Decimal(0)
    bond_most: Decimal = Decimal(0)


class Queue(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Mango v3: points for each order (component ``points``), when it is filled or goes, by its worse end.

    ``ahead``: ``(max_depth - ahead) ** exponent * min(size, max_depth - ahead) * seconds``, where ``ahead`` is what
    rested before the order when it came or when it left, whichever is more; ``max_depth`` in contracts. ``price``:
    ``(max_depth - distance) ** exponent * size * seconds``, where the distance is from the better of the best prices at
    both ends; ``max_depth`` in bps. Seconds are whole, at most ``most_seconds``.
    """

    kind: Literal["ahead", "price"] = "ahead"
    max_depth: Decimal
    exponent: int
    most_seconds: int = 864_000


class Watched(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The ``depth`` (quote currency, on each side) that a clause wants in ``instruments`` (patterns)."""

    instruments: tuple[str, ...]
    depth: Decimal


class Clause(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A change of the pool by how all makers together answer a shock.

    A case opens when the middle of a watched market moved by more than ``move`` within ``within_s`` and less than
    ``below`` of the wanted depth rests ``within`` the middle on a side; at most one case in ``rest_s``. If the wanted
    depth times ``enough`` is there at some moment of the next ``window_s``, the pool changes by ``restored``, else by
    ``short``, or by ``again`` where it is not the first case of the epoch (in ``unit``; a loss is negative).
    """

    name: str
    watched: tuple[Watched, ...]
    move: str
    within_s: Decimal
    within: str
    below: Decimal
    window_s: Decimal
    rest_s: Decimal
    enough: Decimal = Decimal(1)
    restored: Decimal
    short: Decimal
    again: Decimal
    unit: str
