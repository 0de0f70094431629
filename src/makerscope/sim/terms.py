"""What a scenario comes to: the venue's profile, with the scenario's own keys in its place where it has some.

Facts of a venue are data of ``market.profiles``; a scenario names a profile and changes single numbers. What neither
knows and a venue cannot do without is refused by key; what can be assumed is assumed in words that the tape carries.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from makerscope.errors import InputError
from makerscope.market.funding import RATE
from makerscope.market.funding_rule import FundingRule, funding_rule
from makerscope.market.layout import NO_TIME, PPM
from makerscope.market.margin_profile import (
    LIMITS,
    RANKINGS,
    Liquidation,
    MarginProfile,
    margin_profile,
    margin_profile_names,
)
from makerscope.market.mark import MarkRule
from makerscope.market.oracle import Oracle
from makerscope.market.ordering import POLICIES
from makerscope.market.price_rule import KINDS, price_rule
from makerscope.market.reference_terms import Shock
from makerscope.market.venue_facts import BUDGETS, SELF_TRADES, VenueProfile
from makerscope.market.venue_profile import venue_profile
from makerscope.market.venue_rules import POLICY_NUMBERS
from makerscope.sim.bankruptcy import WAYS
from makerscope.sim.episodes import Happenings, happenings_of
from makerscope.sim.fee_tiers import tiers_of
from makerscope.sim.markets import DECIMALS
from makerscope.sim.scenario import Scenario

MS, SECOND, MINUTE, HOUR = 10**6, 10**9, 60 * 10**9, 3600 * 10**9
GWEI = 10**9
WINDOW = 30 * MINUTE  # of the settlement average
MARKS = {name.replace(" ", "-"): kind for name, kind in KINDS.items()}
NATIVE = {"class-sort-fee": "hyperliquid", "timeboost": "arbitrum", "short-term": "dydx", "delayed-takers": "vega"}
NATIVE |= {"auction": "drift", "commit": "gmx"}  # whose numbers a policy has where the scenario's venue has another
NEEDED = {  # numbers that a policy cannot do without: key of the scenario, key of the profile
    "timeboost": ("express_delay_ms", "express_delay_ns"),
    "delayed-takers": ("blocks", "blocks"),
    "auction": ("blocks", "blocks"),
    "commit": ("price_delay_ms", "price_delay_ns"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds in a world.

    ``profile``: the venue's, with the scenario's numbers; ``fees`` ppm: maker, taker, of options maker, taker and cap;
    ``fee_tiers``: see ``sim.fee_tiers``; ``funding``: X_*; ``order_blocks``: an order's longest life, 0 for ever;
    ``assumed``: in words.
    """

    profile: VenueProfile
    margin: MarginProfile
    fees: tuple[int, int, int, int, int]
    fee_tiers: NDArray[np.int64]
    funding: tuple[int, ...]
    oracle: Oracle
    mark: MarkRule
    self_trade: int
    order_blocks: int
    happens: Happenings
    reorgs: tuple[tuple[int, int], ...]
    assumed: tuple[str, ...]

    @property
    def interval(self) -> int:
        """Ns of a block; 0 without blocks."""
        return self.profile.clock.interval_ns or 0

    @property
    def shocks(self) -> tuple[Shock, ...]:
        """What happens to prices."""
        return self.happens.shocks


def terms_of(scenario: Scenario, start: int, end: int) -> Terms:
    """Put the profile, the scenario's own tables and its episodes together.

    Raises:
        InputError: a name is not known, an episode lies outside the scenario, or neither the profile nor the scenario
            knows a number that is needed.
    """
    assumed: list[str] = []
    profile = _profile(scenario)
    happens = happenings_of(scenario, start, end)
    if happens.congestion and not profile.gas.demand:
        raise InputError(
            "chain.others", "is 0 and an episode is congestion", "gas or messages that others want in a block"
        )
    oracle, mark = _prices(scenario, assumed)
    venue, stp = scenario.venue, profile.orders.self_trade
    if venue.bankruptcy not in WAYS:
        raise InputError("venue.bankruptcy", f"is {venue.bankruptcy!r}", "one of " + ", ".join(WAYS))
    if stp is None:
        stp = "expire-taker"
        assumed.append("self-trades: the taker's rest expires, as the profile does not say")
    ttl, fees = scenario.chain.ttl_blocks, _fees(scenario, profile)
    flat = venue.maker_fee_bps is not None or venue.taker_fee_bps is not None
    return Terms(
        profile=profile,
        margin=_margin(scenario, assumed),
        fees=fees,
        fee_tiers=tiers_of(profile.fees.tiers, fees, 10**DECIMALS, flat=flat),
        funding=_funding(scenario, assumed),
        oracle=replace(
            oracle,
            episodes=happens.oracle,
            pull_delay=profile.ordering.price_delay_ns or 0,
            pull_window=profile.ordering.expiry_ns or NO_TIME,
        ),
        mark=mark,
        self_trade=SELF_TRADES[stp],
        order_blocks=(profile.orders.ttl_blocks or 0) if ttl is None else ttl,
        happens=happens,
        reorgs=_reorgs(scenario, profile),
        assumed=tuple(assumed),
    )


def _profile(scenario: Scenario) -> VenueProfile:
    """The venue's facts as the scenario changes them."""
    chain, gas, budget, venue = scenario.chain, scenario.venue.gas, scenario.venue.budget, scenario.venue
    for key, value, known in (
        ("chain.policy", chain.policy, tuple(POLICIES)),
        ("venue.self_trade", venue.self_trade, tuple(SELF_TRADES)),
        ("venue.budget.kind", budget.kind, BUDGETS),
    ):
        if value is not None and value not in known:
            raise InputError(key, f"is {value!r}", "one of " + ", ".join(known))
    clock = {"interval_ns": _ns(chain.block_ms, MS), "jitter_ns": _ns(chain.jitter_ms, MS)}
    ordering = {
        "policy": chain.policy, "blocks": chain.blocks, "express_delay_ns": _ns(chain.express_delay_ms, MS),
        "gossip_ns": _ns(chain.gossip_ms, MS), "price_delay_ns": _ns(chain.price_delay_ms, MS),
        "expiry_ns": _ns(chain.expiry_s, SECOND),
    }  # fmt: skip
    costs = {
        "capacity": chain.capacity, "demand": chain.others, "base_fee": _ns(gas.base_fee_gwei, GWEI),
        "place": gas.place,
        "replace": gas.replace, "cancel": gas.cancel, "take": gas.take, "coin_price_usd": _ns(gas.coin_usd, 1),
    }  # fmt: skip
    actions = {key: getattr(budget, key) for key in budget.__struct_fields__}
    changes = {
        "clock": _given(clock),
        "ordering": _native(chain.policy, venue_profile(scenario.profile)) | _given(ordering),
        "gas": _given(costs),
        "budget": _given(actions),
        "orders": _given({"self_trade": venue.self_trade}),
    }
    profile = venue_profile(scenario.profile, changes=changes)
    needed = NEEDED.get(profile.ordering.policy)
    if needed and getattr(profile.ordering, needed[1]) is None:
        raise InputError(f"chain.{needed[0]}", "is missing", f"what policy {profile.ordering.policy} needs")
    if profile.ordering.policy == "class-sort-fee" and not profile.ordering.bucket_ns:
        raise InputError("chain.policy", "is 'class-sort-fee', whose fees the profile does not know", "class-sort")
    return profile


def _reorgs(scenario: Scenario, profile: VenueProfile) -> tuple[tuple[int, int], ...]:
    """The blocks that each reorg orphans, at the regular pace: height of the last, and how many."""
    interval = profile.clock.interval_ns or SECOND
    out: list[tuple[int, int]] = []
    for item in scenario.episode:
        if item.kind == "reorg":
            depth = max(round(item.minutes * MINUTE) // interval, 1)
            out.append((round(item.after_minutes * MINUTE) // interval + depth, depth))
    return tuple(out)


def _native(policy: str | None, own: VenueProfile) -> dict[str, object]:
    """The numbers of a policy that is not the venue's own: of the venue it comes from."""
    if policy is None or policy == own.ordering.policy or policy not in NATIVE:
        return {}
    numbers = venue_profile(NATIVE[policy]).ordering
    return _given({key: getattr(numbers, key) for key in POLICY_NUMBERS})


def _given(keys: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in keys.items() if value is not None}


def _ns(value: float | None, unit: int) -> int | None:
    return None if value is None else round(value * unit)


def _fees(scenario: Scenario, profile: VenueProfile) -> tuple[int, int, int, int, int]:
    """Rates in ppm. An option's are asked for only where there are options."""
    found: list[int] = []
    for key, fact in (
        ("maker_fee_bps", "maker_ppm"), ("taker_fee_bps", "taker_ppm"), ("option_maker_fee_bps", "option_maker_ppm"),
        ("option_taker_fee_bps", "option_taker_ppm"), ("option_fee_cap", "option_cap_ppm"),
    ):  # fmt: skip
        own, known = getattr(scenario.venue, key), getattr(profile.fees, fact)
        if own is not None:
            found.append(round(own * (PPM if key == "option_fee_cap" else 100)))
        elif known is not None or (key.startswith("option") and (not scenario.option or key == "option_fee_cap")):
            found.append(known or 0)
        else:
            why = profile.fees.facts.unknown.get(fact, "the profile has no such fee")
            raise InputError(
                f"venue.{key}", f"is missing; profile {scenario.profile} does not know it ({why})", "a number of bps"
            )
    return found[0], found[1], found[2], found[3], found[4]


def _margin(scenario: Scenario, assumed: list[str]) -> MarginProfile:
    venue, known = scenario.venue, margin_profile_names()
    name = venue.margin or (scenario.profile if scenario.profile in known else "plain")
    if name not in known:
        raise InputError("venue.margin", f"is {name!r}", "one of " + ", ".join(known))
    if venue.margin is None and name != scenario.profile:
        assumed.append("margin: the plain rules (5 % initial, 2.5 % maintenance), as the venue has no margin profile")
    profile = margin_profile(name)
    if scenario.option and profile.option_initial.rate_ppm == 0 and profile.option_initial.floor_ppm == 0:
        raise InputError("venue.margin", f"is {name!r}, which has no rules for options", "such as deribit or plain")
    profile = replace(profile, liquidation=_liquidation(scenario, profile.liquidation))
    rules = profile.liquidation
    if venue.keepers and rules.penalty_notional_ppm == 0 and rules.penalty_margin_ppm == 0:
        assumed.append(
            f"keepers: margin rules {name} have no penalty, so a liquidator earns nothing; venue.liquidation.penalty "
            "sets one"
        )
    initial, maintenance = venue.initial_margin, venue.maintenance_margin
    if initial is not None or maintenance is not None:
        first = profile.perp_initial_ppm if initial is None else round(initial * PPM)
        profile = replace(
            profile,
            tiers=profile.tiers if maintenance is None else {},  # a chosen leverage never changes a tier's maintenance
            perp_initial_ppm=first,
            perp_maintenance_ppm=first // 2 if maintenance is None else round(maintenance * PPM),
        )
    if profile.perp_maintenance_ppm > profile.perp_initial_ppm:
        raise InputError(
            "venue.maintenance_margin",
            f"is {profile.perp_maintenance_ppm / PPM:g}",
            f"at most the initial margin, {profile.perp_initial_ppm / PPM:g}",
        )
    return profile


def _liquidation(scenario: Scenario, rules: Liquidation) -> Liquidation:
    """The profile's rules of liquidation with the scenario's numbers."""
    table = scenario.venue.liquidation
    for key, known in (("limit", LIMITS), ("adl", RANKINGS)):
        value = getattr(table, key)
        if value is not None and value not in known:
            raise InputError(f"venue.liquidation.{key}", f"is {value!r}", "one of " + ", ".join(known))
    changed = {
        "first_ppm": _ns(table.first, PPM), "later_ppm": _ns(table.later, PPM), "above_usd": _ns(table.above_usd, 1),
        "pause_s": _ns(table.pause_s, 1), "backstop_ppm": _ns(table.backstop, PPM),
        "restored_ppm": _ns(table.restored, PPM), "penalty_notional_ppm": _ns(table.penalty, PPM),
        "penalty_margin_ppm": _ns(table.margin_penalty, PPM), "limit": table.limit,
        "spread_ppm": _ns(table.spread, PPM), "adl": table.adl,
    }  # fmt: skip
    return replace(rules, **_given(changed))  # pyright: ignore[reportArgumentType]


def _funding(scenario: Scenario, assumed: list[str]) -> tuple[int, ...]:
    """Numbers of ``world.X_*``. Continuous funding is paid each minute."""
    venue = scenario.venue
    try:
        rule = funding_rule(venue.funding or scenario.profile)
    except InputError as error:
        if venue.funding is not None:
            raise InputError("venue.funding", f"is {venue.funding!r}", error.want) from error
        rule = funding_rule("hyperliquid")
        assumed.append("funding: Hyperliquid's rule, as the venue has no funding profile")
    rule = FundingRule(
        venue=rule.venue,
        interest=rule.interest if venue.funding_interest is None else round(venue.funding_interest * RATE),
        clamp=rule.clamp,
        cap=rule.cap if venue.funding_cap is None else round(venue.funding_cap * RATE),
        basis=rule.basis,
        interval=rule.interval if venue.funding_hours is None else round(venue.funding_hours * HOUR),
        sample=rule.sample,
    )
    every = rule.interval
    if every == 0:
        every = MINUTE
        assumed.append("funding: continuous by the rule, paid each minute here")
    return every, rule.sample, rule.interest, rule.clamp, rule.cap, rule.basis, WINDOW


def _prices(scenario: Scenario, assumed: list[str]) -> tuple[Oracle, MarkRule]:
    """The venue's oracle and mark with the scenario's numbers."""
    table, venue = scenario.oracle, scenario.venue
    try:
        rule = price_rule(scenario.profile)
    except InputError:
        rule = price_rule("plain")
        assumed.append(
            "prices: an exact index each second and a mark that is the index, as the venue has no price profile"
        )
    changed = _given({
        "period": _ns(table.period_s, SECOND), "error": None if table.error_bps is None else table.error_bps * 1e-4,
        "weights": None if table.sources is None else tuple(table.sources), "memory": _ns(table.memory_s, SECOND),
        "deviation": _ns(table.deviation_bps, 100), "heartbeat": _ns(table.heartbeat_s, SECOND),
        "delay": _ns(table.delay_ms, MS),
    })  # fmt: skip
    if venue.mark is not None and venue.mark not in MARKS:
        raise InputError("venue.mark", f"is {venue.mark!r}", "one of " + ", ".join(MARKS))
    marked = _given({
        "kind": None if venue.mark is None else MARKS[venue.mark], "window": _ns(venue.mark_window_s, SECOND),
        "cap": _ns(venue.mark_cap_bps, 100),
    })  # fmt: skip
    return replace(rule.oracle, **changed), replace(rule.mark, **marked)  # pyright: ignore[reportArgumentType]
