"""Fees fall with the volume of the venue's window, from the start and from each midnight on, to the last base unit."""

import pytest

from makerscope.market.layout import FIRST_AGENT, POST_ONLY
from tests.market_play import BASE, built_of, place, play, script, scripted, take

A, B = FIRST_AGENT, FIRST_AGENT + 1
MIDNIGHT = 'start = "2026-01-05T23:59:58Z"\nprofile = "{profile}"'


def venue_of(profile, volume, fees=""):
    """Two agents; the first is the maker. Three trades: two before midnight, one after it."""
    rest = scripted("maker", more=f"volume_usd = {volume[0]}") + scripted("taker", more=f"volume_usd = {volume[1]}")
    text = BASE.format(
        hours=5 / 3600, top=MIDNIGHT.format(profile=profile), underlying="", chain="", rest=rest, venue=fees
    )
    built = built_of(text)
    script(built, 0, [place(10, -1, 10_000, 300, flags=POST_ONLY)])
    script(built, 1, [take(ms, 1, 10_000, 100) for ms in (510, 1_010, 3_010)])
    return built


@pytest.mark.parametrize(
    ("profile", "volume", "rates"),
    [
        ("hyperliquid", (0, 0), (150, 450)), ("hyperliquid", (5e6, 4.9e6), (120, 450)),
        ("hyperliquid", (6e8, 3e7), (0, 350)), ("dydx", (3e8, 1.5e6), (-110, 450)),
    ],
)  # fmt: skip
def test_the_volume_before_the_start_says_the_first_rates(profile, volume, rates):
    fills = play(venue_of(profile, volume))["fills"]
    value = 100 * 10_000 * 1_000  # base units
    assert fills["maker_fee"][:2].tolist() == [value * rates[0] // 10**6] * 2
    assert fills["taker_fee"][:2].tolist() == [value * rates[1] // 10**6] * 2


def test_a_days_volume_counts_from_the_next_midnight_and_the_oldest_day_falls_out():
    # 14 days; 4,999,000 before the start, of which a fourteenth falls out at midnight, and 2,000 traded
    for before, reached in ((4_999_000, False), (5_400_000, True), (5_380_000, False)):
        built = venue_of("hyperliquid", (0, before))
        fees = play(built)["fills"]["taker_fee"].tolist()
        assert (fees[2] == 400_000) == (before - before // 14 + 2_000 >= 5_000_000) == reached
        assert fees[0] == (400_000 if before >= 5_000_000 else 450_000)
        assert built.world.budget.days[B].sum() // 10**6 == pytest.approx(before - before // 14 + 2_000, abs=1)


def test_a_fee_of_the_scenarios_own_is_flat():
    fills = play(venue_of("hyperliquid", (1e10, 1e10), "taker_fee_bps = 3\nmaker_fee_bps = 1"))["fills"]
    assert set(fills["taker_fee"].tolist()) == {300_000}
    assert set(fills["maker_fee"].tolist()) == {100_000}
