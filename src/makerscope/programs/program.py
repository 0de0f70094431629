"""A program: an incentive or obligation rule as data, every key of its TOML, and the hash that names it.

A score is ``gates( product of components ** exponents )``, and a component is a sum over time of what orders at rest
are worth: ``kernel(distance) * value`` of each order, added up a side, reduced to one number from the two sides.
Each stage is a key here, and nothing else decides a score. Decimals stay decimals: no key passes through a float.
"""

from decimal import Decimal
from typing import Any, Literal

import msgspec
import sha3
from msgspec import Struct

from makerscope.errors import InputError
from makerscope.programs.charges import Asked, Fade, Fills, Stress, check_charges
from makerscope.programs.terms import Clause, Commitment, Factor, Obligation, Queue

COMPONENTS = ("uptime", "maker_volume", "taker_volume", "volume", "maker_fees", "stake", "points")


class Parameter(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A value that the program leaves open or that its users may change; without ``default`` it must be given.

    With ``choices`` it is one of their names, and ``"$parameter.key"`` is ``key`` of the choice. ``rule`` is the value
    that the published rule has, where the default is another one that a single tape can answer; results then say so.
    """

    meaning: str
    default: str | None = None
    rule: str | None = None
    choices: dict[str, dict[str, Any]] = {}


class Sampling(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When the rule looks.

    ``integral``: always (exact). ``stratified``: one seeded instant in each ``period_s``. ``independent``: ``samples``
    seeded instants. ``grid``: every ``period_s``. ``blocks``: every so many blocks, seeded, from ``blocks_low`` to
    ``blocks_high``. ``block_minimum``: always, but a block counts with its worst moment.
    """

    mode: Literal["integral", "stratified", "independent", "grid", "blocks", "block_minimum"] = "integral"
    period_s: Decimal = Decimal(60)
    samples: int = 0
    blocks_low: int = 0
    blocks_high: int = 0


class Reference(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What distances are measured from, and in which unit.

    ``price``: ``mid`` of the market; ``cutoff_mid``, the mid of the best prices where at least ``cutoff`` (contracts)
    rests; ``deep_mid``, the mid of the prices down to which at least ``cutoff`` rests, counted from the best price and
    no farther from it than ``near`` (a side with less: its best price), ``cutoff_by`` contracts (``size``) or quote
    currency (``notional``); ``best`` price of the order's own side; ``mark``; ``index``; ``last`` trade.
    ``per``: relative distances are
    a fraction of the ``reference``, of the ``index`` (options: of the underlying), or of ``volatility`` (options: price
    moved by 1.00 of volatility, so that a distance of 0.01 is one volatility point).
    """

    price: Literal["mid", "cutoff_mid", "deep_mid", "best", "mark", "index", "last"] = "mid"
    cutoff: Decimal = Decimal(0)
    cutoff_by: Literal["size", "notional"] = "size"
    near: str = "1 %"
    per: Literal["reference", "index", "volatility"] = "reference"


class Band(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Orders closer than ``below`` (and not in a band before) weigh ``weight``."""

    below: str
    weight: Decimal


class Measure(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How orders at rest become one number.

    Distances are text with a unit: ``"20 bps"``, ``"2 %"``, ``"0.03 price"`` (quote currency), ``"3 cents"``,
    ``"5 ticks"``, ``"1 vol"``.
    An order at the ``limit`` scores nothing, unless ``closed``. ``exponential`` is ``exp(-rate * distance / per)`` or
    ``discount ** (distance / per)``; ``ticks`` is ``discount ** ticks from the best``. ``min_value`` is in what ``by``
    says: quote currency (``notional``) or contracts (``size``); ``strictly`` when an order must exceed it.
    ``reducer``: the lower side (``min``), both (``sum``), the lower or the other by ``divisor`` (``softmin``), the
    lower and by ``divisor`` what the other has more (``excess``), or whether both are there (``presence``).
    ``after_time``: the lower side is taken of the two sums over time, not at each moment.

    Orders nearer than ``beyond`` do not count (``flat`` only): so a limit and a ``beyond`` make a bracket.
    ``within_size``: of each side of the market, orders count from the best price down to where so many contracts rest;
    none where less rests. ``sides``: only the maker's bids or asks are looked at.

    A side counts only with orders worth ``min_side`` (for each unit of the maker's stake where ``per_stake``). Both
    sides count only where they are at most ``max_width`` apart; ``or_width`` apart is near enough in any case.
    """

    name: str = "quality"
    kernel: Literal["flat", "linear", "quadratic", "inverse", "exponential", "bands", "ticks"] = "flat"
    limit: str | None = None
    closed: bool = False
    beyond: str | None = None
    within_size: Decimal | None = None
    sides: Literal["both", "bid", "ask"] = "both"
    rate: Decimal | None = None
    discount: Decimal | None = None
    per: str | None = None
    band: tuple[Band, ...] = ()
    by: Literal["notional", "size"] = "notional"
    min_value: Decimal = Decimal(0)
    strictly: bool = False
    nearest_ticks: Decimal = Decimal(1)
    reducer: Literal["min", "sum", "softmin", "presence", "excess"] = "min"
    divisor: Decimal = Decimal(1)
    range_low: Decimal | None = None
    range_high: Decimal | None = None
    comparable: Decimal | None = None
    max_width: str | None = None
    or_width: str | None = None
    min_side: Decimal | None = None
    per_stake: bool = False
    cap: Decimal | None = None
    min_age_s: Decimal = Decimal(0)
    max_age_s: Decimal | None = None
    most_orders: int = 0
    after_time: bool = False
    ema_weight: Decimal | None = None


class Formula(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """From components to a maker's score in one market.

    ``exponents``: the score is the product of components to these powers, times ``factor``. ``blend``: the score is
    the sum of each component's share of all makers, times these weights. ``sums``: components made of weighted
    measures. ``factors``: by market, beside ``factor``.

    ``uptime`` is a ``count`` of samples (or ns) or a ``fraction``: the presence in the measures ``uptime_of`` (the mean
    of several; default the first measure). Of pooled markets it is the ``mean`` over them, or the time in which the
    maker was present in ``any``. Volumes count fills of orders that rested at least ``volume_min_rest_s``, and fade
    with ``volume_half_life_days``.
    """

    exponents: dict[str, Decimal] = {}
    blend: dict[str, Decimal] = {}
    sums: dict[str, dict[str, Decimal]] = {}
    factor: Decimal = Decimal(1)
    factors: tuple[Factor, ...] = ()
    uptime: Literal["count", "fraction"] = "count"
    uptime_of: tuple[str, ...] = ()
    uptime_over: Literal["mean", "any"] = "mean"
    volume_min_rest_s: Decimal = Decimal(0)
    volume_half_life_days: Decimal | None = None


class Gates(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a maker must reach to be scored at all. Shares are of all makers' volume over all markets of the program.

    ``judged`` says whether volume shares are those of this epoch, of the ``previous`` one (a bundle must be given), or
    of each of ``days`` days (UTC) in a row, at any time of the epoch.
    """

    min_uptime: Decimal | None = None
    min_maker_share: Decimal | None = None
    judged: Literal["this", "previous", "days"] = "this"
    days: int = 1


class Target(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How much of a sample's pool is paid: none up to ``low`` total score, all from ``high`` on, linear between.

    ``each`` own share of the sample times that part: so a maker is paid for what it adds until enough is there. Where
    shares are of a ``deficit``, ``high`` is the size of a side that is wanted.
    """

    low: Decimal = Decimal(0)
    high: Decimal


class Hysteresis(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How earlier epochs weigh on this one: ``penalty``: max(now, mean of the previous ``epochs - 1``); ``ema``."""

    kind: Literal["penalty", "ema"]
    epochs: int = 1
    weight: Decimal = Decimal(1)


class Group(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Instruments under one rule.

    ``instruments`` are patterns such as ``*BTC*`` on the instrument's name or symbol; the first group that matches
    takes the instrument. ``weight`` is the group's part of the pool. ``split``: ``equal`` parts for its markets, by
    ``volume``, or one pot for all (``total``: scores of all markets added; ``pooled``: components of all markets added,
    then scored).
    ``normalise``: shares of the ``epoch``, or of each ``sample``: of all scores, of each side (``sample_side``), of the
    larger side of the market (``larger_side``), or of what orders of others leave open of each side (``deficit``, which
    no maker can fill more than once). Shares are of at least ``least_total``.
    ``period_s``: the formula is applied to each period (counted from 1970, UTC) and the scores are added.
    ``leftover``: what no maker earned is given to the others (``share``) or kept for the next epoch (``carry``).
    ``abs_delta`` keeps options to a range of absolute delta at each moment, ``deepest`` to those no deeper in the money
    than the first strike that is, ``max_days`` to expiries within, ``weekdays`` to such days of expiry (Monday is 0).
    ``outside`` names a group: this one takes instruments beside it, while that one does not ask for them.
    """

    name: str
    instruments: tuple[str, ...] = ("*",)
    kinds: tuple[str, ...] = ()
    abs_delta: tuple[Decimal, Decimal] | None = None
    deepest: Literal["any", "first_itm"] = "any"
    max_days: Decimal | None = None
    weekdays: tuple[int, ...] = ()
    outside: str | None = None
    weight: Decimal = Decimal(1)
    split: Literal["equal", "volume", "total", "pooled"] = "equal"
    normalise: Literal["epoch", "sample", "sample_side", "larger_side", "deficit"] = "epoch"
    least_total: Decimal = Decimal(0)
    period_s: Decimal | None = None
    leftover: Literal["share", "carry"] = "share"
    reference: Reference = Reference()
    measure: tuple[Measure, ...] = (Measure(),)
    formula: Formula = Formula()
    gates: Gates = Gates()
    target: Target | None = None
    stress: Stress | None = None
    fade: Fade | None = None
    asked: Asked | None = None
    fills: Fills | None = None
    hysteresis: Hysteresis | None = None
    obligation: Obligation | None = None
    commitment: Commitment | None = None
    queue: Queue | None = None


class Program(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole program. ``assumed`` holds the values of parameters that its user gave.

    ``unknown`` names what is not published. ``makers`` are patterns of who takes part (none: everybody): others' orders
    stand in the book and earn nothing. ``stakes`` are what makers staked or committed, by name, ``*`` for all others;
    a tape does not know them.
    """

    name: str
    version: int
    title: str
    status: Literal["published", "inferred", "assumed", "ours"]
    source: str
    valid_from: str
    valid_to: str | None = None
    epoch_days: Decimal | None = None
    notes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    parameters: dict[str, Parameter] = {}
    assumed: dict[str, str] = {}
    makers: tuple[str, ...] = ()
    stakes: dict[str, Decimal] = {}
    sampling: Sampling = Sampling()
    clause: tuple[Clause, ...] = ()
    group: tuple[Group, ...]

    def __post_init__(self) -> None:
        """Refuse what no score could follow from."""
        where = f"program {self.name!r}"
        if not self.group:
            raise InputError(where, "has no group", "at least one [[group]]")
        names = [group.name for group in self.group]
        if len(set(names)) != len(names):
            raise InputError(where, "two groups have the same name", "different names")
        stranger = next((group for group in self.group if group.outside and group.outside not in names), None)
        if stranger:
            raise InputError(where, f"group {stranger.name!r} is outside {stranger.outside!r}", "the name of a group")
        for group in self.group:
            _check_group(f"{where}, group {group.name!r}", group)
        _check_sampling(where, self.sampling)


def canonical(program: Program) -> bytes:
    """The program as bytes: JSON with sorted keys, no white space, decimals as text.

    Examples:
        >>> rule = Program(name="a", version=1, title="", status="ours", source="", valid_from="2026-01-01",
        ...     group=(Group(name="all"),))
        >>> canonical(rule)[:40]
        b'{"assumed":{},"clause":[],"epoch_days":n'
    """
    return msgspec.json.encode(msgspec.to_builtins(program, str_keys=True), order="sorted")


def program_hash(program: Program) -> str:
    """``0x`` and the keccak-256 of the canonical bytes: two programs with one hash score alike."""
    return "0x" + sha3.keccak_256(canonical(program)).hexdigest()


def needs(group: Group) -> set[str]:
    """Components whose values the group's formula asks for."""
    asked = set(group.formula.exponents) | set(group.formula.blend)
    return (asked - set(group.formula.sums)) | {name for parts in group.formula.sums.values() for name in parts}


def _check_sampling(where: str, sampling: Sampling) -> None:
    if sampling.period_s <= 0:
        raise InputError(where, f"sampling.period_s is {sampling.period_s}", "a positive number of seconds")
    if sampling.mode == "independent" and sampling.samples < 1:
        raise InputError(where, f"sampling.samples is {sampling.samples}", "at least 1 for mode independent")
    if sampling.mode == "blocks" and not 1 <= sampling.blocks_low <= sampling.blocks_high:
        raise InputError(
            where,
            f"sampling.blocks_low is {sampling.blocks_low} and blocks_high {sampling.blocks_high}",
            "1 <= blocks_low <= blocks_high for mode blocks",
        )


def _check_group(where: str, group: Group) -> None:
    measures = [item.name for item in group.measure]
    if len(set(measures)) != len(measures) or not measures:
        raise InputError(where, f"measures are {', '.join(measures) or 'none'}", "at least one, with different names")
    clash = next((name for name in [*measures, *group.formula.sums] if name in COMPONENTS), None)
    if clash:
        raise InputError(where, f"a measure is called {clash!r}", "a name that is no component")
    known = {*measures, *COMPONENTS} - (set() if group.queue else {"points"})
    asked = needs(group) | set(group.formula.uptime_of)
    unknown = next((name for name in sorted(asked) if name not in known), None)
    if unknown:
        raise InputError(where, f"asks for component {unknown!r}", "one of " + ", ".join(sorted(known)))
    formula = group.formula
    if formula.exponents and formula.blend:
        raise InputError(where, "has both formula.exponents and formula.blend", "one of them")
    bad = next((f"{k} = {v}" for k, v in (formula.exponents | formula.blend).items() if v < 0), None)
    if bad or formula.factor <= 0 or group.weight < 0:
        raise InputError(where, f"has a negative number ({bad or 'factor or weight'})", "numbers of at least 0")
    if group.reference.price == "cutoff_mid" and group.reference.cutoff_by != "size":
        raise InputError(where, "cuts off by notional at a price", 'cutoff_by = "size", or price = "deep_mid"')
    if any(item.kernel == "ticks" for item in group.measure) and group.reference.price != "best":
        raise InputError(where, f"kernel ticks with reference {group.reference.price!r}", 'reference.price = "best"')
    _check_shares(where, group)
    first = group.measure[0]
    plain = group.normalise in ("epoch", "sample") and not first.after_time and first.ema_weight is None
    check_charges(where, group.fade, group.asked, group.fills, plain=plain)
    for item in group.measure:
        _check_measure(f"{where}, measure {item.name!r}", item)


def _check_shares(where: str, group: Group) -> None:
    """What shares are taken of, and over which time."""
    if group.target and not 0 <= group.target.low < group.target.high:
        raise InputError(where, f"target is {group.target.low} to {group.target.high}", "0 <= low < high")
    if group.target and group.normalise == "epoch":
        raise InputError(where, "has a target but normalises by epoch", 'normalise = "sample"')
    if group.normalise == "deficit" and group.target is None:
        raise InputError(where, "shares a deficit but has no target", "target.high, the size of a side that is wanted")
    if group.period_s is not None and (group.period_s <= 0 or group.split == "pooled"):
        raise InputError(
            where, f"period_s is {group.period_s}, split {group.split!r}", "above 0, and no pooled markets"
        )


def _check_measure(where: str, item: Measure) -> None:
    if item.kernel in ("linear", "quadratic") and item.limit is None:
        raise InputError(where, f"kernel {item.kernel} has no limit", 'limit = "20 bps" or the like')
    if item.kernel == "exponential" and (item.per is None or (item.rate is None) == (item.discount is None)):
        raise InputError(where, "kernel exponential lacks its scale", "per, and one of rate and discount")
    if item.kernel == "ticks" and (item.discount is None or not 0 < item.discount <= 1):
        raise InputError(where, f"kernel ticks has discount {item.discount}", "a discount above 0, at most 1")
    if item.kernel == "bands" and not 1 <= len(item.band) <= 8:
        raise InputError(where, f"kernel bands has {len(item.band)} bands", "1 to 8 of [[group.measure.band]]")
    if item.beyond is not None and (item.kernel != "flat" or item.limit is None):
        raise InputError(where, f"beyond with kernel {item.kernel}", "kernel flat and a limit; other steps are bands")
    if item.per_stake and item.min_side is None:
        raise InputError(where, "per_stake without min_side", "min_side, for each unit of stake")
    if item.discount is not None and not 0 < item.discount <= 1:
        raise InputError(where, f"discount is {item.discount}", "above 0, at most 1")
    if item.min_value < 0 or item.min_age_s < 0 or (item.ema_weight is not None and not 0 < item.ema_weight <= 1):
        raise InputError(where, "has min_value, min_age_s or ema_weight out of range", "0 or more; 0 < ema_weight <= 1")
