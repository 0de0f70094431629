"""Markouts at seven horizons, effective spread, time-weighted spread and depth, against Polars, pandas and DuckDB.

Every engine does the same work on the same arrays in memory, alone in a process on one core with one thread, and
answers the same integers, which are compared. Seconds are of processor time, so that neighbours on the machine count
less; reading the data and compiling are not timed. The rules are the
project's: the mid at a fill is from strictly before it, a quote older than five seconds is no mid, an instant past the
end of the data does not count.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from bench.common import Row, alone, best_of, named, peak_mb, pin
from bench.ticks_market import INSTRUMENTS, arrays, make
from makerscope.kernels import markout, timeweight

HORIZONS = tuple(int(seconds * 10**9) for seconds in (0.1, 1, 5, 10, 30, 60, 300))
MAX_AGE = 5 * 10**9
COUNTED = ("n", "no_mid", "past_end", "stale", "lots", "mid", "effective", "markout")
Answer = tuple[list, list]  # rows (horizon, code, *COUNTED); rows (code, ns, spread, bid size, ask size)
Parts = tuple[Callable[[], list], Callable[[], list]]


def ours(folder: Path) -> Parts:
    """The kernels of makerscope."""
    q, f = arrays(folder / "quotes.arrow"), arrays(folder / "fills.arrow")
    quote_side = [q[name] for name in ("time", "code", "bid", "ask")]
    ends = np.full(INSTRUMENTS, q["time"][-1])
    start, end = np.full(INSTRUMENTS, q["time"][0]), ends

    def markouts() -> list:
        sums = np.zeros(INSTRUMENTS * len(HORIZONS) * markout.WIDTH, np.int64)
        fill_side = [f[name] for name in ("time", "code", "price", "size", "side")]
        markout.markout_sums(*quote_side, *fill_side, f["code"], np.array(HORIZONS), MAX_AGE, ends, sums)
        rows = sums.reshape(INSTRUMENTS, len(HORIZONS), markout.WIDTH)[:, :, [0, 1, 2, 3, 4, 6, 8, 10]]
        return [[h, c, *rows[c, k].tolist()] for k, h in enumerate(HORIZONS) for c in range(INSTRUMENTS)]

    def integrals() -> list:
        sums = np.zeros(INSTRUMENTS * timeweight.WIDTH, np.int64)
        first, joined = np.arange(INSTRUMENTS + 1), np.zeros(INSTRUMENTS, bool)
        timeweight.integrate_quotes(*quote_side, q["bid_size"], q["ask_size"], first, start, end, joined, sums)
        words = [timeweight.TWO_SIDED, timeweight.SPREAD, timeweight.BID_SIZE, timeweight.ASK_SIZE]
        return [[c, *row] for c, row in enumerate(sums.reshape(INSTRUMENTS, -1)[:, words].tolist())]

    return markouts, integrals


def polars(folder: Path) -> Parts:
    """Polars, eager, ``join_asof`` by instrument."""
    q, f = (pl.read_ipc(folder / f"{name}.arrow") for name in ("quotes", "fills"))
    end = q["time"][-1]

    def markouts() -> list:
        mids = q.select(
            "code", at="time", mid=pl.when(pl.col("bid") < pl.col("ask")).then(pl.col("bid") + pl.col("ask"))
        )
        options = {"right_on": "at", "by": "code", "tolerance": MAX_AGE, "check_sortedness": False, "coalesce": True}
        base = f.join_asof(mids, left_on="time", allow_exact_matches=False, **options).with_columns(
            pl.col("mid", "price", "size").cast(pl.Int64)
        )
        rows = []
        for horizon in HORIZONS:
            due = base.with_columns(due=pl.col("time") + horizon)
            done = due.join_asof(mids.rename({"mid": "later"}), left_on="due", **options)
            no_mid, past = pl.col("mid").is_null(), pl.col("due") > end
            stale = pl.col("later").is_null()
            good = ~no_mid & ~past & ~stale
            lots, signed = pl.col("size").filter(good), (pl.col("size") * pl.col("side")).filter(good)
            mid, price, later = (pl.col(name).filter(good) for name in ("mid", "price", "later"))
            answer = done.group_by("code").agg(
                n=good.sum(),
                no_mid=no_mid.sum(),
                past_end=(~no_mid & past).sum(),
                stale=(~no_mid & ~past & stale).sum(),
                lots=lots.sum(),
                mid=(mid * lots).sum(),
                effective=((mid - 2 * price) * signed).sum(),
                markout=((later.cast(pl.Int64) - 2 * price) * signed).sum(),
            )
            rows += [[horizon, *map(int, row)] for row in answer.sort("code").iter_rows()]
        return rows

    def integrals() -> list:
        life = (pl.col("time").shift(-1).over("code").fill_null(end) - pl.col("time")).alias("life")
        answer = (
            q.with_columns(life)
            .group_by("code")
            .agg(
                ns=pl.col("life").sum(),
                spread=((pl.col("ask") - pl.col("bid")) * pl.col("life")).sum(),
                bid_size=(pl.col("bid_size") * pl.col("life")).sum(),
                ask_size=(pl.col("ask_size") * pl.col("life")).sum(),
            )
        )
        return [list(map(int, row)) for row in answer.sort("code").iter_rows()]

    return markouts, integrals


def pandas(folder: Path) -> Parts:
    """pandas, ``merge_asof`` by instrument."""
    q, f = (
        pa.ipc.open_file(pa.memory_map(str(folder / f"{name}.arrow"))).read_all().to_pandas()
        for name in ("quotes", "fills")
    )
    end = q["time"].iloc[-1]

    def markouts() -> list:
        mids = pd.DataFrame({"at": q["time"], "code": q["code"], "mid": q["bid"].astype("int64") + q["ask"]})
        mids = mids[(q["bid"] < q["ask"]).to_numpy()] if not (q["bid"] < q["ask"]).all() else mids
        options = {"right_on": "at", "by": "code", "tolerance": MAX_AGE}
        base = pd.merge_asof(f, mids, left_on="time", allow_exact_matches=False, **options).drop(columns="at")
        rows = []
        for horizon in HORIZONS:
            base["due"] = base["time"] + horizon
            done = pd.merge_asof(base, mids.rename(columns={"mid": "later"}), left_on="due", **options)
            no_mid, past, none = done["mid"].isna(), done["due"] > end, done["later"].isna()
            done["no_mid"], done["past_end"], done["stale"] = no_mid, ~no_mid & past, ~no_mid & ~past & none
            why = done.groupby("code")[["no_mid", "past_end", "stale"]].sum()
            good = done[~(no_mid | past | none)]
            lots, signed = good["size"].astype("int64"), good["size"].astype("int64") * good["side"]
            mid, later, price = (
                good["mid"].astype("int64"),
                good["later"].astype("int64"),
                good["price"].astype("int64"),
            )
            terms = pd.DataFrame(
                {
                    "code": good["code"],
                    "n": 1,
                    "lots": lots,
                    "mid": mid * lots,
                    "effective": (mid - 2 * price) * signed,
                    "markout": (later - 2 * price) * signed,
                }
            )
            both = terms.groupby("code").sum().join(why).reset_index()[["code", *COUNTED]]
            rows += [[horizon, *map(int, row)] for row in both.itertuples(index=False)]
        return rows

    def integrals() -> list:
        life = q.groupby("code")["time"].shift(-1, fill_value=end) - q["time"]
        terms = pd.DataFrame(
            {
                "code": q["code"],
                "ns": life,
                "spread": (q["ask"] - q["bid"]) * life,
                "bid_size": q["bid_size"] * life,
                "ask_size": q["ask_size"] * life,
            }
        )
        return [list(map(int, row)) for row in terms.groupby("code").sum().reset_index().itertuples(index=False)]

    return markouts, integrals


def duck(folder: Path) -> Parts:
    """DuckDB, ``ASOF LEFT JOIN``, on its own tables in memory."""
    base = duckdb.connect(config={"threads": 1})
    for name in ("quotes", "fills"):
        feed = pa.ipc.open_file(pa.memory_map(str(folder / f"{name}.arrow"))).read_all()  # noqa: F841 - named in SQL
        base.execute(f"CREATE TABLE {name} AS SELECT * FROM feed")
    end = base.execute("SELECT max(time) FROM quotes").fetchone()[0]

    def markouts() -> list:
        base.execute("CREATE OR REPLACE TEMP VIEW mids AS SELECT time AS at, code, bid, ask FROM quotes")
        mid = "CASE WHEN q.bid < q.ask AND {due} - q.at <= {age} THEN q.bid::BIGINT + q.ask END"
        base.execute(
            f"""CREATE OR REPLACE TEMP TABLE base AS
            SELECT f.*, {mid.format(due="f.time", age=MAX_AGE)} AS mid
            FROM fills f ASOF LEFT JOIN mids q ON f.code = q.code AND f.time > q.at"""
        )
        rows = []
        for horizon in HORIZONS:
            answer = base.execute(
                f"""WITH done AS (
                    SELECT f.*, {mid.format(due="f.due", age=MAX_AGE)} AS later
                    FROM (SELECT *, time + {horizon} AS due FROM base) f
                    ASOF LEFT JOIN mids q ON f.code = q.code AND f.due >= q.at),
                told AS (SELECT *, mid IS NOT NULL AND due <= {end} AND later IS NOT NULL AS good,
                         size::BIGINT AS lots, size::BIGINT * side AS signed FROM done)
                SELECT code, count(*) FILTER (good), count(*) FILTER (mid IS NULL),
                    count(*) FILTER (mid IS NOT NULL AND due > {end}),
                    count(*) FILTER (mid IS NOT NULL AND due <= {end} AND later IS NULL),
                    sum(lots) FILTER (good), sum(mid * lots) FILTER (good),
                    sum((mid - 2 * price) * signed) FILTER (good), sum((later - 2 * price) * signed) FILTER (good)
                FROM told GROUP BY code ORDER BY code"""
            ).fetchall()
            rows += [[horizon, *map(int, row)] for row in answer]
        return rows

    def integrals() -> list:
        answer = base.execute(
            f"""WITH lives AS (
                SELECT *, lead(time, 1, {end}) OVER (PARTITION BY code ORDER BY time) - time AS life FROM quotes)
            SELECT code, sum(life), sum((ask - bid) * life), sum(bid_size * life), sum(ask_size * life)
            FROM lives GROUP BY code ORDER BY code"""
        ).fetchall()
        return [list(map(int, row)) for row in answer]

    return markouts, integrals


ENGINES = {"ours": ours, "polars": polars, "duckdb": duck, "pandas": pandas}
TARGETS = {"polars": 20.0, "duckdb": 40.0, "pandas": 8.0}


def measure(engine: str, folder: Path, repeats: int) -> dict:
    """Processor seconds of both parts, the answers, and the peak of memory of this process."""
    pin()
    markouts, integrals = ENGINES[engine](folder)
    if engine == "ours":
        best_of(1, markouts), best_of(1, integrals)  # compiled, or read from the cache
    first, sums = best_of(repeats, markouts, clock=time.process_time)
    second, means = best_of(repeats, integrals, clock=time.process_time)
    return {"markouts_s": first, "integrals_s": second, "mb": peak_mb(), "answer": [sums, means]}


def run(small: bool) -> list[Row]:
    """The comparison with each peer. The small size is 2 million quotes and 200,000 fills, the full one 25 times that.

    Raises:
        AssertionError: an engine answers other numbers.
    """
    quotes, fills = (2_000_000, 200_000) if small else (50_000_000, 5_000_000)
    folder = Path(tempfile.gettempdir()) / f"makerscope-bench-ticks-{quotes}"
    if not (folder / "quotes.arrow").exists():
        make(folder, quotes, fills)
    mine = alone("bench.bench_ticks", "ours", str(folder), "5")
    rows = []
    for engine, target in TARGETS.items():
        peer = alone("bench.bench_ticks", engine, str(folder), "3" if small else "1")
        if peer["answer"] != mine["answer"]:
            raise AssertionError(f"{engine} and makerscope disagree: {_differences(peer['answer'], mine['answer'])}")
        parts = (("markouts_s",), ("integrals_s",), ("markouts_s", "integrals_s"))
        for part, name in zip(parts, ("8 as-of lookups a fill", "time integrals", "both"), strict=True):
            rows.append(
                Row(
                    area="ticks",
                    what=f"{name}, {quotes / 1e6:g} M quotes, {fills / 1e6:g} M fills",
                    ours_s=sum(mine[key] for key in part),
                    peer=named(engine),
                    peer_s=sum(peer[key] for key in part),
                    ours_mb=mine["mb"],
                    peer_mb=peer["mb"],
                    target=None if small or len(part) == 1 else target,
                )
            )
    return rows


def _differences(theirs: list, mine: list) -> str:
    pairs = [pair for one, two in zip(theirs, mine, strict=True) for pair in zip(one, two, strict=False)]
    return "; ".join(f"{a} and {b}" for a, b in pairs if a != b)[:500]


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
