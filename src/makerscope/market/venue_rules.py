"""From a venue's facts to the arrays that compiled code reads: chain, ordering, budget."""

import re
from typing import Any

import numpy as np

from makerscope.errors import InputError
from makerscope.market import budgets, layout, ordering
from makerscope.market import chain as chains
from makerscope.market.venue_facts import BUDGETS, FEE_MODELS, VenueProfile

_GAS_ROWS = {
    "replace": chains.REPLACE,
    "place": layout.PLACE,
    "cancel": layout.CANCEL,
    "take": layout.TAKE,
    "cancel_all": layout.CANCEL_ALL,
    "liquidate": layout.LIQUIDATE,
}
POLICY_NUMBERS = ("bucket_ns", "sort_fee", "fee_unit", "sooner_ns", "fee_cap", "blocks", "expiry_ns")
POLICY_NUMBERS += ("express_delay_ns", "price_delay_ns", "gossip_ns", "hidden", "skew_scale_usd", "impact_cost")
POLICY_NUMBERS += ("impact_gain", "impact_power_ppm")


def known(section: Any, key: str, name: str) -> int:  # noqa: ANN401 - any section of a profile
    """A number the simulation cannot do without.

    Raises:
        InputError: the profile does not know it; the message says why, and that a scenario may set it.
    """
    value = getattr(section, key)
    if value is None:
        reason = section.facts.unknown.get(key, "no reason given")
        raise InputError(f"profile {name}: {key}", f"is unknown ({reason})", "a number set by the scenario")
    return value


def chain_of(profile: VenueProfile, *, money: int, time: int = 0, **scheduled: Any) -> chains.Chain:  # noqa: ANN401
    """The venue's chain before its first block.

    Args:
        profile: the facts.
        money: settlement base units in one USD.
        time: ns of the start.
        scheduled: ``halts``, ``episodes``, ``reorgs`` as ``chain.new_chain`` takes them.

    Raises:
        InputError: a number is unknown that a chain cannot do without.

    Examples:
        >>> from makerscope.market.venue_profile import venue_profile
        >>> chain = chain_of(venue_profile("ethereum"), money=10**6)
        >>> int(chains.next_block_time(chain, chains.DICE // 2, 0)) // 10**9
        12
    """
    clock, gas, name = profile.clock, profile.gas, profile.name
    rules = np.zeros(chains.RULE_COLUMNS, np.int64)
    rules[chains.K_INTERVAL] = known(clock, "interval_ns", name)
    rules[chains.K_JITTER] = clock.jitter_ns or 0
    rules[chains.K_FINALITY] = clock.finality_blocks or 0
    rules[chains.K_CAPACITY] = gas.capacity or 0
    rules[chains.K_FEE_MODEL] = FEE_MODELS.index(gas.fee_model)
    rules[chains.K_AUCTIONED] = profile.ordering.policy == "priority-fee"
    rules[chains.K_COIN_PRICE] = (gas.coin_price_usd or 0) * money
    if gas.fee_model != "none":
        rules[chains.K_TARGET] = known(gas, "target", name)
    rules[chains.K_DENOMINATOR] = known(gas, "denominator", name) if gas.fee_model == "eip-1559" else 1
    others = ("floor", "tolerance", "inertia", "demand", "willing", "tip", "l1_base_fee", "blob_base_fee")
    for key in (*others, "base_scalar", "blob_scalar"):
        rules[getattr(chains, "K_FEE_FLOOR" if key == "floor" else f"K_{key.upper()}")] = getattr(gas, key) or 0
    per_action, size = np.ones((2, chains.ACTION_KINDS), np.int64)
    for key, row in _GAS_ROWS.items():
        if getattr(gas, key) is not None:
            per_action[row] = getattr(gas, key)
    size[:] = gas.bytes or 0
    return chains.new_chain(rules, time=time, base_fee=gas.base_fee or 0, gas=per_action, size=size, **scheduled)


def policy_numbers(profile: VenueProfile) -> dict[str, int]:
    """The numbers of the venue's ordering policy as ``ordering.new_ordering`` names them; what is unknown is left out.

    A short-term order lives as many blocks as the venue's section on orders says.

    Examples:
        >>> from makerscope.market.venue_profile import venue_profile
        >>> policy_numbers(venue_profile("vega"))
        {'blocks': 1}
    """
    found = {key: getattr(profile.ordering, key) for key in POLICY_NUMBERS}
    if profile.ordering.policy == "short-term":
        found["blocks"] = profile.orders.ttl_blocks
    return {re.sub("_(ns|ppm|usd)$", "", key): value for key, value in found.items() if value is not None}


def ordering_of(
    profile: VenueProfile, *, accounts: int, tiers: dict[int, str] | None = None, express: int = layout.NONE
) -> ordering.Ordering:
    """The venue's ordering policy.

    Args:
        profile: the facts.
        accounts: how many accounts there are.
        tiers: name of the speed tier by account; who is not named is in the first tier of the profile.
        express: account that holds the express lane, where the venue sells one.

    Raises:
        InputError: the venue has no such tier.
    """
    facts = profile.ordering
    names = list(facts.tiers)
    delays = [[t.maker_ns, t.cancel_ns, t.taker_ns] for t in facts.tiers.values()] or [[0, 0, 0]]
    numbers = policy_numbers(profile)
    policy = ordering.POLICIES[facts.policy]
    made = ordering.new_ordering(policy, accounts=accounts, delays=np.array(delays), express=express, **numbers)
    for account, tier in (tiers or {}).items():
        if tier not in names:
            raise InputError(f"profile {profile.name}: tier", f"there is no {tier!r}", f"one of {', '.join(names)}")
        made.tier[account] = names.index(tier)
    return made


def limits_of(profile: VenueProfile, *, money: int) -> np.ndarray:
    """The venue's action budget by the columns of ``budgets``; ``money`` is settlement base units in one USD."""
    facts = profile.budget
    limits = np.zeros(budgets.LIMIT_COLUMNS, np.int64)
    limits[budgets.L_KIND] = BUDGETS.index(facts.kind)
    needed = {
        "none": {},
        "volume": {"buffer": "BUFFER", "usd_per_action": "PER", "period_ns": "PERIOD", "extra": "EXTRA"}
        | {"multiple": "MULTIPLE"},
        "window": {"limit": "LIMIT", "window_blocks": "WINDOW"},
        "bucket": {"rate_per_s": "RATE", "burst": "BURST"},
    }[facts.kind]
    for key, column in needed.items():
        limits[getattr(budgets, f"L_{column}")] = known(facts, key, profile.name)
    limits[budgets.L_PER] *= money
    return limits
