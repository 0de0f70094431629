"""What the shipped crunches show: each says what to look at, and there it is."""

from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest

from makerscope.lab.variants import played_by, seats_of, variants_in
from makerscope.market.layout import INSURANCE
from makerscope.sim.build import build
from makerscope.sim.run import simulate
from makerscope.sim.shipped import find_scenario
from makerscope.tape.read import Tape

MINUTE = 60 * 10**9
VARIANTS = Path(__file__).resolve().parents[2] / "examples" / "crunch_variants.toml"


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Plays a shipped scenario once, its first hours."""
    folder, found = tmp_path_factory.mktemp("shown"), {}

    def show(name, hours=None):
        if name not in found:
            scenario = find_scenario(name)
            if hours is not None:
                kept = [one for one in scenario.episode if one.after_minutes + one.minutes <= hours * 60]
                scenario = msgspec.structs.replace(scenario, hours=hours, episode=kept)
            found[name] = simulate(scenario, folder / name, seed=7), Tape.open(folder / name)
        return found[name]

    return show


def minutes(tape, built, table):
    return tape.read(table).with_columns(minute=(pl.col("exchange_time") - built.start) / MINUTE)


def depth(tape, built, first, last):
    """Mean lots on both sides of the BTC book in a span of minutes."""
    rows = minutes(tape, built, "book").filter(
        pl.col("instrument") == "hyperliquid:BTC", pl.col("minute").is_between(first, last)
    )
    return rows.group_by("exchange_time").agg(pl.col("size").sum())["size"].mean()


def test_in_the_second_wave_depth_is_gone_insurance_is_used_and_winners_are_deleveraged(shown):
    built, tape = shown("three-day-crunch", 21.5)
    assert depth(tape, built, 1217, 1275) < 0.5 * depth(tape, built, 300, 700)
    forced = minutes(tape, built, "liquidations")
    assert forced.filter(pl.col("minute") < 720).height == 0
    assert {"market", "backstop", "adl"} <= set(forced["method"])
    assert built.world.venue.accounts.cash[INSURANCE] < 0.1 * built.scenario.venue.insurance_usd * 1e6


def test_makers_go_one_by_one_and_the_least_patient_first(shown):
    built, tape = shown("maker-exit")
    names = ["thin-skin", "wary", "even"]
    orders = minutes(tape, built, "orders").filter(
        pl.col("maker").is_in(names), pl.col("action").is_in(["placed", "replaced"])
    )
    last = dict(orders.group_by("maker").agg(pl.col("minute").max()).iter_rows())
    assert last["thin-skin"] < last["wary"] < last["even"] < 480
    final = minutes(tape, built, "orders").filter(pl.col("maker") == "last-one")["minute"].max()
    assert final > 470


def test_funding_follows_the_premium_and_the_crowd_falls_though_the_price_hardly_does(shown):
    built, tape = shown("funding-squeeze")
    marks = minutes(tape, built, "marks").filter(pl.col("instrument") == "hyperliquid:BTC")
    premium = 1e4 * (marks["mark"] / marks["index"] - 1)
    assert premium.filter(marks["minute"].is_between(300, 900)).mean() > 50
    funding = marks["funding"].drop_nulls()
    assert np.corrcoef(premium.filter(marks["funding"].is_not_null()), funding)[0, 1] > 0.7
    forced = minutes(tape, built, "liquidations")
    assert forced.filter(pl.col("minute") < 1080)["account"].n_unique() >= 3  # before the fall of 2.5 %
    assert forced["account"].n_unique() > 30
    assert premium.filter(marks["minute"] > 1200).mean() < premium.filter(marks["minute"].is_between(300, 900)).mean()


def test_nobody_is_liquidated_while_the_oracle_is_silent_and_then_everybody(shown):
    built, tape = shown("oracle-failure-in-crash")
    forced = minutes(tape, built, "liquidations")
    assert forced.filter(pl.col("minute").is_between(44.2, 55.9)).height == 0
    after = forced.filter(pl.col("minute") > 55.9)
    assert after["account"].n_unique() > 10
    assert {"backstop", "adl"} & set(after["method"])


def test_while_the_bridge_is_closed_hedges_are_refused_and_money_arrives_after(shown):
    built, tape = shown("bridge-closed")
    moved = minutes(tape, built, "transfers").filter(pl.col("kind") == "deposit", pl.col("amount") > 0)
    assert not moved["minute"].is_between(135.1, 274.9).any()
    assert moved["minute"].is_between(275, 300).any()
    hedges = minutes(tape, built, "fills").filter(
        pl.col("taker") == "mover", pl.col("instrument").str.contains("lead"), pl.col("minute").is_between(200, 275)
    )
    assert (hedges["side"] * hedges["size"]).sum() >= 0  # it could not buy; what it sold freed margin
    assert built.world.venue.refused[built.accounts.index("mover")].sum() > 100


def test_three_markets_are_driven_by_one_and_makers_leave_all_of_them(shown):
    built, _ = shown("correlated-macro-shock")
    spot = np.log(built.world.path.spot)
    per_minute = np.diff(spot[:, 5400 * 2 : 9000 * 2 : 120], axis=1)
    assert np.corrcoef(per_minute)[0, 1] > 0.95
    assert np.corrcoef(per_minute)[0, 2] > 0.95
    assert per_minute[1].std() / per_minute[0].std() == pytest.approx(1.35, rel=0.1)


def test_every_variant_of_the_crunch_in_the_docs_can_be_played():
    scenario = find_scenario("three-day-crunch")
    variants = {item.name: item for item in variants_in(VARIANTS)}
    kinds = {}
    for name, item in variants.items():
        played = msgspec.structs.replace(played_by(scenario, item), hours=1, episode=[])
        built = build(played, seed=0)
        kinds[name] = {one.kind for one in built.scenario.agent if one.name in seats_of(scenario)}
    assert kinds["makers that stay"] == {"grid"}
    assert kinds["GLFT makers"] == {"glft"}
    assert kinds["hedged makers"] == kinds["all of it"] == {"hedged-grid"}
    assert kinds["hedged GLFT makers"] == {"hedged-glft"}
    assert kinds["margin-aware makers"] == {"margin-aware"}
    assert (
        kinds["cancels first"]
        == kinds["double margin"]
        == kinds["slow ladder"]
        == {"grid", "symmetric", "fair-weather"}
    )
