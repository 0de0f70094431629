"""Small scenarios for tests of the stress lab: some minutes, a crash, geared longs, makers in named seats."""

from makerscope.sim.scenario import scenario_of

CRASH = b"""
title = "A small crash"
about = "For tests."
hours = 0.06
start = "2026-01-05T12:58:00Z"
[chain]
block_ms = 200
[venue]
insurance_usd = 2000
[[underlying]]
symbol = "BTC"
spot = 60000
volatility = 0.8
[[agent]]
kind = "grid"
name = "quoter"
capital_usd = 500000
numbers = {half_bps = 3, levels = 3, size = 80, limit = 4000}
[[agent]]
kind = "symmetric"
name = "other"
capital_usd = 500000
numbers = {half_bps = 5, size = 60}
[[agent]]
kind = "noise"
name = "noise"
count = 6
capital_usd = 50000
numbers = {per_hour = 900, size = 30}
[[agent]]
kind = "leveraged"
name = "long"
count = 16
capital_usd = 350
numbers = {leverage = 18, long = 1, wait_minutes = 0.3, hold_minutes = 60, slippage_bps = 60}
[[episode]]
kind = "crash"
after_minutes = 1.5
minutes = 0.3
fall = 0.08
recovery = 0.6
over_minutes = 1
[stress]
seats = ["quoter", "other"]
"""


def scenario(text: bytes = CRASH, *replaced: tuple[bytes, bytes]):
    """A scenario with parts of its text replaced."""
    for old, new in replaced:
        assert old in text, old
        text = text.replace(old, new)
    return scenario_of(text, "crash")
