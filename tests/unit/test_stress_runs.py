"""One run of the stress lab: what is watched changes nothing, money adds up, and fates are what happened."""

import msgspec
import numpy as np
import pytest

from makerscope.errors import AccountingError
from makerscope.lab.flows import Flows
from makerscope.lab.play import parties, play_run, watched
from makerscope.lab.sweep import runs_of
from makerscope.lab.variants import Variant, maker_of, played_by
from makerscope.lab.watch import equities, seats_in
from makerscope.market.layout import FIRST_AGENT, MARK, UNIT
from makerscope.sim.build import build
from makerscope.sim.run import play_until
from makerscope.sim.scenario import scenario_of
from makerscope.tape.read import Tape
from tests.simulated import small_market
from tests.stressed import CRASH, scenario


@pytest.fixture(scope="module")
def run():
    return play_run(scenario(), seed=3)


def final(built):
    return [array.copy() for array in built.world.venue.accounts]


def forget(log, _now):
    log.count[:] = 0


def test_looking_at_a_world_changes_nothing_in_it():
    plain, watching = build(scenario(), seed=5), build(scenario(), seed=5)
    play_until(plain, plain.end, forget)
    watched(watching, seed=5)
    assert all((a == b).all() for a, b in zip(final(plain), final(watching), strict=True))
    assert (plain.world.dice == watching.world.dice).all()


def test_one_seed_is_one_outcome_and_another_is_another():
    first, again, other = (msgspec.json.encode(play_run(scenario(), seed=seed)) for seed in (4, 4, 5))
    assert first == again != other


@pytest.mark.parametrize(
    ("bankruptcy", "special", "funding_s"),
    [("adl", "deleveraging", 3600), ("haircut", "haircuts", 3600), ("adl", "deleveraging", 0.2)],
)
def test_payments_are_each_partys_change_of_equity_to_the_last_unit_whatever_happens(
    monkeypatch, bankruptcy, special, funding_s
):
    """Options that settle, hedges, gas, funding, liquidation, takeovers: compared with the world's own books."""
    built = small_market(monkeypatch, insurance=100, bankruptcy=bankruptcy, room=1 << 17, funding_s=funding_s)
    brought = equities(built, np.arange(FIRST_AGENT, FIRST_AGENT + len(built.cast)))
    names, party = parties(built, seats_in(built, ("hedger", "slow")))
    flows = Flows(party=party, names=names, spec=built.world.venue.spec)
    before = built.world.venue.accounts.cash.copy()

    def empty(log, _now):
        flows.read(log)
        log.count[:] = 0

    play_until(built, built.end, empty)
    venue = built.world.venue
    mark = venue.state[:, MARK].copy()
    worth = venue.accounts.cash - before + venue.accounts.position @ (mark * venue.spec[:, UNIT])
    flows.check(mark, worth)
    matrix = flows.matrix(mark)
    kinds = {kind for _, _, kind in matrix}
    assert {"trades", "hedges", "fees", "gas", "insurance", special} <= kinds
    hedger = sum((who == "hedger") * usd - (payer == "hedger") * usd for (who, payer, _), usd in matrix.items())
    at = FIRST_AGENT + [item.name for item in built.cast].index("hedger")
    assert hedger == equities(built, np.array([at]))[0] - brought[at - FIRST_AGENT]
    worth[at] += 1
    with pytest.raises(AccountingError, match="payments of hedger differ from its change of equity by 1 base units"):
        flows.check(mark, worth)


def test_payments_add_to_the_makers_result(run):
    for maker in run.makers:
        received = sum(pay.amount * ((pay.receiver == maker.name) - (pay.payer == maker.name)) for pay in run.payments)
        assert received / 1e6 == pytest.approx(maker.pnl, abs=1e-6)
    assert {pay.kind for pay in run.payments} >= {"trades", "fees", "liquidations", "funding"}
    pool = sum(pay.amount * ((pay.receiver == "funding") - (pay.payer == "funding")) for pay in run.payments)
    assert pool == 0


def test_a_maker_that_is_driven_into_bankruptcy_is_seen_to_be(run):
    """It is long against geared shorts, with too little capital, when a third of the price is gone at once."""
    poor = scenario(
        CRASH,
        (b'name = "quoter"\ncapital_usd = 500000', b'name = "quoter"\ncapital_usd = 3000'),
        (b"long = 1", b"long = 0"),
        (b"fall = 0.08", b"fall = 0.35"),
        (b"minutes = 0.3\n", b"minutes = 0.02\n"),
    )
    found = play_run(poor, seed=3)
    fates = {maker.name: maker for maker in found.makers}
    assert fates["other"].fate == "survived"
    assert fates["quoter"].fate == "liquidated"
    assert fates["quoter"].at_s == pytest.approx(92, abs=3)
    assert fates["quoter"].liquidated > 0
    assert fates["quoter"].pnl == -3000
    assert found.measures["deleveraged_usd"] != found.measures["taken_over_usd"]
    assert found.measures["survived"] == 0.0
    assert run.measures["survived"] == 1.0
    lost = [event for event in found.events if event.kind == "maker-lost"]
    assert [event.words["maker"] for event in lost] == ["quoter"]


def test_a_maker_that_fails_is_out(tmp_path):
    file = tmp_path / "bad.py"
    file.write_text("SLOTS = 2\ndef step(self, seen, act):\n    return 0 if seen.block < 100 else 1 // 0\n")
    failing = played_by(scenario(), Variant(name="bad", maker={"kind": "step", "file": str(file)}))
    found = play_run(failing, seed=1)
    assert [maker.fate for maker in found.makers] == ["out: its step raised"] * 2
    assert found.makers[0].at_s == pytest.approx(20, abs=2)


def test_everybody_else_rolls_the_same_dice_in_every_variant():
    variants = [Variant(name="as-is"), maker_of("symmetric"), Variant(name="slow", changes={"chain.block_ms": 400})]
    worlds = [build(run.scenario, seed=8) for run in runs_of(scenario(), variants, [8])]
    arrivals, dice = [], worlds[0].world.dice.copy()
    for built in worlds:
        noise = [n for n, item in enumerate(built.cast) if item.table.name == "noise"]
        assert (built.world.path.spot == worlds[0].world.path.spot).all()
        assert (built.world.dice == dice).all()
        play_until(built, built.end, forget)
        arrivals.append(built.world.dice[[len(dice) - len(built.cast) + n for n in noise]])
    assert (arrivals[0] == arrivals[1]).all()  # as many arrivals at the same times: each rolls as often
    assert (arrivals[0] == arrivals[2]).all()
    assert (arrivals[0] != dice[len(dice) - len(worlds[0].cast) + 2 :][: len(arrivals[0])]).any(axis=1).all()


def test_a_seat_keeps_its_place_and_scale_and_gets_the_kinds_own_numbers():
    played = played_by(scenario(), maker_of("symmetric"))
    seats = {item.name: item for item in played.agent}
    assert seats["quoter"].kind == "symmetric"
    assert seats["quoter"].numbers == {"size": 80}
    assert seats["quoter"].capital_usd == 500000
    assert seats["noise"] == scenario().agent[2]


def test_tapes_are_those_that_simulate_writes(tmp_path):
    """The same fills, whether a run is watched or not."""
    found = play_run(scenario(), seed=3, tape=tmp_path / "tape")
    again = play_run(scenario(), seed=3)
    tape = Tape.open(tmp_path / "tape")
    assert msgspec.json.encode(found) == msgspec.json.encode(again)
    assert tape.manifest.rows["fills"] > 100


def test_measures_of_depth_and_spread_see_the_crash(run):
    measures = run.measures
    assert measures["fall"] == pytest.approx(0.08, abs=0.02)
    assert measures["depth_before"] > 0
    assert measures["depth_trough"] < 0.9
    assert 0 <= measures["crisis_uptime"] <= 1
    assert measures["liquidations"] >= 1
    assert measures["cascade_usd"] <= measures["liquidated_usd"] + 1e-6


def test_a_scenario_in_which_nothing_happens_has_measures_too():
    text = CRASH[: CRASH.index(b"[[episode]]")] + b'[stress]\nseats = ["quoter"]\n'
    found = play_run(scenario_of(text, "calm"), seed=1)
    assert found.measures["depth_before"] is None
    assert found.measures["survived"] == 1.0
    assert len(found.makers) == 1


def test_a_story_tells_a_shock_between_two_looks_and_each_price_by_its_own_underlying():
    other = b"""[[underlying]]
symbol = "ETH"
spot = 2500
[[agent]]
kind = "grid"
name = "eth"
capital_usd = 500000
numbers = {market = 1, half_bps = 3, levels = 3, size = 4000, limit = 200000}
[[agent]]
kind = "grid"
"""
    run = play_run(
        scenario(
            CRASH, (b'[[agent]]\nkind = "grid"\n', other), (b"numbers = {leverage", b"numbers = {market = 1, leverage"),
            (b"minutes = 0.3\nfall", b"minutes = 0.02\nfall"), (b"[stress]", b"[stress]\nsample_s = 30"),
        ), seed=3,
    )  # fmt: skip
    events = {event.kind: event for event in run.events}
    assert events["episode-crash"].numbers["move"] == pytest.approx(-0.08, abs=0.01)
    first = events["first-liquidation"]
    assert first.words["symbol"] == "ETH"
    assert -0.15 < first.numbers["move"] < 0
