"""Margin and liquidation rules of a venue as data: ``profiles/margin/<name>.toml``, read and checked key by key.

A profile changes, the code does not. Each entry has ``valid_from``, ``source`` and ``status``; the latest that was
valid on the day counts. Rates are parts per million, money is whole units of the settlement token (USD), time is
seconds; scenario moves are fractions. ``margin_rules`` makes arrays of it.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any

from makerscope.errors import InputError
from makerscope.market.layout import PPM

PROFILES = "profiles/margin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """From a notional on, what each further unit of it wants."""

    from_usd: int
    initial_ppm: int
    maintenance_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionRates:
    """One row of the standard formula: short ``max(rate S - otm OTM, floor S)``, long ``min(share mark, cap S)``."""

    rate_ppm: int
    otm_ppm: int
    floor_ppm: int
    long_share_ppm: int
    long_cap_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioRates:
    """Share of the worst loss that is asked for, and contingencies on perpetuals and on short options."""

    loss_ppm: int
    perp_ppm: int
    short_option_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The index moves by the fraction ``spot``, volatility up (1), not (0) or down (-1); the gain counts ``weight``."""

    spot: float
    vol: int
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VolShock:
    """``up``, ``down`` at 30 days, times ``(30 / days)^power``; at least ``dte_floor`` days and, up, ``vol_floor``."""

    up: float
    down: float
    short_power: float
    long_power: float
    dte_floor: float
    vol_floor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Liquidation:
    """What is closed when, by whom, at what price beyond the market's; see ``market.liquidation``."""

    first_ppm: int  # of a position, at the first step
    later_ppm: int  # of it, at each later step
    above_usd: int  # positions of at most this notional are closed at once
    pause_s: int  # between steps
    backstop_ppm: int  # of maintenance margin: below it the backstop vault takes over
    restored_ppm: int  # closing ends when maintenance is at most this share of equity
    penalty_notional_ppm: int  # of the notional closed
    penalty_margin_ppm: int  # of the maintenance margin of what is closed
    limit: str  # of forced orders: bankruptcy (price), or fillable (price, dYdX's)
    spread_ppm: int  # fillable: of the maintenance margin, how far it goes at most from the mark
    adl: str  # who is closed first: size or return (rank), or random


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginProfile:
    """One venue's rules, valid from a day on."""

    venue: str
    valid_from: str
    source: str
    status: str
    perp_initial_ppm: int
    perp_maintenance_ppm: int
    tiers: Mapping[str, tuple[Tier, ...]]  # by underlying; where there are none the two rates above hold
    option_maintenance: OptionRates
    option_initial: OptionRates
    portfolio_maintenance: PortfolioRates
    portfolio_initial: PortfolioRates
    scenarios: tuple[Scenario, ...]  # none: the venue has no portfolio margin
    vol_shock: VolShock
    liquidation: Liquidation


LIMITS = {"bankruptcy": 0, "fillable": 1}
RANKINGS = {"size": 0, "return": 1, "random": 2}


def margin_profile_names() -> list[str]:
    """Names of the shipped profiles.

    Examples:
        >>> "hyperliquid" in margin_profile_names()
        True
    """
    folder = resources.files("makerscope.market") / PROFILES
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))


@cache
def margin_profile(name: str, *, day: str = "9999-12-31") -> MarginProfile:
    """The rules of a venue as they were on a day (``YYYY-MM-DD``); without one, the latest known.

    Raises:
        InputError: there is no such profile, none was valid yet, or an entry is not what it should be (the key is
        named).

    Examples:
        >>> margin_profile("hyperliquid").tiers["BTC"][0].maintenance_ppm
        12500
    """
    path = resources.files("makerscope.market") / PROFILES / f"{name}.toml"
    if name not in margin_profile_names():
        raise InputError(f"margin profile {name!r}", "is not known", "one of: " + ", ".join(margin_profile_names()))
    entries = tomllib.loads(path.read_text())["margin"]
    valid = [entry for entry in entries if str(entry["valid_from"]) <= day]
    if not valid:
        raise InputError(f"margin profile {name!r}", f"was not valid on {day}", "a later day")
    return margin_profile_of(name, max(valid, key=lambda entry: str(entry["valid_from"])))


def margin_profile_of(where: str, entry: Mapping[str, Any]) -> MarginProfile:
    """A profile from one ``[[margin]]`` entry, such as a user's own.

    Raises:
        InputError: a key is missing, unknown, or holds what cannot be.
    """
    raw = dict(entry)
    tiers = _take(raw, where, "tiers", dict)
    shock = _take(raw, where, "vol_shock", dict)
    blocks = _take(raw, where, "scenarios", list)
    parts: dict[str, Any] = {
        key: _record(kind, f"{where}: {key}", _take(raw, where, key, dict))
        for key, kind in (
            ("option_maintenance", OptionRates),
            ("option_initial", OptionRates),
            ("portfolio_maintenance", PortfolioRates),
            ("portfolio_initial", PortfolioRates),
            ("liquidation", Liquidation),
        )
    }
    for key, known in (("limit", LIMITS), ("adl", RANKINGS)):
        if getattr(parts["liquidation"], key) not in known:
            found = getattr(parts["liquidation"], key)
            raise InputError(f"{where}: liquidation.{key}", f"is {found!r}", "one of " + ", ".join(known))
    parts["tiers"] = {name: _tiers(f"{where}: tiers.{name}", rows) for name, rows in tiers.items()}
    parts["scenarios"] = tuple(row for block in blocks for row in _scenarios(f"{where}: scenarios", block))
    parts["vol_shock"] = _record(VolShock, f"{where}: vol_shock", shock)
    result = _record(MarginProfile, where, raw | parts)
    if result.perp_maintenance_ppm > result.perp_initial_ppm:
        raise InputError(f"{where}: perp_maintenance_ppm", "is above perp_initial_ppm", "at most that")
    liquidation = result.liquidation
    if not 0 < liquidation.first_ppm <= PPM or not 0 < liquidation.later_ppm <= PPM:
        raise InputError(f"{where}: liquidation", "a step closes nothing or more than all", "1 to 1000000 ppm")
    return result


def _take(raw: dict[str, Any], where: str, key: str, kind: type) -> Any:  # noqa: ANN401 - TOML holds anything
    value = raw.pop(key, None)
    if not isinstance(value, kind):
        raise InputError(f"{where}: {key}", "is missing or of another kind", kind.__name__)
    return value


def _record(kind: type[Any], where: str, raw: Mapping[str, Any]) -> Any:  # noqa: ANN401 - one of the classes above
    wanted: dict[str, Any] = {field.name: field.type for field in fields(kind)}
    for key in raw:
        if key not in wanted:
            raise InputError(f"{where}: {key}", "is not known", "one of: " + ", ".join(wanted))
    for key, type_of in wanted.items():
        if key not in raw:
            raise InputError(f"{where}: {key}", "is missing")
        value = raw[key]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if (type_of is int and (not number or value != int(value))) or (type_of is float and not number):
            raise InputError(f"{where}: {key}", f"is {value!r}", "a number")
        if type_of in {int, float} and value < 0 and key not in {"spot", "vol"}:
            raise InputError(f"{where}: {key}", f"is {value}", "0 or more")
    return kind(**{key: type_of(raw[key]) if type_of in {int, float} else raw[key] for key, type_of in wanted.items()})


def _tiers(where: str, rows: Sequence[Mapping[str, Any]]) -> tuple[Tier, ...]:
    tiers = tuple(_record(Tier, where, row) for row in rows)
    if not tiers or tiers[0].from_usd != 0:
        raise InputError(f"{where}: from_usd", "does not begin at 0", "a first tier from 0")
    for low, high in pairwise(tiers):
        if high.from_usd <= low.from_usd or high.maintenance_ppm < low.maintenance_ppm:
            raise InputError(where, "tiers do not rise", "each from a higher notional and no lower a rate")
    for tier in tiers:
        if not 0 < tier.maintenance_ppm <= tier.initial_ppm:
            raise InputError(f"{where}: maintenance_ppm", f"is {tier.maintenance_ppm}", "above 0, at most initial_ppm")
    return tiers


def _scenarios(where: str, block: Mapping[str, Any]) -> list[Scenario]:
    """All pairs of a block's ``spots`` and ``vols``; ``weight`` is one number, or one a spot."""
    raw = dict(block)
    spots, vols = _take(raw, where, "spots", list), _take(raw, where, "vols", list)
    weight = raw.pop("weight", 1.0)
    weights = weight if isinstance(weight, list) else [weight] * len(spots)
    if raw or len(weights) != len(spots):
        raise InputError(where, f"has {sorted(raw)} and {len(weights)} weights", "spots, vols, a weight or one a spot")
    rows = [
        _record(Scenario, where, {"spot": spot, "vol": vol, "weight": each})
        for spot, each in zip(spots, weights, strict=True)
        for vol in vols
    ]
    for row in rows:
        if row.spot <= -1.0 or row.vol not in {-1, 0, 1}:
            raise InputError(where, f"has spot {row.spot}, vol {row.vol}", "spot above -1; vol -1, 0 or 1")
    return rows
