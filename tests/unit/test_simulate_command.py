"""``makerscope simulate``, ``scenarios`` and what the shipped scenarios show."""

from pathlib import Path

import polars as pl
import pytest

from makerscope.cli import main
from makerscope.market.layout import FIRST_AGENT, INSURANCE
from makerscope.market.venue import REASONS
from makerscope.sim.run import simulate
from makerscope.sim.scenario import read_scenario, scenario_of
from makerscope.sim.shipped import find_scenario, scenario_names
from makerscope.sim.summary import summary_of
from makerscope.sim.warm import kind_of_world
from makerscope.tape.read import Tape

MINUTE = 60 * 10**9
SMALL = """
title = "Two makers and a crowd"
hours = 0.1
[[underlying]]
symbol = "BTC"
spot = 60000
[[agent]]
kind = "grid"
name = "maker"
count = 2
[[agent]]
kind = "noise"
name = "crowd"
count = 5
capital_usd = 100_000
numbers = { per_hour = 600 }
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    (folder / "small.toml").write_text(SMALL)
    return folder / "small.toml"


@pytest.fixture(scope="module")
def tape(small):
    out = small.parent / "tape"
    simulate(read_scenario(small), out, seed=7)
    return Tape.open(out)


def test_a_scenario_without_orders_on_its_tape_is_the_same_market(tape, tmp_path):
    simulate(scenario_of((SMALL + "[record]\norders = false\n").encode(), "x.toml"), tmp_path / "tape", seed=7)
    without = Tape.open(tmp_path / "tape")
    assert tape.manifest.rows["orders"] > 0
    assert "orders" not in without.manifest.rows
    for table in ("fills", "quotes", "accounts"):
        assert without.scan(table).collect().equals(tape.scan(table).collect())


def exit_of(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    return int(stop.value.code)


def played(text: str, out: Path):
    return simulate(scenario_of(text.encode(), "x.toml"), out, seed=7, audit=True)


def refused(built, reason: str) -> int:
    return int(built.world.venue.refused[:, REASONS.index(reason)].sum())


def test_the_command_writes_a_tape_and_says_what_happened_and_what_to_do_next(small, tmp_path, capsys):
    out = tmp_path / "tape"
    assert exit_of(["simulate", str(small), "--seed", "7", "--out", str(out), "--audit"]) == 0
    said = capsys.readouterr().out
    for part in ("Two makers and a crowd", "maker x 2", "crowd x 5", "trades", f"next      makerscope report {out}"):
        assert part in said
    assert Tape.open(out).manifest.rows["trades"] > 50


def test_one_seed_is_one_tape_and_another_seed_another(small, tape, tmp_path):
    roots = []
    for seed in (7, 8):
        simulate(read_scenario(small), tmp_path / str(seed), seed=seed)
        roots.append(Tape.open(tmp_path / str(seed)).manifest.evidence_root)
    assert roots[0] == tape.manifest.evidence_root != roots[1]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["simulate", "no-such-market"], "makerscope: scenario: there is no 'no-such-market'; want a TOML file, or"),
        (["simulate", "nowhere.toml"], "makerscope: nowhere.toml: cannot be read"),
        (["simulate", "first-market", "--hours", "0"], "makerscope: --hours: is 0; want above 0"),
        (["simulate", "first-market", "--hours", "0.1"], "first-market: episode 1 (crash): minutes: ends it after"),
        (["simulate", "first-market", "--seed", "-1"], "makerscope: --seed: is -1; want 0 or more"),
        (["scenarios", "no-such-market"], "makerscope: scenario: there is no 'no-such-market'"),
        (["scenarios", "first-market", "--keys"], "makerscope: --keys: was given with 'first-market'"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_exit_code_2(arguments, line, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert exit_of(arguments) == 2
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1


def test_an_error_found_late_names_the_file_too(small, tmp_path, capsys):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(SMALL + "[chain]\npolicy = 'lifo'\n")
    assert exit_of(["simulate", str(wrong), "--out", str(tmp_path / "t")]) == 2
    assert f"{wrong}: chain.policy: is 'lifo'; want one of" in capsys.readouterr().err
    assert not (tmp_path / "t").exists()


def test_a_shipped_scenario_prints_as_the_toml_it_is(capsys, tmp_path):
    assert exit_of(["scenarios", "flash-crash"]) == 0
    text = capsys.readouterr().out
    assert scenario_of(text.encode(), "x") == find_scenario("flash-crash")


def test_the_list_has_every_scenario_and_the_keys_every_kind(capsys):
    assert exit_of(["scenarios"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in scenario_names())
    assert exit_of(["scenarios", "--keys"]) == 0
    said = capsys.readouterr().out
    assert all(key in said for key in ("agent[].feed_ms", "venue.gas.coin_usd", "numbers.half_bps", 'kind = "sniper"'))


def test_the_leading_venue_is_quoted_on_the_tape_all_along(tape):
    quotes = tape.scan("quotes").collect()
    lead = quotes.filter(pl.col("instrument") == "hyperliquid.lead:BTC")
    assert lead.height > 1000
    assert lead["exchange_time"].is_sorted()
    assert (lead["ask"] > lead["bid"]).all()
    spread = ((lead["ask"] - lead["bid"]) / lead["bid"]).mean() * 1e4
    assert 0.9 < spread < 4  # twice half a basis point, its nerves, and whole ticks
    heard = (
        tape.scan("sessions")
        .collect()
        .filter(pl.col("instrument") == "hyperliquid.lead:BTC", pl.col("channel") == "quotes")
    )
    assert heard["events"].to_list() == [lead.height]


def test_who_has_spent_the_budget_is_refused_and_more_volume_brings_more_actions(tmp_path):
    budget = '[venue.budget]\nkind = "volume"\nbuffer = 50\nusd_per_action = 1_000\n'
    built = played(SMALL + budget, tmp_path / "t")
    world = built.world
    assert refused(built, "action budget is spent") > 0
    makers = range(FIRST_AGENT, FIRST_AGENT + 2)
    spent, traded = world.budget.spent[makers, 0], world.budget.traded[makers] // 10**6
    free = 50 + traded // 1000
    assert (spent <= 2 * free + 6 * 6 + 1).all()  # cancels have twice as much, and one action in ten seconds is free
    fills = Tape.open(tmp_path / "t").scan("fills").collect()
    assert world.budget.traded.sum() // 10**6 == pytest.approx(
        2 * (fills["price"] * fills["size"]).sum() / 1000, rel=1e-4
    )


def test_orders_on_a_venue_of_short_term_orders_live_twenty_blocks(tmp_path):
    built = played(
        SMALL.replace("hours", 'profile = "dydx"\nhours').replace("count = 2", "numbers = { tolerance_bps = 900 }"),
        tmp_path / "t",
    )
    orders = Tape.open(tmp_path / "t").scan("orders").collect()
    life = orders.group_by("maker", "order").agg(pl.col("action"), pl.col("block").max() - pl.col("block").min())
    whole = life.filter(pl.col("action") == ["placed", "expired"])
    assert whole.height > 10
    assert set(whole["block"]) == {21}  # the last block it stands in is the twentieth after its own
    assert built.terms.order_blocks == 20


def test_who_has_the_express_lane_is_a_block_earlier(tmp_path):
    text = SMALL.replace("hours", 'profile = "arbitrum"\nhours').replace("count = 2", "count = 2\nsend_ms = 40") + (
        '[chain]\nexpress = "maker-1"\n[venue]\nmaker_fee_bps = 0\ntaker_fee_bps = 5\n'
    )
    built = played(text, tmp_path / "t")
    orders = Tape.open(tmp_path / "t").scan("orders").collect().filter(pl.col("action").is_in(["placed", "replaced"]))
    late = (
        orders.group_by("maker")
        .agg(((pl.col("exchange_time") - pl.col("sent")).mean() / 1e6).alias("ms"))
        .sort("maker")
    )
    assert late["ms"][1] - late["ms"][0] == pytest.approx(250, abs=25)  # 200 ms, in whole blocks
    assert refused(built, "action budget is spent") == 0


def test_a_recorded_price_takes_the_place_of_a_simulated_one(tape, tmp_path):
    again = SMALL.replace("spot = 60000", f'spot = 60000\npath = "{tape.path}#hyperliquid.lead:BTC"')
    built = simulate(scenario_of(again.encode(), "x.toml"), tmp_path / "t", seed=99)
    lead = tape.scan("quotes").collect().filter(pl.col("instrument") == "hyperliquid.lead:BTC")
    middle = (lead["bid"] + lead["ask"]) / 2
    found = built.world.path.spot[0]
    assert found[0] == middle[0]
    assert set(found.tolist()) <= set(middle.to_list())


def test_the_types_of_a_world_are_known_without_compiling_anything(small, tmp_path):
    built = simulate(read_scenario(small), tmp_path / "t", seed=7)
    assert kind_of_world() == built.handle.kind


def test_the_summary_adds_up(small, tmp_path):
    built = simulate(read_scenario(small), tmp_path / "t", seed=7)
    facts = summary_of(built)
    house = built.world.venue.accounts.cash[:FIRST_AGENT].sum() / 1e6 - built.scenario.venue.insurance_usd
    assert sum(group.result for group in facts.groups) == pytest.approx(-house, abs=1)
    assert facts.groups[0].count == 2


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Plays a shipped scenario once."""
    folder, found = tmp_path_factory.mktemp("shown"), {}

    def show(name: str):
        if name not in found:
            built = simulate(find_scenario(name), folder / name, seed=7)
            found[name] = built, Tape.open(folder / name)
        return found[name]

    return show


def minutes(tape, built, table):
    return tape.scan(table).collect().with_columns(minute=(pl.col("exchange_time") - built.start) / MINUTE)


def test_in_congestion_orders_that_tip_nothing_wait_for_more_than_a_minute(shown):
    built, tape = shown("congestion")
    orders = minutes(tape, built, "orders").filter(pl.col("sent").is_not_null())
    late = (pl.col("exchange_time") - pl.col("sent")) / 1e9
    assert orders.filter(pl.col("minute") < 20).select(late.max()).item() < 5
    assert orders.filter(pl.col("minute").is_between(20, 23)).select(late.max()).item() > 60
    takers = minutes(tape, built, "fills").filter(pl.col("taker") == "sniper", pl.col("minute").is_between(20, 23))
    assert takers.height > 0


def test_when_the_oracle_wakes_the_debt_is_bad(shown):
    built, tape = shown("oracle-freeze")
    marks = minutes(tape, built, "marks").filter(
        pl.col("instrument") == "hyperliquid:BTC", pl.col("minute").is_between(25.2, 39.9)
    )
    assert marks["index"].n_unique() == 1
    forced = minutes(tape, built, "liquidations")
    assert forced["minute"].min() > 39.9
    assert {"backstop", "adl"} <= set(forced["method"])
    assert built.world.venue.accounts.cash[INSURANCE] < 0.1 * built.scenario.venue.insurance_usd * 1e6


def test_liquidations_sell_far_below_the_mark_in_a_cascade(shown):
    built, tape = shown("liquidation-cascade")
    forced = minutes(tape, built, "liquidations").filter(pl.col("method") == "market")
    assert forced["account"].n_unique() > 20
    assert (forced["price"] / forced["mark"] - 1).mean() < -10e-4
    assert forced["minute"].min() > 30


def test_no_block_is_made_during_a_halt_and_in_the_first_one_cancels_come_first(shown):
    built, tape = shown("chain-halt")
    blocks = minutes(tape, built, "blocks")
    assert blocks.filter(pl.col("minute").is_between(30, 35, closed="none")).height == 0
    assert blocks.filter(pl.col("minute") >= 35)["messages"][0] > 10


def test_hedges_are_refused_while_the_hedge_venue_is_down(shown):
    built, tape = shown("hedge-venue-down")
    hedges = minutes(tape, built, "fills").filter(pl.col("instrument") == "hyperliquid.lead:BTC")
    assert hedges.height > 20
    assert hedges.filter(pl.col("minute").is_between(25.1, 44.9)).height == 0
    quotes = minutes(tape, built, "quotes").filter(
        pl.col("instrument") == "hyperliquid.lead:BTC", pl.col("bid").is_null()
    )
    assert quotes["minute"].to_list() == [25.0]


def test_a_flash_crash_liquidates_and_comes_back(shown):
    built, tape = shown("flash-crash")
    assert minutes(tape, built, "liquidations").height > 10
    marks = (
        minutes(tape, built, "marks").filter(pl.col("instrument") == "hyperliquid:BTC").sort("exchange_time")["mark"]
    )
    assert marks.min() < 0.93 * marks[0]
    assert marks[-1] > 0.96 * marks[0]


def test_every_leg_settles_at_one_index_on_expiry_day(shown):
    built, tape = shown("expiry-day")
    legs = tape.scan("fills").filter(pl.col("purpose") == "settlement").collect()
    terms = (
        tape.scan("instruments")
        .collect()
        .select("instrument", pl.col("strike").cast(pl.Float64), "is_call", "tick_size")
    )
    paid = legs.join(terms, on="instrument").with_columns(paid=pl.col("price") * pl.col("tick_size").cast(pl.Float64))
    inside = paid.filter(pl.col("paid") > 0).with_columns(
        index=pl.col("strike") + pl.when("is_call").then(pl.col("paid")).otherwise(-pl.col("paid"))
    )
    assert legs.height > 10
    assert inside["index"].max() - inside["index"].min() <= 5  # one tick of an option
    assert built.terms.profile.name == "deribit"
