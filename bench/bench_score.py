"""How fast is an epoch scored: 14 days, a million stretches of orders, 50 makers; against plain Polars and pandas.

The peers do dYdX v3's rule as one would write it: samples joined with the orders that rest at them (Polars), or one
sample after the other (pandas); and the integral of its quality by pieces of time (Polars). They work in floats, from
tables in memory, on fewer days, and their time is scaled by the days. Their shares must be ours to 1e-9.
``python -m bench.bench_score RULE FOLDER`` is our side alone, from opening the tape to scores.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from bench.common import Row, alone, best_of, named, peak_mb, pin
from bench.score_market import make
from makerscope.programs.evidence import evidence
from makerscope.programs.program import Program
from makerscope.programs.program_file import find_program, read_program
from makerscope.programs.sampling import stratified_instants
from makerscope.programs.scores import POOL
from makerscope.programs.scoring import score_evidence
from makerscope.tape.read import Tape

WANTED_S = 5.0
SEED = bytes(range(32))
LIMIT, LEAST = 0.002, 5000.0  # of dYdX v3 for BTC: 20 bps, more than 5,000 USD
MINUTE = 60 * 1_000_000_000
INTEGRAL = """
name = "integral"
version = 1
title = "the same distances, all the time"
status = "ours"
source = "bench"
valid_from = "2026-01-01"
[[group]]
name = "all"
measure = [{kernel = "inverse", limit = "20 bps", min_value = 5000, strictly = true}]
formula.exponents.quality = 1
"""
RULES: dict[str, Callable[[], Program]] = {
    "sampled": lambda: find_program("dydx_v3"),
    "integral": lambda: read_program(INTEGRAL),
    "shares": lambda: read_program(INTEGRAL.replace('name = "all"', 'name = "all"\nnormalise = "sample"')),
    "perp": lambda: find_program("makerscope_perp", {"alarm": "reference"}),
}


def ours(rule: str, folder: Path, repeats: int) -> dict:
    """Processor seconds from the tape to scores, of which scoring; peak memory; shares of makers."""
    pin()
    program = RULES[rule]()

    def work() -> tuple[float, dict[str, int]]:
        read = evidence(Tape.open(folder))
        begun = time.process_time()
        points = score_evidence(read, program, seed=SEED).points()
        return time.process_time() - begun, points

    work()  # compiled, or read from the cache
    seconds, (scoring, points) = best_of(repeats, work, clock=time.process_time)
    return {"seconds": seconds, "scoring": scoring, "mb": peak_mb(), "points": {k: str(v) for k, v in points.items()}}


def tables(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, np.ndarray]:
    """Stretches of resting orders in money, middles, volumes by maker and sampled instants, for the peers."""
    tape = Tape.open(folder)
    orders = tape.read("orders").sort("exchange_time", "serial")
    lives = orders.with_columns(end=pl.col("exchange_time").shift(-1).over("order"))
    read = evidence(tape)
    lives = lives.select(
        "maker", pl.col("side").cast(pl.Int64), start="exchange_time", end=pl.col("end").fill_null(read.until),
        price=pl.col("price") * 0.1, amount=pl.col("size") * 0.001,
    ).sort("start")  # fmt: skip
    quotes = tape.read("quotes").select(time="exchange_time", mid=(pl.col("bid") + pl.col("ask")) * 0.05)
    fills = tape.read("fills").with_columns(worth=pl.col("price") * 0.1 * pl.col("size") * 0.001)
    volume = fills.group_by("maker").agg(pl.col("worth").sum())
    return lives, quotes.sort("time"), volume, stratified_instants(SEED, read.since, read.until, MINUTE)


def polars(lives: pl.DataFrame, quotes: pl.DataFrame, volume: pl.DataFrame, instants: np.ndarray) -> dict[str, float]:
    """Samples joined with what rested at them, by inequality."""
    samples = pl.DataFrame({"t": instants}).sort("t").join_asof(quotes, left_on="t", right_on="time")
    seen = samples.join_where(lives, pl.col("start") <= pl.col("t"), pl.col("end") > pl.col("t"))
    gap = (pl.col("side") * (pl.col("mid") - pl.col("price"))).clip(lower_bound=0.1) / pl.col("mid")
    worth = pl.col("price") * pl.col("amount")
    sides = (
        seen.with_columns(gap=gap, worth=worth)
        .filter(pl.col("gap") < LIMIT, pl.col("worth") > LEAST)
        .group_by("t", "maker")
        .agg(
            bid=(pl.col("worth") / pl.col("gap")).filter(pl.col("side") > 0).sum(),
            ask=(pl.col("worth") / pl.col("gap")).filter(pl.col("side") < 0).sum(),
        )
    )
    both = sides.with_columns(least=pl.min_horizontal("bid", "ask"))
    found = both.group_by("maker").agg(quality=pl.col("least").sum(), uptime=(pl.col("least") > 0).sum())
    return _shares(found.join(volume, on="maker").rows())


def pieces(lives: pl.DataFrame, quotes: pl.DataFrame, volume: pl.DataFrame, instants: np.ndarray) -> dict[str, float]:  # noqa: ARG001
    """The integral: time cut where a maker's orders or the middle change, each piece joined with what rested in it."""
    first, last = lives["start"].min(), lives["end"].max()
    shares: dict[str, float] = {}
    for (maker,), own in lives.partition_by("maker", as_dict=True).items():
        marks = pl.concat([own["start"], own["end"], quotes["time"]]).unique().sort()
        cut = pl.DataFrame({"t": marks}).with_columns(long=pl.col("t").shift(-1) - pl.col("t")).drop_nulls()
        cut = cut.filter(pl.col("t") >= first, pl.col("t") < last).join_asof(quotes, left_on="t", right_on="time")
        seen = cut.join_where(own, pl.col("start") <= pl.col("t"), pl.col("end") > pl.col("t"))
        gap = (pl.col("side") * (pl.col("mid") - pl.col("price"))).clip(lower_bound=0.1) / pl.col("mid")
        worth = pl.col("price") * pl.col("amount")
        score = pl.col("worth") / pl.col("gap")
        sides = (
            seen.with_columns(gap=gap, worth=worth)
            .filter(pl.col("gap") < LIMIT, pl.col("worth") > LEAST)
            .group_by("t", "long")
            .agg(bid=score.filter(pl.col("side") > 0).sum(), ask=score.filter(pl.col("side") < 0).sum())
        )
        shares[str(maker)] = sides.select((pl.min_horizontal("bid", "ask") * pl.col("long")).sum()).item()
    whole = sum(shares.values())
    return {maker: own / whole for maker, own in shares.items()}


def pandas(lives: pl.DataFrame, quotes: pl.DataFrame, volume: pl.DataFrame, instants: np.ndarray) -> dict[str, float]:
    """One sample after the other."""
    rows, mids = pd.DataFrame(lives.to_dict(as_series=False)), quotes["mid"].to_numpy()
    place = np.searchsorted(quotes["time"].to_numpy(), instants, side="right") - 1
    quality: dict[str, float] = {}
    uptime: dict[str, int] = {}
    for t, mid in zip(instants.tolist(), mids[place].tolist(), strict=True):
        now = rows[(rows["start"] <= t) & (rows["end"] > t)]
        gap = (now["side"] * (mid - now["price"])).clip(lower=0.1) / mid
        worth = now["price"] * now["amount"]
        good = (gap < LIMIT) & (worth > LEAST)
        score = (worth / gap)[good].groupby([now["maker"][good], now["side"][good]]).sum().unstack(fill_value=0.0)
        least = score.min(axis=1)
        for maker, own in least[least > 0].items():
            if score.shape[1] == 2:
                quality[maker] = quality.get(maker, 0.0) + own
                uptime[maker] = uptime.get(maker, 0) + 1
    own_volume = dict(volume.iter_rows())
    return _shares([(maker, own, uptime[maker], own_volume.get(maker, 0.0)) for maker, own in quality.items()])


def _shares(rows: list[tuple[str, float, int, float]]) -> dict[str, float]:
    whole = sum(volume for *_, volume in rows)
    score = {
        maker: quality**0.15 * uptime**5.0 * volume**0.85 if volume >= 0.0025 * whole else 0.0
        for maker, quality, uptime, volume in rows
    }
    total = sum(score.values())
    return {maker: own / total for maker, own in score.items()}


PEERS = {"polars": polars, "pandas": pandas, "pieces": pieces}


def peer(name: str, folder: Path) -> dict:
    """Processor seconds of a peer with its tables in memory, and its shares."""
    pin()
    found = tables(folder)
    seconds, shares = best_of(1, lambda: PEERS[name](*found), clock=time.process_time)
    return {"seconds": seconds, "mb": peak_mb(), "shares": shares}


def _tape(days: int, intervals: int) -> Path:
    folder = Path(tempfile.gettempdir()) / f"makerscope-bench-score-{days}-{intervals}"
    if not (folder / "manifest.json").exists():
        make(folder, days, intervals)
    return folder


def run(small: bool) -> list[Row]:
    """Each rule against the seconds that are wanted, and the sampled one against its peers.

    Raises:
        AssertionError: a peer's shares are others than ours.
    """
    days, intervals = (2, 20_000) if small else (14, 1_000_000)
    whole = _tape(days, intervals)
    size = f"{days} days, {intervals:,} stretches, 50 makers"
    rows = []
    for rule in RULES:
        mine = alone("bench.bench_score", rule, str(whole), "3")
        rows.append(
            Row(
                area="score", what=f"{rule}: {size}", ours_s=mine["seconds"], peer="wanted", peer_s=WANTED_S,
                ours_mb=mine["mb"], target=None if small else 1.0,
            )
        )  # fmt: skip
    for name, rule, parts in (("polars", "sampled", 2), ("pandas", "sampled", 14), ("pieces", "integral", 7)):
        few = 1 if small else days // parts
        part = _tape(few, intervals * few // days)
        mine = alone("bench.bench_score", rule, str(part), "3")
        theirs = alone("bench.bench_score", name, str(part), "1")
        apart = max(abs(own - int(mine["points"].get(maker, "0")) / POOL) for maker, own in theirs["shares"].items())
        if apart > 1e-9:
            raise AssertionError(f"{name} and makerscope disagree by {apart:.2g} of the pool")
        scale = days / few
        rows.append(
            Row(
                area="score",
                what=f"{rule}: {few} of {days} days, times {scale:g}",
                ours_s=mine["seconds"] * scale,
                peer=named("polars" if name == "pieces" else name),
                peer_s=theirs["seconds"] * scale,
                ours_mb=mine["mb"],
                peer_mb=theirs["mb"],
            )
        )
    return rows


if __name__ == "__main__":
    what, where = sys.argv[1], Path(sys.argv[2])
    print(json.dumps(ours(what, where, int(sys.argv[3])) if what in RULES else peer(what, where)))
