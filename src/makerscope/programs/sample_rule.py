"""What one look at a maker's resting orders is worth: the definition, in whole numbers.

A **sample** is the orders that a maker had in the book of one instrument at one instant. A sample rule gives it a
score that is a whole number, the same on every machine: this module is the definition in plain Python integers,
``kernels.scoring`` the compiled twin, and the reward contract computes the same on chain.

*Units.* One is ``UNIT = 10**12`` ("pico") for distances, weights and shares. Prices are ticks, sizes lots. The
**reference** is twice a price in ticks (bid + ask for the middle), so that a middle is whole; what is measured from it
is in half ticks. A value is in micro units (millionths of the quote currency, or of a contract), which ``num / den``
makes of ticks times lots, or of lots. A score has the unit of a value, weighed; a presence is ``UNIT`` or 0.

*Every division floors* and every operand is at least 0. For an order on ``side`` (+1 bid, -1 ask)::

    gap      = max(side * (reference - 2 * price), nearest, 0)     half ticks; through the reference is at it
    base     = absolute, or the reference where absolute is 0
    distance = gap * UNIT // base                                  fraction of the base, pico
    counts   where distance < limit (limit 0: always); closed: where gap * UNIT <= limit * base
    value    = (size * price, or size) * num // den                and counts where value >= min_value
    weight   = by kernel, see ``weight``
    score    = value * weight // UNIT

The at most 16 best priced orders of a side are looked at (of equal prices the larger first). The sums of both sides'
scores are reduced to one number (``reduce_sides``).

*Guarantee.* Same rule and orders, in any sequence, give the same score, or AccountingError where a value, a score or a
sum does not fit int64. A score never falls with size, and never rises with distance (bands: where their weights do
not). An order at the limit scores 0, unless the rule is closed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from makerscope.errors import AccountingError, DomainError
from makerscope.kernels import scoring
from makerscope.kernels.scoring import EDGES, HALVINGS, LARGEST, LN2, MAX_PRICE, ORDERS, STEPS, TERMS, UNIT

Order: TypeAlias = tuple[int, int]  # price (ticks), size (lots)
BID, ASK = 1, -1
_LISTS = ("edges", "weights")
_SLOWEST = 10**7  # an unlimited decay must end where distances cease to fit int64


class Kernel(IntEnum):
    """How the weight of an order falls with its distance."""

    FLAT = scoring.FLAT
    LINEAR = scoring.LINEAR
    QUADRATIC = scoring.QUADRATIC
    INVERSE = scoring.INVERSE
    EXPONENTIAL = scoring.EXPONENTIAL
    BANDS = scoring.BANDS
    TICKS = scoring.TICKS


class Reducer(IntEnum):
    """How the sums of both sides become one number."""

    MIN = scoring.MIN
    SUM = scoring.SUM
    SOFTMIN = scoring.SOFTMIN
    PRESENCE = scoring.PRESENCE
    EXCESS = scoring.EXCESS


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRule:
    """A rule for one instrument; the fields are in the order of the row and of the contract's struct.

    Attributes:
        kernel: how weight falls with distance.
        reducer: how two sides become one number.
        limit: distance from which an order counts nothing, pico; 0: no limit.
        closed: an order exactly at the limit still counts ("at most").
        rate: decay per unit of distance, pico (``EXPONENTIAL``), or what is left per tick behind the best (``TICKS``).
        nearest: no order counts as nearer than this, half ticks. ``INVERSE`` needs 1 or more.
        absolute: distances are fractions of this, half ticks, and no longer of the reference; 0: of the reference.
        by_value: size times price counts, and not size alone.
        num: numerator of the factor from ticks times lots (or lots) to micro units.
        den: its denominator.
        min_value: orders of a lower value do not count, micro units.
        divisor: what the larger side, or what it has more, is divided by (``SOFTMIN``, ``EXCESS``), pico.
        low: the reference from which on that is done, doubled ticks.
        high: the reference up to which that is done, doubled ticks.
        comparable: the values of both sides may differ by this part of the smaller (``PRESENCE``), pico; 0: by any.
        cap: a sample scores at most this; 0: no cap.
        edges: upper ends of the bands, pico, ascending (``BANDS``); filled up with 0 to eight.
        weights: weight in each band, pico; filled up with 0 to eight.

    Raises:
        DomainError: a field is not in its domain.
    """

    kernel: Kernel = Kernel.FLAT
    reducer: Reducer = Reducer.MIN
    limit: int = 0
    closed: bool = False
    rate: int = 0
    nearest: int = 1
    absolute: int = 0
    by_value: bool = False
    num: int = 1
    den: int = 1
    min_value: int = 0
    divisor: int = UNIT
    low: int = 0
    high: int = LARGEST
    comparable: int = 0
    cap: int = 0
    edges: tuple[int, ...] = ()
    weights: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name, kind in (("kernel", Kernel), ("reducer", Reducer)):
            if getattr(self, name) not in tuple(kind):
                raise DomainError(f"sample rule: {name} is {getattr(self, name)!r}; want 0 to {len(kind) - 1}")
            object.__setattr__(self, name, kind(getattr(self, name)))
        for name in _LISTS:
            given = tuple(getattr(self, name))
            if len(given) > EDGES:
                raise DomainError(f"sample rule: {len(given)} {name}; want at most {EDGES}")
            object.__setattr__(self, name, given + (0,) * (EDGES - len(given)))
        for each in fields(self):
            held = getattr(self, each.name)
            for word in held if each.name in _LISTS else (held,):
                if not isinstance(word, int) or not 0 <= word <= LARGEST:
                    raise DomainError(f"sample rule: {each.name} is {word!r}; want a whole number, 0 to 2**63 - 1")
        wrong = _wrong(self)
        if wrong:
            raise DomainError(f"sample rule: {wrong}")

    def words(self) -> tuple[int, ...]:
        """The 32 words of the rule, in order, as the contract takes them."""
        flat = (int(getattr(self, each.name)) for each in fields(self) if each.name not in _LISTS)
        return (*flat, *self.edges, *self.weights)

    def row(self) -> NDArray[np.int64]:
        """The words as the kernels take them, int64 ``(32,)``."""
        return np.array(self.words(), np.int64)


def _wrong(rule: SampleRule) -> str:
    """What a rule lacks that its kernel or reducer needs, or nothing."""
    bands = [edge for edge in rule.edges if edge]
    checks = (
        (rule.kernel in {Kernel.LINEAR, Kernel.QUADRATIC} and rule.limit == 0, "this kernel needs a limit"),
        (rule.kernel == Kernel.INVERSE and rule.nearest == 0, "this kernel needs nearest >= 1"),
        (rule.kernel == Kernel.EXPONENTIAL and rule.rate == 0, "this kernel needs a rate"),
        (
            rule.kernel == Kernel.EXPONENTIAL and rule.limit == 0 and rule.rate < _SLOWEST,
            f"rate is {rule.rate} without a limit; want at least {_SLOWEST}, or a limit",
        ),
        (rule.kernel == Kernel.TICKS and rule.rate > UNIT, f"rate is {rule.rate}; want at most {UNIT}, what is left"),
        (rule.kernel == Kernel.BANDS and not bands, "this kernel needs edges"),
        (
            list(rule.edges[: len(bands)]) != bands or bands != sorted(set(bands)) or any(rule.weights[len(bands) :]),
            "edges and weights do not match; want edges ascending, and a weight for each",
        ),
        (rule.num == 0 or rule.den == 0 or rule.divisor == 0, "num, den and divisor must not be 0"),
        (rule.reducer == Reducer.EXCESS and rule.divisor < 2 * UNIT, f"divisor is {rule.divisor}; want at least 2"),
        (rule.low > rule.high, f"low {rule.low} is above high {rule.high}"),
    )
    return next((text for wrong, text in checks if wrong), "")


def _gap_and_base(rule: SampleRule, side: int, price: int, reference: int) -> tuple[int, int]:
    return max(side * (reference - 2 * price), rule.nearest, 0), rule.absolute or reference


def distance(rule: SampleRule, side: int, price: int, reference: int) -> int:
    """How far an order is behind the reference, as a fraction of the base, pico.

    Examples:
        >>> distance(SampleRule(), BID, 9_990, 20_000)  # 10 ticks below a middle of 10,000: 10 bps
        1000000000
    """
    gap, base = _gap_and_base(rule, side, price, reference)
    return gap * UNIT // base


def in_limit(rule: SampleRule, side: int, price: int, reference: int) -> bool:
    """Whether an order is near enough to count."""
    gap, base = _gap_and_base(rule, side, price, reference)
    if rule.limit == 0 or gap * UNIT // base < rule.limit:
        return True
    return rule.closed and gap * UNIT <= rule.limit * base


def value_of(rule: SampleRule, price: int, size: int) -> int:
    """Value of an order in the rule's unit (micro units, as ``num / den`` says).

    Examples:
        >>> value_of(SampleRule(by_value=True, num=100), 9_990, 3)
        2997000
    """
    return (size * price if rule.by_value else size) * rule.num // rule.den


def _decay(x: int) -> int:
    """``exp(-x)`` in pico: the series of what is left of a halving, halved as often as it goes."""
    halvings, rest = divmod(x, LN2)
    left = UNIT
    for i in range(TERMS, 0, -1):
        left = UNIT - rest * left // (UNIT * i)
    return left >> halvings if halvings < HALVINGS else 0


def weight(rule: SampleRule, side: int, price: int, reference: int, best: int | None = None) -> int:
    """What a unit of value counts in an order that is in the limit, pico.

    ``LINEAR`` is ``(limit - d) / limit``, ``QUADRATIC`` its square, ``INVERSE`` ``1 / d``, ``EXPONENTIAL``
    ``exp(-rate * d)`` (error below 4 pico), ``BANDS`` the weight of the first edge above ``d``, ``TICKS`` ``rate`` to
    the power of the ticks behind ``best``, the best price of that side.

    Examples:
        >>> weight(SampleRule(kernel=Kernel.QUADRATIC, limit=2 * 10**9), BID, 9_990, 20_000)
        250000000000
    """
    gap, base = _gap_and_base(rule, side, price, reference)
    d = gap * UNIT // base
    match rule.kernel:
        case Kernel.FLAT:
            share = UNIT
        case Kernel.LINEAR:
            share = (rule.limit - d) * UNIT // rule.limit
        case Kernel.QUADRATIC:
            share = ((rule.limit - d) * UNIT // rule.limit) ** 2 // UNIT
        case Kernel.INVERSE:
            share = UNIT * base // gap
        case Kernel.EXPONENTIAL:
            share = _decay(d * rule.rate // UNIT)
        case Kernel.BANDS:
            share = next((w for edge, w in zip(rule.edges, rule.weights, strict=True) if d < edge), 0)
        case Kernel.TICKS:
            share = _ticks_weight(rule.rate, side, price, best)
    return share


def _ticks_weight(rate: int, side: int, price: int, best: int | None) -> int:
    if best is None:
        raise DomainError("sample rule: ticks behind the best price are counted, but no best price is given")
    steps, left = max(side * (best - price), 0), UNIT
    for _ in range(min(steps, STEPS)):
        left = left * rate // UNIT
    return left if steps <= STEPS else 0


def weighed_order(
    rule: SampleRule, side: int, price: int, size: int, reference: int, *, best: int | None = None
) -> tuple[int, int]:
    """Score and value of an order; ``(0, 0)`` where it does not count.

    Args:
        rule: the rule.
        side: +1 for a bid, -1 for an ask.
        price: ticks.
        size: lots.
        reference: twice a price, ticks.
        best: the best price of the order's side, ticks; only the kernel ``TICKS`` needs it.

    Returns:
        ``(score, value)`` in the unit of a value.

    Raises:
        DomainError: a price, size or reference is negative or too large, or a best price is missing.
        AccountingError: the value or the score does not fit int64.
    """
    if not (0 <= price <= MAX_PRICE and 0 <= size <= LARGEST and 0 < reference <= 2 * MAX_PRICE):
        raise DomainError(f"order of {size} at {price}, reference {reference}: want 0 to 2**61 ticks, and a reference")
    if rule.kernel == Kernel.TICKS and not (best is None or 0 <= best <= MAX_PRICE):
        raise DomainError(f"best price is {best}; want 0 to 2**61 ticks")
    if not in_limit(rule, side, price, reference):
        return 0, 0
    value = value_of(rule, price, size)
    counts = value >= rule.min_value
    score = value * weight(rule, side, price, reference, best) // UNIT if counts else 0
    if max(size * price if rule.by_value else 0, value, score) > LARGEST:
        name = "bid" if side == BID else "ask"
        raise AccountingError(f"{name} of {size} lots at {price}: value {value}, score {score}; want below 2**63")
    return (score, value) if counts else (0, 0)


def order_score(rule: SampleRule, side: int, price: int, size: int, reference: int, *, best: int | None = None) -> int:
    """Score of an order (``weighed_order`` without its value)."""
    return weighed_order(rule, side, price, size, reference, best=best)[0]


def side_sum(
    rule: SampleRule, side: int, orders: Iterable[Order], reference: int, *, best: int | None = None
) -> tuple[int, int]:
    """Sums of the scores and of the values of a side's 16 best priced orders (of equal prices the larger first).

    Raises:
        DomainError: see ``weighed_order``.
        AccountingError: a sum does not fit int64.
    """
    nearest = sorted(orders, key=lambda order: (-side * order[0], -order[1]))[:ORDERS]
    weighed = [weighed_order(rule, side, price, size, reference, best=best) for price, size in nearest]
    score, value = (sum(column) for column in zip(*weighed, strict=True)) if weighed else (0, 0)
    if max(score, value) > LARGEST:
        raise AccountingError(f"{len(nearest)} orders of a side: score {score}, value {value}; want below 2**63")
    return score, value


def reduce_sides(rule: SampleRule, bid: tuple[int, int], ask: tuple[int, int], reference: int) -> int:
    """Score of a sample from ``(score, value)`` of its sides.

    ``MIN`` is the smaller, ``SUM`` both, ``SOFTMIN`` the smaller or the larger divided by ``divisor``, whichever is
    more (the smaller alone where the reference is not within ``low`` and ``high``), ``PRESENCE`` is ``UNIT`` where both
    sides score, and their values differ by at most ``comparable`` of the smaller; ``EXCESS`` is the smaller and what
    the larger has more, divided by ``divisor`` (at least 2, so that no split of a maker's orders adds up to more).

    Raises:
        AccountingError: the score does not fit int64.
    """
    less, more = sorted((bid[0], ask[0]))
    match rule.reducer:
        case Reducer.MIN:
            score = less
        case Reducer.SUM:
            score = less + more
        case Reducer.SOFTMIN:
            score = max(less, more * UNIT // rule.divisor) if rule.low <= reference <= rule.high else less
        case Reducer.EXCESS:
            score = less + (more - less) * UNIT // rule.divisor
        case Reducer.PRESENCE:
            alike = abs(bid[1] - ask[1]) * UNIT <= rule.comparable * min(bid[1], ask[1])
            score = UNIT if less > 0 and (alike or rule.comparable == 0) else 0
    if score > LARGEST:
        raise AccountingError(f"sample with sides {bid[0]} and {ask[0]}: score {score}; want below 2**63")
    return min(score, rule.cap) if rule.cap else score


def sample_score(
    rule: SampleRule,
    reference: int,
    bids: Iterable[Order],
    asks: Iterable[Order],
    best: tuple[int | None, int | None] = (None, None),
) -> int:
    """Score of one sample of one maker.

    Args:
        rule: the rule.
        reference: twice a price, ticks.
        bids: the maker's bids, ``(price in ticks, size in lots)``, in any sequence.
        asks: its asks.
        best: best bid and best ask of the book, ticks; only the kernel ``TICKS`` needs them.

    Returns:
        The score, in the unit of a value; ``UNIT`` or 0 for a presence.

    Raises:
        DomainError: an order or the reference is not in its domain, or a best price is missing.
        AccountingError: a number does not fit int64; the message names the order.

    Examples:
        >>> rule = SampleRule(kernel=Kernel.INVERSE, limit=10**10)  # less than 100 bps
        >>> sample_score(rule, 20_000, [(9_990, 3), (9_000, 50)], [(10_020, 4)])  # 3 / 0.001 and 4 / 0.002
        2000
    """
    bid = side_sum(rule, BID, bids, reference, best=best[0])
    ask = side_sum(rule, ASK, asks, reference, best=best[1])
    return reduce_sides(rule, bid, ask, reference)
