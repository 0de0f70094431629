"""A quoter in recorded markets: its P&L adds up, it gets no more than was traded, and the tape says by which model."""

import polars as pl
import pytest

from makerscope.report.build import build
from makerscope.sim.replay import replay
from makerscope.sim.replay_queue import MODELS, QueueModel
from makerscope.sim.scenario import AgentTable
from makerscope.tape.check import check_tape
from makerscope.tape.read import TIME, Tape
from makerscope.venues import binance, hyperliquid
from tests.recordings import tape_from

NAMES = ("btc_20250903_orderbooks", "btc_20250903_prices", "btc_20250903_trades")
RECORDINGS = {
    "binance": (binance, ("data/binance/usdm/btcusdt_20240808.gz",), "book"),
    "hyperliquid": (hyperliquid, tuple(f"data/hyperliquid/{name}.csv.gz" for name in NAMES), "book"),
    "hyperliquid tops": (hyperliquid, tuple(f"data/hyperliquid/{name}.csv.gz" for name in NAMES), "quotes"),
    "seven sessions": (
        hyperliquid,
        ("data/hyperliquid/btc_20250901-0907_prices.csv.gz", "data/hyperliquid/btc_20250901-0907_trades.csv.gz"),
        "quotes",
    ),
}
QUOTER = AgentTable(
    kind="grid", name="me", every_ms=100, feed_ms=10, send_ms=10,
    numbers={"levels": 3, "half_bps": 0.3, "gap_bps": 0.3, "size": 20, "tolerance_bps": 0.2, "limit": 400},
)  # fmt: skip


@pytest.fixture(scope="module")
def tapes(tmp_path_factory):
    made: dict[str, Tape] = {}

    def tape_of(which, find):
        module, files, _ = RECORDINGS[which]
        if which not in made:
            made[which] = tape_from(
                module, [find(name) for name in files], tmp_path_factory.mktemp("recorded") / "tape"
            )
        return made[which]

    return tape_of


def filled_beyond(own, trades):
    """Own maker fills that no recorded lots at their price or beyond, in their instant, pay for."""
    sold = trades.group_by("time", "aggressor").agg("price", "size")
    got = own.group_by("time", "side", "price").agg(pl.col("size").sum())
    bad = []
    for time, side, price, size in got.iter_rows():
        there = sold.filter((pl.col("time") == time) & (pl.col("aggressor") == -side))
        lots = sum(
            s for prices, sizes in there.select("price", "size").iter_rows()
            for p, s in zip(prices, sizes, strict=True) if side * (p - price) <= 0
        )  # fmt: skip
        if size > lots:
            bad.append((time, side, price, size, lots))
    return bad


@pytest.mark.parametrize("queue", sorted(MODELS))
@pytest.mark.parametrize("which", sorted(RECORDINGS))
def test_a_quoter_in_a_recording_adds_up(which, queue, tapes, shared_file, tmp_path):
    recorded, depth = tapes(which, shared_file), RECORDINGS[which][2]
    done = replay(recorded, [QUOTER], tmp_path / "own", queue=QueueModel(kind=queue), depth=depth)
    own = Tape.open(tmp_path / "own")
    assert check_tape(own.path).problems == ()
    fills = own.read("fills").with_columns(time=TIME)
    assert fills.height > 20
    assert fills["size"].sum() == done.filled
    signed = fills.select((pl.col("side") * pl.col("size")).sum()).item()
    assert [signed] == list(done.position["me"].values())
    traded = recorded.read("fills").with_columns(time=TIME.cum_max(), aggressor=-pl.col("side"))
    assert filled_beyond(fills, traded) == []
    total = traded.group_by("time").agg(pl.col("size").sum())
    joined = fills.group_by("time").agg(pl.col("size").sum()).join(total, on="time", suffix="_traded", how="left")
    assert (joined["size"] <= joined["size_traded"]).all()
    inside = own.read("sessions").filter(channel="quotes")
    spans = list(inside.select("start_exchange", "end_exchange").iter_rows())
    assert all(any(a <= t <= b for a, b in spans) for t in fills["time"].to_list())
    card = build(own, force=True)
    assert {each.residual for maker in card.makers for each in maker.statements} == {"0"}
    assert any(queue in item.text and "queue model" in item.text for item in card.quality.findings)


def test_one_seed_gives_one_tape(tapes, shared_file, tmp_path):
    roots = set()
    for n in range(2):
        jittery = AgentTable(kind="grid", name="me", every_ms=100, jitter_ms=5, numbers=QUOTER.numbers)
        replay(tapes("hyperliquid", shared_file), [jittery], tmp_path / str(n), seed=3)
        roots.add(Tape.open(tmp_path / str(n)).manifest.evidence_root)
    assert len(roots) == 1
