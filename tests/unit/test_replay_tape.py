"""Replay from tape to tape: two clocks, a bounded part at a time, outages, the command."""

import numpy as np
import polars as pl
import pytest

from makerscope.cli import main
from makerscope.errors import InputError
from makerscope.sim import replay_feed
from makerscope.sim import replay_world as r
from makerscope.sim.replay import replay
from makerscope.sim.replay_feed import Feed, source_of
from makerscope.sim.scenario import AgentTable
from makerscope.tape.check import check_tape
from makerscope.tape.read import Tape
from tests.tapes import SECOND, START, fills, perp, quotes, write_tape

MS = 10**6
TIMES = [n / 4 for n in range(80)]
MAKER = AgentTable(
    kind="symmetric", name="me", feed_ms=7, send_ms=11, numbers={"half_bps": 20, "size": 5, "tolerance_bps": 0}
)


def recorded(path, *, silence=None, without=(), **changes):
    """Twenty seconds of quotes that move each quarter of a second, with trades through them each second."""
    bids = [1000 + n % 9 for n in range(80)]
    late = [START + int(t * SECOND) + (50 if n % 10 == 3 else 5) * MS for n, t in enumerate(TIMES)]
    tops = quotes(TIMES, bids, [bid + 2 for bid in bids], local_time=late)
    traded = fills(
        [n + 0.1 for n in range(20)],
        side=[1, -1] * 10,
        price=[997, 1013] * 10,
        size=[3] * 20,
        taker=[None] * 20,
        maker=[None] * 20,
    )
    keep = pl.col("exchange_time") // SECOND - START // SECOND
    tops, traded = (rows.filter(~keep.is_in(list(without))) for rows in (tops, traded))
    return write_tape(path, instruments=[perp(**changes)], silence=silence, quotes=tops, fills=traded)


def rows_of(tape, **facts):
    return np.concatenate(list(Feed(source=source_of(tape, **facts))))


def test_a_feed_in_small_parts_is_the_same_feed(tmp_path, monkeypatch):
    tape = recorded(tmp_path / "tape")
    whole = rows_of(tape)
    assert (np.diff(whole[:, r.E_TIME]) >= 0).all()
    assert len(whole) == 2 * 80 + 20 + 2
    monkeypatch.setattr(replay_feed, "BATCH", 7)
    np.testing.assert_array_equal(rows_of(tape), whole)


def test_what_the_recorder_heard_late_is_seen_late(tmp_path):
    late = rows_of(recorded(tmp_path / "tape"))
    quoted = late[(late[:, r.E_WHAT] & r.WHAT) == r.LEVEL]
    assert set((quoted[:, r.E_SEEN] - quoted[:, r.E_TIME]).tolist()) == {0, 45 * MS}


def test_an_agent_acts_on_a_quote_when_it_can_have_seen_it(tmp_path):
    replay(recorded(tmp_path / "tape"), [MAKER], tmp_path / "own")
    placed = Tape.open(tmp_path / "own").read("orders").filter(pl.col("action").is_in(["placed", "replaced"]))
    can = {START + int(t * SECOND) + ((45 if n % 10 == 3 else 0) + 7) * MS for n, t in enumerate(TIMES)}
    trades = {START + int((n + 0.1) * SECOND) + 7 * MS for n in range(20)}  # a trade is something new to see too
    assert placed.height > 20
    assert set(placed["decided"]) <= can | trades
    assert (placed["exchange_time"] - placed["decided"] == 11 * MS).all()
    assert placed["block"].null_count() == placed.height


def test_nothing_is_filled_and_nothing_rests_in_an_outage(tmp_path):
    tape = recorded(tmp_path / "tape", silence={"quotes": 2 * SECOND, "fills": 3 * SECOND}, without=range(6, 14))
    replay(tape, [MAKER], tmp_path / "own")
    own = Tape.open(tmp_path / "own")
    spans = list(
        own.read("sessions", instrument="test:BTC")
        .filter(channel="quotes")
        .select("start_exchange", "end_exchange")
        .iter_rows()
    )
    assert len(spans) == 2
    assert own.read("orders").filter(action="expired").height == 4  # a bid and an ask, at both ends
    assert all(any(a <= t <= b for a, b in spans) for t in own.read("fills")["exchange_time"])
    assert any(item.code == "outage" for item in own.manifest.findings)
    assert check_tape(own.path).problems == ()


def test_money_that_needs_finer_units_gets_them(tmp_path):
    tape = recorded(tmp_path / "tape", tick_size="0.001", lot_size="0.00001")
    done = replay(tape, [MAKER], tmp_path / "own")
    own = Tape.open(tmp_path / "own")
    assert own.tokens["USDC"].decimals == 8
    rows = own.read("fills")
    spent = rows.select((pl.col("side") * pl.col("price") * pl.col("size") + pl.col("maker_fee")).sum()).item()
    assert done.cash["me"] == 1_000_000 * 10**8 - spent


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        ({"instruments": ["ETH"]}, "has no quotes"),
        ({"depth": "candles"}, "depth"),
        ({"since": START + 10**6 * SECOND}, "window"),
    ],
)
def test_what_cannot_be_replayed_is_refused_by_name(tmp_path, facts, what):
    with pytest.raises(InputError, match=what):
        replay(recorded(tmp_path / "tape"), [MAKER], tmp_path / "own", **facts)
    assert not (tmp_path / "own").exists()


def test_an_inverse_contract_is_refused(tmp_path):
    with pytest.raises(InputError, match="inverse"):
        replay(recorded(tmp_path / "tape", inverse=True), [MAKER], tmp_path / "own")


def test_the_command_writes_a_tape_that_states_its_queue_model(tmp_path, capsys):
    recorded(tmp_path / "tape")
    own = str(tmp_path / "own")
    words = [
        "replay",
        str(tmp_path / "tape"),
        "--agent",
        "symmetric",
        "--number",
        "half_bps=20",
        "--queue",
        "share",
        "--out",
        own,
    ]
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 0
    assert "lots filled at rest" in capsys.readouterr().out
    found = {item.code: item.text for item in Tape.open(own).manifest.findings}
    assert found["queue model"].startswith("queue model share")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--agent", "grid", "--queue", "best"], "queue: is 'best'"),
        (["--agent", "grid", "--number", "levels"], "--number"),
        (["--agent", "grid", "--number", "depth=3"], "numbers.depth"),
        ([], "own agents are missing"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path, capsys, words, what):
    recorded(tmp_path / "tape")
    with pytest.raises(SystemExit) as stop:
        main(["replay", str(tmp_path / "tape"), *words, "--out", str(tmp_path / "own")])
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert what in said
    assert said.count("\n") == 1
