"""From a venue's margin profile and a table of instruments to the arrays that compiled code reads."""

from collections.abc import Sequence
from dataclasses import astuple

import numpy as np
from numpy.typing import NDArray

from makerscope.errors import InputError
from makerscope.market.layout import A_PERP, IM, KIND, MM, PPM, UNDERLYING
from makerscope.market.liquidation import LADDER_COLUMNS
from makerscope.market.margin import Rules
from makerscope.market.margin_profile import LIMITS, RANKINGS, MarginProfile, Tier
from makerscope.market.portfolio_margin import Grid

SECOND = 1_000_000_000


def margin_rules(
    profile: MarginProfile, spec: NDArray[np.int64], underlyings: Sequence[str], *, units_per_usd: int
) -> Rules:
    """The rules of a profile for these instruments.

    Args:
        profile: of the venue.
        spec: instruments table ``(I, 20)``; KIND and UNDERLYING are read.
        underlyings: names, in the order that UNDERLYING counts.
        units_per_usd: base units of the settlement token in one USD.

    Raises:
        InputError: an instrument's underlying has no name, or money does not fit 62 bits.

    Examples:
        >>> from makerscope.market.layout import SPEC_COLUMNS
        >>> from makerscope.market.margin_profile import margin_profile
        >>> spec = np.zeros((1, SPEC_COLUMNS), np.int64)
        >>> rules = margin_rules(margin_profile("hyperliquid"), spec, ["BTC"], units_per_usd=10**6)
        >>> rules.tiers[1:3, 1].tolist(), rules.tier_of.tolist()
        ([25000, 50000], [[1, 3]])
    """
    if spec.shape[0] and int(spec[:, UNDERLYING].max()) >= len(underlyings):
        raise InputError("underlyings", f"there are {len(underlyings)} names", "one for each UNDERLYING of the table")
    rows: list[list[int]] = [[0] * 5]  # row 0 is nobody's
    tier_of = np.zeros((spec.shape[0], 2), np.int64)
    places: dict[str, tuple[int, int]] = {}
    for name, tiers in profile.tiers.items():
        places[name] = (len(rows), len(rows) + len(tiers))
        rows += tier_rows(tiers, units_per_usd)
    for i in range(spec.shape[0]):
        if spec[i, KIND] == A_PERP:
            tier_of[i] = places.get(underlyings[int(spec[i, UNDERLYING])], (0, 0))
    liquidation = profile.liquidation
    ladder = np.zeros(LADDER_COLUMNS, np.int64)
    ladder[:] = (
        liquidation.first_ppm,
        liquidation.later_ppm,
        liquidation.above_usd * units_per_usd,
        liquidation.pause_s * SECOND,
        liquidation.backstop_ppm,
        liquidation.restored_ppm,
        liquidation.penalty_notional_ppm,
        liquidation.penalty_margin_ppm,
        LIMITS[liquidation.limit],
        liquidation.spread_ppm,
        RANKINGS[liquidation.adl],
    )
    if any(abs(entry) >= 1 << 62 for row in rows for entry in row):
        raise InputError(f"margin profile of {profile.venue}", "a tier begins above 2^62 base units", "fewer decimals")
    count = len(profile.scenarios)
    return Rules(
        tiers=np.array(rows, np.int64).reshape(-1, 5),
        tier_of=tier_of,
        option=np.array([astuple(profile.option_maintenance), astuple(profile.option_initial)], np.int64),
        portfolio=np.array([astuple(profile.portfolio_maintenance), astuple(profile.portfolio_initial)], np.int64),
        ladder=ladder,
        gain=np.zeros((spec.shape[0], count)),
        work=np.zeros((max(len(underlyings), 1), count)),
    )


def tier_rows(tiers: Sequence[Tier], units_per_usd: int) -> list[list[int]]:
    """Rows of ``Rules.tiers``: the deductions make the margin continuous, ``d_n = d_(n-1) + L_n (r_n - r_(n-1))``."""
    rows: list[list[int]] = []
    initial = maintenance = 0
    for place, tier in enumerate(tiers):
        start = tier.from_usd * units_per_usd
        if place:
            before = tiers[place - 1]
            initial += start * (tier.initial_ppm - before.initial_ppm) // PPM
            maintenance += start * (tier.maintenance_ppm - before.maintenance_ppm) // PPM
        rows.append([start, tier.initial_ppm, initial, tier.maintenance_ppm, maintenance])
    return rows


def scenario_grid(profile: MarginProfile, instruments: int) -> Grid:
    """The scenarios of a profile; volatility and years of the instruments are 0 until the market writes them.

    Examples:
        >>> from makerscope.market.margin_profile import margin_profile
        >>> scenario_grid(margin_profile("derive_pm1"), 2).scenarios.shape
        (23, 3)
    """
    scenarios = np.array([astuple(row) for row in profile.scenarios], np.float64).reshape(-1, 3)
    shock = np.array(astuple(profile.vol_shock), np.float64)
    return Grid(scenarios, shock, np.zeros(instruments), np.zeros(instruments))


def with_perp_rates(
    profile: MarginProfile, spec: NDArray[np.int64], underlyings: Sequence[str], *, chosen: int | None = None
) -> NDArray[np.int64]:
    """A copy of the instruments table with IM and MM of perpetuals from the profile where the table holds 0.

    Where an underlying has tiers they alone say both, and IM is only what is ``chosen`` beside them (ppm; the venue
    asks for the larger of it and the tier): Hyperliquid's leverage, which never changes maintenance.
    """
    out = spec.copy()
    tiered = np.isin(out[:, UNDERLYING], [u for u, name in enumerate(underlyings) if name in profile.tiers])
    mine = (out[:, KIND] == A_PERP) & (out[:, IM] == 0)
    out[mine & ~tiered, IM] = profile.perp_initial_ppm if chosen is None else chosen
    out[mine & tiered, IM] = chosen or 0
    out[(out[:, KIND] == A_PERP) & (out[:, MM] == 0), MM] = profile.perp_maintenance_ppm
    return out
