"""Agents out of a user's own file: the same in Python as compiled, and contained whatever they do."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from makerscope.errors import InputError
from makerscope.sim import world as w
from makerscope.sim.build import build
from makerscope.sim.run import who_is_out
from makerscope.sim.scenario import read_scenario
from tests.agent_files import MARKET, OTHERS, account_of, agent, market, play, with_file

EVERYBODY = MARKET.replace("[chain]", '[venue]\nmargin = "dydx"\nkeepers = true\n[chain]') + OTHERS
EVERYBODY += agent("sniper", "sniper") + agent("informed", "informed", lead_feed_ms=-500, numbers="{per_hour = 3600}")
EVERYBODY += agent("leveraged", "leveraged", count=3, numbers="{leverage = 40, wait_minutes = 0.05, add_bps = 1}")
EVERYBODY += agent("liquidator", "keeper") + agent("hedged-grid", "hedged", hedge_usd=1e6, numbers="{band = 50}")
EVERYBODY += agent("fair-weather", "fair", numbers="{quiet_vol = 40, memory_s = 1, calm_minutes = 0.05, flatten = 1}")
EVERYBODY += agent("funded-grid", "funded", hedge_usd=1e5, numbers="{band = 20, move_usd = 1}")
CHAIN = MARKET.replace("hours = 0.01", "hours = 0.003")
CHAIN = CHAIN.replace(
    "[chain]", '[venue]\nmargin = "plain"\noption_maker_fee_bps = 3\noption_taker_fee_bps = 3\n[chain]'
) + agent("chain-maker", "chain")
CHAIN += agent("option-maker", "whole", numbers="{fit_s = 2, pull_vega = 400}")
CHAIN += agent("option-maker", "few", numbers="{budget = 5, book = 1, fit_s = 3}")
CHAIN += agent("noise", "noise", count=3, numbers="{per_hour = 6000, first = 1, last = 12, slippage_bps = 3000}")
CHAIN += '[[option]]\nunderlying = "BTC"\ndays = [1, 30]\nstrikes = 3\nstep = 1000\ntick = 5\nlot = 0.1\n'
QUOTE = """
    half, size = self.params[0] * 1e-4, int(self.params[1])
    fair = fair_ticks(seen, 0)
    place(act, 0, 1, floor_ticks(fair * (1.0 - half)), size, 0)
    place(act, 0, -1, ceil_ticks(fair * (1.0 + half)), size, 1)
    return 0
"""
WAYS = {
    "compiled": "@agent_kernel\ndef mine(self, seen, act):" + QUOTE,
    "function": "def mine(self, seen, act):" + QUOTE,
    "class": """
class mine:
    def __init__(self, half_bps, size):
        assert half_bps == 5.0
    def step(self, seen, act):"""
    + QUOTE.replace("\n    ", "\n        "),
}
BAD = {
    "raises": ("raise ValueError('no idea')", "its step raised (ValueError: no idea)"),
    "leaves": ("raise SystemExit", "its step raised (SystemExit: )"),
    "recurses": ("return bad(self, seen, act)", "its step raised (RecursionError"),
    "returns nothing": ("pass", "returned None; want whole ns"),
    "returns a fraction": ("return 1.5", "returned 1.5; want whole ns"),
    "wants the past": ("return -1", "garbage (returned -1)"),
    "wants to sleep for ever": ("return 1 << 62", "it returned or wrote garbage"),
    "returns what no word holds": ("return 1 << 80", "it returned or wrote garbage"),
    "writes into what it sees": ("seen.public[0, 0] = 1", "read-only"),
    "asks for a block that is not there": ("return seen.news[10_000, 0]", "IndexError"),
    "writes noughts and ones": ("act.rows[:] = -7; act.count[0] = 3; return 0", "its action 1 makes no sense"),
    "counts wrong": ("act.count[0] = 1 << 40; return 0", "it returned or wrote garbage"),
    "trades what is not there": ("place(act, 99, 1, 60000, 1, 0); return 0", "its action 1 makes no sense"),
    "turns both ways": ("place(act, 0, 1, 59000, 1, 0); place(act, 0, 2, 59000, 1, 1); return 0", "its action 2"),
    "forces its order": ("take(act, 0, 1, 60000, 1, 8, 0); return 0", "its action 1 makes no sense"),
    "owns the world": ("take(act, 0, 1, 60000, 1 << 60, 0, 0); return 0", "its action 1 makes no sense"),
    "never returns": ("\n        while True: pass", "its step took too long"),
    "never returns and excuses it": (
        "\n        while True:\n            try: sum(range(9))\n            except Exception: pass",
        "its step took too long",
    ),
}


@pytest.mark.parametrize("text", [EVERYBODY, CHAIN], ids=["everybody", "chain"])
def test_every_shipped_step_writes_the_same_tape_in_plain_python(text, tmp_path):
    scenario = market(top=text)
    compiled, one = play(scenario, tmp_path, "compiled")
    plain, two = play(scenario, tmp_path, "plain", plain=True)
    assert one.manifest.evidence_root == two.manifest.evidence_root
    assert one.manifest.rows["fills"] > 10
    assert len(plain.steps) == len(plain.cast)
    assert not compiled.steps
    assert not who_is_out(compiled) + who_is_out(plain)


def test_a_function_its_compiled_form_and_a_class_write_the_same_tape(tmp_path):
    roots = set()
    for way, text in WAYS.items():
        (tmp_path / way).mkdir()
        scenario = with_file(tmp_path / way, text, agent("mine", "mine", file='"my_agent.py"'))
        built, tape = play(scenario, tmp_path / way)
        assert built.cast[-1].kind.name == "mine"
        assert (len(built.steps) == 0) == (way == "compiled")
        assert not who_is_out(built)
        roots.add(tape.manifest.evidence_root)
    assert len(roots) == 1


@pytest.fixture(scope="module")
def bad_market(tmp_path_factory):
    """All who misbehave after a few blocks, in one market."""
    folder = tmp_path_factory.mktemp("bad")
    head = "\n    place(act, 0, 1, 50000, 1, 0)\n    if seen.block < 5: return 0\n    if True:\n        "
    text = "\n".join(
        f"def bad{n}(self, seen, act):{head}{body.replace('bad(', f'bad{n}(')}"
        for n, (body, _) in enumerate(BAD.values())
    )
    text = text.replace("    place(act, 0, 1, 50000, 1, 0)\n", "    if seen.block < 5: place(act, 0, 1, 50000, 1, 0)\n")
    agents = [agent(f"bad{n}", name, file='"my_agent.py"') for n, name in enumerate(BAD)]
    return play(with_file(folder, text, *agents), folder)


@pytest.mark.parametrize("name", BAD)
def test_whoever_misbehaves_is_out_and_the_tape_says_why(name, bad_market):
    built, tape = bad_market
    assert BAD[name][1] in dict(who_is_out(built))[name]
    texts = [finding.text for finding in tape.manifest.findings if finding.code == "agent out"]
    assert any(text.startswith(f"{name}: ") and BAD[name][1] in text for text in texts)
    account = account_of(built, name)
    slots = built.world.venue.slot[built.world.venue.slot_at[account] : built.world.venue.slot_at[account + 1]]
    assert (slots == -1).all()
    orders = tape.scan("orders").collect().filter(maker=name)
    assert orders.filter(action="placed").height > 0
    assert orders.filter(action="cancelled").height > 0


def test_the_run_goes_on_for_everybody_else(bad_market):
    built, tape = bad_market
    assert int(built.world.clock[w.C_NOW]) == built.end
    fills = tape.scan("fills").collect()
    assert fills.filter(exchange_time=fills["exchange_time"].max())["exchange_time"][0] > built.end - 10**10
    assert {name for name, _ in who_is_out(built)} == set(BAD)


def test_what_an_agent_sent_before_it_was_out_is_refused(tmp_path):
    text = """
def late(self, seen, act):
    if seen.block > 3:
        raise ValueError
    place(act, 0, 1, 50000, 1, 0)
    return 0
"""
    scenario = with_file(tmp_path, text, agent("late", "late", file='"my_agent.py"', jitter_ms=3000))
    built, _tape = play(scenario, tmp_path)
    account = account_of(built, "late")
    assert built.world.venue.refused[account].sum() > 0
    assert (
        built.world.venue.slot[built.world.venue.slot_at[account] : built.world.venue.slot_at[account + 1]] == -1
    ).all()


def test_an_exception_in_a_compiled_step_puts_that_agent_out(tmp_path):
    text = "@agent_kernel\ndef beyond(self, seen, act):\n    self.whole[seen.block] = 1\n    return 0\n"
    built, _tape = play(with_file(tmp_path, text, agent("beyond", "beyond", file='"my_agent.py"')), tmp_path)
    assert dict(who_is_out(built))["beyond"].startswith("its step raised; taken out after")


def test_ctrl_c_inside_a_step_ends_the_run_and_not_the_agent(tmp_path):
    text = "def stop(self, seen, act):\n    raise KeyboardInterrupt\n"
    with pytest.raises(KeyboardInterrupt):
        play(with_file(tmp_path, text, agent("stop", "stop", file='"my_agent.py"')), tmp_path)


def test_a_shipped_market_without_a_player_says_so(tmp_path):
    with pytest.raises(InputError, match=r"agent me: kind: decides outside the loop; want makerscope.sim.gym"):
        play(market(agent("external", "me"), top=MARKET + OTHERS), tmp_path)


@pytest.mark.parametrize(
    ("text", "table", "message"),
    [
        ("", agent("mine", "mine", file='"none.py"'), "none.py: cannot be read"),
        ("def other(self, seen, act): return 0", agent("mine", "mine", file='"my_agent.py"'), "defines no 'mine'"),
        ("mine = 3", agent("mine", "mine", file='"my_agent.py"'), "mine is no agent"),
        ("def mine(", agent("mine", "mine", file='"my_agent.py"'), "cannot be run (SyntaxError"),
        ("exit()", agent("mine", "mine", file='"my_agent.py"'), "cannot be run (SystemExit"),
        (WAYS["function"], agent("mine", "mine", file='"my_agent.py"', numbers="{x = 1}"), "numbers.x: is not known"),
        ("SLOTS = 0" + WAYS["function"], agent("mine", "mine", file='"my_agent.py"'), "SLOTS is 0"),
        (
            "class mine:\n    def step(self, seen, act): pass",
            agent("mine", "mine", file='"my_agent.py"'),
            "cannot be made",
        ),
    ],
)
def test_a_file_that_holds_no_agent_is_refused_by_name(text, table, message, tmp_path):
    with pytest.raises(InputError, match=re.escape(message)):
        build(with_file(tmp_path, text.replace("SLOTS = 0", "SLOTS = 0\n"), table), seed=1)


def test_the_examples_of_the_documentation_run(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "agents.md").read_text()
    python, toml = (re.findall(rf"```{kind}\n(.*?)```", page, re.DOTALL) for kind in ("python", "toml"))
    (tmp_path / "my_agent.py").write_text(python[0])
    (tmp_path / "careful.py").write_text(python[1])
    second = agent("Careful", "careful", file='"careful.py"', numbers="{deviations = 2}")
    (tmp_path / "scenario.toml").write_text(toml[0] + second)
    assert tomllib.loads(toml[0])["agent"][0]["file"] == "my_agent.py"
    built, tape = play(read_scenario(tmp_path / "scenario.toml"), tmp_path)
    assert not who_is_out(built)
    makers = tape.scan("fills").collect()["maker"].value_counts()
    assert {"mine", "careful"} <= set(makers["maker"])
    assert np.isfinite(built.world.venue.accounts.cash).all()
